//! Constructs with their expressions compiled: what all instances of one share.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashMap;
use minijinja::value::Value;
use minijinja::{Environment, Error, Expression};

use super::construct::{Construct, OfferValue};
use super::node::{Key, Node, Source, TextPart};
use super::scope::{Kept, Shape, Slot, setting_value};
use super::setting::default_of;

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

/// A construct with all its expressions compiled.
pub(super) struct CompiledConstruct<'e> {
    pub(super) construct: &'e Construct,
    pub(super) shape: Arc<Shape>,
    /// The values of its slots in every instance unless something is bound: defaults, and nothing.
    pub(super) values: Vec<Value>,
    /// Needs that must be bound, and their slots.
    pub(super) needs: Vec<(&'e str, usize)>,
    /// Needs, their slots, and the ports that expressions name of them, for constructs of a project's own.
    pub(super) uses: Vec<(String, usize, String)>,
    pub(super) locals: Vec<Node<Compiled<'e>>>,
    pub(super) checks: Vec<(Compiled<'e>, Option<Node<Compiled<'e>>>)>,
    pub(super) offers: Vec<(&'e str, CompiledOffer<'e>)>,
    pub(super) resources: Vec<CompiledResource<'e>>,
    pub(super) outputs: Vec<Node<Compiled<'e>>>,
    pub(super) metrics: Vec<(Option<Compiled<'e>>, Node<Compiled<'e>>)>,
}

/// A port.
pub(super) enum CompiledOffer<'e> {
    Resource {
        index: u32,
        attribute: Option<Arc<str>>,
        computed: Option<Node<Compiled<'e>>>,
        flows: Arc<[String]>,
    },
    Value(Node<Compiled<'e>>),
}

/// A resource.
pub(super) struct CompiledResource<'e> {
    pub(super) when: Option<Compiled<'e>>,
    pub(super) joins: Option<Node<Compiled<'e>>>,
    pub(super) follows: Option<Node<Compiled<'e>>>,
    pub(super) body: Node<Compiled<'e>>,
}

/// Compiles every expression of a construct.
///
/// # Errors
/// Why the first broken one is none.
pub(super) fn compile<'e>(
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

/// Where the value of a parameter or need is kept.
pub(super) fn value_slot(shape: &Shape, name: &str) -> Option<usize> {
    match shape.slots.get(name)?.kept? {
        Kept::Value(index) => Some(index),
        Kept::Resource(_) => None,
    }
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
