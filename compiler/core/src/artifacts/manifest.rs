//! `manifest.json`: what a deployment needs to know. `source-map.json`: which line each resource came from.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::render::{Format, folder};
use crate::source::Sources;
use crate::stacks::{RootParameter, StackTree};

/// The version of the manifest's shape.
const VERSION: u32 = 1;

/// What a deployment needs: the roots in order, where their parameters come from, and every artifact's key.
pub fn manifest(tree: &StackTree, keys: &BTreeMap<String, String>, format: Format) -> Value {
    let slug = |domain: Option<&String>| {
        let parts = [Some(&tree.app.name.value), tree.environment.as_ref(), domain];
        parts.into_iter().flatten().map(|part| part.replace('_', "-")).collect::<Vec<_>>().join("-")
    };
    let roots: Vec<Value> = tree
        .roots
        .iter()
        .map(|root| {
            let parameters: Map<String, Value> =
                root.parameters.iter().map(|(name, parameter)| (name.clone(), parameter_source(parameter))).collect();
            json!({
                "stack": slug(root.domain.as_ref()),
                "domain": root.domain,
                "template": format!("{}root.{}", folder(root), format.ending()),
                "parameters": parameters,
                "nested": root.stacks.iter().map(|stack| (stack.name.logical_id(), json!(format!("{}stacks/{}.{}", folder(root), stack.name, format.ending())))).collect::<Map<_, _>>(),
            })
        })
        .collect();
    json!({
        "pipec": env!("CARGO_PKG_VERSION"),
        "version": VERSION,
        "app": tree.app.name.value,
        "environment": tree.environment,
        "region": tree.app.region,
        "account": tree.app.account,
        "capabilities": ["CAPABILITY_IAM"],
        "roots": roots,
        "artifacts": keys,
    })
}

fn parameter_source(parameter: &RootParameter) -> Value {
    match parameter {
        RootParameter::Artifact => json!({ "from": "artifact_bucket" }),
        RootParameter::Output { name } => json!({ "from": "output", "output": name }),
        RootParameter::Declared { .. } => json!({ "from": "deployer" }),
    }
}

/// Stack, logical id → file, line, declaration.
pub fn source_map(tree: &StackTree, sources: &Sources) -> Value {
    let mut stacks = Map::new();
    for root in &tree.roots {
        for stack in &root.stacks {
            let resources: Map<String, Value> = stack
                .resources
                .iter()
                .map(|resource| {
                    let span = resource.origin.span;
                    let place = sources.get(span.source).map(|source| source.position(span.start));
                    let entry = json!({
                        "file": &*resource.file,
                        "line": place.map(|place| place.line),
                        "declared": resource.origin.path,
                        "construct": resource.construct,
                    });
                    (resource.logical_id.clone(), entry)
                })
                .collect();
            stacks.insert(format!("{}{}", folder(root), stack.name), Value::Object(resources));
        }
    }
    Value::Object(stacks)
}
