//! The expression engine, with pipec's functions and filters.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind, State};

use super::Library;

/// Names that every expression has.
pub const GLOBALS: &[&str] = &[
    "app",
    "aws",
    "artifacts",
    "event",
    "subscriber",
    "api",
    "auth",
    "template",
    "artifact",
    "range",
    "dict",
    "namespace",
    "debug",
];

/// The facts behind those names of which all are known; the others depend on what is instantiated.
pub const FACTS: &[(&str, &[&str])] = &[
    ("aws", &["partition", "region", "account", "url_suffix", "stack_name"]),
    ("artifacts", &["bucket"]),
    (
        "app",
        &[
            "name",
            "slug",
            "environment",
            "doc",
            "region",
            "tracing",
            "log_days",
            "removal",
            "deletion",
            "tags",
            "alarms",
            "guests",
        ],
    ),
    (
        "event",
        &[
            "name",
            "slug",
            "kebab",
            "doc",
            "type",
            "source",
            "version",
            "key",
            "method",
            "variables",
            "key_in_path",
            "body_schema",
            "path",
            "snake",
            "columns",
            "fifo",
            "accounts",
            "guests",
        ],
    ),
    (
        "subscriber",
        &[
            "name", "slug", "doc", "emits", "allow", "filter", "where", "ordered", "uses", "secrets",
            "answers",
        ],
    ),
    ("api", &["name", "doc", "auths"]),
    ("code", &["key", "runtime", "entry", "image"]),
];

/// Steps that one expression or template may take: far above any honest one, and it ends a runaway loop.
const FUEL: u64 = 200_000;

/// The expression engine with pipec's functions.
pub struct Machine {
    pub(super) env: Environment<'static>,
}

impl Machine {
    /// A machine without templates.
    #[must_use]
    pub fn new() -> Self {
        let mut env = Environment::new();
        env.set_fuel(Some(FUEL));
        if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
            env.set_syntax(syntax);
        }
        env.add_filter("short", short);
        env.add_filter("kebab", |text: &str| kebab(text));
        env.add_filter("pascal", |text: &str| crate::names::pascal(text));
        env.add_filter("digest", |text: &str| crate::names::digest(text.as_bytes()));
        env.add_filter("json", |value: Value| serde_json::to_string(&value).unwrap_or_default());
        env.add_filter("line", line);
        env.add_filter("flags", flags);
        env.add_filter("pick", pick);
        env.add_filter("prefixed", prefixed);
        env.add_filter("merged", merged);
        env.add_filter("flat", flat);
        env.add_function("template", template);
        Machine { env }
    }

    /// A machine with the templates and artifacts of all constructs.
    #[must_use]
    pub fn with_templates(library: &Library) -> Self {
        let mut machine = Machine::new();
        let mut keys = BTreeMap::new();
        for construct in library.constructs() {
            for (name, artifact) in &construct.artifacts {
                keys.insert(format!("{}/{name}", construct.id), artifact.key.clone());
            }
            for (name, text) in &construct.templates {
                // A template that does not parse was reported when the library was loaded.
                let _ = machine.env.add_template_owned(format!("{}/{name}", construct.id), text.clone());
            }
        }
        machine.env.add_function("artifact", move |state: &State<'_, '_>, name: &str| {
            let key = keys.get(&beside(state, name)).map(|key| Value::from(key.as_str()));
            key.ok_or_else(|| {
                Error::new(ErrorKind::InvalidOperation, format!("`{name}` is none of its artifacts"))
            })
        });
        machine
    }

    /// The first names in an expression: `tier` of `tier.stream`.
    ///
    /// # Errors
    /// Why it is no expression.
    pub fn names_in(&self, source: &str) -> Result<Vec<String>, String> {
        let compiled = self.env.compile_expression(source).map_err(|error| say(&error))?;
        let mut names: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The names with one attribute each: `("aws", "region")` of `aws.region`.
    pub fn facts_in(&self, source: &str) -> Vec<(String, String)> {
        let Ok(compiled) = self.env.compile_expression(source) else { return Vec::new() };
        let mut found: Vec<(String, String)> = compiled
            .undeclared_variables(true)
            .into_iter()
            .filter_map(|name| {
                name.split_once('.')
                    .map(|(root, rest)| (root.to_owned(), rest.split('.').next().unwrap_or(rest).to_owned()))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// Whether a text template parses.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check_template(&self, text: &str) -> Result<(), String> {
        self.env.template_from_str(text).map(drop).map_err(|error| say(&error))
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

/// The text of an engine's error, its cause included, on one line.
pub(super) fn say(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

/// Cuts a text that is too long for a name and ends it with a hash of the whole, so that no two names meet.
fn short(text: &str, most: usize) -> String {
    crate::names::short(text, most)
}

/// A text on one line, cut where it is too long.
fn line(text: &str, most: usize) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
    }
    line
}

fn kebab(text: &str) -> String {
    crate::names::kebab(text)
}

/// `template('file.vtl')`: the text template beside the construct, in the scope of the expression.
fn template(state: &State<'_, '_>, name: &str) -> Result<Value, Error> {
    let scope = state.lookup(SELF).unwrap_or_default();
    state.env().get_template(&beside(state, name))?.render(scope).map(Value::from)
}

/// `KIND/NAME/FILE` of a file beside the construct of an expression.
fn beside(state: &State<'_, '_>, name: &str) -> String {
    format!("{}/{name}", state.lookup(CONSTRUCT).unwrap_or_default())
}

/// A list of names as an object of trues: `['a'] | flags('x.')` is `{"x.a": true}`.
fn flags(names: &Value, prefix: &str) -> Result<Value, Error> {
    Ok(Value::from_pairs(names.try_iter()?.map(|name| (format!("{prefix}{name}"), Value::from(true)))))
}

/// An object's values replaced by one attribute of each.
fn pick(table: &Value, attribute: &str) -> Result<Value, Error> {
    each_entry(table, |name, value| Ok((name, value.get_attr(attribute)?)))
}

/// An object's keys with something in front.
fn prefixed(table: &Value, prefix: &str) -> Result<Value, Error> {
    each_entry(table, |name, value| Ok((format!("{prefix}{name}"), value)))
}

/// Two objects in one; the second's entries win.
fn merged(first: &Value, second: &Value) -> Result<Value, Error> {
    let mut all: IndexMap<String, Value> = IndexMap::new();
    for table in [first, second] {
        for name in table.try_iter()? {
            all.insert(name.to_string(), table.get_item(&name)?);
        }
    }
    Ok(Value::from_pairs(all))
}

/// An object's names and values in a row: `{'a': 1} | flat` is `['a', 1]`.
fn flat(table: &Value) -> Result<Value, Error> {
    let mut row = Vec::new();
    for name in table.try_iter()? {
        let value = table.get_item(&name)?;
        row.extend([name, value]);
    }
    Ok(Value::from(row))
}

fn each_entry(
    table: &Value,
    with: impl Fn(String, Value) -> Result<(String, Value), Error>,
) -> Result<Value, Error> {
    let entries: Result<Vec<_>, Error> =
        table.try_iter()?.map(|name| with(name.to_string(), table.get_item(&name)?)).collect();
    Ok(Value::from_pairs(entries?))
}

pub(super) const SELF: &str = "__scope";
pub(super) const CONSTRUCT: &str = "__construct";

#[cfg(test)]
mod tests {
    use super::{Machine, line};

    #[test]
    fn a_text_on_one_line() {
        assert_eq!(line(" two \n words ", 99), "two words");
        assert_eq!(line("two words", 5), "two w");
        assert_eq!(line("žluť", 2), "žl");
        assert_eq!(line("žluť", 4), "žluť");
        assert_eq!(line(" ", 4), "");
    }

    #[test]
    fn an_object_in_a_row() {
        let machine = Machine::new();
        let code = machine.env.compile_expression("(['x'] + ({ 'a': 1, 'b': [2] } | flat)) | json");
        let value = code.and_then(|code| code.eval(()));
        assert_eq!(value.ok().as_ref().and_then(minijinja::Value::as_str), Some(r#"["x","a",1,"b",[2]]"#));
    }
}
