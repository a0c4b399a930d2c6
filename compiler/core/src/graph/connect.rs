//! Builds the graph and runs its rules.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};

use super::{Flow, FlowGraph, Node, NodeId, NodeKind, conditions, doors, emits, fields, order};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Event, Ingress, Model, Origin, ReadFrom, Subscriber};

/// Connects doors, tiers, stores, sources and functions. `None` only if the model has no events to connect.
pub fn connect(model: Model, diags: &mut Diagnostics) -> Option<FlowGraph> {
    doors::check(&model, diags);
    fields::check(&model, diags);
    conditions::check(&model, diags);
    order::check(&model, diags);
    let mut builder = Builder { graph: DiGraph::new() };
    for (name, event) in &model.events {
        builder.event(name, event, diags);
    }
    builder.emits(&model);
    let mut by_event: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for index in builder.graph.node_indices() {
        let event = builder.graph.node_weight(index).map(|node| node.event.clone());
        by_event.entry(event.unwrap_or_default()).or_default().push(NodeId(index));
    }
    let graph = FlowGraph { graph: builder.graph, by_event, model };
    emits::check(&graph, diags);
    Some(graph)
}

struct Builder {
    graph: DiGraph<Node, Flow>,
}

/// What an event's subscribers can read.
#[derive(Default)]
struct Readable {
    store: Option<NodeIndex>,
    stream: Option<NodeIndex>,
    topic: Option<NodeIndex>,
}

/// From what is nearest to the door.
const PLACES: [ReadFrom; 3] = [ReadFrom::Stream, ReadFrom::Topic, ReadFrom::Store];

impl Readable {
    fn get(&self, from: ReadFrom) -> Option<NodeIndex> {
        match from {
            ReadFrom::Store => self.store,
            ReadFrom::Stream => self.stream,
            ReadFrom::Topic => self.topic,
        }
    }

    fn places(&self) -> impl Iterator<Item = ReadFrom> {
        PLACES.into_iter().filter(|from| self.get(*from).is_some())
    }
}

/// How a subscriber reads a place: by a queue or a place in a stream of its own, or right from the topic.
fn way(subscriber: &Subscriber, from: ReadFrom) -> Option<&'static str> {
    let ways: &[&'static str] = match from {
        ReadFrom::Stream => &["stream"],
        ReadFrom::Topic => &["queue", "topic"],
        ReadFrom::Store => &["queue", "notices"],
    };
    ways.iter().copied().find(|way| subscriber.reads.contains_key(*way))
}

impl Builder {
    fn add(&mut self, kind: NodeKind, construct: &str, event: &str, origin: &Origin) -> NodeIndex {
        let construct = construct.to_owned();
        self.graph.add_node(Node {
            kind,
            construct,
            event: event.to_owned(),
            subscriber: None,
            origin: origin.clone(),
            mapping: None,
            late: matches!(kind, NodeKind::Source | NodeKind::Function | NodeKind::Sink),
        })
    }

    fn event(&mut self, name: &str, event: &Event, diags: &mut Diagnostics) {
        let mut readable = Readable::default();
        let store = event
            .store
            .as_ref()
            .map(|store| self.add(NodeKind::Store, &store.construct, name, &store.origin));
        // Whether a store or a tier can be read is the construct's to say, by the port it offers.
        readable.store = store.filter(|_| event.store.as_ref().is_some_and(|store| store.offers("topic")));
        if let (Some(responder), Ingress::Api { origin, .. }) = (event.responder(), &event.ingress) {
            self.responder(name, responder, origin, store);
        } else {
            self.door(name, event, store, &mut readable);
        }
        for (subscriber_name, subscriber) in &event.subscribers {
            if !subscriber.answers {
                self.subscriber(name, subscriber_name, subscriber, &readable, event.incomplete, diags);
            }
        }
    }

    /// The way from a door to the store.
    fn door(&mut self, name: &str, event: &Event, store: Option<NodeIndex>, readable: &mut Readable) {
        let tier =
            event.tier.as_ref().map(|tier| self.add(NodeKind::Tier, &tier.construct, name, &tier.origin));
        self.join(tier, store);
        readable.stream = tier.filter(|_| event.tier.as_ref().is_some_and(|tier| tier.offers("stream")));
        match &event.ingress {
            Ingress::Api { origin, .. } => {
                let door = self.add(NodeKind::Door, "ingress/api", name, origin);
                self.join(Some(door), tier);
            }
            Ingress::Stream { origin } => {
                let door = self.add(NodeKind::Door, "ingress/stream", name, origin);
                self.join(Some(door), tier);
            }
            Ingress::Topic { origin } => {
                let topic = self.add(NodeKind::Topic, "ingress/sns", name, origin);
                readable.topic = Some(topic);
                if let (Some(to), Some(choice)) = (store, &event.store) {
                    let archive = self.add(NodeKind::Archive, "archive/topic", name, &choice.origin);
                    self.join(Some(topic), Some(archive));
                    self.join(Some(archive), Some(to));
                }
            }
        }
    }

    /// The door of an event whose sender waits calls the handler, which stores the event before it answers.
    fn responder(&mut self, event: &str, responder: &Subscriber, door: &Origin, store: Option<NodeIndex>) {
        let source = self.add(NodeKind::Source, "source/call", event, &responder.origin);
        let function = self.add(NodeKind::Function, &responder.construct, event, &responder.origin);
        let tier = self.add(NodeKind::Tier, "answer/function", event, &responder.origin);
        let door = self.add(NodeKind::Door, "ingress/api", event, door);
        for index in [source, function, tier, door] {
            if let Some(node) = self.graph.node_weight_mut(index) {
                node.late = true;
                if index == source || index == function {
                    node.subscriber = Some("responds".to_owned());
                }
            }
        }
        self.join(Some(door), Some(tier));
        self.join(Some(tier), Some(function));
        self.join(Some(source), Some(function));
        self.join(Some(source), store);
    }

    fn subscriber(
        &mut self,
        event: &str,
        name: &str,
        subscriber: &Subscriber,
        readable: &Readable,
        incomplete: bool,
        diags: &mut Diagnostics,
    ) {
        let usable = readable.places().find(|from| way(subscriber, *from).is_some());
        let from = subscriber.from.as_ref().map(|from| from.value).or(usable);
        let found = from.and_then(|from| Some((readable.get(from)?, way(subscriber, from)?)));
        let Some((upstream, way)) = found else {
            if !incomplete {
                diags.push(not_there(event, name, subscriber, readable, usable));
            }
            return;
        };
        let kind = if subscriber.handler.is_some() { NodeKind::Function } else { NodeKind::Sink };
        let source = matches!(way, "queue" | "stream")
            .then(|| self.add(NodeKind::Source, &format!("source/{way}"), event, &subscriber.origin));
        let reader = self.add(kind, &subscriber.construct, event, &subscriber.origin);
        for index in source.into_iter().chain([reader]) {
            if let Some(node) = self.graph.node_weight_mut(index) {
                node.subscriber = Some(name.to_owned());
            }
        }
        if let Some(node) = self.graph.node_weight_mut(reader) {
            node.mapping = subscriber.reads.get(way).cloned().flatten();
        }
        if source.is_some() {
            self.join(Some(upstream), source);
        }
        self.join(source.or(Some(upstream)), Some(reader));
    }

    fn join(&mut self, from: Option<NodeIndex>, to: Option<NodeIndex>) {
        if let (Some(from), Some(to)) = (from, to) {
            self.graph.add_edge(from, to, Flow::Carries);
        }
    }

    fn emits(&mut self, model: &Model) {
        let private = |node: &Node| {
            let of_stream = node.kind == NodeKind::Door && node.construct == "ingress/stream";
            node.kind == NodeKind::Topic || of_stream
        };
        let doors: BTreeMap<String, NodeIndex> = self
            .graph
            .node_indices()
            .filter_map(|index| {
                let node = self.graph.node_weight(index).filter(|node| private(node))?;
                Some((node.event.clone(), index))
            })
            .collect();
        let functions: Vec<NodeIndex> = self.graph.node_indices().collect();
        for index in functions {
            let Some(node) = self.graph.node_weight(index).filter(|node| node.kind == NodeKind::Function)
            else {
                continue;
            };
            let subscriber =
                model.events.get(&node.event).and_then(|e| e.subscribers.get(node.subscriber.as_deref()?));
            let targets: Vec<NodeIndex> = subscriber
                .iter()
                .flat_map(|s| &s.emits)
                .filter_map(|target| doors.get(&target.value).copied())
                .collect();
            for target in targets {
                self.graph.add_edge(index, target, Flow::Emits);
            }
        }
    }
}

/// Why a subscriber reads nothing, and what it could read.
fn not_there(
    event: &str,
    name: &str,
    subscriber: &Subscriber,
    readable: &Readable,
    usable: Option<ReadFrom>,
) -> Diagnostic {
    let how = |from: ReadFrom| match from {
        ReadFrom::Stream => "a stream comes with `volume high` or `ingress stream`",
        ReadFrom::Topic => "a topic comes with `ingress sns`",
        ReadFrom::Store => "a store comes with `store s3`",
    };
    let kind = subscriber.construct.rsplit('/').next().unwrap_or_default();
    if let Some(said) = &subscriber.from {
        let word = said.value.word();
        let message = match readable.get(said.value) {
            None => format!("`{event}` has no {word} to read from"),
            Some(_) => format!("`{kind}` cannot read a {word}"),
        };
        let help = match (usable, readable.get(said.value)) {
            (Some(usable), None) => {
                format!("read `from {}`, or leave `from` out; {}", usable.word(), how(said.value))
            }
            (Some(usable), Some(_)) => format!("read `from {}`, or leave `from` out", usable.word()),
            (None, None) => how(said.value).to_owned(),
            (None, Some(_)) => {
                format!("let a handler emit an event with `ingress sns`, and put the `{kind}` there")
            }
        };
        return Diagnostic::new(Code::SourceNotThere, said.span, message).help(help);
    }
    let span = subscriber.origin.span;
    if readable.places().next().is_none() {
        let message = format!("`{event}` has nothing that the subscriber `{name}` could read");
        let help =
            "a store, tier or topic can be read when its construct offers the port `topic` or `stream`";
        return Diagnostic::new(Code::SourceNotThere, span, message).help(help);
    }
    let has = readable.places().map(ReadFrom::word).collect::<Vec<_>>().join(" and a ");
    let wants: Vec<&str> =
        PLACES.into_iter().filter(|from| way(subscriber, *from).is_some()).map(how).collect();
    let message = format!("`{event}` has a {has}, and `{kind}` cannot read that");
    let wants = if wants.is_empty() { String::new() } else { format!("{}; or ", wants.join(", ")) };
    let help = format!("{wants}let a handler emit an event with `ingress sns`, and put the subscriber there");
    Diagnostic::new(Code::SourceNotThere, span, message).help(help)
}
