//! What documentation says of a field: its own, and what its type in Python or TypeScript does not tell.

use crate::model::{SchemaField, Shape};

/// The documentation of a field, its lines joined by `\n`; empty when there is nothing to say.
#[must_use]
pub fn documentation(field: &SchemaField) -> String {
    let written = written(field);
    match (field.doc.is_empty(), written) {
        (_, None) => field.doc.clone(),
        (true, Some(written)) => written,
        (false, Some(written)) => format!("{}\n\n{written}", field.doc),
    }
}

/// The field's type as the project has it, in backticks, where it says more than the types of the languages do.
fn written(field: &SchemaField) -> Option<String> {
    let constraints = &field.constraints;
    let mut words = vec![shape(&field.shape)];
    words.extend(constraints.pattern.as_ref().map(|pattern| format!("matching {}", text(pattern))));
    words.extend(range("length", constraints.min_length, constraints.max_length));
    words.extend(bounds(constraints.minimum, constraints.maximum));
    words.extend(constraints.default.as_ref().map(|default| format!("default {default}")));
    words.extend(field.secret.then(|| "secret".to_owned()));
    (words.len() > 1 || says_more(&field.shape)).then(|| format!("`{}`", words.join(" ")))
}

fn says_more(shape: &Shape) -> bool {
    match shape {
        Shape::DateTime | Shape::Date | Shape::Uuid | Shape::Bytes => true,
        Shape::List(of) | Shape::Map(of) => says_more(of),
        _ => false,
    }
}

fn range(word: &str, least: Option<i64>, most: Option<i64>) -> Option<String> {
    match (least, most) {
        (None, None) => None,
        (Some(least), Some(most)) if least == most => Some(format!("{word} {least}")),
        (least, most) => {
            let end = |end: Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
            Some(format!("{word} {}..{}", end(least), end(most)))
        }
    }
}

fn bounds(least: Option<f64>, most: Option<f64>) -> Option<String> {
    match (least, most) {
        (None, None) => None,
        (Some(least), None) => Some(format!(">= {least}")),
        (None, Some(most)) => Some(format!("<= {most}")),
        (Some(least), Some(most)) => Some(format!("between {least}..{most}")),
    }
}

fn shape(shape_of: &Shape) -> String {
    match shape_of {
        Shape::String => "string".to_owned(),
        Shape::Int => "int".to_owned(),
        Shape::Decimal => "decimal".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::DateTime => "datetime".to_owned(),
        Shape::Date => "date".to_owned(),
        Shape::Uuid => "uuid".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::Json => "json".to_owned(),
        Shape::List(of) => format!("[{}]", shape(of)),
        Shape::Map(of) => format!("{{string: {}}}", shape(of)),
        Shape::Named(name) => name.clone(),
        Shape::Texts(texts) => texts.iter().map(|one| text(one)).collect::<Vec<_>>().join(" | "),
        Shape::Ints(ints) => ints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
    }
}

/// A text in quotes. JSON's escapes mean the same in Python and TypeScript, and the language has nearly the same.
#[must_use]
pub fn text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
