//! What must hold of every statement of every policy.

use rayon::prelude::*;

use super::iam::{Policies, Statement, Who, fits_action};
use super::rules::{Finding, label};
use super::text::readable;
use super::tri::Tri;
use super::value::Value;
use super::world::{At, World};
use crate::diagnostic::Code;

/// Checks every statement.
pub fn check<'a>(world: &World<'a>, policies: &Policies<'_, 'a>) -> Vec<Finding> {
    let all: Vec<At> = world.all().collect();
    let of = |at: &At| {
        let mut found = Vec::new();
        policies.each(*at, |statement, on| {
            if statement.allows {
                found.extend(deputy(world, statement, on));
                found.extend(wide(world, statement, on));
            }
        });
        found
    };
    let mut found: Vec<Finding> = all.par_iter().flat_map_iter(of).collect();
    found.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
    found.dedup();
    found
}

fn name(world: &World<'_>, statement: &Statement<'_>) -> String {
    let at = label(world, statement.at);
    match &*statement.label {
        "" => format!("`{at}`"),
        sid => format!("the statement `{sid}` of `{at}`"),
    }
}

/// A service that may act for anybody.
fn deputy(world: &World<'_>, statement: &Statement<'_>, on: Option<At>) -> Option<Finding> {
    on?;
    let Who::These(these) = &statement.who else { return None };
    let (_, services) = these.iter().find(|(kind, _)| *kind == "Service")?;
    let bound = statement.conditions.iter().any(|condition| {
        let key = condition.key.to_ascii_lowercase();
        key.is_empty() || world.facts.binding_keys.iter().any(|binding| key.starts_with(binding.as_str()))
    });
    if bound {
        return None;
    }
    let service = services.iter().find_map(|service| match service {
        Value::Text(text) => Some(readable(&text.text)),
        _ => None,
    })?;
    Some(Finding {
        code: Code::ConfusedDeputy,
        at: statement.at,
        property: None,
        message: format!("{} lets `{service}` in on behalf of anybody", name(world, statement)),
        help: "add a condition on `aws:SourceArn` or `aws:SourceAccount`".to_owned(),
        others: on.into_iter().collect(),
    })
}

/// `*` where there is something finer.
fn wide(world: &World<'_>, statement: &Statement<'_>, on: Option<At>) -> Option<Finding> {
    let key = on.and_then(|at| world.kind(at)).is_some_and(|kind| kind.policy_decides);
    let managed = on.is_none() && !statement.label.is_empty() && is_managed(world, statement);
    if managed || statement.actions.negated || statement.resources.negated {
        return None;
    }
    let mut actions = texts(&statement.actions.items);
    // A key's policy names its own key by `*`, and gives the account everything: otherwise nobody could change it.
    let all = texts(&statement.actions.items).find(|action| *action == "*" || action.ends_with(":*"));
    let what = match all {
        Some(action) if !key => format!("the action `{action}`"),
        _ => {
            let open = on.is_none() && texts(&statement.resources.items).any(|text| text == "*");
            if !open || !statement.conditions.is_empty() {
                return None;
            }
            let finer = actions.find(|action| !is_unscoped(world, action))?;
            format!("`{finer}` on the resource `*`")
        }
    };
    Some(Finding {
        code: Code::TooWide,
        at: statement.at,
        property: None,
        message: format!("{} allows {what}", name(world, statement)),
        help: "name the actions and the resources that are needed".to_owned(),
        others: Vec::new(),
    })
}

/// Those of the values that are texts.
fn texts<'v>(values: &'v [Value<'_>]) -> impl Iterator<Item = &'v str> {
    values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(&*text.text),
        _ => None,
    })
}

fn is_managed(world: &World<'_>, statement: &Statement<'_>) -> bool {
    world.facts.managed_policies.contains_key(&*statement.label)
}

/// Whether AWS takes nothing finer than `*` for an action.
fn is_unscoped(world: &World<'_>, action: &str) -> bool {
    world.facts.unscoped_actions.iter().any(|pattern| fits_action(pattern, action) == Tri::Yes)
}
