//! `pipec destroy`: deletes an app's stacks, and says what stays.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cloud::{Cloud, Event, Stack};
use crate::delete::{delete, protection};
use crate::deployed;
use crate::estate::Estate;
use crate::host::{Host, News, Question};
use crate::plan::{Plan, compare};
use crate::session::Session;
use crate::settle::at_rest;
use crate::status::is_gone;
use crate::stop::Stop;
use crate::watch::Ended;

/// What a destruction gave.
#[derive(Debug, Default)]
pub struct Destroyed {
    /// The plan that was carried out.
    pub plan: Plan,
    /// Stacks that were deleted.
    pub stacks: Vec<String>,
    /// Resources that stay.
    pub retained: Vec<Retained>,
}

/// A resource that outlives its stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// `AWS::S3::Bucket`
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name at AWS.
    pub name: String,
}

/// Deletes every root stack of the app and environment: domains first, the app's own last.
///
/// # Errors
/// When CloudFormation refuses; what is gone until then is gone, and the same command goes on with the rest.
pub async fn destroy<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Destroyed, Stop> {
    session.check_place().await?;
    let stacks = present(session).await?;
    if stacks.is_empty() {
        return Ok(Destroyed::default());
    }
    let plan = everything(session, &stacks).await?;
    session.host.tell(&News::Plan { plan: &plan });
    protection(&stacks)?;
    if !session.host.ask(&Question::Destroy(&plan)) {
        return Err(Stop::declined("nothing was deleted"));
    }
    let mut retained = retained(session, &plan, &stacks).await?;
    let mut deleted = Vec::new();
    for stack in &stacks {
        let ended = delete(session, stack).await?;
        retained.retain(|resource| !went(&ended, &resource.name));
        deleted.push(stack.name.clone());
    }
    Ok(Destroyed { plan, stacks: deleted, retained })
}

/// The plan to delete all that is deployed.
async fn everything<C: Cloud, H: Host>(session: &Session<'_, C, H>, stacks: &[Stack]) -> Result<Plan, Stop> {
    let mut roots = Vec::new();
    for stack in stacks {
        roots.push((stack.clone(), deployed::text(session, &stack.id).await?));
    }
    let estate = deployed::estate(session, &roots, &Estate::default()).await?;
    Ok(compare(&estate, &Estate::default(), &[], session.facts))
}

/// The root stacks that are there, in the order in which they go. Running operations are watched to their end first.
async fn present<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let roots = &session.build.manifest().roots;
    let mut names: BTreeSet<String> = roots.iter().skip(1).map(|root| root.stack.clone()).collect();
    names.extend(deployed::orphans(session).await?.into_iter().map(|stack| stack.name));
    let app = roots.first().map(|root| root.stack.clone());
    let mut stacks = Vec::new();
    for name in names.into_iter().chain(app) {
        let stack = at_rest(session, &name, |stack| session.owns(stack)).await?;
        stacks.extend(stack.filter(|stack| session.owns(stack) && !is_gone(&stack.status)));
    }
    Ok(stacks)
}

/// What the plan retains, by its names at AWS.
async fn retained<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    plan: &Plan,
    stacks: &[Stack],
) -> Result<Vec<Retained>, Stop> {
    let mut all = Vec::new();
    for stack in stacks {
        let of_stack = plan.changes().filter(|(root, change)| root.stack == stack.name && change.kept);
        let stays: BTreeSet<(&str, &str)> =
            of_stack.map(|(_, change)| (change.nested.as_str(), change.logical_id.as_str())).collect();
        let holds = |nested: &str| stays.iter().any(|(stack, _)| *stack == nested);
        for nested in session.nested(&stack.id).await?.into_iter().filter(|nested| holds(&nested.logical_id))
        {
            let inside = session.resources(&nested.id).await?.into_iter();
            let inside =
                inside.filter(|one| stays.contains(&(nested.logical_id.as_str(), one.logical_id.as_str())));
            all.extend(inside.filter_map(|one| Some(Retained { name: one.physical_id?, kind: one.kind })));
        }
    }
    Ok(all)
}

/// Whether CloudFormation deleted it all the same.
fn went(ended: &Ended, name: &str) -> bool {
    let deleted = |event: &Event| event.physical_id.as_deref() == Some(name) && is_gone(&event.status);
    ended.events.iter().any(deleted)
}
