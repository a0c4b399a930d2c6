//! Rules about fields that statements name: `key`, and variables of paths.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::model::{Event, Ingress, Model, PathPart, Shape, unknown_field};
use crate::source::Spanned;

/// Checks every event's key and path.
pub fn check(model: &Model, diags: &mut Diagnostics) {
    for (name, event) in &model.events {
        if let Some(key) = &event.key {
            check_key(name, event, key, diags);
        }
        if let Ingress::Api { path, origin, .. } = &event.ingress {
            for part in path {
                if let PathPart::Variable(variable) = part {
                    check_variable(name, event, &Spanned::new(variable.clone(), origin.span), diags);
                }
            }
        }
    }
}

/// Proof 39: a key is a required field that has one text form of 1 to 256 characters:
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>.
fn check_key(name: &str, event: &Event, key: &Spanned<String>, diags: &mut Diagnostics) {
    let Some(schema) = &event.schema else {
        let message = format!("`{name}` has a key and no schema to have it in");
        let help = format!("add `schema {{ {}: string }}`", key.value);
        diags.push(Diagnostic::new(Code::BadKey, key.span, message).help(help));
        return;
    };
    let Some(field) = schema.fields.get(&key.value) else {
        diags.push(unknown_field(key, schema));
        return;
    };
    let report = |message: String, help: &str| {
        Diagnostic::new(Code::BadKey, key.span, message).label(field.span, "the field").help(help)
    };
    let usable = field.shape.is_text() || matches!(field.shape, Shape::Int | Shape::Ints(_));
    if !usable {
        let help = "a key is a `string`, `int`, `uuid`, `date`, `datetime`, or a union of literals";
        diags.push(report(format!("`{}` cannot be a key: it has no one text form", key.value), help));
    } else if field.optional {
        let help = "make the field required: an event without its key has no order and no partition";
        diags.push(report(format!("`{}` cannot be a key: it is optional", key.value), help));
    } else if field.constraints.default.is_some() {
        let help = "remove the default: all events that leave the field out would share one partition";
        diags.push(report(format!("`{}` cannot be a key: it has a default", key.value), help));
    } else if field.constraints.max_length.is_some_and(|most| most > 256)
        || field.constraints.min_length.is_some_and(|least| least > 256)
    {
        let help = "a partition key has at most 256 characters: write `length 1..256`";
        diags.push(report(format!("`{}` is too long for a key", key.value), help));
    }
}

/// Proof 39: a path's variables are fields, and of types that can stand in a path.
fn check_variable(name: &str, event: &Event, variable: &Spanned<String>, diags: &mut Diagnostics) {
    let field = event.schema.as_ref().and_then(|schema| schema.fields.get(&variable.value));
    let Some(field) = field else {
        let message = format!("the path has `{{{0}}}`, and `{name}` has no field `{0}`", variable.value);
        let fields = event.schema.iter().flat_map(|schema| schema.fields.keys()).map(String::as_str);
        let help = match nearest(&variable.value, fields) {
            Some(near) => format!("did you mean `{{{near}}}`?"),
            None => format!(
                "add `{}: string` to the schema: the path's value is part of the event's data",
                variable.value
            ),
        };
        diags.push(Diagnostic::new(Code::PathFieldMissing, variable.span, message).help(help));
        return;
    };
    if !field.shape.is_text() || field.optional {
        let why = if field.optional {
            "it is optional, and a path always has it"
        } else {
            "its type has no plain text form"
        };
        let message = format!("the field `{}` cannot stand in a path: {why}", variable.value);
        let help =
            "fields in a path are required, and `string`, `uuid`, `date`, `datetime` or a union of texts";
        diags.push(
            Diagnostic::new(Code::PathFieldType, field.span, message)
                .label(variable.span, "the path")
                .help(help),
        );
    }
}
