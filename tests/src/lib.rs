//! What the test programs share: projects in memory, and the files that cases are written in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use pipec_core::artifacts::Format;
use pipec_core::handlers::{FileError, ProjectFiles};
use pipec_core::library::{Checks, Library, assemble};
use pipec_core::verify::{Knowledge, TemplateFiles, Verified, verify_templates};
use pipec_core::{Compiled, Input, Stage, compile};

/// A project in memory: text by path.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Its files.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Project {
    /// A project of one file, with the handlers that the text names.
    #[must_use]
    pub fn single(text: &str) -> Project {
        let mut project = Project::default();
        project.add("app.pipe", text);
        for path in text.split('"').filter(|part| part.starts_with("handlers/")) {
            // As much of a program for Linux on arm64 as tells that it is one.
            let program =
                path.ends_with("/bootstrap").then(|| [b"\x7fELF".as_slice(), &[0; 14], &[183, 0]].concat());
            project.files.insert(path.to_owned(), program.unwrap_or_default());
        }
        project
    }

    /// Reads the sections `-- PATH --` of a case file; text before the first is its prose.
    #[must_use]
    pub fn sections(text: &str) -> (String, Project) {
        let (mut prose, mut project) = (String::new(), Project::default());
        let mut current: Option<(String, String)> = None;
        for line in text.split_inclusive('\n') {
            let path = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
            match (path, &mut current) {
                (Some(path), _) => {
                    if let Some((path, text)) = current.replace((path.to_owned(), String::new())) {
                        project.add(&path, &text);
                    }
                }
                (None, Some((_, text))) => text.push_str(line),
                (None, None) => prose.push_str(line),
            }
        }
        if let Some((path, text)) = current {
            project.add(&path, &text);
        }
        (prose, project)
    }

    /// Adds or replaces a file.
    pub fn add(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.as_bytes().to_vec());
    }

    /// Compiles it.
    #[must_use]
    pub fn compile(&self, environment: Option<&str>, until: Stage) -> Compiled {
        let pipes: Vec<(String, Vec<u8>)> = self
            .files
            .iter()
            .filter(|(path, _)| path.ends_with(".pipe"))
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        let constructs: Vec<(String, String)> = self
            .files
            .iter()
            .filter(|(path, _)| path.starts_with("lib/"))
            .map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned()))
            .collect();
        let input = Input {
            files: &pipes,
            constructs: &constructs,
            library: stdlib(),
            environment,
            project: self,
            format: Format::Yaml,
        };
        compile(input, until, &mut |_| {})
    }

    /// The templates of a build by path; panics with the findings when there is none.
    #[must_use]
    pub fn templates(&self) -> BTreeMap<String, String> {
        let done = self.compile(None, Stage::Artifacts);
        let Some(bundle) = &done.bundle else { panic!("{}", findings(&done)) };
        let templates = bundle.files.iter().filter(|(path, _)| path.ends_with(".yaml"));
        templates.map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

impl Project {
    /// Verifies its templates.
    #[must_use]
    pub fn verify(&self, strict: bool) -> Verified {
        static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
        let knowledge = KNOWLEDGE.get_or_init(|| {
            let library = stdlib();
            Knowledge::parse(&library.identities, &library.proofs).expect("rules that can be read")
        });
        let is_template = |path: &str| [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
        let given: Vec<(String, Vec<u8>)> = self
            .files
            .iter()
            .filter(|(path, _)| is_template(path))
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect();
        verify_templates(&given, self, knowledge, strict)
    }
}

/// Nested templates beside the template that nests them.
impl TemplateFiles for Project {
    fn nested(&self, url: &str, from: &str) -> Option<(String, Vec<u8>)> {
        let folder = from.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let path = format!("{folder}{}", url.trim_start_matches("./"));
        self.files.get(&path).map(|bytes| (path.clone(), bytes.clone()))
    }
}

impl ProjectFiles for Project {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let below = format!("{path}/");
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None if self.files.keys().any(|file| file.starts_with(&below)) => Err(FileError::Folder),
            None => {
                let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                let beside =
                    self.files.keys().filter_map(|file| file.strip_prefix(&folder)).map(str::to_owned);
                Err(FileError::Missing(beside.collect()))
            }
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let below = format!("{folder}/");
        Ok(self.files.keys().filter(|file| file.starts_with(&below)).cloned().collect())
    }
}

/// The standard library.
#[must_use]
pub fn stdlib() -> Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    let read = || {
        let files = pipec_stdlib::files();
        let (library, errors) =
            assemble(files.iter().map(|(path, bytes)| (path.as_str(), *bytes)), Checks::Run);
        assert!(errors.is_empty(), "the standard library has errors: {errors:#?}");
        library
    };
    LIBRARY.get_or_init(read).clone()
}

/// All findings, a line each: `P0203 app.pipe:3:5`, with message and help.
#[must_use]
pub fn findings(done: &Compiled) -> String {
    let mut out = String::new();
    for finding in &done.diagnostics {
        let help = finding.help.as_deref().unwrap_or("");
        out.push_str(&format!("{}\n  {}\n  help: {help}\n", place(done, finding), finding.message));
    }
    out
}

/// `P0203 app.pipe:3:5`
#[must_use]
pub fn place(done: &Compiled, finding: &pipec_core::diagnostic::Diagnostic) -> String {
    let source = done.sources.get(finding.span.source);
    let at = source.map(|source| source.position(finding.span.start));
    let (path, line, column) =
        (done.sources.path(finding.span.source), at.map_or(0, |p| p.line), at.map_or(0, |p| p.column));
    format!("{} {path}:{line}:{column}", finding.code.as_str())
}

/// All findings of a verification, a line each, with message and help.
#[must_use]
pub fn verify_findings(verified: &Verified) -> String {
    let mut out = String::new();
    for finding in &verified.diagnostics {
        let source = verified.sources.get(finding.span.source);
        let at = source.map(|source| source.position(finding.span.start));
        let (line, column) = (at.map_or(0, |p| p.line), at.map_or(0, |p| p.column));
        let path = verified.sources.path(finding.span.source);
        let help = finding.help.as_deref().unwrap_or("");
        let code = finding.code.as_str();
        out.push_str(&format!("{code} {path}:{line}:{column}\n  {}\n  help: {help}\n", finding.message));
    }
    out
}

/// The folder of the whole repository.
#[must_use]
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
