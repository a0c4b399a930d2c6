//! Nodes of the graph to instances of constructs: which construct is bound to which, and under what name.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde_json::json;

use super::facts;
use super::place::Home;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::{Flow, FlowGraph, Node, NodeId, NodeKind};
use crate::handlers::Packages;
use crate::library::setting::outside;
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
const STEP: u32 = crate::library::MAX_RESOURCES as u32;

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
struct Shared {
    key: Instance,
    apis: BTreeMap<String, Instance>,
    paths: BTreeMap<(String, String), Instance>,
    auths: BTreeMap<String, Instance>,
    dead_letters: BTreeMap<Option<String>, Instance>,
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
struct Wanted<'a> {
    construct: &'a str,
    prefix: Prefix,
    home: Home,
    origin: Origin,
    bindings: Vec<(&'a str, Binding)>,
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

/// What making one event needs; shared between threads.
struct Tools<'g, 'm, 'e> {
    graph: &'g FlowGraph,
    library: &'g Library,
    evaluator: &'g Evaluator<'e>,
    packages: &'g Packages,
    globals: &'m Scope,
}

/// Which half of every event is made, and what that half may use.
struct Part<'p> {
    shared: &'p Shared,
    /// The instances of the first half, for the second: subscribers.
    known: Option<&'p BTreeMap<NodeId, Instance>>,
}

impl Part<'_> {
    fn has(&self, kind: NodeKind) -> bool {
        matches!(kind, NodeKind::Source | NodeKind::Function) == self.known.is_some()
    }
}

#[derive(Default)]
struct EventInstances {
    made: Vec<Made>,
    by_node: BTreeMap<NodeId, Instance>,
    fallbacks: BTreeMap<Symbol, Data>,
    diags: Vec<Diagnostic>,
}

impl<'g> Tools<'g, '_, '_> {
    fn event(&self, name: &str, nodes: &[(NodeId, &Node)], part: &Part<'_>, first: u32) -> EventInstances {
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

/// Options as bindings.
fn settings(options: &Options) -> Vec<(&str, Binding)> {
    options.iter().map(|(name, setting)| (name.as_str(), Binding::Setting(setting.value.clone()))).collect()
}

fn make(
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
