//! Values with their references resolved: the one view of a template body that formats are written from.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::{Link, Links, Resource, Stack};
use crate::library::{Data, Piece, Symbol};

/// A value of one stack.
#[derive(Clone, Copy, Debug)]
pub struct Linked<'a> {
    /// The value.
    pub data: &'a Data,
    /// What the stack's references became.
    pub links: &'a Links,
}

/// An intrinsic function of CloudFormation with its one argument as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// `Ref`, `GetAtt`, `Sub`
    pub name: &'static str,
    /// `Bucket`, `Bucket.Arn`, `${Bucket}/*`
    pub argument: String,
}

impl Function {
    /// The name as a key: `Ref`, `Fn::GetAtt`.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self.name {
            "GetAtt" => "Fn::GetAtt",
            "Sub" => "Fn::Sub",
            _ => "Ref",
        }
    }
}

/// What a value is once linked.
#[derive(Clone, Debug)]
pub enum View<'a> {
    /// The value itself, of no reference.
    Plain(&'a Data),
    /// A function.
    Function(Function),
    /// Text, where every reference in it was computed away.
    Text(String),
}

impl<'a> Linked<'a> {
    /// The same links on another value.
    #[must_use]
    pub fn of(self, data: &'a Data) -> Linked<'a> {
        Linked { data, ..self }
    }

    /// The value, its own reference resolved.
    #[must_use]
    pub fn view(self) -> View<'a> {
        match self.data {
            Data::Shared(inner) => self.of(inner).view(),
            Data::Ref(symbol) => match self.links.get(symbol) {
                Some(Link::Computed(data)) => self.of(data).view(),
                link => View::Function(function(symbol, link)),
            },
            Data::Join(pieces) => {
                let (mut sub, mut has_reference) = (String::new(), false);
                self.write_pieces(pieces, &mut sub, &mut has_reference);
                if has_reference {
                    View::Function(Function { name: "Sub", argument: sub })
                } else {
                    View::Text(sub.replace("${!", "${"))
                }
            }
            plain => View::Plain(plain),
        }
    }

    fn write_pieces(self, pieces: &[Piece], out: &mut String, has_reference: &mut bool) {
        for piece in pieces {
            match piece {
                // `${` is Fn::Sub's own; `${!` is how it writes the two characters.
                Piece::Text(text) => out.push_str(&text.replace("${", "${!")),
                Piece::Ref(symbol) => match self.links.get(symbol) {
                    Some(Link::Computed(Data::Join(inner))) => self.write_pieces(inner, out, has_reference),
                    Some(Link::Computed(data)) => out.push_str(data.as_text().unwrap_or("")),
                    link => {
                        *has_reference = true;
                        out.push_str("${");
                        out.push_str(&function(symbol, link).argument);
                        out.push('}');
                    }
                },
            }
        }
    }
}

/// References inside computed values are pseudo parameters, which need no link.
fn function(symbol: &Symbol, link: Option<&Link>) -> Function {
    match (link, symbol) {
        (Some(Link::Attribute(id, attribute)), _) => {
            Function { name: "GetAtt", argument: format!("{id}.{attribute}") }
        }
        (Some(Link::Ref(name)), _) => Function { name: "Ref", argument: name.clone() },
        (_, Symbol::Pseudo(name) | Symbol::Parameter(name)) => {
            Function { name: "Ref", argument: name.to_string() }
        }
        _ => Function { name: "Ref", argument: String::new() },
    }
}

/// The long form: `{"Ref": "Bucket"}`, `{"Fn::GetAtt": ["Bucket", "Arn"]}`.
impl Serialize for Linked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.view() {
            View::Text(text) => serializer.serialize_str(&text),
            View::Function(function) => {
                let mut map = serializer.serialize_map(Some(1))?;
                match function.argument.split_once('.') {
                    Some(pair) if function.name == "GetAtt" => {
                        map.serialize_entry(function.key(), &[pair.0, pair.1])?
                    }
                    _ => map.serialize_entry(function.key(), &function.argument)?,
                }
                map.end()
            }
            View::Plain(data) => match data {
                Data::Bool(value) => serializer.serialize_bool(*value),
                Data::Int(value) => serializer.serialize_i64(*value),
                Data::Float(value) => serializer.serialize_f64(*value),
                Data::Text(text) => serializer.serialize_str(text),
                Data::List(items) => serializer.collect_seq(items.iter().map(|item| self.of(item))),
                Data::Map(entries) => {
                    serializer.collect_map(entries.iter().map(|(key, value)| (&**key, self.of(value))))
                }
                Data::Null | Data::Ref(_) | Data::Join(_) | Data::Shared(_) => serializer.serialize_unit(),
            },
        }
    }
}

/// A resource's body as JSON, for digests.
#[must_use]
pub fn linked_json(resource: &Resource, stack: &Stack) -> String {
    let linked = Linked { data: &resource.body, links: &stack.links };
    format!("{} {}", resource.kind, serde_json::to_string(&linked).unwrap_or_default())
}
