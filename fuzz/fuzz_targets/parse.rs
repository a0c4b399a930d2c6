//! Any text parses; a text without findings formats, and formatting twice is formatting once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipec_core::diagnostic::Diagnostics;
use pipec_core::source::Sources;
use pipec_core::syntax::{FormatError, dump, format, parse};

fn formatted(text: &str) -> Result<String, FormatError> {
    let mut sources = Sources::new();
    let id = sources.add("fuzz.pipe", text);
    let source = sources.get(id).ok_or(FormatError::HasErrors)?;
    let mut diags = Diagnostics::new();
    let file = parse(source, &mut diags);
    let _ = dump(&file);
    for finding in diags.sorted() {
        let _ = (source.position(finding.span.start), source.slice(finding.span));
    }
    format(source, &file)
}

fuzz_target!(|text: &str| {
    match formatted(text) {
        Ok(once) => assert_eq!(formatted(&once), Ok(once.clone()), "formatting twice differs"),
        Err(error) => assert_eq!(error, FormatError::HasErrors, "formatting changed what the file says"),
    }
});
