//! `where`: which events a subscriber gets.
//!
//! A condition is kept without negations: `not` turns the comparisons inside it round. A comparison with a field that
//! is not there does not hold, whichever it is.

use indexmap::IndexMap;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::{Schema, SchemaField, Shape};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Literal};

/// Which events are meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// A field is what it should be.
    Test(Test),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The field, from the outside in: `badge`, `serial`.
    pub field: Vec<String>,
    /// Where it is named.
    pub span: Span,
    /// How it is compared.
    pub comparison: Comparison,
}

/// The comparisons.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// `==`
    Equal(Operand),
    /// `!=`
    NotEqual(Operand),
    /// `>`
    Above(Operand),
    /// `>=`
    AtLeast(Operand),
    /// `<`
    Below(Operand),
    /// `<=`
    AtMost(Operand),
    /// `in [a, b]`
    In(Vec<Operand>),
    /// `not in [a, b]`
    NotIn(Vec<Operand>),
    /// `present`
    Present,
    /// `absent`
    Absent,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Operand {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Decimal(f64),
    /// True or false.
    Bool(bool),
}

impl std::fmt::Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Operand::Text(text) => write!(f, "\"{text}\""),
            Operand::Int(value) => write!(f, "{value}"),
            Operand::Decimal(value) => write!(f, "{value}"),
            Operand::Bool(value) => write!(f, "{value}"),
        }
    }
}

impl Comparison {
    /// The opposite, for fields that are there.
    fn turned(self) -> Comparison {
        match self {
            Comparison::Equal(value) => Comparison::NotEqual(value),
            Comparison::NotEqual(value) => Comparison::Equal(value),
            Comparison::Above(value) => Comparison::AtMost(value),
            Comparison::AtLeast(value) => Comparison::Below(value),
            Comparison::Below(value) => Comparison::AtLeast(value),
            Comparison::AtMost(value) => Comparison::Above(value),
            Comparison::In(values) => Comparison::NotIn(values),
            Comparison::NotIn(values) => Comparison::In(values),
            Comparison::Present => Comparison::Absent,
            Comparison::Absent => Comparison::Present,
        }
    }

    /// The operator as the language writes it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Comparison::Equal(_) => "==",
            Comparison::NotEqual(_) => "!=",
            Comparison::Above(_) => ">",
            Comparison::AtLeast(_) => ">=",
            Comparison::Below(_) => "<",
            Comparison::AtMost(_) => "<=",
            Comparison::In(_) => "in",
            Comparison::NotIn(_) => "not_in",
            Comparison::Present => "present",
            Comparison::Absent => "absent",
        }
    }

    /// What it compares with.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        match self {
            Comparison::Equal(value)
            | Comparison::NotEqual(value)
            | Comparison::Above(value)
            | Comparison::AtLeast(value)
            | Comparison::Below(value)
            | Comparison::AtMost(value) => std::slice::from_ref(value),
            Comparison::In(values) | Comparison::NotIn(values) => values,
            Comparison::Present | Comparison::Absent => &[],
        }
    }

    /// Whether it asks which of two is more.
    #[must_use]
    pub fn orders(&self) -> bool {
        matches!(
            self,
            Comparison::Above(_) | Comparison::AtLeast(_) | Comparison::Below(_) | Comparison::AtMost(_)
        )
    }
}

impl Condition {
    fn turned(self) -> Condition {
        match self {
            Condition::All(inner) => Condition::Any(inner.into_iter().map(Condition::turned).collect()),
            Condition::Any(inner) => Condition::All(inner.into_iter().map(Condition::turned).collect()),
            Condition::Test(test) => Condition::Test(Test { comparison: test.comparison.turned(), ..test }),
        }
    }

    /// Every comparison in it.
    #[must_use]
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Condition::All(inner) | Condition::Any(inner) => {
                inner.iter().flat_map(Condition::tests).collect()
            }
            Condition::Test(test) => vec![test],
        }
    }
}

/// As the handlers' runtimes read it: `{"field": ["inside"], "op": ">", "value": 500}`.
impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Condition::All(inner) => map.serialize_entry("all", inner)?,
            Condition::Any(inner) => map.serialize_entry("any", inner)?,
            Condition::Test(test) => {
                map.serialize_entry("field", &test.field)?;
                map.serialize_entry("op", test.comparison.word())?;
                match &test.comparison {
                    Comparison::In(values) | Comparison::NotIn(values) => {
                        map.serialize_entry("value", values)?
                    }
                    other => {
                        if let [value] = other.operands() {
                            map.serialize_entry("value", value)?;
                        }
                    }
                }
            }
        }
        map.end()
    }
}

/// The fields on the way to one, from the outside in.
///
/// # Errors
/// The part of the path that is not there, and the fields that it was looked for among.
pub fn fields_at<'m>(
    path: &'m [String],
    schema: &'m Schema,
    types: &'m IndexMap<String, Schema>,
) -> Result<Vec<&'m SchemaField>, (&'m str, Option<&'m Schema>)> {
    let mut here = Some(schema);
    let mut found = Vec::new();
    for part in path {
        let schema = here.ok_or((part.as_str(), None))?;
        let field = schema.fields.get(part).ok_or((part.as_str(), Some(schema)))?;
        here = match &field.shape {
            Shape::Named(name) => types.get(name),
            _ => None,
        };
        found.push(field);
    }
    Ok(found)
}

/// Reads what stands behind `where`.
///
/// # Errors
/// The finding, not yet reported.
pub fn condition(args: &[Arg], whole: Span) -> Result<Spanned<Condition>, Diagnostic> {
    let mut reader = Reader { rest: args, end: whole };
    let read = reader.any()?;
    match reader.rest.first() {
        None => Ok(Spanned::new(read, whole)),
        Some(extra) => Err(wrong(extra.span, "a condition does not go on like this")),
    }
}

fn wrong(span: Span, message: &str) -> Diagnostic {
    let help = "write comparisons such as `inside > 500`, `state == \"open\"`, `kind in [\"a\", \"b\"]`, `note present`, joined by `and`, `or`, `not` and brackets";
    Diagnostic::new(Code::BadCondition, span, message).help(help)
}

struct Reader<'a> {
    rest: &'a [Arg],
    end: Span,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a Arg> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Takes a word, if it comes next.
    fn take(&mut self, word: &str) -> bool {
        let found = matches!(self.rest.first(), Some(Arg { value: Literal::Word(next), .. }) if next == word);
        if found {
            self.next();
        }
        found
    }

    fn any(&mut self) -> Result<Condition, Diagnostic> {
        let mut parts = vec![self.all()?];
        while self.take("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, Diagnostic> {
        let mut parts = vec![self.one()?];
        while self.take("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, Diagnostic> {
        if self.take("not") {
            return Ok(self.one()?.turned());
        }
        match self.next() {
            Some(Arg { value: Literal::Group(inner), span }) => {
                condition(inner, *span).map(|read| read.value)
            }
            Some(Arg { value: Literal::Word(field), span }) => {
                let comparison = self.comparison(field, *span)?;
                let field = field.split('.').map(str::to_owned).collect();
                Ok(Condition::Test(Test { field, span: *span, comparison }))
            }
            Some(other) => {
                let message = format!("expected the name of a field, found {}", other.value.describe());
                Err(wrong(other.span, &message))
            }
            None => Err(wrong(self.end, "the condition ends where a field should stand")),
        }
    }

    /// What stands behind a field; a field alone is true.
    fn comparison(&mut self, name: &str, field: Span) -> Result<Comparison, Diagnostic> {
        if self.take("present") {
            return Ok(Comparison::Present);
        }
        if self.take("absent") {
            return Ok(Comparison::Absent);
        }
        if self.take("in") {
            return self.list().map(Comparison::In);
        }
        let negated = matches!(self.rest, [Arg { value: Literal::Word(a), .. }, Arg { value: Literal::Word(b), .. }, ..] if a == "not" && b == "in");
        if negated {
            self.rest = self.rest.get(2..).unwrap_or(&[]);
            return self.list().map(Comparison::NotIn);
        }
        let operator = match self.rest.first() {
            Some(Arg { value: Literal::Operator(operator), .. }) if operator != "|" => operator.as_str(),
            Some(Arg { value: Literal::Equals, span }) => {
                return Err(
                    Diagnostic::new(Code::BadCondition, *span, "`=` is no comparison").help("write `==`")
                );
            }
            None => return Ok(Comparison::Equal(Operand::Bool(true))),
            Some(Arg { value: Literal::Word(word), .. }) if word == "and" || word == "or" => {
                return Ok(Comparison::Equal(Operand::Bool(true)));
            }
            Some(Arg { value: Literal::Word(word), span }) if word == "between" => {
                return Err(Diagnostic::new(Code::BadCondition, *span, "conditions know no `between`")
                    .help(format!("write `{name} >= 1 and {name} <= 10`")));
            }
            Some(other) => return Err(wrong(other.span, "a comparison is missing here")),
        };
        self.next();
        let value = match self.next() {
            Some(Arg { value: Literal::Word(word), span }) if word == "null" => {
                return Err(Diagnostic::new(Code::BadCondition, *span, "no field is ever `null`")
                    .help(format!("write `{name} absent`, or `{name} present`")));
            }
            Some(arg) => operand(arg)?,
            None => return Err(wrong(field, "the comparison has nothing to compare with")),
        };
        Ok(match operator {
            "==" => Comparison::Equal(value),
            "!=" => Comparison::NotEqual(value),
            ">" => Comparison::Above(value),
            ">=" => Comparison::AtLeast(value),
            "<" => Comparison::Below(value),
            _ => Comparison::AtMost(value),
        })
    }

    fn list(&mut self) -> Result<Vec<Operand>, Diagnostic> {
        match self.next() {
            Some(Arg { value: Literal::List(items), .. }) if !items.is_empty() => {
                items.iter().map(operand).collect()
            }
            Some(Arg { value: Literal::Text(text), span }) => {
                Err(Diagnostic::new(Code::BadCondition, *span, "expected a list, found a text")
                    .help(format!("write `in [\"{text}\"]`")))
            }
            Some(other) => Err(wrong(other.span, "expected a list with at least one value")),
            None => Err(wrong(self.end, "the condition ends where a list should stand")),
        }
    }
}

fn one_or(mut parts: Vec<Condition>, join: impl Fn(Vec<Condition>) -> Condition) -> Condition {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn operand(arg: &Arg) -> Result<Operand, Diagnostic> {
    match &arg.value {
        Literal::Text(text) => Ok(Operand::Text(text.clone())),
        Literal::Int(value) => Ok(Operand::Int(*value)),
        Literal::Decimal(value) => Ok(Operand::Decimal(*value)),
        Literal::Word(word) if word == "true" || word == "false" => Ok(Operand::Bool(word == "true")),
        Literal::Word(word) => {
            let message = format!("`{word}` is no value to compare with");
            let help = format!("texts stand in quotes: `\"{word}\"`; two fields cannot be compared");
            Err(Diagnostic::new(Code::BadCondition, arg.span, message).help(help))
        }
        other => {
            let message = format!("a field cannot be compared with {}", other.describe());
            Err(wrong(arg.span, &message))
        }
    }
}
