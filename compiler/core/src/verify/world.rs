//! All templates of a deployment together: what every name in them means.

use std::sync::OnceLock;

use foldhash::HashMap;
use rayon::prelude::*;

use super::facts::{Facts, Kind};
use super::identity::Identity;
use super::template::{Entry, Template, positions};
use super::text::{CLOSE, Chars, OPEN, Text, URL_SUFFIX, free, pseudo};
use super::tri::Tri;
use super::value::{DEEPEST, Node, Value};
use crate::stacks::Linked;

/// A resource: its place among all resources of all templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(pub u32);

/// Everything that is deployed together.
pub struct World<'a> {
    /// The stacks; a template that is nested twice is there twice.
    pub templates: &'a [Template<'a>],
    /// What is known about AWS.
    pub facts: &'a Facts,
    pub(super) resources: Vec<Place<'a>>,
    /// By template: where its resources begin among all.
    starts: Vec<u32>,
    names: Vec<Names<'a>>,
    /// By template: the nested stack that it is.
    parents: Vec<Option<At>>,
    /// Resources by what stands for them: ARNs, addresses.
    pub(super) by_identity: HashMap<Chars<'a>, At>,
    /// Resources with a name of their own, by type, then by name.
    pub(super) by_name: HashMap<&'a str, HashMap<Chars<'a>, At>>,
    /// Resources by type, in their order.
    by_kind: HashMap<&'a str, Vec<At>>,
}

/// Where a resource stands.
pub(super) struct Place<'a> {
    template: u32,
    index: u32,
    pub(super) entry: &'a Entry<'a>,
    properties: Option<Linked<'a>>,
    pub(super) kind: Option<&'a Kind>,
    present: bool,
    /// What stands for it, once that is known; never of a type that the facts do not know.
    pub(super) identity: Option<Identity<'a>>,
}

/// The names of one template.
struct Names<'a> {
    resources: HashMap<&'a str, At>,
    parameters: HashMap<&'a str, usize>,
    /// By parameter: its value, when it was asked for and is a text.
    given: Vec<OnceLock<Text<'a>>>,
    outputs: HashMap<&'a str, usize>,
    /// The same by output.
    shown: Vec<OnceLock<Text<'a>>>,
}

impl<'a> Names<'a> {
    /// The names of a template whose resources begin there among all.
    fn of(template: &'a Template<'a>, start: u32) -> Names<'a> {
        let resources = template.resources.iter().zip(start..);
        Names {
            resources: resources.map(|(entry, at)| (&*entry.id, At(at))).collect(),
            parameters: positions(&template.parameters),
            given: template.parameters.iter().map(|_| OnceLock::new()).collect(),
            outputs: positions(&template.outputs),
            shown: template.outputs.iter().map(|_| OnceLock::new()).collect(),
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
            by_kind: HashMap::default(),
        };
        for (index, template) in templates.iter().enumerate() {
            world.add(index, template);
        }
        world.names =
            templates.par_iter().zip(&world.starts).map(|(one, start)| Names::of(one, *start)).collect();
        world.settle();
        world.presence();
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
                entry,
                properties: entry.body.data.get("Properties").map(|data| entry.body.of(data)),
                kind,
                present: true,
                identity: None,
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

    pub(super) fn place(&self, at: At) -> Option<&Place<'a>> {
        self.resources.get(at.0 as usize)
    }

    /// The template and the index in it of a resource.
    #[must_use]
    pub fn position(&self, at: At) -> (usize, usize) {
        self.place(at).map_or((0, 0), |place| (place.template as usize, place.index as usize))
    }

    /// The resource as its template has it.
    #[must_use]
    pub fn entry(&self, at: At) -> Option<&'a Entry<'a>> {
        self.place(at).map(|place| place.entry)
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
        match self.properties(at) {
            Some(properties) => self.member(properties, name, 0),
            None => Value::Absent,
        }
    }

    fn properties(&self, at: At) -> Option<Node<'a>> {
        let place = self.place(at)?;
        Some(Node { template: place.template as usize, linked: place.properties? })
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
        let known = self.names.get(template).and_then(|names| names.given.get(index));
        once(known, || self.handed(template, name, index, depth))
    }

    fn handed(&self, template: usize, name: &str, index: usize, depth: u8) -> Value<'a> {
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
        let properties = self.properties(nested)?;
        let parameters = properties.linked.data.get("Parameters")?;
        Some(Node { linked: properties.linked.of(parameters.get(parameter)?), ..properties })
    }

    pub(super) fn output(&self, template: usize, name: &str, depth: u8) -> Value<'a> {
        let names = self.names.get(template);
        let index = names.and_then(|names| names.outputs.get(name).copied());
        let known = names.zip(index).and_then(|(names, index)| names.shown.get(index));
        let output = self.templates.get(template).zip(index).and_then(|(one, index)| one.outputs.get(index));
        match output {
            Some((_, linked)) if depth <= DEEPEST => {
                once(known, || self.resolve(Node { template, linked: *linked }, depth + 1))
            }
            _ => Value::Unknown,
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

/// A value that is found out once if it is a text, which is the same however deep it was asked for. Who asks in a circle
/// gets no text.
fn once<'a>(known: Option<&OnceLock<Text<'a>>>, find: impl FnOnce() -> Value<'a>) -> Value<'a> {
    if let Some(text) = known.and_then(OnceLock::get) {
        return Value::Text(text.clone());
    }
    let value = find();
    if let (Some(known), Value::Text(text)) = (known, &value) {
        let _ = known.set(text.clone());
    }
    value
}

/// The resource of a text that is one mark of a name or id which AWS makes up.
fn marked(text: &str) -> Option<At> {
    let mark = text.strip_prefix(OPEN)?.strip_suffix(CLOSE)?.strip_prefix('r')?;
    let (number, what) = mark.split_once('.')?;
    matches!(what, "name" | "id").then_some(())?;
    number.parse().ok().map(At)
}
