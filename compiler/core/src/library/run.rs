//! Evaluates compiled nodes: expressions to values, values to data.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::compile::Compiled;
use super::data::{Data, Piece};
use super::machine::say;
use super::node::{Key, Node, TextPart};
use super::scope::{Missing, Names, Reference, Slot, reference};

/// Why an expression gave nothing.
#[derive(Clone, Debug)]
pub struct EvaluationError {
    /// The construct.
    pub construct: String,
    /// The expression or template.
    pub expression: String,
    /// What is wrong.
    pub message: String,
    /// What kind of failure.
    pub kind: EvaluationKind,
}

/// The kinds of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationKind {
    /// An expression failed.
    Failed,
    /// A port is not offered.
    MissingPort,
    /// Something that it needs is not there; where that failed itself, this is only its consequence.
    Unbound,
    /// A check of the construct does not hold.
    Check {
        /// What to do about it.
        help: Option<String>,
    },
}

pub(super) fn fail(construct: &str, expression: &str, message: String) -> EvaluationError {
    EvaluationError {
        construct: construct.to_owned(),
        expression: expression.to_owned(),
        message,
        kind: EvaluationKind::Failed,
    }
}

pub(super) fn eval(construct: &str, code: &Compiled<'_>, scope: &Value) -> Result<Value, EvaluationError> {
    let value = value_of(code, scope).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
        fail(construct, &code.source.text, format!("{}{cause}", say(&error)))
    })?;
    match value.downcast_object_ref::<Missing>() {
        None => Ok(value),
        Some(missing) => Err(EvaluationError {
            kind: EvaluationKind::MissingPort,
            ..fail(
                construct,
                &code.source.text,
                format!("`{}` offers no port `{}`", missing.construct, missing.port),
            )
        }),
    }
}

fn value_of(code: &Compiled<'_>, scope: &Value) -> Result<Value, Error> {
    let Some((first, rest)) = code.path.as_ref().and_then(|path| path.split_first()) else {
        return code.expression.eval(scope.clone());
    };
    let mut value = match code.slot.and_then(|slot| own(scope, slot)) {
        Some(value) => value,
        None => scope.get_attr(first)?,
    };
    for name in rest {
        if value.is_undefined() {
            return Err(ErrorKind::UndefinedError.into());
        }
        value = value.get_attr(name)?;
    }
    Ok(value)
}

/// What a slot holds, where the scope is that of an instance and nothing is in front of it.
fn own(scope: &Value, slot: Slot) -> Option<Value> {
    let names = scope.downcast_object_ref::<Names>()?;
    if names.shape.slots.is_empty() { None } else { names.at(slot) }
}

/// A node's value for further expressions.
pub(super) fn run_value(
    construct: &str,
    node: &Node<Compiled<'_>>,
    scope: &Value,
) -> Result<Value, EvaluationError> {
    match node {
        Node::Expr(code) => eval(construct, code, scope),
        _ => Ok(run(construct, node, scope)?.map_or(Value::UNDEFINED, |data| to_value(&data))),
    }
}

pub(super) fn to_value(data: &Data) -> Value {
    match data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        Data::Float(value) => Value::from(*value),
        Data::Text(text) => Value::from(&**text),
        Data::List(items) => items.iter().map(to_value).collect(),
        Data::Map(entries) => Value::from_pairs(entries.iter().map(|(key, value)| (&**key, to_value(value)))),
        Data::Ref(symbol) => reference(symbol.clone()),
        Data::Join(pieces) => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Ref(symbol) => symbol.to_mark(),
                })
                .collect();
            Value::from(text)
        }
        Data::Shared(inner) => to_value(inner),
    }
}

/// A node's data; `None` when it is undefined, which drops the property it stands for.
pub(super) fn run(
    construct: &str,
    node: &Node<Compiled<'_>>,
    scope: &Value,
) -> Result<Option<Data>, EvaluationError> {
    Ok(match node {
        Node::Const(data) => Some(Data::Shared(data.clone())),
        Node::Expr(code) => {
            let value = eval(construct, code, scope)?;
            to_data(&value).map_err(|message| fail(construct, &code.source.text, message))?
        }
        Node::Text(parts) => Some(Data::from_text(&text(construct, parts, scope)?)),
        Node::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                run_item(construct, item, scope, &mut list)?;
            }
            // A list that lost all its items is dropped, as what is undefined is.
            (!list.is_empty()).then_some(Data::List(list))
        }
        Node::Map(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                if let Some(data) = run(construct, value, scope)? {
                    let key = match key {
                        Key::Fixed(name) => name.clone(),
                        Key::Text(parts) => text(construct, parts, scope)?.into(),
                    };
                    map.push((key, data));
                }
            }
            (!map.is_empty()).then_some(Data::Map(map))
        }
        Node::When(test, body) => {
            if eval(construct, test, scope)?.is_true() {
                run(construct, body, scope)?
            } else {
                None
            }
        }
        Node::Each(..) => {
            let mut list = Vec::new();
            run_item(construct, node, scope, &mut list)?;
            Some(Data::List(list))
        }
    })
}

/// A list's item: none, one, or as many as its `for` says.
fn run_item(
    construct: &str,
    node: &Node<Compiled<'_>>,
    scope: &Value,
    list: &mut Vec<Data>,
) -> Result<(), EvaluationError> {
    let Node::Each(name, of, body) = node else {
        list.extend(run(construct, node, scope)?);
        return Ok(());
    };
    let values = eval(construct, of, scope)?;
    let items = values.try_iter().map_err(|error| fail(construct, &of.source.text, say(&error)))?;
    let name: Arc<str> = name.as_str().into();
    for item in items {
        let more = vec![(name.clone(), item)];
        let inner = Value::from_object(Names::on_top(more, Some(scope.clone())));
        list.extend(run(construct, body, &inner)?);
    }
    Ok(())
}

fn text(construct: &str, parts: &[TextPart<Compiled<'_>>], scope: &Value) -> Result<String, EvaluationError> {
    use fmt::Write as _;
    let mut out = String::new();
    for part in parts {
        match part {
            TextPart::Text(text) => out.push_str(text),
            TextPart::Expr(code) => {
                let value = eval(construct, code, scope)?;
                if value.is_undefined() || write!(out, "{value}").is_err() {
                    return Err(fail(
                        construct,
                        &code.source.text,
                        "it has no value, and stands in a text".to_owned(),
                    ));
                }
            }
        }
    }
    Ok(out)
}

fn to_data(value: &Value) -> Result<Option<Data>, String> {
    if let Some(found) = value.downcast_object_ref::<Reference>() {
        return Ok(Some(Data::Ref(found.symbol.clone())));
    }
    if let Some(missing) = value.downcast_object_ref::<Missing>() {
        return Err(format!("`{}` offers no port `{}`", missing.construct, missing.port));
    }
    Ok(match value.kind() {
        ValueKind::Undefined => None,
        ValueKind::None => Some(Data::Null),
        ValueKind::Bool => Some(Data::Bool(value.is_true())),
        ValueKind::Number => Some(match i64::try_from(value.clone()) {
            Ok(int) if value.is_integer() => Data::Int(int),
            _ => Data::Float(f64::try_from(value.clone()).map_err(|error| error.to_string())?),
        }),
        ValueKind::String => Some(Data::from_text(value.as_str().unwrap_or(""))),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut list = Vec::new();
            for item in value.try_iter().map_err(|error| error.to_string())? {
                list.extend(to_data(&item)?);
            }
            Some(Data::List(list))
        }
        ValueKind::Map => {
            let mut map = Vec::new();
            for key in value.try_iter().map_err(|error| error.to_string())? {
                let item = value.get_item(&key).map_err(|error| error.to_string())?;
                if let Some(data) = to_data(&item)? {
                    let key = key.as_str().map_or_else(|| key.to_string().into(), Arc::from);
                    map.push((key, data));
                }
            }
            Some(Data::Map(map))
        }
        _ => return Err(format!("a {} is no value for a template", value.kind())),
    })
}
