//! The phases in a row.

use crate::artifacts::{Bundle, Format, render};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{FlowGraph, connect};
use crate::handlers::{Packages, ProjectFiles, Runtimes, package};
use crate::library::{Library, LibraryError, extend};
use crate::model::{expectations, resolve};
use crate::source::{MAX_SOURCE_BYTES, SourceId, Sources, Span};
use crate::stacks::{StackTree, lower};
use crate::syntax::{Literal, SyntaxFile, parse};
use crate::verify::{Knowledge, verify};
use rayon::prelude::*;

/// What a compilation starts from.
pub struct Input<'a> {
    /// The `.pipe` files: path and bytes, sorted by path.
    pub files: &'a [(String, Vec<u8>)],
    /// The project's own constructs: path and text, sorted by path.
    pub constructs: &'a [(String, String)],
    /// The standard library.
    pub library: Library,
    /// The environment to apply.
    pub environment: Option<&'a str>,
    /// The project's other files.
    pub project: &'a dyn ProjectFiles,
    /// How templates are written.
    pub format: Format,
}

/// How far a compilation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Files are parsed.
    Syntax,
    /// Names are resolved.
    Model,
    /// Flows are connected.
    Graph,
    /// Handlers are packed.
    Handlers,
    /// Stacks are made.
    Stacks,
    /// What they do is proved.
    Verify,
    /// Templates are written.
    Artifacts,
}

impl Stage {
    /// The name of the phase's folder.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Stage::Syntax => "syntax",
            Stage::Model => "model",
            Stage::Graph => "graph",
            Stage::Handlers => "handlers",
            Stage::Stacks => "stacks",
            Stage::Verify => "verify",
            Stage::Artifacts => "artifacts",
        }
    }
}

/// What a compilation gave; later parts are absent when it ended before them.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The files.
    pub sources: Sources,
    /// Their trees.
    pub syntax: Vec<SyntaxFile>,
    /// The flow of events; the model is in it.
    pub graph: Option<FlowGraph>,
    /// The stacks.
    pub stacks: Option<StackTree>,
    /// The files of the build.
    pub bundle: Option<Bundle>,
    /// All findings, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Runs the phases up to and including `until`; `observe` is told when each ends.
///
/// Errors of names, flows and handlers are all collected before the compilation gives up: stacks are only made of
/// a project without errors.
pub fn compile(input: Input<'_>, until: Stage, observe: &mut dyn FnMut(Stage)) -> Compiled {
    let mut done = Compiled::default();
    let mut diags = Diagnostics::new();
    run(input, until, observe, &mut done, &mut diags);
    done.diagnostics = diags.sorted();
    done
}

fn run(
    mut input: Input<'_>,
    until: Stage,
    observe: &mut dyn FnMut(Stage),
    done: &mut Compiled,
    diags: &mut Diagnostics,
) {
    done.sources = sources(input.files, input.constructs, diags);
    let pipes = done.sources.as_slice().get(..input.files.len()).unwrap_or(&[]);
    let parsed: Vec<(SyntaxFile, Diagnostics)> = pipes
        .par_iter()
        .map(|source| {
            let mut diags = Diagnostics::new();
            (parse(source, &mut diags), diags)
        })
        .collect();
    for (file, found) in parsed {
        done.syntax.push(file);
        diags.extend(found);
    }
    observe(Stage::Syntax);
    if until == Stage::Syntax {
        return;
    }
    let mut expected = expectations(&mut done.syntax, diags);
    let errors = extend(&mut input.library, input.constructs);
    diags.extend(errors.iter().map(|error| construct_finding(error, &done.sources)));
    let library = &input.library;
    // Runtimes need nothing of the project, and rules, below, nothing but the library: each is made beside a phase.
    let (model, runtimes) = rayon::join(
        || resolve(&done.syntax, &done.sources, input.environment, library, diags),
        || if until < Stage::Handlers { Runtimes::default() } else { Runtimes::of(library) },
    );
    observe(Stage::Model);
    let Some(model) = model else { return };
    done.graph = connect(model, diags);
    if input.environment.is_none() {
        diags.extend(other_environments(done, library));
    }
    observe(Stage::Graph);
    let Some(graph) = done.graph.as_ref().filter(|_| until > Stage::Graph) else { return };
    let packages: Packages = package(graph, library, &runtimes, input.project, diags);
    observe(Stage::Handlers);
    if until == Stage::Handlers || diags.has_errors() {
        return;
    }
    let (stacks, knowledge) = rayon::join(
        || lower(graph, library, &packages, &done.sources, diags),
        || Knowledge::parse(&library.identities, &library.proofs),
    );
    done.stacks = stacks;
    observe(Stage::Stacks);
    let Some(stacks) = done.stacks.as_ref().filter(|_| until > Stage::Stacks && !diags.has_errors()) else {
        return;
    };
    // Proofs and templates are made side by side; templates that were made in vain cost nobody any time.
    let (mut proved, mut rendered) = (Diagnostics::new(), Diagnostics::new());
    let ((), bundle) = rayon::join(
        || verify(graph, stacks, library, &knowledge, &mut proved),
        || {
            let wanted = until > Stage::Verify;
            wanted.then(|| render(&graph.model, stacks, &done.sources, input.format, &mut rendered)).flatten()
        },
    );
    diags.extend(proved);
    expected.meet(diags);
    expected.report_unmet(diags);
    observe(Stage::Verify);
    if until == Stage::Verify || diags.has_errors() {
        return;
    }
    diags.extend(rendered);
    done.bundle = bundle;
    observe(Stage::Artifacts);
}

/// What is wrong in environments that nobody chose: it must not wait for their deployment. What they share with the
/// project itself is reported once, for equal findings are.
fn other_environments(done: &Compiled, library: &Library) -> Diagnostics {
    let statements = done
        .syntax
        .iter()
        .flat_map(SyntaxFile::statements)
        .filter(|statement| statement.name.value == "environment");
    let mut found = Diagnostics::new();
    for statement in statements {
        if let Some(Literal::Word(name)) = statement.args.first().map(|arg| &arg.value)
            && let Some(model) = resolve(&done.syntax, &done.sources, Some(name), library, &mut found)
        {
            connect(model, &mut found);
        }
    }
    found
}

/// The files as texts; what is no text is reported and read as far as it is one.
fn sources(files: &[(String, Vec<u8>)], constructs: &[(String, String)], diags: &mut Diagnostics) -> Sources {
    let mut sources = Sources::new();
    for (path, bytes) in files {
        if bytes.len() > MAX_SOURCE_BYTES {
            let id = sources.add(path.clone(), String::new());
            let message =
                format!("`{path}` has {} bytes, and a file has at most {MAX_SOURCE_BYTES}", bytes.len());
            let help = "one event a file keeps files small; data does not belong into `.pipe` files";
            diags.push(Diagnostic::new(Code::FileTooLarge, start_of(id), message).help(help));
            continue;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => drop(sources.add(path.clone(), text)),
            Err(error) => {
                let text =
                    String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or(&[])).into_owned();
                let at = text.len() as u32;
                let id = sources.add(path.clone(), text);
                let span = Span { source: id, start: at, end: at };
                let message = format!("`{path}` is not UTF-8 from byte {at} on");
                diags.push(
                    Diagnostic::new(Code::NotUtf8, span, message)
                        .help("save the file as UTF-8; the rest of it was not read"),
                );
            }
        }
    }
    for (path, text) in constructs {
        sources.add(path.clone(), text.clone());
    }
    sources
}

fn start_of(source: SourceId) -> Span {
    Span { source, start: 0, end: 0 }
}

/// A construct's problem at its place in the construct's file.
fn construct_finding(error: &LibraryError, sources: &Sources) -> Diagnostic {
    let source =
        sources.iter().find(|source| source.path == error.path).map_or(SourceId(0), |source| source.id);
    let span = Span { source, start: error.start, end: error.end };
    Diagnostic::new(error.code, span, error.message.clone())
}
