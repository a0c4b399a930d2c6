//! One file in `cases/PHASE/` is one test: what the phase makes of it is compared with the snapshot beside it.
//!
//! A changed snapshot is read before it is accepted: `INSTA_UPDATE=always cargo test -p pipec-tests`, then `git diff`.

use std::path::Path;

use pipec_core::syntax::{FormatError, dump, format};
use pipec_core::{Compiled, Stage};
use pipec_tests::{Project, findings};

fn project(text: &str) -> Project {
    let (prose, sections) = Project::sections(text);
    if sections.files.is_empty() { Project::single(&prose) } else { sections }
}

/// A case may begin with `// environment: NAME`.
fn compiled(text: &str, until: Stage) -> Compiled {
    let environment = text.lines().find_map(|line| line.strip_prefix("// environment: "));
    project(text).compile(environment, until)
}

/// Compares what a phase printed, findings below it, with the snapshot.
fn check(path: &Path, shown: &str, done: &Compiled) {
    let found = findings(done);
    let text = if found.is_empty() { shown.to_owned() } else { format!("{shown}\n---- findings\n{found}") };
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().unwrap_or(path).canonicalize().unwrap_or_default());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn parse(path: &Path, text: String) -> datatest_stable::Result<()> {
    let done = compiled(&text, Stage::Syntax);
    let trees: String = done.syntax.iter().map(dump).collect();
    check(path, &trees, &done);
    Ok(())
}

/// The formatted text; formatting it again must change nothing.
fn formatted(path: &Path, text: String) -> datatest_stable::Result<()> {
    let once = |text: &str| {
        let done = Project::single(text).compile(None, Stage::Syntax);
        let result =
            done.syntax.first().zip(done.sources.iter().next()).map(|(file, source)| format(source, file));
        (result.unwrap_or(Err(FormatError::HasErrors)), done)
    };
    let (result, done) = once(&text);
    if let Ok(written) = &result {
        assert_eq!(once(written).0.as_ref(), Ok(written), "formatting twice differs");
    }
    check(path, &result.unwrap_or_else(|error| format!("{error:?}")), &done);
    Ok(())
}

fn model(path: &Path, text: String) -> datatest_stable::Result<()> {
    let done = compiled(&text, Stage::Graph);
    let shown = done.graph.as_ref().map(|graph| serde_json::to_string_pretty(&graph.model)).transpose()?;
    check(path, &shown.unwrap_or_default(), &done);
    Ok(())
}

fn graph(path: &Path, text: String) -> datatest_stable::Result<()> {
    let done = compiled(&text, Stage::Graph);
    let shown = done
        .graph
        .as_ref()
        .map(|graph| format!("{}\n{}\n{}", graph.dump(), graph.to_mermaid(), graph.to_dot()));
    check(path, &shown.unwrap_or_default(), &done);
    Ok(())
}

fn stacks(path: &Path, text: String) -> datatest_stable::Result<()> {
    let done = compiled(&text, Stage::Artifacts);
    let beside = ["files/", "handlers/", "types/"];
    let shown = files(&done, |path| !beside.iter().any(|folder| path.starts_with(folder)));
    check(path, &hide_hashes(&shown), &done);
    Ok(())
}

fn types(path: &Path, text: String) -> datatest_stable::Result<()> {
    let done = compiled(&text, Stage::Artifacts);
    check(path, &files(&done, |path| path.starts_with("types/")), &done);
    Ok(())
}

/// Some files of a build, each below its path.
fn files(done: &Compiled, wanted: impl Fn(&str) -> bool) -> String {
    let files = done.bundle.iter().flat_map(|bundle| &bundle.files).filter(|(path, _)| wanted(path));
    files.map(|(path, bytes)| format!("# {path}\n{}\n", String::from_utf8_lossy(bytes))).collect()
}

/// Content hashes change with every change of a runtime; what matters is that there is one.
fn hide_hashes(text: &str) -> String {
    let mut out = String::new();
    for part in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let (word, rest) = part.split_at(part.len() - part.chars().last().map_or(0, char::len_utf8));
        if word.len() == 64 {
            out.push_str("SHA256");
            out.push_str(rest);
        } else {
            out.push_str(part);
        }
    }
    out
}

datatest_stable::harness! {
    { test = parse, root = "cases/parse", pattern = r"\.pipe$" },
    { test = formatted, root = "cases/format", pattern = r"\.pipe$" },
    { test = model, root = "cases/model", pattern = r"\.pipe$" },
    { test = graph, root = "cases/graph", pattern = r"\.pipe$" },
    { test = stacks, root = "cases/stacks", pattern = r"\.pipe$" },
    { test = types, root = "cases/types", pattern = r"\.pipe$" },
}
