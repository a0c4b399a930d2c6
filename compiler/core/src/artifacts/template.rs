//! Stacks and roots as CloudFormation templates, ready to be written in either format.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::json;

use super::render::Format;
use super::yaml::{Short, short};
use crate::library::Data;
use crate::model::{ParameterKind, Setting};
use crate::stacks::{
    Function, Linked, Resource, Root, RootParameter, Stack, StackName, StackTree, View, Wire,
};

const VERSION: &str = "2010-09-09";

/// A nested stack's template.
pub struct Nested<'a> {
    /// The tree it is of.
    pub tree: &'a StackTree,
    /// The stack.
    pub stack: &'a Stack,
    /// How functions are written.
    pub format: Format,
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("AWSTemplateFormatVersion", VERSION)?;
        map.serialize_entry(
            "Description",
            &describe(self.tree, &format!("{}: {}", self.tree.app.name.value, self.stack.name)),
        )?;
        if !self.stack.parameters.is_empty() {
            let parameters = self.stack.parameters.keys().map(|name| (name, json!({ "Type": "String" })));
            map.serialize_entry("Parameters", &Map(parameters.collect()))?;
        }
        let resources = self
            .stack
            .resources
            .iter()
            .map(|resource| (&resource.logical_id, Body { resource, nested: self }));
        map.serialize_entry("Resources", &Map(resources.collect()))?;
        let wired = self.stack.outputs.iter().map(|(name, symbol)| {
            (name, Output { data: Data::Ref(symbol.clone()), about: None, nested: self })
        });
        let shown = self.stack.shown.iter().map(|(name, value, about)| {
            (name, Output { data: value.clone(), about: Some(about.as_str()), nested: self })
        });
        let outputs: Vec<_> = wired.chain(shown).collect();
        if !outputs.is_empty() {
            map.serialize_entry("Outputs", &Map(outputs))?;
        }
        map.end()
    }
}

/// CloudFormation takes descriptions of up to 1,024 bytes.
fn describe(tree: &StackTree, text: &str) -> String {
    let environment = tree.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    text.chars().take(200).collect::<String>() + &environment
}

/// An object whose keys keep their order.
struct Map<K, V>(Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A value in the format's form.
struct Value<'a>(Linked<'a>, Format);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1 {
            Format::Yaml => Short(self.0).serialize(serializer),
            Format::Json => self.0.serialize(serializer),
        }
    }
}

struct Body<'a> {
    resource: &'a Resource,
    nested: &'a Nested<'a>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Body { resource, nested } = self;
        let linked = Linked { data: &resource.body, links: &nested.stack.links };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Type", &resource.kind)?;
        let waits = depends_on(resource, nested.stack);
        if !waits.is_empty() {
            map.serialize_entry("DependsOn", &waits)?;
        }
        // The path of names stays the same when lines move, so moving lines changes no template.
        let origin = json!({ "pipec": { "declared": resource.origin.path, "file": &*resource.file, "construct": resource.construct } });
        map.serialize_entry("Metadata", &origin)?;
        let body = if let Data::Shared(inner) = &resource.body { &**inner } else { &resource.body };
        if let Data::Map(entries) = body {
            for (key, value) in entries.iter().filter(|(key, _)| &**key != "DependsOn") {
                map.serialize_entry(&**key, &Value(linked.of(value), nested.format))?;
            }
        }
        map.end()
    }
}

/// The construct's own `DependsOn` and what the resource follows, as logical ids.
fn depends_on(resource: &Resource, stack: &Stack) -> Vec<String> {
    let mut waits = Vec::new();
    let mut add = |data: &Data| match (Linked { data, links: &stack.links }).view() {
        View::Function(Function { name: "Ref", argument }) => waits.push(argument),
        _ => waits.extend(data.as_text().map(str::to_owned)),
    };
    match resource.body.get("DependsOn") {
        Some(Data::List(items)) => items.iter().for_each(&mut add),
        Some(one) => add(one),
        None => {}
    }
    waits.extend(resource.after.iter().cloned());
    waits.sort_unstable();
    waits.dedup();
    waits
}

struct Output<'a> {
    data: Data,
    /// What it is, where people read it.
    about: Option<&'a str>,
    nested: &'a Nested<'a>,
}

impl Serialize for Output<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let linked = Linked { data: &self.data, links: &self.nested.stack.links };
        let mut map = serializer.serialize_map(None)?;
        if let Some(about) = self.about {
            map.serialize_entry("Description", about)?;
        }
        map.serialize_entry("Value", &Value(linked, self.nested.format))?;
        map.end()
    }
}

/// A root stack's template.
pub struct RootTemplate<'a> {
    /// The tree it is of.
    pub tree: &'a StackTree,
    /// The root.
    pub root: &'a Root,
    /// The artifact key of every nested template, in the order of the root's stacks.
    pub keys: &'a [String],
    /// How functions are written.
    pub format: Format,
}

/// A function in the format's form.
struct Call(Function, Format);

impl Serialize for Call {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.1, self.0.argument.split_once('.')) {
            (Format::Yaml, _) => short(&self.0).serialize(serializer),
            (Format::Json, Some((id, rest))) if self.0.name == "GetAtt" => {
                Map(vec![(self.0.key(), json!([id, rest]))]).serialize(serializer)
            }
            (Format::Json, _) => Map(vec![(self.0.key(), &self.0.argument)]).serialize(serializer),
        }
    }
}

impl Serialize for RootTemplate<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = &self.tree.app.name.value;
        let title = match (&self.root.domain, self.tree.app.doc.lines().next()) {
            (Some(domain), _) => format!("{name}: the domain {domain}"),
            (None, Some(doc)) => format!("{name}: {doc}"),
            (None, None) => name.clone(),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("AWSTemplateFormatVersion", VERSION)?;
        map.serialize_entry("Description", &describe(self.tree, &title))?;
        let parameters =
            self.root.parameters.iter().map(|(name, parameter)| (name, root_parameter(parameter)));
        map.serialize_entry("Parameters", &Map(parameters.collect()))?;
        let nested = self.root.stacks.iter().zip(self.keys);
        let resources =
            nested.map(|(stack, key)| (stack.name.logical_id(), NestedStack { template: self, stack, key }));
        map.serialize_entry("Resources", &Map(resources.collect()))?;
        let wired = self.root.outputs.iter().map(|(name, (stack, output))| (name, (stack, output, None)));
        let shown =
            self.root.shown.iter().map(|(name, (stack, output, about))| (name, (stack, output, Some(about))));
        let outputs: Vec<_> = wired
            .chain(shown)
            .map(|(name, (stack, output, about))| {
                let value = Function { name: "GetAtt", argument: format!("{stack}.Outputs.{output}") };
                (name, RootOutput { value: Call(value, self.format), about })
            })
            .collect();
        if !outputs.is_empty() {
            map.serialize_entry("Outputs", &Map(outputs))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct RootOutput<'a> {
    #[serde(rename = "Description", skip_serializing_if = "Option::is_none")]
    about: Option<&'a String>,
    #[serde(rename = "Value")]
    value: Call,
}

fn root_parameter(parameter: &RootParameter) -> serde_json::Value {
    match parameter {
        RootParameter::Artifact => json!({
            "Type": "String",
            "Description": "The bucket that holds this build's templates and handler packages",
        }),
        RootParameter::Output { name } => json!({
            "Type": "String",
            "Description": format!("The output {name} of the app's own root stack"),
        }),
        RootParameter::Declared { kind, default, doc, .. } => {
            let kind = if *kind == ParameterKind::Int { "Number" } else { "String" };
            let mut value = json!({ "Type": kind });
            if let Some(map) = value.as_object_mut() {
                if !doc.is_empty() {
                    map.insert("Description".to_owned(), json!(doc));
                }
                match default {
                    Some(Setting::Int(number)) => drop(map.insert("Default".to_owned(), json!(number))),
                    Some(Setting::Text(text)) => drop(map.insert("Default".to_owned(), json!(text))),
                    _ => {}
                }
            }
            value
        }
    }
}

struct NestedStack<'a> {
    template: &'a RootTemplate<'a>,
    stack: &'a Stack,
    key: &'a str,
}

impl Serialize for NestedStack<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let format = self.template.format;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Type", "AWS::CloudFormation::Stack")?;
        // A value taken from a sibling is an order already.
        let taken = |name: &StackName| {
            self.stack
                .parameters
                .values()
                .any(|wire| matches!(wire, Wire::Sibling { stack, .. } if stack == name))
        };
        let waits: Vec<String> =
            self.stack.after.iter().filter(|name| !taken(name)).map(StackName::logical_id).collect();
        if !waits.is_empty() {
            map.serialize_entry("DependsOn", &waits)?;
        }
        let properties = Properties { nested: self, format };
        map.serialize_entry("Properties", &properties)?;
        map.end()
    }
}

struct Properties<'a> {
    nested: &'a NestedStack<'a>,
    format: Format,
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let NestedStack { template, stack, key } = self.nested;
        let mut map = serializer.serialize_map(None)?;
        // Path style: the key holds the content's hash, so an unchanged template is an unchanged address.
        let url = format!("https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/${{ArtifactBucket}}/{key}");
        map.serialize_entry("TemplateURL", &Call(Function { name: "Sub", argument: url }, self.format))?;
        if !stack.parameters.is_empty() {
            let parameters = stack.parameters.iter().map(|(name, wire)| {
                let value = match wire {
                    Wire::Root(parameter) => Function { name: "Ref", argument: parameter.clone() },
                    Wire::Sibling { stack, output } => Function {
                        name: "GetAtt",
                        argument: format!("{}.Outputs.{output}", stack.logical_id()),
                    },
                };
                (name, Call(value, self.format))
            });
            map.serialize_entry("Parameters", &Map(parameters.collect()))?;
        }
        let tags: Vec<serde_json::Value> =
            template.tree.app.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
        if !tags.is_empty() {
            // CloudFormation hands a stack's tags to its resources.
            map.serialize_entry("Tags", &tags)?;
        }
        map.end()
    }
}
