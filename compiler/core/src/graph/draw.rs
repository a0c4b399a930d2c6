//! The graph as a picture: Mermaid and Graphviz.

use std::fmt::Write as _;

use super::{Flow, FlowGraph, Node, NodeId, NodeKind};
use crate::model::{Ingress, PathPart};

impl FlowGraph {
    /// The graph as a Mermaid flowchart, one frame an event.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        for name in self.model.events.keys() {
            let _ = writeln!(out, "  subgraph {name}");
            for (id, node) in self.nodes().filter(|(_, node)| node.event == *name) {
                let (open, close) = mermaid_shape(node.kind);
                let _ = writeln!(out, "    {}{open}\"{}\"{close}", key(id), self.label(node));
            }
            out.push_str("  end\n");
        }
        for (from, to, flow) in self.edges() {
            let arrow = if flow == Flow::Emits { "-. emits .->" } else { "-->" };
            let _ = writeln!(out, "  {} {arrow} {}", key(from), key(to));
        }
        out
    }

    /// The graph in Graphviz's language, one cluster an event.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut out =
            String::from("digraph flow {\n  rankdir=LR;\n  node [fontname=\"Helvetica\", fontsize=11];\n");
        for (number, name) in self.model.events.keys().enumerate() {
            let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{name}\";");
            for (id, node) in self.nodes().filter(|(_, node)| node.event == *name) {
                let _ = writeln!(
                    out,
                    "    {} [label=\"{}\", shape={}];",
                    key(id),
                    self.label(node),
                    dot_shape(node.kind)
                );
            }
            out.push_str("  }\n");
        }
        for (from, to, flow) in self.edges() {
            let style = if flow == Flow::Emits { " [style=dashed, label=\"emits\"]" } else { "" };
            let _ = writeln!(out, "  {} -> {}{style};", key(from), key(to));
        }
        out.push_str("}\n");
        out
    }

    /// The graph as lines of text, for `pipec debug graph`.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut out = String::new();
        for (id, node) in self.nodes() {
            let _ =
                writeln!(out, "{} {} ({}) {}", key(id), node.kind.word(), node.construct, node.origin.path);
            for (flow, word) in [(Flow::Carries, "->"), (Flow::Emits, "emits")] {
                for to in self.after(id, flow) {
                    let _ = writeln!(out, "  {word} {}", key(to));
                }
            }
        }
        out
    }

    fn label(&self, node: &Node) -> String {
        let door = |event: &str| match &self.model.events.get(event)?.ingress {
            Ingress::Api { method, path, .. } => {
                let path: String = path.iter().map(PathPart::text).map(|part| format!("/{part}")).collect();
                Some(format!("{method} {path}"))
            }
            Ingress::Topic { .. } => None,
            Ingress::Stream { .. } => Some("stream".to_owned()),
        };
        let word = node.construct.rsplit('/').next().unwrap_or_default();
        match node.kind {
            NodeKind::Door => door(&node.event).unwrap_or_default(),
            NodeKind::Function => node.subscriber.clone().unwrap_or_default(),
            NodeKind::Sink => format!("{} ({word})", node.subscriber.as_deref().unwrap_or_default()),
            NodeKind::Topic => "topic".to_owned(),
            NodeKind::Archive => "archive".to_owned(),
            NodeKind::Tier if node.late => "answer".to_owned(),
            NodeKind::Tier => format!("volume {word}"),
            NodeKind::Store => {
                let shared = self.event(node).and_then(|event| event.shared_store.as_deref());
                format!("store {}", shared.unwrap_or(word))
            }
            NodeKind::Source => word.to_owned(),
        }
    }
}

fn key(id: NodeId) -> String {
    format!("n{}", id.0.index())
}

fn mermaid_shape(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Door | NodeKind::Topic => ("([", "])"),
        NodeKind::Store => ("[(", ")]"),
        NodeKind::Source => ("[[", "]]"),
        NodeKind::Tier | NodeKind::Archive => ("[/", "/]"),
        NodeKind::Function => ("[", "]"),
        NodeKind::Sink => ("{{", "}}"),
    }
}

fn dot_shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Door | NodeKind::Topic => "oval",
        NodeKind::Store => "cylinder",
        NodeKind::Source => "box3d",
        NodeKind::Tier | NodeKind::Archive => "parallelogram",
        NodeKind::Function => "box",
        NodeKind::Sink => "hexagon",
    }
}
