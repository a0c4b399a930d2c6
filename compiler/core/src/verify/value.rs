//! Values of templates, as far as they can be known before the deployment.

use std::borrow::Cow;

use super::text::{Text, equal, free, is_free, split};
use super::tri::Tri;
use super::world::{At, World};
use crate::library::{Data, Piece};
use crate::stacks::{Link, Linked};

/// References of references that are followed at most: real templates nest a handful of stacks.
pub const DEEPEST: u8 = 40;

/// A template has one megabyte; texts that grow beyond it were doubled again and again.
const LONGEST: usize = 1 << 20;

/// A value as it stands in a template.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// The template: names have their meaning there.
    pub template: usize,
    /// The value.
    pub linked: Linked<'a>,
}

/// What a value will be.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Only the deployment knows.
    Unknown,
    /// Nothing: the property is not there.
    Absent,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(Text<'a>),
    /// A list.
    List(Vec<Value<'a>>),
    /// An object; its members are looked at when they are asked for.
    Object(Node<'a>),
    /// A resource.
    Resource(At),
}

impl<'a> Value<'a> {
    /// A number, also one that is written as a text, as CloudFormation allows.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// As it stands in a text; nothing where it cannot, or where the deployment alone knows it.
    #[must_use]
    pub fn in_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Text(text) => Some(Cow::Borrowed(&text.text)),
            Value::Number(number) => Some(number.to_string().into()),
            Value::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
            _ => None,
        }
    }

    /// True or false, also as a text.
    #[must_use]
    pub fn truth(&self) -> Tri {
        match self {
            Value::Unknown => Tri::Maybe,
            Value::Absent => Tri::No,
            Value::Bool(value) => Tri::from(*value),
            Value::Number(number) => Tri::from(*number != 0.0),
            Value::Text(text) if is_free(&text.text) => Tri::Maybe,
            Value::Text(text) => Tri::from(!text.text.is_empty() && !text.text.eq_ignore_ascii_case("false")),
            Value::List(items) => Tri::from(!items.is_empty()),
            Value::Object(_) | Value::Resource(_) => Tri::Yes,
        }
    }

    /// Whether two values are equal.
    #[must_use]
    pub fn equals(&self, other: &Value<'_>) -> Tri {
        match (self, other) {
            (Value::Unknown, _) | (_, Value::Unknown) => Tri::Maybe,
            (Value::Absent, Value::Absent) => Tri::Yes,
            (Value::Absent, _) | (_, Value::Absent) => Tri::No,
            (Value::Resource(one), Value::Resource(other)) => Tri::from(one == other),
            (Value::Bool(one), Value::Bool(other)) => Tri::from(one == other),
            (Value::Bool(value), Value::Text(text)) | (Value::Text(text), Value::Bool(value)) => {
                equal(&text.text.to_ascii_lowercase(), if *value { "true" } else { "false" })
            }
            (Value::Text(one), Value::Text(other)) => equal(&one.text, &other.text),
            _ => match (self.number(), other.number()) {
                (Some(one), Some(other)) => Tri::from(one == other),
                _ => Tri::No,
            },
        }
    }

    /// The items of a list; one value alone is a list of itself, as in many properties.
    #[must_use]
    pub fn items(self) -> Vec<Value<'a>> {
        match self {
            Value::Absent => Vec::new(),
            Value::List(items) => items,
            one => vec![one],
        }
    }
}

impl<'a> World<'a> {
    /// What a value will be.
    #[must_use]
    pub fn value(&self, node: Node<'a>) -> Value<'a> {
        self.resolve(node, 0)
    }

    /// A member of an object, whatever function gives the object.
    pub(super) fn member(&self, object: Node<'a>, name: &str, depth: u8) -> Value<'a> {
        match self.resolve(object, depth) {
            Value::Object(node) => match node.linked.data.get(name) {
                Some(data) => self.resolve(Node { linked: node.linked.of(data), ..node }, depth),
                None => Value::Absent,
            },
            Value::Unknown => Value::Unknown,
            _ => Value::Absent,
        }
    }

    pub(super) fn resolve(&self, node: Node<'a>, depth: u8) -> Value<'a> {
        if depth > DEEPEST {
            return Value::Unknown;
        }
        let with = |data: &'a Data| Node { linked: node.linked.of(data), ..node };
        match node.linked.data {
            Data::Shared(inner) => self.resolve(with(inner), depth),
            Data::Null => Value::Absent,
            Data::Bool(value) => Value::Bool(*value),
            Data::Int(number) => Value::Number(*number as f64),
            Data::Float(number) => Value::Number(*number),
            // Most texts have no brace, and to know that is much cheaper.
            Data::Text(text) if text.contains('{') && text.contains("{{resolve:") => Value::Unknown,
            Data::Text(text) => Value::Text(Text::new(&**text)),
            Data::List(items) => {
                let items = items.iter().map(|item| self.resolve(with(item), depth));
                Value::List(items.filter(|item| !matches!(item, Value::Absent)).collect())
            }
            Data::Map(entries) => match entries.as_slice() {
                [(name, argument)] if &**name == "Ref" || name.starts_with("Fn::") => {
                    self.call(name, with(argument), depth + 1)
                }
                _ => Value::Object(node),
            },
            Data::Ref(symbol) => match node.linked.links.get(symbol) {
                Some(Link::Ref(name)) => self.reference(node.template, name, depth + 1),
                Some(Link::Attribute(id, attribute)) => {
                    self.attribute_of(node.template, id, attribute, depth + 1)
                }
                Some(Link::Computed(data)) => self.resolve(with(data), depth + 1),
                None => self.symbol(node.template, symbol, depth + 1),
            },
            Data::Join(pieces) => {
                let values = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => Value::Text(Text::new(text.as_str())),
                    Piece::Ref(symbol) => self.piece(node, symbol, depth + 1),
                });
                self.join(values)
            }
        }
    }

    pub(super) fn piece(&self, node: Node<'a>, symbol: &crate::library::Symbol, depth: u8) -> Value<'a> {
        match node.linked.links.get(symbol) {
            Some(Link::Ref(name)) => self.reference(node.template, name, depth),
            Some(Link::Attribute(id, attribute)) => self.attribute_of(node.template, id, attribute, depth),
            Some(Link::Computed(data)) => self.resolve(Node { linked: node.linked.of(data), ..node }, depth),
            None => self.symbol(node.template, symbol, depth),
        }
    }

    /// References inside computed values are pseudo parameters, which need no link.
    fn symbol(&self, template: usize, symbol: &crate::library::Symbol, depth: u8) -> Value<'a> {
        match symbol {
            crate::library::Symbol::Pseudo(name) | crate::library::Symbol::Parameter(name) => {
                self.reference(template, name, depth)
            }
            crate::library::Symbol::Resource { .. } => Value::Unknown,
        }
    }

    fn attribute_of(&self, template: usize, id: &str, attribute: &str, depth: u8) -> Value<'a> {
        match self.named(template, id) {
            Some(super::world::Named::Resource(at)) => self.identity(at, attribute, depth),
            _ => Value::Unknown,
        }
    }

    fn call(&self, function: &str, argument: Node<'a>, depth: u8) -> Value<'a> {
        if depth > DEEPEST {
            return Value::Unknown;
        }
        let list = || arguments(argument);
        match function {
            "Ref" => match argument.linked.data.as_text() {
                Some(name) => self.reference(argument.template, name, depth),
                None => Value::Unknown,
            },
            "Fn::GetAtt" => match get_att(argument.linked) {
                Some((id, attribute)) => self.attribute_of(argument.template, id, &attribute, depth),
                None => Value::Unknown,
            },
            "Fn::Sub" => self.sub(argument, depth),
            "Fn::Join" => match list().as_slice() {
                [separator, parts] => self.joined(*separator, *parts, depth),
                _ => Value::Unknown,
            },
            "Fn::Select" => match list().as_slice() {
                [index, items] => self.select(*index, *items, depth),
                _ => Value::Unknown,
            },
            "Fn::Split" => match list().as_slice() {
                [separator, text] => self.split(*separator, *text, depth),
                _ => Value::Unknown,
            },
            "Fn::If" => match list().as_slice() {
                [condition, yes, no] => self.choose(*condition, *yes, *no, depth),
                _ => Value::Unknown,
            },
            "Fn::FindInMap" => self.find_in_map(&list(), depth),
            "Fn::ImportValue" => match self.resolve(argument, depth) {
                Value::Text(name) => Value::Text(Text::new(free(&format!("import.{}", name.text)))),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    /// Texts behind each other.
    fn join(&self, parts: impl Iterator<Item = Value<'a>>) -> Value<'a> {
        let (mut joined, mut of, mut count) = (String::new(), None, 0);
        for part in parts {
            count += 1;
            let Some(text) = part.in_text() else { return Value::Unknown };
            joined.push_str(&text);
            if let Value::Text(text) = &part {
                of = text.of;
            }
            if joined.len() > LONGEST {
                return Value::Unknown;
            }
        }
        // `!Sub "${Queue.Arn}"` is the attribute itself.
        Value::Text(Text { of: of.filter(|_| count == 1), ..Text::new(joined) })
    }

    fn joined(&self, separator: Node<'a>, parts: Node<'a>, depth: u8) -> Value<'a> {
        let Some(separator) = separator.linked.data.as_text() else { return Value::Unknown };
        let Value::List(items) = self.resolve(parts, depth) else { return Value::Unknown };
        let between = |index| Value::Text(Text::new(if index == 0 { "" } else { separator }));
        if items.len() == 1 {
            return self.join(items.into_iter());
        }
        self.join(items.into_iter().enumerate().flat_map(|(index, item)| [between(index), item]))
    }

    fn select(&self, index: Node<'a>, items: Node<'a>, depth: u8) -> Value<'a> {
        let index = self.resolve(index, depth).number();
        match (index, self.resolve(items, depth)) {
            (Some(index), Value::List(items)) if index >= 0.0 => {
                items.into_iter().nth(index as usize).unwrap_or(Value::Unknown)
            }
            _ => Value::Unknown,
        }
    }

    fn split(&self, separator: Node<'a>, text: Node<'a>, depth: u8) -> Value<'a> {
        match (separator.linked.data.as_text(), self.resolve(text, depth)) {
            (Some(separator), Value::Text(text)) if !text.is_free() => {
                let parts = split(&text.text, separator).into_iter();
                Value::List(parts.map(|part| Value::Text(Text::new(part.to_owned()))).collect())
            }
            _ => Value::Unknown,
        }
    }

    fn choose(&self, condition: Node<'a>, yes: Node<'a>, no: Node<'a>, depth: u8) -> Value<'a> {
        let Some(name) = condition.linked.data.as_text() else { return Value::Unknown };
        match self.condition(condition.template, name, depth) {
            Tri::Yes => self.resolve(yes, depth),
            Tri::No => self.resolve(no, depth),
            Tri::Maybe => Value::Unknown,
        }
    }

    fn find_in_map(&self, keys: &[Node<'a>], depth: u8) -> Value<'a> {
        let [map, first, second, ..] = keys else { return Value::Unknown };
        let mut texts = [map, first, second].into_iter().map(|key| match self.resolve(*key, depth) {
            Value::Text(text) => text.text.to_string(),
            _ => String::new(),
        });
        let keys = [(); 3].map(|()| texts.next().unwrap_or_default());
        match self.mapped(map.template, [&keys[0], &keys[1], &keys[2]]) {
            Some(linked) => self.resolve(Node { linked, ..*map }, depth),
            None => Value::Unknown,
        }
    }

    /// `Fn::Sub`, with or without values of its own.
    fn sub(&self, argument: Node<'a>, depth: u8) -> Value<'a> {
        let list = arguments(argument);
        let (text, values) = match list.as_slice() {
            [text, values] => (*text, Some(*values)),
            _ => (argument, None),
        };
        let Some(text) = text.linked.data.as_text() else { return Value::Unknown };
        let pieces = substitutions(text).into_iter().map(|(is_name, part)| {
            if !is_name {
                return Value::Text(Text::new(part));
            }
            let own = values.and_then(|values| Some(values.linked.of(values.linked.data.get(part)?)));
            match (own, part.split_once('.')) {
                (Some(linked), _) => self.resolve(Node { linked, ..argument }, depth),
                (None, Some((id, attribute))) => self.attribute_of(argument.template, id, attribute, depth),
                (None, None) => self.reference(argument.template, part, depth),
            }
        });
        self.join(pieces.filter(|piece| !matches!(piece, Value::Text(text) if text.text.is_empty())))
    }

    /// A condition function.
    pub(super) fn holds(&self, node: Node<'a>, depth: u8) -> Tri {
        if depth > DEEPEST {
            return Tri::Maybe;
        }
        let Data::Map(entries) = node.linked.data else { return self.resolve(node, depth).truth() };
        let [(function, argument)] = entries.as_slice() else { return Tri::Maybe };
        let argument = Node { linked: node.linked.of(argument), ..node };
        let list = arguments(argument);
        match (&**function, list.as_slice()) {
            ("Fn::Equals", [one, other]) => {
                self.resolve(*one, depth + 1).equals(&self.resolve(*other, depth + 1))
            }
            ("Fn::Not", [one]) => !self.holds(*one, depth + 1),
            ("Fn::And", all) => !Tri::any(all.iter().map(|one| !self.holds(*one, depth + 1))),
            ("Fn::Or", all) => Tri::any(all.iter().map(|one| self.holds(*one, depth + 1))),
            ("Condition", _) => match argument.linked.data.as_text() {
                Some(name) => self.condition(node.template, name, depth + 1),
                None => Tri::Maybe,
            },
            _ => Tri::Maybe,
        }
    }
}

/// The list that a function is given.
fn arguments(node: Node<'_>) -> Vec<Node<'_>> {
    match node.linked.data {
        Data::List(items) => items.iter().map(|item| Node { linked: node.linked.of(item), ..node }).collect(),
        _ => Vec::new(),
    }
}

/// `[Queue, Arn]` or `Queue.Arn`
pub(super) fn get_att(argument: Linked<'_>) -> Option<(&str, Cow<'_, str>)> {
    match argument.data {
        Data::List(parts) => match parts.as_slice() {
            [id, attribute] => Some((id.as_text()?, attribute.as_text().unwrap_or_default().into())),
            [id, rest @ ..] => {
                let rest: Vec<&str> = rest.iter().filter_map(Data::as_text).collect();
                Some((id.as_text()?, rest.join(".").into()))
            }
            [] => None,
        },
        data => data.as_text()?.split_once('.').map(|(id, attribute)| (id, attribute.into())),
    }
}

/// The parts of a text of `Fn::Sub`: whether it is a name, and the part. `${!x}` is how it writes `${x}`.
pub(super) fn substitutions(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        parts.push((false, before));
        if let Some(literal) = after.strip_prefix('!') {
            parts.push((false, "${"));
            rest = literal;
            continue;
        }
        let Some((name, behind)) = after.split_once('}') else { break };
        parts.push((true, name.trim()));
        rest = behind;
    }
    parts.push((false, rest));
    parts
}
