//! Templates that pipec did not make: files to findings at their places.

use std::collections::{BTreeMap, BTreeSet};

use super::Knowledge;
use super::read::{Document, TemplateError, read_template};
use super::report::problems;
use super::rules::Finding;
use super::template::Template;
use super::world::World;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{MAX_SOURCE_BYTES, SourceId, Sources, Span};

/// Where templates come from.
pub trait TemplateFiles {
    /// The file that a `TemplateURL` names, as it stands in a template: its path and its bytes.
    fn nested(&self, url: &str, from: &str) -> Option<(String, Vec<u8>)>;
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Verified {
    /// The files.
    pub sources: Sources,
    /// What is wrong, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many templates were read.
    pub templates: usize,
    /// How many resources they have.
    pub resources: usize,
}

/// Stacks in stacks are followed so far; AWS has no such limit, and nobody goes there.
const DEEPEST: usize = 10;

/// Verifies templates and what is nested in them; `strict` also tells what cannot be proved.
#[must_use]
pub fn verify_templates(
    given: &[(String, Vec<u8>)],
    files: &dyn TemplateFiles,
    knowledge: &Knowledge,
    strict: bool,
) -> Verified {
    let mut reader = Reader {
        files,
        sources: Sources::new(),
        documents: Vec::new(),
        by_path: BTreeMap::new(),
        diagnostics: Vec::new(),
    };
    for (path, bytes) in given {
        reader.read(path, bytes, 0);
    }
    let nested: BTreeSet<usize> =
        reader.documents.iter().flat_map(|read| read.children.values().copied()).collect();
    let mut verified = Verified { templates: reader.documents.len(), ..Verified::default() };
    let mut diagnostics = std::mem::take(&mut reader.diagnostics);
    for root in (0..reader.documents.len()).filter(|index| !nested.contains(index)) {
        let (mut templates, mut origins) = (Vec::new(), Vec::new());
        reader.instance(root, 0, &mut templates, &mut origins);
        verified.resources +=
            templates.iter().map(|template: &Template<'_>| template.resources.len()).sum::<usize>();
        let world = knowledge.world(&templates);
        let report = knowledge.prover(&world).prove();
        diagnostics.extend(reader.diagnostics_of(&world, &report.findings, &origins));
        if strict {
            let open: Vec<Finding> = report.unknown.iter().map(unproved).collect();
            diagnostics.extend(reader.diagnostics_of(&world, &open, &origins));
        }
    }
    diagnostics
        .sort_by(|a, b| (a.span, a.code.as_str(), &a.message).cmp(&(b.span, b.code.as_str(), &b.message)));
    diagnostics.dedup();
    verified.diagnostics = diagnostics;
    verified.sources = reader.sources;
    verified
}

fn unproved(finding: &Finding) -> Finding {
    Finding {
        message: format!(
            "{} cannot be proved: it depends on what only the deployment knows",
            finding.code.as_str()
        ),
        help: format!("what would be wrong: {}", finding.message),
        code: Code::Unproved,
        ..finding.clone()
    }
}

struct Read {
    source: SourceId,
    document: Document,
    /// Nested stacks whose templates were found: logical id to document.
    children: BTreeMap<String, usize>,
}

struct Reader<'f> {
    files: &'f dyn TemplateFiles,
    sources: Sources,
    documents: Vec<Read>,
    by_path: BTreeMap<String, Option<usize>>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads a template and what is nested in it, each file once.
    fn read(&mut self, path: &str, bytes: &[u8], depth: usize) -> Option<usize> {
        if let Some(known) = self.by_path.get(path) {
            return *known;
        }
        self.by_path.insert(path.to_owned(), None);
        let text = match std::str::from_utf8(bytes) {
            _ if bytes.len() > MAX_SOURCE_BYTES => Err(format!(
                "`{path}` has {} bytes, and a template has at most {MAX_SOURCE_BYTES}",
                bytes.len()
            )),
            Ok(text) => Ok(text),
            Err(_) => Err(format!("`{path}` is not UTF-8")),
        };
        let source = self.sources.add(path.to_owned(), text.clone().unwrap_or_default());
        let text = match text {
            Ok(text) => text,
            Err(message) => {
                let error = TemplateError { message, at: Default::default() };
                self.diagnostics.push(bad(source, &error));
                return None;
            }
        };
        match read_template(path, text) {
            Ok(document) => {
                let index = self.documents.len();
                let nested: Vec<(String, Option<String>)> =
                    document.nested().map(|(id, url)| (id.to_owned(), url)).collect();
                self.documents.push(Read { source, document, children: BTreeMap::new() });
                self.by_path.insert(path.to_owned(), Some(index));
                for (id, url) in nested {
                    let child = self.child(path, url.as_deref(), depth);
                    if let (Some(child), Some(read)) = (child, self.documents.get_mut(index)) {
                        read.children.insert(id, child);
                    }
                }
                Some(index)
            }
            Err(errors) => {
                self.diagnostics.extend(errors.iter().map(|error| bad(source, error)));
                None
            }
        }
    }

    fn child(&mut self, path: &str, url: Option<&str>, depth: usize) -> Option<usize> {
        let (path, bytes) = self.files.nested(url?, path).filter(|_| depth < DEEPEST)?;
        self.read(&path, &bytes, depth + 1)
    }

    /// Adds a template and those nested in it; one that is nested twice is there twice, as two stacks.
    fn instance<'r>(
        &'r self,
        index: usize,
        depth: usize,
        templates: &mut Vec<Template<'r>>,
        origins: &mut Vec<usize>,
    ) -> Option<usize> {
        let read = self.documents.get(index).filter(|_| depth <= DEEPEST && templates.len() < MOST_STACKS)?;
        let place = templates.len();
        templates.push(Template::default());
        origins.push(index);
        let mut children = BTreeMap::new();
        for (id, child) in &read.children {
            if let Some(child) = self.instance(*child, depth + 1, templates, origins) {
                children.insert(id.as_str(), child);
            }
        }
        let template = read.document.template(&children);
        if let Some(empty) = templates.get_mut(place) {
            *empty = template;
        }
        Some(place)
    }

    fn diagnostics_of(&self, world: &World<'_>, findings: &[Finding], origins: &[usize]) -> Vec<Diagnostic> {
        let place = |template: usize, logical_id: &str, property: Option<&str>| {
            let read = self.documents.get(*origins.get(template)?)?;
            let at = read.document.place(logical_id, property);
            Some(Span { source: read.source, start: at.start, end: at.end })
        };
        let found = problems(world, findings).into_iter().filter_map(|problem| {
            let finding = &problem.finding;
            let span = place(problem.template, &problem.logical_id, finding.property.as_deref())?;
            let help = (!finding.help.is_empty()).then(|| finding.help.clone());
            Some(Diagnostic::new(finding.code, span, finding.message.clone()).maybe_help(help))
        });
        found.collect()
    }
}

/// Stacks that one root can hold.
const MOST_STACKS: usize = 2_000;

fn bad(source: SourceId, error: &TemplateError) -> Diagnostic {
    let span = Span { source, start: error.at.start, end: error.at.end };
    Diagnostic::new(Code::BadTemplate, span, error.message.clone())
}
