//! Builds the graph and runs its rules.

use petgraph::graph::{DiGraph, NodeIndex};

use super::{Flow, FlowGraph, Node, NodeKind, doors, emits, fields};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Event, Ingress, Model, Origin, ReadFrom, Subscriber};
use crate::source::Spanned;

/// Connects doors, tiers, stores, sources and functions. `None` only if the model has no events to connect.
pub fn connect(model: Model, diags: &mut Diagnostics) -> Option<FlowGraph> {
    doors::check(&model, diags);
    fields::check(&model, diags);
    let mut builder = Builder { graph: DiGraph::new() };
    for (name, event) in &model.events {
        builder.event(name, event, diags);
    }
    builder.emits(&model);
    let graph = FlowGraph { graph: builder.graph, model };
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

impl Readable {
    fn get(&self, from: ReadFrom) -> Option<NodeIndex> {
        match from {
            ReadFrom::Store => self.store,
            ReadFrom::Stream => self.stream,
            ReadFrom::Topic => self.topic,
        }
    }

    /// Where a subscriber reads that does not say: what is nearest to the door.
    fn nearest(&self) -> Option<ReadFrom> {
        let all = [ReadFrom::Stream, ReadFrom::Topic, ReadFrom::Store];
        all.into_iter().find(|from| self.get(*from).is_some())
    }
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
        })
    }

    fn event(&mut self, name: &str, event: &Event, diags: &mut Diagnostics) {
        let mut readable = Readable::default();
        let store = event
            .store
            .as_ref()
            .map(|store| self.add(NodeKind::Store, &store.construct, name, &store.origin));
        let tier =
            event.tier.as_ref().map(|tier| self.add(NodeKind::Tier, &tier.construct, name, &tier.origin));
        self.join(tier, store);
        match &event.ingress {
            Ingress::Api { origin, .. } => {
                let door = self.add(NodeKind::Door, "ingress/api", name, origin);
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
        // Whether a store or a tier can be read is the construct's to say, by the port it offers.
        readable.store = store.filter(|_| event.store.as_ref().is_some_and(|store| store.offers("topic")));
        readable.stream = tier.filter(|_| event.tier.as_ref().is_some_and(|tier| tier.offers("stream")));
        for (subscriber_name, subscriber) in &event.subscribers {
            self.subscriber(name, subscriber_name, subscriber, &readable, event.incomplete, diags);
        }
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
        let Some(nearest) = readable.nearest() else {
            if !incomplete {
                let message = format!("`{event}` has nothing that the subscriber `{name}` could read");
                let help = "a store, tier or topic can be read when its construct offers the port `topic` or `stream`";
                diags.push(Diagnostic::new(Code::SourceNotThere, subscriber.origin.span, message).help(help));
            }
            return;
        };
        let from = subscriber.from.as_ref().map_or(nearest, |from| from.value);
        let Some(upstream) = readable.get(from) else {
            if !incomplete {
                diags.extend(subscriber.from.as_ref().map(|said| not_there(said, event, nearest)));
            }
            return;
        };
        let source = if from == ReadFrom::Stream { "source/stream" } else { "source/queue" };
        let source = self.add(NodeKind::Source, source, event, &subscriber.origin);
        let function = self.add(NodeKind::Function, "subscriber/function", event, &subscriber.origin);
        for index in [source, function] {
            if let Some(node) = self.graph.node_weight_mut(index) {
                node.subscriber = Some(name.to_owned());
            }
        }
        self.join(Some(upstream), Some(source));
        self.join(Some(source), Some(function));
    }

    fn join(&mut self, from: Option<NodeIndex>, to: Option<NodeIndex>) {
        if let (Some(from), Some(to)) = (from, to) {
            self.graph.add_edge(from, to, Flow::Carries);
        }
    }

    fn emits(&mut self, model: &Model) {
        let topics: std::collections::BTreeMap<String, NodeIndex> = self
            .graph
            .node_indices()
            .filter_map(|index| {
                self.graph
                    .node_weight(index)
                    .filter(|n| n.kind == NodeKind::Topic)
                    .map(|n| (n.event.clone(), index))
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
                .filter_map(|target| topics.get(&target.value).copied())
                .collect();
            for target in targets {
                self.graph.add_edge(index, target, Flow::Emits);
            }
        }
    }
}

fn not_there(said: &Spanned<ReadFrom>, event: &str, nearest: ReadFrom) -> Diagnostic {
    let word = said.value.word();
    let message = format!("`{event}` has no {word} to read from");
    let how = match said.value {
        ReadFrom::Stream => "a stream comes with `volume high`",
        ReadFrom::Topic => "a topic comes with `ingress sns`",
        ReadFrom::Store => "a store comes with `store s3`",
    };
    let help = format!("read `from {}`, or leave `from` out; {how}", nearest.word());
    Diagnostic::new(Code::SourceNotThere, said.span, message).help(help)
}
