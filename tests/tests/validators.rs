//! What AWS's validators say of every template: nothing. A finding that is wrong stands, with its reason, in
//! `tests/tools/suppressions.json`.

mod tools;

use std::fs;

use pipec_tests::{Project, repository};

use tools::projects::{write, write_examples};

#[test]
fn validators_find_nothing() {
    tools::install();
    let scratch = tools::scratch("validators");
    write_examples(&scratch);
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
