//! The values that resource bodies are made of, before they are linked.

use std::sync::Arc;

/// The number of a resource within one compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

/// A reference that the linker resolves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// A resource, or an attribute of one.
    Resource {
        /// Which.
        id: ResourceId,
        /// `Arn`; the resource's `Ref` value without it.
        attribute: Option<Arc<str>>,
    },
    /// A pseudo parameter of CloudFormation: `AWS::Region`.
    Pseudo(Arc<str>),
    /// A parameter of the root stack: deploy-time parameters of the project, and where its artifacts are.
    Parameter(Arc<str>),
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A list.
    List(Vec<Data>),
    /// An object; keys in the order they are written.
    Map(Vec<(Arc<str>, Data)>),
    /// A reference.
    Ref(Symbol),
    /// Text around references.
    Join(Vec<Piece>),
    /// A subtree without references that many resources share.
    Shared(Arc<Data>),
}

/// A part of a text with references.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// A reference.
    Ref(Symbol),
}

/// Marks of a reference inside a text that an expression built; from Unicode's private use area.
const OPEN: char = '\u{F8F0}';
const CLOSE: char = '\u{F8F1}';

impl Symbol {
    /// The reference as it travels through texts of expressions.
    #[must_use]
    pub fn to_mark(&self) -> String {
        match self {
            Symbol::Resource { id, attribute: None } => format!("{OPEN}r{}{CLOSE}", id.0),
            Symbol::Resource { id, attribute: Some(name) } => format!("{OPEN}r{}.{name}{CLOSE}", id.0),
            Symbol::Pseudo(name) => format!("{OPEN}p{name}{CLOSE}"),
            Symbol::Parameter(name) => format!("{OPEN}v{name}{CLOSE}"),
        }
    }

    fn from_mark(mark: &str) -> Option<Symbol> {
        let (kind, rest) = mark.split_at_checked(1)?;
        Some(match kind {
            "p" => Symbol::Pseudo(rest.into()),
            "v" => Symbol::Parameter(rest.into()),
            "r" => {
                let (id, attribute) =
                    rest.split_once('.').map_or((rest, None), |(id, name)| (id, Some(name.into())));
                Symbol::Resource { id: ResourceId(id.parse().ok()?), attribute }
            }
            _ => return None,
        })
    }
}

impl Data {
    /// Text, with the references in it found again.
    #[must_use]
    pub fn from_text(text: &str) -> Data {
        if !text.contains(OPEN) {
            return Data::Text(text.into());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let Some((mark, behind)) = after.split_once(CLOSE) else { break };
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.extend(Symbol::from_mark(mark).map(Piece::Ref));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        match pieces.as_slice() {
            [Piece::Ref(only)] => Data::Ref(only.clone()),
            _ => Data::Join(pieces),
        }
    }

    /// A plain JSON value.
    #[must_use]
    pub fn from_json(value: &serde_json::Value) -> Data {
        use serde_json::Value;
        match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(*value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Data::Float(number.as_f64().unwrap_or_default()), Data::Int)
            }
            Value::String(text) => Data::Text(text.as_str().into()),
            Value::Array(items) => Data::List(items.iter().map(Data::from_json).collect()),
            Value::Object(map) => Data::Map(
                map.iter().map(|(key, value)| (Arc::from(key.as_str()), Data::from_json(value))).collect(),
            ),
        }
    }

    /// The value of a key, where this is an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Data> {
        match self {
            Data::Map(entries) => entries.iter().find(|(name, _)| &**name == key).map(|(_, value)| value),
            Data::Shared(inner) => inner.get(key),
            _ => None,
        }
    }

    /// The text, where this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Data::Text(text) => Some(text),
            Data::Shared(inner) => inner.as_text(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, Piece, ResourceId, Symbol};

    #[test]
    fn references_survive_a_text() {
        let symbol = Symbol::Resource { id: ResourceId(7), attribute: Some("Arn".into()) };
        let text = format!("a{}b", symbol.to_mark());
        let pieces = vec![Piece::Text("a".into()), Piece::Ref(symbol.clone()), Piece::Text("b".into())];
        assert_eq!(Data::from_text(&text), Data::Join(pieces));
        assert_eq!(Data::from_text(&symbol.to_mark()), Data::Ref(symbol));
        assert_eq!(Data::from_text("plain"), Data::Text("plain".into()));
    }
}
