//! The phase's entry: templates, packages, manifest and source map.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::bundle::{Bundle, StackSummary};
use super::manifest::{manifest, source_map};
use super::template::{Nested, RootTemplate};
use super::{types, yaml};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::Model;
use crate::names::sha256;
use crate::source::Sources;
use crate::stacks::{Root, Stack, StackTree};

/// The formats of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML with short tags.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// The ending of files.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Format::Yaml => "yaml",
            Format::Json => "json",
        }
    }
}

/// The largest template that CloudFormation takes from S3, in bytes; fixed:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_TEMPLATE: usize = 1 << 20;

/// Writes every file of the build. `None` when a template is too large or cannot be written.
pub fn render(
    model: &Model,
    tree: &StackTree,
    sources: &Sources,
    format: Format,
    diags: &mut Diagnostics,
) -> Option<Bundle> {
    let beside = || rayon::join(|| pretty(&source_map(tree, sources)), || types::files(model));
    let (bundle, (map, types)) = rayon::join(|| templates(tree, format), beside);
    let (mut bundle, findings) = bundle;
    diags.extend(findings);
    bundle.files.insert("source-map.json".to_owned(), Arc::new(map));
    // For editors only: they have no key in the manifest, so nothing uploads them.
    bundle.files.extend(types);
    (!diags.has_errors()).then_some(bundle)
}

/// The templates, packages and manifest, and what is wrong with them.
fn templates(tree: &StackTree, format: Format) -> (Bundle, Diagnostics) {
    let mut diags = Diagnostics::new();
    let diags = &mut diags;
    let mut bundle = Bundle::default();
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let stacks: Vec<&Stack> = tree.stacks().collect();
    let texts: Vec<Result<Written, String>> =
        stacks.into_par_iter().map(|stack| write(&Nested { tree, stack, format }, format)).collect();
    let mut texts = texts.into_iter();
    for root in &tree.roots {
        let mut root_keys = Vec::new();
        for (stack, text) in root.stacks.iter().zip(texts.by_ref()) {
            let path = format!("{}stacks/{}.{}", folder(root), stack.name, format.ending());
            let size = bundle_template(&mut bundle, tree, &path, text, &mut root_keys, &mut keys, diags);
            let name = root
                .domain
                .as_ref()
                .map_or_else(|| stack.name.to_string(), |d| format!("{d}/{}", stack.name));
            bundle.stacks.push(StackSummary { name, resources: stack.resources.len(), bytes: size });
        }
        let text = write(&RootTemplate { tree, root, keys: &root_keys, format }, format);
        let path = format!("{}root.{}", folder(root), format.ending());
        let size = bundle_template(&mut bundle, tree, &path, text, &mut Vec::new(), &mut keys, diags);
        let name = root.domain.as_ref().map_or_else(|| "root".to_owned(), |domain| format!("{domain}/root"));
        bundle.stacks.push(StackSummary { name, resources: root.stacks.len(), bytes: size });
    }
    for (key, bytes) in &tree.packages {
        bundle.files.insert(key.clone(), bytes.clone());
        keys.insert(key.clone(), key.clone());
    }
    bundle.manifest = manifest(tree, &keys, format);
    bundle.files.insert("manifest.json".to_owned(), Arc::new(pretty(&bundle.manifest)));
    (bundle, std::mem::take(diags))
}

/// The folder of a root's templates.
pub fn folder(root: &Root) -> String {
    root.domain.as_ref().map(|domain| format!("domains/{domain}/")).unwrap_or_default()
}

/// A template's text and the hash of it.
struct Written {
    text: String,
    hash: String,
}

fn write(template: &(impl serde::Serialize + Sync), format: Format) -> Result<Written, String> {
    let text = to_text(template, format)?;
    let hash = sha256(text.as_bytes());
    Ok(Written { text, hash })
}

fn to_text(template: &(impl serde::Serialize + Sync), format: Format) -> Result<String, String> {
    match format {
        Format::Yaml => yaml::to_text(template),
        Format::Json => {
            serde_json::to_string_pretty(template).map(|text| text + "\n").map_err(|error| error.to_string())
        }
    }
}

pub(super) fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Adds a template to the bundle and returns its size; its key holds the hash of its content.
fn bundle_template(
    bundle: &mut Bundle,
    tree: &StackTree,
    path: &str,
    written: Result<Written, String>,
    root_keys: &mut Vec<String>,
    keys: &mut BTreeMap<String, String>,
    diags: &mut Diagnostics,
) -> usize {
    let span = tree.app.origin.span;
    let Written { text, hash } = written.unwrap_or_else(|error| {
        diags.push(Diagnostic::new(
            Code::TemplateTooLarge,
            span,
            format!("`{path}` cannot be written: {error}"),
        ));
        Written { text: String::new(), hash: String::new() }
    });
    if text.len() > MAX_TEMPLATE {
        let message = format!("`{path}` has {} bytes, and CloudFormation takes {MAX_TEMPLATE}", text.len());
        let help = "move some events into a folder below `events/`: each folder is a domain with a root stack of its own";
        diags.push(Diagnostic::new(Code::TemplateTooLarge, span, message).help(help));
    }
    let ending = path.rsplit('.').next().unwrap_or("yaml");
    let key = format!("templates/{hash}.{ending}");
    root_keys.push(key.clone());
    keys.insert(path.to_owned(), key);
    let size = text.len();
    bundle.files.insert(path.to_owned(), Arc::new(text.into_bytes()));
    size
}
