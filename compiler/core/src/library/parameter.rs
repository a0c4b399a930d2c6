//! Parameters of constructs: their types, units and ranges.

use indexmap::IndexMap;
use serde::Deserialize;

/// A parameter as a construct file declares it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterSpec {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ParameterType,
    /// What it does, for help texts and documentation.
    pub summary: String,
    /// Its value when nobody gives one, written as in the language.
    #[serde(default)]
    pub default: Option<Written>,
    /// It may be left out without a default; expressions then see it as undefined.
    #[serde(default)]
    pub optional: bool,
    /// Lowest and highest value, both allowed, written as in the language.
    #[serde(default)]
    pub between: Option<(Written, Written)>,
    /// The value must be a whole multiple of this.
    #[serde(default)]
    pub step: Option<Written>,
    /// The words of a `word`, the values of a closed set of ints or durations.
    #[serde(default)]
    pub of: Vec<Written>,
    /// The periods that a `rate` can have; any without it.
    #[serde(default)]
    pub per: Vec<String>,
    /// The word that stands before the value: `after` in `archive after 7d`.
    #[serde(default)]
    pub lead: Option<String>,
    /// Words behind the value that set other parameters: `burst` in `throttle 100/s burst 200`.
    #[serde(default)]
    pub tails: IndexMap<String, String>,
    /// Set only as the tail of another parameter.
    #[serde(default)]
    pub tail: bool,
    /// A `text` or `list` whose values may be written without quotes where they are words or numbers.
    #[serde(default)]
    pub bare: bool,
    /// A regular expression that a `text`, and each text of a `list`, matches.
    #[serde(default)]
    pub matching: Option<String>,
    /// A value for help texts, written as in the language.
    #[serde(default)]
    pub example: Option<String>,
    /// The page of AWS's documentation that the range comes from.
    #[serde(default)]
    pub source: Option<String>,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// `on`, `off`, or the bare word.
    Bool,
    /// A whole number.
    Int,
    /// A text in quotes.
    Text,
    /// One of a set of words.
    Word,
    /// Texts: one, or several in brackets.
    List,
    /// `30s`, `7d`
    Duration,
    /// `256MB`
    Size,
    /// `100/s`, `10000/day`
    Rate,
}

impl ParameterType {
    /// What it is, with an example, for messages.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            ParameterType::Bool => "`on` or `off`",
            ParameterType::Int => "a whole number such as `10`",
            ParameterType::Text => "a text such as `\"abc\"`",
            ParameterType::Word => "a word",
            ParameterType::List => {
                "a text such as `\"abc\"`, or a list of texts such as `[\"abc\", \"def\"]`"
            }
            ParameterType::Duration => "a duration such as `30s`, `5m`, `24h` or `7d`",
            ParameterType::Size => "a size such as `256MB` or `1GB`",
            ParameterType::Rate => "a rate such as `100/s` or `10000/day`",
        }
    }
}

/// A value in a construct file: YAML's own number, boolean or text, or the language's `24h`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Written {
    /// `true`
    Bool(bool),
    /// `10`
    Int(i64),
    /// `24h`, `gzip`
    Text(String),
}

impl std::fmt::Display for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Written::Bool(value) => f.write_str(if *value { "on" } else { "off" }),
            Written::Int(value) => write!(f, "{value}"),
            Written::Text(value) => f.write_str(value),
        }
    }
}
