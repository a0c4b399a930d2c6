//! What expressions of constructs can know of the project.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::library::{Binding, Scope, Symbol};
use crate::model::{Event, Ingress, Model, PathPart, Setting, Subscriber, columns, filter, json_schema};
use crate::names::{digest, kebab, pascal, snake};

/// `app`, `aws` and `artifacts`, which every expression has.
pub fn globals(model: &Model) -> Scope {
    let pseudo = |name: &str| Binding::Symbol(Symbol::Pseudo(name.into()));
    let aws = [
        ("partition", "AWS::Partition"),
        ("region", "AWS::Region"),
        ("account", "AWS::AccountId"),
        ("url_suffix", "AWS::URLSuffix"),
        ("stack_name", "AWS::StackName"),
    ];
    let aws: IndexMap<String, Binding> =
        aws.into_iter().map(|(name, full)| (name.to_owned(), pseudo(full))).collect();
    let bucket = Binding::Symbol(Symbol::Parameter(super::link::ARTIFACT_BUCKET.into()));
    let artifacts = IndexMap::from([("bucket".to_owned(), bucket)]);
    let app = &model.app;
    let guests: BTreeSet<&str> = model.events.values().flat_map(guests).collect();
    let tags: Vec<Value> =
        app.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    let facts = json!({
        "name": app.name.value,
        "slug": slug(model),
        "environment": model.environment,
        "doc": app.doc,
        "region": app.region,
        "tracing": app.tracing,
        "log_days": app.log_days,
        "removal": if app.retain { "Retain" } else { "Delete" },
        // What a failed creation leaves behind would be in the way of the next: names are taken.
        "deletion": if app.retain { "RetainExceptOnCreate" } else { "Delete" },
        "tags": tags,
        "alarms": app.alarms,
        "guests": guests,
    });
    Scope::globals(&[
        ("app", Binding::Value(facts.into())),
        ("aws", Binding::Table(aws)),
        ("artifacts", Binding::Table(artifacts)),
        ("event", Binding::Undefined),
        ("subscriber", Binding::Undefined),
        ("api", Binding::Undefined),
        ("auth", Binding::Undefined),
    ])
}

/// The accounts that use an event's key: those that send it, and those that drain a queue of it.
fn guests(event: &Event) -> impl Iterator<Item = &str> {
    let senders = event.accounts.iter().map(|account| account.value.as_str());
    let readers =
        event.subscribers.values().filter_map(|reader| match &reader.options.get("account")?.value {
            Setting::Text(account) => Some(account.as_str()),
            _ => None,
        });
    senders.chain(readers)
}

/// The app's name with its environment: what physical names begin with.
pub fn slug(model: &Model) -> String {
    let name = &model.app.name.value;
    model.environment.as_ref().map_or_else(|| name.clone(), |environment| format!("{name}-{environment}"))
}

/// `APP.EVENT.vN`: the CloudEvents type.
#[must_use]
pub fn event_type(model: &Model, name: &str, event: &Event) -> String {
    format!("{}.{name}.v{}", model.app.name.value, event.version)
}

/// `/APP/EVENT`: the CloudEvents source.
#[must_use]
pub fn event_source(model: &Model, name: &str) -> String {
    format!("/{}/{name}", model.app.name.value)
}

/// The event's name for names that know no capitals. A name that does not survive the way there and back gets a
/// digest, so that `ABc` and `Abc` stay two.
fn lower(name: &str) -> String {
    let lower = kebab(name);
    if pascal(&lower) == name { lower } else { format!("{lower}-{}", digest(name.as_bytes())) }
}

/// `event`, as expressions see it.
pub fn event(model: &Model, name: &str, event: &Event) -> Value {
    let mut facts = json!({
        "name": name,
        "slug": format!("{}-{name}", slug(model)),
        "kebab": format!("{}-{}", kebab(&slug(model)), lower(name)),
        "doc": event.doc,
        "type": event_type(model, name, event),
        "source": event_source(model, name),
        "version": event.version,
        "key": event.key.as_ref().map(|key| &key.value),
        "snake": snake(&lower(name)),
        "fifo": event.ordered().is_some() && matches!(event.ingress, Ingress::Topic { .. }),
        "guests": guests(event).collect::<BTreeSet<_>>(),
        "accounts": event.accounts.iter().map(|account| &account.value).collect::<Vec<_>>(),
    });
    if let (true, Some(map)) = (event.store.is_some(), facts.as_object_mut()) {
        map.insert("columns".to_owned(), columns(event.schema.as_ref(), &model.types));
    }
    let (Ingress::Api { method, path, .. }, Some(map)) = (&event.ingress, facts.as_object_mut()) else {
        return facts;
    };
    let variables: Vec<&str> = path
        .iter()
        .filter_map(|part| match part {
            PathPart::Variable(name) => Some(name.as_str()),
            PathPart::Fixed(_) => None,
        })
        .collect();
    let key = event.key.as_ref().map(|key| key.value.as_str());
    map.insert("method".to_owned(), json!(method));
    let full: String = path.iter().map(|part| format!("/{}", part.text())).collect();
    map.insert("path".to_owned(), json!(full));
    map.insert("variables".to_owned(), json!(variables));
    map.insert("key_in_path".to_owned(), json!(key.is_some_and(|key| variables.contains(&key))));
    if let Some(schema) = &event.schema {
        map.insert("body_schema".to_owned(), json_schema(schema, &model.types, &variables, key, false));
    }
    facts
}

/// `subscriber`, as expressions see it.
pub fn subscriber(model: &Model, event: &str, name: &str, subscriber: &Subscriber) -> Value {
    let emits: Vec<Value> = subscriber
        .emits
        .iter()
        .map(|target| json!({ "event": target.value, "variable": format!("PIPEC_EMIT_{}", target.value) }))
        .collect();
    let allow: Vec<Value> = subscriber
        .allow
        .iter()
        .map(|grant| json!({ "actions": grant.actions, "resource": grant.resource }))
        .collect();
    let uses: Vec<Value> = subscriber
        .uses
        .iter()
        .flat_map(|one| one.grants.iter().map(move |grant| (one, grant)))
        .map(|(one, grant)| json!({ "resource": one.resource.value, "grant": grant.value }))
        .collect();
    json!({
        "name": name,
        "slug": format!("{}-{event}-{name}", slug(model)),
        "doc": subscriber.doc,
        "emits": emits,
        "allow": allow,
        "uses": uses,
        "secrets": secrets(model, subscriber),
        "where": subscriber.condition.is_some(),
        "filter": subscriber.condition.as_ref().and_then(|condition| {
            let schema = model.events.get(event).and_then(|event| event.schema.as_ref());
            filter(&condition.value, schema, &model.types).ok()
        }),
        "ordered": subscriber.ordered.is_some(),
        "answers": subscriber.answers,
    })
}

/// The variables that hold the name or ARN of a secret.
fn secrets(model: &Model, subscriber: &Subscriber) -> Vec<Value> {
    let named = |setting: &Setting| match setting {
        Setting::Parameter(name) => model.secrets.get(name).map(|secret| secret.id.clone()),
        _ => None,
    };
    subscriber
        .env
        .iter()
        .filter_map(|(variable, value)| {
            let id = named(&value.value)?;
            Some(json!({ "variable": variable, "arn": id.starts_with("arn:"), "id": id }))
        })
        .collect()
}
