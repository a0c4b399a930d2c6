//! Findings in words.

use std::borrow::Cow;

use super::super::text::{Text, is_free, readable};
use super::super::value::Value;
use super::super::world::{At, World};
use super::rule::{Message, Part, Report};
use super::run::Finding;
use super::scope::Scope;
use crate::verify::iam::{Grant, Why};

/// Actions as people read them.
pub(super) fn listed<'a>(actions: &[Cow<'_, str>]) -> Value<'a> {
    let quoted: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
    Value::Text(Text::new(quoted.join(" and ")))
}

/// A text of which every part is known.
pub(super) fn plain<'a>(scope: &Scope<'_, '_, 'a>, message: &'a Message) -> Option<Cow<'a, str>> {
    if let [Part::Text(text)] = message.0.as_slice() {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::new();
    for part in &message.0 {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value(expression) => match scope.value(expression) {
                Value::Text(text) if !is_free(&text.text) => out.push_str(&text.text),
                _ => return None,
            },
        }
    }
    Some(Cow::Owned(out))
}

/// A finding: `why` stands before its help.
pub(super) fn finding<'a>(scope: &Scope<'_, '_, 'a>, report: &'a Report, at: At, why: &str) -> Finding {
    let place = report.at.as_ref().and_then(|at| scope.world.stood_for(&scope.value(at)));
    let mut others: Vec<At> =
        scope.names.iter().filter_map(|(_, value)| scope.world.stood_for(value)).collect();
    others.sort_unstable();
    others.dedup();
    let help = show(scope, &report.help);
    let help = match (help.is_empty(), why.is_empty()) {
        (_, true) => help,
        (true, false) => why.to_owned(),
        (false, false) => format!("{why}; {help}"),
    };
    Finding {
        code: report.code,
        at: place.unwrap_or(at),
        property: report.property.clone(),
        message: show(scope, &report.message),
        help,
        others,
    }
}

fn show<'a>(scope: &Scope<'_, '_, 'a>, message: &'a Message) -> String {
    let parts = message.0.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Value(expression) => shown(scope.world, &scope.value(expression)),
    });
    parts.collect()
}

fn shown(world: &World<'_>, value: &Value<'_>) -> String {
    match value {
        Value::Unknown => "?".to_owned(),
        Value::Absent => "none".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => match world.denoted(text) {
            Some(at) => label(world, at),
            None => readable(&text.text),
        },
        Value::List(items) => items.iter().map(|item| shown(world, item)).collect::<Vec<_>>().join(", "),
        Value::Object(_) => "…".to_owned(),
        Value::Resource(at) => label(world, *at),
    }
}

/// What people call a resource: `CardIssued.Queue`, as an `override` names it, or its logical id.
#[must_use]
pub fn label(world: &World<'_>, at: At) -> String {
    match world.entry(at) {
        Some(entry) => match entry.owner {
            Some(owner) => format!("{owner}.{}", entry.id),
            None => entry.id.to_string(),
        },
        None => String::new(),
    }
}

/// Why something is refused, for the help.
pub(super) fn why_refused(world: &World<'_>, why: &Why) -> String {
    let place = |grant: &Grant| {
        let name = label(world, grant.at);
        match grant.label.as_str() {
            "" => format!("`{name}`"),
            label => format!("the statement `{label}` of `{name}`"),
        }
    };
    match why {
        Why::Denied(grant) => format!("{} denies it", place(grant)),
        Why::OtherResource(grant) => format!("{} is about another resource", place(grant)),
        Why::Condition(grant, key) => format!("{} asks for another `{key}`", place(grant)),
        Why::NothingAllows | Why::KeyPolicy => String::new(),
    }
}
