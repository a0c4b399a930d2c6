//! Findings at the places that people wrote.

use super::Report;
use super::flows::{EdgeProof, unproved};
use super::rules::Finding;
use super::world::{At, World};
use crate::diagnostic::Diagnostic;
use crate::graph::FlowGraph;
use crate::source::Span;
use crate::stacks::{Resource, StackTree};

/// A finding in a template that others wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The finding.
    pub finding: Finding,
    /// The template, by its place among all.
    pub template: usize,
    /// The resource in it.
    pub logical_id: String,
}

/// Findings with their templates.
#[must_use]
pub fn problems(world: &World<'_>, findings: &[Finding]) -> Vec<Problem> {
    let place = |finding: &Finding| Problem {
        finding: finding.clone(),
        template: world.position(finding.at).0,
        logical_id: world.entry(finding.at).map(|entry| entry.id.to_string()).unwrap_or_default(),
    };
    findings.iter().map(place).collect()
}

/// Findings of a project: each at the declaration that its resource came from, or at the `override` that changed it.
#[must_use]
pub fn diagnostics(
    graph: &FlowGraph,
    tree: &StackTree,
    world: &World<'_>,
    report: &Report,
    proofs: &[EdgeProof],
) -> Vec<Diagnostic> {
    let resources: Vec<&Resource> = tree.stacks().flat_map(|stack| &stack.resources).collect();
    let first = 1 + tree.roots.len();
    let skip: usize = world.templates.iter().take(first).map(|template| template.resources.len()).sum();
    let resource = |at: At| (at.0 as usize).checked_sub(skip).and_then(|index| resources.get(index).copied());
    let mut found: Vec<Diagnostic> = report
        .findings
        .iter()
        .map(|finding| {
            let own = resource(finding.at).map_or(tree.app.origin.span, |resource| resource.origin.span);
            diagnostic(finding, own, &resource)
        })
        .collect();
    for (node, finding) in unproved(graph, world, proofs, &report.findings) {
        let span = graph.node(node).map_or(tree.app.origin.span, |node| node.origin.span);
        let event = graph.node(node).map(|node| node.event.as_str()).unwrap_or_default();
        let patched = resources.iter().find(|one| one.patched.is_some() && one.owner == event);
        let at = patched.and_then(|resource| resource.patched).unwrap_or(span);
        found.push(plain(&finding, at));
    }
    found
}

fn diagnostic<'t>(finding: &Finding, own: Span, resource: &dyn Fn(At) -> Option<&'t Resource>) -> Diagnostic {
    let all = || [finding.at].into_iter().chain(finding.others.iter().copied());
    let patched = all().find_map(|at| resource(at)?.patched);
    match patched {
        Some(span) => plain(finding, span).label(own, "what it is about is declared here"),
        None => plain(finding, own),
    }
}

fn plain(finding: &Finding, span: Span) -> Diagnostic {
    let help = (!finding.help.is_empty()).then(|| finding.help.clone());
    Diagnostic::new(finding.code, span, finding.message.clone()).maybe_help(help)
}
