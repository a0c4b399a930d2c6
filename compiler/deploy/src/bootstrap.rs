//! What an account and region need once: a bucket for artifacts, and the role with which API Gateway writes logs.

use std::collections::BTreeMap;

use crate::apply::{Request, apply};
use crate::cloud::{Bucket, Caller, Cloud, ErrorKind, Stack, TemplateSource};
use crate::host::Host;
use crate::plan::{Action, Bootstrap};
use crate::session::{APP_TAG, Session};
use crate::settle::{at_rest, free_name};
use crate::status::{Way, way};
use crate::stop::Stop;

/// The name of the stack.
pub const STACK: &str = "pipec-bootstrap";
/// The parameters of the template, and their values.
const BUCKET: &str = "Bucket";
const LOGGING_ROLE: &str = "LoggingRole";
const OWN: &str = "own";
const FOREIGN: &str = "foreign";

/// What the bootstrap stack has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    bucket: bool,
    logging_role: bool,
}

/// Where artifacts go, and what must be done before.
#[derive(Clone, Debug, Default)]
pub struct Artifacts {
    /// The bucket; `None` where it is still to be made.
    pub bucket: Option<String>,
    /// What is to be done to the bootstrap stack.
    pub pending: Option<Bootstrap>,
    /// What the stack has then.
    wanted: Wanted,
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
    let has = |parameter| stack.as_ref().is_some_and(|stack| owns(stack, parameter));
    let wanted = Wanted {
        bucket: bucket.is_none() || has(BUCKET),
        logging_role: owns_role(session, has(LOGGING_ROLE)).await?,
    };
    let needed = wanted != Wanted::default()
        && !stack.as_ref().is_some_and(|stack| is_current(session, stack, &wanted));
    // What a newer pipec made is left alone, unless there would be no bucket.
    let newer = stack.as_ref().is_some_and(|stack| version(stack) > Some(session.facts.bootstrap_version));
    if newer && bucket.is_none() {
        let message = format!("the stack `{STACK}` was made by a newer pipec, and has no artifact bucket");
        return Err(Stop::world(message).help("update pipec, or use `--artifact-bucket`"));
    }
    let needed = needed && !newer;
    let pending = needed.then(|| Bootstrap {
        stack: STACK.to_owned(),
        action: if stack.is_some() { Action::Update } else { Action::Create },
        bucket: wanted.bucket && !has(BUCKET),
        logging_role: wanted.logging_role && !has(LOGGING_ROLE),
    });
    Ok(Artifacts { bucket, pending, wanted, stack })
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
    let Artifacts { bucket, pending, wanted, stack } = artifacts;
    let stack = match pending {
        Some(_) => Some(bring_up(session, stack, wanted).await?),
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

fn version(stack: &Stack) -> Option<u32> {
    stack.outputs.get("Version").and_then(|output| output.value.parse().ok())
}

/// Whether the stack is as it must be. An older pipec leaves a newer one's alone.
fn is_current<C, H>(session: &Session<'_, C, H>, stack: &Stack, wanted: &Wanted) -> bool {
    version(stack) >= Some(session.facts.bootstrap_version)
        && owns(stack, BUCKET) == wanted.bucket
        && owns(stack, LOGGING_ROLE) == wanted.logging_role
}

async fn settled<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Option<Stack>, Stop> {
    let ours = |stack: &Stack| stack.tags.get(APP_TAG).is_some_and(|app| app == STACK);
    loop {
        let Some(stack) = at_rest(session, STACK, ours).await? else { return Ok(None) };
        let way = way(&stack.status);
        if !ours(&stack) && way != Way::Create {
            let message = format!("there is a stack `{STACK}` already, and pipec did not make it");
            let help = "delete or rename it: pipec keeps its artifacts in a stack of that name";
            return Err(Stop::world(message).help(help));
        }
        match way {
            Way::Create => return Ok(None),
            Way::Update => return Ok(Some(stack)),
            Way::FreeName if session.options.plan_only => return Ok(None),
            Way::FreeName => free_name(session, &stack).await?,
            Way::Watch => {}
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
async fn owns_role<C: Cloud, H: Host>(session: &Session<'_, C, H>, owned: bool) -> Result<bool, Stop> {
    if owned {
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
    wanted: Wanted,
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
    Ok(session.cloud.bucket(name, &caller.account).await? == Bucket::Here)
}

/// A bucket must be the caller's account's, by more than its name, and in the region: Lambda takes code from there only.
async fn existing<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    name: &str,
    caller: &Caller,
) -> Result<String, Stop> {
    match session.cloud.bucket(name, &caller.account).await? {
        Bucket::Here => Ok(name.to_owned()),
        Bucket::Elsewhere(at) => Err(elsewhere(name, &at, session.cloud.region())),
        Bucket::Missing => Err(missing(name, session.options.artifact_bucket.is_some())),
        Bucket::Closed => Err(closed(name, &caller.account)),
    }
}

fn elsewhere(name: &str, at: &str, region: &str) -> Stop {
    let message = format!("the artifact bucket `{name}` is in {at}, and the deployment goes to {region}");
    Stop::world(message).help(
        "Lambda takes code from buckets of its own region only; leave `--artifact-bucket` out, and pipec keeps one a region",
    )
}

fn missing(name: &str, asked_for: bool) -> Stop {
    let help = if asked_for {
        "make it first, or leave `--artifact-bucket` out, and pipec makes one".to_owned()
    } else {
        format!(
            "the stack `{STACK}` made it, and somebody deleted it since: delete that stack too, and deploy again"
        )
    };
    Stop::world(format!("there is no artifact bucket `{name}`")).help(help)
}

fn closed(name: &str, account: &str) -> Stop {
    let message = format!(
        "the artifact bucket `{name}` belongs to another account than {account}, or its policy shuts the caller out"
    );
    Stop::world(message)
        .help("templates and code are only ever sent to a bucket of the account that is deployed to")
}
