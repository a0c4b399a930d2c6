//! One file in `cases/errors/` is one bad project: it raises exactly the findings that its `expect` lines name,
//! each at its place.

use std::path::Path;

use pipec_core::Stage;
use pipec_tests::{Project, findings, place};

fn bad_project(_: &Path, text: String) -> datatest_stable::Result<()> {
    let (prose, project) = Project::sections(&text);
    let expected: Vec<&str> =
        prose.lines().filter_map(|line| line.strip_prefix("expect ")).map(str::trim).collect();
    assert!(!expected.is_empty(), "the case expects nothing");
    let environment = prose.lines().find_map(|line| line.strip_prefix("environment "));
    let done = project.compile(environment, Stage::Artifacts);
    let found: Vec<String> = done.diagnostics.iter().map(|finding| place(&done, finding)).collect();
    assert_eq!(found, expected, "\n{}", findings(&done));
    for finding in &done.diagnostics {
        check_style(&finding.message);
        finding.help.iter().for_each(|help| check_style(help));
    }
    Ok(())
}

/// Messages begin in lower case, unless with a name, and end without a full stop.
fn check_style(text: &str) {
    assert!(!text.ends_with('.'), "ends with a full stop: {text}");
    let first = text.chars().next().unwrap_or(' ');
    let name = ["API Gateway", "AWS", "CloudFormation", "CloudWatch", "Lambda"]
        .iter()
        .any(|name| text.starts_with(name));
    assert!(!first.is_uppercase() || name, "begins in upper case: {text}");
}

datatest_stable::harness! {
    { test = bad_project, root = "cases/errors", pattern = r"\.txt$" },
}
