//! What AWS's validators say of every template: nothing. A finding that is wrong stands, with its reason, in
//! `tests/tools/suppressions.json`.

mod tools;

use std::fs;
use std::path::Path;

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository};

/// Reads a project from disk.
fn load(folder: &Path) -> Project {
    fn gather(root: &Path, folder: &Path, project: &mut Project) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "build" && !name.contains("__pycache__") {
                    gather(root, &path, project);
                }
            } else {
                project.files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    let mut project = Project::default();
    gather(folder, folder, &mut project);
    project
}

/// Writes the templates of a project's build.
fn write(project: &Project, environment: Option<&str>, to: &Path) {
    let done = project.compile(environment, Stage::Artifacts);
    let bundle = done.bundle.as_ref().unwrap_or_else(|| panic!("{}", findings(&done)));
    for (path, bytes) in bundle.files.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        let full = to.join(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("folders");
        fs::write(full, bytes.as_slice()).expect("a template");
    }
}

#[test]
fn validators_find_nothing() {
    tools::install();
    let scratch = tools::scratch("validators");
    for entry in fs::read_dir(repository().join("examples"))
        .expect("examples")
        .flatten()
        .filter(|entry| entry.path().join("app.pipe").is_file())
    {
        let project = load(&entry.path());
        let name = entry.file_name().to_string_lossy().into_owned();
        write(&project, None, &scratch.join(&name));
        let app = String::from_utf8_lossy(&project.files["app.pipe"]).into_owned();
        for environment in
            app.lines().filter_map(|line| line.strip_prefix("environment ")?.split_whitespace().next())
        {
            write(&project, Some(environment), &scratch.join(format!("{name}-{environment}")));
        }
    }
    // The cases of the stacks phase hold every path and option there is.
    for entry in fs::read_dir(repository().join("tests/cases/stacks")).expect("cases").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "pipe") {
            let (prose, sections) = Project::sections(&fs::read_to_string(&path).expect("a case"));
            let project = if sections.files.is_empty() { Project::single(&prose) } else { sections };
            write(&project, None, &scratch.join(path.file_stem().expect("a name")));
        }
    }
    let folder = scratch.to_string_lossy().into_owned();
    let output = tools::run("python3", &["tests/tools/validate.py", &folder], "");
    assert!(output.status.success(), "{}", tools::text(&output));
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or("").to_owned();
    let summary: serde_json::Value = serde_json::from_str(&last).expect("a summary");
    assert!(summary["templates"].as_u64() > Some(30), "{summary}");
    assert_eq!(summary["tools"].as_array().map(Vec::len), Some(2), "{summary}");
}

/// The judge is judged: a template that is wrong must be found so.
#[test]
fn the_validators_themselves_are_tested() {
    tools::install();
    let output = tools::run("python3", &["tests/tools/test_validate.py"], "");
    assert!(output.status.success(), "{}", tools::text(&output));
}

/// What replaces a resource, and what properties it has, is as CloudFormation's own schemas have it.
#[test]
fn facts_of_resource_types_are_those_of_the_schemas() {
    tools::install();
    for script in ["replacement.py", "resource_types.py"] {
        let output = std::process::Command::new(repository().join("target/tools/venv/bin/python"))
            .arg(repository().join("tests/tools").join(script))
            .arg("--check")
            .output()
            .expect("the script runs");
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}: {said}");
    }
}
