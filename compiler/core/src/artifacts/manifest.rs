//! `manifest.json`: what a deployment needs to know. `source-map.json`: which line each resource came from.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use super::render::{Format, folder};
use crate::model::{ParameterKind, Setting};
use crate::source::{Sources, Span};
use crate::stacks::{Root, RootParameter, StackTree};

/// The version of the manifest's shape.
const VERSION: u32 = 1;

/// `manifest.json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Manifest {
    /// The version of the compiler.
    pub pipec: String,
    /// The version of this shape.
    pub version: u32,
    /// The app's name.
    pub app: String,
    /// The environment that was applied.
    pub environment: Option<String>,
    /// The region it is compiled for.
    pub region: Option<String>,
    /// The account that the environment belongs to, if it says.
    pub account: Option<String>,
    /// The app's tags, for every root stack.
    pub tags: BTreeMap<String, String>,
    /// What CloudFormation wants to have acknowledged.
    pub capabilities: Vec<String>,
    /// The stacks to deploy, each after the one that gives it values: the app's own first.
    pub roots: Vec<RootEntry>,
    /// Every file to upload, by its path below the build folder: its key in the artifact bucket. Keys hold a hash of
    /// the content.
    pub artifacts: BTreeMap<String, String>,
}

/// A root stack.
#[derive(Clone, Debug, Serialize)]
pub struct RootEntry {
    /// The name of the stack.
    pub stack: String,
    /// The domain; `None` for the app's own.
    pub domain: Option<String>,
    /// The path of its template.
    pub template: String,
    /// Where the value of each parameter comes from.
    pub parameters: BTreeMap<String, ParameterSource>,
    /// Logical id to template path of the nested stacks, in the order of their layers.
    pub nested: IndexMap<String, String>,
}

impl RootEntry {
    /// A nested stack as the project's people know it: `event-CardIssued` for `EventCardIssued`.
    #[must_use]
    pub fn label<'a>(&'a self, nested: &'a str) -> &'a str {
        let path = self.nested.get(nested).map_or(nested, String::as_str);
        let file = path.rsplit('/').next().unwrap_or(path);
        file.rsplit_once('.').map_or(file, |(stem, _)| stem)
    }
}

/// Where the value of a root's parameter comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ParameterSource {
    /// The name of the bucket with the artifacts.
    ArtifactBucket,
    /// An output of the app's own root.
    Output {
        /// Its name.
        output: String,
    },
    /// Whoever deploys.
    Deployer {
        /// The name of the `param` in the project.
        param: String,
        /// Whether it is a whole number, and not a text.
        number: bool,
        /// Its default; somebody must give a value where there is none.
        default: Option<String>,
    },
}

/// `source-map.json`: path of a nested stack's template without its ending, logical id, place.
pub type SourceMap = IndexMap<String, IndexMap<String, Place>>;

/// Where a resource came from.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// The file, below the project.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The path of names: `BuildingExited.subscriber.update_card_state`.
    pub declared: String,
    /// The construct that made it.
    pub construct: String,
    /// The statement.
    #[serde(skip)]
    pub span: Span,
    /// The resource's type.
    #[serde(skip)]
    pub kind: String,
}

/// What a deployment needs: the roots in order, where their parameters come from, and every artifact's key.
pub fn manifest(tree: &StackTree, keys: &BTreeMap<String, String>, format: Format) -> Manifest {
    let manifest = Manifest {
        pipec: env!("CARGO_PKG_VERSION").to_owned(),
        version: VERSION,
        app: tree.app.name.value.clone(),
        environment: tree.environment.clone(),
        region: tree.app.region.clone(),
        account: tree.app.account.clone(),
        tags: tree.app.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        roots: Vec::new(),
        artifacts: keys.clone(),
    };
    let roots = tree.roots.iter().map(|root| root_entry(&manifest, root, format)).collect();
    Manifest { roots, ..manifest }
}

impl Manifest {
    /// The name of a root stack: app, environment and domain.
    #[must_use]
    pub fn stack_name(&self, domain: Option<&str>) -> String {
        let parts = [Some(self.app.as_str()), self.environment.as_deref(), domain];
        parts.into_iter().flatten().map(|part| part.replace('_', "-")).collect::<Vec<_>>().join("-")
    }
}

fn root_entry(manifest: &Manifest, root: &Root, format: Format) -> RootEntry {
    let folder = folder(root);

    let parameters =
        root.parameters.iter().map(|(name, parameter)| (name.clone(), parameter_source(parameter)));
    let nested = root
        .stacks
        .iter()
        .map(|stack| (stack.name.logical_id(), format!("{folder}stacks/{}.{}", stack.name, format.ending())));
    RootEntry {
        stack: manifest.stack_name(root.domain.as_deref()),
        domain: root.domain.clone(),
        template: format!("{folder}root.{}", format.ending()),
        parameters: parameters.collect(),
        nested: nested.collect(),
    }
}

fn parameter_source(parameter: &RootParameter) -> ParameterSource {
    match parameter {
        RootParameter::Artifact => ParameterSource::ArtifactBucket,
        RootParameter::Output { name } => ParameterSource::Output { output: name.clone() },
        RootParameter::Declared { name, kind, default, .. } => ParameterSource::Deployer {
            param: name.clone(),
            number: *kind == ParameterKind::Int,
            default: default.as_ref().and_then(|default| match default {
                Setting::Int(number) => Some(number.to_string()),
                Setting::Text(text) => Some(text.clone()),
                _ => None,
            }),
        },
    }
}

/// Stack, logical id → file, line, declaration.
#[must_use]
pub fn source_map(tree: &StackTree, sources: &Sources) -> SourceMap {
    let mut stacks = SourceMap::new();
    for root in &tree.roots {
        for stack in &root.stacks {
            let places = stack.resources.iter().map(|resource| {
                let span = resource.origin.span;
                let source = sources.get(span.source);
                let place = Place {
                    file: resource.file.to_string(),
                    line: source.map(|source| source.position(span.start).line),
                    declared: resource.origin.path.clone(),
                    construct: resource.construct.clone(),
                    span,
                    kind: resource.kind.clone(),
                };
                (resource.logical_id.clone(), place)
            });
            stacks.insert(format!("{}{}", folder(root), stack.name), places.collect());
        }
    }
    stacks
}
