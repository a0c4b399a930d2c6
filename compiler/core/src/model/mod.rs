//! Files to [`Model`]: names, profiles, environments, types and defaults, every value typed and with its place.
//!
//! The model knows the language and nothing of CloudFormation. What options a tier, store or auth has is read
//! from the library's constructs, so a construct of a project's own is checked as those of stdlib are.

mod app;
mod choice;
mod columns;
mod condition;
mod context;
mod declare;
mod event;
mod expect;
mod filter;
mod ingress;
mod json_schema;
mod merge;
mod parameters;
mod patch;
mod resolve;
mod schema;
mod setting;
mod statements;
mod subscriber;
mod unknown;

use indexmap::IndexMap;
use serde::Serialize;

pub use crate::library::Setting;
pub use columns::columns;
pub use condition::{Comparison, Condition, Operand, Test, fields_at};
pub use expect::{Expectations, expectations};
pub use filter::filter;
pub use json_schema::json_schema;
pub use resolve::resolve;
pub use schema::{Constraints, Schema, SchemaField, Shape, unknown_field};
pub use statements::names as statement_names;

use crate::source::{Span, Spanned};

/// A whole project with its names resolved and one environment applied.
#[derive(Clone, Debug, Serialize)]
pub struct Model {
    /// The app.
    pub app: App,
    /// The environment that was applied, if any.
    pub environment: Option<String>,
    /// `param` declarations by name.
    pub parameters: IndexMap<String, Parameter>,
    /// `secret` declarations by name.
    pub secrets: IndexMap<String, Secret>,
    /// APIs by name.
    pub apis: IndexMap<String, Api>,
    /// Locks by name.
    pub auths: IndexMap<String, Auth>,
    /// Stores that events share, by name.
    pub stores: IndexMap<String, Declaration>,
    /// What the project declares of its own with `resource`, by name.
    pub resources: IndexMap<String, Declaration>,
    /// Changes to what is made, in the order of their files.
    pub overrides: Vec<Override>,
    /// Named types, used by schemas.
    pub types: IndexMap<String, Schema>,
    /// Events by name, in the order of their names.
    pub events: IndexMap<String, Event>,
}

/// Where something was declared: the place, and the path of names that stays the same when lines move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// `BuildingExited.subscriber.update_card_state`
    pub path: String,
    /// The statement.
    #[serde(skip)]
    pub span: Span,
}

/// The `app` statement.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    /// Its name.
    pub name: Spanned<String>,
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// AWS region.
    pub region: Option<String>,
    /// The account it may be deployed to; any without it.
    pub account: Option<String>,
    /// The key construct: `encryption/customer_managed`.
    pub encryption: Choice,
    /// Whether X-Ray traces are taken.
    pub tracing: bool,
    /// How long logs are kept, in days.
    pub log_days: i64,
    /// Whether stored data outlives the stack.
    pub retain: bool,
    /// Whether there are alarms.
    pub alarms: bool,
    /// Who hears of alarms: `alerts/email`; nobody without it.
    pub alerts: Option<Choice>,
    /// Tags of every resource.
    pub tags: IndexMap<String, String>,
}

/// A construct that a statement names, with its options.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// `tier/high`
    pub construct: String,
    /// Where the choice was made.
    pub origin: Origin,
    /// The options given, checked against the construct's parameters; defaults are not in it.
    pub options: Options,
    /// Blocks that make an instance each, such as the clients of a lock: their names and options.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub each: IndexMap<String, Options>,
    /// The ports that the construct offers.
    #[serde(skip)]
    pub offers: Vec<String>,
}

impl Choice {
    /// Whether the construct offers a port.
    #[must_use]
    pub fn offers(&self, port: &str) -> bool {
        self.offers.iter().any(|offered| offered == port)
    }
}

/// Options by name.
pub type Options = IndexMap<String, Spanned<Setting>>;

/// A deploy-time parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// `string` or `int`.
    pub kind: ParameterKind,
    /// The value it has when the deployer gives none.
    pub default: Option<Setting>,
}

/// The types that a deploy-time parameter can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ParameterKind {
    /// Text.
    String,
    /// A whole number.
    Int,
}

/// An `api` statement.
#[derive(Clone, Debug, Serialize)]
pub struct Api {
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// The whole declaration.
    #[serde(skip)]
    pub span: Span,
    /// The domain folder it was declared in.
    pub domain: Option<String>,
    /// Options of the construct `api/rest`.
    pub options: Options,
}

/// An `auth` statement.
#[derive(Clone, Debug, Serialize)]
pub struct Auth {
    /// Its documentation.
    pub doc: String,
    /// The domain folder it was declared in.
    pub domain: Option<String>,
    /// `auth/api_key` and its options.
    pub choice: Choice,
}

/// A `store` or `resource` statement at the top of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Declaration {
    /// Its documentation.
    pub doc: String,
    /// The domain folder it was declared in.
    pub domain: Option<String>,
    /// The construct and its options.
    pub choice: Choice,
}

/// A `secret` statement.
#[derive(Clone, Debug, Serialize)]
pub struct Secret {
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// The name or ARN that Secrets Manager knows it by.
    pub id: String,
}

/// An `override` statement: values that are laid over what a construct made.
#[derive(Clone, Debug, Serialize)]
pub struct Override {
    /// Where it was declared.
    pub origin: Origin,
    /// The event or api that the resource belongs to, or `app`.
    pub owner: Spanned<String>,
    /// Its logical id.
    pub logical_id: Spanned<String>,
    /// Properties by name.
    pub patch: Vec<Patch>,
}

/// One property of an [`Override`].
#[derive(Clone, Debug, Serialize)]
pub struct Patch {
    /// The property.
    pub name: Spanned<String>,
    /// What becomes of it.
    pub change: Change,
}

/// What an override does to a property.
#[derive(Clone, Debug, Serialize)]
pub enum Change {
    /// It gets this value.
    Set(serde_json::Value),
    /// It goes.
    Remove,
    /// Properties inside it change.
    Inside(Vec<Patch>),
}

/// An `event` statement with its profiles applied.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// The domain folder it was declared in.
    pub domain: Option<String>,
    /// The version in its type.
    pub version: i64,
    /// Its door.
    pub ingress: Ingress,
    /// The lock of its public door, by name; `None` inside for `auth none`.
    pub auth: Option<Spanned<Option<String>>>,
    /// Its volume tier, where its door has one.
    pub tier: Option<Choice>,
    /// The field that orders and partitions it.
    pub key: Option<Spanned<String>>,
    /// What its data looks like; any JSON without it.
    pub schema: Option<Schema>,
    /// Where it is kept.
    pub store: Option<Choice>,
    /// The store's name, where it is one that events share.
    pub shared_store: Option<String>,
    /// Other accounts that may send it.
    pub accounts: Vec<Spanned<String>>,
    /// Whether what is stored can be sent again.
    pub replay: bool,
    /// Alarms that are not as they are by default, by name.
    pub alarms: IndexMap<String, Alarm>,
    /// Something of it was not understood and reported, so that what is missing may be its consequence.
    #[serde(skip)]
    pub incomplete: bool,
    /// A profile of it could not be applied, which was reported.
    #[serde(skip)]
    pub incomplete_profiles: bool,
    /// The whole declaration.
    #[serde(skip)]
    pub span: Span,
    /// Who reads it, by name; the one that answers its sender among them.
    pub subscribers: IndexMap<String, Subscriber>,
}

impl Event {
    /// Whether the sender waits for a handler's answer.
    #[must_use]
    pub fn responder(&self) -> Option<&Subscriber> {
        self.subscribers.values().find(|subscriber| subscriber.answers)
    }

    /// Whether a subscriber gets the events themselves, from a topic or a stream, and not only word of stored ones.
    #[must_use]
    pub fn hands_over(&self, subscriber: &Subscriber) -> bool {
        let streams = self.tier.as_ref().is_some_and(|tier| tier.offers("stream"));
        match (&self.ingress, subscriber.from.as_ref().map(|from| from.value)) {
            (_, Some(ReadFrom::Store)) => false,
            (Ingress::Topic { .. }, _) => true,
            _ => streams,
        }
    }

    /// Whether a subscriber wants its events in order, which a topic only keeps if all of it is ordered.
    #[must_use]
    pub fn ordered(&self) -> Option<Span> {
        self.subscribers.values().find_map(|subscriber| subscriber.ordered)
    }
}

/// An `alarm` statement of an event.
#[derive(Clone, Debug, Serialize)]
pub struct Alarm {
    /// Where it was declared.
    pub origin: Origin,
    /// Switched off.
    pub off: bool,
    /// What it watches; the metric of its own name without it.
    pub on: Option<Spanned<String>>,
    /// The subscriber whose metric it is; every one that has it without it.
    pub of: Option<Spanned<String>>,
    /// Options of the construct `alarm/metric`.
    pub options: Options,
}

/// The door an event comes in by.
#[derive(Clone, Debug, Serialize)]
pub enum Ingress {
    /// A public method of an API.
    Api {
        /// The API's name.
        api: Spanned<String>,
        /// `POST`
        method: String,
        /// The path's parts.
        path: Vec<PathPart>,
        /// Where it was declared.
        origin: Origin,
    },
    /// A private topic.
    Topic {
        /// Where it was declared.
        origin: Origin,
    },
    /// A private stream.
    Stream {
        /// Where it was declared.
        origin: Origin,
    },
}

impl Ingress {
    /// Where the door was declared.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Ingress::Api { origin, .. } | Ingress::Topic { origin } | Ingress::Stream { origin } => origin,
        }
    }

    /// Whether callers outside reach it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        matches!(self, Ingress::Api { .. })
    }
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum PathPart {
    /// `buildings`
    Fixed(String),
    /// `{building}`
    Variable(String),
}

impl PathPart {
    /// As API Gateway writes it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            PathPart::Fixed(text) => text.clone(),
            PathPart::Variable(name) => format!("{{{name}}}"),
        }
    }
}

/// A `subscriber` statement.
#[derive(Clone, Debug, Serialize)]
pub struct Subscriber {
    /// Its documentation.
    pub doc: String,
    /// Where it was declared.
    pub origin: Origin,
    /// What it is: `subscriber/function`.
    pub construct: String,
    /// Its code, where it is code of the project.
    pub handler: Option<Handler>,
    /// What its construct can read, and what joins it to that.
    #[serde(skip)]
    pub reads: IndexMap<String, Option<String>>,
    /// It answers the sender, who waits.
    pub answers: bool,
    /// What the answer looks like; any JSON without it.
    pub answer: Option<Schema>,
    /// Where it reads, if it says so.
    pub from: Option<Spanned<ReadFrom>>,
    /// `timeout`, `batch`, `retries` and the other options of its constructs.
    pub options: Options,
    /// The events it may emit.
    pub emits: Vec<Spanned<String>>,
    /// What else its code may do.
    pub allow: Vec<Grant>,
    /// What it may do with resources of the project.
    pub uses: Vec<Use>,
    /// Only events for which this holds.
    pub condition: Option<Spanned<Condition>>,
    /// It wants the events of one key in their order; where it says so.
    #[serde(skip)]
    pub ordered: Option<Span>,
    /// Its environment variables.
    pub env: IndexMap<String, Spanned<Setting>>,
}

/// The code of a subscriber.
#[derive(Clone, Debug, Serialize)]
pub struct Handler {
    /// `handler/python`
    pub construct: String,
    /// The file or folder, relative to the project.
    pub path: Spanned<String>,
    /// It is packed together with the runtime, which decides conditions and stores what is answered.
    pub packed: bool,
}

impl Subscriber {
    /// Whether the runtime is between it and its events.
    #[must_use]
    pub fn has_runtime(&self) -> bool {
        self.handler.as_ref().is_some_and(|handler| handler.packed)
    }
}

/// What a subscriber can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ReadFrom {
    /// The stored objects.
    Store,
    /// The tier's stream.
    Stream,
    /// The private topic.
    Topic,
}

impl ReadFrom {
    /// The word in the language.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ReadFrom::Store => "store",
            ReadFrom::Stream => "stream",
            ReadFrom::Topic => "topic",
        }
    }
}

/// `allow [actions] on "arn"`
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    /// IAM actions.
    pub actions: Vec<String>,
    /// The resource's ARN.
    pub resource: String,
}

/// `allow read write on NAME`
#[derive(Clone, Debug, Serialize)]
pub struct Use {
    /// The resource's name.
    pub resource: Spanned<String>,
    /// The grants that its construct offers: `read`, `write`.
    pub grants: Vec<Spanned<String>>,
}
