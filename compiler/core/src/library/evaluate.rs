//! Constructs compiled once, and instantiated as often as a project asks for them.
//!
//! An expression sees the instance's parameters, the ports of what is bound to it, its own resources and the
//! project's facts. What it yields is a value, so it can never break the structure around it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use minijinja::value::Value;

use super::Library;
use super::compile::{Compiled, CompiledConstruct, CompiledOffer, CompiledResource, compile, value_slot};
use super::construct::{Construct, Metric, StackKind};
use super::data::{Data, ResourceId, Symbol};
use super::machine::Machine;
use super::node::Node;
use super::run::{EvaluationError, EvaluationKind, eval, fail, run, run_value};
use super::scope::{Binding, Instance, Names, Ports, Reference, Scope};

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
