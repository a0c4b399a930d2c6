//! Every diagnostic has a page; the page's wrong example raises exactly its code, the right one nothing.

use std::fs;

use pipec_core::Stage;
use pipec_core::diagnostic::Code;
use pipec_tests::{Project, findings, repository, verify_findings};

/// Codes whose wrong example is too large, or no text: each is raised by a test of its own, named here.
const SHOWN_ELSEWHERE: &[(Code, &str)] = &[
    (Code::NotUtf8, "compiler/cli/tests/hostile.rs"),
    (Code::FileTooLarge, "compiler/cli/tests/hostile.rs"),
    (Code::TooManyResources, "tests/tests/limits.rs"),
    (Code::TooManyParameters, "tests/tests/limits.rs"),
    (Code::TemplateTooLarge, "tests/tests/limits.rs"),
    (Code::OperationTooLarge, "tests/tests/limits.rs"),
    (Code::ApiQuota, "tests/tests/limits.rs"),
    (Code::HandlerTooLarge, "tests/tests/limits.rs"),
    (Code::HandlerUnreadable, "compiler/cli/tests/hostile.rs"),
    (Code::TooMuchForStack, "tests/tests/verify.rs"),
    (Code::PolicyTooLarge, "tests/tests/verify.rs"),
    (Code::Unproved, "tests/tests/verify.rs"),
    (Code::DataLoss, "compiler/deploy/tests/deploying.rs"),
    (Code::DeploymentFailed, "compiler/deploy/tests/deploying.rs"),
];

#[test]
fn every_code_has_a_page_that_is_true() {
    for code in Code::ALL {
        if std::env::var("ONLY").is_ok_and(|only| only != code.as_str()) {
            continue;
        }
        let path = repository().join(format!("docs/diagnostics/{}.md", code.as_str()));
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} has no page", code.as_str()));
        let title = format!("# {}: {}", code.as_str(), code.title());
        assert_eq!(text.lines().next(), Some(title.as_str()), "{}", path.display());
        let (before, right) =
            text.split_once("\n## Right\n").unwrap_or_else(|| panic!("{} has no `## Right`", code.as_str()));
        let (_, wrong) = before
            .split_once("\n## Wrong\n")
            .unwrap_or_else(|| panic!("{} has no `## Wrong`", code.as_str()));
        check_wrong(*code, &example(wrong));
        check_right(*code, &example(right));
    }
}

fn check_wrong(code: Code, project: &Project) {
    if let Some((_, test)) = SHOWN_ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == code) {
        assert!(project.files.is_empty(), "{} is shown by {test} and by its page", code.as_str());
        let text = fs::read_to_string(repository().join(test)).unwrap_or_default();
        assert!(text.contains(code.as_str()), "{test} does not mention {}", code.as_str());
        return;
    }
    if is_templates(project) {
        let verified = project.verify(false);
        let raised: Vec<&str> = verified.diagnostics.iter().map(|finding| finding.code.as_str()).collect();
        assert!(!raised.is_empty(), "{}: the wrong example raises nothing", code.as_str());
        let exactly = raised.iter().all(|one| *one == code.as_str());
        assert!(exactly, "{}:\n{}", code.as_str(), verify_findings(&verified));
        return;
    }
    let done = project.compile(None, Stage::Artifacts);
    let raised: Vec<&str> = done.diagnostics.iter().map(|finding| finding.code.as_str()).collect();
    assert!(!raised.is_empty(), "{}: the wrong example raises nothing", code.as_str());
    assert!(raised.iter().all(|one| *one == code.as_str()), "{}:\n{}", code.as_str(), findings(&done));
}

fn check_right(code: Code, project: &Project) {
    if is_templates(project) {
        let verified = project.verify(false);
        let clean = verified.diagnostics.is_empty();
        assert!(clean, "{}, right example:\n{}", code.as_str(), verify_findings(&verified));
    } else if !project.files.is_empty() {
        let done = project.compile(None, Stage::Artifacts);
        assert!(
            done.diagnostics.is_empty() && done.bundle.is_some(),
            "{}, right example:\n{}",
            code.as_str(),
            findings(&done)
        );
    }
}

/// Whether an example is templates, and no project.
fn is_templates(project: &Project) -> bool {
    !project.files.is_empty() && project.files.keys().all(|path| !path.ends_with(".pipe"))
}

/// The project in a section's fenced blocks: ```` ```pipe app.pipe ````.
fn example(section: &str) -> Project {
    let mut project = Project::default();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(path) = line.strip_prefix("```").and_then(|info| info.split_whitespace().nth(1)) else {
            continue;
        };
        let text: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        project.add(path, &text);
    }
    project
}

#[test]
fn no_page_without_a_code() {
    let folder = fs::read_dir(repository().join("docs/diagnostics")).expect("the folder of pages");
    for entry in folder.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".md").filter(|stem| stem.starts_with('P')) else { continue };
        assert!(stem.parse::<Code>().is_ok(), "{name} is the page of no code");
    }
}
