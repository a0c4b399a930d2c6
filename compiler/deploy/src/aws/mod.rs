//! The real [`Cloud`]: the AWS SDK. Its types stay in this module.

mod calls;
mod connect;
mod failure;
mod objects;
mod shapes;

use std::time::Duration;

use crate::cloud::{
    Bucket, Caller, ChangeSet, ChangeSetRequest, Cloud, Drift, DriftSearch, Event, Invalid, Object, Result,
    Stack, StackResource,
};

/// Longest wait for one try of a call; the SDK makes several.
const TRY_TIMEOUT: Duration = Duration::from_secs(60);
/// The same for uploads: a package of a few megabytes takes its time on a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Tries of a call, with exponential backoff and jitter between them.
const TRIES: u32 = 6;

/// Clients of the services that a deployment needs.
pub struct Aws {
    region: String,
    cloudformation: aws_sdk_cloudformation::Client,
    s3: aws_sdk_s3::Client,
    sts: aws_sdk_sts::Client,
    apigateway: aws_sdk_apigateway::Client,
}

/// What the user's own AWS configuration says.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// `--profile`; without it `AWS_PROFILE` or the default one.
    pub profile: Option<String>,
    /// The region to use where the user's configuration names none.
    pub fallback_region: Option<String>,
}

impl Cloud for Aws {
    fn region(&self) -> &str {
        &self.region
    }

    async fn caller(&self) -> Result<Caller> {
        calls::caller(&self.sts).await
    }

    async fn stack(&self, name: &str) -> Result<Option<Stack>> {
        calls::stack(&self.cloudformation, name).await
    }

    async fn stacks(&self) -> Result<Vec<Stack>> {
        calls::stacks(&self.cloudformation).await
    }

    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        calls::resources(&self.cloudformation, stack).await
    }

    async fn template(&self, stack: &str) -> Result<String> {
        calls::template(&self.cloudformation, stack).await
    }

    async fn events(&self, stack: &str, after: Option<&str>, since: i64) -> Result<Vec<Event>> {
        calls::events(&self.cloudformation, stack, after, since).await
    }

    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<String> {
        calls::create_change_set(&self.cloudformation, request).await
    }

    async fn change_set(&self, id: &str) -> Result<ChangeSet> {
        calls::change_set(&self.cloudformation, id).await
    }

    async fn validation(&self, change_set: &str) -> Result<Vec<Invalid>> {
        calls::validation(&self.cloudformation, change_set).await
    }

    async fn delete_change_set(&self, id: &str) -> Result<()> {
        calls::delete_change_set(&self.cloudformation, id).await
    }

    async fn execute_change_set(&self, id: &str, rollback: bool, token: &str) -> Result<()> {
        calls::execute_change_set(&self.cloudformation, id, rollback, token).await
    }

    async fn continue_rollback(&self, stack: &str, skip: &[String], token: &str) -> Result<()> {
        calls::continue_rollback(&self.cloudformation, stack, skip, token).await
    }

    async fn delete_stack(&self, stack: &str, token: &str) -> Result<()> {
        calls::delete_stack(&self.cloudformation, stack, token).await
    }

    async fn search_drift(&self, stack: &str) -> Result<String> {
        calls::search_drift(&self.cloudformation, stack).await
    }

    async fn drift_search(&self, id: &str) -> Result<DriftSearch> {
        calls::drift_search(&self.cloudformation, id).await
    }

    async fn drifts(&self, stack: &str) -> Result<Vec<Drift>> {
        calls::drifts(&self.cloudformation, stack).await
    }

    async fn bucket(&self, name: &str, owner: &str) -> Result<Bucket> {
        objects::bucket(&self.s3, name, owner, &self.region).await
    }

    async fn has_object(&self, object: Object<'_>) -> Result<bool> {
        objects::has_object(&self.s3, object).await
    }

    async fn put_object(&self, object: Object<'_>, bytes: &[u8]) -> Result<()> {
        objects::put_object(&self.s3, object, bytes).await
    }

    async fn logging_role(&self) -> Result<Option<String>> {
        objects::logging_role(&self.apigateway).await
    }

    async fn api_key(&self, id: &str) -> Result<String> {
        objects::api_key(&self.apigateway, id).await
    }
}
