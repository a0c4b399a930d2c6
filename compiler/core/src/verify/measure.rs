//! How large things will be at least.

use super::text::{CLOSE, OPEN, Text};
use super::value::{Node, Value};
use super::world::World;
use crate::library::{Data, Piece};

/// The characters that a text has at least: what only the deployment knows counts as one.
#[must_use]
pub fn least_length(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let mut count = 0;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        count += before.chars().count() + 1;
        rest = after.split_once(CLOSE).map_or("", |(_, behind)| behind);
    }
    count + rest.chars().count()
}

/// The characters that a value has at least as JSON without white space.
#[must_use]
pub fn size<'a>(world: &World<'a>, value: &Value<'a>) -> Value<'a> {
    Value::Number(json(world, value, 0) as f64)
}

/// Values nested deeper are no template's.
const DEEPEST: usize = 100;

fn json<'a>(world: &World<'a>, value: &Value<'a>, depth: usize) -> usize {
    match value {
        _ if depth > DEEPEST => 0,
        Value::Unknown | Value::Absent | Value::Resource(_) => 0,
        Value::Bool(_) => 4,
        Value::Number(number) => number.to_string().len(),
        Value::Text(text) => least_length(&text.text) + 2,
        Value::List(items) => items.iter().map(|item| json(world, item, depth + 1) + 1).sum::<usize>() + 1,
        Value::Object(node) => match node.linked.data {
            Data::Map(entries) => {
                let each = entries.iter().map(|(key, data)| {
                    key.len() + 4 + written(world, Node { linked: node.linked.of(data), ..*node }, depth + 1)
                });
                each.sum::<usize>() + 1
            }
            _ => 0,
        },
    }
}

/// The same of what stands in a template; lists are not copied for it.
fn written<'a>(world: &World<'a>, node: Node<'a>, depth: usize) -> usize {
    match node.linked.data {
        Data::List(items) if depth <= DEEPEST => {
            let each = items.iter().map(|item| Node { linked: node.linked.of(item), ..node });
            each.map(|item| written(world, item, depth + 1) + 1).sum::<usize>() + 1
        }
        Data::Join(pieces) => joined(world, node, pieces).unwrap_or_default(),
        _ => json(world, &world.value(node), depth),
    }
}

/// A text of several pieces, which are not put together for it. `None` where the deployment alone knows the text.
fn joined<'a>(world: &World<'a>, node: Node<'a>, pieces: &[Piece]) -> Option<usize> {
    let mut length = 2;
    for piece in pieces {
        length += match piece {
            Piece::Text(text) => least_length(text),
            Piece::Ref(symbol) => least_length(&world.piece(node, symbol, 1).in_text()?),
        };
    }
    Some(length)
}

/// How many combinations of values a filter policy of SNS has: the product of the values of its keys, nested keys
/// times their depth. <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
#[must_use]
pub fn combinations<'a>(world: &World<'a>, value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Object(node) => Value::Number(product(world, *node, 1) as f64),
        Value::Absent => Value::Number(0.0),
        _ => Value::Unknown,
    }
}

fn product<'a>(world: &World<'a>, node: Node<'a>, depth: usize) -> usize {
    let Data::Map(entries) = node.linked.data else { return 1 };
    if depth > DEEPEST {
        return 1;
    }
    let each =
        entries.iter().map(|(_, data)| match world.value(Node { linked: node.linked.of(data), ..node }) {
            Value::List(items) => items.len().max(1) * depth,
            Value::Object(inner) => product(world, inner, depth + 1),
            _ => 1,
        });
    each.fold(1, usize::saturating_mul)
}

/// Two notifications of one bucket that S3 would not take, as a text; absent if there are none.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
#[must_use]
pub fn overlap<'a>(world: &World<'a>, value: Value<'a>) -> Value<'a> {
    let all: Vec<Notification> = value.items().iter().filter_map(|item| notification(world, item)).collect();
    for (index, one) in all.iter().enumerate() {
        for other in all.iter().skip(index + 1) {
            if one.meets(other) {
                let text = format!("`{}` with the prefix `{}`", other.event, other.prefix);
                return Value::Text(Text::new(text));
            }
        }
    }
    Value::Absent
}

struct Notification {
    event: String,
    prefix: String,
    suffix: String,
}

impl Notification {
    fn meets(&self, other: &Notification) -> bool {
        let event = |one: &str, other: &str| {
            one == other || one.strip_suffix('*').is_some_and(|start| other.starts_with(start))
        };
        let begins = self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix);
        let ends = self.suffix.ends_with(&other.suffix) || other.suffix.ends_with(&self.suffix);
        (event(&self.event, &other.event) || event(&other.event, &self.event)) && begins && ends
    }
}

fn notification<'a>(world: &World<'a>, item: &Value<'a>) -> Option<Notification> {
    let Value::Object(node) = item else { return None };
    let Value::Text(event) = world.member(*node, "Event", 0) else { return None };
    let mut found =
        Notification { event: event.text.to_string(), prefix: String::new(), suffix: String::new() };
    for rule in super::rules::at_path(world, item.clone(), "Filter.S3Key.Rules.*") {
        let Value::Object(rule) = rule else { return None };
        let (Value::Text(name), Value::Text(value)) =
            (world.member(rule, "Name", 0), world.member(rule, "Value", 0))
        else {
            return None;
        };
        match name.text.to_ascii_lowercase().as_str() {
            "prefix" => found.prefix = value.text.to_string(),
            _ => found.suffix = value.text.to_string(),
        }
    }
    Some(found)
}
