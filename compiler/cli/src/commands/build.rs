//! `pipec build`

use std::fmt::Write as _;
use std::time::Instant;

use pipec_core::artifacts::{Bundle, Format, StackSummary};
use pipec_core::verify::listing;
use pipec_core::{Compiled, Stage};
use serde_json::{Map, json};

use super::{open, run_until};
use crate::args::{Args, Build, ErrorFormat, TemplateFormat};
use crate::project::stdlib;
use crate::{Exit, Failure, output, report};

/// Rows of the table at most.
const MOST_ROWS: usize = 24;

/// Compiles, writes the build folder, and shows it in a table.
pub fn run(args: &Args, build: &Build) -> Result<Exit, Failure> {
    let start = Instant::now();
    let mut phases = Map::new();
    let mut last = start;
    let mut mark = |phase: &str, now: Instant| {
        phases.insert(phase.to_owned(), json!(now.duration_since(last).as_secs_f64()));
        last = now;
    };
    let (project, library) = open(args, build.at.as_deref())?;
    mark("read", Instant::now());
    let format = match build.format {
        TemplateFormat::Yaml => Format::Yaml,
        TemplateFormat::Json => Format::Json,
    };
    let done = run_until(&project, library, build.env.as_deref(), Stage::Artifacts, format, &mut |stage| {
        mark(stage.word(), Instant::now())
    });
    let exit = report::findings(args, &done.sources, &done.diagnostics);
    let Some(bundle) = done.bundle.as_ref().filter(|_| exit == Exit::Fine) else { return Ok(Exit::Errors) };
    let out = build.out.clone().unwrap_or_else(|| project.root.join("build"));
    output::write_bundle(bundle, &out, &project.root)?;
    mark("write", Instant::now());
    let elapsed = start.elapsed();
    if build.timings {
        phases.insert("total".to_owned(), json!(elapsed.as_secs_f64()));
        crate::err!("{}", serde_json::Value::Object(phases));
    }
    if args.error_format == ErrorFormat::Human {
        let shown = std::env::current_dir()
            .ok()
            .and_then(|here| out.strip_prefix(here).ok().map(std::path::Path::to_path_buf))
            .unwrap_or(out);
        crate::out_raw!("{}", table(bundle));
        if build.proofs {
            crate::out_raw!("\n{}\n", proofs(done));
        }
        crate::out!("wrote {} in {} ms", shown.display(), elapsed.as_millis());
    }
    Ok(exit)
}

/// Every way of an event, what carries it, and what allows that.
fn proofs(done: &Compiled) -> String {
    let (Some(graph), Some(stacks)) = (&done.graph, &done.stacks) else { return String::new() };
    let mut out = String::new();
    for line in listing(graph, stacks, &stdlib()) {
        let _ = writeln!(out, "{}", line.edge);
        for carried in line.carried {
            let open = if carried.open { ", as far as the templates show" } else { "" };
            let _ = writeln!(out, "  {} by {}{open}", carried.proof, carried.by);
            for allowed in carried.allowed {
                let _ = writeln!(out, "    {allowed}");
            }
        }
    }
    out
}

/// Stack, resources, size: the largest first where there are many.
fn table(bundle: &Bundle) -> String {
    let mut rows: Vec<&StackSummary> = bundle.stacks.iter().collect();
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    if left_out > 0 {
        rows.sort_by(|a, b| (b.bytes, &a.name).cmp(&(a.bytes, &b.name)));
        rows.truncate(MOST_ROWS);
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("stack".len());
    let size = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1000.0);
    let mut out = format!("{:<width$}  {:>9}  {:>10}\n", "stack", "resources", "size");
    for row in &rows {
        let _ = writeln!(out, "{:<width$}  {:>9}  {:>10}", row.name, row.resources, size(row.bytes));
    }
    if left_out > 0 {
        let _ = writeln!(out, "… and {left_out} more");
    }
    let resources: usize = bundle.stacks.iter().map(|row| row.resources).sum();
    let bytes: usize = bundle.stacks.iter().map(|row| row.bytes).sum();
    let count = format!("{} stacks", bundle.stacks.len());
    let _ = writeln!(out, "{count:<width$}  {resources:>9}  {:>10}", size(bytes));
    out
}
