//! All templates of a deployment together: what every name in them means.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;
use rayon::prelude::*;

use super::facts::{Facts, Kind};
use super::template::{Template, positions};
use super::text::{CLOSE, Chars, OPEN, Text, free, generated, pseudo};
use super::tri::Tri;
use super::value::{DEEPEST, Node, Value};
use crate::stacks::Linked;

/// What nearly every template writes out, and the others mean: one text for both, so that they can be compared.
const URL_SUFFIX: &str = "amazonaws.com";

/// A resource: its place among all resources of all templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u32);

/// Everything that is deployed together.
pub struct World<'a> {
    /// The stacks; a template that is nested twice is there twice.
    pub templates: &'a [Template<'a>],
    /// What is known about AWS.
    pub facts: &'a Facts,
    resources: Vec<Place<'a>>,
    /// By template: where its resources begin among all.
    starts: Vec<u32>,
    names: Vec<Names<'a>>,
    /// By template: the nested stack that it is.
    parents: Vec<Option<At>>,
    /// Resources by what stands for them: ARNs, addresses.
    by_identity: HashMap<Chars<'a>, At>,
    /// Resources with a name of their own, by type, then by name.
    by_name: HashMap<&'a str, HashMap<Chars<'a>, At>>,
    /// Resources by type, in their order.
    by_kind: BTreeMap<&'a str, Vec<At>>,
}

/// Where a resource stands.
struct Place<'a> {
    template: u32,
    index: u32,
    kind: Option<&'a Kind>,
    present: bool,
    /// The value of `Ref`, when it was asked for.
    reference: OnceLock<Arc<str>>,
    /// The value of `Arn`, when it was asked for.
    arn: OnceLock<Arc<str>>,
}

/// The names of one template.
struct Names<'a> {
    resources: HashMap<&'a str, At>,
    parameters: HashMap<&'a str, usize>,
    outputs: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    /// The names of a template whose resources begin there among all.
    fn of(template: &'a Template<'a>, start: u32) -> Names<'a> {
        let resources = template.resources.iter().zip(start..);
        Names {
            resources: resources.map(|(entry, at)| (&*entry.id, At(at))).collect(),
            parameters: positions(&template.parameters),
            outputs: positions(&template.outputs),
        }
    }
}

/// What a name in a template stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A resource.
    Resource(At),
    /// A parameter, by its position.
    Parameter(usize),
}

impl<'a> World<'a> {
    /// Reads all names.
    #[must_use]
    pub fn new(templates: &'a [Template<'a>], facts: &'a Facts) -> World<'a> {
        let mut world = World {
            templates,
            facts,
            resources: Vec::with_capacity(super::order::count(templates)),
            starts: Vec::with_capacity(templates.len()),
            names: Vec::new(),
            parents: vec![None; templates.len()],
            by_identity: HashMap::default(),
            by_name: HashMap::default(),
            by_kind: BTreeMap::new(),
        };
        for (index, template) in templates.iter().enumerate() {
            world.add(index, template);
        }
        world.names =
            templates.par_iter().zip(&world.starts).map(|(one, start)| Names::of(one, *start)).collect();
        world.presence();
        world.identities();
        world
    }

    fn add(&mut self, index: usize, template: &'a Template<'a>) {
        self.starts.push(self.resources.len() as u32);
        for (place, entry) in template.resources.iter().enumerate() {
            let at = At(self.resources.len() as u32);
            let kind = self.facts.kinds.get(entry.kind);
            self.resources.push(Place {
                template: index as u32,
                index: place as u32,
                kind,
                present: true,
                reference: OnceLock::new(),
                arn: OnceLock::new(),
            });
            self.by_kind.entry(entry.kind).or_default().push(at);
            if let Some(parent) = entry.child.and_then(|child| self.parents.get_mut(child)) {
                *parent = Some(at);
            }
        }
    }

    /// Takes out what its condition keeps from being made.
    fn presence(&mut self) {
        if self.templates.iter().all(|template| template.conditions.is_none()) {
            return;
        }
        let absent: Vec<usize> = (0..self.resources.len())
            .filter(|index| {
                let at = At(*index as u32);
                let condition = self.attribute(at, "Condition");
                condition.is_some_and(|node| match node.linked.data.as_text() {
                    Some(name) => self.condition(node.template, name, 0) == Tri::No,
                    None => false,
                })
            })
            .collect();
        for index in absent {
            if let Some(place) = self.resources.get_mut(index) {
                place.present = false;
            }
        }
    }

    fn identities(&mut self) {
        let found: Vec<(At, [Option<Chars<'a>>; 2], Option<Chars<'a>>)> = (0..self.resources.len() as u32)
            .into_par_iter()
            .filter_map(|index| {
                let at = At(index);
                let kind = self.kind(at)?;
                let own = |attribute: &str| match self.identity(at, attribute, 0) {
                    Value::Text(text) => Some(text.text),
                    _ => None,
                };
                let arn = kind.arn.as_ref().and_then(|_| own("Arn"));
                let reference = kind.reference.as_ref().filter(|text| text.contains(':'));
                let reference = reference.and_then(|_| own("Ref"));
                let name = kind.name.as_ref().and_then(|_| self.own_name(at, kind));
                Some((at, [arn, reference], name))
            })
            .collect();
        self.by_identity.reserve(found.len());
        for (at, identities, name) in found {
            for identity in identities.into_iter().flatten() {
                self.by_identity.entry(identity).or_insert(at);
            }
            if let Some(name) = name {
                self.by_name.entry(self.type_of(at)).or_default().entry(name).or_insert(at);
            }
        }
    }

    /// Every resource that is made, in order.
    pub fn all(&self) -> impl Iterator<Item = At> {
        let present = self.resources.iter().enumerate().filter(|(_, place)| place.present);
        present.map(|(index, _)| At(index as u32))
    }

    /// The resources of a type that are made.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = At> {
        self.by_kind.get(kind).into_iter().flatten().copied().filter(|at| self.is_present(*at))
    }

    /// Whether a resource is made: its condition, if any, is not known to be false.
    #[must_use]
    pub fn is_present(&self, at: At) -> bool {
        self.place(at).is_some_and(|place| place.present)
    }

    fn place(&self, at: At) -> Option<&Place<'a>> {
        self.resources.get(at.0 as usize)
    }

    /// The template and the index in it of a resource.
    #[must_use]
    pub fn position(&self, at: At) -> (usize, usize) {
        self.place(at).map_or((0, 0), |place| (place.template as usize, place.index as usize))
    }

    /// The resource as its template has it.
    #[must_use]
    pub fn entry(&self, at: At) -> Option<&'a super::template::Entry<'a>> {
        let (template, index) = self.position(at);
        self.templates.get(template)?.resources.get(index)
    }

    /// The resource of a template with that index in it.
    #[must_use]
    pub fn nth(&self, template: usize, index: usize) -> Option<At> {
        self.templates.get(template)?.resources.get(index)?;
        Some(At(self.starts.get(template)? + index as u32))
    }

    /// `AWS::SQS::Queue`
    #[must_use]
    pub fn type_of(&self, at: At) -> &'a str {
        self.entry(at).map_or("", |entry| entry.kind)
    }

    /// What is known about its type.
    #[must_use]
    pub fn kind(&self, at: At) -> Option<&'a Kind> {
        self.place(at)?.kind
    }

    /// `Properties`, `DependsOn` and the like of a resource.
    #[must_use]
    pub fn attribute(&self, at: At, name: &str) -> Option<Node<'a>> {
        let (template, _) = self.position(at);
        let linked = self.entry(at)?.body;
        Some(Node { template, linked: linked.of(linked.data.get(name)?) })
    }

    /// A property of a resource.
    #[must_use]
    pub fn property(&self, at: At, name: &str) -> Value<'a> {
        match self.attribute(at, "Properties") {
            Some(properties) => self.member(properties, name, 0),
            None => Value::Absent,
        }
    }

    /// What a name means in a template.
    #[must_use]
    pub fn named(&self, template: usize, name: &str) -> Option<Named> {
        let names = self.names.get(template)?;
        match names.resources.get(name) {
            Some(at) => Some(Named::Resource(*at)),
            None => names.parameters.get(name).map(|index| Named::Parameter(*index)),
        }
    }

    /// The value of `Ref` in a template.
    pub(super) fn reference(&self, template: usize, name: &str, depth: u8) -> Value<'a> {
        if name == "AWS::NoValue" {
            return Value::Absent;
        }
        if name == "AWS::URLSuffix" {
            return Value::Text(Text::new(URL_SUFFIX));
        }
        if name.starts_with("AWS::") {
            return Value::Text(Text::new(pseudo(name)));
        }
        match self.named(template, name) {
            Some(Named::Resource(at)) => self.identity(at, "Ref", depth),
            Some(Named::Parameter(index)) => self.parameter(template, name, index, depth),
            None => Value::Unknown,
        }
    }

    /// What the stack around a template hands it, or its default.
    fn parameter(&self, template: usize, name: &str, index: usize, depth: u8) -> Value<'a> {
        if depth > DEEPEST {
            return Value::Unknown;
        }
        if let Some(Some(parent)) = self.parents.get(template)
            && let Some(given) = self.given(*parent, name)
        {
            return self.resolve(given, depth + 1);
        }
        let parameters = self.templates.get(template).map(|template| template.parameters.as_slice());
        match parameters.and_then(|parameters| parameters.get(index)) {
            Some((_, Some(default))) => self.resolve(Node { template, linked: *default }, depth + 1),
            _ => Value::Text(Text::new(free(&format!("{template}.{name}")))),
        }
    }

    /// The value that a nested stack is handed for a parameter.
    #[must_use]
    pub fn given(&self, nested: At, parameter: &str) -> Option<Node<'a>> {
        let properties = self.attribute(nested, "Properties")?;
        let parameters = properties.linked.data.get("Parameters")?;
        Some(Node { linked: properties.linked.of(parameters.get(parameter)?), ..properties })
    }

    /// The value of `Ref` or an attribute of a resource.
    pub(super) fn identity(&self, at: At, attribute: &str, depth: u8) -> Value<'a> {
        if let Some(output) = attribute.strip_prefix("Outputs.")
            && let Some(child) = self.entry(at).and_then(|entry| entry.child)
        {
            return self.output(child, output, depth);
        }
        let kind = self.kind(at);
        let form = kind.and_then(|kind| match attribute {
            "Ref" => kind.reference.as_ref(),
            _ => kind.attributes.get(attribute).or_else(|| kind.arn.as_ref().filter(|_| attribute == "Arn")),
        });
        let text = || match (kind, form) {
            (Some(kind), Some(form)) => self.expand(at, kind, form),
            _ => generated(at, attribute),
        };
        let known = match attribute {
            "Ref" => self.place(at).map(|place| &place.reference),
            "Arn" => self.place(at).map(|place| &place.arn),
            _ => None,
        };
        let text: Chars<'a> = match known {
            Some(known) => known.get_or_init(|| text().into()).clone().into(),
            None => text().into(),
        };
        Value::Text(Text { text, of: Some(at) })
    }

    fn output(&self, template: usize, name: &str, depth: u8) -> Value<'a> {
        let index = self.names.get(template).and_then(|names| names.outputs.get(name));
        let outputs = self.templates.get(template).map(|template| template.outputs.as_slice());
        match outputs.zip(index).and_then(|(outputs, index)| outputs.get(*index)) {
            Some((_, linked)) if depth <= DEEPEST => {
                self.resolve(Node { template, linked: *linked }, depth + 1)
            }
            _ => Value::Unknown,
        }
    }

    /// Fills `{partition}`, `{name}`, `{id}` and paths of properties into a form of the facts.
    fn expand(&self, at: At, kind: &Kind, form: &str) -> String {
        let mut out = String::with_capacity(form.len() + 32);
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            match name {
                "partition" => out.push_str(&pseudo("Partition")),
                "region" => out.push_str(&pseudo("Region")),
                "account" => out.push_str(&pseudo("AccountId")),
                "url_suffix" => out.push_str(URL_SUFFIX),
                "name" => match self.own_name(at, kind) {
                    Some(name) => out.push_str(&name),
                    None => out.push_str(&generated(at, "name")),
                },
                "id" => out.push_str(&generated(at, "id")),
                "arn" => {
                    out.push_str(&kind.arn.as_ref().map(|arn| self.expand(at, kind, arn)).unwrap_or_default())
                }
                path => match self.at_path(at, path) {
                    Value::Text(text) => out.push_str(&text.text),
                    _ => out.push_str(&generated(at, path)),
                },
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// A property, or a member of an object in it: `TableInput.Name`.
    fn at_path(&self, at: At, path: &str) -> Value<'a> {
        let mut names = path.split('.');
        let first = self.property(at, names.next().unwrap_or_default());
        names.fold(first, |value, name| match value {
            Value::Object(node) => self.member(node, name, 0),
            other => other,
        })
    }

    /// The name that its template gives a resource.
    #[must_use]
    pub fn own_name(&self, at: At, kind: &Kind) -> Option<Chars<'a>> {
        match self.property(at, kind.name.as_deref()?) {
            Value::Text(text) => Some(text.text),
            Value::Unknown => Some(free(&format!("{}.name", at.0)).into()),
            _ => None,
        }
    }

    /// The resource that a text stands for.
    #[must_use]
    pub fn denoted(&self, text: &Text<'_>) -> Option<At> {
        text.of.or_else(|| marked(&text.text)).or_else(|| self.by_identity.get(&*text.text).copied())
    }

    /// The resource that a value is, or stands for.
    #[must_use]
    pub fn stood_for(&self, value: &Value<'_>) -> Option<At> {
        match value {
            Value::Resource(at) => Some(*at),
            Value::Text(text) => self.denoted(text),
            _ => None,
        }
    }

    /// The resource of a type that a text names, or stands for.
    #[must_use]
    pub fn find(&self, kind: &str, text: &Text<'_>) -> Option<At> {
        let denoted = self.denoted(text).filter(|at| self.type_of(*at) == kind);
        denoted.or_else(|| self.by_name.get(kind)?.get(&*text.text).copied())
    }

    /// A condition of a template.
    pub(super) fn condition(&self, template: usize, name: &str, depth: u8) -> Tri {
        let conditions = self.templates.get(template).and_then(|template| template.conditions);
        match conditions.and_then(|linked| Some(linked.of(linked.data.get(name)?))) {
            Some(linked) => self.holds(Node { template, linked }, depth + 1),
            None => Tri::Maybe,
        }
    }

    /// A value from a mapping.
    pub(super) fn mapped(&self, template: usize, keys: [&str; 3]) -> Option<Linked<'a>> {
        let mappings = self.templates.get(template)?.mappings?;
        keys.iter().try_fold(mappings, |linked, key| Some(linked.of(linked.data.get(key)?)))
    }

    /// Whether the templates are a project's: then everything they refer to is in them, but for what it names by ARN.
    #[must_use]
    pub fn is_project(&self) -> bool {
        self.templates.first().is_some_and(|template| template.unwritten)
    }

    /// The stack that a resource is in, as one resource of the stack around it.
    #[must_use]
    pub fn parent(&self, template: usize) -> Option<At> {
        self.parents.get(template).copied().flatten()
    }
}

/// The resource of a text that is one mark of a name or id which AWS makes up.
fn marked(text: &str) -> Option<At> {
    let mark = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?.strip_prefix('r')?;
    let (number, what) = mark.split_once('.')?;
    matches!(what, "name" | "id").then_some(())?;
    number.parse().ok().map(At)
}
