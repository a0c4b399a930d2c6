//! `pipec.json`: what the runtime in a package knows of its event.

use serde_json::{Map, Value, json};

use crate::model::{Event, Model, Schema, Setting, Shape, Subscriber, json_schema};

/// How deep named types are followed for secrets: deeper than any event that fits into a message.
const MAX_SECRET_DEPTH: usize = 64;

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
                    "key": emitted.key.as_ref().map(|key| &key.value),
                }),
            );
        }
    }
    let answer = subscriber.answer.as_ref().map(|answer| json_schema(answer, &model.types, &[], None, true));
    let in_manager = |setting: &Setting| match setting {
        Setting::Parameter(name) => model.secrets.contains_key(name),
        _ => false,
    };
    let secrets_env: Vec<&String> =
        subscriber.env.iter().filter(|(_, value)| in_manager(&value.value)).map(|(name, _)| name).collect();
    json!({
        "app": app,
        "event": event_name,
        "type": format!("{app}.{event_name}.v{}", event.version),
        "subscriber": name,
        "handler": entry,
        "schema": schema(event),
        "secrets": event.schema.as_ref().map(|schema| secrets(schema, model)).unwrap_or_default(),
        "emits": emits,
        "where": subscriber.condition.as_ref().map(|condition| &condition.value),
        "responds": subscriber.answers.then(|| json!({ "schema": answer })),
        "secrets_env": secrets_env,
    })
}

/// The paths of `secret` fields, those inside named types included; a type inside itself is followed once.
fn secrets(schema: &Schema, model: &Model) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<(String, &Schema, Vec<&str>)> = vec![(String::new(), schema, Vec::new())];
    while let Some((before, schema, inside)) = open.pop() {
        for (name, field) in &schema.fields {
            let mut path = format!("{before}{name}");
            if field.secret {
                found.push(path.clone());
            }
            let mut shape = &field.shape;
            while let Shape::List(of) | Shape::Map(of) = shape {
                if matches!(shape, Shape::Map(_)) {
                    path.push_str(".*");
                }
                shape = of;
            }
            if let Shape::Named(named) = shape
                && let Some(inner) = model.types.get(named)
                && !inside.contains(&named.as_str())
                && inside.len() < MAX_SECRET_DEPTH
            {
                let inside = inside.iter().copied().chain([named.as_str()]).collect();
                open.push((format!("{path}."), inner, inside));
            }
        }
    }
    found.sort_unstable();
    found
}
