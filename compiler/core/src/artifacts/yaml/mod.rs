//! Templates as YAML with CloudFormation's short tags. YAML types stay in this folder.

mod emit;
mod scalar;

use serde::ser::{Serialize, Serializer};

use crate::library::Data;
use crate::stacks::{Function, Linked, View};

/// A value that writes `!Ref Bucket` where the long form has `{"Ref": "Bucket"}`.
pub struct Short<'a>(pub Linked<'a>);

impl Serialize for Short<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let linked = self.0;
        match linked.view() {
            View::Text(text) => serializer.serialize_str(&text),
            View::Function(function) => short(&function).serialize(serializer),
            View::Plain(Data::List(items)) => {
                serializer.collect_seq(items.iter().map(|item| Short(linked.of(item))))
            }
            View::Plain(Data::Map(entries)) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (&**key, Short(linked.of(value)))))
            }
            View::Plain(plain) => linked.of(plain).serialize(serializer),
        }
    }
}

/// `!Ref name`
pub fn short(function: &Function) -> Tagged<'_> {
    Tagged(function)
}

/// A function with its short tag.
pub struct Tagged<'a>(&'a Function);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Serde has no tags: the name of a newtype is how one gets to the emitter.
        let tag = match self.0.name {
            "GetAtt" => "!GetAtt",
            "Sub" => "!Sub",
            _ => "!Ref",
        };
        serializer.serialize_newtype_struct(tag, &self.0.argument)
    }
}

/// A document as text.
///
/// # Errors
/// When a value cannot be written as YAML.
pub fn to_text(value: &impl Serialize) -> Result<String, String> {
    emit::to_text(value).map_err(|error| error.to_string())
}
