//! Rules about events that subscribers send.

use petgraph::algo::kosaraju_scc;

use super::{Flow, FlowGraph, NodeKind};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::Ingress;

/// Checks what is emitted, and that no circle of events turns for ever.
pub fn check(graph: &FlowGraph, diags: &mut Diagnostics) {
    targets(graph, diags);
    cycles(graph, diags);
}

/// Proof 37: what a handler emits comes in by a private door.
fn targets(graph: &FlowGraph, diags: &mut Diagnostics) {
    for event in graph.model.events.values() {
        for target in event.subscribers.values().flat_map(|subscriber| &subscriber.emits) {
            let Some(emitted) = graph.model.events.get(&target.value) else { continue };
            if let Ingress::Api { origin, .. } = &emitted.ingress {
                let message =
                    format!("`{}` comes in by a public api, so no handler can emit it", target.value);
                diags.push(
                    Diagnostic::new(Code::EmitsNotInternal, target.span, message)
                        .label(origin.span, "its door")
                        .help("emit an event with `ingress sns` or `ingress stream`, and let both doors' subscribers share their code"),
                );
            }
        }
    }
}

/// Proof 36: a circle of `emits` never ends unless a `where` on it can end it.
fn cycles(graph: &FlowGraph, diags: &mut Diagnostics) {
    let mut endless = graph.graph.clone();
    endless.retain_edges(|nodes, edge| {
        let from = nodes.edge_endpoints(edge).and_then(|(from, _)| nodes.node_weight(from));
        from.and_then(|node| graph.subscriber(node)).is_none_or(|subscriber| subscriber.condition.is_none())
    });
    for component in kosaraju_scc(&endless) {
        let mut edges: Vec<_> = component
            .iter()
            .flat_map(|index| endless.edges(*index))
            .filter(|edge| {
                use petgraph::visit::EdgeRef as _;
                *edge.weight() == Flow::Emits && component.contains(&edge.target())
            })
            .map(|edge| {
                use petgraph::visit::EdgeRef as _;
                (edge.source(), edge.target())
            })
            .collect();
        edges.sort_unstable();
        let Some((from, to)) = edges.first() else { continue };
        let (Some(function), Some(topic)) = (graph.graph.node_weight(*from), graph.graph.node_weight(*to))
        else {
            continue;
        };
        let said = graph.subscriber(function).and_then(|s| s.emits.iter().find(|e| e.value == topic.event));
        let mut names: Vec<&str> = component
            .iter()
            .filter_map(|index| graph.graph.node_weight(*index))
            .filter(|node| matches!(node.kind, NodeKind::Topic | NodeKind::Door))
            .map(|node| node.event.as_str())
            .collect();
        names.sort_unstable();
        let message = match names.as_slice() {
            [only] => format!("`{only}` emits itself for ever"),
            _ => format!(
                "these events emit each other for ever: {}",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let help = "take one `emits` out of the circle, or end it with a `where`: each event would cause the next without end, at your cost";
        diags.extend(said.map(|said| Diagnostic::new(Code::EmitsCycle, said.span, message).help(help)));
    }
}
