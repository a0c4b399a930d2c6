//! Any project compiles or is reported: two files and a construct of its own, cut from the input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipec_core::Stage;
use pipec_tests::Project;

fuzz_target!(|text: &str| {
    let mut project = Project::default();
    let mut parts = text.splitn(3, '\u{1}');
    project.add("app.pipe", parts.next().unwrap_or(""));
    project.add("events/area/one.pipe", parts.next().unwrap_or(""));
    if let Some(construct) = parts.next() {
        project.add("lib/tier/own/construct.yaml", construct);
    }
    project.add("handlers/a.py", "from b import c\n");
    project.add("handlers/b.py", "import a\n");
    let done = project.compile(Some("dev"), Stage::Artifacts);
    let failed = done.diagnostics.iter().any(|finding| finding.severity() == pipec_core::diagnostic::Severity::Error);
    assert!(failed != done.bundle.is_some(), "a build with errors, or none without");
});
