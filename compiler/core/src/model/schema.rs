//! `schema` and `type`: the shape of an event's data.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::declare::{Declarations, Declared, check_snake, declared_twice};
use super::unknown::unknown_name;
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Field, Item, Literal, Statement, TypeExpr, TypeKind};

const SCALARS: &[(&str, Shape)] = &[
    ("string", Shape::String),
    ("int", Shape::Int),
    ("decimal", Shape::Decimal),
    ("bool", Shape::Bool),
    ("datetime", Shape::DateTime),
    ("date", Shape::Date),
    ("uuid", Shape::Uuid),
    ("bytes", Shape::Bytes),
    ("json", Shape::Json),
];

/// The fields of an event or a named type.
#[derive(Clone, Debug, Serialize)]
pub struct Schema {
    /// Its documentation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// By name, in the order they were written.
    pub fields: IndexMap<String, SchemaField>,
}

/// One field.
#[derive(Clone, Debug, Serialize)]
pub struct SchemaField {
    /// Its documentation.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// Whether it may be left out.
    pub optional: bool,
    /// Its type.
    pub shape: Shape,
    /// What its values must fulfil.
    pub constraints: Constraints,
    /// Never logged.
    pub secret: bool,
    /// Where.
    #[serde(skip)]
    pub span: Span,
}

/// The types of fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Text.
    String,
    /// Whole number.
    Int,
    /// Number.
    Decimal,
    /// True or false.
    Bool,
    /// RFC 3339 date and time.
    DateTime,
    /// RFC 3339 date.
    Date,
    /// UUID in its text form.
    Uuid,
    /// Base64 text.
    Bytes,
    /// Any JSON value.
    Json,
    /// A list.
    List(Box<Shape>),
    /// An object with free keys.
    Map(Box<Shape>),
    /// A named type.
    Named(String),
    /// One of a set of texts.
    Texts(Vec<String>),
    /// One of a set of whole numbers.
    Ints(Vec<i64>),
}

impl Shape {
    /// Whether values are JSON strings, which is what can stand in a path or partition a stream.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Shape::String | Shape::DateTime | Shape::Date | Shape::Uuid | Shape::Texts(_))
    }
}

/// What a field's values must fulfil.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Constraints {
    /// A regular expression, ECMA 262.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Fewest characters or items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<i64>,
    /// Most characters or items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<i64>,
    /// Lowest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Highest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The value meant when the field is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

type Types<'a> = IndexMap<&'a str, Declared<'a>>;

/// Reads all named types.
pub fn types(all: &Declarations<'_>, diags: &mut Diagnostics) -> IndexMap<String, Schema> {
    let mut found = IndexMap::new();
    for (name, declared) in &all.types {
        if SCALARS.iter().any(|(scalar, _)| scalar == name) {
            let message = format!("`{name}` is a type of the language");
            diags.push(
                Diagnostic::new(Code::DeclaredTwice, declared.statement.head(), message)
                    .help("give yours another name"),
            );
        }
        found.insert((*name).to_owned(), schema(declared.statement, &all.types, diags));
    }
    for name in endless(&found) {
        let span = all.types.get(name.as_str()).map(|declared| declared.statement.head());
        let message = format!("the type `{name}` needs itself, so no value of it can end");
        let help = "make the field that leads back optional (`name?:`), or put it in a list";
        diags.extend(span.map(|span| Diagnostic::new(Code::EndlessType, span, message).help(help)));
    }
    found
}

/// The types on a circle of required fields: what is left when those that end, and those that nothing left needs,
/// are taken away.
fn endless(types: &IndexMap<String, Schema>) -> Vec<String> {
    let needs = |schema: &Schema| -> Vec<String> {
        let required = schema.fields.values().filter(|field| !field.optional);
        required
            .filter_map(|field| if let Shape::Named(name) = &field.shape { Some(name.clone()) } else { None })
            .collect()
    };
    let mut edges: Vec<(String, Vec<String>)> =
        types.iter().map(|(name, schema)| (name.clone(), needs(schema))).collect();
    for _ in 0..2 {
        let mut waits: BTreeMap<&str, usize> = edges.iter().map(|(name, _)| (name.as_str(), 0)).collect();
        let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, needed) in &edges {
            for target in needed {
                *waits.entry(name).or_default() += 1;
                users.entry(target).or_default().push(name);
            }
        }
        let mut open: Vec<&str> =
            waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
        while let Some(done) = open.pop() {
            for user in users.remove(done).unwrap_or_default() {
                let left = waits.entry(user).or_default();
                *left = left.saturating_sub(1);
                if *left == 0 {
                    open.push(user);
                }
            }
        }
        let kept: BTreeSet<String> =
            waits.iter().filter(|(_, count)| **count > 0).map(|(name, _)| (*name).to_owned()).collect();
        // The second time round the other way: what nothing on a circle needs is on none.
        let mut turned: BTreeMap<String, Vec<String>> =
            kept.iter().map(|name| (name.clone(), Vec::new())).collect();
        for (name, needed) in edges.iter().filter(|(name, _)| kept.contains(name)) {
            for target in needed.iter().filter(|target| kept.contains(*target)) {
                turned.entry(target.clone()).or_default().push(name.clone());
            }
        }
        edges = turned.into_iter().collect();
    }
    edges.into_iter().map(|(name, _)| name).collect()
}

/// Reads the fields of a `schema` or `type` block.
pub fn schema(statement: &Statement, types: &Types<'_>, diags: &mut Diagnostics) -> Schema {
    let mut fields: IndexMap<String, SchemaField> = IndexMap::new();
    for item in statement.block.iter().flat_map(|block| &block.items) {
        match item {
            Item::Field(field) => {
                if let Some(first) = fields.get(&field.name.value) {
                    declared_twice("field", &field.name.value, field.name.span, first.span, diags);
                } else if let Some(read) = read_field(field, types, diags) {
                    fields.insert(field.name.value.clone(), read);
                }
            }
            Item::Statement(other) if !other.broken => {
                let name = &other.name.value;
                let message =
                    format!("`{name}` is a statement, and a `{}` holds fields", statement.name.value);
                let help = format!("a field is written `{name}: string`");
                diags.push(
                    Diagnostic::new(Code::MisplacedField, other.head(), message).help(help).consequence(
                        Consequence::OfKind(
                            Code::UnclosedBlock,
                            // The missing brace may be that of a block around this one.
                            Span { start: 0, end: u32::MAX, ..statement.span },
                        ),
                    ),
                );
            }
            _ => {}
        }
    }
    Schema { doc: statement.docs.join("\n"), fields }
}

fn read_field(field: &Field, types: &Types<'_>, diags: &mut Diagnostics) -> Option<SchemaField> {
    check_snake(&field.name.value, field.name.span, "field", diags);
    let shape = shape(&field.kind, types, diags)?;
    let mut read = SchemaField {
        doc: field.docs.join("\n"),
        optional: field.optional,
        shape,
        constraints: Constraints::default(),
        secret: false,
        span: field.name.span,
    };
    let mut args = field.constraints.as_slice();
    while let [first, rest @ ..] = args {
        match constraint(&mut read, first, rest) {
            Some(taken) => args = rest.get(taken..).unwrap_or(&[]),
            None => {
                // What follows a word that is no constraint has no meaning either; a broken field was reported.
                if !field.broken {
                    report_constraint(&read, first, rest, diags);
                }
                let known = CONSTRAINTS.iter().any(|(word, _)| is_word(first, word));
                args = if known { rest.get(1..).unwrap_or(&[]) } else { &[] };
            }
        }
    }
    if let (Some(pattern), [.., Arg { span, .. }]) = (&read.constraints.pattern, field.constraints.as_slice())
    {
        let place = field.constraints.iter().find(|arg| arg.value == Literal::Text(pattern.clone()));
        check_pattern(pattern, place.map_or(*span, |arg| arg.span), diags);
    }
    let bounds = &read.constraints;
    let crossed = bounds.minimum.zip(bounds.maximum).is_some_and(|(low, high)| low > high)
        || bounds.min_length.zip(bounds.max_length).is_some_and(|(low, high)| low > high);
    if crossed {
        let message =
            format!("no value of `{}` can fulfil this: the lower bound is above the upper", field.name.value);
        diags.push(Diagnostic::new(Code::BadConstraint, field.span, message).help("swap the bounds"));
    }
    if !super::json_schema::default_fits(&read) {
        let message =
            format!("the default of `{}` is a value that the field does not take", field.name.value);
        diags.push(
            Diagnostic::new(Code::BadConstraint, field.span, message)
                .help("change the default or the constraints"),
        );
    }
    Some(read)
}

fn shape(expr: &TypeExpr, types: &Types<'_>, diags: &mut Diagnostics) -> Option<Shape> {
    Some(match &expr.kind {
        TypeKind::List(of) => Shape::List(Box::new(shape(of, types, diags)?)),
        TypeKind::Map(key, of) => {
            if !matches!(&key.kind, TypeKind::Name(name) if name == "string") {
                diags.push(
                    Diagnostic::new(Code::UnknownType, key.span, "the keys of an object are texts")
                        .help("write `{string: T}`"),
                );
            }
            Shape::Map(Box::new(shape(of, types, diags)?))
        }
        TypeKind::Text(text) => Shape::Texts(vec![text.clone()]),
        TypeKind::Int(number) => Shape::Ints(vec![*number]),
        TypeKind::Union(members) => union(members, expr.span, diags)?,
        TypeKind::Name(name) => match SCALARS.iter().find(|(scalar, _)| scalar == name) {
            Some((_, scalar)) => scalar.clone(),
            None if types.contains_key(name.as_str()) => Shape::Named(name.clone()),
            None => {
                diags.push(unknown_type(name, expr.span, types));
                return None;
            }
        },
    })
}

fn unknown_type(name: &str, span: Span, types: &Types<'_>) -> Diagnostic {
    const OTHERS: &[(&str, &str)] = &[
        ("integer", "int"),
        ("number", "decimal"),
        ("float", "decimal"),
        ("boolean", "bool"),
        ("text", "string"),
        ("timestamp", "datetime"),
        ("object", "json"),
        ("any", "json"),
        ("str", "string"),
        ("long", "int"),
    ];
    let named = || SCALARS.iter().map(|(scalar, _)| *scalar).chain(types.keys().copied());
    let other = OTHERS.iter().find(|(theirs, _)| *theirs == name.to_lowercase()).map(|(_, ours)| *ours);
    let help = match other.or_else(|| nearest(name, named())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "declare it: `type {name} {{ … }}`; the built-in types are {}",
            SCALARS.iter().map(|(s, _)| *s).collect::<Vec<_>>().join(", ")
        ),
    };
    Diagnostic::new(Code::UnknownType, span, format!("there is no type `{name}`")).help(help)
}

fn union(members: &[TypeExpr], span: Span, diags: &mut Diagnostics) -> Option<Shape> {
    let texts: Vec<String> = members
        .iter()
        .filter_map(|m| if let TypeKind::Text(t) = &m.kind { Some(t.clone()) } else { None })
        .collect();
    let ints: Vec<i64> =
        members.iter().filter_map(|m| if let TypeKind::Int(i) = m.kind { Some(i) } else { None }).collect();
    if texts.len() == members.len() {
        Some(Shape::Texts(texts))
    } else if ints.len() == members.len() {
        Some(Shape::Ints(ints))
    } else {
        let help = "write `\"a\" | \"b\"` or `1 | 2`; for an absent value make the field optional: `name?:`";
        diags.push(
            Diagnostic::new(Code::UnknownType, span, "a union holds only texts, or only whole numbers")
                .help(help),
        );
        None
    }
}

/// The constraints and how each is written.
const CONSTRAINTS: &[(&str, &str)] = &[
    ("matching", "`matching \"^[a-z]+$\"` on a string"),
    ("length", "`length 1..64` on a string or a list"),
    (">=", "`>= 0` on an int or a decimal"),
    ("<=", "`<= 10` on an int or a decimal"),
    ("between", "`between 1..10` on an int or a decimal"),
    ("default", "`default v`, a value of the field's type"),
    ("secret", "`secret`"),
];

fn is_word(arg: &Arg, wanted: &str) -> bool {
    matches!(&arg.value, Literal::Word(word) | Literal::Operator(word) if word == wanted)
}

/// Reads one constraint and returns how many arguments behind its word it took; `None` when it does not fit.
fn constraint(field: &mut SchemaField, first: &Arg, rest: &[Arg]) -> Option<usize> {
    let value = rest.first().map(|arg| &arg.value);
    let sized = matches!(field.shape, Shape::String | Shape::List(_) | Shape::Bytes);
    let numeric = matches!(field.shape, Shape::Int | Shape::Decimal);
    let (Literal::Word(word) | Literal::Operator(word)) = &first.value else { return None };
    let bounds = &mut field.constraints;
    match (word.as_str(), value) {
        ("secret", _) => {
            field.secret = true;
            return Some(0);
        }
        ("matching", Some(Literal::Text(pattern))) if field.shape == Shape::String => {
            bounds.pattern = Some(pattern.clone());
        }
        ("length", Some(Literal::Range { low, high })) if sized => {
            let whole = |bound: &Option<f64>| bound.is_none_or(|n| n >= 0.0 && n.fract() == 0.0);
            if !whole(low) || !whole(high) || (low.is_none() && high.is_none()) {
                return None;
            }
            bounds.min_length = low.map(|n| n as i64);
            bounds.max_length = high.map(|n| n as i64);
        }
        ("length", Some(Literal::Int(exact))) if sized => {
            bounds.min_length = Some(*exact);
            bounds.max_length = Some(*exact);
        }
        ("between", Some(Literal::Range { low, high })) if numeric => {
            bounds.minimum = *low;
            bounds.maximum = *high;
        }
        (">=", Some(number)) if numeric => bounds.minimum = Some(as_number(number)?),
        ("<=", Some(number)) if numeric => bounds.maximum = Some(as_number(number)?),
        ("default", Some(value)) => bounds.default = Some(as_json(value, &field.shape)?),
        _ => return None,
    }
    Some(1)
}

fn report_constraint(field: &SchemaField, first: &Arg, rest: &[Arg], diags: &mut Diagnostics) {
    let word = match &first.value {
        Literal::Word(word) | Literal::Operator(word) => word.as_str(),
        _ => "",
    };
    let span = rest.first().map_or(first.span, |arg| first.span.to(arg.span));
    let (message, help) = match CONSTRAINTS.iter().find(|(form, _)| *form == word) {
        Some((form, usage)) => (
            format!("`{form}` does not fit here, on {}", describe(&field.shape)),
            format!("it is written {usage}"),
        ),
        None => {
            let near = nearest(word, CONSTRAINTS.iter().map(|(form, _)| *form)).filter(|_| !word.is_empty());
            let list = CONSTRAINTS.iter().map(|(form, _)| format!("`{form}`")).collect::<Vec<_>>().join(", ");
            let shown = if word.is_empty() { first.value.describe().to_owned() } else { format!("`{word}`") };
            (
                format!("{shown} is not a constraint"),
                near.map_or(format!("the constraints are {list}"), |n| format!("did you mean `{n}`?")),
            )
        }
    };
    diags.push(Diagnostic::new(Code::BadConstraint, span, message).help(help));
}

fn describe(shape: &Shape) -> &'static str {
    match shape {
        Shape::String => "a string",
        Shape::Int => "an int",
        Shape::Decimal => "a decimal",
        Shape::List(_) => "a list",
        Shape::Texts(_) | Shape::Ints(_) => "a union",
        Shape::Named(_) => "a named type",
        _ => "this type",
    }
}

fn as_number(literal: &Literal) -> Option<f64> {
    match literal {
        Literal::Int(value) => Some(*value as f64),
        Literal::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn as_json(literal: &Literal, shape: &Shape) -> Option<serde_json::Value> {
    match (literal, shape) {
        (Literal::Text(text), Shape::Texts(texts)) if !texts.contains(text) => None,
        (Literal::Text(text), shape) if shape.is_text() => Some(text.clone().into()),
        (Literal::Int(value), Shape::Ints(ints)) if !ints.contains(value) => None,
        (Literal::Int(value), Shape::Int | Shape::Ints(_) | Shape::Decimal) => Some((*value).into()),
        (Literal::Decimal(value), Shape::Decimal) => Some((*value).into()),
        (Literal::Word(word), Shape::Bool) if word == "true" || word == "false" => {
            Some((word == "true").into())
        }
        _ => None,
    }
}

/// A pattern must be one that API Gateway, Python and JavaScript all read the same way.
fn check_pattern(pattern: &str, span: Span, diags: &mut Diagnostics) {
    let problem = super::json_schema::pattern_problem(pattern);
    diags.extend(problem.map(|(message, help)| Diagnostic::new(Code::BadPattern, span, message).help(help)));
}

/// The names of types in a type expression.
pub fn names_in(expr: &TypeExpr) -> Vec<String> {
    match &expr.kind {
        TypeKind::Name(name) => vec![name.clone()],
        TypeKind::List(of) => names_in(of),
        TypeKind::Map(key, of) => [names_in(key), names_in(of)].concat(),
        TypeKind::Union(members) => members.iter().flat_map(names_in).collect(),
        TypeKind::Text(_) | TypeKind::Int(_) => Vec::new(),
    }
}

/// The finding for a field name that the schema does not have.
#[must_use]
pub fn unknown_field(name: &Spanned<String>, schema: &Schema) -> Diagnostic {
    unknown_name("field", &name.value, name.span, schema.fields.keys().map(String::as_str))
}
