//! `pipec.json`: what the runtime in a package knows of its event.

use serde_json::{Map, Value, json};

use crate::model::{Event, Model, Schema, Shape, Subscriber, json_schema};

/// The settings of one subscriber's runtime.
#[must_use]
pub fn settings(
    model: &Model,
    event_name: &str,
    event: &Event,
    name: &str,
    subscriber: &Subscriber,
    entry: &str,
) -> Value {
    let app = &model.app.name.value;
    let schema = |event: &Event| {
        event.schema.as_ref().map(|schema| json_schema(schema, &model.types, &[], None, true))
    };
    let mut emits = Map::new();
    for target in &subscriber.emits {
        if let Some(emitted) = model.events.get(&target.value) {
            emits.insert(
                target.value.clone(),
                json!({
                    "type": format!("{app}.{}.v{}", target.value, emitted.version),
                    "source": format!("/{app}/{}", target.value),
                    "schema": schema(emitted),
                }),
            );
        }
    }
    json!({
        "app": app,
        "event": event_name,
        "type": format!("{app}.{event_name}.v{}", event.version),
        "subscriber": name,
        "handler": entry,
        "schema": schema(event),
        "secrets": event.schema.as_ref().map(|schema| secrets(schema, model, "", &mut Vec::new())).unwrap_or_default(),
        "emits": emits,
    })
}

/// The paths of `secret` fields, those inside named types included.
fn secrets(schema: &Schema, model: &Model, before: &str, inside: &mut Vec<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in &schema.fields {
        let path = format!("{before}{name}");
        if field.secret {
            found.push(path.clone());
        }
        let mut shape = &field.shape;
        while let Shape::List(of) | Shape::Map(of) = shape {
            shape = of;
        }
        if let Shape::Named(named) = shape
            && let Some(inner) = model.types.get(named)
            && !inside.contains(named)
        {
            inside.push(named.clone());
            found.extend(secrets(inner, model, &format!("{path}."), inside));
            inside.pop();
        }
    }
    found
}
