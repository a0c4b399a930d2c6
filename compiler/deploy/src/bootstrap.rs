//! What an account and region need once: a bucket for artifacts, and the role with which API Gateway writes logs.

use std::collections::BTreeMap;

use crate::apply::{Request, apply};
use crate::cloud::{Bucket, Caller, Cloud, ErrorKind, Stack, TemplateSource};
use crate::host::Host;
use crate::plan::{Action, Bootstrap};
use crate::session::{APP_TAG, Session};
use crate::settle;
use crate::status::{Way, way};
use crate::stop::Stop;

/// The name of the stack.
pub const STACK: &str = "pipec-bootstrap";
/// The version of the template in `stdlib/bootstrap/`.
const VERSION: u32 = 1;
/// The parameters of the template, and their values.
const BUCKET: &str = "Bucket";
const LOGGING_ROLE: &str = "LoggingRole";
const OWN: &str = "own";
const FOREIGN: &str = "foreign";

/// Where artifacts go, and what must be done before.
#[derive(Clone, Debug, Default)]
pub struct Artifacts {
    /// The bucket; `None` where it is still to be made.
    pub bucket: Option<String>,
    /// What is to be done to the bootstrap stack.
    pub pending: Option<Bootstrap>,
    /// The bootstrap stack.
    stack: Option<Stack>,
}

impl Artifacts {
    /// The bucket's name, or what stands for one that is still to be made.
    #[must_use]
    pub fn bucket_or_new(&self) -> &str {
        self.bucket.as_deref().unwrap_or("(the bucket that will be made)")
    }
}

/// Looks at what is there; changes nothing. `used` is the bucket that the app was deployed from.
///
/// # Errors
/// When a bucket cannot be used, or the bootstrap stack is somebody else's.
pub async fn look<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    caller: &Caller,
    used: Option<&str>,
) -> Result<Artifacts, Stop> {
    let stack = settled(session).await?;
    let made = stack.as_ref().and_then(bucket_of);
    let bucket = match (&session.options.artifact_bucket, made) {
        (Some(name), _) => Some(existing(session, name, caller).await?),
        (None, Some(name)) if used.is_none() || used == Some(&name) => {
            Some(existing(session, &name, caller).await?)
        }
        // The app has artifacts of its own elsewhere: it stays there while that is.
        (None, made) => match used {
            Some(name) if usable(session, name, caller).await? => Some(name.to_owned()),
            _ => made,
        },
    };
    let own_bucket = bucket.is_none() || stack.as_ref().is_some_and(|stack| owns(stack, BUCKET));
    let own_role = owns_role(session, stack.as_ref()).await?;
    let pending = Bootstrap {
        stack: STACK.to_owned(),
        action: if stack.is_some() { Action::Update } else { Action::Create },
        bucket: own_bucket,
        logging_role: own_role,
    };
    let needed = (own_bucket || own_role) && !stack.as_ref().is_some_and(|stack| is_current(stack, &pending));
    Ok(Artifacts { bucket, pending: needed.then_some(pending), stack })
}

/// Does what is to be done; gives the artifact bucket.
///
/// # Errors
/// When CloudFormation refuses or fails.
pub async fn ensure<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    caller: &Caller,
    artifacts: Artifacts,
) -> Result<String, Stop> {
    let Artifacts { bucket, pending, stack } = artifacts;
    let stack = match pending {
        Some(pending) => Some(bring_up(session, stack, &pending).await?),
        None => stack,
    };
    match bucket.or_else(|| stack.as_ref().and_then(bucket_of)) {
        Some(name) => existing(session, &name, caller).await,
        None => Err(Stop::world(format!("the stack `{STACK}` names no bucket"))),
    }
}

fn bucket_of(stack: &Stack) -> Option<String> {
    stack.outputs.get("ArtifactBucket").map(|output| output.value.clone())
}

fn owns(stack: &Stack, parameter: &str) -> bool {
    stack.parameters.get(parameter).is_some_and(|value| value == OWN)
}

/// Whether the stack is as it must be. An older pipec leaves a newer one's alone.
fn is_current(stack: &Stack, wanted: &Bootstrap) -> bool {
    let version = stack.outputs.get("Version").and_then(|output| output.value.parse::<u32>().ok());
    version >= Some(VERSION)
        && owns(stack, BUCKET) == wanted.bucket
        && owns(stack, LOGGING_ROLE) == wanted.logging_role
}

async fn settled<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Option<Stack>, Stop> {
    loop {
        let Some(stack) = session.patiently(async || session.cloud.stack(STACK).await).await? else {
            return Ok(None);
        };
        let way = way(&stack.status);
        let ours = stack.tags.get(APP_TAG).is_some_and(|app| app == STACK);
        if !ours && way != Way::Create {
            let message = format!("there is a stack `{STACK}` already, and pipec did not make it");
            return Err(Stop::world(message)
                .help("delete or rename it: pipec keeps its artifacts in a stack of that name"));
        }
        match way {
            Way::Create => return Ok(None),
            Way::Update => return Ok(Some(stack)),
            Way::Watch => settle::attach(session, &stack).await?,
            Way::FreeName if session.options.plan_only => return Ok(None),
            Way::FreeName => settle::free_name(session, &stack).await?,
            Way::ContinueRollback | Way::DeleteOnly => return Err(unsettled(&stack)),
        }
    }
}

fn unsettled(stack: &Stack) -> Stop {
    let message = format!("the stack `{STACK}` is in the state {}", stack.status);
    Stop::world(message).help(format!(
        "it holds the artifact bucket of every app here: look at it with `aws cloudformation describe-stack-events \
         --stack-name {STACK}`, and use `--artifact-bucket` until it is mended"
    ))
}

/// Whether the logging role is, or shall be, this stack's. It is one an account and region: a role that somebody else
/// has set stays.
async fn owns_role<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: Option<&Stack>,
) -> Result<bool, Stop> {
    if stack.is_some_and(|stack| owns(stack, LOGGING_ROLE)) {
        return Ok(true);
    }
    match session.cloud.logging_role().await {
        Ok(role) => Ok(role.is_none()),
        // Who may not even look will hear of it from a stage, if there is one with logs.
        Err(error) if error.kind == ErrorKind::Denied => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn bring_up<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: Option<Stack>,
    wanted: &Bootstrap,
) -> Result<Stack, Stop> {
    let whose = |own: bool| Some(if own { OWN } else { FOREIGN }.to_owned());
    let parameters = [(BUCKET, whose(wanted.bucket)), (LOGGING_ROLE, whose(wanted.logging_role))];
    let request = Request {
        stack: STACK.to_owned(),
        present: stack,
        template: TemplateSource::Body(session.facts.bootstrap.to_owned()),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        tags: BTreeMap::from([(APP_TAG.to_owned(), STACK.to_owned())]),
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        expected: None,
    };
    apply(session, request).await
}

/// Whether a bucket can be used.
async fn usable<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
    caller: &Caller,
) -> Result<bool, Stop> {
    let found = session.cloud.bucket(name, &caller.account).await?;
    Ok(matches!(found, Bucket::Own(at) if at.as_deref().is_none_or(|at| at == session.cloud.region())))
}

/// A bucket must be the caller's account's, by more than its name, and in the region: Lambda takes code from there only.
async fn existing<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
    caller: &Caller,
) -> Result<String, Stop> {
    let region = session.cloud.region();
    match session.cloud.bucket(name, &caller.account).await? {
        Bucket::Own(Some(at)) if at != region => {
            let message =
                format!("the artifact bucket `{name}` is in {at}, and the deployment goes to {region}");
            Err(Stop::world(message).help(
                "Lambda takes code from buckets of its own region only; leave `--artifact-bucket` out, and pipec keeps one a region",
            ))
        }
        Bucket::Own(_) => Ok(name.to_owned()),
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
            let account = &caller.account;
            let message = format!(
                "the artifact bucket `{name}` belongs to another account than {account}, or its policy shuts the caller out"
            );
            Err(Stop::world(message)
                .help("templates and code are only ever sent to a bucket of the account that is deployed to"))
        }
    }
}
