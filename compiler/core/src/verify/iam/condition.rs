//! Conditions of statements, against what a request says of itself.
//!
//! Operators: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use super::super::text::{equal, matches};
use super::super::tri::Tri;
use super::super::value::Value;
use super::Condition;

/// What a request says of itself: condition keys in lower case and their values; [`Value::Absent`] where it is known
/// that it does not say it. A key that is not there may have any value.
pub type Context<'a> = Vec<(&'a str, Value<'a>)>;

/// Whether a condition holds.
pub fn holds(condition: &Condition<'_>, context: &[(&str, Value<'_>)]) -> Tri {
    let operator = condition.operator;
    let (quantifier, operator) = operator.split_once(':').map_or(("", operator), |(q, rest)| (q, rest));
    let (operator, if_exists) =
        operator.strip_suffix("IfExists").map_or((operator, false), |operator| (operator, true));
    let known = context.iter().find(|(key, _)| key.eq_ignore_ascii_case(condition.key));
    let Some((_, value)) = known else { return Tri::Maybe };
    if operator == "Null" {
        let absent = Tri::from(matches!(value, Value::Absent));
        return match condition.values.first().map(Value::truth) {
            Some(Tri::Yes) => absent,
            Some(Tri::No) => !absent,
            _ => Tri::Maybe,
        };
    }
    let negative = operator.contains("Not");
    if matches!(value, Value::Absent) {
        return Tri::from(if_exists || negative || quantifier == "ForAllValues");
    }
    let met = Tri::any(condition.values.iter().map(|wanted| compare(operator, wanted, value)));
    if negative { !met } else { met }
}

/// Whether a value is what a positive form of the operator asks for.
fn compare(operator: &str, wanted: &Value<'_>, value: &Value<'_>) -> Tri {
    if let Some(relation) = operator.strip_prefix("Numeric") {
        let (Some(wanted), Some(value)) = (wanted.number(), value.number()) else { return Tri::Maybe };
        return match relation {
            "Equals" | "NotEquals" => Tri::from(value == wanted),
            "LessThan" => Tri::from(value < wanted),
            "LessThanEquals" => Tri::from(value <= wanted),
            "GreaterThan" => Tri::from(value > wanted),
            "GreaterThanEquals" => Tri::from(value >= wanted),
            _ => Tri::Maybe,
        };
    }
    let (Value::Text(pattern), Value::Text(text)) = (wanted, value) else {
        return match operator {
            "StringEquals" | "StringNotEquals" | "StringLike" | "StringNotLike" | "Bool" => {
                wanted.equals(value)
            }
            _ => Tri::Maybe,
        };
    };
    match operator {
        "StringEquals" | "StringNotEquals" => equal(&pattern.text, &text.text),
        "StringEqualsIgnoreCase" | "StringNotEqualsIgnoreCase" | "Bool" => {
            equal(&pattern.text.to_ascii_lowercase(), &text.text.to_ascii_lowercase())
        }
        "StringLike" | "StringNotLike" | "ArnEquals" | "ArnLike" | "ArnNotEquals" | "ArnNotLike" => {
            matches(&pattern.text, &text.text)
        }
        _ => Tri::Maybe,
    }
}
