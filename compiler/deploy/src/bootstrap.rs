//! What an account and region need once: a bucket for artifacts, and the role with which API Gateway writes logs.

use std::collections::BTreeMap;

use crate::apply::{Request, apply};
use crate::cloud::{Bucket, Caller, Cloud, ErrorKind, Stack, TemplateSource};
use crate::host::Host;
use crate::session::Session;
use crate::status::{Way, way};
use crate::stop::Stop;

/// The name of the stack.
pub const STACK: &str = "pipec-bootstrap";
/// The version of the template in `stdlib/bootstrap/`.
const VERSION: u32 = 1;

/// The artifact bucket as far as it is there, without changing anything.
///
/// # Errors
/// When a bucket of the user's own cannot be used.
pub async fn look<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    caller: &Caller,
) -> Result<Option<String>, Stop> {
    if let Some(name) = &session.options.artifact_bucket {
        check(session, name, caller).await?;
        return Ok(Some(name.clone()));
    }
    let stack = session.patiently(async || session.cloud.stack(STACK).await).await?;
    let Some(name) = stack.as_ref().and_then(bucket_of) else { return Ok(None) };
    check(session, &name, caller).await?;
    Ok(Some(name))
}

fn bucket_of(stack: &Stack) -> Option<String> {
    stack.outputs.get("ArtifactBucket").map(|output| output.value.clone())
}

/// The artifact bucket; the bootstrap stack is made or brought up to date first.
///
/// # Errors
/// When it cannot be made.
pub async fn ensure<C: Cloud, H: Host>(session: &Session<'_, C, H>, caller: &Caller) -> Result<String, Stop> {
    if let Some(name) = &session.options.artifact_bucket {
        return Ok(name.clone());
    }
    let stack = settled(session).await?;
    let role = logging_role(session, stack.as_ref()).await?;
    let current = stack.as_ref().is_some_and(|stack| {
        let version = stack.outputs.get("Version").and_then(|output| output.value.parse::<u32>().ok());
        version >= Some(VERSION) && stack.parameters.get("LoggingRole").map(String::as_str) == Some(role)
    });
    let stack = match stack {
        Some(stack) if current => stack,
        stack => bring_up(session, stack, role).await?,
    };
    let name = bucket_of(&stack).ok_or_else(|| {
        Stop::world(format!("the stack `{STACK}` names no bucket"))
            .help("another tool made it: delete it, or name a bucket with `--artifact-bucket`")
    })?;
    check(session, &name, caller).await?;
    Ok(name)
}

async fn settled<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Option<Stack>, Stop> {
    loop {
        let Some(stack) = session.patiently(async || session.cloud.stack(STACK).await).await? else {
            return Ok(None);
        };
        match way(&stack.status) {
            Way::Create => return Ok(None),
            Way::Update => return Ok(Some(stack)),
            Way::Watch => crate::settle::attach(session, &stack).await?,
            Way::FreeName | Way::ContinueRollback | Way::DeleteOnly => {
                let message = format!("the stack `{STACK}` is in the state {}", stack.status);
                let help = format!(
                    "it holds the artifact bucket of every app here: look at it with `aws cloudformation describe-stack-events --stack-name {STACK}`, and use `--artifact-bucket` until it is mended"
                );
                return Err(Stop::world(message).help(help));
            }
        }
    }
}

/// Whose the logging role is. It is one an account and region: a role that somebody else has set stays.
async fn logging_role<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: Option<&Stack>,
) -> Result<&'static str, Stop> {
    if stack.is_some_and(|stack| stack.parameters.get("LoggingRole").is_some_and(|role| role == "own")) {
        return Ok("own");
    }
    match session.cloud.logging_role().await {
        Ok(None) => Ok("own"),
        // Who may not even look will hear of it from a stage, if there is one with logs.
        Ok(Some(_)) => Ok("foreign"),
        Err(error) if error.kind == ErrorKind::Denied => Ok("foreign"),
        Err(error) => Err(error.into()),
    }
}

async fn bring_up<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: Option<Stack>,
    role: &str,
) -> Result<Stack, Stop> {
    let request = Request {
        stack: STACK.to_owned(),
        present: stack,
        template: TemplateSource::Body(session.facts.bootstrap.to_owned()),
        parameters: BTreeMap::from([("LoggingRole".to_owned(), Some(role.to_owned()))]),
        tags: BTreeMap::new(),
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        expected: None,
    };
    apply(session, request).await
}

/// A bucket must be the caller's account's, by more than its name, and in the region: Lambda takes code from there only.
async fn check<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
    caller: &Caller,
) -> Result<(), Stop> {
    let region = session.cloud.region();
    match session.cloud.bucket(name, &caller.account).await? {
        Bucket::Own(Some(at)) if at != region => {
            let message =
                format!("the artifact bucket `{name}` is in {at}, and the deployment goes to {region}");
            Err(Stop::world(message).help("Lambda takes code from buckets of its own region only; leave `--artifact-bucket` out, and pipec keeps one a region"))
        }
        Bucket::Own(_) => Ok(()),
        Bucket::Missing => {
            let message = format!("there is no artifact bucket `{name}`");
            let help = if session.options.artifact_bucket.is_some() {
                "make it first, or leave `--artifact-bucket` out, and pipec makes one".to_owned()
            } else {
                format!(
                    "the stack `{STACK}` made it, and somebody deleted it since: delete that stack too, and deploy again"
                )
            };
            Err(Stop::world(message).help(help))
        }
        Bucket::Closed => {
            let message = format!(
                "the artifact bucket `{name}` belongs to another account than {}, or its policy shuts the caller out",
                caller.account
            );
            Err(Stop::world(message)
                .help("templates and code are only ever sent to a bucket of the account that is deployed to"))
        }
    }
}
