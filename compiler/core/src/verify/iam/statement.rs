//! Statements as they stand in policies.

use super::super::text::{Chars, Text};
use super::super::value::{Node, Value};
use super::super::world::{At, World};
use super::Grant;
use crate::library::Data;

/// A statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// The resource that holds the policy.
    pub at: At,
    /// Its `Sid`, or its number in the policy, from 1.
    pub label: Chars<'a>,
    /// It allows; otherwise it denies.
    pub allows: bool,
    /// Who it is about.
    pub who: Who<'a>,
    /// What may be done.
    pub actions: Patterns<'a>,
    /// With what.
    pub resources: Patterns<'a>,
    /// When.
    pub conditions: Vec<Condition<'a>>,
}

/// Who a statement is about.
#[derive(Clone, Debug)]
pub enum Who<'a> {
    /// Whoever the policy belongs to.
    Bearer,
    /// Everybody.
    Anybody,
    /// These: a kind of principal (`Service`, `AWS`) and its names.
    These(Vec<(&'a str, Vec<Value<'a>>)>),
    /// Nobody knows: `NotPrincipal`, or a value that only the deployment knows.
    Unknown,
}

/// Texts that may hold `*` and `?`.
#[derive(Clone, Debug, Default)]
pub struct Patterns<'a> {
    /// The patterns; what is no text only the deployment knows.
    pub items: Vec<Value<'a>>,
    /// The statement is about everything else: `NotAction`.
    pub negated: bool,
    /// The statement has none: everything, as far as that goes.
    pub missing: bool,
}

/// A condition: an operator, a key and values.
#[derive(Clone, Debug)]
pub struct Condition<'a> {
    /// `StringEquals`
    pub operator: &'a str,
    /// `aws:SourceArn`
    pub key: &'a str,
    /// What it is compared with.
    pub values: Vec<Value<'a>>,
}

/// The statements of a policy document. `None` if it cannot be told before the deployment.
pub fn read<'a>(world: &World<'a>, at: At, document: &Value<'a>) -> Option<Vec<Statement<'a>>> {
    let Value::Object(document) = *document else { return None };
    let Some(list) = document.linked.data.get("Statement") else { return Some(Vec::new()) };
    let list = Node { linked: document.linked.of(list), ..document };
    let items = match world.value(list) {
        Value::Unknown => return None,
        items => items.items(),
    };
    let read = |(index, item)| match item {
        Value::Object(node) => statement(world, at, index, node),
        _ => None,
    };
    items.into_iter().enumerate().map(read).collect()
}

fn statement<'a>(world: &World<'a>, at: At, index: usize, node: Node<'a>) -> Option<Statement<'a>> {
    let text = |name: &str| match world.member(node, name, 0) {
        Value::Text(text) => Some(text.text),
        _ => None,
    };
    let effect = text("Effect")?;
    Some(Statement {
        at,
        label: text("Sid").unwrap_or_else(|| (index + 1).to_string().into()),
        allows: &*effect == "Allow",
        who: who(world, node),
        actions: patterns(world, node, "Action", "NotAction"),
        resources: patterns(world, node, "Resource", "NotResource"),
        conditions: conditions(world, node),
    })
}

fn who<'a>(world: &World<'a>, node: Node<'a>) -> Who<'a> {
    if node.linked.data.get("NotPrincipal").is_some() {
        return Who::Unknown;
    }
    match world.member(node, "Principal", 0) {
        Value::Absent => Who::Bearer,
        Value::Text(text) if text.text == "*" => Who::Anybody,
        Value::Object(principals) => {
            let Data::Map(entries) = inner(principals.linked.data) else { return Who::Unknown };
            let these: Vec<(&'a str, Vec<Value<'a>>)> = entries
                .iter()
                .map(|(kind, data)| {
                    let value = world.value(Node { linked: principals.linked.of(data), ..principals });
                    (&**kind, value.items())
                })
                .collect();
            let is_star = |value: &Value<'_>| matches!(value, Value::Text(text) if text.text == "*");
            let anybody = these.iter().any(|(kind, names)| *kind == "AWS" && names.iter().any(is_star));
            if anybody { Who::Anybody } else { Who::These(these) }
        }
        _ => Who::Unknown,
    }
}

fn patterns<'a>(world: &World<'a>, node: Node<'a>, name: &str, other: &str) -> Patterns<'a> {
    match (world.member(node, name, 0), world.member(node, other, 0)) {
        (Value::Absent, Value::Absent) => Patterns { missing: true, ..Patterns::default() },
        (Value::Absent, value) => Patterns { items: value.items(), negated: true, missing: false },
        (value, _) => Patterns { items: value.items(), negated: false, missing: false },
    }
}

fn conditions<'a>(world: &World<'a>, node: Node<'a>) -> Vec<Condition<'a>> {
    let unknown = |operator: &'a str| Condition { operator, key: "", values: vec![Value::Unknown] };
    let operators = match world.member(node, "Condition", 0) {
        Value::Absent => return Vec::new(),
        Value::Object(operators) => operators,
        _ => return vec![unknown("")],
    };
    let Data::Map(entries) = inner(operators.linked.data) else { return vec![unknown("")] };
    let mut found = Vec::new();
    for (operator, keys) in entries {
        let keys = Node { linked: operators.linked.of(keys), ..operators };
        let (Value::Object(keys), Data::Map(pairs)) = (world.value(keys), inner(keys.linked.data)) else {
            found.push(unknown(operator));
            continue;
        };
        found.extend(pairs.iter().map(|(key, value)| Condition {
            operator,
            key,
            values: world.value(Node { linked: keys.linked.of(value), ..keys }).items(),
        }));
    }
    found
}

impl Statement<'_> {
    /// The statement as what allows something.
    #[must_use]
    pub fn grant(&self) -> Grant {
        Grant { at: self.at, label: self.label.to_string() }
    }
}

/// The data behind sharing.
pub fn inner(data: &Data) -> &Data {
    match data {
        Data::Shared(shared) => inner(shared),
        plain => plain,
    }
}

/// A text from the facts as a pattern.
pub fn pattern(text: &str) -> Value<'_> {
    Value::Text(Text::new(text))
}
