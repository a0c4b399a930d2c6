//! `pipec status` and `pipec outputs`: what is there.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::cloud::{Cloud, Difference, Drift, DriftSearch, Output, Stack};
use crate::deployed;
use crate::host::Host;
use crate::session::{DOMAIN_TAG, Nested, Session};
use crate::status::{Way, can_be_searched, way};
use crate::stop::Stop;

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
    /// What is not as its template says; none where nobody looked.
    pub drift: Option<Vec<Drifted>>,
    /// Why CloudFormation could not look at everything.
    pub unsearched: Option<String>,
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
    /// The file of that.
    pub file: Option<String>,
    /// The line in the file.
    pub line: Option<u32>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// What differs.
    pub differences: Vec<Difference>,
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
        let stack = session.stack(&entry.stack).await?.filter(|stack| session.owns(stack));
        let known = RootStatus::new(entry.stack.clone(), entry.domain.clone(), false);
        all.push(match stack {
            Some(stack) => known.of(session, &stack, search).await?,
            None => known,
        });
    }
    for stack in deployed::orphans(session).await? {
        let known = RootStatus::new(stack.name.clone(), stack.tags.get(DOMAIN_TAG).cloned(), true);
        all.push(known.of(session, &stack, search).await?);
    }
    Ok(all)
}

impl RootStatus {
    fn new(stack: String, domain: Option<String>, orphan: bool) -> Self {
        RootStatus {
            stack,
            domain,
            orphan,
            status: None,
            reason: None,
            operated_at: None,
            nested: Vec::new(),
        }
    }

    async fn of<C: Cloud, H: Host>(
        self,
        session: &Session<'_, C, H>,
        stack: &Stack,
        search: bool,
    ) -> Result<Self, Stop> {
        let nested = stream::iter(session.nested(&stack.id).await?)
            .map(|nested| nested_status(session, &stack.name, nested, search))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let (status, reason) = (Some(stack.status.clone()), stack.reason.clone());
        Ok(RootStatus { status, reason, operated_at: stack.operated_at, nested, ..self })
    }
}

async fn nested_status<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    nested: Nested,
    search: bool,
) -> Result<NestedStatus, Stop> {
    let Nested { logical_id, id, status, reason } = nested;
    let label =
        session.build.root(root).map_or(logical_id.as_str(), |entry| entry.label(&logical_id)).to_owned();
    let (drift, unsearched) = if search && can_be_searched(&status) {
        let (drift, unsearched) = drift(session, root, &logical_id, &id).await?;
        (Some(drift), unsearched)
    } else {
        (None, None)
    };
    Ok(NestedStatus { nested: logical_id, label, status, reason, drift, unsearched })
}

/// CloudFormation looks at one stack at a time: a search of the root says nothing of what is nested in it.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/detect-drift-stack.html>
///
/// Gives what drifted, and why not everything could be looked at, if so.
async fn drift<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &str,
    nested: &str,
    id: &str,
) -> Result<(Vec<Drifted>, Option<String>), Stop> {
    let search = session.cloud.search_drift(id).await?;
    let progress = async || session.cloud.drift_search(&search).await;
    let unsearched = loop {
        match session.patiently(progress).await? {
            DriftSearch::Running => tokio::time::sleep(PAUSE).await,
            DriftSearch::Done => break None,
            // What could be looked at is reported all the same.
            DriftSearch::Failed(why) => break Some(why),
        }
    };
    let found = session.patiently(async || session.cloud.drifts(id).await).await?;
    Ok((found.into_iter().map(|drift| drifted(session, root, nested, drift)).collect(), unsearched))
}

fn drifted<C, H>(session: &Session<'_, C, H>, root: &str, nested: &str, drift: Drift) -> Drifted {
    let place = session.build.place(root, nested, &drift.logical_id);
    let Drift { logical_id, physical_id, kind, deleted, differences } = drift;
    Drifted {
        declared: place.map(|place| place.declared.clone()),
        file: place.map(|place| place.file.clone()),
        line: place.and_then(|place| place.line),
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
    pub outputs: BTreeMap<String, Output>,
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
        let has_keys = |nested: &Nested| session.build.has_kind(&stack.name, &nested.logical_id, API_KEY);
        for nested in session.nested(&stack.id).await?.into_iter().filter(has_keys) {
            for key in session.resources(&nested.id).await?.into_iter().filter(|one| one.kind == API_KEY) {
                let place = session.build.place(&stack.name, &nested.logical_id, &key.logical_id);
                let declared = place.map_or(key.logical_id, |place| place.declared.clone());
                let Some(id) = key.physical_id else { continue };
                let value = if values { Some(session.cloud.api_key(&id).await?) } else { None };
                all.keys.push(ApiKey { declared, id, value });
            }
        }
    }
    Ok(all)
}

/// The root stacks that are there, and were whole once: others tell nothing.
///
/// # Errors
/// When CloudFormation cannot be asked.
pub async fn stacks<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let mut found = Vec::new();
    for entry in &session.build.manifest().roots {
        let whole =
            |stack: &Stack| session.owns(stack) && !matches!(way(&stack.status), Way::Create | Way::FreeName);
        found.extend(session.stack(&entry.stack).await?.filter(whole));
    }
    Ok(found)
}
