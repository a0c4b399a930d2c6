//! `types/python/pipec_types.py`.
//!
//! What is read is a `Protocol`: its fields are attributes and items, and a fake in a test needs no base class. What
//! is emitted is a `TypedDict`, because a handler writes a dict. It is a module and no stub, so that an editor that
//! follows the import finds a source and a test may import it.

use std::collections::BTreeSet;

use super::field::{documentation, text};
use super::outline::{EventTypes, Outline, Payload};
use super::python_text::{comment, docstring, hides, is_attribute};
use crate::model::{Schema, SchemaField, Shape};

/// What every project's module has.
const COMMON: &str = include_str!("common.py");

/// The module.
#[must_use]
pub fn module(outline: &Outline<'_>) -> String {
    let about =
        format!("The events of `{}`, for editors and type checkers.\n\n", outline.model.app.name.value);
    let more = "`pipec build` writes this file; do not edit it. It is in no handler's package, so import from it below\n\
                `if TYPE_CHECKING:`.";
    let mut out = docstring(&format!("{about}{more}"), "");
    out.push_str(COMMON);
    let mut writer = Writer { outline, out };
    for (name, payload) in &outline.types {
        writer.payload(payload, &format!("The type `{name}`."));
    }
    for (name, event) in &outline.events {
        if let Some(data) = &event.data {
            writer.payload(data, &format!("The data of `{}`.", event.kind));
        }
        writer.event(event);
        let contexts = event.subscribers.values().map(|one| (&one.context, one.emits.clone()));
        let all = (&event.context, Outline::emits(event));
        let mut written = BTreeSet::new();
        for (context, emits) in std::iter::once(all).chain(contexts) {
            if written.insert(context) {
                writer.context(name, context, &emits);
            }
        }
    }
    writer.out
}

struct Writer<'a> {
    outline: &'a Outline<'a>,
    out: String,
}

/// How a type is written where it stands.
#[derive(Clone, Copy)]
struct Place {
    /// What is handed over, and not what is read.
    input: bool,
    /// A field hides a builtin here.
    hidden: bool,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The two classes of an object: what is read and what is written.
    fn payload(&mut self, payload: &Payload<'_>, about: &str) {
        let doc = if payload.schema.doc.is_empty() { about } else { payload.schema.doc.as_str() };
        self.read(payload, doc);
        self.input(payload, doc);
    }

    fn read(&mut self, payload: &Payload<'_>, doc: &str) {
        let fields = || payload.schema.fields.iter();
        // A field that may not be there is no attribute: reading it would raise an error.
        let attributes: Vec<_> =
            fields().filter(|(name, field)| is_attribute(name) && !may_lack(field)).collect();
        let hidden = attributes.iter().any(|(name, _)| hides(name));
        let place = Place { input: false, hidden };
        self.line(&format!("\n\nclass {}(Data, _t.Protocol):", payload.read));
        self.out.push_str(&docstring(doc, "    "));
        if !attributes.is_empty() {
            self.out.push('\n');
        }
        for (name, field) in attributes {
            let kind = self.shape(&field.shape, place);
            self.line(&format!("    {name}: {kind}"));
            self.field_doc(field);
        }
        self.items(payload.schema, place);
    }

    fn field_doc(&mut self, field: &SchemaField) {
        let doc = documentation(field);
        if !doc.is_empty() {
            self.out.push_str(&docstring(&doc, "    "));
        }
    }

    /// `data["name"]`, `data.get("name")`, and what gives all names.
    fn items(&mut self, schema: &Schema, place: Place) {
        let names: Vec<String> = schema.fields.keys().map(|name| text(name)).collect();
        if names.is_empty() {
            return;
        }
        let all = format!("_t.Literal[{}]", names.join(", "));
        let (mut gets, mut items) = (Vec::new(), Vec::new());
        for (name, field) in &schema.fields {
            let key = format!("key: _t.Literal[{}]", text(name));
            let kind = self.shape(&field.shape, place);
            // What an attribute would say stands here where there is none.
            let hidden = !is_attribute(name) || may_lack(field);
            let doc = if hidden { documentation(field) } else { String::new() };
            items.push((format!("__getitem__(self, {key}, /) -> {kind}"), doc));
            if may_lack(field) {
                gets.push((
                    format!("get(self, {key}, default: None = None, /) -> {kind} | None"),
                    String::new(),
                ));
                gets.push((
                    format!("get(self, {key}, default: _Default, /) -> {kind} | _Default"),
                    String::new(),
                ));
            } else {
                gets.push((format!("get(self, {key}, default: object = None, /) -> {kind}"), String::new()));
            }
        }
        if names.len() > 1 {
            // For a loop over the names.
            items.push((format!("__getitem__(self, key: {all}, /) -> _t.Any"), String::new()));
        }
        self.overloads(&items);
        self.overloads(&gets);
        self.line(&format!("\n    def __iter__(self) -> _t.Iterator[{all}]: ..."));
        self.line(&format!("\n    def keys(self) -> _t.KeysView[{all}]: ..."));
    }

    /// The forms of a method, each with its documentation.
    fn overloads(&mut self, forms: &[(String, String)]) {
        for (signature, doc) in forms {
            self.out.push('\n');
            if forms.len() > 1 {
                self.line("    @_t.overload");
            }
            if doc.is_empty() {
                self.line(&format!("    def {signature}: ..."));
            } else {
                self.line(&format!("    def {signature}:"));
                self.out.push_str(&docstring(doc, "        "));
                self.line("        ...");
            }
        }
    }

    /// A `TypedDict`: a class, or a call where a name of a field cannot stand in a class.
    fn input(&mut self, payload: &Payload<'_>, doc: &str) {
        let doc = format!("{doc}\n\nAs a handler writes it.");
        if payload.schema.fields.keys().all(|name| is_attribute(name) && !hides(name)) {
            self.input_class(payload, &doc);
        } else {
            self.input_call(payload, &doc);
        }
    }

    fn input_class(&mut self, payload: &Payload<'_>, doc: &str) {
        self.line(&format!("\n\nclass {}(_t.TypedDict):", payload.input));
        self.out.push_str(&docstring(doc, "    "));
        if !payload.schema.fields.is_empty() {
            self.out.push('\n');
        }
        for (name, field) in &payload.schema.fields {
            let kind = self.required(field);
            self.line(&format!("    {name}: {kind}"));
            self.field_doc(field);
        }
    }

    fn input_call(&mut self, payload: &Payload<'_>, doc: &str) {
        self.out.push_str("\n\n");
        self.out.push_str(&comment(doc, ""));
        let name = &payload.input;
        self.line(&format!("{name} = _t.TypedDict(\n    \"{name}\",\n    {{"));
        for (name, field) in &payload.schema.fields {
            let doc = documentation(field);
            if !doc.is_empty() {
                self.out.push_str(&comment(&doc, "        "));
            }
            // Types are evaluated here, and those with names may come later. They hold no escapes, which type checkers
            // refuse in quotes.
            let kind = self.required(field);
            let kind = if holds_name(&field.shape) { text(&kind) } else { kind };
            self.line(&format!("        {}: {kind},", text(name)));
        }
        self.line("    },\n)");
    }

    fn required(&self, field: &SchemaField) -> String {
        let kind = self.shape(&field.shape, Place { input: true, hidden: false });
        let may_be_left_out = field.optional || field.constraints.default.is_some();
        if may_be_left_out { format!("_t.NotRequired[{kind}]") } else { kind }
    }

    fn event(&mut self, event: &EventTypes<'_>) {
        if let Some(answer) = &event.answer {
            self.input(answer, &format!("The answer to the sender of `{}`.", event.kind));
        }
        let data = event.data.as_ref().map_or("_t.Any", |data| &data.read);
        self.line(&format!("\n\nclass {}(Event[{data}], _t.Protocol):", event.name));
        let kind = format!("`{}`", event.kind);
        let doc = &event.event.doc;
        let doc = if doc.is_empty() { kind } else { format!("{doc}\n\n{kind}") };
        self.out.push_str(&docstring(&doc, "    "));
    }

    fn context(&mut self, event: &str, context: &str, emits: &BTreeSet<&str>) {
        self.line(&format!("\n\nclass {context}(Context, _t.Protocol):"));
        self.out.push_str(&docstring(&format!("What a handler of `{event}` gets beside the event."), "    "));
        let forms = emits.iter().map(|name| {
            let data = self.outline.events.get(name).and_then(|event| event.data.as_ref());
            let data = data.map_or("_t.Any", |data| &data.input);
            let signature = format!("emit(self, name: _t.Literal[{}], data: {data}) -> str", text(name));
            let doc = format!("Publishes `{name}` and returns its id; raises `EmitError` if it is refused.");
            (signature, doc)
        });
        let forms: Vec<_> = forms.collect();
        self.overloads(&forms);
    }

    fn shape(&self, shape: &Shape, place: Place) -> String {
        let builtin = |name: &str| if place.hidden { format!("_b.{name}") } else { name.to_owned() };
        match shape {
            Shape::String | Shape::DateTime | Shape::Date | Shape::Uuid | Shape::Bytes => builtin("str"),
            Shape::Int => builtin("int"),
            Shape::Decimal => builtin("float"),
            Shape::Bool => builtin("bool"),
            Shape::Json => "_t.Any".to_owned(),
            Shape::Texts(texts) => literal(texts.iter().map(|one| text(one))),
            Shape::Ints(ints) => literal(ints.iter().map(ToString::to_string)),
            Shape::List(of) if place.input => sequence(of, &self.shape(of, place)),
            Shape::List(of) => format!("{}[{}]", builtin("list"), self.shape(of, place)),
            Shape::Map(of) if place.input => format!("_t.Mapping[str, {}]", self.shape(of, place)),
            Shape::Map(of) => {
                format!("{}[{}, {}]", builtin("dict"), builtin("str"), self.shape(of, place))
            }
            Shape::Named(name) => self.named(name, place),
        }
    }

    /// What was read may be handed on: the two classes of a type both stand for it.
    fn named(&self, name: &str, place: Place) -> String {
        let Some(payload) = self.outline.types.get(name) else { return "_t.Any".to_owned() };
        if place.input { format!("{} | {}", payload.input, payload.read) } else { payload.read.clone() }
    }
}

/// A list that is handed over. One text is a sequence of texts as well, which must not pass.
fn sequence(of: &Shape, kind: &str) -> String {
    if of.is_text() || *of == Shape::Bytes {
        format!("list[{kind}] | tuple[{kind}, ...]")
    } else {
        format!("_t.Sequence[{kind}]")
    }
}

fn literal(values: impl Iterator<Item = String>) -> String {
    format!("_t.Literal[{}]", values.collect::<Vec<_>>().join(", "))
}

/// Whether a named type stands in a shape.
fn holds_name(shape: &Shape) -> bool {
    match shape {
        Shape::Named(_) => true,
        Shape::List(of) | Shape::Map(of) => holds_name(of),
        _ => false,
    }
}

/// Whether a handler may find the field missing.
fn may_lack(field: &SchemaField) -> bool {
    field.optional && field.constraints.default.is_none()
}
