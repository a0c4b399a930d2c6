//! Nodes of the graph to instances of constructs: which construct is bound to which, and under what name.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::json;

use super::event_instances::{EventInstances, Part, Tools};
use super::facts;
use super::place::Home;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{FlowGraph, Node, NodeId};
use crate::handlers::Packages;
use crate::library::{
    Binding, Data, EvaluationError, EvaluationKind, Evaluator, Instance, Library, ResourceId, Scope, Symbol,
};
use crate::model::{Ingress, Options, Origin, PathPart};
use crate::names::{digest, pascal};

/// An instance, before its resources are made.
pub struct Made {
    /// Its construct.
    pub construct: String,
    /// What its logical ids begin with, by whether the stack is its own or shared with others of its kind.
    pub prefix: Prefix,
    /// What it belongs to.
    pub home: Home,
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

/// All instances, in a stable order, and the computed values of their ports.
#[derive(Default)]
pub struct Instances {
    /// The instances.
    pub made: Vec<Made>,
    /// What stands for a reference where it would close a cycle.
    pub fallbacks: BTreeMap<Symbol, Data>,
}

/// Room for the resources of one construct: numbers are given in steps of this.
pub(super) const STEP: u32 = crate::library::MAX_RESOURCES as u32;

/// Instantiates everything the graph asks for.
pub fn instantiate(
    graph: &FlowGraph,
    library: &Library,
    evaluator: &Evaluator<'_>,
    packages: &Packages,
    diags: &mut Diagnostics,
) -> Instances {
    let mut maker = Maker {
        graph,
        library,
        evaluator,
        packages,
        globals: facts::globals(&graph.model),
        next: 0,
        all: Instances::default(),
    };
    let Some(shared) = maker.shared(diags) else { return maker.all };
    let by_event = maker.nodes_by_event();
    // Doors, tiers, stores and topics of all events come before any subscriber, which may emit to any of them.
    let known = maker.events(&by_event, diags, &Part { shared: &shared, known: None });
    maker.events(&by_event, diags, &Part { shared: &shared, known: Some(&known) });
    maker.releases(&shared, diags);
    diags.drop_consequences(Code::Unbound);
    maker.all
}

/// Instances that several events use.
pub(super) struct Shared {
    pub(super) key: Instance,
    pub(super) apis: BTreeMap<String, Instance>,
    pub(super) paths: BTreeMap<(String, String), Instance>,
    pub(super) auths: BTreeMap<String, Instance>,
    pub(super) dead_letters: BTreeMap<Option<String>, Instance>,
}

struct Maker<'g, 'e> {
    graph: &'g FlowGraph,
    library: &'g Library,
    evaluator: &'g Evaluator<'e>,
    packages: &'g Packages,
    globals: Scope,
    next: u32,
    all: Instances,
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
    fn make(&mut self, wanted: Wanted<'_>, diags: &mut Diagnostics) -> Option<Instance> {
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

    /// The key, apis, paths and locks.
    fn shared(&mut self, diags: &mut Diagnostics) -> Option<Shared> {
        let model = &self.graph.model;
        let encryption = &model.app.encryption;
        let wanted = Wanted {
            construct: &encryption.construct,
            prefix: Prefix::default(),
            home: Home::default(),
            origin: encryption.origin.clone(),
            bindings: settings(&encryption.options),
        };
        let key = self.make(wanted, diags)?;
        let mut shared = Shared {
            key,
            apis: BTreeMap::new(),
            paths: BTreeMap::new(),
            auths: BTreeMap::new(),
            dead_letters: BTreeMap::new(),
        };
        self.apis(&mut shared, diags);
        self.auths(&mut shared, diags);
        self.dead_letters(&mut shared, diags);
        Some(shared)
    }

    fn apis(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        for (name, api) in &graph.model.apis {
            let home = Home { domain: api.domain.clone(), event: None, api: Some(name.clone()) };
            let mut bindings = settings(&api.options);
            bindings.push(("key", Binding::Instance(shared.key.clone())));
            bindings.push(("api", Binding::Value(json!({ "name": name, "doc": api.doc }).into())));
            let wanted = Wanted {
                construct: "api/rest",
                prefix: Prefix { own: String::new(), shared: pascal(name) },
                home: home.clone(),
                origin: api.origin.clone(),
                bindings,
            };
            let Some(instance) = self.make(wanted, diags) else { continue };
            shared.apis.insert(name.clone(), instance.clone());
            self.paths(name, &home, &instance, shared, diags);
        }
    }

    /// The path tree of an api: one instance a node, parents before children.
    fn paths(
        &mut self,
        api: &str,
        home: &Home,
        instance: &Instance,
        shared: &mut Shared,
        diags: &mut Diagnostics,
    ) {
        let graph = self.graph;
        let mut tree: BTreeMap<Vec<String>, Origin> = BTreeMap::new();
        for event in graph.model.events.values() {
            let Ingress::Api { api: at, path, origin, .. } = &event.ingress else { continue };
            if at.value != api || event.domain != home.domain {
                continue;
            }
            let parts: Vec<String> = path.iter().map(PathPart::text).collect();
            for depth in 1..=parts.len() {
                let node = parts.get(..depth).unwrap_or(&[]).to_vec();
                let shown = format!("api.{api} /{}", node.join("/"));
                // The path is the api's, whichever event asked for it first.
                tree.entry(node).or_insert_with(|| Origin { path: shown, span: origin.span });
            }
        }
        for (parts, origin) in tree {
            let full = parts.join("/");
            let above = parts.split_last().map(|(_, above)| above.join("/")).unwrap_or_default();
            let parent = shared
                .paths
                .get(&(api.to_owned(), above))
                .map_or(Binding::Undefined, |p| Binding::Instance(p.clone()));
            let id = format!("{}{}", pascal(&full), digest(full.as_bytes()));
            let wanted = Wanted {
                construct: "api/path",
                prefix: Prefix { own: id.clone(), shared: id },
                home: home.clone(),
                origin,
                bindings: vec![
                    ("rest", Binding::Instance(instance.clone())),
                    ("parent", parent),
                    ("part", Binding::Value(json!(parts.last()).into())),
                ],
            };
            if let Some(path) = self.make(wanted, diags) {
                shared.paths.insert((api.to_owned(), full), path);
            }
        }
    }

    fn auths(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        let none = Wanted {
            construct: "lock/none",
            prefix: Prefix::default(),
            home: Home::default(),
            origin: graph.model.app.origin.clone(),
            bindings: Vec::new(),
        };
        shared.auths.extend(self.make(none, diags).map(|auth| (String::new(), auth)));
        for (name, auth) in &graph.model.auths {
            let mut bindings = settings(&auth.choice.options);
            bindings.push(("auth", Binding::Value(json!({ "name": name, "doc": auth.doc }).into())));
            let id = pascal(name);
            let wanted = Wanted {
                construct: &auth.choice.construct,
                prefix: Prefix { own: id.clone(), shared: id },
                home: Home { domain: auth.domain.clone(), event: None, api: None },
                origin: auth.choice.origin.clone(),
                bindings,
            };
            shared.auths.extend(self.make(wanted, diags).map(|auth| (name.clone(), auth)));
        }
    }

    /// One bucket a root for what stream subscribers could not handle.
    fn dead_letters(&mut self, shared: &mut Shared, diags: &mut Diagnostics) {
        let graph = self.graph;
        let streams = graph.nodes().filter(|(_, node)| node.construct == "source/stream");
        let mut domains: BTreeMap<Option<String>, Origin> = BTreeMap::new();
        for (_, node) in streams {
            let domain = graph.event(node).and_then(|event| event.domain.clone());
            domains.entry(domain).or_insert_with(|| graph.model.app.origin.clone());
        }
        for (domain, origin) in domains {
            let facts = json!({ "domain": domain.clone().unwrap_or_default() });
            let wanted = Wanted {
                construct: "letters/bucket",
                prefix: Prefix {
                    own: "StreamDeadLetters".to_owned(),
                    shared: "StreamDeadLetters".to_owned(),
                },
                home: Home { domain: domain.clone(), event: None, api: None },
                origin,
                bindings: vec![
                    ("key", Binding::Instance(shared.key.clone())),
                    ("place", Binding::Value(facts.into())),
                ],
            };
            shared.dead_letters.extend(self.make(wanted, diags).map(|made| (domain, made)));
        }
    }

    fn nodes_by_event(&self) -> IndexMap<&'g str, Vec<(NodeId, &'g Node)>> {
        let mut by_event: IndexMap<&str, Vec<(NodeId, &Node)>> = IndexMap::new();
        for (id, node) in self.graph.nodes() {
            by_event.entry(node.event.as_str()).or_default().push((id, node));
        }
        by_event
    }

    /// Makes one part of every event, events side by side; returns the instances by node.
    fn events(
        &mut self,
        by_event: &IndexMap<&'g str, Vec<(NodeId, &'g Node)>>,
        diags: &mut Diagnostics,
        part: &Part<'_>,
    ) -> BTreeMap<NodeId, Instance> {
        let start = self.next;
        let room = by_event.values().map(Vec::len).max().unwrap_or(0) as u32 * 2 * STEP;
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
            let auths: std::collections::BTreeSet<&str> =
                used.clone().filter_map(|event| event.auth.as_ref()?.value.as_deref()).collect();
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
            for auth in &auths {
                let others: Vec<&str> = auths.iter().filter(|other| *other != auth).copied().collect();
                self.plan(auth, &others, &home, &release, rest, shared, diags);
            }
        }
    }

    /// The plan of one lock at an api. `others` are the locks of other events there.
    #[allow(clippy::too_many_arguments, reason = "what a plan ties together")]
    fn plan(
        &mut self,
        name: &str,
        others: &[&str],
        home: &Home,
        release: &Instance,
        rest: &Instance,
        shared: &Shared,
        diags: &mut Diagnostics,
    ) {
        let Some(auth) = self.graph.model.auths.get(name) else { return };
        let construct = auth.choice.construct.replacen("auth/", "plan/", 1);
        let Some(lock) = shared.auths.get(name).filter(|_| self.library.get(&construct).is_some()) else {
            return;
        };
        let mut bindings = settings(&auth.choice.options);
        bindings.push(("release", Binding::Instance(release.clone())));
        bindings.push(("rest", Binding::Instance(rest.clone())));
        bindings.push(("lock", Binding::Instance(lock.clone())));
        let facts = json!({ "name": name, "api": home.api, "others": others });
        bindings.push(("auth", Binding::Value(facts.into())));
        let prefix = Prefix { own: pascal(name), shared: pascal(name) };
        self.make(
            Wanted {
                construct: &construct,
                prefix,
                home: home.clone(),
                origin: auth.choice.origin.clone(),
                bindings,
            },
            diags,
        );
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
            Ok(Made { construct: construct.to_owned(), prefix, home, origin, base, scope, instance })
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
    let help = format!("the expression is `{}`", error.expression);
    Diagnostic::new(code, origin.span, message)
        .maybe_help(Some(help).filter(|_| !error.expression.is_empty()))
}
