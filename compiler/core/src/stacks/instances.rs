//! Nodes of the graph to instances of constructs: which construct is bound to which, and under what name.
//!
//! What several events use is made first (`shared`), then every event (`event_instances`), then what the apis release.
//! What watches all of it (`observe`) is made while these make their resources.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::json;

use super::event_instances::{EventInstances, EventNodes, Part, Tools};
use super::facts;
use super::place::Home;
use super::shared::Shared;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{FlowGraph, NodeId};
use crate::handlers::Packages;
use crate::library::{
    Binding, Data, EvaluationError, EvaluationKind, Evaluator, Instance, Library, ResourceId, Scope,
    StackKind, Symbol,
};
use crate::model::{Ingress, Options, Origin};
use crate::names::pascal;

/// An instance, before its resources are made.
#[derive(Debug)]
pub struct Made {
    /// Its construct.
    pub construct: String,
    /// What its logical ids begin with, by whether the stack is its own or shared with others of its kind.
    pub prefix: Prefix,
    /// What it belongs to.
    pub home: Home,
    /// Where its resources go, if not where its construct says.
    pub stack: Option<StackKind>,
    /// The subscriber that it belongs to.
    pub subscriber: Option<String>,
    /// The statement that asked for it.
    pub origin: Origin,
    /// The number of its first resource.
    pub base: ResourceId,
    /// Its names.
    pub scope: Scope,
    /// Its ports.
    pub instance: Instance,
}

/// What logical ids begin with.
#[derive(Clone, Debug, Default)]
pub struct Prefix {
    /// In a stack of its own event or api.
    pub own: String,
    /// In a stack that it shares with other events or apis.
    pub shared: String,
}

impl Prefix {
    /// The prefix in a stack of that kind.
    #[must_use]
    pub fn of(&self, kind: StackKind) -> &str {
        match kind {
            StackKind::Foundation | StackKind::Stores | StackKind::Observability => &self.shared,
            StackKind::Api | StackKind::Event | StackKind::Release => &self.own,
        }
    }

    /// The same in front, whichever stack it is.
    pub(super) fn both(prefix: impl Into<String>) -> Prefix {
        let own = prefix.into();
        Prefix { shared: own.clone(), own }
    }
}

/// All instances, in a stable order, and the computed values of their ports.
#[derive(Debug, Default)]
pub struct Instances {
    /// The instances.
    pub made: Vec<Made>,
    /// What stands for a reference where it would close a cycle.
    pub fallbacks: BTreeMap<Symbol, Data>,
}

/// Room for the resources of one construct: numbers are given in steps of this.
pub(super) const STEP: u32 = crate::library::MAX_RESOURCES as u32;

/// Drops findings about instances that only follow from others.
pub fn drop_consequences(diags: &mut Diagnostics) {
    diags.drop_consequences(Code::Unbound);
    // What is missing because of an option that was refused says nothing new.
    diags.drop_behind(
        &[Code::OptionsContradict, Code::OutOfRange],
        &[Code::ConstructEvaluation, Code::UnknownMetric],
    );
}

/// Makes instances, one after the other.
pub struct Maker<'g, 'e> {
    pub(super) graph: &'g FlowGraph,
    pub(super) library: &'g Library,
    pub(super) evaluator: &'g Evaluator<'e>,
    pub(super) packages: &'g Packages,
    pub(super) globals: Scope,
    /// The number of the next instance's first resource.
    pub(super) next: u32,
    /// What is made.
    pub all: Instances,
}

/// What one instance is made of.
pub(super) struct Wanted<'a> {
    pub(super) construct: &'a str,
    pub(super) prefix: Prefix,
    pub(super) home: Home,
    pub(super) origin: Origin,
    pub(super) bindings: Vec<(&'a str, Binding)>,
}

impl<'g, 'e> Maker<'g, 'e> {
    /// Nothing is made yet.
    pub fn new(
        graph: &'g FlowGraph,
        library: &'g Library,
        evaluator: &'g Evaluator<'e>,
        packages: &'g Packages,
    ) -> Self {
        let globals = facts::globals(&graph.model);
        Maker { graph, library, evaluator, packages, globals, next: 0, all: Instances::default() }
    }

    /// Instantiates everything the graph asks for. `None` when there is no key, without which nothing can be made.
    pub fn instantiate(&mut self, diags: &mut Diagnostics) -> Option<Shared> {
        let shared = self.shared(diags)?;
        let by_event = self.nodes_by_event();
        // Doors, tiers, stores and topics of all events come before any subscriber, which may emit to any of them.
        let known = self.events(&by_event, diags, &Part { shared: &shared, known: None });
        self.events(&by_event, diags, &Part { shared: &shared, known: Some(&known) });
        self.releases(&shared, diags);
        Some(shared)
    }

    pub(super) fn make(&mut self, wanted: Wanted<'_>, diags: &mut Diagnostics) -> Option<Instance> {
        let base = ResourceId(self.next);
        self.next += STEP;
        let made = make(self.evaluator, base, wanted, &self.globals, &mut self.all.fallbacks);
        match made {
            Ok(made) => {
                let instance = made.instance.clone();
                self.all.made.push(made);
                Some(instance)
            }
            Err(failed) => {
                diags.push(explain(&failed.0, &failed.1));
                None
            }
        }
    }

    fn nodes_by_event(&self) -> IndexMap<&'g str, EventNodes<'g>> {
        let mut by_event: IndexMap<&str, EventNodes<'_>> = IndexMap::new();
        for (id, node) in self.graph.nodes() {
            by_event.entry(node.event.as_str()).or_default().nodes.push((id, node));
        }
        by_event
    }

    /// Makes one part of every event, events side by side; returns the instances by node.
    fn events(
        &mut self,
        by_event: &IndexMap<&'g str, EventNodes<'g>>,
        diags: &mut Diagnostics,
        part: &Part<'_>,
    ) -> BTreeMap<NodeId, Instance> {
        let start = self.next;
        // A node may bring a mapping or a catalogue with it, an event its replay.
        let room =
            (by_event.values().map(|event| event.nodes.len()).max().unwrap_or(0) as u32 * 2 + 1) * STEP;
        self.next += room * by_event.len() as u32;
        let tools = Tools {
            graph: self.graph,
            library: self.library,
            evaluator: self.evaluator,
            packages: self.packages,
            globals: &self.globals,
        };
        let events: Vec<_> = by_event.iter().enumerate().collect();
        let done: Vec<EventInstances> = events
            .into_par_iter()
            .map(|(index, (name, nodes))| tools.event(name, nodes, part, start + room * index as u32))
            .collect();
        let mut by_node = BTreeMap::new();
        for event in done {
            self.all.made.extend(event.made);
            self.all.fallbacks.extend(event.fallbacks);
            by_node.extend(event.by_node);
            diags.extend(event.diags);
        }
        by_node
    }

    /// What comes after all events: each api's deployment and stage, and the plans of the keys used there.
    fn releases(&mut self, shared: &Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (name, api) in &graph.model.apis {
            let Some(rest) = shared.apis.get(name) else { continue };
            let used = graph
                .model
                .events
                .values()
                .filter(|event| matches!(&event.ingress, Ingress::Api { api, .. } if api.value == *name));
            if used.count() == 0 {
                let message = format!("no event comes in by the api `{name}`");
                let help =
                    "add an event with `ingress api`, or remove the api: AWS deploys no api without a method";
                diags.push(Diagnostic::new(Code::UnusedName, api.origin.span, message).help(help));
                continue;
            }
            let home = Home { domain: api.domain.clone(), event: None, api: Some(name.clone()) };
            let mut bindings = settings(&api.options);
            bindings.push(("rest", Binding::Instance(rest.clone())));
            bindings.push(("key", Binding::Instance(shared.key.clone())));
            bindings.push(("api", Binding::Value(json!({ "name": name, "doc": api.doc }).into())));
            let wanted = Wanted {
                construct: "release/rest",
                prefix: Prefix::default(),
                home: home.clone(),
                origin: api.origin.clone(),
                bindings,
            };
            let Some(release) = self.make(wanted, diags) else { continue };
            self.plans(name, &home, &release, rest, shared, diags);
        }
    }

    /// The locks that the events of an api use, in the order of their names.
    pub(super) fn auths_at(&self, api: &str) -> BTreeSet<&'g str> {
        let at = |event: &&crate::model::Event| matches!(&event.ingress, Ingress::Api { api: of, .. } if of.value == api);
        let graph = self.graph;
        let events = graph.model.events.values().filter(at);
        events.filter_map(|event| event.auth.as_ref()?.value.as_deref()).collect()
    }

    /// The plans of an api's locks: one for each lock, or for each of its clients.
    fn plans(
        &mut self,
        api: &str,
        home: &Home,
        release: &Instance,
        rest: &Instance,
        shared: &Shared,
        diags: &mut Diagnostics,
    ) {
        let graph = self.graph;
        let construct_of = |name: &str| {
            let auth = graph.model.auths.get(name)?;
            let id = auth.choice.construct.replacen("auth/", "plan/", 1);
            self.library.get(&id).map(|_| (auth, id))
        };
        let with_plan: Vec<_> = self
            .auths_at(api)
            .into_iter()
            .filter_map(|name| construct_of(name).map(|(auth, id)| (name, auth, id)))
            .collect();
        for (name, auth, construct) in &with_plan {
            let others: Vec<&str> =
                with_plan.iter().map(|(other, ..)| *other).filter(|other| other != name).collect();
            for lock in shared.locks.get(*name).into_iter().flatten() {
                let mut bindings = settings(&lock.options);
                bindings.push(("release", Binding::Instance(release.clone())));
                bindings.push(("rest", Binding::Instance(rest.clone())));
                bindings.push(("lock", Binding::Instance(lock.instance.clone())));
                let facts = json!({ "name": lock.name, "doc": auth.doc, "api": api, "others": others });
                bindings.push(("auth", Binding::Value(facts.into())));
                let wanted = Wanted {
                    construct,
                    prefix: Prefix::both(pascal(&lock.name)),
                    home: home.clone(),
                    origin: auth.choice.origin.clone(),
                    bindings,
                };
                self.make(wanted, diags);
            }
        }
    }
}

/// Options as bindings.
pub(super) fn settings(options: &Options) -> Vec<(&str, Binding)> {
    options.iter().map(|(name, setting)| (name.as_str(), Binding::Setting(setting.value.clone()))).collect()
}

pub(super) fn make(
    evaluator: &Evaluator<'_>,
    base: ResourceId,
    wanted: Wanted<'_>,
    globals: &Scope,
    fallbacks: &mut BTreeMap<Symbol, Data>,
) -> Result<Made, Box<(EvaluationError, Origin)>> {
    let Wanted { construct, prefix, home, origin, bindings } = wanted;
    match evaluator.instantiate(construct, base, &bindings, globals, fallbacks) {
        Ok((scope, instance)) => {
            let construct = construct.to_owned();
            let (stack, subscriber) = (None, None);
            Ok(Made { construct, prefix, home, stack, subscriber, origin, base, scope, instance })
        }
        Err(error) => Err(Box::new((error, origin))),
    }
}

/// A construct's failure as a finding at the statement that uses it.
pub fn explain(error: &EvaluationError, origin: &Origin) -> Diagnostic {
    let code = match &error.kind {
        EvaluationKind::Check { help } => {
            return Diagnostic::new(Code::OptionsContradict, origin.span, error.message.clone())
                .maybe_help(help.clone());
        }
        EvaluationKind::MissingPort => Code::MissingPort,
        EvaluationKind::Unbound => Code::Unbound,
        EvaluationKind::Failed => Code::ConstructEvaluation,
    };
    let message = format!("the construct `{}` fails here: {}", error.construct, error.message);
    let help = match code {
        Code::Unbound => Some("a need that may be missing is written with a `?` behind its name".to_owned()),
        _ if error.expression.is_empty() => None,
        _ => Some(format!("the expression is `{}`", error.expression)),
    };
    Diagnostic::new(code, origin.span, message).maybe_help(help)
}
