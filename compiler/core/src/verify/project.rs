//! The proofs of a project: its stacks, and every edge of its flow graph.

use super::Knowledge;
use super::flows::{EdgeProof, describe, edges, grounds};
use super::report::diagnostics;
use super::rules::label;
use super::template::Frame;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::FlowGraph;
use crate::library::Library;
use crate::stacks::StackTree;

/// Proves a project, and reports what is wrong.
pub fn verify(
    graph: &FlowGraph,
    tree: &StackTree,
    library: &Library,
    knowledge: &Result<Knowledge, String>,
    diags: &mut Diagnostics,
) {
    let knowledge = match knowledge {
        Ok(knowledge) => knowledge,
        Err(error) => {
            let message = format!("the rules of proofs cannot be read: {error}");
            diags.push(Diagnostic::new(Code::BadConstruct, tree.app.origin.span, message));
            return;
        }
    };
    let frame = Frame::of(tree);
    let templates = frame.templates(tree);
    let world = knowledge.world(&templates);
    let prover = knowledge.prover(&world);
    let report = prover.prove();
    let proofs = edges(graph, tree, library, &prover, &report);
    diags.extend(diagnostics(graph, tree, &world, &report, &proofs));
    diags.extend(super::payload::check(graph, library));
}

/// An edge and its proof, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// `CardIssued: its door to its store`
    pub edge: String,
    /// What carries it: what is proved, by which resource.
    pub carried: Vec<Carried>,
}

/// What carries an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// `a topic sends to a queue`
    pub proof: String,
    /// The resource that joins the two.
    pub by: String,
    /// `sqs:SendMessage: CardIssued.QueuePolicy (TopicSends)`
    pub allowed: Vec<String>,
    /// Something of it only the deployment shows.
    pub open: bool,
}

/// Every edge of a project with its proof, in words.
#[must_use]
pub fn listing(graph: &FlowGraph, tree: &StackTree, library: &Library) -> Vec<Line> {
    let Ok(knowledge) = Knowledge::parse(&library.identities, &library.proofs) else { return Vec::new() };
    let frame = Frame::of(tree);
    let templates = frame.templates(tree);
    let world = knowledge.world(&templates);
    let mut prover = knowledge.prover(&world);
    prover.explains = true;
    let proofs = edges(graph, tree, library, &prover, &prover.prove());
    let line = |proof: &EdgeProof| {
        let (from, to) = (graph.node(proof.from)?, graph.node(proof.to)?);
        let target = if from.event == to.event { describe(to) } else { format!("`{}`", to.event) };
        let edge = format!("{}: {} {} {target}", from.event, describe(from), proof.how.word());
        let carried = proof.wires.iter().map(|wire| Carried {
            proof: wire.proof.clone(),
            by: label(&world, wire.by),
            allowed: grounds(&world, wire),
            open: wire.open,
        });
        Some(Line { edge, carried: carried.collect() })
    };
    proofs.iter().filter_map(line).collect()
}
