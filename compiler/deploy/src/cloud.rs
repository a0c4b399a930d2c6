//! The one door to AWS. [`Aws`](crate::aws::Aws) is the real one; tests walk through doors of their own.

use std::collections::BTreeMap;

use crate::names::NESTED;

/// What a call gives.
pub type Result<T> = std::result::Result<T, CloudError>;

/// A call that failed, after the SDK's own retries.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CloudError {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// The call, named as in an IAM policy: `cloudformation:DescribeStacks`.
    pub action: &'static str,
    /// What AWS said.
    pub message: String,
}

/// Failures of calls, by what can be done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No credentials were found.
    NoCredentials,
    /// The credentials are known to be wrong.
    BadCredentials,
    /// The credentials were good once.
    Expired,
    /// The caller may not do this.
    Denied,
    /// Nobody answered.
    Unreachable,
    /// Too many calls.
    Throttled,
    /// What the call names does not exist.
    NotFound,
    /// Another operation is running, or came first.
    Busy,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, ErrorKind::Throttled | ErrorKind::Unreachable)
    }
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Caller {
    /// The account's 12 digits.
    pub account: String,
    /// `arn:aws:sts::111111111111:assumed-role/deployer/somebody`
    pub arn: String,
}

impl Caller {
    /// `aws`, `aws-cn`, …
    #[must_use]
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).filter(|partition| !partition.is_empty()).unwrap_or("aws")
    }
}

/// A stack as CloudFormation describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its ARN, which no later stack of the same name has.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `UPDATE_COMPLETE`, …
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, Output>,
    /// Its own tags.
    pub tags: BTreeMap<String, String>,
    /// The stack that it is nested in.
    pub parent: Option<String>,
    /// When the last operation began, in milliseconds since 1970.
    pub operated_at: Option<i64>,
    /// Whether CloudFormation refuses to delete it.
    pub protected: bool,
}

/// An output of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Output {
    /// Its value.
    pub value: String,
    /// What it is.
    pub about: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name at AWS; a nested stack's is its ARN.
    pub physical_id: Option<String>,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// `CREATE_COMPLETE`, …
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
}

impl StackResource {
    /// Whether it is a stack itself.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.kind == NESTED
    }
}

/// Something that happened in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Unique.
    pub id: String,
    /// The ARN of the stack.
    pub stack: String,
    /// The resource; the stack's own name where the stack itself is meant.
    pub logical_id: String,
    /// The resource's name at AWS.
    pub physical_id: Option<String>,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// `CREATE_FAILED`, …
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

impl Event {
    /// Whether it is about the stack and not one of its resources.
    #[must_use]
    pub fn of_stack_itself(&self) -> bool {
        self.physical_id.as_deref() == Some(self.stack.as_str())
    }
}

/// What a change set is made of.
#[derive(Clone, Debug)]
pub struct ChangeSetRequest {
    /// The stack's name.
    pub stack: String,
    /// The change set's name, unique for the stack.
    pub name: String,
    /// Whether the stack is made by it.
    pub create: bool,
    /// The template.
    pub template: TemplateSource,
    /// Values of parameters; `None` keeps the value that the stack has.
    pub parameters: BTreeMap<String, Option<String>>,
    /// The stack's tags.
    pub tags: BTreeMap<String, String>,
    /// What is acknowledged.
    pub capabilities: Vec<String>,
}

/// Where a template is.
#[derive(Clone, Debug)]
pub enum TemplateSource {
    /// In the call itself.
    Body(String),
    /// In a bucket.
    Url(String),
}

/// A change set: what CloudFormation would do.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// Where it stands.
    pub status: ChangeSetStatus,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// The changes, without those inside nested stacks.
    pub changes: Vec<ResourceChange>,
}

/// Where a change set stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChangeSetStatus {
    /// CloudFormation is still computing.
    #[default]
    Pending,
    /// It can be executed.
    Ready,
    /// It cannot be executed.
    Failed,
}

/// What CloudFormation would do with a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// `Add`, `Modify`, `Remove`, …
    pub action: String,
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// `True`, `False`, `Conditional`
    pub replacement: Option<String>,
    /// `Retain`, `ReplaceAndRetain`, …
    pub policy: Option<String>,
    /// The nested stack's own change set.
    pub nested: Option<String>,
}

/// A resource that CloudFormation refuses before it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// Why.
    pub reason: String,
}

/// What a bucket is to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// It is the account's, in the region of the calls.
    Here,
    /// It is in another region.
    Elsewhere(String),
    /// There is none.
    Missing,
    /// It is another account's, or closed to the caller.
    Closed,
}

/// How far a search for drift is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriftSearch {
    /// Still searching.
    Running,
    /// Done.
    Done,
    /// CloudFormation could not look at everything.
    Failed(String),
}

/// A resource that is no longer what its template says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name at AWS.
    pub physical_id: Option<String>,
    /// `AWS::SQS::Queue`
    pub kind: String,
    /// Whether it was deleted.
    pub deleted: bool,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// A property that is not as the template says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Its path: `/VisibilityTimeout`.
    pub path: String,
    /// What the template says.
    pub expected: String,
    /// What is there.
    pub present: String,
}

/// A file to upload.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The account that must own the bucket: a name alone proves nothing.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>
    pub owner: &'a str,
}

/// AWS as far as a deployment needs it. Calls are retried inside when AWS throttles; what comes out is final for now.
#[expect(async_fn_in_trait, reason = "a deployment runs on one thread; nothing needs the futures to be Send")]
pub trait Cloud {
    /// The region that calls go to.
    fn region(&self) -> &str;
    /// Who calls.
    async fn caller(&self) -> Result<Caller>;

    /// A stack by its name or ARN.
    async fn stack(&self, name: &str) -> Result<Option<Stack>>;
    /// All stacks that are no nested ones.
    async fn stacks(&self) -> Result<Vec<Stack>>;
    /// A stack's resources.
    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>>;
    /// A stack's template as it was given.
    async fn template(&self, stack: &str) -> Result<String>;
    /// What happened after the event of that id, or since that time, oldest first.
    async fn events(&self, stack: &str, after: Option<&str>, since: i64) -> Result<Vec<Event>>;

    /// Has a change set computed, nested stacks included; gives its ARN.
    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<String>;
    /// A change set.
    async fn change_set(&self, id: &str) -> Result<ChangeSet>;
    /// What a failed change set, the root's or a nested one, is refused for, where CloudFormation tells.
    async fn validation(&self, change_set: &str) -> Result<Vec<Invalid>>;
    /// Deletes a change set that is not wanted.
    async fn delete_change_set(&self, id: &str) -> Result<()>;
    /// Executes a change set; with `rollback`, a failure is rolled back.
    async fn execute_change_set(&self, id: &str, rollback: bool, token: &str) -> Result<()>;
    /// Goes on with a rollback that failed, without the named resources.
    async fn continue_rollback(&self, stack: &str, skip: &[String], token: &str) -> Result<()>;
    /// Deletes a stack.
    async fn delete_stack(&self, stack: &str, token: &str) -> Result<()>;
    /// Starts to look for drift; gives the search's id.
    async fn search_drift(&self, stack: &str) -> Result<String>;
    /// How far a search is.
    async fn drift_search(&self, id: &str) -> Result<DriftSearch>;
    /// What the last search found.
    async fn drifts(&self, stack: &str) -> Result<Vec<Drift>>;

    /// Looks at a bucket.
    async fn bucket(&self, name: &str, owner: &str) -> Result<Bucket>;
    /// Whether an object is there.
    async fn has_object(&self, object: Object<'_>) -> Result<bool>;
    /// Uploads an object.
    async fn put_object(&self, object: Object<'_>, bytes: &[u8]) -> Result<()>;

    /// The role with which API Gateway writes logs in this account and region.
    async fn logging_role(&self) -> Result<Option<String>>;
    /// The value of an API key.
    async fn api_key(&self, id: &str) -> Result<String>;
}
