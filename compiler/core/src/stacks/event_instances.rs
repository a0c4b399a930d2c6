//! One event's nodes to instances: its doors and stores first, then, when all events have theirs, its subscribers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde_json::json;

use super::facts;
use super::instances::{Made, Prefix, STEP, Wanted, explain, make, settings};
use super::place::Home;
use super::shared::{Shared, catalogue};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{Flow, FlowGraph, Node, NodeId, NodeKind};
use crate::handlers::{HandlerCode, Packages};
use crate::library::setting::outside;
use crate::library::{Binding, Data, Evaluator, Instance, Library, ResourceId, Scope, Symbol};
use crate::model::{Event, Ingress, Options, PathPart, Setting};
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
    fn has(&self, node: &Node) -> bool {
        node.late == self.known.is_some()
    }
}

#[derive(Default)]
pub(super) struct EventInstances {
    pub(super) made: Vec<Made>,
    pub(super) by_node: BTreeMap<NodeId, Instance>,
    /// What describes the event's stored objects.
    catalogue: Option<Instance>,
    pub(super) fallbacks: BTreeMap<Symbol, Data>,
    pub(super) diags: Vec<Diagnostic>,
}

/// What one event consists of.
#[derive(Default)]
pub(super) struct EventNodes<'g> {
    /// Its nodes in the order of the flow.
    pub(super) nodes: Vec<(NodeId, &'g Node)>,
    /// What its expressions see of the project; for both halves.
    globals: OnceLock<Scope>,
}

impl<'g> Tools<'g, '_, '_> {
    /// Makes one half of an event: its nodes in the order of the flow.
    pub(super) fn event(
        &self,
        name: &str,
        of: &EventNodes<'_>,
        part: &Part<'_>,
        first: u32,
    ) -> EventInstances {
        let mut done = EventInstances::default();
        let Some(event) = self.graph.model.events.get(name) else { return done };
        let nodes = of.nodes.as_slice();
        let globals = of.globals.get_or_init(|| {
            let facts = facts::event(&self.graph.model, name, event);
            self.globals.with(&[("event", Binding::Value(facts.into()))])
        });
        let mut next = first;
        for (id, node) in nodes.iter().filter(|(_, node)| part.has(node)) {
            if node.kind == NodeKind::Store {
                self.store(*id, node, event, part, globals, &mut next, &mut done);
                continue;
            }
            let bindings = self.bindings(*id, node, part, &done);
            let made = self.one(node, &node.construct, bindings, globals, &mut next, &mut done);
            let Some(instance) = made else { continue };
            done.by_node.insert(*id, instance.clone());
            if matches!(node.kind, NodeKind::Function | NodeKind::Sink) {
                self.check_options(*id, node, &mut done);
                self.mapping(*id, node, &instance, globals, &mut next, &mut done);
            }
        }
        if part.known.is_some() && event.replay {
            self.replay(nodes, event, part, globals, &mut next, &mut done);
        }
        done
    }

    /// The event's store, or its part in one that it shares, and the catalogue of what is in it.
    #[allow(clippy::too_many_arguments, reason = "what making one node takes")]
    fn store(
        &self,
        id: NodeId,
        node: &Node,
        event: &Event,
        part: &Part<'_>,
        globals: &Scope,
        next: &mut u32,
        done: &mut EventInstances,
    ) {
        let store = match &event.shared_store {
            Some(name) => part.shared.stores.get(name).cloned(),
            None => {
                let bindings = self.bindings(id, node, part, done);
                self.one(node, &node.construct, bindings, globals, next, done)
            }
        };
        let Some(store) = store else { return };
        done.by_node.insert(id, store.clone());
        let construct = catalogue(&node.construct);
        let lake = part.shared.lakes.get(&event.domain);
        if let (Some(lake), Some(_)) = (lake, self.library.get(&construct)) {
            let mut bindings = self.options(node);
            bindings.push(("key", Binding::Instance(part.shared.key_of(&node.event).clone())));
            bindings.push(("store", Binding::Instance(store)));
            bindings.push(("lake", Binding::Instance(lake.clone())));
            done.catalogue = self.one(node, &construct, bindings, globals, next, done);
        }
    }

    /// What sends stored events again, to one of the handlers that read them.
    fn replay(
        &self,
        nodes: &[(NodeId, &Node)],
        event: &Event,
        part: &Part<'_>,
        globals: &Scope,
        next: &mut u32,
        done: &mut EventInstances,
    ) {
        let stored = nodes.iter().find(|(_, node)| node.kind == NodeKind::Store);
        let Some((id, node)) = stored else { return };
        let construct = node.construct.replacen("store/", "replay/", 1);
        let store = part.known.and_then(|known| known.get(id));
        let (Some(store), Some(_)) = (store, self.library.get(&construct)) else { return };
        let readers: Vec<Binding> =
            nodes.iter().filter_map(|(id, node)| self.reader(*id, node, event, done)).collect();
        if readers.is_empty() {
            return;
        }
        let bindings = vec![
            ("key", Binding::Instance(part.shared.key_of(&node.event).clone())),
            ("store", Binding::Instance(store.clone())),
            ("readers", Binding::List(readers)),
        ];
        // It belongs to the event, whatever its store is called.
        let node = Node { subscriber: None, ..(*node).clone() };
        self.one(&node, &construct, bindings, globals, next, done);
    }

    /// A handler of the event, as the replay sees it: its queue, or the function where it reads a stream.
    fn reader(&self, id: NodeId, node: &Node, event: &Event, done: &EventInstances) -> Option<Binding> {
        let name = node.subscriber.as_ref().filter(|_| node.kind == NodeKind::Function)?;
        let subscriber = event.subscribers.get(name).filter(|subscriber| !subscriber.answers)?;
        let function = done.by_node.get(&id)?;
        let source = self.graph.before(id, Flow::Carries).next()?;
        let queue = self.graph.node(source).filter(|node| node.construct == "source/queue");
        let queue = queue.and_then(|_| done.by_node.get(&source)).filter(|_| subscriber.ordered.is_none());
        let mut reader = IndexMap::from([("name".to_owned(), Binding::Value(json!(name).into()))]);
        match queue {
            Some(queue) => {
                reader.insert("queue".to_owned(), Binding::Port(queue.clone(), "url"));
                reader.insert("queue_arn".to_owned(), Binding::Port(queue.clone(), "arn"));
            }
            None => drop(reader.insert("function".to_owned(), Binding::Port(function.clone(), "arn"))),
        }
        Some(Binding::Table(reader))
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
                done.made.push(Made { subscriber: node.subscriber.clone(), ..made });
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
        let Some(subscriber) = self.graph.subscriber(node) else { return };
        let source = self.source(id).and_then(|source| self.graph.node(source));
        let constructs: Vec<&str> = source
            .map(|source| source.construct.as_str())
            .into_iter()
            .chain([node.construct.as_str()])
            .chain(node.mapping.as_deref())
            .collect();
        for (option, setting) in &subscriber.options {
            let specs: Vec<_> =
                constructs.iter().filter_map(|id| self.library.get(id)?.parameters.get(option)).collect();
            if specs.is_empty() {
                let (message, help) = no_effect(option, node, source);
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
        let Some(construct) = &node.mapping else { return };
        let Some(instance) = self.source(id).and_then(|source| done.by_node.get(&source).cloned()) else {
            return;
        };
        let mut bindings = self.options(node);
        bindings.push(("source", Binding::Instance(instance)));
        bindings.push(("function", Binding::Instance(function.clone())));
        bindings.push(("subscriber", self.subscriber_facts(node)));
        self.one(node, construct, bindings, globals, next, done);
    }

    /// What a subscriber reads from, where it has a source of its own.
    fn source(&self, id: NodeId) -> Option<NodeId> {
        let is_source = |id: &NodeId| self.graph.node(*id).is_some_and(|node| node.kind == NodeKind::Source);
        self.graph.before(id, Flow::Carries).find(is_source)
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
        bindings.push(("key", Binding::Instance(part.shared.key_of(&node.event).clone())));
        for before in self.graph.before(id, Flow::Carries) {
            if let (Some(neighbour), Some(instance)) = (self.graph.node(before), find(&before)) {
                let reads = matches!(node.kind, NodeKind::Source | NodeKind::Sink);
                let upstream = reads && neighbour.kind != NodeKind::Source;
                let word = if upstream { "upstream" } else { neighbour.kind.word() };
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
            NodeKind::Tier | NodeKind::Archive => {
                let catalogue = done.catalogue.clone().map_or(Binding::Undefined, Binding::Instance);
                bindings.push(("catalog", catalogue));
            }
            NodeKind::Source => {
                let bucket = part.shared.dead_letters.get(&event.domain);
                bindings.push((
                    "dead_letters",
                    bucket.map_or(Binding::Undefined, |made| Binding::Instance(made.clone())),
                ));
                bindings.push(("subscriber", self.subscriber_facts(node)));
                if event.replay {
                    bindings.extend(self.stored(node, part));
                }
            }
            NodeKind::Sink => bindings.push(("subscriber", self.subscriber_facts(node))),
            NodeKind::Function => bindings.extend(self.function(id, node, part)),
            NodeKind::Store | NodeKind::Topic => {}
        }
        bindings
    }

    /// The names that a subscriber's function has beside its neighbours.
    fn function(&self, id: NodeId, node: &Node, part: &Part<'_>) -> Vec<(&'g str, Binding)> {
        let mut bindings = vec![
            ("subscriber", self.subscriber_facts(node)),
            ("targets", self.targets(id, part)),
            ("resources", resources(part.shared)),
            ("keys", self.keys(id, node, part)),
        ];
        bindings.extend(self.code(node, part.shared));
        if self.graph.subscriber(node).is_some_and(|subscriber| subscriber.answers) {
            bindings.extend(self.stored(node, part));
        }
        bindings
    }

    /// `store`: where the events are kept that a handler writes, or may be given again by a replay.
    fn stored(&self, node: &Node, part: &Part<'_>) -> Option<(&'g str, Binding)> {
        let (id, _) = self.graph.nodes_of(&node.event).find(|(_, node)| node.kind == NodeKind::Store)?;
        let store = part.known?.get(&id)?;
        Some(("store", Binding::Instance(store.clone())))
    }

    /// The keys of everything that a function reads and sends: the event's, the app's where it uses what events share,
    /// and those of the events it emits; each once.
    fn keys(&self, id: NodeId, node: &Node, part: &Part<'_>) -> Binding {
        let arn = |key: &Instance| Binding::Port(key.clone(), "arn");
        let own = part.shared.keys.contains_key(&node.event);
        if !own {
            return arn(&part.shared.key);
        }
        let emitted = self.graph.after(id, Flow::Emits).filter_map(|target| self.graph.node(target));
        let mut events: Vec<&str> = emitted.map(|target| target.event.as_str()).collect();
        events.push(&node.event);
        events.sort_unstable();
        events.dedup();
        let mut keys: Vec<Binding> = events.into_iter().map(|event| arn(part.shared.key_of(event))).collect();
        keys.push(arn(&part.shared.key));
        Binding::List(keys)
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

    /// `code`: the package or image, and `env`: the variables that the project sets.
    fn code(&self, node: &Node, shared: &Shared) -> Vec<(&'g str, Binding)> {
        let Some(subscriber) = self.graph.subscriber(node) else { return Vec::new() };
        let name = node.subscriber.as_deref().unwrap_or_default();
        let code = match self.packages.get(&node.event, name) {
            Some(HandlerCode::Package(package)) => {
                json!({ "key": package.key, "runtime": package.runtime, "entry": package.entry })
            }
            Some(HandlerCode::Image(image)) => json!({ "image": image }),
            None => json!({}),
        };
        let value = |setting: &Setting| match setting {
            // The name of a resource of the project, as it is called at AWS.
            Setting::Word(resource) => shared
                .resources
                .get(resource)
                .map_or(Binding::Undefined, |made| Binding::Port(made.clone(), "name")),
            Setting::Parameter(name) => match self.graph.model.secrets.get(name) {
                Some(secret) => Binding::Value(json!(secret.id).into()),
                None => Binding::Setting(setting.clone()),
            },
            _ => Binding::Setting(setting.clone()),
        };
        let env =
            subscriber.env.iter().map(|(name, setting)| (name.clone(), value(&setting.value))).collect();
        vec![("code", Binding::Value(code.into())), ("env", Binding::Table(env))]
    }

    /// The options that were given, for every parameter the construct has.
    fn options(&self, node: &Node) -> Vec<(&'g str, Binding)> {
        let event = self.graph.event(node);
        let given: Option<&Options> = match node.kind {
            NodeKind::Tier => event.and_then(|e| e.tier.as_ref()).map(|tier| &tier.options),
            NodeKind::Store => event.and_then(|e| e.store.as_ref()).map(|store| &store.options),
            NodeKind::Archive => event.and_then(|e| e.store.as_ref()).map(|store| &store.options),
            NodeKind::Source | NodeKind::Function | NodeKind::Sink => {
                self.graph.subscriber(node).map(|subscriber| &subscriber.options)
            }
            NodeKind::Door | NodeKind::Topic => None,
        };
        given.map(settings).unwrap_or_default()
    }
}

/// Why an option of a subscriber changes nothing.
fn no_effect(option: &str, node: &Node, source: Option<&Node>) -> (String, String) {
    let kind = node.construct.trim_start_matches("subscriber/");
    if node.kind == NodeKind::Sink {
        return (format!("`{option}` has no effect on `{kind}`"), format!("remove `{option}`"));
    }
    let what = source.map_or("topic", |source| source.construct.trim_start_matches("source/"));
    let message = match what {
        "call" => format!("`{option}` has no effect on a handler that answers its caller"),
        _ => format!("`{option}` has no effect on a subscriber that reads a {what}"),
    };
    let help = match what {
        "call" => format!("remove `{option}`"),
        _ => format!("remove `{option}`, or read from elsewhere with `from`"),
    };
    (message, help)
}

/// The resources of the project, by name.
fn resources(shared: &Shared) -> Binding {
    let table = shared.resources.iter().map(|(name, made)| (name.clone(), Binding::Instance(made.clone())));
    Binding::Table(table.collect())
}

fn door<'b>(event: &Event, shared: &Shared) -> Vec<(&'b str, Binding)> {
    let Ingress::Api { api, path, .. } = &event.ingress else { return Vec::new() };
    let full: Vec<String> = path.iter().map(PathPart::text).collect();
    let bind = |found: Option<&Instance>| {
        found.map_or(Binding::Undefined, |instance| Binding::Instance(instance.clone()))
    };
    let auth = event.auth.as_ref().and_then(|auth| auth.value.clone()).unwrap_or_default();
    vec![
        ("rest", bind(shared.apis.get(&api.value))),
        ("path", bind(shared.paths.get(&(api.value.clone(), full.join("/"))))),
        ("lock", bind(shared.locks.get(&auth).and_then(|locks| locks.first()).map(|lock| &lock.instance))),
        ("authorizer", bind(shared.authorizers.get(&(api.value.clone(), auth)))),
    ]
}
