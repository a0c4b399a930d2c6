//! `pipec check`

use std::path::Path;

use pipec_core::Stage;
use pipec_core::artifacts::Format;

use super::{open, run_until};
use crate::args::{Args, ErrorFormat};
use crate::{Exit, Failure, report};

/// Compiles without writing, and shows what was found.
pub fn run(args: &Args, at: Option<&Path>, env: Option<&str>) -> Result<Exit, Failure> {
    let (project, library) = open(args, at)?;
    let done = run_until(&project, library, env, Stage::Artifacts, Format::Yaml, &mut |_| {});
    let exit = report::findings(args, &done.sources, &done.diagnostics);
    if exit == Exit::Fine && args.error_format == ErrorFormat::Human {
        let events = done.graph.as_ref().map_or(0, |graph| graph.model.events.len());
        crate::err!("{events} event{}, no errors", if events == 1 { "" } else { "s" });
    }
    Ok(exit)
}
