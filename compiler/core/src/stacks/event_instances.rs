//! One event's nodes to instances: its doors and stores first, then, when all events have theirs, its subscribers.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::json;

use super::facts;
use super::instances::{Made, Prefix, STEP, Shared, Wanted, explain, make, settings};
use super::place::Home;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Flow, FlowGraph, Node, NodeId, NodeKind};
use crate::handlers::Packages;
use crate::library::setting::outside;
use crate::library::{Binding, Data, Evaluator, Instance, Library, ResourceId, Scope, Symbol};
use crate::model::{Ingress, Options, PathPart};
use crate::names::pascal;

/// What making one event needs; shared between threads.
pub(super) struct Tools<'g, 'm, 'e> {
    pub(super) graph: &'g FlowGraph,
    pub(super) library: &'g Library,
    pub(super) evaluator: &'g Evaluator<'e>,
    pub(super) packages: &'g Packages,
    pub(super) globals: &'m Scope,
}

/// Which half of every event is made, and what that half may use.
pub(super) struct Part<'p> {
    pub(super) shared: &'p Shared,
    /// The instances of the first half, for the second: subscribers.
    pub(super) known: Option<&'p BTreeMap<NodeId, Instance>>,
}

impl Part<'_> {
    fn has(&self, kind: NodeKind) -> bool {
        matches!(kind, NodeKind::Source | NodeKind::Function) == self.known.is_some()
    }
}

#[derive(Default)]
pub(super) struct EventInstances {
    pub(super) made: Vec<Made>,
    pub(super) by_node: BTreeMap<NodeId, Instance>,
    pub(super) fallbacks: BTreeMap<Symbol, Data>,
    pub(super) diags: Vec<Diagnostic>,
}

impl<'g> Tools<'g, '_, '_> {
    /// Makes one half of an event: its nodes in the order of the flow.
    pub(super) fn event(
        &self,
        name: &str,
        nodes: &[(NodeId, &Node)],
        part: &Part<'_>,
        first: u32,
    ) -> EventInstances {
        let mut done = EventInstances::default();
        let Some(event) = self.graph.model.events.get(name) else { return done };
        let facts = facts::event(&self.graph.model, name, event);
        let globals = self.globals.with(&[("event", Binding::Value(facts.into()))]);
        let mut next = first;
        for (id, node) in nodes.iter().filter(|(_, node)| part.has(node.kind)) {
            let bindings = self.bindings(*id, node, part, &done);
            let made = self.one(node, &node.construct, bindings, &globals, &mut next, &mut done);
            let Some(instance) = made else { continue };
            done.by_node.insert(*id, instance.clone());
            if node.kind == NodeKind::Function {
                self.check_options(*id, node, &mut done);
                self.mapping(*id, node, &instance, &globals, &mut next, &mut done);
            }
        }
        done
    }

    fn one(
        &self,
        node: &Node,
        construct: &str,
        bindings: Vec<(&str, Binding)>,
        globals: &Scope,
        next: &mut u32,
        done: &mut EventInstances,
    ) -> Option<Instance> {
        let base = ResourceId(*next);
        *next += STEP;
        // The word keeps a subscriber called `delivery` apart from the event's own resources.
        let own =
            node.subscriber.as_deref().map(|name| format!("Subscriber{}", pascal(name))).unwrap_or_default();
        let event = self.graph.event(node)?;
        let wanted = Wanted {
            construct,
            prefix: Prefix { shared: format!("{}{own}", node.event), own },
            home: Home { domain: event.domain.clone(), event: Some(node.event.clone()), api: None },
            origin: node.origin.clone(),
            bindings,
        };
        match make(self.evaluator, base, wanted, globals, &mut done.fallbacks) {
            Ok(made) => {
                let instance = made.instance.clone();
                done.made.push(made);
                Some(instance)
            }
            Err(failed) => {
                done.diags.push(explain(&failed.0, &failed.1));
                None
            }
        }
    }

    /// Every option of a subscriber must be one of the constructs that it became, within their ranges.
    fn check_options(&self, id: NodeId, node: &Node, done: &mut EventInstances) {
        let source = self.graph.before(id, Flow::Carries).next().and_then(|source| self.graph.node(source));
        let (Some(subscriber), Some(source)) = (self.graph.subscriber(node), source) else { return };
        let mapping = source.construct.replacen("source/", "mapping/", 1);
        let constructs = [source.construct.as_str(), node.construct.as_str(), mapping.as_str()];
        for (option, setting) in &subscriber.options {
            let specs: Vec<_> =
                constructs.iter().filter_map(|id| self.library.get(id)?.parameters.get(option)).collect();
            if specs.is_empty() {
                let what = source.construct.trim_start_matches("source/");
                let message = format!("`{option}` has no effect on a subscriber that reads a {what}");
                let help = format!("remove `{option}`, or read from elsewhere with `from`");
                done.diags.push(Diagnostic::new(Code::UnknownOption, setting.span, message).help(help));
            }
            let out = specs.iter().find_map(|spec| outside(spec, &setting.value));
            if let Some(range) = out {
                let message = format!("`{option}` is out of range");
                done.diags.push(Diagnostic::new(Code::OutOfRange, setting.span, message).help(range));
            }
        }
    }

    /// What joins a function to its source: the construct `mapping/…` of the source's kind.
    fn mapping(
        &self,
        id: NodeId,
        node: &Node,
        function: &Instance,
        globals: &Scope,
        next: &mut u32,
        done: &mut EventInstances,
    ) {
        let Some(source) = self.graph.before(id, Flow::Carries).next() else { return };
        let (Some(kind), Some(instance)) = (self.graph.node(source), done.by_node.get(&source).cloned())
        else {
            return;
        };
        let construct = kind.construct.replacen("source/", "mapping/", 1);
        let mut bindings = self.options(node);
        bindings.push(("source", Binding::Instance(instance)));
        bindings.push(("function", Binding::Instance(function.clone())));
        self.one(node, &construct, bindings, globals, next, done);
    }

    /// The names a node's construct can use: neighbours, options, and what the project shares.
    fn bindings(
        &self,
        id: NodeId,
        node: &Node,
        part: &Part<'_>,
        done: &EventInstances,
    ) -> Vec<(&'g str, Binding)> {
        let find = |id: &NodeId| done.by_node.get(id).or_else(|| part.known?.get(id)).cloned();
        let mut bindings = self.options(node);
        bindings.push(("key", Binding::Instance(part.shared.key.clone())));
        for before in self.graph.before(id, Flow::Carries) {
            if let (Some(neighbour), Some(instance)) = (self.graph.node(before), find(&before)) {
                let word = if node.kind == NodeKind::Source { "upstream" } else { neighbour.kind.word() };
                bindings.push((word, Binding::Instance(instance)));
            }
        }
        for after in self.graph.after(id, Flow::Carries) {
            if let (Some(neighbour), Some(instance)) = (self.graph.node(after), find(&after)) {
                bindings.push((neighbour.kind.word(), Binding::Instance(instance)));
            }
        }
        let Some(event) = self.graph.event(node) else { return bindings };
        match node.kind {
            NodeKind::Door => bindings.extend(door(event, part.shared)),
            NodeKind::Source => {
                let bucket = part.shared.dead_letters.get(&event.domain);
                bindings.push((
                    "dead_letters",
                    bucket.map_or(Binding::Undefined, |made| Binding::Instance(made.clone())),
                ));
                bindings.push(("subscriber", self.subscriber_facts(node)));
            }
            NodeKind::Function => {
                bindings.push(("subscriber", self.subscriber_facts(node)));
                bindings.push(("targets", self.targets(id, part)));
                bindings.extend(self.code(node));
            }
            _ => {}
        }
        bindings
    }

    fn subscriber_facts(&self, node: &Node) -> Binding {
        let name = node.subscriber.as_deref().unwrap_or_default();
        self.graph.subscriber(node).map_or(Binding::Undefined, |subscriber| {
            Binding::Value(facts::subscriber(&self.graph.model, &node.event, name, subscriber).into())
        })
    }

    /// The ports of the events that a function emits, by event.
    fn targets(&self, id: NodeId, part: &Part<'_>) -> Binding {
        let mut table = IndexMap::new();
        for target in self.graph.after(id, Flow::Emits) {
            if let (Some(node), Some(instance)) =
                (self.graph.node(target), part.known.and_then(|known| known.get(&target)))
            {
                table.insert(node.event.clone(), Binding::Instance(instance.clone()));
            }
        }
        Binding::Table(table)
    }

    /// `code`: the package, and `env`: the variables that the project sets.
    fn code(&self, node: &Node) -> Vec<(&'g str, Binding)> {
        let Some(subscriber) = self.graph.subscriber(node) else { return Vec::new() };
        let name = node.subscriber.as_deref().unwrap_or_default();
        let package = self.packages.get(&node.event, name);
        let code = json!({
            "key": package.map(|package| package.key.as_str()),
            "runtime": package.map(|package| package.runtime.as_str()),
            "entry": package.map(|package| package.entry.as_str()),
        });
        let env = subscriber
            .env
            .iter()
            .map(|(name, value)| (name.clone(), Binding::Setting(value.value.clone())))
            .collect();
        vec![("code", Binding::Value(code.into())), ("env", Binding::Table(env))]
    }

    /// The options that were given, for every parameter the construct has.
    fn options(&self, node: &Node) -> Vec<(&'g str, Binding)> {
        let event = self.graph.event(node);
        let given: Option<&Options> = match node.kind {
            NodeKind::Tier => event.and_then(|e| e.tier.as_ref()).map(|tier| &tier.options),
            NodeKind::Store => event.and_then(|e| e.store.as_ref()).map(|store| &store.options),
            NodeKind::Archive => event.and_then(|e| e.store.as_ref()).map(|store| &store.options),
            NodeKind::Source | NodeKind::Function => {
                self.graph.subscriber(node).map(|subscriber| &subscriber.options)
            }
            NodeKind::Door | NodeKind::Topic => None,
        };
        given.map(settings).unwrap_or_default()
    }
}

fn door<'b>(event: &crate::model::Event, shared: &Shared) -> Vec<(&'b str, Binding)> {
    let Ingress::Api { api, path, .. } = &event.ingress else { return Vec::new() };
    let full: Vec<String> = path.iter().map(PathPart::text).collect();
    let bind = |found: Option<&Instance>| {
        found.map_or(Binding::Undefined, |instance| Binding::Instance(instance.clone()))
    };
    let auth = event.auth.as_ref().and_then(|auth| auth.value.clone()).unwrap_or_default();
    vec![
        ("rest", bind(shared.apis.get(&api.value))),
        ("path", bind(shared.paths.get(&(api.value.clone(), full.join("/"))))),
        ("lock", bind(shared.auths.get(&auth))),
    ]
}
