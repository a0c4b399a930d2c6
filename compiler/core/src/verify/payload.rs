//! Whether the largest event that a schema allows fits all of its way.

use crate::diagnostic::{Code, Diagnostic};
use crate::graph::FlowGraph;
use crate::library::Library;
use crate::model::{Model, Schema, SchemaField, Shape};

/// What travels with the data, in bytes: the event's id, time, type, source and key.
const ENVELOPE: u64 = 1_000;
/// A character takes this many bytes at most: JSON may write it as `\\u0000`.
const CHARACTER: u64 = 6;
/// Digits of a number, its sign and exponent included.
const NUMBER: u64 = 25;
/// Schemas that nest deeper have no largest event.
const DEEPEST: u8 = 16;

/// Events that some part of their way cannot carry. A schema with a text or list of any length has no largest event:
/// its senders are told when one is too large.
#[must_use]
pub fn check(graph: &FlowGraph, library: &Library) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, event) in &graph.model.events {
        let size = event.schema.as_ref().and_then(|schema| object(&graph.model, schema, 0));
        let Some(size) = size.map(|size| size + ENVELOPE) else { continue };
        let limits = graph
            .nodes_of(name)
            .filter_map(|(_, node)| Some((library.get(&node.construct)?.largest_event?, node)));
        if let Some((limit, node)) = limits.min_by_key(|(limit, _)| *limit).filter(|(limit, _)| size > *limit)
        {
            let message = format!("`{name}` can have {size} bytes, and `{}` carries {limit}", node.construct);
            let help = "give its texts and lists smaller maxima, or keep the large part elsewhere and send where it is";
            found.push(Diagnostic::new(Code::EventTooLarge, node.origin.span, message).help(help));
        }
    }
    found
}

/// The bytes of the largest object of a schema as JSON; `None` if there is no largest.
fn object(model: &Model, schema: &Schema, depth: u8) -> Option<u64> {
    let fields =
        schema.fields.iter().map(|(name, field)| Some(name.len() as u64 + 4 + value(model, field, depth)?));
    fields.sum::<Option<u64>>().map(|sum| sum + 2)
}

fn value(model: &Model, field: &SchemaField, depth: u8) -> Option<u64> {
    let most = field.constraints.max_length.and_then(|most| u64::try_from(most).ok());
    match &field.shape {
        Shape::String | Shape::Bytes => most.map(|most| most.saturating_mul(CHARACTER) + 2),
        Shape::List(item) => most?.checked_mul(shape(model, item, depth + 1)? + 1).map(|size| size + 2),
        Shape::Map(_) | Shape::Json => None,
        other => shape(model, other, depth + 1),
    }
}

/// The bytes of the largest value of a type without a maximum of its own.
fn shape(model: &Model, shape: &Shape, depth: u8) -> Option<u64> {
    if depth > DEEPEST {
        return None;
    }
    match shape {
        Shape::Int | Shape::Decimal | Shape::Ints(_) => Some(NUMBER),
        Shape::Bool => Some(5),
        Shape::DateTime | Shape::Date | Shape::Uuid => Some(40),
        Shape::Texts(texts) => texts.iter().map(|text| text.len() as u64 + 2).max(),
        Shape::Named(name) => object(model, model.types.get(name)?, depth + 1),
        Shape::String | Shape::Bytes | Shape::Json | Shape::List(_) | Shape::Map(_) => None,
    }
}
