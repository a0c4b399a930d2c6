//! `types/node/events.d.ts`.

use std::collections::BTreeSet;

use super::field::{documentation, text};
use super::outline::{EventTypes, Outline, Payload};
use crate::model::{Schema, SchemaField, Shape};

/// What every project's declarations have.
const COMMON: &str = include_str!("common.d.ts");

/// The declarations.
#[must_use]
pub fn declarations(outline: &Outline<'_>) -> String {
    let app = &outline.model.app.name.value;
    let mut writer = Writer { outline, out: String::new() };
    let about = format!(
        "The events of `{app}`, for editors and type checkers.\n\n`pipec build` writes this file; do not edit it."
    );
    writer.doc(&about, "");
    writer.out.push_str(COMMON);
    writer.events();
    writer.subscribers();
    writer.inputs();
    writer.answers();
    for (name, payload) in &outline.types {
        writer.payload(payload, &format!("The type `{name}`."), outline.fills(payload.schema));
    }
    for event in outline.events.values() {
        writer.event(event);
    }
    writer.out
}

struct Writer<'a> {
    outline: &'a Outline<'a>,
    out: String,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// A comment, in which nothing ends it.
    fn doc(&mut self, text: &str, indent: &str) {
        let text = text.replace("*/", "*\\/").replace(|c: char| c.is_control() && c != '\n', " ");
        if !text.contains('\n') {
            return self.line(&format!("{indent}/** {text} */"));
        }
        self.line(&format!("{indent}/**"));
        for line in text.split('\n') {
            self.line(format!("{indent} * {line}").trim_end());
        }
        self.line(&format!("{indent} */"));
    }

    fn events(&mut self) {
        self.line("\n/** The events by name. */\nexport interface Events {");
        for (name, event) in &self.outline.events {
            self.line(&format!("  {name}: {};", event.name));
        }
        self.line("}");
    }

    fn subscribers(&mut self) {
        self.line("\n/** What the subscribers of each event may emit. */\nexport interface Subscribers {");
        for (name, event) in &self.outline.events {
            let each = event.subscribers.iter();
            let each = each.map(|(subscriber, one)| format!("{subscriber}: {}", union(&one.emits)));
            let each: Vec<_> = each.collect();
            let each = if each.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", each.join("; ")) };
            self.line(&format!("  {name}: {each};"));
        }
        self.line("}");
    }

    /// The data of each event that anything emits.
    fn inputs(&mut self) {
        let emitted: BTreeSet<&str> = self.outline.events.values().flat_map(Outline::emits).collect();
        self.line("\n/** What `emit` takes, by the name of the event. */\nexport interface Inputs {");
        for name in emitted {
            let data = self.outline.events.get(name).and_then(|event| event.data.as_ref());
            self.line(&format!("  {name}: {};", data.map_or("any", |data| &data.input)));
        }
        self.line("}");
    }

    fn answers(&mut self) {
        self.line("\n/** What the handler of `responds` returns, by the name of the event. */\nexport interface Answers {");
        for (name, event) in &self.outline.events {
            if event.event.responder().is_some() {
                let answer = event.answer.as_ref().map_or("any", |answer| &answer.input);
                self.line(&format!("  {name}: {answer};"));
            }
        }
        self.line("}");
    }

    fn event(&mut self, event: &EventTypes<'_>) {
        if let Some(answer) = &event.answer {
            let doc = format!("The answer to the sender of `{}`.", event.kind);
            self.interface(&answer.input, &doc, answer.schema, true);
        }
        let data = event.data.as_ref();
        if let Some(data) = data {
            let fills = self.outline.fills(data.schema);
            self.payload(data, &format!("The data of `{}`.", event.kind), fills);
            if !fills {
                self.line(&format!("\nexport type {} = {};", data.input, data.read));
            }
        }
        let kind = format!("`{}`", event.kind);
        let doc = &event.event.doc;
        self.out.push('\n');
        self.doc(&if doc.is_empty() { kind } else { format!("{doc}\n\n{kind}") }, "");
        self.line(&format!("export type {} = Event<{}>;", event.name, data.map_or("any", |data| &data.read)));
        let emits = union(&Outline::emits(event));
        self.line(&format!("\nexport type {} = Context<{emits}>;", event.context));
    }

    /// What is read, and, where it differs, what is written.
    fn payload(&mut self, payload: &Payload<'_>, about: &str, fills: bool) {
        let doc = if payload.schema.doc.is_empty() { about } else { payload.schema.doc.as_str() };
        self.interface(&payload.read, doc, payload.schema, false);
        if fills {
            let doc = format!("{doc}\n\nAs a handler writes it: the runtime fills in what has a default.");
            self.interface(&payload.input, &doc, payload.schema, true);
        }
    }

    fn interface(&mut self, name: &str, doc: &str, schema: &Schema, input: bool) {
        self.out.push('\n');
        self.doc(doc, "");
        if schema.fields.is_empty() {
            return self.line(&format!("export interface {name} {{}}"));
        }
        self.line(&format!("export interface {name} {{"));
        for (name, field) in &schema.fields {
            let doc = documentation(field);
            if !doc.is_empty() {
                self.doc(&doc, "  ");
            }
            let mark = if may_lack(field, input) { "?" } else { "" };
            let kind = self.shape(&field.shape, input);
            self.line(&format!("  {name}{mark}: {kind};"));
        }
        self.line("}");
    }

    fn shape(&self, shape: &Shape, input: bool) -> String {
        match shape {
            Shape::String | Shape::DateTime | Shape::Date | Shape::Uuid | Shape::Bytes => "string".to_owned(),
            Shape::Int | Shape::Decimal => "number".to_owned(),
            Shape::Bool => "boolean".to_owned(),
            Shape::Json => "any".to_owned(),
            Shape::Texts(texts) => texts.iter().map(|one| text(one)).collect::<Vec<_>>().join(" | "),
            Shape::Ints(ints) => ints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
            Shape::List(of) => match of.as_ref() {
                Shape::Texts(_) | Shape::Ints(_) => format!("({})[]", self.shape(of, input)),
                of => format!("{}[]", self.shape(of, input)),
            },
            Shape::Map(of) => format!("{{ [key: string]: {} }}", self.shape(of, input)),
            Shape::Named(name) => {
                let Some(payload) = self.outline.types.get(name.as_str()) else { return "any".to_owned() };
                let written = input && self.outline.fills(payload.schema);
                (if written { &payload.input } else { &payload.read }).clone()
            }
        }
    }
}

fn union(names: &BTreeSet<&str>) -> String {
    if names.is_empty() {
        return "never".to_owned();
    }
    names.iter().map(|name| text(name)).collect::<Vec<_>>().join(" | ")
}

/// Whether the field may be missing, in what is written or in what is read.
fn may_lack(field: &SchemaField, input: bool) -> bool {
    let has_default = field.constraints.default.is_some();
    if input { field.optional || has_default } else { field.optional && !has_default }
}
