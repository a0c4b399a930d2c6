//! `Model` to [`FlowGraph`]: which way every event takes, and every rule about ways, doors and locks.
//!
//! A node is one thing that an event passes: door, tier, store, topic, archive, source, function. An edge is
//! where it goes next. petgraph stays inside this module.

mod conditions;
mod connect;
mod doors;
mod draw;
mod emits;
mod fields;
mod order;

use std::collections::BTreeMap;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef as _;

pub use connect::connect;

use crate::model::{Event, Model, Origin, Subscriber};

/// The flow of all events.
#[derive(Debug)]
pub struct FlowGraph {
    /// The model it was made from.
    pub model: Model,
    graph: DiGraph<Node, Flow>,
    by_event: BTreeMap<String, Vec<NodeId>>,
}

/// A node's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NodeIndex);

/// One thing that an event passes.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// The construct it becomes.
    pub construct: String,
    /// The event.
    pub event: String,
    /// The subscriber, for sources and functions.
    pub subscriber: Option<String>,
    /// The statement that asked for it.
    pub origin: Origin,
    /// The construct that joins it to what it reads, for functions and sinks.
    pub mapping: Option<String>,
    /// It is made after what all events share and emit to, because a handler is on the way to it.
    pub late: bool,
}

/// The kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A public method, or the private door of a stream.
    Door,
    /// The volume tier: how an event gets from its door to its store.
    Tier,
    /// Where it is kept.
    Store,
    /// A private topic.
    Topic,
    /// What copies a topic into a store.
    Archive,
    /// What a function reads from: a queue, its place in a stream, or the call of one who waits.
    Source,
    /// A subscriber's code.
    Function,
    /// A subscriber that is no code of the project: an address, a queue of others, a state machine.
    Sink,
}

impl NodeKind {
    /// The name that neighbours' constructs know it by.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NodeKind::Door => "door",
            NodeKind::Tier => "tier",
            NodeKind::Store => "store",
            NodeKind::Topic => "topic",
            NodeKind::Archive => "archive",
            NodeKind::Source => "source",
            NodeKind::Function => "function",
            NodeKind::Sink => "sink",
        }
    }
}

/// The kinds of edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The event goes on.
    Carries,
    /// The code may send another event.
    Emits,
}

impl FlowGraph {
    /// Every node, in the order of events and, inside one, in the order of the flow.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.graph.node_indices().filter_map(|index| Some((NodeId(index), self.graph.node_weight(index)?)))
    }

    /// The nodes of an event.
    pub fn nodes_of<'g>(&'g self, event: &'g str) -> impl Iterator<Item = (NodeId, &'g Node)> {
        let ids = self.by_event.get(event).map_or(&[] as &[NodeId], Vec::as_slice);
        ids.iter().filter_map(|id| Some((*id, self.node(*id)?)))
    }

    /// The node of that number.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.graph.node_weight(id.0)
    }

    /// Every edge.
    pub fn edges(&self) -> impl Iterator<Item = (NodeId, NodeId, Flow)> {
        self.graph
            .edge_references()
            .map(|edge| (NodeId(edge.source()), NodeId(edge.target()), *edge.weight()))
    }

    /// The nodes that this one sends to.
    pub fn after(&self, id: NodeId, flow: Flow) -> impl Iterator<Item = NodeId> {
        self.neighbours(id, flow, Direction::Outgoing)
    }

    /// The nodes that send to this one.
    pub fn before(&self, id: NodeId, flow: Flow) -> impl Iterator<Item = NodeId> {
        self.neighbours(id, flow, Direction::Incoming)
    }

    fn neighbours(&self, id: NodeId, flow: Flow, direction: Direction) -> impl Iterator<Item = NodeId> {
        let edges = self.graph.edges_directed(id.0, direction).filter(move |edge| *edge.weight() == flow);
        let mut found: Vec<NodeId> = edges
            .map(|edge| NodeId(if direction == Direction::Outgoing { edge.target() } else { edge.source() }))
            .collect();
        found.sort_unstable();
        found.into_iter()
    }

    /// The event that a node belongs to.
    #[must_use]
    pub fn event(&self, node: &Node) -> Option<&Event> {
        self.model.events.get(&node.event)
    }

    /// The subscriber that a node belongs to.
    #[must_use]
    pub fn subscriber(&self, node: &Node) -> Option<&Subscriber> {
        self.event(node)?.subscribers.get(node.subscriber.as_deref()?)
    }
}
