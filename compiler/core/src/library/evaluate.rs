//! Expressions of constructs: compiled once, evaluated for every instance.
//!
//! An expression sees the instance's parameters, the ports of what is bound to it, its own resources and the
//! project's facts. What it yields is a value, so it can never break the structure around it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Value, ValueKind};
use minijinja::{Environment, Error, Expression, State};

use super::Library;
use super::construct::{Construct, OfferValue, StackKind};
use super::data::{Data, ResourceId, Symbol};
use super::node::{Key, Node, Source, TextPart};
use super::setting::{Setting, default_of};

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
    "digest",
    "range",
    "dict",
    "namespace",
    "debug",
];

/// The facts behind those names of which all are known; the others depend on what is instantiated.
pub const FACTS: &[(&str, &[&str])] = &[
    ("aws", &["partition", "region", "account", "url_suffix", "stack_name"]),
    ("artifacts", &["bucket"]),
    ("app", &["name", "slug", "environment", "doc", "region", "tracing", "log_days", "removal", "tags"]),
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
        ],
    ),
    ("subscriber", &["name", "slug", "doc", "emits", "allow"]),
    ("api", &["name", "doc"]),
    ("code", &["key", "runtime", "entry"]),
];

/// Steps that one expression or template may take: far above any honest one, and it ends a runaway loop.
const FUEL: u64 = 200_000;

/// The expression engine with pipec's functions.
pub struct Machine {
    env: Environment<'static>,
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
        env.add_filter("line", |text: &str, most: usize| {
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect::<String>()
        });
        env.add_filter("flags", flags);
        env.add_filter("pick", pick);
        env.add_filter("prefixed", prefixed);
        env.add_filter("merged", merged);
        env.add_function("template", template);
        Machine { env }
    }

    /// A machine with the templates of all constructs.
    #[must_use]
    pub fn with_templates(library: &Library) -> Self {
        let mut machine = Machine::new();
        for construct in library.constructs() {
            for (name, text) in &construct.templates {
                // A template that does not parse was reported when the library was loaded.
                let _ = machine.env.add_template_owned(format!("{}/{name}", construct.id), text.clone());
            }
        }
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
fn say(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()))
}

/// Cuts a text that is too long for a name and ends it with a hash of the whole, so that no two names meet.
fn short(text: &str, most: usize) -> String {
    crate::names::short(text, most)
}

fn kebab(text: &str) -> String {
    crate::names::kebab(text)
}

/// `template('file.vtl')`: the text template beside the construct, in the scope of the expression.
fn template(state: &State<'_, '_>, name: &str) -> Result<Value, Error> {
    let scope = state.lookup(SELF).unwrap_or_default();
    let construct = state.lookup(CONSTRUCT).unwrap_or_default();
    let full = format!("{construct}/{name}");
    state.env().get_template(&full)?.render(scope).map(Value::from)
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

fn each_entry(
    table: &Value,
    with: impl Fn(String, Value) -> Result<(String, Value), Error>,
) -> Result<Value, Error> {
    let entries: Result<Vec<_>, Error> =
        table.try_iter()?.map(|name| with(name.to_string(), table.get_item(&name)?)).collect();
    Ok(Value::from_pairs(entries?))
}

const SELF: &str = "__scope";
const CONSTRUCT: &str = "__construct";

/// What a name stands for in an instance.
#[derive(Clone, Debug)]
pub enum Binding {
    /// A plain value.
    Value(Arc<serde_json::Value>),
    /// An option's value, with its units.
    Setting(Setting),
    /// A reference.
    Symbol(Symbol),
    /// Another instance's ports.
    Instance(Instance),
    /// Several, by name.
    Table(IndexMap<String, Binding>),
    /// Nothing: properties that use it are dropped.
    Undefined,
}

/// An instantiated construct as others see it: its ports.
#[derive(Clone, Debug)]
pub struct Instance {
    ports: Arc<Ports>,
}

/// The names of one instance.
#[derive(Clone, Debug)]
pub struct Scope {
    value: Value,
}

#[derive(Debug)]
struct Names {
    construct: String,
    values: BTreeMap<String, Value>,
    outer: Option<Value>,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            SELF => Some(Value::from_dyn_object(self.clone())),
            CONSTRUCT => Some(Value::from(self.construct.as_str())),
            _ => match self.values.get(key) {
                Some(found) => Some(found.clone()),
                None => self
                    .outer
                    .as_ref()
                    .and_then(|outer| outer.get_attr(key).ok())
                    .filter(|value| !value.is_undefined()),
            },
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

#[derive(Debug)]
struct Ports {
    construct: String,
    values: BTreeMap<String, Value>,
}

impl Object for Ports {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let missing =
            || Value::from_object(Missing { construct: self.construct.clone(), port: key.to_owned() });
        Some(self.values.get(key).cloned().unwrap_or_else(missing))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// What stands for a port that is not offered: no value can be made of it.
#[derive(Debug)]
struct Missing {
    construct: String,
    port: String,
}

impl Object for Missing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Formatting is where a text is built: a missing port in a text must fail, and this is how it can.
        let _ = f;
        Err(fmt::Error)
    }
}

/// A reference as expressions see it.
#[derive(Debug)]
struct Reference {
    symbol: Symbol,
    flows: Vec<String>,
}

impl Object for Reference {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match (key, &self.symbol) {
            ("flows", _) => Some(Value::from(self.flows.clone())),
            (name, Symbol::Resource { id, attribute: None }) => {
                let symbol = Symbol::Resource { id: *id, attribute: Some(name.into()) };
                Some(Value::from_object(Reference { symbol, flows: Vec::new() }))
            }
            _ => None,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.symbol.to_mark())
    }
}

fn reference(symbol: Symbol) -> Value {
    Value::from_object(Reference { symbol, flows: Vec::new() })
}

impl Binding {
    fn to_value(&self) -> Value {
        match self {
            Binding::Value(value) => Value::from(Serde(&**value)),
            Binding::Setting(setting) => setting_value(setting),
            Binding::Symbol(symbol) => reference(symbol.clone()),
            Binding::Instance(instance) => Value::from_dyn_object(instance.ports.clone()),
            Binding::Table(table) => {
                Value::from_pairs(table.iter().map(|(name, binding)| (name.as_str(), binding.to_value())))
            }
            Binding::Undefined => Value::UNDEFINED,
        }
    }
}

/// Quantities show every unit that AWS asks for somewhere.
fn setting_value(setting: &Setting) -> Value {
    let units = |pairs: &[(&'static str, i64)]| Value::from_pairs(pairs.iter().copied());
    match setting {
        Setting::Bool(value) => Value::from(*value),
        Setting::Int(value) => Value::from(*value),
        Setting::Text(text) | Setting::Word(text) => Value::from(text.as_str()),
        Setting::Duration(s) => {
            units(&[("seconds", *s), ("minutes", s / 60), ("hours", s / 3600), ("days", s / 86_400)])
        }
        Setting::Size(bytes) => units(&[("bytes", *bytes), ("kb", bytes >> 10), ("mb", bytes >> 20)]),
        Setting::Rate { amount, seconds } => units(&[("amount", *amount), ("seconds", *seconds)]),
        Setting::Parameter(name) => reference(Symbol::Parameter(crate::names::pascal(name).into())),
    }
}

/// Why an expression gave nothing.
#[derive(Clone, Debug)]
pub struct EvaluationError {
    /// The construct.
    pub construct: String,
    /// The expression or template.
    pub expression: String,
    /// What is wrong.
    pub message: String,
    /// What kind of failure.
    pub kind: EvaluationKind,
}

/// The kinds of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationKind {
    /// An expression failed.
    Failed,
    /// A port is not offered.
    MissingPort,
    /// Something that it needs is not there; where that failed itself, this is only its consequence.
    Unbound,
    /// A check of the construct does not hold.
    Check {
        /// What to do about it.
        help: Option<String>,
    },
}

/// A resource that an instance made.
#[derive(Clone, Debug)]
pub struct Produced {
    /// Its number.
    pub id: ResourceId,
    /// Its name in the construct.
    pub name: String,
    /// `AWS::Kinesis::Stream`
    pub kind: String,
    /// The kind of stack it goes to.
    pub stack: StackKind,
    /// The collection it is part of.
    pub joins: Option<String>,
    /// The collection it follows.
    pub follows: Option<String>,
    /// `Properties`, `DependsOn` and so on.
    pub body: Data,
}

type Compiled<'e> = (Expression<'e, 'e>, &'e Source);

struct CompiledConstruct<'e> {
    construct: &'e Construct,
    locals: Vec<(&'e str, Node<Compiled<'e>>)>,
    checks: Vec<(Compiled<'e>, Option<Node<Compiled<'e>>>)>,
    offers: Vec<(&'e str, CompiledOffer<'e>)>,
    resources: Vec<CompiledResource<'e>>,
}

enum CompiledOffer<'e> {
    Resource {
        index: u32,
        attribute: Option<Arc<str>>,
        computed: Option<Node<Compiled<'e>>>,
        flows: &'e [String],
    },
    Value(Node<Compiled<'e>>),
}

struct CompiledResource<'e> {
    when: Option<Compiled<'e>>,
    joins: Option<Node<Compiled<'e>>>,
    follows: Option<Node<Compiled<'e>>>,
    body: Node<Compiled<'e>>,
}

/// All constructs of a library, ready to be instantiated.
pub struct Evaluator<'e> {
    constructs: BTreeMap<&'e str, CompiledConstruct<'e>>,
}

impl<'e> Evaluator<'e> {
    /// Compiles every expression. Constructs with a broken expression are left out; loading reported them.
    #[must_use]
    pub fn new(machine: &'e Machine, library: &'e Library) -> Self {
        let compile =
            |construct: &'e Construct| Some((construct.id.as_str(), compile(&machine.env, construct).ok()?));
        Evaluator { constructs: library.constructs().filter_map(compile).collect() }
    }

    /// Makes an instance: gives its resources the numbers from `base` on, and computes its locals and ports.
    ///
    /// # Errors
    /// When a local or a port cannot be computed.
    pub fn instantiate(
        &self,
        construct: &str,
        base: ResourceId,
        bindings: &[(&str, Binding)],
        globals: &Scope,
        fallbacks: &mut BTreeMap<Symbol, Data>,
    ) -> Result<(Scope, Instance), EvaluationError> {
        let Some(compiled) = self.constructs.get(construct) else {
            let message = "it could not be read".to_owned();
            return Err(EvaluationError {
                construct: construct.to_owned(),
                expression: String::new(),
                message,
                kind: EvaluationKind::Failed,
            });
        };
        let mut values = BTreeMap::new();
        for (index, name) in compiled.construct.resources.keys().enumerate() {
            let id = ResourceId(base.0 + index as u32);
            values.insert(name.clone(), reference(Symbol::Resource { id, attribute: None }));
        }
        for (name, spec) in &compiled.construct.parameters {
            let default = default_of(spec);
            values.insert(name.clone(), default.map_or(Value::UNDEFINED, |setting| setting_value(&setting)));
        }
        for need in &compiled.construct.needs {
            values.insert(need.name.clone(), Value::UNDEFINED);
        }
        for (name, binding) in bindings {
            values.insert((*name).to_owned(), binding.to_value());
        }
        if let Some(need) = compiled
            .construct
            .needs
            .iter()
            .find(|need| !need.optional && values.get(&need.name).is_none_or(Value::is_undefined))
        {
            let message = format!("it needs `{}`, and there is none here", need.name);
            return Err(EvaluationError { kind: EvaluationKind::Unbound, ..fail(construct, "", message) });
        }
        let scope = |values: &BTreeMap<String, Value>| {
            Value::from_object(Names {
                construct: construct.to_owned(),
                values: values.clone(),
                outer: Some(globals.value.clone()),
            })
        };
        for (name, local) in &compiled.locals {
            let value = run_value(construct, local, &scope(&values))?;
            values.insert((*name).to_owned(), value);
        }
        let scope = scope(&values);
        for ((that, help), check) in compiled.checks.iter().zip(&compiled.construct.checks) {
            if !eval(construct, that, &scope)?.is_true() {
                let help = help.as_ref().map(|node| run(construct, node, &scope)).transpose()?.flatten();
                let help = help.and_then(|data| data.as_text().map(str::to_owned));
                return Err(EvaluationError {
                    kind: EvaluationKind::Check { help },
                    ..fail(construct, "", check.message.clone())
                });
            }
        }
        let mut ports = BTreeMap::new();
        for (name, offer) in &compiled.offers {
            ports.insert((*name).to_owned(), port(construct, offer, base, &scope, fallbacks)?);
        }
        let instance = Instance { ports: Arc::new(Ports { construct: construct.to_owned(), values: ports }) };
        Ok((Scope { value: scope }, instance))
    }

    /// The resources of an instance.
    ///
    /// # Errors
    /// Every expression that gave nothing.
    pub fn resources(
        &self,
        construct: &str,
        base: ResourceId,
        scope: &Scope,
    ) -> Result<Vec<Produced>, Vec<EvaluationError>> {
        let Some(compiled) = self.constructs.get(construct) else { return Ok(Vec::new()) };
        let mut produced = Vec::new();
        let mut errors = Vec::new();
        let templates = compiled.construct.resources.iter().zip(&compiled.resources);
        for (index, ((name, template), code)) in templates.enumerate() {
            let id = ResourceId(base.0 + index as u32);
            match one_resource(construct, code, scope) {
                Ok(None) => {}
                Ok(Some((body, joins, follows))) => produced.push(Produced {
                    id,
                    name: name.clone(),
                    kind: template.kind.clone(),
                    stack: template.stack.unwrap_or(compiled.construct.stack),
                    joins,
                    follows,
                    body,
                }),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(produced) } else { Err(errors) }
    }
}

type Body = (Data, Option<String>, Option<String>);

fn one_resource(
    construct: &str,
    code: &CompiledResource<'_>,
    scope: &Scope,
) -> Result<Option<Body>, EvaluationError> {
    if let Some(test) = &code.when
        && !eval(construct, test, &scope.value)?.is_true()
    {
        return Ok(None);
    }
    let text = |node: &Option<Node<Compiled<'_>>>| -> Result<Option<String>, EvaluationError> {
        let Some(node) = node else { return Ok(None) };
        Ok(run(construct, node, &scope.value)?.and_then(|data| data.as_text().map(str::to_owned)))
    };
    let (joins, follows) = (text(&code.joins)?, text(&code.follows)?);
    let body = run(construct, &code.body, &scope.value)?.unwrap_or(Data::Map(Vec::new()));
    Ok(Some((body, joins, follows)))
}

impl Scope {
    /// A scope of plain names, for what all instances see.
    #[must_use]
    pub fn globals(bindings: &[(&str, Binding)]) -> Scope {
        let values =
            bindings.iter().map(|(name, binding)| ((*name).to_owned(), binding.to_value())).collect();
        Scope { value: Value::from_object(Names { construct: String::new(), values, outer: None }) }
    }

    /// The same scope with more names on top.
    #[must_use]
    pub fn with(&self, bindings: &[(&str, Binding)]) -> Scope {
        let values =
            bindings.iter().map(|(name, binding)| ((*name).to_owned(), binding.to_value())).collect();
        Scope {
            value: Value::from_object(Names {
                construct: String::new(),
                values,
                outer: Some(self.value.clone()),
            }),
        }
    }
}

fn compile<'e>(
    env: &'e Environment<'static>,
    construct: &'e Construct,
) -> Result<CompiledConstruct<'e>, Error> {
    let mut expression =
        |source: &'e Source| Ok::<_, Error>((env.compile_expression_owned(source.text.clone())?, source));
    let mut node = |node: &'e Node<Source>| compile_node(node, &mut expression);
    let locals = construct
        .locals
        .iter()
        .map(|(name, local)| Ok((name.as_str(), node(local)?)))
        .collect::<Result<_, Error>>()?;
    let mut offers = Vec::new();
    for (name, offer) in &construct.offers {
        let compiled = match &offer.value {
            OfferValue::Value(value) => CompiledOffer::Value(node(value)?),
            OfferValue::Resource { name, attribute, computed } => CompiledOffer::Resource {
                index: construct.resources.get_index_of(name).unwrap_or(0) as u32,
                attribute: attribute.as_deref().map(Arc::from),
                computed: computed.as_ref().map(&mut node).transpose()?,
                flows: &offer.flows,
            },
        };
        offers.push((name.as_str(), compiled));
    }
    let mut checks = Vec::new();
    for check in &construct.checks {
        let help = check.help.as_ref().map(|help| compile_node(help, &mut expression)).transpose()?;
        checks.push((expression(&check.that)?, help));
    }
    let mut node = |node: &'e Node<Source>| compile_node(node, &mut expression);
    let mut resources = Vec::new();
    for template in construct.resources.values() {
        resources.push(CompiledResource {
            joins: template.joins.as_ref().map(&mut node).transpose()?,
            follows: template.follows.as_ref().map(&mut node).transpose()?,
            body: node(&template.body)?,
            when: None,
        });
    }
    for (resource, template) in resources.iter_mut().zip(construct.resources.values()) {
        resource.when = template.when.as_ref().map(&mut expression).transpose()?;
    }
    Ok(CompiledConstruct { construct, locals, checks, offers, resources })
}

/// [`Node::try_map`] with references into the construct, which a closure over `&Source` cannot express.
fn compile_node<'e>(
    node: &'e Node<Source>,
    with: &mut impl FnMut(&'e Source) -> Result<Compiled<'e>, Error>,
) -> Result<Node<Compiled<'e>>, Error> {
    let parts = |parts: &'e [TextPart<Source>],
                 with: &mut dyn FnMut(&'e Source) -> Result<Compiled<'e>, Error>| {
        parts
            .iter()
            .map(|part| match part {
                TextPart::Text(text) => Ok(TextPart::Text(text.clone())),
                TextPart::Expr(expr) => with(expr).map(TextPart::Expr),
            })
            .collect::<Result<Vec<_>, Error>>()
    };
    Ok(match node {
        Node::Const(data) => Node::Const(data.clone()),
        Node::Expr(expr) => Node::Expr(with(expr)?),
        Node::Text(text) => Node::Text(parts(text, with)?),
        Node::List(items) => {
            Node::List(items.iter().map(|item| compile_node(item, with)).collect::<Result<_, _>>()?)
        }
        Node::Map(entries) => {
            let mut compiled = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let key = match key {
                    Key::Fixed(name) => Key::Fixed(name.clone()),
                    Key::Text(text) => Key::Text(parts(text, with)?),
                };
                compiled.push((key, compile_node(value, with)?));
            }
            Node::Map(compiled)
        }
        Node::When(test, body) => Node::When(with(test)?, Box::new(compile_node(body, with)?)),
        Node::Each(name, of, body) => {
            Node::Each(name.clone(), with(of)?, Box::new(compile_node(body, with)?))
        }
    })
}

fn port(
    construct: &str,
    offer: &CompiledOffer<'_>,
    base: ResourceId,
    scope: &Value,
    fallbacks: &mut BTreeMap<Symbol, Data>,
) -> Result<Value, EvaluationError> {
    match offer {
        CompiledOffer::Value(node) => run_value(construct, node, scope),
        CompiledOffer::Resource { index, attribute, computed, flows } => {
            let symbol = Symbol::Resource { id: ResourceId(base.0 + index), attribute: attribute.clone() };
            if let Some(node) = computed
                && let Some(data) = run(construct, node, scope)?
            {
                fallbacks.insert(symbol.clone(), data);
            }
            Ok(Value::from_object(Reference { symbol, flows: flows.to_vec() }))
        }
    }
}

fn fail(construct: &str, expression: &str, message: String) -> EvaluationError {
    EvaluationError {
        construct: construct.to_owned(),
        expression: expression.to_owned(),
        message,
        kind: EvaluationKind::Failed,
    }
}

fn eval(construct: &str, code: &Compiled<'_>, scope: &Value) -> Result<Value, EvaluationError> {
    let value = code.0.eval(scope.clone()).map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
        fail(construct, &code.1.text, format!("{}{cause}", say(&error)))
    })?;
    match value.downcast_object_ref::<Missing>() {
        None => Ok(value),
        Some(missing) => Err(EvaluationError {
            kind: EvaluationKind::MissingPort,
            ..fail(
                construct,
                &code.1.text,
                format!("`{}` offers no port `{}`", missing.construct, missing.port),
            )
        }),
    }
}

/// A node's value for further expressions.
fn run_value(construct: &str, node: &Node<Compiled<'_>>, scope: &Value) -> Result<Value, EvaluationError> {
    match node {
        Node::Expr(code) => eval(construct, code, scope),
        _ => Ok(run(construct, node, scope)?.map_or(Value::UNDEFINED, |data| to_value(&data))),
    }
}

fn to_value(data: &Data) -> Value {
    match data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        Data::Float(value) => Value::from(*value),
        Data::Text(text) => Value::from(&**text),
        Data::List(items) => items.iter().map(to_value).collect(),
        Data::Map(entries) => {
            Value::from_pairs(entries.iter().map(|(key, value)| (key.to_string(), to_value(value))))
        }
        Data::Ref(symbol) => reference(symbol.clone()),
        Data::Join(pieces) => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    super::data::Piece::Text(text) => text.clone(),
                    super::data::Piece::Ref(symbol) => symbol.to_mark(),
                })
                .collect();
            Value::from(text)
        }
        Data::Shared(inner) => to_value(inner),
    }
}

/// A node's data; `None` when it is undefined, which drops the property it stands for.
fn run(construct: &str, node: &Node<Compiled<'_>>, scope: &Value) -> Result<Option<Data>, EvaluationError> {
    Ok(match node {
        Node::Const(data) => Some(Data::Shared(data.clone())),
        Node::Expr(code) => {
            let value = eval(construct, code, scope)?;
            to_data(&value).map_err(|message| fail(construct, &code.1.text, message))?
        }
        Node::Text(parts) => Some(Data::from_text(&text(construct, parts, scope)?)),
        Node::List(items) => {
            let mut list = Vec::with_capacity(items.len());
            for item in items {
                run_item(construct, item, scope, &mut list)?;
            }
            // A list that lost all its items is dropped, as what is undefined is.
            (!list.is_empty()).then_some(Data::List(list))
        }
        Node::Map(entries) => {
            let mut map = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                if let Some(data) = run(construct, value, scope)? {
                    let key = match key {
                        Key::Fixed(name) => name.clone(),
                        Key::Text(parts) => text(construct, parts, scope)?.into(),
                    };
                    map.push((key, data));
                }
            }
            (!map.is_empty()).then_some(Data::Map(map))
        }
        Node::When(test, body) => {
            if eval(construct, test, scope)?.is_true() {
                run(construct, body, scope)?
            } else {
                None
            }
        }
        Node::Each(..) => {
            let mut list = Vec::new();
            run_item(construct, node, scope, &mut list)?;
            Some(Data::List(list))
        }
    })
}

/// A list's item: none, one, or as many as its `for` says.
fn run_item(
    construct: &str,
    node: &Node<Compiled<'_>>,
    scope: &Value,
    list: &mut Vec<Data>,
) -> Result<(), EvaluationError> {
    let Node::Each(name, of, body) = node else {
        list.extend(run(construct, node, scope)?);
        return Ok(());
    };
    let values = eval(construct, of, scope)?;
    let items = values.try_iter().map_err(|error| fail(construct, &of.1.text, say(&error)))?;
    for item in items {
        let values = BTreeMap::from([(name.clone(), item)]);
        let inner =
            Value::from_object(Names { construct: construct.to_owned(), values, outer: Some(scope.clone()) });
        list.extend(run(construct, body, &inner)?);
    }
    Ok(())
}

fn text(construct: &str, parts: &[TextPart<Compiled<'_>>], scope: &Value) -> Result<String, EvaluationError> {
    use fmt::Write as _;
    let mut out = String::new();
    for part in parts {
        match part {
            TextPart::Text(text) => out.push_str(text),
            TextPart::Expr(code) => {
                let value = eval(construct, code, scope)?;
                if value.is_undefined() || write!(out, "{value}").is_err() {
                    return Err(fail(
                        construct,
                        &code.1.text,
                        "it has no value, and stands in a text".to_owned(),
                    ));
                }
            }
        }
    }
    Ok(out)
}

fn to_data(value: &Value) -> Result<Option<Data>, String> {
    if let Some(found) = value.downcast_object_ref::<Reference>() {
        return Ok(Some(Data::Ref(found.symbol.clone())));
    }
    if let Some(missing) = value.downcast_object_ref::<Missing>() {
        return Err(format!("`{}` offers no port `{}`", missing.construct, missing.port));
    }
    Ok(match value.kind() {
        ValueKind::Undefined => None,
        ValueKind::None => Some(Data::Null),
        ValueKind::Bool => Some(Data::Bool(value.is_true())),
        ValueKind::Number => Some(match i64::try_from(value.clone()) {
            Ok(int) if value.is_integer() => Data::Int(int),
            _ => Data::Float(f64::try_from(value.clone()).map_err(|error| error.to_string())?),
        }),
        ValueKind::String => Some(Data::from_text(value.as_str().unwrap_or(""))),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut list = Vec::new();
            for item in value.try_iter().map_err(|error| error.to_string())? {
                list.extend(to_data(&item)?);
            }
            Some(Data::List(list))
        }
        ValueKind::Map => {
            let mut map = Vec::new();
            for key in value.try_iter().map_err(|error| error.to_string())? {
                let item = value.get_item(&key).map_err(|error| error.to_string())?;
                if let Some(data) = to_data(&item)? {
                    map.push((key.to_string().into(), data));
                }
            }
            Some(Data::Map(map))
        }
        _ => return Err(format!("a {} is no value for a template", value.kind())),
    })
}
