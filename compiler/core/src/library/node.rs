//! YAML to nodes: constants folded, expressions found, the structural words `when` and `for` recognised.

use std::sync::Arc;

use super::data::Data;
use super::yaml::{Place, Range, Yaml};

/// A piece of a construct's body. `E` is an expression: its source, or its compiled form.
#[derive(Clone, Debug)]
pub enum Node<E> {
    /// A subtree without expressions.
    Const(Arc<Data>),
    /// `{{ … }}` alone: yields a value of any kind.
    Expr(E),
    /// Text around expressions.
    Text(Vec<TextPart<E>>),
    /// A list.
    List(Vec<Node<E>>),
    /// An object.
    Map(Vec<(Key<E>, Node<E>)>),
    /// `when: …` beside other keys: the object exists only when the expression is true.
    When(E, Box<Node<E>>),
    /// `for: name in …` beside other keys: the list item stands once for every value.
    Each(String, E, Box<Node<E>>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum TextPart<E> {
    /// Text.
    Text(String),
    /// An expression whose value is written out.
    Expr(E),
}

/// A key of an object.
#[derive(Clone, Debug)]
pub enum Key<E> {
    /// A constant.
    Fixed(Arc<str>),
    /// Text around expressions.
    Text(Vec<TextPart<E>>),
}

/// An expression as it was written.
#[derive(Clone, Debug)]
pub struct Source {
    /// What stands between `{{` and `}}`.
    pub text: String,
    /// Where its scalar stands in the construct file.
    pub at: Range,
}

/// What is wrong with a construct file, and where.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The place.
    pub at: Range,
    /// The finding.
    pub message: String,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: Range, message: impl Into<String>) -> Self {
        Problem { at, message: message.into() }
    }
}

/// Reads a YAML value as a node.
///
/// # Errors
/// The first problem in it.
pub fn node(yaml: &Place<Yaml>) -> Result<Node<Source>, Problem> {
    Ok(match &yaml.value {
        Yaml::Null => Node::Const(Arc::new(Data::Null)),
        Yaml::Bool(value) => Node::Const(Arc::new(Data::Bool(*value))),
        Yaml::Int(value) => Node::Const(Arc::new(Data::Int(*value))),
        Yaml::Float(value) => Node::Const(Arc::new(Data::Float(*value))),
        Yaml::Text(text) => scalar(text, yaml.at)?,
        Yaml::List(items) => fold_list(items.iter().map(node).collect::<Result<_, _>>()?),
        Yaml::Map(entries) => object(entries, yaml.at)?,
    })
}

fn object(entries: &[(Place<String>, Place<Yaml>)], at: Range) -> Result<Node<Source>, Problem> {
    let (mut when, mut each, mut map) = (None, None, Vec::new());
    for (key, value) in entries {
        match key.value.as_str() {
            "when" => when = Some(expression(value)?),
            "for" => each = Some(loop_head(value)?),
            name => map.push((key_of(name, key.at)?, node(value)?)),
        }
    }
    let mut body = fold_map(map);
    if let Some(test) = when {
        body = Node::When(test, Box::new(body));
    }
    match each {
        Some((name, of)) => Ok(Node::Each(name, of, Box::new(body))),
        None if entries.is_empty() => Ok(Node::Const(Arc::new(Data::Map(Vec::new())))),
        None => Ok(body),
    }
    .map_err(|problem: Problem| Problem { at, ..problem })
}

/// A scalar that must be one expression.
///
/// # Errors
/// When it is not.
pub fn expression(yaml: &Place<Yaml>) -> Result<Source, Problem> {
    let text = match &yaml.value {
        Yaml::Text(text) => text.as_str(),
        _ => "",
    };
    match scalar(text, yaml.at)? {
        Node::Expr(source) => Ok(source),
        _ => Err(Problem::new(yaml.at, "expected one expression: `\"{{ … }}\"`")),
    }
}

/// `name in expression`
fn loop_head(yaml: &Place<Yaml>) -> Result<(String, Source), Problem> {
    let Yaml::Text(text) = &yaml.value else {
        return Err(Problem::new(yaml.at, "`for` is written `name in expression`"));
    };
    let (name, of) = text
        .split_once(" in ")
        .ok_or_else(|| Problem::new(yaml.at, "`for` is written `name in expression`"))?;
    Ok((name.trim().to_owned(), Source { text: of.trim().to_owned(), at: yaml.at }))
}

fn key_of(name: &str, at: Range) -> Result<Key<Source>, Problem> {
    match scalar(name, at)? {
        Node::Const(_) => Ok(Key::Fixed(name.into())),
        Node::Expr(source) => Ok(Key::Text(vec![TextPart::Expr(source)])),
        Node::Text(parts) => Ok(Key::Text(parts)),
        _ => Err(Problem::new(at, "a key is a text")),
    }
}

/// Splits a scalar at its `{{ … }}`.
fn scalar(text: &str, at: Range) -> Result<Node<Source>, Problem> {
    if !text.contains("{{") {
        return Ok(Node::Const(Arc::new(Data::Text(text.into()))));
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, behind)) = after.split_once("}}") else {
            return Err(Problem::new(at, "this `{{` is never closed"));
        };
        if !before.is_empty() {
            parts.push(TextPart::Text(before.to_owned()));
        }
        parts.push(TextPart::Expr(Source { text: inside.trim().to_owned(), at }));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(TextPart::Text(rest.to_owned()));
    }
    match (parts.len(), parts.pop()) {
        (1, Some(TextPart::Expr(only))) => Ok(Node::Expr(only)),
        (_, last) => {
            parts.extend(last);
            Ok(Node::Text(parts))
        }
    }
}

fn fold_list(items: Vec<Node<Source>>) -> Node<Source> {
    let constant: Option<Vec<Data>> = items.iter().map(constant).collect();
    constant.map_or(Node::List(items), |list| Node::Const(Arc::new(Data::List(list))))
}

fn fold_map(entries: Vec<(Key<Source>, Node<Source>)>) -> Node<Source> {
    let constant: Option<Vec<(Arc<str>, Data)>> = entries
        .iter()
        .map(|(key, value)| match key {
            Key::Fixed(name) => Some((name.clone(), constant(value)?)),
            Key::Text(_) => None,
        })
        .collect();
    constant.map_or(Node::Map(entries), |map| Node::Const(Arc::new(Data::Map(map))))
}

fn constant(node: &Node<Source>) -> Option<Data> {
    match node {
        Node::Const(data) => Some((**data).clone()),
        _ => None,
    }
}

impl<E> Node<E> {
    /// Calls `visit` with every expression and the loop variables it may use.
    pub fn visit(&self, names: &mut Vec<String>, visit: &mut impl FnMut(&E, &[String])) {
        let parts = |parts: &[TextPart<E>], names: &[String], visit: &mut dyn FnMut(&E, &[String])| {
            for part in parts {
                if let TextPart::Expr(expr) = part {
                    visit(expr, names);
                }
            }
        };
        match self {
            Node::Const(_) => {}
            Node::Expr(expr) => visit(expr, names),
            Node::Text(text) => parts(text, names, visit),
            Node::List(items) => items.iter().for_each(|item| item.visit(names, visit)),
            Node::Map(entries) => {
                for (key, value) in entries {
                    if let Key::Text(text) = key {
                        parts(text, names, visit);
                    }
                    value.visit(names, visit);
                }
            }
            Node::When(test, body) => {
                visit(test, names);
                body.visit(names, visit);
            }
            Node::Each(name, of, body) => {
                visit(of, names);
                names.push(name.clone());
                body.visit(names, visit);
                names.pop();
            }
        }
    }
}
