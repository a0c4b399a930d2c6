//! `pipec graph`

use std::path::Path;

use pipec_core::Stage;
use pipec_core::artifacts::Format;

use super::{open, run_until};
use crate::args::{Args, GraphFormat};
use crate::{Exit, Failure, report};

/// Prints the flow of events; what is right of a project with errors is still drawn.
pub fn run(args: &Args, at: Option<&Path>, env: Option<&str>, format: GraphFormat) -> Result<Exit, Failure> {
    let (project, library) = open(args, at)?;
    let done = run_until(&project, library, env, Stage::Graph, Format::Yaml, &mut |_| {});
    let exit = report::findings(args, &done.sources, &done.diagnostics);
    if let Some(graph) = &done.graph {
        crate::out_raw!("{}", if format == GraphFormat::Dot { graph.to_dot() } else { graph.to_mermaid() });
    }
    Ok(exit)
}
