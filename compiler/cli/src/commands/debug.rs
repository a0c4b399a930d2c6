//! `pipec debug`

use std::path::Path;

use pipec_core::Stage;
use pipec_core::artifacts::Format;
use pipec_core::syntax::dump;

use super::{open, run_until};
use crate::args::{Args, DebugWhat};
use crate::{Exit, Failure, report};

/// Prints what a phase made, as far as the project lets it come.
pub fn run(args: &Args, what: DebugWhat, at: Option<&Path>, env: Option<&str>) -> Result<Exit, Failure> {
    let (project, library) = open(args, at)?;
    let until = match what {
        DebugWhat::Syntax => Stage::Syntax,
        DebugWhat::Model | DebugWhat::Graph => Stage::Graph,
        DebugWhat::Stacks => Stage::Artifacts,
    };
    let done = run_until(&project, library, env, until, Format::Yaml, &mut |_| {});
    let exit = report::findings(args, &done.sources, &done.diagnostics);
    match what {
        DebugWhat::Syntax => {
            for file in &done.syntax {
                crate::out!("# {}\n{}", done.sources.path(file.source), dump(file));
            }
        }
        DebugWhat::Model => {
            if let Some(graph) = &done.graph {
                crate::out!("{}", serde_json::to_string_pretty(&graph.model).unwrap_or_default());
            }
        }
        DebugWhat::Graph => {
            crate::out_raw!(
                "{}",
                done.graph.as_ref().map(pipec_core::graph::FlowGraph::dump).unwrap_or_default()
            )
        }
        DebugWhat::Stacks => {
            let files = done.bundle.iter().flat_map(|bundle| &bundle.files);
            for (path, bytes) in files.filter(|(path, _)| path.ends_with(".yaml")) {
                crate::out!("# {path}\n{}", String::from_utf8_lossy(bytes));
            }
        }
    }
    Ok(exit)
}
