//! The phase's entry: finds each handler's files and zips them.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;

use super::imports::{candidates, join};
use super::settings::settings;
use super::zipping::{Base, Files, zip};
use super::{FileError, HandlerCode, Package, Packages, ProjectFiles};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::graph::FlowGraph;
use crate::library::Library;
use crate::model::{Handler, Model};
use crate::names::sha256;

/// The largest package that Lambda takes, unzipped, in bytes: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const MAX_BYTES: usize = 250 << 20;

/// The runtimes as packages carry them, by folder: `runtimes/python`.
#[derive(Default)]
pub struct Runtimes(BTreeMap<String, Base>);

impl Runtimes {
    /// Compresses the runtimes of a library.
    #[must_use]
    pub fn of(library: &Library) -> Runtimes {
        let one = |(name, files): (&String, &IndexMap<String, Vec<u8>>)| {
            let files: Files = files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
            Some((name.clone(), Base::new(&files).ok()?))
        };
        Runtimes(library.runtimes.iter().par_bridge().filter_map(one).collect())
    }
}

/// Makes every subscriber's package. What is wrong with a handler is reported at the statement that names it.
pub fn package(
    graph: &FlowGraph,
    library: &Library,
    runtimes: &Runtimes,
    files: &dyn ProjectFiles,
    diags: &mut Diagnostics,
) -> Packages {
    let model = &graph.model;
    let packer = Packer { model, library, files, runtimes };
    let subscribers: Vec<_> = model
        .events
        .iter()
        .flat_map(|(name, event)| {
            event.subscribers.iter().filter_map(move |(subscriber, s)| {
                let handler = s.handler.as_ref()?;
                Some((name, event, subscriber, s, handler))
            })
        })
        .collect();
    let results: Vec<_> = subscribers
        .into_par_iter()
        .map(|(name, event, subscriber_name, subscriber, handler)| {
            let key = (name.clone(), subscriber_name.clone());
            let settings = |entry: &str| settings(model, name, event, subscriber_name, subscriber, entry);
            (key, packer.code_of(handler, &settings))
        })
        .collect();
    let mut packages = Packages::default();
    for (key, result) in results {
        match result {
            Ok(code) => drop(packages.by_subscriber.insert(key, code)),
            Err(finding) => diags.push(*finding),
        }
    }
    packages.by_construct = packer.of_constructs();
    packages
}

/// What the local `package` of a handler's construct says where there is nothing to pack.
const IMAGE: &str = "image";
/// The same where a program that the project built is all there is.
const PROGRAM: &str = "program";

struct Packer<'a> {
    model: &'a Model,
    library: &'a Library,
    files: &'a dyn ProjectFiles,
    runtimes: &'a Runtimes,
}

/// What a language's construct says of packages.
struct Language<'a> {
    word: &'a str,
    runtime: String,
    entry: String,
    folder: String,
    ending: String,
    main: String,
}

impl Packer<'_> {
    /// The packages of locks that bring code of their own.
    fn of_constructs(&self) -> BTreeMap<String, Package> {
        let used = self.model.auths.values().map(|auth| auth.choice.construct.as_str());
        used.filter_map(|id| {
            let construct = self.library.get(id)?;
            let base = self.runtimes.0.get(construct.constant("package")?)?;
            let bytes = zip(&Files::new(), Some(base), None).ok()?;
            let package = Package {
                key: format!("handlers/{}.zip", sha256(&bytes)),
                runtime: construct.constant("runtime")?.to_owned(),
                entry: construct.constant("entry")?.to_owned(),
                bytes: Arc::new(bytes),
            };
            Some((id.to_owned(), package))
        })
        .collect()
    }

    fn code_of(
        &self,
        handler: &Handler,
        settings: &dyn Fn(&str) -> serde_json::Value,
    ) -> Result<HandlerCode, Box<Diagnostic>> {
        let construct = self.library.get(&handler.construct);
        match construct.and_then(|construct| construct.constant("package")) {
            Some(IMAGE) => Ok(HandlerCode::Image(handler.path.value.clone())),
            Some(PROGRAM) => self.program(handler, settings).map(HandlerCode::Package),
            _ => self.package(handler, settings).map(HandlerCode::Package),
        }
    }

    /// A program with its settings beside it. The file that Lambda starts has the name of the entry.
    fn program(
        &self,
        handler: &Handler,
        settings: &dyn Fn(&str) -> serde_json::Value,
    ) -> Result<Package, Box<Diagnostic>> {
        let language = self.language(handler)?;
        let path = located(handler)?;
        let path = match self.files.read(&path) {
            Err(FileError::Folder) => format!("{path}/{}", language.main),
            _ => path,
        };
        let bytes = self.files.read(&path).map_err(|error| unbuilt(handler, &path, &error))?;
        if !runs_there(&bytes) {
            let message = format!("`{path}` is no program for Linux on arm64");
            let finding = Diagnostic::new(Code::HandlerWrongKind, handler.path.span, message).help(BUILD);
            return Err(Box::new(finding));
        }
        let name = language.entry.clone();
        let settings = serde_json::to_vec(&settings(&name)).unwrap_or_default();
        let files = Files::from([(name.clone(), bytes), ("pipec.json".to_owned(), settings)]);
        let size: usize = files.values().map(Vec::len).sum();
        let too_large =
            |message: String| Box::new(Diagnostic::new(Code::HandlerTooLarge, handler.path.span, message));
        if size > MAX_BYTES {
            let (size, most) = (size >> 20, MAX_BYTES >> 20);
            return Err(too_large(format!("the handler's files are {size} MB, and Lambda takes {most} MB")));
        }
        let bytes = zip(&files, None, Some(&name))
            .map_err(|error| too_large(format!("the handler cannot be packed: {error}")))?;
        let key = format!("handlers/{}.zip", sha256(&bytes));
        Ok(Package { key, runtime: language.runtime, entry: name, bytes: Arc::new(bytes) })
    }

    fn package(
        &self,
        handler: &Handler,
        settings: &dyn Fn(&str) -> serde_json::Value,
    ) -> Result<Package, Box<Diagnostic>> {
        let language = self.language(handler)?;
        let (mut files, entry) = self.code(handler, &language)?;
        files.insert("pipec.json".to_owned(), serde_json::to_vec(&settings(&entry)).unwrap_or_default());
        let size: usize = files.values().map(Vec::len).sum();
        let finding = |code, message: String| Box::new(Diagnostic::new(code, handler.path.span, message));
        if size > MAX_BYTES {
            let message =
                format!("the handler's files are {} MB, and Lambda takes {} MB", size >> 20, MAX_BYTES >> 20);
            return Err(finding(Code::HandlerTooLarge, message));
        }
        let Some(base) = self.runtimes.0.get(&language.folder) else {
            let message = format!(
                "the construct `{}` names the runtime `{}`, which does not exist",
                handler.construct, language.folder
            );
            return Err(finding(Code::BadConstruct, message));
        };
        let bytes = zip(&files, Some(base), None).map_err(|error| {
            finding(Code::HandlerTooLarge, format!("the handler cannot be packed: {error}"))
        })?;
        let key = format!("handlers/{}.zip", sha256(&bytes));
        Ok(Package { key, runtime: language.runtime, entry: language.entry, bytes: Arc::new(bytes) })
    }

    fn language(&self, handler: &Handler) -> Result<Language<'_>, Box<Diagnostic>> {
        let construct = self.library.get(&handler.construct);
        let local = |name: &str| construct.and_then(|c| c.constant(name)).map(str::to_owned);
        let read = || {
            Some(Language {
                word: construct?.word(),
                runtime: local("runtime")?,
                entry: local("entry")?,
                folder: local("package")?,
                ending: local("ending")?,
                main: local("main")?,
            })
        };
        read().ok_or_else(|| {
            let message = format!("the construct `{}` does not say how to pack a handler", handler.construct);
            let help = "its `locals` need the texts `runtime`, `entry`, `package`, `ending` and `main`";
            Box::new(Diagnostic::new(Code::BadConstruct, handler.path.span, message).help(help))
        })
    }

    /// The files of a handler and the path of its entry: a file with what it imports, or a whole folder.
    fn code(&self, handler: &Handler, language: &Language<'_>) -> Result<(Files, String), Box<Diagnostic>> {
        let path = &located(handler)?;
        match self.files.read(path) {
            Err(FileError::Folder) => self.folder(handler, path, language),
            Err(error) => Err(explain(handler, path, &error)),
            Ok(_) if !language.ending.split(' ').any(|ending| path.ends_with(ending)) => {
                let message = format!("`{path}` is no {} file", language.word);
                let help = format!(
                    "files of `handler {}` end in {}",
                    language.word,
                    language.ending.replace(' ', " or ")
                );
                Err(Box::new(Diagnostic::new(Code::HandlerWrongKind, handler.path.span, message).help(help)))
            }
            Ok(bytes) => Ok((self.with_imports(path, bytes), path.to_owned())),
        }
    }

    fn folder(
        &self,
        handler: &Handler,
        path: &str,
        language: &Language<'_>,
    ) -> Result<(Files, String), Box<Diagnostic>> {
        let entry = format!("{path}/{}", language.main);
        let names = self.files.list(path).map_err(|error| explain(handler, path, &error))?;
        if !names.contains(&entry) {
            let message = format!("the folder `{path}` has no `{}`", language.main);
            let help = format!("a folder's handler is its `{}`; or name the file itself", language.main);
            return Err(Box::new(
                Diagnostic::new(Code::HandlerMissing, handler.path.span, message).help(help),
            ));
        }
        let mut files = Files::new();
        for name in names.into_iter().filter(|name| !is_litter(name)) {
            let bytes = self.files.read(&name).map_err(|error| explain(handler, &name, &error))?;
            files.insert(name, bytes);
        }
        Ok((files, entry))
    }

    /// A file and, transitively, the files beside it that it imports.
    fn with_imports(&self, path: &str, bytes: Vec<u8>) -> Files {
        let mut files = Files::new();
        let mut open = vec![(path.to_owned(), bytes)];
        while let Some((path, bytes)) = open.pop() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.insert(path.clone(), bytes);
            for candidate in candidates(&path, &text) {
                let wanted = !candidate.starts_with("..")
                    && !files.contains_key(&candidate)
                    && self.files.has(&candidate);
                if let Some(found) = wanted.then(|| self.files.read(&candidate).ok()).flatten() {
                    open.push((candidate, found));
                }
            }
        }
        files
    }
}

/// What a handler's path means, inside the project.
fn located(handler: &Handler) -> Result<String, Box<Diagnostic>> {
    let written = handler.path.value.as_str();
    let climbs = written.split('/').any(|part| part == "..");
    let path = if climbs || written.starts_with('/') { written.to_owned() } else { join("", written) };
    if path.is_empty() || path == "." {
        return Err(explain(handler, &path, &FileError::Missing(Vec::new())));
    }
    if climbs || path.starts_with('/') || path.contains(['\\', ':']) {
        return Err(explain(handler, &path, &FileError::Outside));
    }
    Ok(path)
}

/// How a program comes to be.
const BUILD: &str = "build it first, with `cargo lambda build --release --arm64` or for the target `aarch64-unknown-linux-musl`, and name what comes of it";

/// A program that is not there was most likely not built.
fn unbuilt(handler: &Handler, path: &str, error: &FileError) -> Box<Diagnostic> {
    let mut finding = explain(handler, path, error);
    if matches!(error, FileError::Missing(_))
        && !finding.help.as_ref().is_some_and(|help| help.starts_with("did"))
    {
        finding.help = Some(BUILD.to_owned());
    }
    finding
}

/// Whether the functions of stdlib, which have arm64 processors, can run a program: an ELF file of that machine.
fn runs_there(bytes: &[u8]) -> bool {
    const AARCH64: u8 = 183;
    bytes.starts_with(b"\x7fELF") && bytes.get(18) == Some(&AARCH64)
}

/// Files that are no part of a handler.
fn is_litter(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') || part == "__pycache__") || path.ends_with(".pyc")
}

fn explain(handler: &Handler, path: &str, error: &FileError) -> Box<Diagnostic> {
    let span = handler.path.span;
    let finding = match error {
        FileError::Missing(beside) => {
            let name = path.rsplit('/').next().unwrap_or(path);
            let folder = path.strip_suffix(name).unwrap_or("");
            let help = match nearest(name, beside.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{folder}{near}`?"),
                None => "paths are relative to the project's folder".to_owned(),
            };
            Diagnostic::new(Code::HandlerMissing, span, format!("there is no handler `{path}`")).help(help)
        }
        FileError::Outside => {
            let message = format!("the handler `{}` is outside the project", handler.path.value);
            Diagnostic::new(Code::HandlerOutside, span, message).help(
                "move or copy it into the project: what is deployed must be in the project's own history",
            )
        }
        FileError::Folder => Diagnostic::new(Code::HandlerMissing, span, format!("`{path}` is a folder")),
        FileError::Unreadable(why) => Diagnostic::new(
            Code::HandlerUnreadable,
            span,
            format!("the handler `{path}` cannot be read: {why}"),
        ),
    };
    Box::new(finding)
}
