//! What is to be deployed: a build, and where its resources came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use pipec_core::artifacts::{Bundle, Manifest, ParameterSource, Place, RootEntry, SourceMap};
use pipec_core::source::Span;

use crate::estate::{Estate, RootTemplates};
use crate::names::{covers, owner};
use crate::template::Template;

/// A build in memory.
pub struct Build<'a> {
    /// Its files.
    pub bundle: &'a Bundle,
    /// Where each resource came from.
    pub places: &'a SourceMap,
    /// The `app` statement: the place of what has no better one.
    pub app: Span,
}

impl Build<'_> {
    /// What the build says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.bundle.manifest
    }

    /// A file's bytes.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.bundle.files.get(path).map(|bytes| bytes.as_slice())
    }

    /// The key of a file in the artifact bucket.
    #[must_use]
    pub fn key(&self, path: &str) -> Option<&str> {
        self.manifest().artifacts.get(path).map(String::as_str)
    }

    /// A template's text.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        self.bytes(path).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Where a resource came from: the root's name, the nested stack's logical id, the resource's.
    #[must_use]
    pub fn place(&self, root: &str, nested: &str, logical_id: &str) -> Option<&Place> {
        let entry = self.root(root)?;
        self.places.get(&map_key(entry.nested.get(nested)?))?.get(logical_id)
    }

    /// The place of the first resource of a nested stack.
    #[must_use]
    pub fn first_span(&self, root: &str, nested: &str) -> Span {
        let path = self.root(root).and_then(|entry| entry.nested.get(nested));
        let first = path.and_then(|path| self.places.get(&map_key(path))?.values().next());
        first.map_or(self.app, |place| place.span)
    }

    /// Whether a nested stack has a resource of that type.
    #[must_use]
    pub fn has_kind(&self, root: &str, nested: &str, wanted: &str) -> bool {
        let path = self.root(root).and_then(|entry| entry.nested.get(nested));
        let places = path.and_then(|path| self.places.get(&map_key(path)));
        places.is_some_and(|places| places.values().any(|place| place.kind == wanted))
    }

    /// The place of a declaration, or of what it belongs to: a resource that leaves has no place of its own.
    #[must_use]
    pub fn span_of(&self, declared: &str) -> Span {
        let find = |path: &str| self.declared().find(|place| covers(path, &place.declared));
        find(declared).or_else(|| find(owner(declared))).map_or(self.app, |place| place.span)
    }

    /// Whether the project still has a declaration, or something in it.
    #[must_use]
    pub fn declares(&self, path: &str) -> bool {
        self.declared().any(|place| covers(path, &place.declared))
    }

    fn declared(&self) -> impl Iterator<Item = &Place> {
        self.places.values().flat_map(IndexMap::values)
    }

    /// A root by the name of its stack.
    #[must_use]
    pub fn root(&self, stack: &str) -> Option<&RootEntry> {
        self.manifest().roots.iter().find(|root| root.stack == stack)
    }

    /// All templates.
    ///
    /// # Errors
    /// When a template cannot be read, which is a bug of the compiler.
    pub fn estate(&self) -> Result<Estate, String> {
        let roots = self.manifest().roots.iter();
        let roots = roots.map(|root| Ok((root.stack.clone(), self.templates(root)?)));
        Ok(Estate { roots: roots.collect::<Result<_, String>>()?, wires: self.wires() })
    }

    /// Parameters of domains that take an output of the app's own root.
    fn wires(&self) -> BTreeMap<(String, String), (String, String)> {
        let Some(app) = self.manifest().roots.first() else { return BTreeMap::new() };
        let wires = self.manifest().roots.iter().flat_map(|root| {
            root.parameters.iter().filter_map(move |(name, source)| match source {
                ParameterSource::Output { output } => {
                    Some(((root.stack.clone(), name.clone()), (app.stack.clone(), output.clone())))
                }
                _ => None,
            })
        });
        wires.collect()
    }

    fn templates(&self, root: &RootEntry) -> Result<RootTemplates, String> {
        let parse = |path: &str| Template::parse(self.text(path)).map_err(|error| format!("{path}: {error}"));
        let nested = root.nested.iter().map(|(id, path)| Ok((id.clone(), Arc::new(parse(path)?))));
        Ok(RootTemplates {
            text: self.text(&root.template).to_owned(),
            root: parse(&root.template)?,
            nested: nested.collect::<Result<BTreeMap<_, _>, String>>()?,
        })
    }
}

/// `domains/doors/stacks/stores.yaml` → `domains/doors/stores`, as the source map names it.
fn map_key(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    stem.replacen("stacks/", "", 1)
}
