//! `pipec destroy`: deletes an app's stacks, and says what stays.

use std::collections::BTreeSet;

use crate::cloud::{Cloud, Event, Stack};
use crate::deployed;
use crate::estate::Estate;
use crate::explain::explain;
use crate::facts::Facts;
use crate::host::{Host, News, Question};
use crate::plan::{Plan, compare};
use crate::session::Session;
use crate::status::{Way, way};
use crate::stop::{Side, Stop};
use crate::watch::{Ended, NESTED, Since, watch};

/// What a destruction gave.
#[derive(Debug, Default)]
pub struct Destroyed {
    /// The plan that was carried out.
    pub plan: Plan,
    /// Stacks that were deleted.
    pub stacks: Vec<String>,
    /// Resources that stay: type, name at AWS.
    pub kept: Vec<(String, String)>,
}

/// Deletes every root stack of the app and environment: domains first, the app's own last.
///
/// # Errors
/// When CloudFormation refuses; what is gone until then is gone, and the same command goes on with the rest.
pub async fn destroy<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Destroyed, Stop> {
    session.check_place().await?;
    let stacks = present(session).await?;
    let mut roots = Vec::new();
    for stack in &stacks {
        roots.push((stack.clone(), deployed::text(session, &stack.id).await?));
    }
    let estate = deployed::estate(session, &roots, &Estate::default()).await?;
    let plan = everything(&estate, session.facts);
    if stacks.is_empty() {
        return Ok(Destroyed { plan, ..Destroyed::default() });
    }
    session.host.tell(&News::Plan { plan: &plan });
    if let Some(stack) = stacks.iter().find(|stack| stack.protected) {
        let message = format!("the stack `{}` is protected from deletion", stack.name);
        let help = format!(
            "if it may really go: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {}`",
            stack.name
        );
        return Err(Stop::world(message).help(help));
    }
    if !session.host.ask(&Question::Destroy(&plan)) {
        return Err(Stop::declined("nothing was deleted"));
    }
    let kept = kept(session, &plan, &stacks).await?;
    let mut done = Destroyed { plan, stacks: Vec::new(), kept };
    for stack in &stacks {
        let ended = delete(session, stack).await?;
        let went = |name: &str| {
            let of = |event: &Event| {
                event.physical_id.as_deref() == Some(name) && event.status == "DELETE_COMPLETE"
            };
            ended.events.iter().any(of)
        };
        done.kept.retain(|(_, name)| !went(name));
        done.stacks.push(stack.name.clone());
    }
    Ok(done)
}

/// The plan to delete all that is deployed.
fn everything(estate: &Estate, facts: &Facts) -> Plan {
    compare(estate, &Estate::default(), &[], facts)
}

/// The root stacks that are there, in the order in which they go. Running operations are watched to their end first.
async fn present<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let mut names: BTreeSet<String> =
        session.build.manifest().roots.iter().skip(1).map(|root| root.stack.clone()).collect();
    names.extend(deployed::orphans(session).await?.into_iter().map(|stack| stack.name));
    let app = session.build.manifest().roots.first().map(|root| root.stack.clone());
    let mut stacks = Vec::new();
    for name in names.into_iter().chain(app) {
        while let Some(stack) = session.patiently(async || session.cloud.stack(&name).await).await? {
            match way(&stack.status) {
                Way::Watch if session.owns(&stack) => crate::settle::attach(session, &stack).await?,
                _ => {
                    stacks.extend(
                        Some(stack).filter(|stack| session.owns(stack) && stack.status != "DELETE_COMPLETE"),
                    );
                    break;
                }
            }
        }
    }
    Ok(stacks)
}

/// The names of what the plan keeps.
async fn kept<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    plan: &Plan,
    stacks: &[Stack],
) -> Result<Vec<(String, String)>, Stop> {
    let mut kept = Vec::new();
    for stack in stacks {
        let stays: BTreeSet<(&str, &str)> = plan
            .changes()
            .filter(|(root, change)| root.stack == stack.name && change.kept)
            .map(|(_, change)| (change.nested.as_str(), change.logical_id.as_str()))
            .collect();
        if stays.is_empty() {
            continue;
        }
        for nested in
            session.cloud.resources(&stack.id).await?.into_iter().filter(|resource| resource.kind == NESTED)
        {
            let Some(id) = nested
                .physical_id
                .as_ref()
                .filter(|_| stays.iter().any(|(stack, _)| *stack == nested.logical_id))
            else {
                continue;
            };
            for resource in session.cloud.resources(id).await? {
                if stays.contains(&(nested.logical_id.as_str(), resource.logical_id.as_str())) {
                    kept.extend(resource.physical_id.map(|name| (resource.kind.clone(), name)));
                }
            }
        }
    }
    Ok(kept)
}

/// Deletes one root stack and watches it to the end.
///
/// # Errors
/// When CloudFormation refuses or fails.
pub async fn delete<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<Ended, Stop> {
    let before = crate::watch::latest_event(session, stack).await?;
    session.cloud.delete_stack(&stack.id, &session.token("delete")).await?;
    session.host.tell(&News::Started { stack: &stack.name, operation: "delete" });
    let ended = watch(session, &stack.id, Since::Event(before)).await?;
    if ended.status == "DELETE_COMPLETE" {
        return Ok(ended);
    }
    let findings = explain(&ended, &stack.name, session.build, session.facts);
    let message = format!("the deletion of `{}` ended with {}", stack.name, ended.status);
    let help = "mend what stopped it and run the same command again: it goes on with what is left";
    Err(Stop { message: Some(message), ..Stop::findings(Side::World, findings) }.help(help))
}
