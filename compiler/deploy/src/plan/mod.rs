//! What a deployment will do, in terms of the project: from the templates that are deployed and those that shall be.
//!
//! Nothing is written to compute a plan, and CloudFormation is only asked for what it has. Where a changed property
//! replaces its resource (`stdlib/facts/replacement.yaml`), everything that takes values from that resource is looked
//! at again, through parameters and outputs of nested stacks.

mod compare;
mod loss;
mod spread;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use compare::compare;
pub use loss::{agrees, refusals};

/// A plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    /// The roots in the order of deployment; those that are deleted stand last.
    pub roots: Vec<RootPlan>,
    /// What is done first, once an account and region.
    pub bootstrap: Option<Bootstrap>,
}

/// What is done with the bootstrap stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bootstrap {
    /// The name of the stack.
    pub stack: String,
    /// What is done.
    pub action: Action,
    /// Whether it makes the artifact bucket.
    pub bucket: bool,
    /// Whether it makes the role with which API Gateway writes logs, which the whole account and region share.
    pub logging_role: bool,
}

/// What happens to a root stack.
#[derive(Clone, Debug, Serialize)]
pub struct RootPlan {
    /// The name of the stack.
    pub stack: String,
    /// The domain; `None` for the app's own.
    pub domain: Option<String>,
    /// What is done.
    pub action: Action,
    /// The resources that are touched.
    pub changes: Vec<Change>,
}

/// What is done with a root stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is updated.
    Update,
    /// It stays as it is.
    Keep,
    /// It is deleted: its domain is no longer in the project.
    Delete,
}

/// What happens to a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The nested stack's logical id.
    pub nested: String,
    /// The resource's.
    pub logical_id: String,
    /// `AWS::SQS::Queue`
    #[serde(rename = "type")]
    pub kind: String,
    /// The declaration that it came from: `CardIssued.subscriber.register_card`.
    pub declared: String,
    /// The file of that declaration.
    pub file: Option<String>,
    /// What happens.
    pub effect: Effect,
    /// The properties that change, where something changes.
    pub properties: BTreeSet<String>,
    /// The properties among them that AWS refuses to change.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub refused: BTreeSet<String>,
    /// Whether it stays at AWS, outside of the pipeline, when it is removed or replaced.
    pub kept: bool,
    /// The name that it is given at AWS, where it is given one.
    #[serde(skip)]
    pub name: Option<String>,
    /// The data in it, where there may be some that this change parts from the pipeline.
    pub data: Option<DataFate>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is made.
    Added,
    /// It is changed in place.
    Changed,
    /// A new one is made, and the old one is deleted or left behind.
    Replaced,
    /// It is deleted or left behind.
    Removed,
}

/// What happens to data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataFate {
    /// What it is: `the stored objects`.
    pub what: String,
    /// Whether it takes consent.
    pub consent: bool,
}

/// A root of the project, next to what is deployed of it.
#[derive(Clone, Debug)]
pub struct Root {
    /// The name of the stack.
    pub stack: String,
    /// The domain.
    pub domain: Option<String>,
    /// Values of parameters as deployed, where the stack exists.
    pub was: Option<BTreeMap<String, String>>,
    /// Values of parameters as far as they are known before the deployment.
    pub will: BTreeMap<String, String>,
    /// Whether anything beside templates and parameters differs: the stack's tags.
    pub differs: bool,
}

impl Root {
    /// Whether parameters and tags are as they shall be.
    #[must_use]
    pub fn keeps(&self) -> bool {
        // What is not known yet is not compared.
        let holds = |was: &BTreeMap<String, String>| {
            self.will.iter().all(|(name, value)| was.get(name) == Some(value))
        };
        !self.differs && self.was.as_ref().is_some_and(holds)
    }
}

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots.iter().all(|root| root.action == Action::Keep)
    }

    /// All changes with the name of their root.
    pub fn changes(&self) -> impl Iterator<Item = (&RootPlan, &Change)> {
        self.roots.iter().flat_map(|root| root.changes.iter().map(move |change| (root, change)))
    }
}
