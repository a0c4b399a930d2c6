//! What there is to write types of, with the names that it gets: the same ones in every language.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Event, Model, Schema, Shape};
use crate::names::pascal;
use crate::stacks::event_type;

/// Names that the files themselves use, and those in `PascalCase` that a language keeps for itself.
const TAKEN: &[&str] = &[
    "Answers",
    "Context",
    "Data",
    "Event",
    "Events",
    "False",
    "Handler",
    "Inputs",
    "Logger",
    "None",
    "Promise",
    "Returned",
    "Subscribers",
    "True",
];

/// A project, as its types see it. Everything in it is sorted by name.
pub struct Outline<'a> {
    /// The model.
    pub model: &'a Model,
    /// Named types by their names in the project.
    pub types: BTreeMap<&'a str, Payload<'a>>,
    /// Events by their names in the project.
    pub events: BTreeMap<&'a str, EventTypes<'a>>,
}

/// An event.
pub struct EventTypes<'a> {
    /// The declaration.
    pub event: &'a Event,
    /// `access_cards.BuildingExited.v1`
    pub kind: String,
    /// The name of the event's type.
    pub name: String,
    /// Its data; any JSON without it.
    pub data: Option<Payload<'a>>,
    /// What its sender is answered, where that has a schema.
    pub answer: Option<Payload<'a>>,
    /// The name of the type of its subscribers' context.
    pub context: String,
    /// Its subscribers by name.
    pub subscribers: BTreeMap<&'a str, SubscriberTypes<'a>>,
}

/// A subscriber.
pub struct SubscriberTypes<'a> {
    /// The name of the type of its context.
    pub context: String,
    /// The events that it may emit.
    pub emits: BTreeSet<&'a str>,
}

/// An object with fields, which is read with its defaults filled in, and written without those.
pub struct Payload<'a> {
    /// The fields.
    pub schema: &'a Schema,
    /// The name of the type of what a handler reads.
    pub read: String,
    /// The name of the type of what a handler hands over.
    pub input: String,
}

/// Hands out names, each once. One that is taken gets `_` behind it, which no name of a project holds.
struct Names(BTreeSet<String>);

impl Names {
    fn give(&mut self, wanted: String) -> String {
        let mut name = wanted;
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

impl<'a> Outline<'a> {
    /// Names everything. Events come before types, and both before what is called after them, so that a name that
    /// stands in the project changes only when another of the project meets it.
    #[must_use]
    pub fn of(model: &'a Model) -> Outline<'a> {
        let mut names = Names(TAKEN.iter().map(|name| (*name).to_owned()).collect());
        let events: BTreeMap<&str, &Event> =
            model.events.iter().map(|(name, e)| (name.as_str(), e)).collect();
        let types: BTreeMap<&str, &Schema> = model.types.iter().map(|(name, t)| (name.as_str(), t)).collect();
        let events: Vec<_> =
            events.into_iter().map(|(name, event)| (name, event, names.give(name.to_owned()))).collect();
        let types: Vec<_> =
            types.into_iter().map(|(name, schema)| (name, schema, names.give(name.to_owned()))).collect();
        let types = types.into_iter().map(|(name, schema, read)| {
            (name, Payload { schema, read, input: names.give(format!("{name}Input")) })
        });
        let types = types.collect();
        let events = events.into_iter().map(|(name, event, given)| {
            (name, names.event(name, given, event_type(model, name, event), event))
        });
        let events = events.collect();
        Outline { model, types, events }
    }

    /// What subscribers of an event may emit between them.
    #[must_use]
    pub fn emits(event: &EventTypes<'a>) -> BTreeSet<&'a str> {
        event.subscribers.values().flat_map(|subscriber| subscriber.emits.iter().copied()).collect()
    }

    /// Whether what is written may leave out something that is there when it is read.
    #[must_use]
    pub fn fills(&self, schema: &'a Schema) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![schema];
        while let Some(schema) = open.pop() {
            for field in schema.fields.values() {
                if field.constraints.default.is_some() {
                    return true;
                }
                let mut shape = &field.shape;
                while let Shape::List(of) | Shape::Map(of) = shape {
                    shape = of;
                }
                if let Shape::Named(name) = shape
                    && seen.insert(name)
                {
                    open.extend(self.types.get(name.as_str()).map(|named| named.schema));
                }
            }
        }
        false
    }
}

impl Names {
    /// An event with the names that are made of its own.
    fn event<'a>(&mut self, name: &str, given: String, kind: String, event: &'a Event) -> EventTypes<'a> {
        let data = event.schema.as_ref().map(|schema| Payload {
            schema,
            read: self.give(format!("{name}Data")),
            input: self.give(format!("{name}Input")),
        });
        let answer = event.responder().and_then(|responder| responder.answer.as_ref());
        let answer = answer.map(|schema| {
            // Handlers only write it.
            let input = self.give(format!("{name}Answer"));
            Payload { schema, read: input.clone(), input }
        });
        let context = self.give(format!("{name}Context"));
        let one = event.subscribers.len() == 1;
        let sorted: BTreeMap<_, _> = event.subscribers.iter().collect();
        let subscribers = sorted.into_iter().map(|(subscriber, declared)| {
            // The only subscriber's context is the event's.
            let context =
                if one { context.clone() } else { self.give(format!("{name}{}Context", pascal(subscriber))) };
            let emits = declared.emits.iter().map(|event| event.value.as_str()).collect();
            (subscriber.as_str(), SubscriberTypes { context, emits })
        });
        let subscribers = subscribers.collect();
        EventTypes { event, kind, name: given, data, answer, context, subscribers }
    }
}
