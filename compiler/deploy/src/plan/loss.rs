//! No data is lost without consent.

use std::collections::BTreeSet;

use pipec_core::diagnostic::{Code, Diagnostic, nearest};
use pipec_core::source::Span;

use super::{Action, Change, Effect, Plan, RootPlan};
use crate::build::Build;
use crate::names::{covers, owner, short_kind};

/// What the plan would lose without consent, what AWS would refuse, and consents that name nothing.
#[must_use]
pub fn refusals(plan: &Plan, build: &Build<'_>, consent: &[String]) -> Vec<Diagnostic> {
    let needed: Vec<(&RootPlan, &Change)> =
        plan.changes().filter(|(_, change)| change.data.as_ref().is_some_and(|data| data.consent)).collect();
    let mut found = unknown_names(plan, build, consent);
    let impossible = plan.changes().filter(|(_, change)| !change.refused.is_empty());
    found.extend(impossible.map(|(root, change)| impossibility(root, change, build)));
    found.extend(moves(plan, build));
    let refused = needed.into_iter().filter(|(_, change)| !agrees(consent, &change.declared));
    found.extend(refused.map(|(root, change)| refusal(root, change, build)));
    found
}

/// Whether a consent covers a declaration: `BuildingEntered` and `BuildingEntered.store` both cover
/// `BuildingEntered.store`; `auth` is nothing that somebody declared, and covers no auth.
#[must_use]
pub fn agrees(consent: &[String], declared: &str) -> bool {
    consent.iter().any(|name| covers(name, declared) && name.len() >= owner(declared).len())
}

/// What AWS would refuse, after everything before it was changed and would have to be changed back.
fn impossibility(root: &RootPlan, change: &Change, build: &Build<'_>) -> Diagnostic {
    let span = span(root, change, build);
    let (kind, refused) = (short_kind(&change.kind), list(&change.refused));
    let message =
        format!("AWS never changes {refused} of the {kind} `{}` of `{}`", change.logical_id, change.declared);
    Diagnostic::new(Code::DeploymentFailed, span, message)
        .help("give the declaration another name, and a new one is made beside it; or leave it as it is")
}

/// A resource that moves to another stack has its name there while the old one still has it, or keeps it for good.
fn moves(plan: &Plan, build: &Build<'_>) -> Vec<Diagnostic> {
    let gone: Vec<(&RootPlan, &Change)> =
        plan.changes().filter(|(_, change)| change.effect == Effect::Removed).collect();
    let added = plan.changes().filter(|(_, change)| change.effect == Effect::Added && change.name.is_some());
    let move_of = |(root, change): (&RootPlan, &Change)| {
        let same = |old: &Change| old.kind == change.kind && old.name == change.name;
        let (from, old) = gone.iter().find(|(_, old)| same(old))?;
        // A domain that goes is deleted before anything is made; what it keeps stays in the way.
        let free = from.action == Action::Delete && !old.kept;
        (!free).then(|| refused_move(root, change, from, old, build))
    };
    added.filter_map(move_of).collect()
}

fn refused_move(
    root: &RootPlan,
    change: &Change,
    from: &RootPlan,
    old: &Change,
    build: &Build<'_>,
) -> Diagnostic {
    let (kind, declared) = (short_kind(&change.kind), &change.declared);
    let message = format!(
        "`{declared}` moves from the stack {} to {} and takes its name along, but AWS gives the name of a {kind} once",
        from.stack, root.stack
    );
    let help = if old.kept {
        "the old one stays in the account with the name: give the event another name, or leave it where it is"
    } else {
        "give the event another name, leave it where it is, or take it out, deploy, put it back and deploy again"
    };
    Diagnostic::new(Code::DeploymentFailed, span(root, change, build), message).help(help)
}

fn span(root: &RootPlan, change: &Change, build: &Build<'_>) -> Span {
    let place = build.place(&root.stack, &change.nested, &change.logical_id);
    place.map_or_else(|| build.span_of(&change.declared), |place| place.span)
}

fn refusal(root: &RootPlan, change: &Change, build: &Build<'_>) -> Diagnostic {
    let span = span(root, change, build);
    let (kind, declared) = (short_kind(&change.kind), &change.declared);
    let what = change.data.as_ref().map_or("its data", |data| data.what.as_str());
    let id = &change.logical_id;
    let message = match (change.effect, change.kept) {
        (Effect::Replaced, true) => format!(
            "this deployment replaces the {kind} `{id}` of `{declared}`: {what} stay behind in the old one, which nothing reads any more"
        ),
        (Effect::Replaced, false) => {
            format!("this deployment replaces the {kind} `{id}` of `{declared}`: {what} would be lost")
        }
        (Effect::Removed, _) => {
            format!("this deployment deletes the {kind} `{id}` of `{declared}`: {what} would be lost")
        }
        (Effect::Added | Effect::Changed, _) => format!(
            "the {kind} `{id}` of `{declared}` would keep what it holds for a shorter time: of {what}, the older would be lost"
        ),
    };
    // The whole event only where the whole event goes.
    let gone = !build.declares(owner(declared));
    let name = if gone { owner(declared) } else { declared };
    let cause = match change.effect {
        Effect::Replaced => format!("{} cannot change in place; ", list(&change.properties)),
        _ => String::new(),
    };
    let help = format!("{cause}if it may go, say so: `pipec deploy --allow-data-loss {}`", quoted(name));
    Diagnostic::new(Code::DataLoss, span, message).help(help)
}

/// A name with a space, such as a path's, is one word to a shell only in quotes.
fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("'{name}'") } else { name.to_owned() }
}

fn list(properties: &BTreeSet<String>) -> String {
    properties.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A misspelt name must not pass for one that needs no consent.
fn unknown_names(plan: &Plan, build: &Build<'_>, consent: &[String]) -> Vec<Diagnostic> {
    let planned = plan.changes().map(|(_, change)| change.declared.as_str());
    let built = build.places.values().flat_map(|stack| stack.values().map(|place| place.declared.as_str()));
    let known: BTreeSet<&str> = planned.chain(built).flat_map(|path| [path, owner(path)]).collect();
    let unknown = consent.iter().filter(|name| !known.contains(name.as_str()));
    let finding = |name: &String| {
        let message = format!("`--allow-data-loss {name}` names nothing in the project or its stacks");
        let near = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        Diagnostic::new(Code::DataLoss, build.app, message).maybe_help(near)
    };
    unknown.map(finding).collect()
}
