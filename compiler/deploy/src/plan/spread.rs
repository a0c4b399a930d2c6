//! A replaced resource has new names and ARNs: what takes them changes too, and may be replaced itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Effect;
use crate::estate::{Estate, Node, Origin, references};
use crate::facts::Facts;
use crate::template::kind;

/// What happens to a resource.
#[derive(Clone, Debug)]
pub struct Touched {
    /// What.
    pub effect: Effect,
    /// The properties that change.
    pub properties: BTreeSet<String>,
}

/// Adds what changes because something else is replaced, or because a parameter of a root changes.
pub fn spread<'a>(
    touched: &mut BTreeMap<Node<'a>, Touched>,
    new: &'a Estate,
    parameters: &BTreeSet<(&str, &str)>,
    facts: &Facts,
) {
    let is_replaced = |touch: &Touched| touch.effect == Effect::Replaced;
    if parameters.is_empty() && !touched.values().any(is_replaced) {
        return;
    }
    let users = users(new);
    let mut fresh: Vec<Origin<'a>> = touched
        .iter()
        .filter(|(_, touch)| is_replaced(touch))
        .map(|(node, _)| Origin::Resource(*node))
        .collect();
    let moved = |origin: &&Origin<'_>| matches!(origin, Origin::Parameter(root, name) if parameters.contains(&(root, name)));
    fresh.extend(users.keys().filter(moved));
    while let Some(origin) = fresh.pop() {
        for (node, property) in users.get(&origin).into_iter().flatten() {
            if touch(touched, new, *node, property, facts) {
                fresh.push(Origin::Resource(*node));
            }
        }
    }
}

/// A property takes another value; whether that is what replaces its resource.
fn touch<'a>(
    touched: &mut BTreeMap<Node<'a>, Touched>,
    new: &Estate,
    node: Node<'a>,
    property: &str,
    facts: &Facts,
) -> bool {
    let touch = touched
        .entry(node)
        .or_insert_with(|| Touched { effect: Effect::Changed, properties: BTreeSet::new() });
    touch.properties.insert(property.to_owned());
    let replaced = touch.effect == Effect::Changed && replaces(new, node, property, facts);
    if replaced {
        touch.effect = Effect::Replaced;
    }
    replaced
}

/// Adds what changes because a root hands a nested stack another value under the same name.
pub fn rewire<'a>(touched: &mut BTreeMap<Node<'a>, Touched>, old: &Estate, new: &'a Estate, facts: &Facts) {
    let moved = old.rewired(new);
    for (node, body) in new.nodes().filter(|(node, _)| old.resource(*node).is_some()) {
        let Some(parameters) = moved.get(&(node.0, node.1)) else { continue };
        for (property, value) in body.get("Properties").and_then(Value::as_object).into_iter().flatten() {
            if references(value).iter().any(|name| parameters.contains(name)) {
                touch(touched, new, node, property, facts);
            }
        }
    }
}

/// Who takes values from where: origin → resource and property.
fn users(estate: &Estate) -> BTreeMap<Origin<'_>, Vec<(Node<'_>, &str)>> {
    let mut users: BTreeMap<Origin<'_>, Vec<(Node<'_>, &str)>> = BTreeMap::new();
    for (node, body) in estate.nodes() {
        for (property, value) in body.get("Properties").and_then(Value::as_object).into_iter().flatten() {
            for origin in estate.origins(node.0, node.1, value) {
                users.entry(origin).or_default().push((node, property));
            }
        }
    }
    users
}

/// Whether a new value of a property replaces its resource. Rules below the property count too: which part of it
/// changes is not known.
fn replaces(estate: &Estate, node: Node<'_>, property: &str, facts: &Facts) -> bool {
    let rule = estate.resource(node).and_then(|body| facts.replacement.get(kind(body)));
    rule.is_some_and(|rule| rule.paths().any(|path| path.split('.').next() == Some(property)))
}
