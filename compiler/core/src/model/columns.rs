//! Schemas as columns of a table in Hive's types, which Glue, Athena and Firehose share:
//! <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::{Schema, Shape};

/// How deep named types are followed: what is inside itself ends as text.
const MAX_DEPTH: usize = 8;

/// The columns of a stored envelope: CloudEvents' attributes, and the event's data.
#[must_use]
pub fn columns(schema: Option<&Schema>, types: &IndexMap<String, Schema>) -> Value {
    let text = ["specversion", "id", "type", "source", "time", "datacontenttype"];
    let mut columns: Vec<Value> = text.iter().map(|name| json!({ "Name": name, "Type": "string" })).collect();
    let data = schema.map_or_else(|| "string".to_owned(), |schema| structure(schema, types, 0));
    columns.push(json!({ "Name": "data", "Type": data }));
    Value::Array(columns)
}

fn structure(schema: &Schema, types: &IndexMap<String, Schema>, depth: usize) -> String {
    let fields: Vec<String> = schema
        .fields
        .iter()
        .map(|(name, field)| format!("{name}:{}", kind(&field.shape, types, depth)))
        .collect();
    // A struct has at least one field.
    if fields.is_empty() { "string".to_owned() } else { format!("struct<{}>", fields.join(",")) }
}

fn kind(shape: &Shape, types: &IndexMap<String, Schema>, depth: usize) -> String {
    match shape {
        Shape::Int | Shape::Ints(_) => "bigint".to_owned(),
        Shape::Decimal => "double".to_owned(),
        Shape::Bool => "boolean".to_owned(),
        Shape::List(of) => format!("array<{}>", kind(of, types, depth)),
        Shape::Map(of) => format!("map<string,{}>", kind(of, types, depth)),
        Shape::Named(name) => match types.get(name) {
            Some(schema) if depth < MAX_DEPTH => structure(schema, types, depth + 1),
            _ => "string".to_owned(),
        },
        // Dates and times as they were sent: casts are the reader's choice.
        _ => "string".to_owned(),
    }
}
