//! What every step of a deployment needs.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::build::Build;
use tokio::time::Instant;

use crate::cloud::{Caller, Cloud, Result as CloudResult, Stack, StackResource};
use crate::facts::Facts;
use crate::host::{Host, News};
use crate::status::is_gone;
use crate::stop::Stop;

/// The tag that names a stack's app. Tags of a stack go to all its resources, so a key has only characters that every
/// service takes, and a value that no deployment changes.
pub const APP_TAG: &str = "pipec/app";
/// The tag that names a stack's environment.
pub const ENVIRONMENT_TAG: &str = "pipec/environment";
/// The tag that names a root stack's domain.
pub const DOMAIN_TAG: &str = "pipec/domain";

/// How long a call that only fails for now is tried again, beside the SDK's own tries.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What the user chose.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names whose data may be lost.
    pub allow_data_loss: Vec<String>,
    /// Resources to leave out when a failed rollback goes on.
    pub skip: Vec<String>,
    /// A bucket of one's own for artifacts, instead of the bootstrap stack's.
    pub artifact_bucket: Option<String>,
    /// Values of the project's `param`s.
    pub parameters: BTreeMap<String, String>,
    /// Only make the plan.
    pub plan_only: bool,
}

/// A stack nested in a root.
#[derive(Clone, Debug)]
pub struct Nested {
    /// Its logical id.
    pub logical_id: String,
    /// Its ARN.
    pub id: String,
    /// `UPDATE_COMPLETE`, …
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
}

/// What every step needs.
pub struct Session<'a, C, H> {
    /// AWS.
    pub cloud: &'a C,
    /// Whoever started this.
    pub host: &'a H,
    /// What is to be deployed.
    pub build: &'a Build<'a>,
    /// What is known about AWS.
    pub facts: &'a Facts,
    /// What the user chose.
    pub options: &'a Options,
}

impl<C: Cloud, H: Host> Session<'_, C, H> {
    /// Checks that caller and region are those that the build is for; nothing else is called before.
    ///
    /// # Errors
    /// When they are not, or nobody can tell who calls.
    pub async fn check_place(&self) -> Result<Caller, Stop> {
        let manifest = self.build.manifest();
        let region = self.cloud.region();
        if let Some(wanted) = manifest.region.as_deref().filter(|wanted| *wanted != region) {
            let message = format!(
                "`{}` is compiled for the region {wanted}, and AWS is configured for {region}",
                manifest.app
            );
            let help = format!("run `AWS_REGION={wanted} pipec …`, or change `region` in the project");
            return Err(Stop::world(message).help(help));
        }
        let caller = self.cloud.caller().await?;
        if let Some(wanted) = manifest.account.as_deref().filter(|wanted| *wanted != caller.account) {
            let whose = manifest
                .environment
                .as_ref()
                .map_or_else(|| "the app".to_owned(), |name| format!("the environment `{name}`"));
            let message = format!(
                "{whose} belongs to the account {wanted}, and these credentials are for {}",
                caller.account
            );
            let help = format!(
                "choose a profile of {wanted} (`--profile NAME`), or another environment (`--env NAME`); the caller is {}",
                caller.arn
            );
            return Err(Stop::world(message).help(help));
        }
        self.host.tell(&News::Place { caller: &caller, region });
        Ok(caller)
    }

    /// The tags of a root stack.
    #[must_use]
    pub fn tags(&self, domain: Option<&str>) -> BTreeMap<String, String> {
        let manifest = self.build.manifest();
        let tags = [
            (APP_TAG, Some(manifest.app.as_str())),
            (ENVIRONMENT_TAG, manifest.environment.as_deref()),
            (DOMAIN_TAG, domain),
        ];
        let own = tags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        manifest.tags.clone().into_iter().chain(own).collect()
    }

    /// Whether a stack is of this app and environment.
    #[must_use]
    pub fn owns(&self, stack: &Stack) -> bool {
        let manifest = self.build.manifest();
        stack.tags.get(APP_TAG) == Some(&manifest.app)
            && stack.tags.get(ENVIRONMENT_TAG) == manifest.environment.as_ref()
    }

    /// A name for something that is done once: a change set, a request. CloudFormation takes letters, digits and
    /// hyphens.
    #[must_use]
    pub fn token(&self, what: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
        format!("pipec-{what}-{now:x}-{:x}", std::process::id())
    }

    /// A stack by its name or ARN.
    ///
    /// # Errors
    /// When CloudFormation cannot be asked.
    pub async fn stack(&self, name: &str) -> Result<Option<Stack>, Stop> {
        self.patiently(async || self.cloud.stack(name).await).await
    }

    /// A stack must be as it was when the plan was made.
    ///
    /// # Errors
    /// When somebody operated on it since.
    pub async fn is_still(&self, planned: &Stack) -> Result<(), Stop> {
        let now = self.stack(&planned.id).await?;
        let same = |now: &Stack| (&now.status, now.operated_at) == (&planned.status, planned.operated_at);
        if now.as_ref().is_some_and(same) {
            return Ok(());
        }
        let message =
            format!("somebody else's operation on `{}` came first, after the plan was made", planned.name);
        Err(Stop::world(message)
            .help("run the same command again: it plans against what that operation leaves"))
    }

    /// A stack's resources.
    ///
    /// # Errors
    /// When CloudFormation cannot be asked.
    pub async fn resources(&self, stack: &str) -> Result<Vec<StackResource>, Stop> {
        self.patiently(async || self.cloud.resources(stack).await).await
    }

    /// The stacks nested in a root that are there.
    ///
    /// # Errors
    /// When CloudFormation cannot be asked.
    pub async fn nested(&self, root: &str) -> Result<Vec<Nested>, Stop> {
        let there = |one: &StackResource| one.is_nested() && !is_gone(&one.status);
        let resources = self.resources(root).await?.into_iter().filter(there);
        let nested = resources.filter_map(|one| {
            let StackResource { logical_id, physical_id, status, reason, .. } = one;
            Some(Nested { logical_id, id: physical_id?, status, reason })
        });
        Ok(nested.collect())
    }

    /// Makes a call that changes nothing until it succeeds or fails for good: a throttled or interrupted look at a
    /// running operation is no reason to leave it alone.
    ///
    /// # Errors
    /// When it fails for good, or for too long.
    pub async fn patiently<T>(&self, mut call: impl AsyncFnMut() -> CloudResult<T>) -> Result<T, Stop> {
        let (began, mut pause) = (Instant::now(), Duration::from_secs(1));
        loop {
            match call().await {
                Err(error) if error.kind.passes() && began.elapsed() < PATIENCE => {
                    self.host.tell(&News::Waiting { why: &error.message });
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                other => return other.map_err(Stop::from),
            }
        }
    }
}
