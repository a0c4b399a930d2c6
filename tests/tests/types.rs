//! The types of a build, judged by the type checkers of their languages: mypy and tsc.
//!
//! A line of a handler in `types/handlers/` that ends in `error: TEXT` as a comment must be found wrong with that
//! text, and no other line may be.

mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pipec_core::Stage;
use pipec_tests::{Project, findings, repository};

use tools::projects::load;

/// Writes the types of a project's build, as `pipec build` does.
fn write(project: &Project, to: &Path) -> PathBuf {
    let done = project.compile(None, Stage::Artifacts);
    let bundle = done.bundle.as_ref().unwrap_or_else(|| panic!("{}", findings(&done)));
    let build = to.join("build");
    let types: Vec<_> = bundle.files.iter().filter(|(path, _)| path.starts_with("types/")).collect();
    assert!(types.len() > 2, "an event has a schema");
    for (path, bytes) in types {
        let full = build.join(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("folders");
        fs::write(full, bytes.as_slice()).expect("a file of types");
    }
    build
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What mypy says of files that import from a build; nothing when it is content.
fn mypy(files: &[PathBuf], build: &Path) -> String {
    let path = text(&build.join("types/python"));
    let cache = text(&repository().join("target/test-scratch/mypy"));
    let config = "--config-file=";
    let fixed = ["-m", "mypy", "--strict", "--python-version", "3.11", "--no-error-summary", "--cache-dir"];
    let files: Vec<String> = files.iter().map(|file| text(file)).collect();
    let python = repository().join("target/tools/venv/bin/python");
    let output = std::process::Command::new(python)
        .args(fixed)
        .args([cache.as_str(), config])
        .args(files)
        .env("MYPYPATH", path)
        .output()
        .expect("mypy runs");
    said(&output)
}

/// What tsc says of files, as an editor would: JavaScript is checked too.
fn tsc(files: &[PathBuf], resolution: [&str; 2]) -> String {
    let [module, resolution] = resolution;
    let files: Vec<String> = files.iter().map(|file| text(file)).collect();
    let mut args = vec!["target/tools/node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--allowJs"];
    args.extend(["--checkJs", "--pretty", "false", "--target", "es2022", "--module", module]);
    args.extend(["--moduleResolution", resolution]);
    args.extend(files.iter().map(String::as_str));
    said(&tools::run("node", &args, ""))
}

/// What a checker printed; a failure without a word must not look like success.
fn said(output: &std::process::Output) -> String {
    let text = tools::text(output).trim().to_owned();
    assert_eq!(output.status.success(), text.is_empty(), "{text}");
    text
}

/// The ways in which TypeScript finds the file of an import: of Node, and of bundlers and editors.
const RESOLUTIONS: [[&str; 2]; 2] = [["nodenext", "nodenext"], ["esnext", "bundler"]];

#[test]
fn every_build_has_types_without_errors() {
    tools::install();
    let scratch = tools::scratch("types-builds");
    let mut projects: BTreeMap<String, Project> = BTreeMap::new();
    for entry in fs::read_dir(repository().join("examples")).expect("examples").flatten() {
        if entry.path().join("app.pipe").is_file() {
            projects.insert(entry.file_name().to_string_lossy().into_owned(), load(&entry.path()));
        }
    }
    for folder in ["stacks", "types"] {
        for entry in fs::read_dir(repository().join("tests/cases").join(folder)).expect("cases").flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "pipe") {
                let (prose, sections) = Project::sections(&fs::read_to_string(&path).expect("a case"));
                let project = if sections.files.is_empty() { Project::single(&prose) } else { sections };
                projects.insert(path.file_stem().expect("a name").to_string_lossy().into_owned(), project);
            }
        }
    }
    assert!(projects.len() > 6, "{:?}", projects.keys());
    let (mut declarations, mut modules) = (Vec::new(), Vec::new());
    for (name, project) in &projects {
        let build = write(project, &scratch.join(name));
        let module = build.join("types/python/pipec_types.py");
        declarations.push(build.join("types/node/events.d.ts"));
        // Compiled and run: what a class is made of must be there when it is made.
        let compiled = tools::run("python3", &["-m", "py_compile", &text(&module)], "");
        assert!(compiled.status.success(), "{name}: {}", tools::text(&compiled));
        let run = tools::run("python3", &["-B", &text(&module)], "");
        assert!(run.status.success(), "{name}: {}", tools::text(&run));
        // Under names of their own one run takes them all.
        modules.push(scratch.join(format!("{name}_types.py")));
        fs::copy(&module, modules.last().expect("a module")).expect("a copy");
    }
    assert_eq!(mypy(&modules, &scratch), "");
    for resolution in RESOLUTIONS {
        assert_eq!(tsc(&declarations, resolution), "");
    }
}

/// Line to text of what the comments of a handler promise.
fn promised(file: &Path, mark: &str) -> BTreeMap<usize, String> {
    let source = fs::read_to_string(file).expect("a handler");
    let lines = source.lines().enumerate();
    let marked = lines.filter_map(|(at, line)| Some((at + 1, line.split_once(mark)?.1.trim().to_owned())));
    marked.collect()
}

/// Compares what was found, as lines and texts, with what is promised.
fn compare(file: &Path, mark: &str, found: &[(usize, String)], said: &str) {
    let promised = promised(file, mark);
    let lines: BTreeSet<usize> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(
        lines,
        promised.keys().copied().collect(),
        "{}: other lines are wrong\n{said}",
        file.display()
    );
    for (line, text) in &promised {
        let fits = found.iter().any(|(at, message)| at == line && message.contains(text.as_str()));
        assert!(fits, "{}:{line}: nobody said `{text}`\n{said}", file.display());
    }
}

/// Copies the handlers beside a build of their project.
fn handlers(scratch: &str) -> (PathBuf, PathBuf) {
    tools::install();
    let source = repository().join("tests/types");
    let scratch = tools::scratch(scratch);
    let build = write(&load(&source), &scratch);
    let to = scratch.join("handlers");
    fs::create_dir_all(&to).expect("a folder");
    for entry in fs::read_dir(source.join("handlers")).expect("handlers").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
    // What the documentation shows is right too.
    let page = fs::read_to_string(repository().join("docs/types.md")).expect("the page");
    for (fence, file) in [("```python\n", "page.py"), ("```js\n", "page.mjs")] {
        let shown = page.split_once(fence).and_then(|(_, rest)| rest.split_once("```")).expect("an example");
        fs::write(to.join(file), shown.0).expect("an example");
    }
    (to, build)
}

#[test]
fn mypy_knows_events_in_python_handlers() {
    let (handlers, build) = handlers("types-python");
    assert_eq!(mypy(&["right.py", "page.py"].map(|file| handlers.join(file)), &build), "");
    let wrong = handlers.join("wrong.py");
    let said = mypy(std::slice::from_ref(&wrong), &build);
    // `…/wrong.py:14: error: …`
    let found = said.lines().filter_map(|line| {
        let (place, message) = line.split_once(": error: ")?;
        Some((place.rsplit(':').next()?.parse().ok()?, message.to_owned()))
    });
    let found: Vec<_> = found.collect();
    assert!(found.len() > 20, "{said}");
    compare(&wrong, "# error: ", &found, &said);
}

#[test]
fn tsc_knows_events_in_node_handlers() {
    let (handlers, _) = handlers("types-node");
    let wrong = handlers.join("wrong.mjs");
    for resolution in RESOLUTIONS {
        assert_eq!(tsc(&["right.mjs", "page.mjs"].map(|file| handlers.join(file)), resolution), "");
        let said = tsc(std::slice::from_ref(&wrong), resolution);
        // `…/wrong.mjs(5,14): error TS2551: …`; what is indented below belongs to it.
        let mut found: Vec<(usize, String)> = Vec::new();
        for line in said.lines() {
            match line.split_once("): error TS") {
                Some((place, message)) => {
                    let place = place.rsplit('(').next().and_then(|place| place.split(',').next());
                    found.push((
                        place.and_then(|line| line.parse().ok()).expect("a line"),
                        message.to_owned(),
                    ));
                }
                None => found.iter_mut().next_back().expect("an error before").1.push_str(line),
            }
        }
        assert!(found.len() > 10, "{said}");
        compare(&wrong, "// error: ", &found, &said);
    }
}
