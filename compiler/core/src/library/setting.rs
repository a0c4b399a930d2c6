//! Values of parameters.

use serde::Serialize;

use super::parameter::{ParameterSpec, ParameterType, Written};

/// A typed value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `on`, `off`
    Bool(bool),
    /// `10`
    Int(i64),
    /// `"abc"`
    Text(String),
    /// `gzip`
    Word(String),
    /// `["a", "b"]`
    List(Vec<String>),
    /// A duration in seconds.
    Duration(i64),
    /// A size in bytes.
    Size(i64),
    /// So many in each period.
    Rate {
        /// How many.
        amount: i64,
        /// The period in seconds.
        seconds: i64,
    },
    /// A deploy-time parameter.
    Parameter(String),
}

impl Setting {
    /// The number that ranges are compared by.
    #[must_use]
    pub fn magnitude(&self) -> Option<i64> {
        match self {
            Setting::Int(value) | Setting::Duration(value) | Setting::Size(value) => Some(*value),
            Setting::Rate { amount, .. } => Some(*amount),
            _ => None,
        }
    }
}

/// Units of durations, in seconds.
pub const DURATIONS: &[(&str, i64)] = &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
/// Units of sizes, in bytes.
pub const SIZES: &[(&str, i64)] = &[("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)];
/// Periods of rates, in seconds; a month is 30 days.
pub const PERIODS: &[(&str, i64)] = &[
    ("s", 1),
    ("second", 1),
    ("m", 60),
    ("minute", 60),
    ("h", 3600),
    ("hour", 3600),
    ("d", 86_400),
    ("day", 86_400),
    ("week", 604_800),
    ("month", 2_592_000),
];

/// The factor of a unit.
#[must_use]
pub fn unit(table: &[(&str, i64)], name: &str) -> Option<i64> {
    table.iter().find(|(unit, _)| *unit == name).map(|(_, factor)| *factor)
}

/// A value as the construct file writes it, which is how the language writes it.
#[must_use]
pub fn from_written(kind: ParameterType, written: &Written) -> Option<Setting> {
    let text = match (kind, written) {
        (ParameterType::Bool, Written::Bool(value)) => return Some(Setting::Bool(*value)),
        (ParameterType::Int, Written::Int(value)) => return Some(Setting::Int(*value)),
        (_, Written::Text(text)) => text.as_str(),
        _ => return None,
    };
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(split);
    let amount = digits.parse::<i64>().ok();
    match kind {
        ParameterType::Text => Some(Setting::Text(text.to_owned())),
        ParameterType::List => Some(Setting::List(vec![text.to_owned()])),
        ParameterType::Word => Some(Setting::Word(text.to_owned())),
        ParameterType::Duration => Some(Setting::Duration(amount? * unit(DURATIONS, rest)?)),
        ParameterType::Size => Some(Setting::Size(amount? * unit(SIZES, rest)?)),
        ParameterType::Rate => {
            Some(Setting::Rate { amount: amount?, seconds: unit(PERIODS, rest.strip_prefix('/')?)? })
        }
        ParameterType::Bool | ParameterType::Int => None,
    }
}

/// The default of a parameter.
#[must_use]
pub fn default_of(spec: &ParameterSpec) -> Option<Setting> {
    spec.default.as_ref().and_then(|written| from_written(spec.kind, written))
}

/// How far a value is outside a parameter's range, for help texts; `None` when it is inside.
#[must_use]
pub fn outside(spec: &ParameterSpec, value: &Setting) -> Option<String> {
    let size = value.magnitude()?;
    let bound = |written: &Written| from_written(spec.kind, written).and_then(|v| v.magnitude());
    let source = spec.source.as_ref().map(|page| format!("; see {page}")).unwrap_or_default();
    if let Some((low, high)) = &spec.between
        && (bound(low).is_some_and(|low| size < low) || bound(high).is_some_and(|high| size > high))
    {
        return Some(format!("it goes from {low} to {high}{source}"));
    }
    if let Some(step) = &spec.step
        && bound(step).is_some_and(|step| size % step != 0)
    {
        return Some(format!("it goes in steps of {step}{source}"));
    }
    if !spec.of.is_empty() && !spec.of.iter().any(|one| bound(one) == Some(size)) {
        let list = spec.of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Some(format!("it is one of {list}{source}"));
    }
    None
}
