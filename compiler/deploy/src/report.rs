//! `pipec status` and `pipec outputs`: what is there.

use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::cloud::{Cloud, Drift, DriftSearch, Output, Stack, StackResource};
use crate::deployed;
use crate::host::Host;
use crate::session::Session;
use crate::status::{Way, way};
use crate::stop::Stop;
use crate::watch::NESTED;

/// Nested stacks that are searched at the same time.
const AT_ONCE: usize = 4;
/// The pause between two looks at a search for drift.
const PAUSE: Duration = Duration::from_secs(2);
/// The resource type of API keys.
const API_KEY: &str = "AWS::ApiGateway::ApiKey";

/// A root stack.
#[derive(Debug, Serialize)]
pub struct RootStatus {
    /// The name of the stack.
    pub stack: String,
    /// Its domain.
    pub domain: Option<String>,
    /// `UPDATE_COMPLETE`, …; none where there is no stack yet.
    pub status: Option<String>,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// When the last operation began, in milliseconds since 1970.
    pub operated_at: Option<i64>,
    /// Whether its domain is no longer in the project.
    pub orphan: bool,
    /// The nested stacks.
    pub nested: Vec<NestedStatus>,
}

/// A nested stack.
#[derive(Debug, Serialize)]
pub struct NestedStatus {
    /// Its logical id.
    pub nested: String,
    /// What the project's people know it as: `event-CardIssued`.
    pub label: String,
    /// `UPDATE_COMPLETE`, …
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// What is not as its template says; only after a search.
    pub drift: Vec<Drifted>,
}

/// A resource that is not as its template says.
#[derive(Debug, Serialize)]
pub struct Drifted {
    /// Its logical id.
    pub logical_id: String,
    /// Its name at AWS.
    pub physical_id: Option<String>,
    /// `AWS::SQS::Queue`
    #[serde(rename = "type")]
    pub kind: String,
    /// The declaration that it came from.
    pub declared: Option<String>,
    /// The file of it, and the line.
    pub place: Option<(String, Option<u32>)>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Path, expected value, present value.
    pub differences: Vec<(String, String, String)>,
}

/// Where every root stack stands; with `search`, what drifted.
///
/// # Errors
/// When CloudFormation cannot be asked.
pub async fn status<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    search: bool,
) -> Result<Vec<RootStatus>, Stop> {
    session.check_place().await?;
    let mut all = Vec::new();
    for entry in &session.build.manifest().roots {
        let stack = session.cloud.stack(&entry.stack).await?.filter(|stack| session.owns(stack));
        all.push(match stack {
            Some(stack) => root_status(session, &stack, entry.domain.clone(), false, search).await?,
            None => RootStatus {
                stack: entry.stack.clone(),
                domain: entry.domain.clone(),
                status: None,
                reason: None,
                operated_at: None,
                orphan: false,
                nested: Vec::new(),
            },
        });
    }
    for stack in deployed::orphans(session).await? {
        let domain = stack.tags.get(crate::session::DOMAIN_TAG).cloned();
        all.push(root_status(session, &stack, domain, true, search).await?);
    }
    Ok(all)
}

async fn root_status<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &Stack,
    domain: Option<String>,
    orphan: bool,
    search: bool,
) -> Result<RootStatus, Stop> {
    let resources = session.cloud.resources(&stack.id).await?;
    let nested: Vec<StackResource> =
        resources.into_iter().filter(|resource| resource.kind == NESTED).collect();
    let nested = stream::iter(nested)
        .map(|resource| nested_status(session, &stack.name, resource, search))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(RootStatus {
        stack: stack.name.clone(),
        domain,
        status: Some(stack.status.clone()),
        reason: stack.reason.clone(),
        operated_at: stack.operated_at,
        orphan,
        nested,
    })
}

async fn nested_status<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    resource: StackResource,
    search: bool,
) -> Result<NestedStatus, Stop> {
    let StackResource { logical_id, physical_id, status, reason, .. } = resource;
    let drift = match physical_id.filter(|_| search && way(&status) == Way::Update) {
        Some(id) => drift(session, root, &logical_id, &id).await?,
        None => Vec::new(),
    };
    let label =
        session.build.root(root).map_or(logical_id.as_str(), |entry| entry.label(&logical_id)).to_owned();
    Ok(NestedStatus { nested: logical_id, label, status, reason, drift })
}

/// CloudFormation looks at one stack at a time: a search of the root says nothing of what is nested in it.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html>
async fn drift<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    nested: &str,
    id: &str,
) -> Result<Vec<Drifted>, Stop> {
    let search = session.cloud.search_drift(id).await?;
    let progress = async || session.cloud.drift_search(&search).await;
    // What could be looked at is reported even when something could not.
    while session.patiently(progress).await? == DriftSearch::Running {
        tokio::time::sleep(PAUSE).await;
    }
    let found = session.patiently(async || session.cloud.drifts(id).await).await?;
    Ok(found.into_iter().map(|drift| drifted(session, root, nested, drift)).collect())
}

fn drifted<C, H>(session: &Session<'_, C, H>, root: &str, nested: &str, drift: Drift) -> Drifted {
    let place = session.build.place(root, nested, &drift.logical_id);
    let Drift { logical_id, physical_id, kind, deleted, differences } = drift;
    Drifted {
        declared: place.map(|place| place.declared.clone()),
        place: place.map(|place| (place.file.clone(), place.line)),
        logical_id,
        physical_id,
        kind,
        deleted,
        differences,
    }
}

/// An API key of the app.
#[derive(Debug, Serialize)]
pub struct ApiKey {
    /// The declaration that it came from: `auth.turnstile`.
    pub declared: String,
    /// Its id.
    pub id: String,
    /// Its value, which is a secret; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What an app's stacks tell.
#[derive(Debug, Default, Serialize)]
pub struct Outputs {
    /// Name and value, of all roots.
    pub outputs: std::collections::BTreeMap<String, Output>,
    /// The API keys.
    pub keys: Vec<ApiKey>,
}

/// The outputs of deployed roots, and the API keys; their values only where they are asked for.
///
/// # Errors
/// When CloudFormation or API Gateway cannot be asked.
pub async fn outputs<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stacks: &[Stack],
    values: bool,
) -> Result<Outputs, Stop> {
    let mut all = Outputs::default();
    for stack in stacks {
        all.outputs.extend(stack.outputs.clone());
        for nested in
            session.cloud.resources(&stack.id).await?.into_iter().filter(|resource| resource.kind == NESTED)
        {
            let Some(id) = nested
                .physical_id
                .as_ref()
                .filter(|_| session.build.has_kind(&stack.name, &nested.logical_id, API_KEY))
            else {
                continue;
            };
            for key in
                session.cloud.resources(id).await?.into_iter().filter(|resource| resource.kind == API_KEY)
            {
                let Some(id) = key.physical_id else { continue };
                let place = session.build.place(&stack.name, &nested.logical_id, &key.logical_id);
                let declared = place.map_or(key.logical_id, |place| place.declared.clone());
                let value = if values { Some(session.cloud.api_key(&id).await?) } else { None };
                all.keys.push(ApiKey { declared, id, value });
            }
        }
    }
    Ok(all)
}

/// The root stacks that are there.
///
/// # Errors
/// When CloudFormation cannot be asked.
pub async fn stacks<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let mut found = Vec::new();
    for entry in &session.build.manifest().roots {
        let stack = session.cloud.stack(&entry.stack).await?;
        // One that was never whole tells nothing.
        let whole =
            |stack: &Stack| session.owns(stack) && !matches!(way(&stack.status), Way::Create | Way::FreeName);
        found.extend(stack.filter(whole));
    }
    Ok(found)
}
