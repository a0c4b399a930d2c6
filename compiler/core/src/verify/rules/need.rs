//! Whether what a rule needs is allowed.

use std::borrow::Cow;

use super::super::text::{ACCOUNT, OPEN, Text, is_free};
use super::super::tri::Tri;
use super::super::value::Value;
use super::super::world::At;
use super::rule::{Need, Who};
use super::run::{Finding, Ground, Prover};
use super::scope::Scope;
use super::show::plain;
use crate::verify::facts::Said;
use crate::verify::iam::{Actor, Context, Request, Verdict, Why, arn};

/// What came of one need.
pub(super) enum Answer {
    /// It is allowed, by these if anybody asks.
    Proved(Vec<Ground>),
    /// It is not.
    Refused {
        /// The actions that are refused.
        missing: Vec<Cow<'static, str>>,
        /// Why the first of them is.
        why: Why,
    },
    /// Only the deployment knows.
    Open,
    /// There is nothing to allow.
    NotAsked,
}

impl<'w, 'a> Prover<'w, 'a> {
    pub(super) fn need(&self, need: &'a Need, scope: &Scope<'_, 'w, 'a>) -> Answer {
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
        self.supply(need, scope, &mut context);
        if let (Actor::Role(role), Who::Trusted(_, service)) = (&actor, &need.who) {
            return self.trusted(*role, service, &context);
        }
        let actions: Option<Vec<Cow<'a, str>>> =
            need.actions.iter().map(|action| plain(scope, action)).collect();
        match (self.resource(need, &to, scope), actions) {
            (Some(resource), Some(actions)) => {
                self.decide(&actor, &actions, &resource, self.world.stood_for(&to), &context)
            }
            _ => Answer::Open,
        }
    }

    /// Adds the condition keys that the rule supplies.
    fn supply(&self, need: &'a Need, scope: &Scope<'_, 'w, 'a>, context: &mut Context<'a>) {
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
            context.push((key, value));
        }
    }

    fn trusted(&self, role: At, service: &str, context: &Context<'a>) -> Answer {
        match self.policies.trusts(self.world, role, service, context) {
            Tri::Yes => Answer::Proved(Vec::new()),
            Tri::Maybe => Answer::Open,
            Tri::No => {
                Answer::Refused { missing: vec![Cow::Borrowed("sts:AssumeRole")], why: Why::NothingAllows }
            }
        }
    }

    /// What policies call the resource that a need is about.
    fn resource(&self, need: &'a Need, to: &Value<'a>, scope: &Scope<'_, 'w, 'a>) -> Option<String> {
        if let Some(Value::Text(own)) = need.resource.as_ref().map(|own| scope.value(own)) {
            return Some(own.text.to_string());
        }
        // What is free as a whole may be anything; a free part is left to the patterns of the statements.
        let whole = |arn: &String| !arn.starts_with(OPEN) || !is_free(arn);
        let mut resource = arn(self.world, to).filter(whole)?;
        match need.path.as_ref().map(|path| scope.value(path)) {
            None => {}
            Some(Value::Text(path)) => resource.push_str(&path.text),
            Some(_) => return None,
        }
        Some(resource)
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
        let request = Request { actor, actions, resource, holder, context };
        for (action, verdict) in actions.iter().zip(self.policies.decide(self.world, &request)) {
            match verdict {
                Verdict::Allowed(..) if !self.explains => {}
                Verdict::Allowed(by, with) => {
                    let by = std::iter::once(by).chain(with);
                    grounds.extend(by.map(|one| Ground { action: action.to_string(), grant: one.grant() }));
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
        let requests = &self.world.facts.requests;
        match who {
            Who::Anybody => Ok((Actor::Anybody, said(&requests.anybody, None))),
            Who::Service(name) => match scope.value(name) {
                Value::Text(name) => {
                    Ok((Actor::Service(name.text.to_string()), said(&requests.service, None)))
                }
                _ => Err(Answer::Open),
            },
            Who::Account(number) => match scope.value(number) {
                Value::Text(number) => {
                    let context = said(&requests.account, Some(&number));
                    Ok((Actor::Account(number.text.to_string()), context))
                }
                _ => Err(Answer::Open),
            },
            Who::Role(role) | Who::Trusted(role, _) => match scope.value(role) {
                Value::Absent => Err(Answer::NotAsked),
                role => {
                    let role = self.world.stood_for(&role).ok_or(Answer::Open)?;
                    Ok((Actor::Role(role), said(&requests.role, None)))
                }
            },
        }
    }

    /// Adds who is refused, and the policies that do not let him, to what a finding is about.
    pub(super) fn concern(&self, found: &mut Finding, who: &'a Who, scope: &Scope<'_, 'w, 'a>) {
        if let Who::Role(role) | Who::Trusted(role, _) = who {
            found.others.extend(self.world.stood_for(&scope.value(role)));
        }
        let policies = found.others.iter().flat_map(|at| self.policies.attached_to(*at));
        let policies: Vec<At> = policies.copied().collect();
        found.others.extend(policies);
    }
}

/// What the facts know that such a request says of itself.
fn said<'a>(facts: &'a [(String, Said)], caller: Option<&Text<'a>>) -> Context<'a> {
    let value = |said: &'a Said| match said {
        Said::Nothing => Value::Absent,
        Said::Bool(value) => Value::Bool(*value),
        Said::Number(number) => Value::Number(*number),
        Said::Text(text) => match (text.as_str(), caller) {
            ("{account}", _) => Value::Text(Text { text: ACCOUNT.into(), of: None }),
            ("{caller}", Some(caller)) => Value::Text(caller.clone()),
            (text, _) => Value::Text(Text::new(text)),
        },
    };
    facts.iter().map(|(key, said)| (key.as_str(), value(said))).collect()
}
