//! What no compiler checks of the code itself.

use std::fs;
use std::path::{Path, PathBuf};

use pipec_tests::repository;

/// The modules of pipec-core in the order of the pipeline. A module uses those before it.
const ORDER: &[&[&str]] = &[
    &["names", "source"],
    &["diagnostic"],
    &["syntax", "library"],
    &["model"],
    &["graph"],
    &["handlers"],
    &["stacks"],
    &["verify"],
    &["artifacts"],
    &["compile"],
];

/// Libraries whose types stay in one place: the library's crate name and the only paths that may name it.
const CONFINED: &[(&str, &[&str])] = &[
    ("pest", &["syntax/parse.rs"]),
    ("petgraph", &["graph/"]),
    ("minijinja", &["library/"]),
    ("serde_yaml", &["library/", "artifacts/yaml/"]),
    ("zip", &["handlers/"]),
];

/// The same for pipec-deploy: the SDK's types stay behind its one door.
const CONFINED_DEPLOY: &[(&str, &[&str])] = &[
    ("aws_config", &["aws/"]),
    ("aws_sdk_apigateway", &["aws/"]),
    ("aws_sdk_cloudformation", &["aws/"]),
    ("aws_sdk_s3", &["aws/"]),
    ("aws_sdk_sts", &["aws/"]),
    ("aws_smithy_http_client", &["aws/"]),
    ("aws_smithy_runtime_api", &["aws/"]),
    ("aws_smithy_types", &["aws/"]),
    ("regex_lite", &["facts.rs"]),
    ("serde_yaml", &[]),
];

/// Resource types that pipec-deploy may name: nesting itself, and the keys whose values are shown on request.
const NAMED_BY_DEPLOY: &[&str] = &["AWS::CloudFormation::Stack", "AWS::ApiGateway::ApiKey"];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

fn core() -> Vec<(String, String)> {
    sources("compiler/core/src")
}

/// Path below a folder and text of its files.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = repository().join(folder);
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).expect("a source file"))
    };
    files.into_iter().map(read).collect()
}

#[test]
fn imports_point_upstream() {
    let rank = |module: &str| ORDER.iter().position(|row| row.contains(&module));
    for (path, text) in core() {
        let own = path.split('/').next().unwrap_or("").trim_end_matches(".rs");
        let Some(own_rank) = rank(own) else {
            assert_eq!(path, "lib.rs", "{path}: the module `{own}` is not in ORDER");
            continue;
        };
        for used in text.split("crate::").skip(1) {
            let module: String =
                used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let used_rank =
                rank(&module).unwrap_or_else(|| panic!("{path}: `crate::{module}` is in no row of ORDER"));
            assert!(
                used_rank < own_rank || module == own,
                "{path} uses `{module}`, which is downstream of it"
            );
        }
    }
}

#[test]
fn libraries_stay_where_they_belong() {
    confined(core(), CONFINED);
    confined(sources("compiler/deploy/src"), CONFINED_DEPLOY);
}

fn confined(files: Vec<(String, String)>, rules: &[(&str, &[&str])]) {
    for (path, text) in files {
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for (library, homes) in rules {
            let used = [format!("use {library}::"), format!(" {library}::"), format!("({library}::")];
            let names_it = used.iter().any(|form| code.contains(form.as_str()));
            assert!(!names_it || homes.iter().any(|home| path.starts_with(home)), "{path} names `{library}`");
        }
    }
}

#[test]
fn files_stay_readable() {
    let mut files = Vec::new();
    for folder in ["compiler", "stdlib/src", "tests/src", "tests/tests"] {
        rust_files(&repository().join(folder), &mut files);
    }
    for path in files {
        let lines = fs::read_to_string(&path).expect("a source file").lines().count();
        assert!(lines <= 800, "{} has {lines} lines", path.display());
    }
}

/// AWS knowledge is data: resource types are named in constructs, and in Rust only where nesting itself is written.
#[test]
fn rust_names_no_resource_types() {
    for (path, text) in core() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let named = line.contains("\"AWS::")
                // Pseudo parameters, and what all of them begin with.
                && !["Partition", "Region", "AccountId", "URLSuffix", "StackName", "NoValue", ""]
                    .iter()
                    .any(|p| line.contains(&format!("\"AWS::{p}\"")));
            assert!(!named || line.contains("AWS::CloudFormation::Stack"), "{path}: {line}");
        }
    }
}

#[test]
fn the_deployment_names_few_resource_types() {
    for (path, text) in sources("compiler/deploy/src") {
        let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in before_tests.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let named = line.split("\"AWS::").skip(1).filter_map(|rest| rest.split('"').next());
            for kind in named.filter(|kind| !kind.is_empty()) {
                assert!(NAMED_BY_DEPLOY.contains(&format!("AWS::{kind}").as_str()), "{path}: {line}");
            }
        }
    }
}

/// Who only compiles waits for no AWS crate, and neither does the inner loop.
#[test]
fn the_aws_sdk_is_asked_for() {
    let read = |path: &str| fs::read_to_string(repository().join(path)).expect("a manifest");
    let workspace = read("Cargo.toml");
    let default =
        workspace.lines().find(|line| line.starts_with("default-members")).expect("default members");
    assert!(!default.contains("deploy"), "{default}");
    let cli = read("compiler/cli/Cargo.toml");
    assert!(cli.contains("pipec-deploy = { workspace = true, optional = true }"));
    assert!(!cli.contains("default = ["), "no feature is on by default");
}

/// Every construct has its page and an example that the build of it is tested by.
#[test]
fn constructs_are_folders_with_a_readme() {
    let root = repository().join("stdlib/constructs");
    for kind in fs::read_dir(&root).expect("stdlib").flatten() {
        for construct in fs::read_dir(kind.path()).expect("a kind").flatten() {
            let folder = construct.path();
            assert!(folder.join("construct.yaml").is_file(), "{} has no construct.yaml", folder.display());
            assert!(folder.join("README.md").is_file(), "{} has no README.md", folder.display());
            assert!(folder.join("example.pipe").is_file(), "{} has no example.pipe", folder.display());
        }
    }
}
