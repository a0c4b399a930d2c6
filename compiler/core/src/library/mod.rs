//! Construct files to [`Library`]: parameters, ports and resource bodies.
//!
//! A construct is an object file: it offers ports, needs ports of others, and holds resource bodies whose scalars
//! may be expressions. The library knows neither events nor projects; the `stacks` phase instantiates constructs.
//! YAML and expression types stay inside this module.

mod assemble;
mod check;
mod compile;
mod construct;
mod data;
mod document;
mod evaluate;
mod load;
mod machine;
mod node;
mod parameter;
mod resource_types;
mod run;
mod scope;
pub mod setting;
mod yaml;

use indexmap::IndexMap;

pub use assemble::{FACTS, assemble, extend};
pub use check::MAX_RESOURCES;
pub use construct::{Artifact, Check, Construct, Metric, Offer, ResourceTemplate, StackKind};
pub use data::{Data, Piece, ResourceId, Symbol};
pub use document::{DocumentError, Placed, from_yaml, read_document};
pub use evaluate::{Evaluator, Measured, Produced, Shown};
pub use load::{Checks, ConstructFile, LibraryError, load};
pub use machine::Machine;
pub use parameter::{ParameterSpec, ParameterType, Written};
pub use resource_types::{Extent, Problem, PropertyProblem, RESOURCE_TYPES, ResourceTypes};
pub use run::{EvaluationError, EvaluationKind};
pub use scope::{Binding, Instance, Scope};
pub use setting::Setting;
pub use yaml::Range;

/// All constructs, and the facts about AWS that are no construct.
#[derive(Clone, Debug, Default)]
pub struct Library {
    constructs: IndexMap<String, Construct>,
    /// Ids of constructs whose files could not be read, which was reported.
    broken: Vec<String>,
    /// The regions of AWS.
    pub regions: Vec<String>,
    /// The retention periods that CloudWatch Logs knows, in days, ascending.
    pub log_retention_days: Vec<i64>,
    /// The table of resource types, as text: it is read when something is held against it.
    pub resource_types: String,
    /// How the verifier knows resources, as text.
    pub identities: String,
    /// The verifier's rules, as texts: a file each.
    pub proofs: Vec<String>,
    /// Runtime files that handler packages carry: by folder (`runtimes/python`), then by path in the package.
    pub runtimes: IndexMap<String, IndexMap<String, Vec<u8>>>,
}

impl Library {
    /// The construct `kind/name`, by that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Construct> {
        self.constructs.get(id)
    }

    /// Whether a construct's file could not be read.
    #[must_use]
    pub fn is_broken(&self, kind: &str, name: &str) -> bool {
        self.broken.contains(&format!("{kind}/{name}"))
    }

    /// The construct of a kind and a name.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<&Construct> {
        self.get(&format!("{kind}/{name}"))
    }

    /// The names that a project can choose among constructs of a kind; those that the compiler adds by itself are
    /// of kinds of their own.
    pub fn names<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.constructs.keys().filter_map(move |id| id.strip_prefix(kind)?.strip_prefix('/'))
    }

    /// Every construct, in the order of their ids.
    pub fn constructs(&self) -> impl Iterator<Item = &Construct> {
        self.constructs.values()
    }

    /// The constructs that together are a subscriber: its source, its function, and what joins them.
    fn subscriber_constructs(&self) -> impl Iterator<Item = &Construct> {
        let part = |id: &str| ["source/", "subscriber/", "mapping/"].iter().any(|kind| id.starts_with(kind));
        self.constructs.values().filter(move |construct| part(&construct.id))
    }

    /// The parameter that an option of a subscriber sets. Constructs that share an option share its meaning.
    #[must_use]
    pub fn subscriber_parameter(&self, option: &str) -> Option<&ParameterSpec> {
        self.subscriber_constructs().find_map(|construct| construct.parameters.get(option))
    }

    /// The options of a handler that answers its caller.
    #[must_use]
    pub fn responder_options(&self) -> Vec<&str> {
        let parts = ["source/call", "subscriber/function"];
        let mut names: Vec<&str> =
            parts.iter().filter_map(|id| self.get(id)).flat_map(Construct::option_names).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The options of a subscriber.
    #[must_use]
    pub fn subscriber_options(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.subscriber_constructs().flat_map(Construct::option_names).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
