//! `pipec fmt`

use std::path::Path;

use pipec_core::Stage;
use pipec_core::artifacts::Format;
use pipec_core::syntax::{FormatError, format};

use super::{open, run_until};
use crate::args::Args;
use crate::{Exit, Failure, output, report};

/// Formats the project, or one file of it.
pub fn run(args: &Args, at: Option<&Path>, check: bool) -> Result<Exit, Failure> {
    let (project, library) = open(args, at)?;
    let only = at.filter(|path| path.is_file()).and_then(|path| path.canonicalize().ok());
    let done = run_until(&project, library, None, Stage::Syntax, Format::Yaml, &mut |_| {});
    let mut exit = report::findings(args, &done.sources, &done.diagnostics);
    let mut changed = 0;
    for file in &done.syntax {
        let Some(source) = done.sources.get(file.source) else { continue };
        let path = project.root.join(&source.path);
        if only.as_ref().is_some_and(|only| *only != path) {
            continue;
        }
        match format(source, file) {
            Ok(text) if text == source.text => {}
            Ok(_) if check => {
                crate::out!("{}", source.path);
                changed += 1;
            }
            Ok(text) => {
                output::write_text(&path, &text)?;
                crate::out!("formatted {}", source.path);
            }
            // Its findings were shown above; its text stays as it is.
            Err(FormatError::HasErrors) => exit = Exit::Errors,
            Err(FormatError::MeaningChanged) => {
                let message =
                    format!("formatting `{}` would change what it says, so it was left alone", source.path);
                report::failure(
                    args,
                    &Failure {
                        exit: Exit::Errors,
                        message,
                        help: Some("this is a bug of pipec; please report the file".to_owned()),
                    },
                );
                exit = Exit::Errors;
            }
        }
    }
    Ok(if changed > 0 { Exit::Errors } else { exit })
}
