//! Expressions to values.

use super::super::order::Order;
use super::super::text::{Text, is_free};
use super::super::tri::Tri;
use super::super::value::{Node, Value};
use super::super::world::World;
use super::expression::{Expression, Operator};
use super::functions;
use super::index::Indexes;

/// What expressions are evaluated in.
pub struct Scope<'s, 'w, 'a> {
    /// The templates.
    pub world: &'w World<'a>,
    /// Their order.
    pub order: &'s Order,
    /// Who points to whom.
    pub indexes: &'s Indexes,
    /// Names and what they stand for; later ones hide earlier ones.
    pub names: Vec<(&'a str, Value<'a>)>,
}

impl<'s, 'w, 'a> Scope<'s, 'w, 'a> {
    /// What an expression gives.
    #[must_use]
    pub fn value(&self, expression: &'a Expression) -> Value<'a> {
        match expression {
            Expression::Number(number) => Value::Number(*number),
            Expression::Text(text) => Value::Text(Text { text: text.as_str().into(), of: None }),
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Name(name) => self.name(name),
            Expression::List(items) => Value::List(items.iter().map(|item| self.value(item)).collect()),
            Expression::Member(of, key) => match &**key {
                Expression::Text(key) => self.member(self.value(of), key),
                key => match (self.value(of), self.value(key)) {
                    (Value::List(items), Value::Number(index)) => {
                        items.into_iter().nth(index as usize).unwrap_or(Value::Absent)
                    }
                    (of, Value::Text(key)) => self.member(of, &key.text),
                    _ => Value::Unknown,
                },
            },
            Expression::Call(name, arguments) => functions::call(self, name, arguments),
            Expression::Not(inner) => bool(!self.value(inner).truth()),
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right),
        }
    }

    /// Whether an expression holds.
    #[must_use]
    pub fn holds(&self, expression: &'a Expression) -> Tri {
        self.value(expression).truth()
    }

    fn name(&self, name: &str) -> Value<'a> {
        let found = self.names.iter().rev().find(|(known, _)| *known == name);
        found.map_or(Value::Unknown, |(_, value)| value.clone())
    }

    /// A member of an object, or a property of the resource that a value stands for.
    pub fn member(&self, of: Value<'a>, key: &str) -> Value<'a> {
        match of {
            Value::Absent => Value::Absent,
            Value::Resource(at) => self.world.property(at, key),
            Value::Object(node) => match node.linked.data.get(key) {
                Some(data) => self.world.value(Node { linked: node.linked.of(data), ..node }),
                None => Value::Absent,
            },
            Value::Text(text) => match self.world.denoted(&text) {
                Some(at) => self.world.property(at, key),
                None => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn binary(&self, operator: Operator, left: &'a Expression, right: &'a Expression) -> Value<'a> {
        match operator {
            Operator::Or => bool(match self.holds(left) {
                Tri::Yes => Tri::Yes,
                left => left.or(self.holds(right)),
            }),
            Operator::And => bool(match self.holds(left) {
                Tri::No => Tri::No,
                left => left.and(self.holds(right)),
            }),
            Operator::Equal => bool(self.same(&self.value(left), &self.value(right))),
            Operator::NotEqual => bool(!self.same(&self.value(left), &self.value(right))),
            Operator::In => {
                let (value, list) = (self.value(left), self.value(right));
                match list {
                    Value::Unknown => Value::Unknown,
                    list => bool(Tri::any(list.items().iter().map(|item| self.same(item, &value)))),
                }
            }
            _ => calculate(operator, &self.value(left), &self.value(right)),
        }
    }

    /// Whether two values are equal; a text that stands for a resource is that resource.
    fn same(&self, one: &Value<'a>, other: &Value<'a>) -> Tri {
        let resource = |value: &Value<'a>| match value {
            Value::Text(text) => self.world.denoted(text).map_or(value.clone(), Value::Resource),
            value => value.clone(),
        };
        match (one, other) {
            (Value::Resource(_), _) | (_, Value::Resource(_)) => match (resource(one), resource(other)) {
                (Value::Text(text), _) | (_, Value::Text(text)) if is_free(&text.text) => Tri::Maybe,
                (one, other) => one.equals(&other),
            },
            _ => one.equals(other),
        }
    }
}

/// A logical value as a value.
pub fn bool<'a>(value: Tri) -> Value<'a> {
    match value {
        Tri::Yes => Value::Bool(true),
        Tri::No => Value::Bool(false),
        Tri::Maybe => Value::Unknown,
    }
}

fn calculate<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    if let (Operator::Plus, Value::Text(one), Value::Text(other)) = (operator, left, right) {
        return Value::Text(Text::new(format!("{}{}", one.text, other.text)));
    }
    let (Some(one), Some(other)) = (left.number(), right.number()) else { return Value::Unknown };
    match operator {
        Operator::Less => Value::Bool(one < other),
        Operator::AtMost => Value::Bool(one <= other),
        Operator::More => Value::Bool(one > other),
        Operator::AtLeast => Value::Bool(one >= other),
        Operator::Plus => Value::Number(one + other),
        Operator::Minus => Value::Number(one - other),
        Operator::Times => Value::Number(one * other),
        Operator::Over if other != 0.0 => Value::Number(one / other),
        _ => Value::Unknown,
    }
}
