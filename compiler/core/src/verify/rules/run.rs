//! Rules at work.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::order::Order;
use super::super::text::{ACCOUNT, OPEN, Text, is_free, readable};
use super::super::tri::Tri;
use super::super::value::Value;
use super::super::world::{At, World};
use super::index::Indexes;
use super::rule::{Message, Need, Part, Report, Rule, Who};
use super::scope::Scope;
use crate::diagnostic::Code;
use crate::verify::iam::{Actor, Context, Grant, Policies, Request, Verdict, Why, arn};

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

/// What came of one need.
enum Answer {
    Proved(Vec<Ground>),
    Refused { missing: Vec<Cow<'static, str>>, why: Why },
    Open,
    NotAsked,
}

impl<'w, 'a> Prover<'w, 'a> {
    /// Runs a rule on a resource of its type.
    #[must_use]
    pub fn run(&self, rule: &'a Rule, at: At) -> Outcome {
        let mut outcome = Outcome::default();
        let mut scope = self.scope();
        scope.names.push(("self", Value::Resource(at)));
        self.run_in(rule, at, scope, &mut outcome);
        outcome
    }

    /// Runs a rule of what has no resource between on two resources.
    #[must_use]
    pub fn run_between(&self, rule: &'a Rule, asked: &Asked<'_>) -> Outcome {
        let Asked { from, to, .. } = *asked;
        let mut outcome = Outcome::default();
        let mut scope = self.scope();
        scope.names.push(("self", Value::Resource(from)));
        scope.names.push(("target", Value::Resource(to)));
        let event = self.world.entry(from).and_then(|entry| entry.owner).unwrap_or_default();
        scope.names.push(("event", Value::Text(Text::new(event.to_owned()))));
        scope.names.push(("guest", Value::Text(Text::new(asked.guest.to_owned()))));
        self.run_in(rule, from, scope, &mut outcome);
        outcome
    }

    fn scope<'s>(&'s self) -> Scope<'s, 'w, 'a> {
        Scope { world: self.world, order: &self.order, indexes: &self.indexes, names: Vec::with_capacity(8) }
    }

    fn run_in<'s>(&'s self, rule: &'a Rule, at: At, mut scope: Scope<'s, 'w, 'a>, outcome: &mut Outcome) {
        if rule.when.as_ref().is_some_and(|when| scope.holds(when) != Tri::Yes) {
            return;
        }
        let Some((name, list)) = &rule.each else { return self.once(rule, at, scope, outcome) };
        let before = scope.names.len();
        for item in scope.value(list).items() {
            scope.names.truncate(before);
            scope.names.push((name, item));
            let names = scope.names.clone();
            self.once(rule, at, Scope { names, ..self.scope() }, outcome);
        }
    }

    fn once<'s>(&'s self, rule: &'a Rule, at: At, mut scope: Scope<'s, 'w, 'a>, outcome: &mut Outcome) {
        for (name, expression) in &rule.names {
            let value = scope.value(expression);
            scope.names.push((name, value));
        }
        let mut grounds = Vec::new();
        let mut open = false;
        let mut refused = false;
        for need in &rule.needs {
            match self.need(need, &scope) {
                Answer::Proved(proved) => grounds.extend(proved),
                Answer::NotAsked => {}
                Answer::Open => {
                    open = true;
                    let actions: Vec<Cow<'a, str>> =
                        need.actions.iter().filter_map(|action| plain(&scope, action)).collect();
                    scope.names.push(("missing", listed(&actions)));
                    outcome.unknown.push(finding(&scope, &need.report, at, ""));
                    scope.names.pop();
                }
                Answer::Refused { missing, why } => {
                    refused = true;
                    scope.names.push(("missing", listed(&missing)));
                    let why = self.why(&why);
                    let mut found = finding(&scope, &need.report, at, &why);
                    self.concern(&mut found, &need.who, &scope);
                    outcome.findings.push(found);
                    scope.names.pop();
                }
            }
        }
        for check in &rule.checks {
            if check.report.when.as_ref().is_some_and(|when| scope.holds(when) != Tri::Yes) {
                continue;
            }
            match scope.holds(&check.holds) {
                Tri::Yes => {}
                Tri::No => outcome.findings.push(finding(&scope, &check.report, at, "")),
                Tri::Maybe => outcome.unknown.push(finding(&scope, &check.report, at, "")),
            }
        }
        if let (Some((from, to)), false) = (&rule.flow, refused) {
            let resource = |value: Value<'a>| match value {
                Value::Resource(at) => Some(at),
                Value::Text(text) => self.world.denoted(&text),
                _ => None,
            };
            // What goes to what is not in the templates ends at the resource that joins it.
            let to = scope.value(to);
            let outside = matches!(&to, Value::Text(text) if !text.is_free());
            let to = resource(to).or(outside.then_some(at));
            if let (Some(from), Some(to)) = (resource(scope.value(from)), to) {
                grounds.sort();
                grounds.dedup();
                let open = open && !outside;
                outcome.wires.push(Wire {
                    from,
                    to,
                    by: at,
                    proof: rule.proof.clone(),
                    grounds,
                    open,
                    letters: rule.letters,
                });
            }
        }
    }

    fn need(&self, need: &'a Need, scope: &Scope<'_, 'w, 'a>) -> Answer {
        match need.report.when.as_ref().map(|when| scope.holds(when)) {
            None | Some(Tri::Yes) => {}
            Some(Tri::No) => return Answer::NotAsked,
            Some(Tri::Maybe) => return Answer::Open,
        }
        let to = scope.value(&need.to);
        if matches!(to, Value::Absent) {
            return Answer::NotAsked;
        }
        let (actor, mut context) = match self.actor(&need.who, scope) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        for (key, expression) in &need.with {
            let value = match scope.value(expression) {
                Value::Unknown => continue,
                Value::Resource(at) => match arn(self.world, &Value::Resource(at)) {
                    Some(arn) => Value::Text(Text::new(arn)),
                    None => continue,
                },
                value => value,
            };
            context.retain(|(known, _)| known != key);
            context.push((Cow::Owned(key.clone()), value));
        }
        if let (Actor::Role(role), Who::Trusted(_, service)) = (&actor, &need.who) {
            return match self.policies.trusts(self.world, *role, service, &context) {
                Tri::Yes => Answer::Proved(Vec::new()),
                Tri::Maybe => Answer::Open,
                Tri::No => Answer::Refused {
                    missing: vec![Cow::Borrowed("sts:AssumeRole")],
                    why: Why::NothingAllows,
                },
            };
        }
        // What is free as a whole may be anything; a free part is left to the patterns of the statements.
        let whole = |arn: &String| !arn.starts_with(OPEN) || !is_free(arn);
        let Some(mut resource) = arn(self.world, &to).filter(whole) else {
            return Answer::Open;
        };
        if let Some(path) = &need.path {
            match scope.value(path) {
                Value::Text(path) => resource.push_str(&path.text),
                _ => return Answer::Open,
            }
        }
        if let Some(Value::Text(own)) = need.resource.as_ref().map(|own| scope.value(own)) {
            resource = own.text.to_string();
        }
        let holder = match &to {
            Value::Resource(at) => Some(*at),
            Value::Text(text) => self.world.denoted(text),
            _ => None,
        };
        let actions: Option<Vec<Cow<'a, str>>> =
            need.actions.iter().map(|action| plain(scope, action)).collect();
        let Some(actions) = actions else { return Answer::Open };
        self.decide(&actor, &actions, &resource, holder, &context)
    }

    fn decide(
        &self,
        actor: &Actor,
        actions: &[Cow<'a, str>],
        resource: &str,
        holder: Option<At>,
        context: &Context<'a>,
    ) -> Answer {
        let (mut grounds, mut missing, mut reason, mut open) = (Vec::new(), Vec::new(), None, false);
        for action in actions {
            let request = Request { actor, action, resource, holder, context };
            match self.policies.decide(self.world, &request) {
                Verdict::Allowed(_) if !self.explains => {}
                Verdict::Allowed(by) => {
                    grounds.extend(by.into_iter().map(|grant| Ground { action: action.to_string(), grant }))
                }
                Verdict::Refused(why) => {
                    missing.push(Cow::Owned(action.to_string()));
                    reason = reason.or(Some(why));
                }
                Verdict::Unknown => open = true,
            }
        }
        match reason {
            Some(why) => Answer::Refused { missing, why },
            None if open => Answer::Open,
            None => Answer::Proved(grounds),
        }
    }

    /// Who acts, and what is known of his requests.
    fn actor(&self, who: &'a Who, scope: &Scope<'_, 'w, 'a>) -> Result<(Actor, Context<'a>), Answer> {
        let text = |text: String| Value::Text(Text::new(text));
        let pair = |key: &'static str, value: Value<'a>| (Cow::Borrowed(key), value);
        let account = || Value::Text(Text { text: ACCOUNT.into(), of: None });
        match who {
            Who::Service(name) => match scope.value(name) {
                Value::Text(name) => Ok((
                    Actor::Service(name.text.to_string()),
                    vec![
                        pair("aws:sourceaccount", account()),
                        pair("aws:securetransport", Value::Bool(true)),
                        pair("aws:principalisawsservice", Value::Bool(true)),
                        pair("s3:tlsversion", Value::Number(1.3)),
                    ],
                )),
                _ => Err(Answer::Open),
            },
            Who::Account(number) => match scope.value(number) {
                Value::Text(number) => Ok((
                    Actor::Account(number.text.to_string()),
                    vec![
                        pair("aws:securetransport", Value::Bool(true)),
                        pair("aws:principalisawsservice", Value::Bool(false)),
                        pair("aws:principalaccount", text(number.text.to_string())),
                        pair("kms:calleraccount", text(number.text.to_string())),
                        // Whoever signs nothing has no principal; the roles of accounts are theirs.
                        pair("aws:principalarn", Value::Absent),
                    ],
                )),
                _ => Err(Answer::Open),
            },
            Who::Role(role) | Who::Trusted(role, _) => {
                let role = match scope.value(role) {
                    Value::Absent => return Err(Answer::NotAsked),
                    Value::Resource(at) => Some(at),
                    Value::Text(text) => self.world.denoted(&text),
                    _ => None,
                };
                let Some(role) = role else { return Err(Answer::Open) };
                Ok((
                    Actor::Role(role),
                    vec![
                        pair("aws:securetransport", Value::Bool(true)),
                        pair("aws:principalisawsservice", Value::Bool(false)),
                        pair("aws:principalaccount", account()),
                        pair("aws:resourceaccount", account()),
                        pair("s3:resourceaccount", account()),
                        pair("kms:calleraccount", account()),
                        pair("aws:sourceaccount", account()),
                        pair("s3:tlsversion", Value::Number(1.3)),
                    ],
                ))
            }
        }
    }

    /// Adds who is refused, and the policies that do not let him, to what a finding is about.
    fn concern(&self, found: &mut Finding, who: &'a Who, scope: &Scope<'_, 'w, 'a>) {
        if let Who::Role(role) | Who::Trusted(role, _) = who
            && let Value::Text(text) = scope.value(role)
        {
            found.others.extend(self.world.denoted(&text));
        }
        let policies = found.others.iter().flat_map(|at| self.policies.attached_to(*at));
        let policies: Vec<At> = policies.copied().collect();
        found.others.extend(policies);
    }

    /// Why something is refused, for the help.
    fn why(&self, why: &Why) -> String {
        let place = |grant: &Grant| {
            let name = label(self.world, grant.at);
            match grant.label.as_str() {
                "" => format!("`{name}`"),
                label => format!("the statement `{label}` of `{name}`"),
            }
        };
        match why {
            Why::Denied(grant) => format!("{} denies it", place(grant)),
            Why::OtherResource(grant) => format!("{} is about another resource", place(grant)),
            Why::Condition(grant, key) => format!("{} asks for another `{key}`", place(grant)),
            Why::NothingAllows | Why::KeyPolicy => String::new(),
        }
    }
}

/// Actions as people read them.
fn listed<'a>(actions: &[Cow<'_, str>]) -> Value<'a> {
    let quoted: Vec<String> = actions.iter().map(|action| format!("`{action}`")).collect();
    Value::Text(Text::new(quoted.join(" and ")))
}

/// A text of which every part is known.
fn plain<'a>(scope: &Scope<'_, '_, 'a>, message: &'a Message) -> Option<Cow<'a, str>> {
    if let [Part::Text(text)] = message.0.as_slice() {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::new();
    for part in &message.0 {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value(expression) => match scope.value(expression) {
                Value::Text(text) if !is_free(&text.text) => out.push_str(&text.text),
                _ => return None,
            },
        }
    }
    Some(Cow::Owned(out))
}

fn finding<'a>(scope: &Scope<'_, '_, 'a>, report: &'a Report, at: At, why: &str) -> Finding {
    let place = report.at.as_ref().and_then(|at| match scope.value(at) {
        Value::Resource(at) => Some(at),
        Value::Text(text) => scope.world.denoted(&text),
        _ => None,
    });
    let others = scope.names.iter().filter_map(|(_, value)| match value {
        Value::Resource(at) => Some(*at),
        Value::Text(text) => scope.world.denoted(text),
        _ => None,
    });
    let mut others: Vec<At> = others.collect();
    others.sort_unstable();
    others.dedup();
    let help = show(scope, &report.help);
    let help = match (help.is_empty(), why.is_empty()) {
        (_, true) => help,
        (true, false) => why.to_owned(),
        (false, false) => format!("{why}; {help}"),
    };
    Finding {
        code: report.code,
        at: place.unwrap_or(at),
        property: report.property.clone(),
        message: show(scope, &report.message),
        help,
        others,
    }
}

fn show<'a>(scope: &Scope<'_, '_, 'a>, message: &'a Message) -> String {
    let parts = message.0.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Value(expression) => shown(scope.world, &scope.value(expression)),
    });
    parts.collect()
}

fn shown(world: &World<'_>, value: &Value<'_>) -> String {
    match value {
        Value::Unknown => "?".to_owned(),
        Value::Absent => "none".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => match world.denoted(text) {
            Some(at) => label(world, at),
            None => readable(&text.text),
        },
        Value::List(items) => items.iter().map(|item| shown(world, item)).collect::<Vec<_>>().join(", "),
        Value::Object(_) => "…".to_owned(),
        Value::Resource(at) => label(world, *at),
    }
}

/// What people call a resource: `CardIssued.Queue`, as an `override` names it, or its logical id.
#[must_use]
pub fn label(world: &World<'_>, at: At) -> String {
    match world.entry(at) {
        Some(entry) => match entry.owner {
            Some(owner) => format!("{owner}.{}", entry.id),
            None => entry.id.to_string(),
        },
        None => String::new(),
    }
}

/// Rules by the type that they look at.
#[must_use]
pub fn by_kind(rules: &[Rule]) -> BTreeMap<&str, Vec<&Rule>> {
    let mut found: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.between.is_none()) {
        found.entry(&rule.kind).or_default().push(rule);
    }
    found
}
