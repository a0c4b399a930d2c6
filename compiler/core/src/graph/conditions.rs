//! Rules about `where`: its fields, their types, and who decides it.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::model::{
    Comparison, Event, Model, Operand, Schema, SchemaField, Shape, Subscriber, Test, fields_at, filter,
};

/// Proof 39 for conditions: they name fields of the schema, of types that can be compared so.
pub fn check(model: &Model, diags: &mut Diagnostics) {
    for (name, event) in &model.events {
        for subscriber in event.subscribers.values() {
            let Some(condition) = &subscriber.condition else { continue };
            let before = diags.len();
            let Some(schema) = &event.schema else {
                if !event.incomplete {
                    let message = format!("`{name}` has a `where` and no schema to have its fields in");
                    let help = "add a `schema` with the fields that are compared";
                    diags.push(Diagnostic::new(Code::BadCondition, condition.span, message).help(help));
                }
                continue;
            };
            for test in condition.value.tests() {
                one(model, schema, test, diags);
            }
            if diags.len() == before {
                decided(model, name, event, subscriber, diags);
            }
        }
    }
}

fn one(model: &Model, schema: &Schema, test: &Test, diags: &mut Diagnostics) {
    match fields_at(&test.field, schema, &model.types) {
        Ok(fields) => diags.extend(misfit(&fields, test)),
        Err((part, at)) => {
            let known = at.iter().flat_map(|schema| schema.fields.keys()).map(String::as_str);
            let message = match at {
                Some(_) => format!("there is no field `{part}` here"),
                None => format!("`{part}` is inside a field that has no fields of its own"),
            };
            let help = match nearest(part, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    let list = known.take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                    if list.is_empty() {
                        "compare the field itself".to_owned()
                    } else {
                        format!("its fields are {list}")
                    }
                }
            };
            diags.push(Diagnostic::new(Code::BadCondition, test.span, message).help(help));
        }
    }
}

fn misfit(fields: &[&SchemaField], test: &Test) -> Option<Diagnostic> {
    let field = *fields.last()?;
    let name = test.field.join(".");
    let report = |message: String, help: &str| {
        Some(
            Diagnostic::new(Code::BadCondition, test.span, message).label(field.span, "the field").help(help),
        )
    };
    if matches!(test.comparison, Comparison::Present | Comparison::Absent) {
        let always = fields.iter().all(|field| !field.optional);
        return always
            .then(|| report(format!("`{name}` is always there"), "remove this part of the condition"))
            .flatten();
    }
    let number = matches!(field.shape, Shape::Int | Shape::Decimal | Shape::Ints(_));
    let text = field.shape.is_text();
    let flag = field.shape == Shape::Bool;
    if !number && !text && !flag {
        return report(
            format!("`{name}` has no one value that could be compared"),
            "compare a field that is a text, a number or a `bool`; of others, ask `present` or `absent`",
        );
    }
    if test.comparison.orders() && !number {
        return report(
            format!("`{name}` is no number, so it is neither more nor less than anything"),
            "compare it with `==`, `!=` or `in`",
        );
    }
    for operand in test.comparison.operands() {
        let fits = match operand {
            Operand::Text(_) => text,
            Operand::Int(_) | Operand::Decimal(_) => number,
            Operand::Bool(_) => flag,
        };
        if !fits {
            let kind = if number {
                "a number"
            } else if text {
                "a text"
            } else {
                "`true` or `false`"
            };
            let what = match operand {
                Operand::Text(_) => "a text",
                Operand::Bool(_) => "not",
                Operand::Int(_) | Operand::Decimal(_) => "a number",
            };
            let message = format!("`{name}` is {kind}, and `{operand}` is {what}");
            return report(message, &format!("compare it with {kind}"));
        }
        if let Some(problem) = never(field, test, operand) {
            return report(problem, "change the value, or the field's constraints");
        }
    }
    None
}

/// Proof 37: a comparison that the schema makes true or false for every event.
fn never(field: &SchemaField, test: &Test, operand: &Operand) -> Option<String> {
    let name = test.field.join(".");
    match (&field.shape, operand) {
        (Shape::Texts(texts), Operand::Text(text)) if !texts.contains(text) => {
            Some(format!("`{name}` is never `\"{text}\"`"))
        }
        (Shape::Ints(ints), Operand::Int(value)) if !test.comparison.orders() && !ints.contains(value) => {
            Some(format!("`{name}` is never `{value}`"))
        }
        (Shape::Int | Shape::Decimal, Operand::Int(_) | Operand::Decimal(_)) => {
            let value = match operand {
                Operand::Int(value) => *value as f64,
                Operand::Decimal(value) => *value,
                _ => return None,
            };
            let (least, most) = (field.constraints.minimum, field.constraints.maximum);
            let impossible = match test.comparison {
                Comparison::Above(_) => most.is_some_and(|most| value >= most),
                Comparison::AtLeast(_) => most.is_some_and(|most| value > most),
                Comparison::Below(_) => least.is_some_and(|least| value <= least),
                Comparison::AtMost(_) => least.is_some_and(|least| value < least),
                _ => least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most),
            };
            let how =
                if test.comparison.orders() { format!("{} ", test.comparison.word()) } else { String::new() };
            impossible.then(|| format!("`{name}` is never `{how}{value}`"))
        }
        _ => None,
    }
}

/// A handler's runtime decides what a filter on the way cannot. Without one the filter must be able to.
fn decided(model: &Model, name: &str, event: &Event, subscriber: &Subscriber, diags: &mut Diagnostics) {
    let Some(condition) = &subscriber.condition else { return };
    if subscriber.has_runtime() {
        return;
    }
    let (message, help) = if event.hands_over(subscriber) {
        match filter(&condition.value, event.schema.as_ref(), &model.types) {
            Ok(_) => return,
            Err(why) => (
                format!("no filter of AWS can say this condition: {why}"),
                "say it otherwise, or let a `handler python` or `node` decide",
            ),
        }
    } else {
        (
            format!("the store of `{name}` tells where its events are, not what is in them"),
            "let a `handler python` or `node` decide, or read an event with `ingress sns` or a stream",
        )
    };
    diags.push(Diagnostic::new(Code::FilterNotPossible, condition.span, message).help(help));
}
