//! The proofs of a project: its stacks, and every edge of its flow graph.

use super::flows::{EdgeProof, Places, describe, edges, grounds};
use super::report::diagnostics;
use super::rules::label;
use super::template::Frame;
use super::world::World;
use super::{Knowledge, Prover};
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
    let (found, large) =
        rayon::join(|| prove(graph, tree, library, knowledge), || super::payload::check(graph, library));
    diags.extend(found);
    diags.extend(large);
}

/// What is wrong with the stacks of a project, and with the edges of its flow graph.
#[must_use]
pub fn prove(
    graph: &FlowGraph,
    tree: &StackTree,
    library: &Library,
    knowledge: &Knowledge,
) -> Vec<Diagnostic> {
    with_prover(tree, knowledge, |prover| {
        let (report, places) = rayon::join(|| prover.prove(), || Places::of(graph, tree, prover.world));
        let proofs = edges(places, library, prover, &report);
        diagnostics(graph, tree, prover.world, &report, &proofs)
    })
}

/// Does something with the stacks of a project as templates.
fn with_prover<T>(tree: &StackTree, knowledge: &Knowledge, work: impl FnOnce(&mut Prover<'_, '_>) -> T) -> T {
    let frame = Frame::of(tree);
    let templates = frame.templates(tree);
    let world = knowledge.world(&templates);
    work(&mut knowledge.prover(&world))
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
    with_prover(tree, &knowledge, |prover| {
        prover.explains = true;
        let places = Places::of(graph, tree, prover.world);
        let proofs = edges(places, library, prover, &prover.prove());
        proofs.iter().filter_map(|proof| line(graph, prover.world, proof)).collect()
    })
}

fn line(graph: &FlowGraph, world: &World<'_>, proof: &EdgeProof) -> Option<Line> {
    let (from, to) = (graph.node(proof.from)?, graph.node(proof.to)?);
    let target = if from.event == to.event { describe(to) } else { format!("`{}`", to.event) };
    let edge = format!("{}: {} {} {target}", from.event, describe(from), proof.how.word());
    let carried = proof.wires.iter().map(|wire| Carried {
        proof: wire.proof.clone(),
        by: label(world, wire.by),
        allowed: grounds(world, wire),
        open: wire.open,
    });
    Some(Line { edge, carried: carried.collect() })
}
