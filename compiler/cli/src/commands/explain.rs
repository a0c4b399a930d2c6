//! `pipec explain CODE`

use include_dir::{Dir, include_dir};
use pipec_core::diagnostic::{Code, nearest};

use crate::{Exit, Failure};

static PAGES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../docs/diagnostics");

/// Prints the page of a diagnostic.
pub fn run(text: &str) -> Result<Exit, Failure> {
    let Ok(code) = text.parse::<Code>() else {
        let near = nearest(&text.to_uppercase(), Code::ALL.iter().map(|code| code.as_str()));
        let failure = Failure::usage(format!("there is no diagnostic `{text}`"));
        return Err(match near {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("codes look like `P0403`"),
        });
    };
    let page = PAGES.get_file(format!("{}.md", code.as_str())).and_then(|file| file.contents_utf8());
    match page {
        Some(page) => crate::out_raw!("{page}"),
        None => crate::out!("{}: {}", code.as_str(), code.title()),
    }
    Ok(Exit::Fine)
}
