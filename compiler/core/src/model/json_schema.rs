//! Schemas as JSON Schema draft 4, the dialect of API Gateway's models.
//!
//! API Gateway does not check `format`, so dates, times and uuids carry a pattern as well:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{Schema, SchemaField, Shape};

const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
const DATE_TIME: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
const UUID: &str = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/// The schema of an event's data, the named types it uses as definitions.
///
/// `without` leaves fields out: those that the path carries are not in the body.
/// `bounded` is a text field that must have a length of 1 to 256, as the partition key of a stream does.
/// `defaults` tells whether default values are part of it: the runtime fills them in, API Gateway does not know them.
#[must_use]
pub fn json_schema(
    schema: &Schema,
    types: &IndexMap<String, Schema>,
    without: &[&str],
    bounded: Option<&str>,
    defaults: bool,
) -> Value {
    let mut value = with_defaults(schema, types, without, bounded);
    if !defaults {
        drop_defaults(&mut value);
    }
    value
}

/// Takes the keyword `default` out of every property; a property that is called `default` stays.
fn drop_defaults(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    map.shift_remove("default");
    for key in ["properties", "definitions"] {
        let inner = map.get_mut(key).and_then(Value::as_object_mut);
        inner.into_iter().flat_map(|inner| inner.values_mut()).for_each(drop_defaults);
    }
}

fn with_defaults(
    schema: &Schema,
    types: &IndexMap<String, Schema>,
    without: &[&str],
    bounded: Option<&str>,
) -> Value {
    let mut used = Vec::new();
    let mut root = object(schema, without, bounded, &mut used);
    let mut definitions = Map::new();
    let mut at = 0;
    while let Some(name) = used.get(at).cloned() {
        if let Some(inner) = types.get(&name) {
            definitions.insert(name, Value::Object(object(inner, &[], None, &mut used)));
        }
        at += 1;
    }
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    if !definitions.is_empty() {
        definitions.sort_keys();
        root.insert("definitions".to_owned(), Value::Object(definitions));
    }
    Value::Object(root)
}

fn object(
    schema: &Schema,
    without: &[&str],
    bounded: Option<&str>,
    used: &mut Vec<String>,
) -> Map<String, Value> {
    let fields = || schema.fields.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    let mut properties = Map::new();
    for (name, field) in fields() {
        properties.insert(name.clone(), property(field, bounded == Some(name.as_str()), used));
    }
    let required: Vec<&String> = fields()
        .filter(|(_, field)| !field.optional && field.constraints.default.is_none())
        .map(|(name, _)| name)
        .collect();
    let mut object = Map::new();
    object.insert("type".to_owned(), json!("object"));
    object.insert("properties".to_owned(), Value::Object(properties));
    // Draft 4 forbids an empty list.
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    // A misspelt optional field must not vanish silently.
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

fn property(field: &SchemaField, bounded: bool, used: &mut Vec<String>) -> Value {
    let mut schema = shape(&field.shape, used);
    let constraints = &field.constraints;
    let Some(map) = schema.as_object_mut() else { return schema };
    if map.contains_key("$ref") {
        // Beside a `$ref` every other keyword is ignored.
        return schema;
    }
    let lengths = if matches!(field.shape, Shape::List(_)) {
        ["minItems", "maxItems"]
    } else {
        ["minLength", "maxLength"]
    };
    let [least, most] = lengths;
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(key.to_owned(), value);
        }
    };
    put("pattern", constraints.pattern.as_ref().map(|pattern| json!(pattern)));
    let at_least =
        if bounded { Some(constraints.min_length.unwrap_or(1).max(1)) } else { constraints.min_length };
    put(least, at_least.map(|n| json!(n)));
    put(
        most,
        constraints.max_length.or((bounded && field.shape == Shape::String).then_some(256)).map(|n| json!(n)),
    );
    put("minimum", constraints.minimum.map(number));
    put("maximum", constraints.maximum.map(number));
    put("default", constraints.default.clone());
    put("description", Some(json!(field.doc)).filter(|_| !field.doc.is_empty()));
    schema
}

fn shape(shape_of: &Shape, used: &mut Vec<String>) -> Value {
    match shape_of {
        Shape::String => json!({ "type": "string" }),
        Shape::Int => json!({ "type": "integer" }),
        Shape::Decimal => json!({ "type": "number" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::DateTime => json!({ "type": "string", "format": "date-time", "pattern": DATE_TIME }),
        Shape::Date => json!({ "type": "string", "format": "date", "pattern": DATE }),
        Shape::Uuid => json!({ "type": "string", "format": "uuid", "pattern": UUID }),
        Shape::Bytes => json!({ "type": "string", "format": "byte", "pattern": BASE64 }),
        Shape::Json => json!({}),
        Shape::List(of) => json!({ "type": "array", "items": shape(of, used) }),
        Shape::Map(of) => json!({ "type": "object", "additionalProperties": shape(of, used) }),
        Shape::Texts(texts) => json!({ "type": "string", "enum": texts }),
        Shape::Ints(ints) => json!({ "type": "integer", "enum": ints }),
        Shape::Named(name) => {
            if !used.contains(name) {
                used.push(name.clone());
            }
            json!({ "$ref": format!("#/definitions/{name}") })
        }
    }
}

/// A bound as a whole number where it is one: `0`, not `0.0`.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9.0e15 { json!(value as i64) } else { json!(value) }
}

/// What is wrong with a pattern, and what to do. Only the part of regular expressions that Java (API Gateway),
/// Python and JavaScript (the handlers' runtimes) read alike is taken.
#[must_use]
pub fn pattern_problem(pattern: &str) -> Option<(String, String)> {
    let mut depth = 0_i32;
    let mut in_class = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d' | 'D' | 'w' | 'W' | 's' | 'S' | 'b' | 't' | 'n' | 'r') => {}
                Some(other) if !other.is_ascii_alphanumeric() => {}
                Some(other) => {
                    let help =
                        "use `\\d`, `\\w`, `\\s`, a class such as `[0-9]`, or escape punctuation".to_owned();
                    return Some((format!("the pattern's `\\{other}` is not read alike everywhere"), help));
                }
                None => {
                    return Some((
                        "the pattern ends in a backslash".to_owned(),
                        "write `\\\\\\\\` for a backslash".to_owned(),
                    ));
                }
            },
            '[' if !in_class => in_class = true,
            ']' if in_class => in_class = false,
            '(' if !in_class => {
                depth += 1;
                if chars.peek() == Some(&'?') {
                    let mut ahead = chars.clone();
                    ahead.next();
                    if ahead.next() != Some(':') {
                        let help = "plain groups `( )` and `(?: )` are read alike everywhere; lookarounds and named groups are not".to_owned();
                        return Some(("the pattern has a special group".to_owned(), help));
                    }
                }
            }
            ')' if !in_class => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    let help = || "texts need `\\\\` for one backslash; to match a bracket itself, escape it".to_owned();
    match (depth, in_class) {
        (0, false) => regex_lite::Regex::new(pattern)
            .err()
            .map(|error| (format!("this is no regular expression: {error}"), help())),
        (_, true) => Some(("the pattern's `[` is never closed".to_owned(), help())),
        (1.., _) => Some(("the pattern's `(` is never closed".to_owned(), help())),
        _ => Some(("the pattern's `)` closes nothing".to_owned(), help())),
    }
}

/// Whether a default is a value that the field takes.
#[must_use]
pub fn default_fits(field: &SchemaField) -> bool {
    let constraints = &field.constraints;
    let Some(default) = &constraints.default else { return true };
    let matches =
        |pattern: &str, text: &str| regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text));
    if let Some(text) = default.as_str() {
        let length = text.chars().count() as i64;
        let of_type = match field.shape {
            Shape::Date => matches(DATE, text),
            Shape::DateTime => matches(DATE_TIME, text),
            Shape::Uuid => matches(UUID, text),
            _ => true,
        };
        return of_type
            && constraints.pattern.as_ref().is_none_or(|pattern| matches(pattern, text))
            && constraints.min_length.is_none_or(|least| length >= least)
            && constraints.max_length.is_none_or(|most| length <= most);
    }
    default.as_f64().is_none_or(|number| {
        constraints.minimum.is_none_or(|least| number >= least)
            && constraints.maximum.is_none_or(|most| number <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::pattern_problem;

    #[test]
    fn takes_the_common_part_of_regular_expressions() {
        for good in ["^[0-9]{12}$", "^(a|b)+\\d?$", "[(]", "\\(", "(?:x)"] {
            assert_eq!(pattern_problem(good), None, "{good}");
        }
        for bad in ["[a", "(a", "a)", "\\p{L}", "(?=x)", "(?<n>x)", "a\\"] {
            assert!(pattern_problem(bad).is_some(), "{bad}");
        }
    }
}
