//! Templates as YAML with CloudFormation's short tags. YAML types stay in this file.

use serde::ser::{Serialize, Serializer};
use serde_yaml::Tagged;

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
pub fn short(function: &Function) -> Tagged<&str> {
    Tagged(function.argument.as_str(), Some(format!("!{}", function.name)))
}

/// A document as text.
///
/// # Errors
/// When a value cannot be written as YAML.
pub fn to_text(value: &impl Serialize) -> Result<String, String> {
    let options = serde_yaml::ser_options! { indent_step: 2, compact_list_indent: false };
    serde_yaml::to_string_with_options(value, options).map_err(|error| error.to_string())
}
