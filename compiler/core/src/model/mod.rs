//! Files to [`Model`]: names, profiles, environments, types and defaults, every value typed and with its place.
//!
//! The model knows the language and nothing of CloudFormation. What options a tier, store or auth has is read
//! from the library's constructs, so a construct of a project's own is checked as those of stdlib are.

mod app;
mod declare;
mod event;
mod json_schema;
mod merge;
mod resolve;
mod schema;
mod setting;
mod statements;
mod subscriber;

use indexmap::IndexMap;
use serde::Serialize;

pub use crate::library::Setting;
pub use json_schema::json_schema;
pub use resolve::resolve;
pub use schema::{Constraints, Schema, SchemaField, Shape, unknown_field};

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
    /// APIs by name.
    pub apis: IndexMap<String, Api>,
    /// Locks by name.
    pub auths: IndexMap<String, Auth>,
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
    /// Something of it was not understood and reported, so that what is missing may be its consequence.
    #[serde(skip)]
    pub incomplete: bool,
    /// A profile of it could not be applied, which was reported.
    #[serde(skip)]
    pub incomplete_profiles: bool,
    /// The whole declaration.
    #[serde(skip)]
    pub span: Span,
    /// Who reads it, by name.
    pub subscribers: IndexMap<String, Subscriber>,
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
}

impl Ingress {
    /// Where the door was declared.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        match self {
            Ingress::Api { origin, .. } | Ingress::Topic { origin } => origin,
        }
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
    /// Its code.
    pub handler: Handler,
    /// Where it reads, if it says so.
    pub from: Option<Spanned<ReadFrom>>,
    /// `timeout`, `batch`, `retries` and the other options of its constructs.
    pub options: Options,
    /// The events it may emit.
    pub emits: Vec<Spanned<String>>,
    /// What else its code may do.
    pub allow: Vec<Grant>,
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
