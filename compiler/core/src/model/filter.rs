//! Conditions as event patterns, the language in which SNS, event source mappings and pipes filter JSON:
//! <https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::condition::{Comparison, Condition, Operand, Test, fields_at};
use super::{Schema, SchemaField, Shape};

/// Numbers of a pattern lie between -10⁹ and 10⁹ and have five digits behind the point:
/// <https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html>.
const LARGEST: f64 = 1.0e9;
/// Fields and combinations of one pattern that SNS takes:
/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>.
const MAX_KEYS: usize = 5;
const MAX_COMBINATIONS: usize = 150;

/// The pattern of an envelope whose data fulfils the condition.
///
/// # Errors
/// Why no pattern can say it.
pub fn filter(
    condition: &Condition,
    schema: Option<&Schema>,
    types: &IndexMap<String, Schema>,
) -> Result<Value, String> {
    for test in condition.tests() {
        let fields = schema.and_then(|schema| fields_at(&test.field, schema, types).ok()).unwrap_or_default();
        if let Some(why) = unseen(test, &fields) {
            return Err(why);
        }
    }
    let pattern = Value::Object(pattern(condition)?);
    let mut keys = 0;
    let combinations = count(&pattern, 2, &mut keys).unwrap_or(usize::MAX);
    if keys > MAX_KEYS {
        return Err(format!("it compares {keys} fields, and SNS takes {MAX_KEYS}"));
    }
    if combinations > MAX_COMBINATIONS {
        return Err(format!(
            "it has {combinations} combinations of values, and SNS takes {MAX_COMBINATIONS}"
        ));
    }
    Ok(json!({ "data": pattern }))
}

/// What a filter on the way cannot see of a field, because it sees events as they were sent.
fn unseen(test: &Test, fields: &[&SchemaField]) -> Option<String> {
    let name = test.field.join(".");
    if fields.iter().any(|field| field.constraints.default.is_some()) {
        return Some(format!(
            "`{name}` has a default, which is filled in only when a handler gets the event"
        ));
    }
    let field = fields.last()?;
    // `exists` is about leaves that are not empty.
    // https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html
    let plain = match field.shape {
        Shape::String => field.constraints.min_length.is_some_and(|least| least > 0),
        Shape::List(_) | Shape::Map(_) | Shape::Named(_) | Shape::Json | Shape::Bytes => false,
        _ => true,
    };
    let asks = matches!(test.comparison, Comparison::Present | Comparison::Absent);
    (asks && !plain)
        .then(|| format!("a filter cannot tell whether `{name}` is there, only that it is not empty"))
}

fn pattern(condition: &Condition) -> Result<Map<String, Value>, String> {
    match condition {
        Condition::Test(test) => Ok(nested(&test.field, Value::Array(rules(test)?))),
        Condition::All(parts) => {
            let mut all = Map::new();
            for part in parts {
                merge(&mut all, pattern(part)?)?;
            }
            Ok(all)
        }
        Condition::Any(parts) => any(parts),
    }
}

/// Alternatives of one field are one list, those of several an `$or`.
fn any(parts: &[Condition]) -> Result<Map<String, Value>, String> {
    let tests: Option<Vec<&Test>> =
        parts.iter().map(|part| if let Condition::Test(test) = part { Some(test) } else { None }).collect();
    if let Some([first, rest @ ..]) = tests.as_deref()
        && rest.iter().all(|test| test.field == first.field)
    {
        let mut list = rules(first)?;
        for test in rest {
            list.extend(rules(test)?);
        }
        return Ok(nested(&first.field, Value::Array(list)));
    }
    let alternatives: Result<Vec<Value>, String> =
        parts.iter().map(|part| Ok(Value::Object(pattern(part)?))).collect();
    Ok(Map::from_iter([("$or".to_owned(), Value::Array(alternatives?))]))
}

fn nested(field: &[String], value: Value) -> Map<String, Value> {
    let mut parts = field.iter().rev();
    let mut map = Map::new();
    if let Some(last) = parts.next() {
        map.insert(last.clone(), value);
    }
    parts.fold(map, |inner, name| Map::from_iter([(name.clone(), Value::Object(inner))]))
}

/// Both must hold. Two rules for one field are one only where they are the two ends of a range.
fn merge(all: &mut Map<String, Value>, other: Map<String, Value>) -> Result<(), String> {
    for (key, value) in other {
        match (all.get_mut(&key), value) {
            (None, value) => drop(all.insert(key, value)),
            (Some(Value::Object(mine)), Value::Object(theirs)) => merge(mine, theirs)?,
            (Some(Value::Array(mine)), Value::Array(theirs)) if key != "$or" => {
                let twice = || format!("it compares `{key}` twice in ways that are no one range");
                *mine = vec![range(mine, &theirs).ok_or_else(twice)?];
            }
            _ => return Err("it joins two `or` by an `and`".to_owned()),
        }
    }
    Ok(())
}

fn range(first: &[Value], second: &[Value]) -> Option<Value> {
    let end = |rules: &[Value]| match rules {
        [one] => one.get("numeric")?.as_array().filter(|parts| parts.len() == 2).cloned(),
        _ => None,
    };
    let is_lower = |end: &[Value]| end.first().and_then(Value::as_str).is_some_and(|op| op.starts_with('>'));
    let is_upper = |end: &[Value]| end.first().and_then(Value::as_str).is_some_and(|op| op.starts_with('<'));
    let (a, b) = (end(first)?, end(second)?);
    let ends = if is_lower(&a) && is_upper(&b) {
        [a, b]
    } else if is_upper(&a) && is_lower(&b) {
        [b, a]
    } else {
        return None;
    };
    Some(json!({ "numeric": ends.concat() }))
}

fn rules(test: &Test) -> Result<Vec<Value>, String> {
    let too_large = |value: &Operand| {
        format!(
            "{value} is more than a filter compares: up to 1,000,000,000, with five digits behind the point"
        )
    };
    let numeric = |operator: &str, value: &Operand| {
        let number = number(value).ok_or_else(|| too_large(value))?;
        Ok::<_, String>(vec![json!({ "numeric": [operator, number] })])
    };
    let one = |value: &Operand| equal(value).ok_or_else(|| too_large(value));
    let others = |values: &[Operand]| {
        let mixed = || format!("a filter cannot leave out these values of `{}`", test.field.join("."));
        Ok::<_, String>(vec![but(values).ok_or_else(mixed)?])
    };
    match &test.comparison {
        Comparison::Equal(value) => Ok(vec![one(value)?]),
        Comparison::In(values) => values.iter().map(one).collect(),
        Comparison::NotEqual(value) => others(std::slice::from_ref(value)),
        Comparison::NotIn(values) => others(values),
        Comparison::Above(value) => numeric(">", value),
        Comparison::AtLeast(value) => numeric(">=", value),
        Comparison::Below(value) => numeric("<", value),
        Comparison::AtMost(value) => numeric("<=", value),
        Comparison::Present => Ok(vec![json!({ "exists": true })]),
        Comparison::Absent => Ok(vec![json!({ "exists": false })]),
    }
}

fn equal(value: &Operand) -> Option<Value> {
    match value {
        Operand::Text(text) => Some(json!(text)),
        Operand::Bool(value) => Some(json!(value)),
        _ => Some(json!({ "numeric": ["=", number(value)?] })),
    }
}

/// Everything else: of texts or of numbers. There is none for booleans, where it is the other one.
fn but(values: &[Operand]) -> Option<Value> {
    if let [Operand::Bool(value)] = values {
        return Some(json!(!value));
    }
    let list: Option<Vec<Value>> = values
        .iter()
        .map(|value| match value {
            Operand::Text(text) => Some(json!(text)),
            Operand::Bool(_) => None,
            _ => number(value),
        })
        .collect();
    let list = list?;
    let alike = list.iter().all(Value::is_string) || list.iter().all(Value::is_number);
    alike.then(|| json!({ "anything-but": list }))
}

fn number(value: &Operand) -> Option<Value> {
    match value {
        Operand::Int(value) => ((*value as f64).abs() <= LARGEST).then(|| json!(value)),
        Operand::Decimal(value) => {
            let digits = value * 1.0e5;
            (value.abs() <= LARGEST && (digits - digits.round()).abs() < 1.0e-6).then(|| json!(value))
        }
        _ => None,
    }
}

/// SNS multiplies the values of every field by the depth it stands at.
fn count(value: &Value, depth: usize, keys: &mut usize) -> Option<usize> {
    match value {
        Value::Object(map) => map.iter().try_fold(1_usize, |product, (key, inner)| {
            let inner = match inner {
                Value::Array(list) if key == "$or" => {
                    list.iter().try_fold(0_usize, |sum, one| Some(sum + count(one, depth, keys)?))?
                }
                Value::Array(list) => {
                    *keys += 1;
                    list.len() * depth
                }
                inner => count(inner, depth + 1, keys)?,
            };
            product.checked_mul(inner)
        }),
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Condition, Operand, Test};
    use crate::source::{SourceId, Span};
    use indexmap::IndexMap;
    use serde_json::{Value, json};

    fn test(field: &str, comparison: Comparison) -> Condition {
        let span = Span { source: SourceId(0), start: 0, end: 0 };
        Condition::Test(Test { field: field.split('.').map(str::to_owned).collect(), span, comparison })
    }

    fn filter(condition: &Condition) -> Option<Value> {
        super::filter(condition, None, &IndexMap::new()).ok()
    }

    #[test]
    fn ranges_of_one_field_meet_and_others_do_not() {
        let above = || test("n", Comparison::Above(Operand::Int(1)));
        let below = test("n", Comparison::AtMost(Operand::Int(9)));
        let both = filter(&Condition::All(vec![below, above()]));
        assert_eq!(both, Some(json!({ "data": { "n": [{ "numeric": [">", 1, "<=", 9] }] } })));
        assert_eq!(filter(&Condition::All(vec![above(), above()])), None);
    }

    #[test]
    fn alternatives_of_one_field_are_a_list_and_those_of_several_an_or() {
        let a = || test("a.b", Comparison::Equal(Operand::Text("x".into())));
        let c = test("c", Comparison::Equal(Operand::Bool(true)));
        let list = filter(&Condition::Any(vec![a(), test("a.b", Comparison::Present)]));
        assert_eq!(list, Some(json!({ "data": { "a": { "b": ["x", { "exists": true }] } } })));
        let or = filter(&Condition::Any(vec![a(), c]));
        assert_eq!(or, Some(json!({ "data": { "$or": [{ "a": { "b": ["x"] } }, { "c": [true] }] } })));
    }

    #[test]
    fn what_patterns_cannot_say_is_left_to_the_runtime() {
        assert_eq!(filter(&test("n", Comparison::Above(Operand::Int(2_000_000_000)))), None);
        let mixed = vec![Operand::Text("a".into()), Operand::Int(1)];
        assert_eq!(filter(&test("n", Comparison::NotIn(mixed))), None);
        let six = (0..6).map(|n| test(&format!("f{n}"), Comparison::Present)).collect();
        assert_eq!(filter(&Condition::All(six)), None);
    }
}
