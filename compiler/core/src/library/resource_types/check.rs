//! A resource's properties against the table.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;

use super::fit::{Fit, Number};
use super::{ResourceType, Shape};
use crate::diagnostic::nearest;
use crate::library::Data;

/// How much of a resource is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of its properties: what is required must be there.
    Whole,
    /// Some of them, that are to be merged into others.
    Part,
}

/// A property that CloudFormation would not take.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyProblem {
    /// Where: names of properties, and places in lists counted from 0.
    pub path: Vec<String>,
    /// What is wrong with it.
    pub problem: Problem,
    /// The name or the value that was probably meant.
    pub nearest: Option<String>,
}

/// What is wrong with a property. Its text goes on after the property's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// There is none of this name.
    Unknown,
    /// It can be read and not set.
    ReadOnly,
    /// It is required and not there.
    Missing,
    /// It is a value of another kind: what it must be.
    Kind(&'static str),
    /// It is not one of the values there are.
    Value(Vec<String>),
    /// It is a number outside a range.
    Range {
        /// The lowest that is taken.
        low: Option<f64>,
        /// The highest that is taken.
        high: Option<f64>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unknown => f.write_str("is not a property"),
            Problem::ReadOnly => f.write_str("is read-only"),
            Problem::Missing => f.write_str("is missing"),
            Problem::Kind(kind) => write!(f, "must be {kind}"),
            Problem::Value(values) => match values.as_slice() {
                [only] => write!(f, "must be `{only}`"),
                several => write!(f, "must be one of `{}`", several.join("`, `")),
            },
            Problem::Range { low: Some(low), high: Some(high) } => write!(f, "must be from {low} to {high}"),
            Problem::Range { low: Some(low), high: None } => write!(f, "must be at least {low}"),
            Problem::Range { low: None, high: Some(high) } => write!(f, "must be at most {high}"),
            Problem::Range { low: None, high: None } => f.write_str("must be a number"),
        }
    }
}

pub(super) fn check(
    shapes: &IndexMap<String, Shape>,
    kind: &ResourceType,
    properties: &Data,
    extent: Extent,
) -> Vec<PropertyProblem> {
    let mut check = Check { shapes, kind, extent, path: Vec::new(), problems: Vec::new() };
    match properties {
        Data::Null => check.entries(&kind.shape, &[]),
        given => check.object(&kind.shape, given),
    }
    check.problems
}

struct Check<'a> {
    shapes: &'a IndexMap<String, Shape>,
    kind: &'a ResourceType,
    extent: Extent,
    path: Vec<String>,
    problems: Vec<PropertyProblem>,
}

impl<'a> Check<'a> {
    fn report(&mut self, problem: Problem, nearest: Option<String>) {
        self.problems.push(PropertyProblem { path: self.path.clone(), problem, nearest });
    }

    /// Goes on one step further down.
    fn at(&mut self, step: String, inner: impl FnOnce(&mut Self)) {
        self.path.push(step);
        inner(self);
        self.path.pop();
    }

    fn object(&mut self, shape: &'a Shape, value: &Data) {
        match value {
            Data::Map(entries) => self.entries(shape, entries),
            Data::Shared(inner) => self.object(shape, inner),
            value if is_reference(value) => {}
            _ => self.report(Problem::Kind("an object"), None),
        }
    }

    fn entries(&mut self, shape: &'a Shape, entries: &[(Arc<str>, Data)]) {
        for (name, value) in entries {
            self.at(name.to_string(), |check| check.property(shape, name, value));
        }
        if self.extent == Extent::Part {
            return;
        }
        // An empty property is as good as none.
        let given = |name: &str| entries.iter().any(|(key, value)| &**key == name && *value != Data::Null);
        for (name, property) in &shape.properties {
            if property.required && !given(name) {
                self.at(name.clone(), |check| {
                    if !check.is_read_only() {
                        check.report(Problem::Missing, None);
                    }
                });
            }
        }
    }

    fn property(&mut self, shape: &'a Shape, name: &str, value: &Data) {
        let known = shape.properties.get(name).map(|property| &property.fit);
        if self.is_read_only() {
            self.report(Problem::ReadOnly, None);
        } else if let Some(fit) = known.or(shape.rest.as_ref()) {
            self.value(fit, value);
        } else {
            let meant = nearest(name, shape.properties.keys().map(String::as_str));
            self.report(Problem::Unknown, meant.map(str::to_owned));
        }
    }

    fn is_read_only(&self) -> bool {
        let fits = |(wanted, step): (&String, &String)| wanted == step || wanted == "*";
        let is_here =
            |path: &Vec<String>| path.len() == self.path.len() && path.iter().zip(&self.path).all(fits);
        self.kind.read_only.iter().any(is_here)
    }

    fn value(&mut self, fit: &'a Fit, value: &Data) {
        if let Data::Shared(inner) = value {
            return self.value(fit, inner);
        }
        // Null is how a part takes a property away.
        if is_reference(value) || *value == Data::Null {
            return;
        }
        match (fit, value) {
            (Fit::Any, _)
            | (Fit::Object, Data::Map(_))
            | (Fit::Json, Data::Map(_) | Data::List(_) | Data::Text(_))
            | (Fit::JsonOf(_), Data::Text(_)) => {}
            (Fit::Object, _) => self.report(Problem::Kind("an object"), None),
            (Fit::Json, _) => self.report(Problem::Kind("an object or the text of one"), None),
            (Fit::Shape(index) | Fit::JsonOf(index), value) => {
                if let Some((_, shape)) = self.shapes.get_index(*index) {
                    self.object(shape, value);
                }
            }
            (Fit::List(item), Data::List(items)) => {
                for (place, value) in items.iter().enumerate() {
                    self.at(place.to_string(), |check| check.value(item, value));
                }
            }
            (Fit::List(_), _) => self.report(Problem::Kind("a list"), None),
            (Fit::Map(inner), Data::Map(entries)) => {
                for (name, value) in entries {
                    self.at(name.to_string(), |check| check.value(inner, value));
                }
            }
            (Fit::Map(_), _) => self.report(Problem::Kind("an object"), None),
            (Fit::Text(values), value) => self.text(values, value),
            (Fit::Number(number), value) => self.number(number, value),
            (Fit::Boolean, Data::Bool(_)) => {}
            (Fit::Boolean, Data::Text(text)) if is_boolean(text) => {}
            (Fit::Boolean, _) => self.report(Problem::Kind("true or false"), None),
        }
    }

    /// CloudFormation takes a number or a boolean where it wants text.
    fn text(&mut self, values: &[String], value: &Data) {
        let text = match value {
            Data::Text(text) => text.to_string(),
            Data::Bool(value) => value.to_string(),
            Data::Int(value) => value.to_string(),
            Data::Float(value) => value.to_string(),
            _ => return self.report(Problem::Kind("text"), None),
        };
        if !values.is_empty() && !values.contains(&text) {
            let meant = nearest(&text, values.iter().map(String::as_str)).map(str::to_owned);
            self.report(Problem::Value(values.to_vec()), meant);
        }
    }

    /// It also takes text where it wants a number, if the text is one.
    fn number(&mut self, wanted: &Number, value: &Data) {
        let number = match value {
            Data::Int(value) => Some(*value as f64),
            Data::Float(value) => Some(*value),
            Data::Text(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| number.is_finite() && (!wanted.whole || number.fract() == 0.0));
        let Some(number) = number else {
            let kind = if wanted.whole { "a whole number" } else { "a number" };
            return self.report(Problem::Kind(kind), None);
        };
        let is_value = |value: &i64| (*value as f64 - number).abs() < f64::EPSILON;
        if wanted.low.is_some_and(|low| number < low) || wanted.high.is_some_and(|high| number > high) {
            self.report(Problem::Range { low: wanted.low, high: wanted.high }, None);
        } else if !wanted.values.is_empty() && !wanted.values.iter().any(is_value) {
            let values = wanted.values.iter().map(ToString::to_string).collect();
            self.report(Problem::Value(values), None);
        }
    }
}

/// Whether a value becomes known only later: a reference, text around one, an intrinsic function.
fn is_reference(value: &Data) -> bool {
    match value {
        Data::Ref(_) | Data::Join(_) => true,
        Data::Map(entries) => {
            matches!(entries.as_slice(), [(name, _)] if &**name == "Ref" || name.starts_with("Fn::"))
        }
        Data::Shared(inner) => is_reference(inner),
        _ => false,
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}
