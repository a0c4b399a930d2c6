//! Constructs compiled once, and instantiated as often as a project asks for them.
//!
//! An expression sees the instance's parameters, the ports of what is bound to it, its own resources and the
//! project's facts. What it yields is a value, so it can never break the structure around it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;
use minijinja::value::Value;
use minijinja::{Environment, Error, Expression};

use super::Library;
use super::construct::{Construct, Metric, OfferValue, StackKind};
use super::data::{Data, ResourceId, Symbol};
use super::machine::Machine;
use super::node::{Key, Node, Source, TextPart};
use super::run::{EvaluationError, EvaluationKind, eval, fail, run, run_value};
use super::scope::{Binding, Instance, Kept, Names, Ports, Reference, Scope, Shape, Slot, setting_value};
use super::setting::default_of;

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

/// An expression, compiled.
pub(super) struct Compiled<'e> {
    /// `["key", "arn"]` where the expression is no more than `key.arn`, as most are: looked up without the engine.
    pub(super) path: Option<Vec<&'e str>>,
    /// Where the first name of such a path is kept, if it is one of the construct's own.
    pub(super) slot: Option<Slot>,
    pub(super) expression: Expression<'e, 'e>,
    pub(super) source: &'e Source,
}

/// The names of an expression that only follows names.
fn path(source: &str) -> Option<Vec<&str>> {
    const WORDS: &[&str] = &["true", "false", "none", "True", "False", "None", "not"];
    let name = |part: &&str| {
        let first = part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        first && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !WORDS.contains(part)
    };
    let parts: Vec<&str> = source.split('.').collect();
    parts.iter().all(name).then_some(parts)
}

struct CompiledConstruct<'e> {
    construct: &'e Construct,
    shape: Arc<Shape>,
    /// The values of its slots in every instance unless something is bound: defaults, and nothing.
    values: Vec<Value>,
    /// Needs that must be bound, and their slots.
    needs: Vec<(&'e str, usize)>,
    /// Needs, their slots, and the ports that expressions name of them, for constructs of a project's own.
    uses: Vec<(String, usize, String)>,
    locals: Vec<Node<Compiled<'e>>>,
    checks: Vec<(Compiled<'e>, Option<Node<Compiled<'e>>>)>,
    offers: Vec<(&'e str, CompiledOffer<'e>)>,
    resources: Vec<CompiledResource<'e>>,
    outputs: Vec<Node<Compiled<'e>>>,
    metrics: Vec<(Option<Compiled<'e>>, Node<Compiled<'e>>)>,
}

enum CompiledOffer<'e> {
    Resource {
        index: u32,
        attribute: Option<Arc<str>>,
        computed: Option<Node<Compiled<'e>>>,
        flows: Arc<[String]>,
    },
    Value(Node<Compiled<'e>>),
}

struct CompiledResource<'e> {
    when: Option<Compiled<'e>>,
    joins: Option<Node<Compiled<'e>>>,
    follows: Option<Node<Compiled<'e>>>,
    body: Node<Compiled<'e>>,
}

/// A value that a deployment shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its name, behind the instance's prefix.
    pub name: String,
    /// The kind of stack that shows it: that of the construct.
    pub stack: StackKind,
    /// The value.
    pub value: Data,
    /// What it is.
    pub summary: String,
}

/// Something that is measured of an instance.
#[derive(Clone, Debug)]
pub struct Measured<'e> {
    /// Its name in the construct.
    pub name: &'e str,
    /// What the construct file says of it.
    pub metric: &'e Metric,
    /// An object: its namespace, name, dimensions, statistic.
    pub body: Data,
}

/// All constructs of a library, each compiled when it is first asked for.
pub struct Evaluator<'e> {
    machine: &'e Machine,
    constructs: BTreeMap<&'e str, (&'e Construct, OnceLock<Option<CompiledConstruct<'e>>>)>,
}

impl<'e> Evaluator<'e> {
    /// The constructs of a library. One with a broken expression is as if it were not there; loading reported it.
    #[must_use]
    pub fn new(machine: &'e Machine, library: &'e Library) -> Self {
        let all = library.constructs().map(|construct| (construct.id.as_str(), (construct, OnceLock::new())));
        Evaluator { machine, constructs: all.collect() }
    }

    fn compiled(&self, construct: &str) -> Option<&CompiledConstruct<'e>> {
        let (construct, cell) = self.constructs.get(construct)?;
        cell.get_or_init(|| compile(&self.machine.env, construct).ok()).as_ref()
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
        let Some(compiled) = self.compiled(construct) else {
            let message = "it could not be read".to_owned();
            return Err(EvaluationError {
                construct: construct.to_owned(),
                expression: String::new(),
                message,
                kind: EvaluationKind::Failed,
            });
        };
        let (values, more) = bind(compiled, bindings);
        let unbound = |slot: usize| values.get(slot).is_none_or(Value::is_undefined);
        if let Some((need, _)) = compiled.needs.iter().find(|(_, slot)| unbound(*slot)) {
            let message = format!("it needs `{need}`, and there is none here");
            return Err(EvaluationError { kind: EvaluationKind::Unbound, ..fail(construct, "", message) });
        }
        for (need, slot, port) in &compiled.uses {
            let bound = values.get(*slot).and_then(|value| value.downcast_object_ref::<Ports>());
            if let Some(ports) = bound.filter(|ports| !ports.values.contains_key(port)) {
                let message = format!("`{}` offers no port `{port}`", ports.construct);
                let expression = format!("{need}.{port}");
                return Err(EvaluationError {
                    kind: EvaluationKind::MissingPort,
                    ..fail(construct, &expression, message)
                });
            }
        }
        let names = Arc::new(Names {
            shape: compiled.shape.clone(),
            base,
            values,
            locals: compiled.locals.iter().map(|_| OnceLock::new()).collect(),
            more,
            outer: Some(globals.value.clone()),
        });
        let scope = Value::from_dyn_object(names.clone());
        for (local, cell) in compiled.locals.iter().zip(&names.locals) {
            // Each is computed once, right here.
            let _ = cell.set(run_value(construct, local, &scope)?);
        }
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

    /// What an instance shows of itself.
    ///
    /// # Errors
    /// The first expression that gave nothing.
    pub fn outputs(&self, construct: &str, scope: &Scope) -> Result<Vec<Shown>, EvaluationError> {
        let Some(compiled) = self.compiled(construct) else { return Ok(Vec::new()) };
        let mut shown = Vec::new();
        for ((name, output), code) in compiled.construct.outputs.iter().zip(&compiled.outputs) {
            if let Some(value) = run(construct, code, &scope.value)? {
                let stack = compiled.construct.stack;
                shown.push(Shown { name: name.clone(), stack, value, summary: output.summary.clone() });
            }
        }
        Ok(shown)
    }

    /// What is measured of an instance, and the kind of stack that its construct goes to.
    ///
    /// # Errors
    /// The first expression that gave nothing.
    pub fn metrics(&self, construct: &str, scope: &Scope) -> Result<Vec<Measured<'e>>, EvaluationError> {
        let Some(compiled) = self.compiled(construct) else { return Ok(Vec::new()) };
        let mut measured = Vec::new();
        for ((name, metric), (when, body)) in compiled.construct.metrics.iter().zip(&compiled.metrics) {
            let wanted = match when {
                Some(test) => eval(construct, test, &scope.value)?.is_true(),
                None => true,
            };
            let body = if wanted { run(construct, body, &scope.value)? } else { None };
            measured.extend(body.map(|body| Measured { name, metric, body }));
        }
        Ok(measured)
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
        let Some(compiled) = self.compiled(construct) else { return Ok(Vec::new()) };
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

fn compile<'e>(
    env: &'e Environment<'static>,
    construct: &'e Construct,
) -> Result<CompiledConstruct<'e>, Error> {
    let shape = Arc::new(shape(construct));
    let mut expression = |source: &'e Source| {
        let expression = env.compile_expression_owned(source.text.clone())?;
        let path = path(&source.text);
        let first = path.as_ref().and_then(|path| path.first());
        let slot = first.and_then(|name| shape.slots.get(*name)).copied();
        Ok::<_, Error>(Compiled { path, slot, expression, source })
    };
    let mut node = |node: &'e Node<Source>| compile_node(node, &mut expression);
    let locals = construct.locals.values().map(&mut node).collect::<Result<_, Error>>()?;
    let mut offers = Vec::new();
    for (name, offer) in &construct.offers {
        let compiled = match &offer.value {
            OfferValue::Value(value) => CompiledOffer::Value(node(value)?),
            OfferValue::Resource { name, attribute, computed } => CompiledOffer::Resource {
                index: construct.resources.get_index_of(name).unwrap_or(0) as u32,
                attribute: attribute.as_deref().map(Arc::from),
                computed: computed.as_ref().map(&mut node).transpose()?,
                flows: offer.flows.as_slice().into(),
            },
        };
        offers.push((name.as_str(), compiled));
    }
    let mut checks = Vec::new();
    for check in &construct.checks {
        let help = check.help.as_ref().map(|help| compile_node(help, &mut expression)).transpose()?;
        checks.push((expression(&check.that)?, help));
    }
    let mut metrics = Vec::new();
    for metric in construct.metrics.values() {
        let when = metric.when.as_ref().map(&mut expression).transpose()?;
        metrics.push((when, compile_node(&metric.body, &mut expression)?));
    }
    let mut node = |node: &'e Node<Source>| compile_node(node, &mut expression);
    let outputs =
        construct.outputs.values().map(|output| node(&output.value)).collect::<Result<_, Error>>()?;
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
    Ok(CompiledConstruct {
        values: values(construct),
        needs: construct
            .needs
            .iter()
            .filter(|need| !need.optional)
            .filter_map(|need| Some((need.name.as_str(), value_slot(&shape, &need.name)?)))
            .collect(),
        construct,
        uses: uses(env, construct)
            .into_iter()
            .filter_map(|(need, port)| Some((value_slot(&shape, &need)?, need, port)))
            .map(|(slot, need, port)| (need, slot, port))
            .collect(),
        shape,
        locals,
        checks,
        offers,
        resources,
        outputs,
        metrics,
    })
}

/// A place for every name. A resource hides a parameter of its name.
fn shape(construct: &Construct) -> Shape {
    let mut slots: HashMap<Arc<str>, Slot> = HashMap::default();
    let parameters = construct.parameters.keys().map(String::as_str);
    let needs = construct.needs.iter().map(|need| need.name.as_str());
    for (index, name) in parameters.chain(needs).enumerate() {
        slots.entry(name.into()).or_default().kept = Some(Kept::Value(index));
    }
    for (name, index) in construct.resources.keys().zip(0..) {
        slots.entry(name.as_str().into()).or_default().kept = Some(Kept::Resource(index));
    }
    for (index, name) in construct.locals.keys().enumerate() {
        slots.entry(name.as_str().into()).or_default().local = Some(index);
    }
    Shape { construct: construct.id.as_str().into(), slots }
}

/// Parameters with their defaults; needs, and parameters without one, are undefined.
fn values(construct: &Construct) -> Vec<Value> {
    let default = |spec| default_of(spec).map_or(Value::UNDEFINED, |setting| setting_value(&setting));
    let parameters = construct.parameters.values().map(default);
    parameters.chain(construct.needs.iter().map(|_| Value::UNDEFINED)).collect()
}

fn value_slot(shape: &Shape, name: &str) -> Option<usize> {
    match shape.slots.get(name)?.kept? {
        Kept::Value(index) => Some(index),
        Kept::Resource(_) => None,
    }
}

/// The slots of an instance with what is bound to them, and what is bound to other names.
fn bind(
    compiled: &CompiledConstruct<'_>,
    bindings: &[(&str, Binding)],
) -> (Vec<Value>, Vec<(Arc<str>, Value)>) {
    let (mut values, mut more) = (compiled.values.clone(), Vec::new());
    for (name, binding) in bindings {
        match value_slot(&compiled.shape, name).and_then(|slot| values.get_mut(slot)) {
            Some(value) => *value = binding.to_value(),
            None => more.push((Arc::from(*name), binding.to_value())),
        }
    }
    (values, more)
}

/// The ports that a construct's expressions name. A misspelt one in a comparison would be false without a word.
/// Those of stdlib are covered by its tests.
fn uses(env: &Environment<'static>, construct: &Construct) -> Vec<(String, String)> {
    if !construct.file.starts_with("lib/") {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    let mut look = |source: &Source, _: &[String]| {
        let names = env.compile_expression(&source.text).map(|compiled| compiled.undeclared_variables(true));
        let names: BTreeSet<String> = names.unwrap_or_default().into_iter().collect();
        for name in names {
            if let Some((root, rest)) = name.split_once('.')
                && construct.needs.iter().any(|need| need.name == root)
            {
                found.insert((root.to_owned(), rest.split('.').next().unwrap_or(rest).to_owned()));
            }
        }
    };
    for node in construct.locals.values() {
        node.visit(&mut Vec::new(), &mut look);
    }
    for offer in construct.offers.values() {
        if let OfferValue::Value(node) = &offer.value {
            node.visit(&mut Vec::new(), &mut look);
        }
    }
    for resource in construct.resources.values() {
        resource.body.visit(&mut Vec::new(), &mut look);
    }
    found.into_iter().collect()
}

/// A node with every expression compiled.
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
            Ok(Value::from_object(Reference { symbol, flows: flows.clone() }))
        }
    }
}
