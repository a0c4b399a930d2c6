//! The templates of an app's stacks, deployed or to be deployed, and where values in them come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::template::Template;

/// The root stacks of an app by name.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    /// Their templates.
    pub roots: BTreeMap<String, RootTemplates>,
    /// Parameters of roots that take an output of another root: root and parameter to root and output.
    pub wires: BTreeMap<(String, String), (String, String)>,
}

/// The templates of a root stack.
#[derive(Clone, Debug, Default)]
pub struct RootTemplates {
    /// The root's own, as text.
    pub text: String,
    /// The root's own.
    pub root: Template,
    /// Those of the nested stacks, by logical id.
    pub nested: BTreeMap<String, Arc<Template>>,
}

impl RootTemplates {
    /// The template of a nested stack, if another root template has it under the same address.
    #[must_use]
    pub fn same(&self, other: &Template, nested: &str) -> Option<Arc<Template>> {
        let address = |root: &Template| root.resource(nested)?.get("Properties")?.get("TemplateURL").cloned();
        let own = address(&self.root)?;
        self.nested.get(nested).filter(|_| address(other) == Some(own)).cloned()
    }
}

/// A resource: the root's name, the nested stack's logical id, its own.
pub type Node<'a> = (&'a str, &'a str, &'a str);

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin<'a> {
    /// A resource.
    Resource(Node<'a>),
    /// A parameter of a root: the root's name, the parameter's.
    Parameter(&'a str, &'a str),
}

impl Estate {
    /// The body of a resource.
    #[must_use]
    pub fn resource(&self, (root, nested, id): Node<'_>) -> Option<&Value> {
        self.roots.get(root)?.nested.get(nested)?.resource(id)
    }

    /// Whether a nested stack has one and the same template here and there.
    #[must_use]
    pub fn shares(&self, other: &Estate, (root, nested, _): Node<'_>) -> bool {
        let of = |estate: &Estate| {
            estate.roots.get(root).and_then(|root| root.nested.get(nested)).map(Arc::as_ptr)
        };
        of(self).is_some() && of(self) == of(other)
    }

    /// All resources in nested stacks.
    pub fn nodes(&self) -> impl Iterator<Item = (Node<'_>, &Value)> {
        self.roots.iter().flat_map(|(root, templates)| {
            templates.nested.iter().flat_map(move |(nested, template)| {
                template.resources().map(move |(id, body)| ((root.as_str(), nested.as_str(), id), body))
            })
        })
    }

    /// The parameters of nested stacks that another estate's root takes from elsewhere: root and nested stack to
    /// names.
    #[must_use]
    pub fn rewired<'a>(&self, other: &'a Estate) -> BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>> {
        let mut moved: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (root, templates) in &other.roots {
            let Some(own) = self.roots.get(root) else { continue };
            for (nested, body) in templates.root.resources() {
                let before = own.root.resource(nested).and_then(wires);
                let pairs = wires(body).into_iter().flatten();
                let differs = |(name, wire): &(&String, &Value)| {
                    before.and_then(|wires| wires.get(*name)).is_some_and(|old| old != *wire)
                };
                let names: BTreeSet<&str> = pairs.filter(differs).map(|(name, _)| name.as_str()).collect();
                if !names.is_empty() {
                    moved.insert((root, nested), names);
                }
            }
        }
        moved
    }

    /// What a value in a nested stack is made of, through parameters and outputs of its siblings.
    #[must_use]
    pub fn origins<'a>(&'a self, root: &'a str, nested: &'a str, value: &'a Value) -> BTreeSet<Origin<'a>> {
        let mut found = BTreeSet::new();
        self.gather(root, nested, value, &mut found);
        found
    }

    fn gather<'a>(
        &'a self,
        root: &'a str,
        nested: &'a str,
        value: &'a Value,
        found: &mut BTreeSet<Origin<'a>>,
    ) {
        for name in references(value) {
            let Some(templates) = self.roots.get(root) else { return };
            let holds = |template: &Arc<Template>| template.resource(name).is_some();
            if templates.nested.get(nested).is_some_and(holds) {
                found.insert(Origin::Resource((root, nested, name)));
                continue;
            }
            // A parameter of the nested stack: the root says where its value comes from.
            let wire = templates.root.resource(nested).and_then(wires).and_then(|wires| wires.get(name));
            if let Some(wire) = wire {
                self.follow(root, wire, found);
            }
        }
    }

    /// Follows a value of a root's template: a sibling's output, or a parameter of the root.
    fn follow<'a>(&'a self, root: &'a str, wire: &'a Value, found: &mut BTreeSet<Origin<'a>>) {
        if let Some(parameter) = wire.get("Ref").and_then(Value::as_str) {
            found.insert(Origin::Parameter(root, parameter));
            if let Some((root, output)) = self.wires.get(&(root.to_owned(), parameter.to_owned())) {
                let value = self.roots.get(root).and_then(|templates| templates.root.output(output));
                value.into_iter().for_each(|value| self.follow(root, value, found));
            }
        }
        let attribute = wire.get("Fn::GetAtt").and_then(Value::as_str);
        let Some((sibling, output)) = attribute.and_then(|text| text.split_once(".Outputs.")) else { return };
        let output = self.roots.get(root).and_then(|templates| templates.nested.get(sibling)?.output(output));
        if let Some(value) = output {
            self.gather(root, sibling, value, found);
        }
    }
}

/// What a root hands to a nested stack.
fn wires(nested: &Value) -> Option<&Map<String, Value>> {
    nested.get("Properties")?.get("Parameters")?.as_object()
}

/// The names that a value refers to: of `Ref`, `Fn::GetAtt` and `Fn::Sub`.
#[must_use]
pub fn references(value: &Value) -> Vec<&str> {
    let mut names = Vec::new();
    gather_names(value, &mut names);
    names
}

fn gather_names<'a>(value: &'a Value, names: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather_names(item, names)),
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => names.push(name),
                    ("Fn::GetAtt", Value::String(path)) => names.push(path.split('.').next().unwrap_or(path)),
                    ("Fn::Sub", Value::String(text)) => names.extend(placeholders(text)),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let text = parts.first().and_then(Value::as_str).unwrap_or_default();
                        names.extend(placeholders(text));
                        parts.iter().skip(1).for_each(|part| gather_names(part, names));
                    }
                    _ => gather_names(inner, names),
                }
            }
        }
        _ => {}
    }
}

/// `${A.Arn}/${B}` → `A`, `B`; `${!x}` is a literal.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let inner = rest.split('}').next()?;
        (!inner.starts_with('!')).then(|| inner.split('.').next().unwrap_or(inner))
    })
}
