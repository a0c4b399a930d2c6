//! One change set from its making to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use pipec_core::diagnostic::{Code, Diagnostic};

use crate::cloud::{
    ChangeSet, ChangeSetRequest, ChangeSetStatus, Cloud, CloudError, ErrorKind, Event, Invalid,
    ResourceChange, Stack, TemplateSource,
};
use crate::explain::{explain, refused, refused_resource};
use crate::facts::Weight;
use crate::host::{Host, News};
use crate::names::{NESTED, short_kind};
use crate::plan::{Change, Effect, RootPlan, agrees};
use crate::session::Session;
use crate::status::is_good;
use crate::stop::{Side, Stop};
use crate::watch::{Ended, Since, latest_event, watch};

/// The pause between two looks at a change set.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The longest wait for a nested change set beside one that failed.
const LONGEST_INNER: Duration = Duration::from_secs(60);

/// A stack as it shall be.
pub struct Request<'a> {
    /// Its name.
    pub stack: String,
    /// The stack as it is; `None` to make it.
    pub present: Option<Stack>,
    /// The template.
    pub template: TemplateSource,
    /// Values of parameters; `None` keeps a value.
    pub parameters: BTreeMap<String, Option<String>>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What is acknowledged.
    pub capabilities: Vec<String>,
    /// What the user agreed to: CloudFormation's own plan may lose no more than that.
    pub expected: Option<&'a RootPlan>,
}

/// Brings a stack to where it shall be.
///
/// # Errors
/// When CloudFormation refuses or fails, with findings at the lines that it is about.
pub async fn apply<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    request: Request<'_>,
) -> Result<Stack, Stop> {
    let Request { stack, present, template, parameters, tags, capabilities, expected } = request;
    session.host.tell(&News::Checking { stack: &stack });
    let name = session.token("change");
    let create = present.is_none();
    let wanted = ChangeSetRequest {
        stack: stack.clone(),
        name: name.clone(),
        create,
        template,
        parameters,
        tags,
        capabilities,
    };
    let id = session.cloud.create_change_set(&wanted).await?;
    let change_set = ready(session, &id).await?;
    if change_set.status == ChangeSetStatus::Failed {
        return failed(session, &stack, present, &id, &change_set).await;
    }
    if let Some(expected) = expected {
        let surprises = surprises(session, &change_set, expected).await?;
        if !surprises.is_empty() {
            session.cloud.delete_change_set(&id).await?;
            return Err(Stop::findings(Side::Project, surprises));
        }
    }
    let before = match &present {
        Some(present) => {
            if let Err(stop) = session.is_still(present).await {
                // The change set would carry an old plan out on a newer stack.
                let _ = session.cloud.delete_change_set(&id).await;
                return Err(stop);
            }
            latest_event(session, present).await?
        }
        None => None,
    };
    // A stack that was left without rollback takes an update without rollback only.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
    let rollback = !present.as_ref().is_some_and(|present| present.status.ends_with("_FAILED"));
    session.cloud.execute_change_set(&id, rollback, &name).await.map_err(overtaken)?;
    session.host.tell(&News::Started { stack: &stack, operation: if create { "create" } else { "update" } });
    let id = stack_id(session, &stack).await?;
    let ended = watch(session, &id, Since::Event(before)).await?;
    finish(session, &stack, ended)
}

/// A change set that cannot be executed: there may be nothing to do, or something is wrong.
async fn failed<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &str,
    present: Option<Stack>,
    id: &str,
    change_set: &ChangeSet,
) -> Result<Stack, Stop> {
    if let Some(present) = present.filter(|_| has_no_changes(change_set.reason.as_deref())) {
        session.cloud.delete_change_set(id).await?;
        return Ok(present);
    }
    let findings = why_failed(session, stack, id, change_set).await?;
    // What is wrong matters more than a change set that stays behind.
    let _ = session.cloud.delete_change_set(id).await;
    Err(Stop::findings(Side::World, findings))
}

fn finish<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &str,
    mut ended: Ended,
) -> Result<Stack, Stop> {
    if let Some(stack) = ended.stack.take().filter(|_| is_good(&ended.status)) {
        stays(session, &stack.name, &ended);
        return Ok(stack);
    }
    let findings = explain(&ended, stack, session.build, session.facts);
    let help = match ended.status.as_str() {
        "UPDATE_ROLLBACK_FAILED" => {
            "the rollback is stuck too: run `pipec deploy` again, and it shows where and asks how to go on"
        }
        "ROLLBACK_COMPLETE" => "everything that was begun was removed again",
        "UPDATE_ROLLBACK_COMPLETE" => "the stack is as it was before",
        "DELETE_COMPLETE" => "somebody deleted the stack meanwhile: run the same command to make it anew",
        _ => "run `pipec status` to see where it stands",
    };
    let message = format!("the deployment of `{stack}` ended with {}", ended.status);
    Err(Stop { message: Some(message), ..Stop::findings(Side::World, findings) }.help(help))
}

/// A deletion that fails after an update does not fail the update: the resource leaves the stack and stays.
/// CloudFormation tries several times, so only the last word on a resource counts.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html>
fn stays<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &str, ended: &Ended) {
    let mut last: BTreeMap<(&str, &str), &Event> = BTreeMap::new();
    for event in ended.events.iter().filter(|event| event.kind != NESTED) {
        let name = event.physical_id.as_deref().unwrap_or(&event.logical_id);
        last.insert((&event.stack, name), event);
    }
    for ((_, name), event) in last.into_iter().filter(|(_, event)| event.status == "DELETE_FAILED") {
        let why = event.reason.as_deref().unwrap_or("AWS gave no reason");
        session.host.tell(&News::Stays { stack, kind: &event.kind, name, why });
    }
}

async fn stack_id<C: Cloud, H: Host>(session: &Session<'_, C, H>, name: &str) -> Result<String, Stop> {
    let stack = session.stack(name).await?;
    stack
        .map(|stack| stack.id)
        .ok_or_else(|| Stop::world(format!("the stack `{name}` is gone: somebody deleted it just now")))
}

/// Waits until CloudFormation has computed a change set.
async fn ready<C: Cloud, H: Host>(session: &Session<'_, C, H>, id: &str) -> Result<ChangeSet, Stop> {
    let mut pause = PAUSE;
    loop {
        let found = session.patiently(async || session.cloud.change_set(id).await.map_err(overtaken)).await?;
        if found.status != ChangeSetStatus::Pending {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A change set that is gone was overtaken: CloudFormation deletes all others when it executes one.
fn overtaken(error: CloudError) -> CloudError {
    let kind = if error.kind == ErrorKind::NotFound { ErrorKind::Busy } else { error.kind };
    CloudError { kind, ..error }
}

/// CloudFormation fails a change set without changes, with one of these reasons.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-create.html>
fn has_no_changes(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| {
        reason.contains("didn't contain changes") || reason.contains("No updates are to be performed")
    })
}

/// Why a change set failed. One of nested stacks only says that one of them failed, while others are still computed:
/// that one says why, and what was found before anything began says where.
async fn why_failed<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    id: &str,
    failed: &ChangeSet,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut found = Vec::new();
    let mut reason = failed.reason.clone();
    for (nested, inner_id) in nested_sets(&failed.changes) {
        // One that is gone, or never comes to its end, has nothing to say.
        let Ok(Ok(inner)) = tokio::time::timeout(LONGEST_INNER, ready(session, inner_id)).await else {
            continue;
        };
        if inner.status == ChangeSetStatus::Failed && !has_no_changes(inner.reason.as_deref()) {
            reason = inner.reason;
            found.extend(invalid(session, root, Some(nested), inner_id).await);
        }
    }
    if found.is_empty() {
        found = invalid(session, root, None, id).await;
    }
    if found.is_empty() {
        let reason = reason.unwrap_or_else(|| "CloudFormation gave no reason".to_owned());
        found.push(refused(root, &reason, session.build, session.facts));
    }
    Ok(found)
}

/// What CloudFormation found wrong in one stack's template; nothing where it does not tell this caller.
async fn invalid<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    nested: Option<&str>,
    change_set: &str,
) -> Vec<Diagnostic> {
    let found = session.cloud.validation(change_set).await.unwrap_or_default();
    let finding =
        |one: &Invalid| refused_resource(root, nested.unwrap_or_default(), one, session.build, session.facts);
    found.iter().map(finding).collect()
}

/// Logical ids of nested stacks and their change sets.
fn nested_sets(changes: &[ResourceChange]) -> impl Iterator<Item = (&str, &str)> {
    changes
        .iter()
        .filter(|change| change.kind == NESTED)
        .filter_map(|change| Some((change.logical_id.as_str(), change.nested.as_deref()?)))
}

/// What CloudFormation would delete or replace although the plan did not say so. What only may be replaced is
/// CloudFormation's way to say that it does not know yet; the plan knows.
async fn surprises<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    change_set: &ChangeSet,
    expected: &RootPlan,
) -> Result<Vec<Diagnostic>, Stop> {
    let mut found = Vec::new();
    for change in change_set.changes.iter().filter(|change| change.kind == NESTED) {
        let nested = change.logical_id.as_str();
        let planned = expected
            .changes
            .iter()
            .any(|planned| planned.nested == nested && planned.effect >= Effect::Replaced);
        // A stack that goes as a whole has no change set to look into.
        if goes(change) && !planned {
            found.extend(surprise(session, expected, nested, change));
        }
        let Some(id) = change.nested.as_deref() else { continue };
        let inner = session.patiently(async || session.cloud.change_set(id).await).await?;
        let lost = inner.changes.iter().filter(|inside| loses(session, inside));
        let surprising = lost.filter(|inside| !is_planned(expected, nested, inside));
        found.extend(surprising.filter_map(|inside| surprise(session, expected, nested, inside)));
    }
    Ok(found)
}

fn goes(change: &ResourceChange) -> bool {
    change.action == "Remove" || change.replacement.as_deref() == Some("True")
}

fn loses<C, H>(session: &Session<'_, C, H>, change: &ResourceChange) -> bool {
    let holds = session.facts.data.get(&change.kind).is_some_and(|holds| holds.weight == Weight::Data);
    goes(change) && holds && change.policy.as_deref() != Some("Retain")
}

/// Whether the plan said that this resource goes; when it said that its data stay, CloudFormation may not say otherwise.
fn is_planned(expected: &RootPlan, nested: &str, change: &ResourceChange) -> bool {
    planned(expected, nested, change).is_some_and(|planned| {
        let agreed = planned.data.as_ref().is_some_and(|data| data.consent);
        planned.effect >= Effect::Replaced && (agreed || change.policy.is_none())
    })
}

fn planned<'a>(expected: &'a RootPlan, nested: &str, change: &ResourceChange) -> Option<&'a Change> {
    expected
        .changes
        .iter()
        .find(|planned| planned.nested == nested && planned.logical_id == change.logical_id)
}

/// `None` where the user has agreed.
fn surprise<C, H>(
    session: &Session<'_, C, H>,
    expected: &RootPlan,
    nested: &str,
    change: &ResourceChange,
) -> Option<Diagnostic> {
    let place = session.build.place(&expected.stack, nested, &change.logical_id);
    let known = planned(expected, nested, change).map(|planned| planned.declared.as_str());
    let declared = place.map(|place| place.declared.as_str()).or(known).unwrap_or(&change.logical_id);
    if agrees(&session.options.allow_data_loss, declared) {
        return None;
    }
    let verb = if change.action == "Remove" { "delete" } else { "replace" };
    let (kind, id) = (short_kind(&change.kind), &change.logical_id);
    let message = format!("CloudFormation would {verb} the {kind} `{id}`, which the plan above does not say");
    let help = format!(
        "nothing was changed; if that is as it should be, say `--allow-data-loss {declared}`, and please report that the plan did not show it"
    );
    let span = place.map_or(session.build.app, |place| place.span);
    Some(Diagnostic::new(Code::DataLoss, span, message).help(help))
}
