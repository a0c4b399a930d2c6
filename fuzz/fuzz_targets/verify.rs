//! Any text is verified or refused: one template, and one nested in it, cut from the input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipec_tests::Project;

fuzz_target!(|text: &str| {
    let mut project = Project::default();
    let mut parts = text.splitn(2, '\u{1}');
    project.add("root.yaml", parts.next().unwrap_or(""));
    if let Some(child) = parts.next() {
        project.add("child.yaml", child);
    }
    let verified = project.verify(true);
    for finding in &verified.diagnostics {
        assert!(verified.sources.get(finding.span.source).is_some(), "a finding without a file");
    }
});
