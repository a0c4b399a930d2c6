//! Whether somebody may do something.

use std::borrow::Cow;

use super::super::text::{ACCOUNT, equal, matches};
use super::super::tri::Tri;
use super::super::value::Value;
use super::super::world::{At, World};
use super::condition::holds;
use super::gather::{Policies, Policy};
use super::statement::{Patterns, Statement, Who};
use super::{Context, Grant};

/// Who asks.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A service of AWS: `sns.amazonaws.com`.
    Service(String),
    /// A role of the templates.
    Role(At),
    /// Whoever it may be, without a signature.
    Anybody,
    /// Another account, by its number: what it allows its own roles is its matter.
    Account(String),
}

/// Somebody wants to do some things with a resource.
#[derive(Clone, Debug)]
pub struct Request<'r, 'a> {
    /// Who.
    pub actor: &'r Actor,
    /// What: `sqs:SendMessage`.
    pub actions: &'r [Cow<'r, str>],
    /// Its ARN.
    pub resource: &'r str,
    /// The resource whose policies are asked, if it is in the templates.
    pub holder: Option<At>,
    /// What the request says of itself.
    pub context: &'r Context<'a>,
}

/// The answer.
#[derive(Clone, Debug)]
pub enum Verdict<'p, 'a> {
    /// It is allowed, by a statement, or by one of a role together with that of a key.
    Allowed(&'p Statement<'a>, Option<&'p Statement<'a>>),
    /// It is not.
    Refused(Why),
    /// Only the deployment knows.
    Unknown,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A statement denies it.
    Denied(Grant),
    /// No statement allows it.
    NothingAllows,
    /// A statement would, but for its resource.
    OtherResource(Grant),
    /// A statement would, but for this condition.
    Condition(Grant, String),
    /// A key's policy does not.
    KeyPolicy,
}

/// What a statement says of a request, whatever the action.
struct Stand {
    /// It is about who asks.
    who: Tri,
    /// Only because he is of the account.
    by_account: bool,
    /// It is about the resource, and its conditions hold.
    applies: Tri,
}

/// What the statements of one policy say of one action.
#[derive(Clone, Copy, Default)]
struct Opinion<'p, 'a> {
    allows: Option<&'p Statement<'a>>,
    maybe: bool,
    denies: Option<&'p Statement<'a>>,
    may_deny: bool,
    /// It would allow, but for its resource or a condition.
    near: Option<&'p Statement<'a>>,
    /// It allows the account, and so leaves the decision to IAM.
    to_iam: Option<&'p Statement<'a>>,
}

impl<'p, 'a> Opinion<'p, 'a> {
    /// Adds what a statement about who asks says; `to_iam` if what it allows it leaves to IAM.
    fn add(&mut self, statement: &'p Statement<'a>, applies: Tri, to_iam: bool) {
        match (statement.allows, applies) {
            (true, Tri::Yes) if to_iam => self.to_iam = Some(statement),
            (true, Tri::Yes) => self.allows = self.allows.or(Some(statement)),
            (true, Tri::Maybe) => self.maybe = true,
            (true, Tri::No) => self.near = self.near.or(Some(statement)),
            (false, Tri::Yes) => self.denies = Some(statement),
            (false, Tri::Maybe) => self.may_deny = true,
            (false, Tri::No) => {}
        }
    }
}

impl<'a> Policies<'_, 'a> {
    /// Whether each action of a request is allowed.
    #[must_use]
    pub fn decide(&self, world: &World<'a>, request: &Request<'_, 'a>) -> Vec<Verdict<'_, 'a>> {
        let none = || vec![Opinion::default(); request.actions.len()];
        let unknown = || vec![Verdict::Unknown; request.actions.len()];
        let must = request.holder.and_then(|at| world.kind(at)).is_some_and(|kind| kind.policy_decides);
        let on = request.holder.and_then(|at| self.on(at));
        let resource = on.map_or_else(none, |policy| self.opinions(world, policy, request, must));
        let (identity, of_key) = match request.actor {
            Actor::Role(role) => match self.of_role(*role) {
                Some(policy) => (self.opinions(world, policy, request, false), must),
                None => return unknown(),
            },
            _ if request.holder.is_none() => return unknown(),
            _ => (none(), false),
        };
        let pairs = resource.into_iter().zip(identity);
        pairs
            .map(|(resource, identity)| match resource.denies.or(identity.denies) {
                Some(statement) => Verdict::Refused(Why::Denied(statement.grant())),
                None if of_key => both(&resource, &identity, request),
                None => conclude(&resource, &identity, request),
            })
            .collect()
    }

    /// What the statements of a policy say of each action.
    fn opinions<'p>(
        &self,
        world: &World<'a>,
        policy: &'p Policy<'a>,
        request: &Request<'_, 'a>,
        of_key: bool,
    ) -> Vec<Opinion<'p, 'a>> {
        let mut opinions = vec![Opinion { maybe: policy.open, ..Opinion::default() }; request.actions.len()];
        for statement in &policy.statements {
            let mut known = None;
            for (action, opinion) in request.actions.iter().zip(&mut opinions) {
                let action = actions(&statement.actions, action);
                if action == Tri::No {
                    continue;
                }
                let stand = known.get_or_insert_with(|| self.stand(world, statement, request));
                if stand.who != Tri::No {
                    let to_iam = of_key && stand.by_account;
                    opinion.add(statement, stand.who.and(action).and(stand.applies), to_iam);
                }
            }
        }
        opinions
    }

    fn stand(&self, world: &World<'a>, statement: &Statement<'a>, request: &Request<'_, 'a>) -> Stand {
        let (who, by_account) = self.is_about(world, statement, request.actor);
        if who == Tri::No {
            return Stand { who, by_account, applies: Tri::No };
        }
        let resource = patterns(world, &statement.resources, request.resource);
        let conditions = !Tri::any(statement.conditions.iter().map(|one| !holds(one, request.context)));
        Stand { who, by_account, applies: resource.and(conditions) }
    }

    /// Whether a statement is about who asks, and whether only because he is of the account.
    fn is_about(&self, world: &World<'a>, statement: &Statement<'a>, actor: &Actor) -> (Tri, bool) {
        let these = match &statement.who {
            Who::Bearer | Who::Anybody => return (Tri::Yes, false),
            Who::Unknown => return (Tri::Maybe, false),
            Who::These(these) => these,
        };
        let names = |wanted: &'static str| {
            these.iter().filter(move |(kind, _)| *kind == wanted).flat_map(|(_, names)| names)
        };
        match actor {
            Actor::Service(service) => {
                (Tri::any(names("Service").map(|name| is_service(name, service))), false)
            }
            Actor::Anybody => (Tri::No, false),
            Actor::Account(number) => {
                let is_it = |name: &Value<'_>| match name {
                    Value::Text(text) if is_account(&text.text) => {
                        Tri::from(text.text.contains(number.as_str()))
                    }
                    Value::Text(_) => Tri::No,
                    _ => Tri::Maybe,
                };
                (Tri::any(names("AWS").map(is_it)), false)
            }
            Actor::Role(role) => {
                let by_name = Tri::any(names("AWS").map(|name| match name {
                    Value::Text(text) if world.denoted(text) == Some(*role) => Tri::Yes,
                    Value::Text(text) if is_account(&text.text) => Tri::No,
                    Value::Text(text) => equal(&text.text, &arn_of(world, *role)),
                    _ => Tri::Maybe,
                }));
                let account =
                    names("AWS").any(|name| matches!(name, Value::Text(text) if is_account(&text.text)));
                // A deny of the account's root denies only the root itself.
                match (by_name, account && statement.allows) {
                    (Tri::Yes, _) | (_, false) => (by_name, false),
                    _ => (Tri::Yes, true),
                }
            }
        }
    }

    /// Whether a service may take on a role.
    #[must_use]
    pub fn trusts(&self, world: &World<'a>, role: At, service: &str, context: &Context<'a>) -> Tri {
        let Some(statements) = self.trust(role) else { return Tri::Maybe };
        let actor = Actor::Service(service.to_owned());
        let applies = |statement: &&Statement<'a>| {
            let conditions = !Tri::any(statement.conditions.iter().map(|one| !holds(one, context)));
            self.is_about(world, statement, &actor)
                .0
                .and(actions(&statement.actions, "sts:AssumeRole"))
                .and(conditions)
        };
        let denied = Tri::any(statements.iter().filter(|one| !one.allows).map(|one| applies(&one)));
        Tri::any(statements.iter().filter(|one| one.allows).map(|one| applies(&one))).and(!denied)
    }
}

/// A key, where nothing denies: its policy must let the role, or leave it to IAM by letting the account.
fn both<'p, 'a>(
    resource: &Opinion<'p, 'a>,
    identity: &Opinion<'p, 'a>,
    request: &Request<'_, 'a>,
) -> Verdict<'p, 'a> {
    if resource.may_deny || identity.may_deny {
        return Verdict::Unknown;
    }
    match (resource.allows, resource.to_iam) {
        (Some(statement), _) => Verdict::Allowed(statement, None),
        (None, Some(leaves)) => match identity.allows {
            Some(allows) => Verdict::Allowed(allows, Some(leaves)),
            None if identity.maybe => Verdict::Unknown,
            None => Verdict::Refused(why(identity.near, request)),
        },
        (None, None) if resource.maybe => Verdict::Unknown,
        (None, None) => Verdict::Refused(Why::KeyPolicy),
    }
}

/// Anything else, where nothing denies: any statement may allow.
fn conclude<'p, 'a>(
    resource: &Opinion<'p, 'a>,
    identity: &Opinion<'p, 'a>,
    request: &Request<'_, 'a>,
) -> Verdict<'p, 'a> {
    // What nothing can allow is refused, whatever may deny it too.
    let deny = resource.may_deny || identity.may_deny;
    match (identity.allows.or(resource.allows), identity.maybe || resource.maybe) {
        (Some(statement), _) if !deny => Verdict::Allowed(statement, None),
        (None, false) => Verdict::Refused(why(identity.near.or(resource.near), request)),
        _ => Verdict::Unknown,
    }
}

/// `sns.amazonaws.com`, or with the region in it.
fn is_service(name: &Value<'_>, service: &str) -> Tri {
    match name {
        Value::Text(text) if text.text == service => Tri::Yes,
        Value::Text(text) => {
            // `logs.eu-central-1.amazonaws.com` is asked for as `logs.⟨region⟩.amazonaws.com`.
            equal(&text.text, service)
        }
        _ => Tri::Maybe,
    }
}

/// `arn:aws:iam::111111111111:root`, or the number alone: the account, which leaves the decision to IAM.
fn is_account(text: &str) -> bool {
    let number =
        |text: &str| text == ACCOUNT || (text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()));
    number(text)
        || text.split_once(":iam::").and_then(|(_, rest)| rest.strip_suffix(":root")).is_some_and(number)
}

/// Whether patterns stand for an action; case makes no difference.
fn actions(patterns: &Patterns<'_>, action: &str) -> Tri {
    if patterns.missing {
        return Tri::Yes;
    }
    let met = Tri::any(patterns.items.iter().map(|pattern| match pattern {
        Value::Text(pattern) => fits_action(&pattern.text, action),
        _ => Tri::Maybe,
    }));
    if patterns.negated { !met } else { met }
}

/// The first byte of [`OPEN`](super::super::text::OPEN).
const MARK: u8 = 0xEF;

/// Whether a pattern stands for an action; case makes no difference.
pub fn fits_action(pattern: &str, action: &str) -> Tri {
    let pairs = pattern.bytes().zip(action.bytes());
    let alike = pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count();
    match pattern.as_bytes().get(alike..).unwrap_or_default() {
        [] => Tri::from(alike == action.len()),
        b"*" => Tri::Yes,
        // What differs there may stand for others: a mark begins with the first byte of `OPEN`.
        [b'*' | b'?' | MARK, ..] => matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()),
        _ => Tri::No,
    }
}

/// Why nothing allows a request, not even the statement that nearly does.
fn why(near: Option<&Statement<'_>>, request: &Request<'_, '_>) -> Why {
    let Some(statement) = near else { return Why::NothingAllows };
    let broken = statement.conditions.iter().find(|one| holds(one, request.context) == Tri::No);
    match broken {
        Some(broken) => Why::Condition(statement.grant(), broken.key.to_owned()),
        None => Why::OtherResource(statement.grant()),
    }
}

/// Whether patterns stand for a resource.
fn patterns(world: &World<'_>, patterns: &Patterns<'_>, text: &str) -> Tri {
    if patterns.missing {
        return Tri::Yes;
    }
    let met = Tri::any(patterns.items.iter().map(|pattern| match pattern {
        Value::Text(pattern) => matches(&pattern.text, text),
        Value::Resource(at) => equal(&arn_of(world, *at), text),
        _ => Tri::Maybe,
    }));
    if patterns.negated { !met } else { met }
}

/// The ARN of a resource.
#[must_use]
pub fn arn_of(world: &World<'_>, at: At) -> String {
    match world.identity(at, "Arn", 0) {
        Value::Text(text) => text.text.to_string(),
        _ => String::new(),
    }
}

/// The ARN that a value stands for.
#[must_use]
pub fn arn(world: &World<'_>, value: &Value<'_>) -> Option<String> {
    match value {
        Value::Resource(at) => Some(arn_of(world, *at)),
        Value::Text(text) => Some(match world.denoted(text) {
            Some(at) => arn_of(world, at),
            None => text.text.to_string(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::fits_action;
    use crate::verify::text::free;
    use crate::verify::tri::Tri;

    #[test]
    fn patterns_of_actions() {
        for pattern in
            ["*", "sqs:*", "SQS:sendmessage", "sqs:Send*", "sqs:SendMessage*", "s?s:*Message", "*e"]
        {
            assert_eq!(fits_action(pattern, "sqs:SendMessage"), Tri::Yes, "{pattern}");
        }
        for pattern in ["", "sqs:Send", "sqs:SendMessageBatch", "sns:*", "sqs:SendMessage?", "s?s:Receive*"] {
            assert_eq!(fits_action(pattern, "sqs:SendMessage"), Tri::No, "{pattern}");
        }
        assert_eq!(fits_action(&format!("sqs:{}", free("0.Action")), "sqs:SendMessage"), Tri::Maybe);
        assert_eq!(fits_action(&format!("sns:{}", free("0.Action")), "sqs:SendMessage"), Tri::No);
    }
}
