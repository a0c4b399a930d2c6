//! What a construct file says.

use std::sync::Arc;

use indexmap::IndexMap;

use super::node::{Node, Source};
use super::parameter::{ParameterSpec, Written};
use super::yaml::Range;

/// One construct.
#[derive(Clone, Debug)]
pub struct Construct {
    /// `tier/high`
    pub id: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where its resources go unless they say otherwise.
    pub stack: StackKind,
    /// Its options.
    pub parameters: IndexMap<String, ParameterSpec>,
    /// What an instance is made for beside the first: the name of a block in its options, or `event`.
    pub each: Option<String>,
    /// Of a subscriber: what it can read (`queue`, `stream`, `topic`), and the construct that joins it to that.
    pub reads: IndexMap<String, Option<String>>,
    /// The most bytes of an event that passes it, if there is a limit.
    pub largest_event: Option<u64>,
    /// The names its expressions expect to be bound to other constructs' ports.
    pub needs: Vec<Need>,
    /// Values computed once, in order, from what stands before.
    pub locals: IndexMap<String, Node<Source>>,
    /// What must hold of its options.
    pub checks: Vec<Check>,
    /// The ports that others may use.
    pub offers: IndexMap<String, Offer>,
    /// Its resources, by the last part of their logical ids.
    pub resources: IndexMap<String, ResourceTemplate>,
    /// What people want to know of a deployment, by name.
    pub outputs: IndexMap<String, Output>,
    /// What can be measured of it, by name.
    pub metrics: IndexMap<String, Metric>,
    /// Text templates beside the construct file, by file name.
    pub templates: IndexMap<String, String>,
    /// Files beside the construct file that go into the artifact bucket as they are, by file name.
    pub artifacts: IndexMap<String, Artifact>,
    /// The file it was read from, for messages.
    pub file: String,
}

impl Construct {
    /// The options that can be written, tails of other options left out.
    #[must_use]
    pub fn option_names(&self) -> Vec<&str> {
        self.parameters.iter().filter(|(_, spec)| !spec.tail).map(|(name, _)| name.as_str()).collect()
    }

    /// The text of a local that has no expression.
    #[must_use]
    pub fn constant(&self, local: &str) -> Option<&str> {
        match self.locals.get(local)? {
            Node::Const(data) => data.as_text(),
            _ => None,
        }
    }

    /// The last part of its id: the word in the language.
    #[must_use]
    pub fn word(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or(&self.id)
    }
}

/// A file that a construct's resources find in the artifact bucket.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its key in the bucket: `files/SHA256.json`.
    pub key: String,
    /// What is in it.
    pub bytes: Arc<Vec<u8>>,
}

/// A name that a construct expects to be bound.
#[derive(Clone, Debug)]
pub struct Need {
    /// The name.
    pub name: String,
    /// Expressions see it as undefined when nothing is bound.
    pub optional: bool,
}

/// A condition on the options of a construct, with what to say when it does not hold.
#[derive(Clone, Debug)]
pub struct Check {
    /// The condition.
    pub that: Source,
    /// What is wrong when it does not hold.
    pub message: String,
    /// What to do about it; may hold expressions.
    pub help: Option<Node<Source>>,
}

/// A value that a deployment shows.
#[derive(Clone, Debug)]
pub struct Output {
    /// The value.
    pub value: Node<Source>,
    /// What it is.
    pub summary: String,
}

/// Something that AWS measures of an instance.
#[derive(Clone, Debug)]
pub struct Metric {
    /// What it tells.
    pub summary: String,
    /// It is measured only when this is true.
    pub when: Option<Source>,
    /// What it is called at AWS, as expressions of alarms and dashboards see it.
    pub body: Node<Source>,
    /// The options of its alarm, written as in the language; no alarm without it.
    pub alarm: Option<IndexMap<String, Written>>,
    /// The row of the dashboard that shows it: metrics of one row share a chart.
    pub chart: Option<String>,
}

/// A port.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What it stands for.
    pub value: OfferValue,
    /// The IAM actions that use it.
    pub flows: Vec<String>,
    /// Where the construct file names what it stands for.
    pub at: Range,
}

/// What a port stands for.
#[derive(Clone, Debug)]
pub enum OfferValue {
    /// A resource of the construct, or an attribute of one.
    Resource {
        /// The resource's name.
        name: String,
        /// `Arn`; the `Ref` value without it.
        attribute: Option<String>,
        /// The same value without the reference, for where the reference would close a cycle.
        computed: Option<Node<Source>>,
    },
    /// Any value.
    Value(Node<Source>),
}

/// One resource of a construct.
#[derive(Clone, Debug)]
pub struct ResourceTemplate {
    /// `AWS::Kinesis::Stream`
    pub kind: String,
    /// Where it goes, if not where the construct goes.
    pub stack: Option<StackKind>,
    /// It exists only when this is true.
    pub when: Option<Source>,
    /// The collection that it is part of.
    pub joins: Option<Node<Source>>,
    /// The collection whose parts it waits for, and whose digest is part of its logical id.
    pub follows: Option<Node<Source>>,
    /// Everything else: `Properties`, `DependsOn`, `DeletionPolicy`, ….
    pub body: Node<Source>,
}

/// The kinds of nested stacks, in the order in which they may refer to each other: a stack takes values from
/// those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StackKind {
    /// Keys and what all share.
    Foundation,
    /// What outlives a deployment: buckets, and the topics they notify.
    Stores,
    /// One API: its paths and responses.
    Api,
    /// One event.
    Event,
    /// One API's deployment and stage.
    Release,
    /// What watches all of it.
    Observability,
}

impl StackKind {
    /// All kinds.
    pub const ALL: &[StackKind] = &[
        StackKind::Foundation,
        StackKind::Stores,
        StackKind::Api,
        StackKind::Event,
        StackKind::Release,
        StackKind::Observability,
    ];

    /// The word in construct files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            StackKind::Foundation => "foundation",
            StackKind::Stores => "stores",
            StackKind::Api => "api",
            StackKind::Event => "event",
            StackKind::Release => "release",
            StackKind::Observability => "observability",
        }
    }
}
