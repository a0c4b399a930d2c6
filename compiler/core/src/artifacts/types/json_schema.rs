//! `types/schema/EVENT.json`: the JSON Schema of an event's data, draft 4, as the handlers' runtime checks it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::outline::{EventTypes, Outline};
use crate::artifacts::render::pretty;
use crate::model::json_schema;

/// A file for each event.
pub fn files(outline: &Outline<'_>) -> BTreeMap<String, Arc<Vec<u8>>> {
    let events: Vec<_> = outline.events.iter().collect();
    let write = |(name, event): (&&str, &EventTypes<'_>)| {
        (format!("types/schema/{name}.json"), Arc::new(pretty(&schema(outline, event))))
    };
    events.into_par_iter().map(write).collect()
}

/// The schema, with the event's type as title: it holds the version.
fn schema(outline: &Outline<'_>, event: &EventTypes<'_>) -> Value {
    let mut titled = Map::new();
    titled.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    titled.insert("title".to_owned(), json!(event.kind));
    if !event.event.doc.is_empty() {
        titled.insert("description".to_owned(), json!(event.event.doc));
    }
    let data =
        event.data.as_ref().map(|data| json_schema(data.schema, &outline.model.types, &[], None, true));
    if let Some(Value::Object(data)) = data {
        titled.extend(data);
    }
    Value::Object(titled)
}
