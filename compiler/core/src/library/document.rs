//! Templates that others wrote, as values with places: YAML with short functions, or JSON.

use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Spanned, Tagged};

use super::data::Data;
use super::yaml::Range;

/// Where the values of a document stand.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// The value.
    pub at: Range,
    /// Its key, if it has one.
    pub key: Range,
    /// The members of an object, or the items of a list by their number.
    pub members: Vec<(Arc<str>, Placed)>,
}

impl Placed {
    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Placed> {
        self.members.iter().find(|(known, _)| &**known == name).map(|(_, placed)| placed)
    }
}

/// A text that is no document, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// What is wrong.
    pub message: String,
    /// The line and the column, from 1.
    pub at: Option<(u64, u64)>,
}

/// Reads a document: its values with functions in their long form, and their places.
///
/// # Errors
/// When the text is neither YAML nor JSON, says a key twice, or nests deeper than any template.
pub fn read_document(text: &str) -> Result<(Data, Placed), DocumentError> {
    let options = serde_yaml::options! { with_snippet: false };
    let node: Node = serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map(|location| (location.line(), location.column()));
        let said = error.without_snippet().to_string();
        let first = said.lines().next().unwrap_or("this is not YAML");
        DocumentError { message: first.split(" at line ").next().unwrap_or(first).to_owned(), at }
    })?;
    Ok((node.data, node.placed))
}

/// Reads a value of the standard library.
///
/// # Errors
/// What is wrong with the text.
pub fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_yaml::from_str(text).map_err(|error| error.to_string())
}

struct Node {
    data: Data,
    placed: Placed,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tagged<Inner>>::deserialize(deserializer)?;
        let span = spanned.referenced.span();
        let start = span.byte_offset().map_or(0, |offset| offset as u32);
        let length = span.byte_len().map_or(0, |length| length as u32);
        let Tagged(Inner(data, members), tag) = spanned.value;
        let data = match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            // `!!str` and its like are resolved to longer names, which are no functions.
            Some(function) if !function.is_empty() && !function.starts_with('!') => call(function, data),
            _ => data,
        };
        let at = Range { start, end: start + length };
        Ok(Node { data, placed: Placed { at, key: Range::default(), members } })
    }
}

/// `!GetAtt A.B` → `{"Fn::GetAtt": "A.B"}`
fn call(function: &str, value: Data) -> Data {
    let key = match function {
        "Ref" | "Condition" => function.to_owned(),
        other => format!("Fn::{other}"),
    };
    Data::Map(vec![(key.into(), value)])
}

struct Inner(Data, Vec<(Arc<str>, Placed)>);

impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

/// Characters that the verifier keeps for itself.
const PRIVATE: [char; 2] = ['\u{F8F0}', '\u{F8F1}'];

impl<'de> Visitor<'de> for AnyValue {
    type Value = Inner;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value of a template")
    }

    fn visit_unit<E>(self) -> Result<Inner, E> {
        Ok(Inner(Data::Null, Vec::new()))
    }

    fn visit_none<E>(self) -> Result<Inner, E> {
        Ok(Inner(Data::Null, Vec::new()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Inner, D::Error> {
        Inner::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Inner, E> {
        Ok(Inner(Data::Bool(value), Vec::new()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Inner, E> {
        Ok(Inner(Data::Int(value), Vec::new()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Inner, E> {
        let data = i64::try_from(value).map_or(Data::Float(value as f64), Data::Int);
        Ok(Inner(data, Vec::new()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Inner, E> {
        Ok(Inner(Data::Float(value), Vec::new()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Inner, E> {
        Ok(Inner(Data::Text(value.replace(PRIVATE, "").into()), Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Inner, A::Error> {
        let (mut list, mut places) = (Vec::new(), Vec::new());
        while let Some(node) = items.next_element::<Node>()? {
            places.push((list.len().to_string().into(), node.placed));
            list.push(node.data);
        }
        Ok(Inner(Data::List(list), places))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Inner, A::Error> {
        let (mut map, mut places): (Vec<(Arc<str>, Data)>, Vec<_>) = (Vec::new(), Vec::new());
        while let Some((key, node)) = entries.next_entry::<Spanned<String>, Node>()? {
            let span = key.referenced.span();
            let start = span.byte_offset().map_or(0, |offset| offset as u32);
            let length = span.byte_len().map_or(0, |length| length as u32);
            let name: Arc<str> = key.value.replace(PRIVATE, "").into();
            places.push((name.clone(), Placed { key: Range { start, end: start + length }, ..node.placed }));
            map.push((name, node.data));
        }
        Ok(Inner(Data::Map(map), places))
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, read_document};

    #[test]
    fn short_functions_and_places() {
        let text = "Resources:\n  A:\n    Type: T\n    Properties:\n      One: !Ref X\n      Two: !GetAtt B.Arn\n      Three: [!Sub '${B}/*', 3]\n";
        let read = read_document(text);
        assert!(read.is_ok(), "{read:?}");
        let (data, placed) = read.unwrap_or((Data::Null, super::Placed::default()));
        let properties = data.get("Resources").and_then(|all| all.get("A")).and_then(|a| a.get("Properties"));
        let one = properties.and_then(|all| all.get("One")).and_then(|one| one.get("Ref"));
        assert_eq!(one.and_then(Data::as_text), Some("X"));
        let two = placed.get("Resources").and_then(|all| all.get("A")).and_then(|a| a.get("Properties"));
        let two = two.and_then(|all| all.get("Two")).map(|two| two.key).unwrap_or_default();
        assert_eq!(text.get(two.start as usize..two.end as usize), Some("Two"));
    }

    #[test]
    fn what_is_no_document() {
        for text in ["a: [", "a: {"] {
            assert!(read_document(text).is_err(), "{text}");
        }
        let deep = "{\"Fn::If\": [".repeat(10_000);
        assert!(read_document(&deep).is_err());
    }
}
