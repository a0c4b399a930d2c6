//! The flow graph against what carries it: for every edge a proof.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};

use super::rules::{Asked, Finding, Wire, label};
use super::world::{At, World};
use super::{Prover, Report};
use crate::diagnostic::Code;
use crate::graph::{Flow, FlowGraph, Node, NodeId, NodeKind};
use crate::library::Library;
use crate::stacks::{Resource, StackTree};

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The event goes on by itself.
    Carries,
    /// The code sends another event.
    Emits,
    /// The code keeps the event.
    Keeps,
    /// The code reads the stored event that it is told of.
    Fetches,
    /// Another account sends it.
    Receives,
}

impl How {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            How::Carries => "to",
            How::Emits => "emits to",
            How::Keeps => "stores in",
            How::Fetches => "reads from",
            How::Receives => "takes events of another account at",
        }
    }
}

/// An edge of the flow graph, and what carries it.
#[derive(Clone, Debug)]
pub struct EdgeProof {
    /// From where.
    pub from: NodeId,
    /// To where.
    pub to: NodeId,
    /// What it says.
    pub how: How,
    /// What carries it; empty if nothing does.
    pub wires: Vec<Wire>,
    /// What keeps it from being carried.
    pub findings: Vec<Finding>,
}

/// The resources of every node.
pub struct Places<'g> {
    graph: &'g FlowGraph,
    carriers: BTreeMap<NodeId, Vec<At>>,
    /// The types of resources that events pass.
    kinds: BTreeSet<&'g str>,
}

impl EdgeProof {
    fn empty(from: NodeId, to: NodeId, how: How) -> EdgeProof {
        EdgeProof { from, to, how, wires: Vec::new(), findings: Vec::new() }
    }
}

/// Every edge of the flow graph, those between nodes that become nothing of their own joined, with what carries it.
#[must_use]
pub fn edges(
    mut places: Places<'_>,
    library: &Library,
    prover: &Prover<'_, '_>,
    report: &Report,
) -> Vec<EdgeProof> {
    let mut by_ends: HashMap<(At, At), Vec<&Wire>> = HashMap::new();
    for wire in report.wires.iter().filter(|wire| !wire.letters) {
        by_ends.entry((wire.from, wire.to)).or_default().push(wire);
    }
    let unmade = places.unmade(library);
    places.pass_by(&by_ends);
    let (mut proofs, mut asked) = (Vec::new(), Vec::new());
    for (from, to, how) in places.edges() {
        let wires: Vec<Wire> = places
            .pairs(from, to)
            .filter(|_| how == How::Carries)
            .flat_map(|ends| by_ends.get(&ends).into_iter().flatten().map(|wire| (*wire).clone()))
            .collect();
        let guests = places.guests(from, how);
        if let Some(way) = how.rule() {
            for guest in guests {
                let ask = |(from, to)| (proofs.len(), Asked { from, to, way, guest });
                asked.extend(places.pairs(from, to).map(ask));
                if how == How::Receives {
                    proofs.push(EdgeProof::empty(from, to, how));
                }
            }
        }
        if how != How::Receives {
            proofs.push(EdgeProof { from, to, how, wires, findings: Vec::new() });
        }
    }
    let questions: Vec<Asked<'_>> = asked.iter().map(|(_, asked)| *asked).collect();
    for ((index, _), report) in asked.iter().zip(prover.prove_between(&questions)) {
        if let Some(proof) = proofs.get_mut(*index) {
            if report.findings.is_empty() {
                proof.wires.extend(report.wires);
            }
            proof.findings.extend(report.findings);
        }
    }
    proofs.extend(places.inner(&proofs, &by_ends));
    proofs.extend(unmade);
    proofs
}

impl How {
    /// The `way` of the rules that prove it, where no resource joins the two.
    fn rule(self) -> Option<&'static str> {
        match self {
            How::Carries => None,
            How::Emits => Some("emits"),
            How::Keeps => Some("keeps"),
            How::Fetches => Some("fetches"),
            How::Receives => Some("receives"),
        }
    }
}

impl<'g> Places<'g> {
    /// The resources of a project, by the nodes that they were made for.
    #[must_use]
    pub fn of(graph: &'g FlowGraph, tree: &StackTree, world: &'g World<'_>) -> Places<'g> {
        let kinds = world.facts.kinds.iter().filter(|(_, kind)| kind.carries);
        let kinds = kinds.map(|(name, _)| name.as_str()).collect();
        Places { graph, carriers: carriers(graph, tree, world), kinds }
    }

    /// What gets into a node and does not get to where it leaves: an edge of the node to itself, without a wire.
    fn inner(&self, proofs: &[EdgeProof], by_ends: &HashMap<(At, At), Vec<&Wire>>) -> Vec<EdgeProof> {
        let (mut entries, mut exits): (BTreeMap<NodeId, BTreeSet<At>>, BTreeMap<NodeId, BTreeSet<At>>) =
            (BTreeMap::new(), BTreeMap::new());
        for proof in proofs.iter().filter(|proof| !matches!(proof.how, How::Fetches | How::Receives)) {
            for wire in &proof.wires {
                entries.entry(proof.to).or_default().insert(wire.to);
                if proof.how == How::Carries {
                    exits.entry(proof.from).or_default().insert(wire.from);
                }
            }
        }
        let joined = |one: At, other: At| by_ends.contains_key(&(one, other));
        let cut = |(id, exits): (&NodeId, &BTreeSet<At>)| {
            let own = self.carriers.get(id)?;
            let mut reached: Vec<At> = entries.get(id)?.iter().copied().collect();
            let mut index = 0;
            while let Some(at) = reached.get(index).copied() {
                index += 1;
                let more: Vec<At> =
                    own.iter().copied().filter(|to| joined(at, *to) && !reached.contains(to)).collect();
                reached.extend(more);
            }
            exits.iter().any(|at| !reached.contains(at)).then(|| EdgeProof::empty(*id, *id, How::Carries))
        };
        exits.iter().filter_map(cut).collect()
    }

    /// Nodes whose construct makes something that events pass, and of which nothing was made.
    fn unmade(&self, library: &Library) -> Vec<EdgeProof> {
        let carries = |node: &Node| {
            let construct = library.get(&node.construct);
            construct.is_some_and(|construct| {
                construct.resources.values().any(|resource| self.kinds.contains(resource.kind.as_str()))
            })
        };
        let nodes = self.graph.nodes().filter(|(id, node)| !self.has(*id) && carries(node));
        nodes.map(|(id, _)| EdgeProof::empty(id, id, How::Carries)).collect()
    }

    /// Takes out nodes that events pass by: what is before hands over to what is behind, and nothing goes through. A tier
    /// of a team's own may make a queue beside the way.
    fn pass_by(&mut self, by_ends: &HashMap<(At, At), Vec<&Wire>>) {
        let ends: BTreeSet<At> = by_ends.keys().flat_map(|(from, to)| [*from, *to]).collect();
        let idle = |(id, own): (&NodeId, &Vec<At>)| {
            let joined = |from, to| self.pairs(from, to).any(|pair| by_ends.contains_key(&pair));
            let passed = || {
                self.graph
                    .before(*id, Flow::Carries)
                    .any(|from| self.graph.after(*id, Flow::Carries).any(|to| joined(from, to)))
            };
            (!own.iter().any(|at| ends.contains(at)) && passed()).then_some(*id)
        };
        let idle: Vec<NodeId> = self.carriers.iter().filter_map(idle).collect();
        for id in idle {
            self.carriers.insert(id, Vec::new());
        }
    }

    /// The other accounts that may send to an event, or nobody in particular.
    fn guests(&self, id: NodeId, how: How) -> Vec<&str> {
        let event = self.graph.node(id).and_then(|node| self.graph.event(node));
        match (how, event) {
            (How::Receives, Some(event)) => {
                event.accounts.iter().map(|account| account.value.as_str()).collect()
            }
            (How::Receives, None) => Vec::new(),
            _ => vec![""],
        }
    }

    fn has(&self, id: NodeId) -> bool {
        self.carriers.get(&id).is_some_and(|list| !list.is_empty())
    }

    fn pairs(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = (At, At)> {
        let ends = |id: NodeId| self.carriers.get(&id).map_or(&[] as &[At], Vec::as_slice);
        ends(from).iter().flat_map(move |one| ends(to).iter().map(move |other| (*one, *other)))
    }

    /// Every edge between nodes that became something.
    fn edges(&self) -> Vec<(NodeId, NodeId, How)> {
        let mut found = Vec::new();
        for (id, node) in self.graph.nodes().filter(|(id, _)| self.has(*id)) {
            found.extend(self.next(id, Flow::Carries).into_iter().map(|to| (id, to, How::Carries)));
            found.extend(self.next(id, Flow::Emits).into_iter().map(|to| (id, to, How::Emits)));
            if matches!(node.kind, NodeKind::Topic | NodeKind::Tier)
                && !self.guests(id, How::Receives).is_empty()
            {
                found.push((id, id, How::Receives));
            }
            if node.kind == NodeKind::Function {
                found.extend(self.stores(id).into_iter().map(|(to, how)| (id, to, how)));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The nodes behind one, over those that became nothing.
    fn next(&self, id: NodeId, flow: Flow) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut open: Vec<NodeId> = self.graph.after(id, flow).collect();
        while let Some(id) = open.pop() {
            if self.has(id) {
                found.push(id);
            } else {
                open.extend(self.graph.after(id, Flow::Carries));
            }
        }
        found
    }

    /// The store that a function keeps its event in, or reads it from.
    fn stores(&self, function: NodeId) -> Vec<(NodeId, How)> {
        let of_kind =
            |id: &NodeId, kind: NodeKind| self.graph.node(*id).is_some_and(|node| node.kind == kind);
        let source = self.graph.before(function, Flow::Carries).find(|id| of_kind(id, NodeKind::Source));
        let Some(source) = source else { return Vec::new() };
        let kept = self.graph.after(source, Flow::Carries).filter(|id| of_kind(id, NodeKind::Store));
        let read = self.graph.before(source, Flow::Carries).filter(|id| of_kind(id, NodeKind::Store));
        kept.map(|id| (id, How::Keeps)).chain(read.map(|id| (id, How::Fetches))).collect()
    }
}

/// What of every node data passes: its resources of types that carry.
fn carriers(graph: &FlowGraph, tree: &StackTree, world: &World<'_>) -> BTreeMap<NodeId, Vec<At>> {
    let first = 1 + tree.roots.len();
    type Found<'t> = Vec<(At, &'t Resource)>;
    let mut by_owner: HashMap<(&str, Option<&str>), Found<'_>> = HashMap::new();
    let mut by_declaration: HashMap<&str, Found<'_>> = HashMap::new();
    for (index, stack) in tree.stacks().enumerate() {
        for (place, resource) in stack.resources.iter().enumerate() {
            let Some(at) = world.nth(first + index, place) else { continue };
            if world.kind(at).is_some_and(|kind| kind.carries) {
                let key = (resource.owner.as_str(), resource.subscriber.as_deref());
                by_owner.entry(key).or_default().push((at, resource));
                by_declaration.entry(&resource.origin.path).or_default().push((at, resource));
            }
        }
    }
    let mut found = BTreeMap::new();
    for (id, node) in graph.nodes() {
        let own = by_owner.get(&(node.event.as_str(), node.subscriber.as_deref())).into_iter().flatten();
        let shared = shared_store(graph, node).and_then(|path| by_declaration.get(path));
        let of_node = |resource: &Resource| {
            resource.construct == node.construct || node.mapping.as_ref() == Some(&resource.construct)
        };
        let all = own.chain(shared.into_iter().flatten()).filter(|(_, resource)| of_node(resource));
        found.insert(id, all.map(|(at, _)| *at).collect());
    }
    found
}

/// The declaration of a store that several events share.
fn shared_store<'g>(graph: &'g FlowGraph, node: &Node) -> Option<&'g str> {
    let name = graph.event(node)?.shared_store.as_ref().filter(|_| node.kind == NodeKind::Store)?;
    graph.model.stores.get(name).map(|store| store.choice.origin.path.as_str())
}

/// What is wrong with edges: those without a proof, unless what is wrong has been found already.
#[must_use]
pub fn unproved(
    graph: &FlowGraph,
    world: &World<'_>,
    proofs: &[EdgeProof],
    found: &[Finding],
) -> Vec<(NodeId, Finding)> {
    let mut problems = Vec::new();
    for proof in proofs.iter().filter(|proof| proof.wires.is_empty()) {
        let (Some(from), Some(to)) = (graph.node(proof.from), graph.node(proof.to)) else { continue };
        let explained = |finding: &&Finding| {
            let owner = world.entry(finding.at).and_then(|entry| entry.owner);
            owner == Some(from.event.as_str()) || owner == Some(to.event.as_str())
        };
        if found.iter().any(|finding| explained(&finding)) {
            continue;
        }
        let why: Vec<&str> = proof.findings.iter().map(|finding| finding.message.as_str()).collect();
        let message = format!(
            "nothing proves that `{}` gets from {} to {}",
            from.event,
            describe(from),
            match from.event == to.event {
                true if proof.from == proof.to => "what leaves it".to_owned(),
                true => describe(to),
                false => format!("`{}`", to.event),
            }
        );
        let at = proof.findings.first().map_or(At(0), |finding| finding.at);
        let help = match why.as_slice() {
            [] => "an `override` or a construct in `lib/` may have taken away what joins the two".to_owned(),
            why => why.join("; "),
        };
        let finding =
            Finding { code: Code::NothingCarries, at, property: None, message, help, others: Vec::new() };
        problems.push((proof.to, finding));
    }
    problems
}

/// A node as people know it.
#[must_use]
pub fn describe(node: &Node) -> String {
    match (&node.subscriber, node.kind) {
        (Some(name), NodeKind::Source) => format!("the queue of `{name}`"),
        (Some(name), _) => format!("`{name}`"),
        (None, kind) => format!("its {}", kind.word()),
    }
}

/// The wires of a proof in words: what joins, and what allows it.
#[must_use]
pub fn grounds(world: &World<'_>, wire: &Wire) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for ground in &wire.grounds {
        let place = label(world, ground.grant.at);
        let by = match ground.grant.label.as_str() {
            "" => place,
            sid => format!("{place} ({sid})"),
        };
        lines.push(format!("{}: {by}", ground.action));
    }
    lines
}
