//! From whatever state a stack is in to one that can be deployed to. Nothing is ever deleted to get unstuck but the
//! name of a stack that holds nothing.

use crate::cloud::{Cloud, Stack, StackResource};
use crate::delete::delete;
use crate::explain::tell;
use crate::host::{Host, News, Question};
use crate::session::{APP_TAG, ENVIRONMENT_TAG, Session};
use crate::status::{Way, way};
use crate::stop::Stop;
use crate::watch::{Since, latest_event, watch};

/// Leads a root stack to a state that a change set can start from: `None` when it is to be created.
///
/// # Errors
/// When it belongs to somebody else, or somebody must decide.
pub async fn settle<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
) -> Result<Option<Stack>, Stop> {
    loop {
        let Some(stack) = at_rest(session, name, |stack| session.owns(stack)).await? else { return Ok(None) };
        let way = way(&stack.status);
        // A stack that holds nothing yet has the tags of whoever began it, if it has any.
        let free = way == Way::Create && stack.tags.is_empty();
        if !free && !session.owns(&stack) {
            return Err(foreign(session, &stack));
        }
        match way {
            Way::Create => return Ok(None),
            Way::Update => return Ok(Some(stack)),
            // Only what is not ours still runs, and that was an error above.
            Way::Watch => {}
            // A plan only looks: the stack holds nothing, so everything is made.
            Way::FreeName if session.options.plan_only => return Ok(None),
            Way::FreeName => free_name(session, &stack).await?,
            Way::ContinueRollback if session.options.plan_only => return Err(no_plan(&stack)),
            Way::ContinueRollback => continue_rollback(session, &stack).await?,
            Way::DeleteOnly => return Err(delete_only(session, &stack).await?),
        }
    }
}

fn no_plan(stack: &Stack) -> Stop {
    let message = format!(
        "an update of `{}` failed, and its rollback is stuck: there is nothing to plan against",
        stack.name
    );
    Stop::world(message).help("`pipec deploy` shows where it is stuck, and asks how to go on")
}

fn foreign<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Stop {
    let manifest = session.build.manifest();
    let theirs = |tag: &str| stack.tags.get(tag).map_or("none", String::as_str);
    let whose = if stack.tags.get(APP_TAG) == Some(&manifest.app) {
        format!("its environment is `{}`", theirs(ENVIRONMENT_TAG))
    } else {
        format!("it is not of the app `{}`", manifest.app)
    };
    let message = format!("there is a stack `{}` already, and {whose}", stack.name);
    let help = "rename the app, the environment or the domain, or deploy to another account or region; pipec only touches stacks with its own `pipec/app` tag";
    Stop::world(message).help(help)
}

/// A stack in which nothing runs any more; `None` where there is none. Only operations on `ours` are awaited.
///
/// # Errors
/// When CloudFormation cannot be asked any more.
pub async fn at_rest<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
    ours: impl Fn(&Stack) -> bool,
) -> Result<Option<Stack>, Stop> {
    while let Some(stack) = session.stack(name).await? {
        if !ours(&stack) || way(&stack.status) != Way::Watch {
            return Ok(Some(stack));
        }
        attach(session, &stack).await?;
    }
    Ok(None)
}

/// Watches an operation that is running already.
async fn attach<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<(), Stop> {
    session.host.tell(&News::Attached { stack: &stack.name, status: &stack.status });
    watch(session, &stack.id, Since::Running).await.map(drop)
}

/// Frees the name of a stack whose creation was rolled back, when nothing is left in it and the user agrees.
///
/// # Errors
/// When something is left, or the user says no.
pub async fn free_name<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<(), Stop> {
    let resources = session.resources(&stack.id).await?;
    let left = |resource: &&StackResource| {
        resource.physical_id.is_some()
            && !matches!(resource.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED")
    };
    if let Some(alive) = resources.iter().find(left) {
        let message = format!(
            "the stack `{}` was rolled back and still holds `{}` ({})",
            stack.name, alive.logical_id, alive.status
        );
        return Err(Stop::world(message)
            .help("look at it in the console; `pipec destroy` deletes the stack with what is left in it"));
    }
    let kept: Vec<StackResource> =
        resources.into_iter().filter(|resource| resource.status == "DELETE_SKIPPED").collect();
    if !session.host.ask(&Question::FreeName { stack: &stack.name, kept: &kept }) {
        return Err(Stop::declined("nothing more was changed"));
    }
    delete(session, stack).await.map(drop)
}

/// A resource at which a rollback stopped: its name for `--skip`, CloudFormation's name for it, and why.
struct Stuck {
    shown: String,
    skip: String,
    why: String,
}

async fn continue_rollback<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &Stack,
) -> Result<(), Stop> {
    let stuck = stuck(session, stack).await?;
    let mut skip = Vec::new();
    for name in &session.options.skip {
        match stuck.iter().find(|stuck| stuck.shown == *name) {
            Some(found) => skip.push(found.skip.clone()),
            None => return Err(not_stuck(name, &stuck)),
        }
    }
    let listed: Vec<(String, String)> =
        stuck.iter().map(|one| (one.shown.clone(), one.why.clone())).collect();
    let question =
        Question::ContinueRollback { stack: &stack.name, stuck: &listed, skip: &session.options.skip };
    if !session.host.ask(&question) {
        return Err(Stop::declined("nothing more was changed"));
    }
    let before = latest_event(session, stack).await?;
    session.cloud.continue_rollback(&stack.id, &skip, &session.token("continue")).await?;
    session.host.tell(&News::Started { stack: &stack.name, operation: "continue rollback" });
    let ended = watch(session, &stack.id, Since::Event(before)).await?;
    if way(&ended.status) == Way::Update {
        return Ok(());
    }
    let lines: Vec<String> = listed.iter().map(|(name, why)| format!("\n`--skip {name}`: {why}")).collect();
    let message = format!("the rollback of `{}` stopped again", stack.name);
    let mend = "mend what stops it (`pipec status` shows it) and run `pipec deploy` again";
    let skip = if lines.is_empty() { "" } else { ", or leave these as they are:" };
    Err(Stop::world(message).help(format!("{mend}{skip}{}", lines.concat())))
}

fn not_stuck(name: &str, stuck: &[Stuck]) -> Stop {
    let names: Vec<String> = stuck.iter().map(|one| format!("`{}`", one.shown)).collect();
    Stop::usage(format!("the rollback is not stuck at `{name}`")).help(if names.is_empty() {
        "AWS names no resource that it is stuck at".to_owned()
    } else {
        format!("it is stuck at {}", names.join(", "))
    })
}

/// The resources at which the rollback of an update failed, in nested stacks too.
async fn stuck<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<Vec<Stuck>, Stop> {
    let failed = |resource: &StackResource| resource.status == "UPDATE_FAILED";
    let mut stuck = Vec::new();
    for resource in session.resources(&stack.id).await? {
        let Some(inner) = resource.physical_id.as_ref().filter(|_| resource.is_nested()) else {
            if failed(&resource) {
                stuck.push(one(session, &resource, None));
            }
            continue;
        };
        if !failed(&resource) {
            continue;
        }
        let inside = session.resources(inner).await?;
        let parent = inner.split('/').nth(1).unwrap_or(inner);
        stuck.extend(
            inside
                .iter()
                .filter(|inside| failed(inside))
                .map(|inside| one(session, inside, Some((&resource, parent)))),
        );
    }
    Ok(stuck)
}

/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html>: a resource of
/// a nested stack is named `NestedStackName.ResourceLogicalID`.
fn one<C, H>(
    session: &Session<'_, C, H>,
    resource: &StackResource,
    parent: Option<(&StackResource, &str)>,
) -> Stuck {
    let reason = resource.reason.as_deref().unwrap_or("AWS gave no reason");
    let why = tell(reason, &resource.kind, session.facts).means;
    match parent {
        Some((nested, name)) => Stuck {
            shown: format!("{}.{}", nested.logical_id, resource.logical_id),
            skip: format!("{name}.{}", resource.logical_id),
            why,
        },
        None => Stuck { shown: resource.logical_id.clone(), skip: resource.logical_id.clone(), why },
    }
}

async fn delete_only<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<Stop, Stop> {
    let resources = session.resources(&stack.id).await?;
    let failed = resources.iter().filter(|resource| resource.status == "DELETE_FAILED");
    let lines: Vec<String> = failed
        .map(|resource| {
            let reason = resource.reason.as_deref().unwrap_or("AWS gave no reason");
            format!("`{}`: {}", resource.logical_id, tell(reason, &resource.kind, session.facts).means)
        })
        .collect();
    let what =
        if stack.status == "DELETE_FAILED" { "could not be deleted" } else { "could not be rolled back" };
    let message = format!(
        "the stack `{}` {what} ({}), and CloudFormation takes nothing but a deletion now",
        stack.name, stack.status
    );
    let help = format!(
        "mend what stopped it, then `pipec destroy`, which asks first, and deploy anew\n{}",
        lines.join("\n")
    );
    Ok(Stop::world(message).help(help.trim_end().to_owned()))
}
