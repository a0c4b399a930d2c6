//! What rules can ask beside operators.

use super::super::text::{
    ACCOUNT, Chars, PARTITION, REGION, Text, free, generated, is_free, is_marked, split,
};
use super::super::tri::Tri;
use super::super::value::{Node, Value};
use super::expression::Expression;
use super::index::at_path;
use super::scope::{Scope, bool};
use crate::library::Data;
use crate::verify::measure::{combinations, overlap, size};

/// Every function, for the check of rules when they are read.
pub const NAMES: &[&str] = &[
    "absent",
    "account",
    "anything",
    "before",
    "beginning",
    "clash",
    "combinations",
    "contains",
    "default",
    "ends",
    "event",
    "exists",
    "first",
    "greatest",
    "inside",
    "join_lists",
    "key",
    "keys",
    "known",
    "late",
    "len",
    "literal",
    "managed",
    "mentioned",
    "name",
    "named",
    "part",
    "partition",
    "path",
    "pick",
    "project",
    "quoted",
    "region",
    "resource",
    "rest",
    "size",
    "starts",
    "those",
    "type",
];

/// Calls a function. What makes no sense is unknown: a rule says nothing then.
pub fn call<'a>(scope: &Scope<'_, '_, 'a>, name: &str, arguments: &'a [Expression]) -> Value<'a> {
    let value = |index: usize| arguments.get(index).map_or(Value::Absent, |one| scope.value(one));
    let text = |index: usize| match arguments.get(index) {
        Some(Expression::Text(text)) => Chars::Borrowed(text.as_str()),
        _ => match value(index) {
            Value::Text(text) => text.text,
            _ => Chars::Borrowed(""),
        },
    };
    match name {
        "default" => match value(0) {
            Value::Absent => value(1),
            given => given,
        },
        "exists" => match value(0) {
            Value::Unknown => Value::Unknown,
            given => Value::Bool(!matches!(given, Value::Absent)),
        },
        "absent" => Value::Bool(matches!(value(0), Value::Absent)),
        "known" => Value::Bool(match value(0) {
            Value::Unknown => false,
            Value::Text(text) => !is_free(&text.text),
            _ => true,
        }),
        "resource" => resource(scope, value(0)),
        "type" => match resource(scope, value(0)) {
            Value::Resource(at) => Value::Text(Text { text: scope.world.type_of(at).into(), of: None }),
            other => other,
        },
        "named" => named(scope, &text(0), value(1)),
        "those" => those(scope, &text(0), &text(1), value(2)),
        "path" => Value::List(at_path(scope.world, value(0), &text(1))),
        "first" => match value(0) {
            Value::List(items) => items.into_iter().next().unwrap_or(Value::Absent),
            other => other,
        },
        "starts" => whether(&value(0), &text(1), |text, part| text.starts_with(part)),
        "ends" => whether(&value(0), &text(1), |text, part| text.ends_with(part)),
        "contains" => whether(&value(0), &text(1), |text, part| text.contains(part)),
        "len" => length(&value(0)),
        "part" => part(&value(0), &text(1), value(2).number(), false),
        "rest" => part(&value(0), &text(1), value(2).number(), true),
        "literal" => literal(&value(0)),
        "quoted" => quoted(scope, value(0), &text(1)),
        "keys" => keys(&value(0)),
        "before" => match (resource(scope, value(0)), resource(scope, value(1))) {
            (Value::Resource(first), Value::Resource(then)) => {
                Value::Bool(scope.order.precedes(scope.world, first, then))
            }
            _ => Value::Unknown,
        },
        "key" => key(scope, value(0)),
        "managed" => managed(&value(0)),
        "size" => size(scope.world, &value(0)),
        "combinations" => combinations(scope.world, &value(0)),
        "clash" => overlap(scope.world, value(0)),
        "event" => match value(0) {
            Value::Resource(at) => {
                words(scope.world.entry(at).and_then(|entry| entry.owner).unwrap_or_default())
            }
            _ => Value::Unknown,
        },
        "project" => Value::Bool(scope.world.is_project()),
        "region" => Value::Text(Text::new(REGION)),
        "partition" => Value::Text(Text::new(PARTITION)),
        "account" => Value::Text(Text::new(ACCOUNT)),
        "anything" => words(&free("anything")),
        "name" => own_name(scope, value(0)),
        "pick" => pick(scope, value(0), &text(1), &value(2).items()),
        "beginning" => beginning(scope, value(0), &text(1), &text(2)),
        "greatest" => greatest(value(0)),
        "late" => late(scope, value(0), value(1)),
        "inside" => inside(scope, value(0), &text(1), &text(2)),
        "mentioned" => mentioned(scope, &value(0), &text(1)),
        "join_lists" => joined((0..arguments.len()).flat_map(|index| value(index).items())),
        _ => Value::Unknown,
    }
}

fn words<'a>(text: &str) -> Value<'a> {
    Value::Text(Text::new(text.to_owned()))
}

/// The resource that a value stands for; the value itself if it is none of the templates.
fn resource<'a>(scope: &Scope<'_, '_, 'a>, value: Value<'a>) -> Value<'a> {
    match value {
        Value::Text(text) => match scope.world.denoted(&text) {
            Some(at) => Value::Resource(at),
            None if is_free(&text.text) => Value::Unknown,
            None => Value::Text(text),
        },
        other => other,
    }
}

fn named<'a>(scope: &Scope<'_, '_, 'a>, kind: &str, value: Value<'a>) -> Value<'a> {
    match value {
        Value::Text(text) => match scope.world.find(kind, &text) {
            Some(at) => Value::Resource(at),
            None if is_free(&text.text) => Value::Unknown,
            None => Value::Text(text),
        },
        other => other,
    }
}

fn those<'a>(scope: &Scope<'_, '_, 'a>, kind: &str, path: &str, value: Value<'a>) -> Value<'a> {
    let mut found = Vec::new();
    for value in value.items() {
        match resource(scope, value) {
            Value::Resource(at) => found.extend(scope.indexes.those(scope.world, kind, path, at)),
            _ => return Value::Unknown,
        }
    }
    Value::List(found.into_iter().map(Value::Resource).collect())
}

/// Lists as one, in which no text stands twice.
fn joined<'a>(items: impl Iterator<Item = Value<'a>>) -> Value<'a> {
    let mut found: Vec<Value<'a>> = Vec::new();
    for item in items {
        let text = |value: &Value<'a>| match value {
            Value::Text(text) => Some(text.text.to_string()),
            _ => None,
        };
        let own = text(&item);
        if own.is_none() || !found.iter().any(|known| text(known) == own) {
            found.push(item);
        }
    }
    Value::List(found)
}

/// The name of a resource, its own or the one that AWS makes up.
fn own_name<'a>(scope: &Scope<'_, '_, 'a>, value: Value<'a>) -> Value<'a> {
    let Value::Resource(at) = resource(scope, value) else { return Value::Unknown };
    let own = scope.world.own_name(at);
    Value::Text(Text { text: own.unwrap_or_else(|| generated(at, "name").into()), of: None })
}

/// The items of a list whose member is one of some values.
fn pick<'a>(scope: &Scope<'_, '_, 'a>, list: Value<'a>, member: &str, wanted: &[Value<'a>]) -> Value<'a> {
    if matches!(list, Value::Unknown) {
        return Value::Unknown;
    }
    let fits = |item: &Value<'a>| {
        let value = scope.member(item.clone(), member);
        wanted.iter().any(|wanted| value.equals(wanted) == Tri::Yes)
    };
    Value::List(list.items().into_iter().filter(fits).collect())
}

/// The items of a list whose member begins so.
fn beginning<'a>(scope: &Scope<'_, '_, 'a>, list: Value<'a>, member: &str, start: &str) -> Value<'a> {
    if matches!(list, Value::Unknown) {
        return Value::Unknown;
    }
    let fits = |item: &Value<'a>| match scope.member(item.clone(), member) {
        Value::Text(text) => text.text.starts_with(start),
        _ => false,
    };
    Value::List(list.items().into_iter().filter(fits).collect())
}

fn greatest<'a>(list: Value<'a>) -> Value<'a> {
    let mut found = Value::Absent;
    for item in list.items() {
        match (item.number(), &found) {
            (None, _) => return Value::Unknown,
            (Some(number), Value::Number(most)) if number <= *most => {}
            (Some(number), _) => found = Value::Number(number),
        }
    }
    found
}

/// The resources of a list that are not there before another is made.
fn late<'a>(scope: &Scope<'_, '_, 'a>, list: Value<'a>, then: Value<'a>) -> Value<'a> {
    let (Value::List(items), Value::Resource(then)) = (list, resource(scope, then)) else {
        return Value::Unknown;
    };
    let is_late = |item: &Value<'a>| match item {
        Value::Resource(first) => !scope.order.precedes(scope.world, *first, then),
        _ => false,
    };
    Value::List(items.into_iter().filter(is_late).collect())
}

/// Every object in a value, however deep, whose member ends so.
fn inside<'a>(scope: &Scope<'_, '_, 'a>, value: Value<'a>, member: &str, ending: &str) -> Value<'a> {
    let mut found = Vec::new();
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        match value {
            _ if depth > DEEPEST => {}
            Value::List(items) => open.extend(items.into_iter().map(|item| (item, depth + 1))),
            Value::Object(node) => {
                let own = scope.world.member(node, member, 0);
                if matches!(&own, Value::Text(text) if text.text.ends_with(ending)) {
                    found.push(Value::Object(node));
                }
                if let Data::Map(entries) = node.linked.data {
                    let values = entries.iter();
                    open.extend(values.map(|(_, data)| {
                        (scope.world.value(Node { linked: node.linked.of(data), ..node }), depth + 1)
                    }));
                }
            }
            _ => {}
        }
    }
    Value::List(found)
}

/// Values nested deeper are no template's.
const DEEPEST: usize = 64;

/// The resources of a type that a resource refers to.
fn mentioned<'a>(scope: &Scope<'_, '_, 'a>, value: &Value<'a>, kind: &str) -> Value<'a> {
    let Value::Resource(at) = *value else { return Value::Unknown };
    let (template, _) = scope.world.position(at);
    let mut found = Vec::new();
    crate::verify::order::names(scope.world, at, &mut |name, how| {
        if how == crate::verify::order::Use::Wait {
            return;
        }
        let target = match scope.world.reference(template, name, 0) {
            Value::Text(text) => scope.world.denoted(&text),
            _ => None,
        };
        if let Some(target) = target
            && scope.world.type_of(target) == kind
            && !found.contains(&target)
        {
            found.push(target);
        }
    });
    Value::List(found.into_iter().map(Value::Resource).collect())
}

/// What a text is; a part that is free may make it so or not.
fn whether<'a>(value: &Value<'a>, part: &str, ask: impl Fn(&str, &str) -> bool) -> Value<'a> {
    match value {
        Value::Text(text) if ask(&text.text, part) => Value::Bool(true),
        Value::Text(text) if is_marked(&text.text) => {
            if is_free(&text.text) {
                Value::Unknown
            } else {
                Value::Bool(false)
            }
        }
        Value::Number(number) => Value::Bool(ask(&number.to_string(), part)),
        Value::Unknown => Value::Unknown,
        Value::Text(_) => Value::Bool(false),
        _ => Value::Bool(false),
    }
}

/// How long a text is at least, or how many items there are.
fn length<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Absent => Value::Number(0.0),
        Value::List(items) => Value::Number(items.len() as f64),
        Value::Text(text) => Value::Number(crate::verify::measure::least_length(&text.text) as f64),
        _ => Value::Unknown,
    }
}

/// The part with that number between separators, or all from it on.
fn part<'a>(value: &Value<'a>, separator: &str, index: Option<f64>, rest: bool) -> Value<'a> {
    let (Value::Text(text), Some(index)) = (value, index) else { return Value::Unknown };
    let parts = split(&text.text, separator);
    let Some(behind) = parts.get(index as usize..).filter(|parts| !parts.is_empty()) else {
        return if text.is_free() { Value::Unknown } else { Value::Absent };
    };
    let found =
        if rest { behind.join(separator) } else { behind.first().copied().unwrap_or_default().to_owned() };
    Value::Text(Text::new(found))
}

/// A text up to its first expression of Firehose or placeholder of API Gateway.
fn literal<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Text(text) => {
            let end = text.text.find("!{").into_iter().chain(text.text.find('{')).min();
            words(text.text.get(..end.unwrap_or(text.text.len())).unwrap_or_default())
        }
        Value::Absent => words(""),
        _ => Value::Unknown,
    }
}

/// The value that stands in quotes behind a name, in a text or in any text of an object: `"StreamName": "orders"`.
fn quoted<'a>(scope: &Scope<'_, '_, 'a>, value: Value<'a>, name: &str) -> Value<'a> {
    match value {
        Value::Text(text) => {
            let found = text.text.split(name).skip(1).find_map(|behind| {
                let behind = behind.trim_start_matches(['\\', '"', '\'']).trim_start();
                let behind =
                    behind.strip_prefix([':', '='])?.trim_start().trim_start_matches(['\\', '"', '\'']);
                let end = behind.find(['"', '\\', '\'', '&', '\n'])?;
                behind.get(..end)
            });
            found.map_or(Value::Absent, words)
        }
        Value::Object(node) => {
            let Data::Map(entries) = node.linked.data else { return Value::Absent };
            let values = entries.iter().map(|(_, data)| {
                quoted(scope, scope.world.value(Node { linked: node.linked.of(data), ..node }), name)
            });
            let mut found = Value::Absent;
            for value in values {
                match value {
                    Value::Absent => {}
                    Value::Unknown => found = Value::Unknown,
                    text => return text,
                }
            }
            found
        }
        other => other,
    }
}

fn keys<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Object(node) => match node.linked.data {
            Data::Map(entries) => Value::List(entries.iter().map(|(key, _)| words(key)).collect()),
            _ => Value::Unknown,
        },
        Value::Absent => Value::List(Vec::new()),
        _ => Value::Unknown,
    }
}

/// The key that a property names: by its ARN, id, or an alias. Absent if it names none, or one that AWS manages.
fn key<'a>(scope: &Scope<'_, '_, 'a>, value: Value<'a>) -> Value<'a> {
    if managed(&value).truth() == Tri::Yes {
        return Value::Absent;
    }
    let found = resource(scope, value);
    let alias = match &found {
        Value::Resource(at) => {
            scope.world.kind(*at).and_then(|kind| kind.alias.as_ref()).map(|form| (*at, form))
        }
        Value::Text(text) => scope.world.facts.kinds.iter().find_map(|(kind, facts)| {
            let form = facts.alias.as_ref()?;
            Some((scope.world.find(kind, text)?, form))
        }),
        _ => None,
    };
    match alias {
        Some((at, form)) => resource(scope, scope.world.property(at, &form.target)),
        None => found,
    }
}

/// Whether a key is one that AWS manages: its policy cannot be changed.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key>
fn managed<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Text(text) => {
            bool(Tri::from(text.text.starts_with("alias/aws/") || text.text.contains(":alias/aws/")))
        }
        Value::Unknown => Value::Unknown,
        _ => Value::Bool(false),
    }
}
