//! Rules at work.

use std::borrow::Cow;

use foldhash::HashMap;

use super::super::order::Order;
use super::super::text::Text;
use super::super::tri::Tri;
use super::super::value::Value;
use super::super::world::{At, World};
use super::index::Indexes;
use super::need::Answer;
use super::rule::Rule;
use super::scope::Scope;
use super::show::{finding, listed, plain, why_refused};
use crate::diagnostic::Code;
use crate::verify::iam::{Grant, Policies};

/// Something is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// The resource.
    pub at: At,
    /// The property, with dots between names.
    pub property: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Other resources that have to do with it.
    pub others: Vec<At>,
}

/// Data goes from one resource to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// From where.
    pub from: At,
    /// To where.
    pub to: At,
    /// The resource that joins them.
    pub by: At,
    /// What the rule proves.
    pub proof: String,
    /// What allows it.
    pub grounds: Vec<Ground>,
    /// Something that must be allowed is not known to be.
    pub open: bool,
    /// What goes there are letters that nobody could deliver.
    pub letters: bool,
}

/// Something is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ground {
    /// What: `sqs:SendMessage`.
    pub action: String,
    /// By which statement.
    pub grant: Grant,
}

/// What rules found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What goes where.
    pub wires: Vec<Wire>,
    /// What could not be proved.
    pub unknown: Vec<Finding>,
}

impl Outcome {
    /// Adds another's.
    pub fn extend(&mut self, other: Outcome) {
        self.findings.extend(other.findings);
        self.wires.extend(other.wires);
        self.unknown.extend(other.unknown);
    }
}

/// Two resources that none joins, and what is asked of them.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'g> {
    /// Who sends.
    pub from: At,
    /// To what.
    pub to: At,
    /// The `way` of the rules.
    pub way: &'static str,
    /// The number of the other account that sends, or nothing.
    pub guest: &'g str,
}

/// What rules run on.
pub struct Prover<'w, 'a> {
    /// The templates.
    pub world: &'w World<'a>,
    /// The rules.
    pub rules: &'a [Rule],
    /// Also say what allows what.
    pub explains: bool,
    /// Their policies.
    pub(in crate::verify) policies: Policies<'w, 'a>,
    /// Their order.
    pub(in crate::verify) order: Order,
    /// Who points to whom.
    pub(in crate::verify) indexes: Indexes,
}

impl<'w, 'a> Prover<'w, 'a> {
    /// Runs a rule on a resource of its type.
    pub fn run(&self, rule: &'a Rule, at: At, outcome: &mut Outcome) {
        let mut scope = self.scope();
        scope.names.push(("self", Value::Resource(at)));
        self.run_in(rule, at, scope, outcome);
    }

    /// Runs a rule of what has no resource between on two resources.
    pub fn run_between(&self, rule: &'a Rule, asked: &Asked<'_>, outcome: &mut Outcome) {
        let Asked { from, to, .. } = *asked;
        let mut scope = self.scope();
        scope.names.push(("self", Value::Resource(from)));
        scope.names.push(("target", Value::Resource(to)));
        let event = self.world.entry(from).and_then(|entry| entry.owner).unwrap_or_default();
        scope.names.push(("event", Value::Text(Text::new(event.to_owned()))));
        scope.names.push(("guest", Value::Text(Text::new(asked.guest.to_owned()))));
        self.run_in(rule, from, scope, outcome);
    }

    fn scope<'s>(&'s self) -> Scope<'s, 'w, 'a> {
        Scope { world: self.world, order: &self.order, indexes: &self.indexes, names: Vec::with_capacity(8) }
    }

    fn run_in<'s>(&'s self, rule: &'a Rule, at: At, mut scope: Scope<'s, 'w, 'a>, outcome: &mut Outcome) {
        if rule.when.as_ref().is_some_and(|when| scope.holds(when) != Tri::Yes) {
            return;
        }
        let Some((name, list)) = &rule.each else { return self.once(rule, at, &mut scope, outcome) };
        let before = scope.names.len();
        for item in scope.value(list).items() {
            scope.names.truncate(before);
            scope.names.push((name, item));
            self.once(rule, at, &mut scope, outcome);
        }
    }

    fn once<'s>(&'s self, rule: &'a Rule, at: At, scope: &mut Scope<'s, 'w, 'a>, outcome: &mut Outcome) {
        for (name, expression) in &rule.names {
            let value = scope.value(expression);
            scope.names.push((name, value));
        }
        let (grounds, open, refused) = self.needs(rule, at, scope, outcome);
        self.checks(rule, at, scope, outcome);
        if !refused {
            outcome.wires.extend(self.wire(rule, at, scope, grounds, open));
        }
    }

    /// Asks everything that must be allowed: what allows it, whether something stays open, whether something is refused.
    fn needs<'s>(
        &'s self,
        rule: &'a Rule,
        at: At,
        scope: &mut Scope<'s, 'w, 'a>,
        outcome: &mut Outcome,
    ) -> (Vec<Ground>, bool, bool) {
        let (mut grounds, mut open, mut refused) = (Vec::new(), false, false);
        for need in &rule.needs {
            match self.need(need, scope) {
                Answer::Proved(proved) => grounds.extend(proved),
                Answer::NotAsked => {}
                Answer::Open => {
                    open = true;
                    let actions: Vec<Cow<'a, str>> =
                        need.actions.iter().filter_map(|action| plain(scope, action)).collect();
                    scope.names.push(("missing", listed(&actions)));
                    outcome.unknown.push(finding(scope, &need.report, at, ""));
                    scope.names.pop();
                }
                Answer::Refused { missing, why } => {
                    refused = true;
                    scope.names.push(("missing", listed(&missing)));
                    let mut found = finding(scope, &need.report, at, &why_refused(self.world, &why));
                    self.concern(&mut found, &need.who, scope);
                    outcome.findings.push(found);
                    scope.names.pop();
                }
            }
        }
        grounds.sort();
        grounds.dedup();
        (grounds, open, refused)
    }

    fn checks(&self, rule: &'a Rule, at: At, scope: &Scope<'_, 'w, 'a>, outcome: &mut Outcome) {
        for check in &rule.checks {
            if check.report.when.as_ref().is_some_and(|when| scope.holds(when) != Tri::Yes) {
                continue;
            }
            match scope.holds(&check.holds) {
                Tri::Yes => {}
                Tri::No => outcome.findings.push(finding(scope, &check.report, at, "")),
                Tri::Maybe => outcome.unknown.push(finding(scope, &check.report, at, "")),
            }
        }
    }

    fn wire(
        &self,
        rule: &'a Rule,
        at: At,
        scope: &Scope<'_, 'w, 'a>,
        grounds: Vec<Ground>,
        open: bool,
    ) -> Option<Wire> {
        let (from, to) = rule.flow.as_ref()?;
        let (from, to) = (self.world.stood_for(&scope.value(from))?, scope.value(to));
        // What goes to what is not in the templates ends at the resource that joins it.
        let outside = matches!(&to, Value::Text(text) if !text.is_free());
        Some(Wire {
            from,
            to: self.world.stood_for(&to).or(outside.then_some(at))?,
            by: at,
            proof: rule.proof.clone(),
            grounds,
            open: open && !outside,
            letters: rule.letters,
        })
    }
}

/// Rules by the type that they look at.
#[must_use]
pub fn by_kind(rules: &[Rule]) -> HashMap<&str, Vec<&Rule>> {
    let mut found: HashMap<&str, Vec<&Rule>> = HashMap::default();
    for rule in rules.iter().filter(|rule| rule.between.is_none()) {
        found.entry(&rule.kind).or_default().push(rule);
    }
    found
}
