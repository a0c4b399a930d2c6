//! `FlowGraph` and `Library` to [`StackTree`]: instances of constructs, placed into nested stacks and linked.
//!
//! Lowering is compiling, nesting is linking. [`lower`] makes every node of the graph an instance of its
//! construct (`instances`, with the project's facts from `facts`), puts each resource into the stack that its own
//! declaration names (`place`), turns references into what the two stacks allow (`link`) and checks what
//! CloudFormation would refuse (`limits`).

mod event_instances;
mod facts;
mod instances;
mod limits;
mod link;
mod linked;
mod lower;
mod observe;
mod patch;
mod place;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::library::{Data, Symbol};
use crate::model::{App, Origin, ParameterKind, Setting};
use crate::source::Span;

pub use facts::event_type;
pub use instances::Made;
pub use limits::{MAX_RESOURCES, MAX_VALUES};
pub use link::ARTIFACT_BUCKET;
pub use linked::{Function, Linked, View};
pub use lower::lower;
pub use place::{Layer, StackName};

/// Everything that becomes a template.
#[derive(Debug)]
pub struct StackTree {
    /// The app.
    pub app: App,
    /// The environment, if any.
    pub environment: Option<String>,
    /// The root stacks in the order of deployment: the app's own, then one a domain.
    pub roots: Vec<Root>,
    /// Handler packages and the artifacts of constructs by key, each once.
    pub packages: BTreeMap<String, Arc<Vec<u8>>>,
    /// What the resources were made from. Nothing asks for it any more, but to free it takes longer than a whole phase,
    /// and a process that ends with the tree never has to.
    pub instances: Vec<Made>,
}

/// A stack that is deployed by itself, and the stacks nested in it.
#[derive(Debug)]
pub struct Root {
    /// The domain; `None` for the app's own.
    pub domain: Option<String>,
    /// Values from outside, by parameter name.
    pub parameters: BTreeMap<String, RootParameter>,
    /// What other roots need of this one: output name to the nested stack's logical id and output.
    pub outputs: BTreeMap<String, (String, String)>,
    /// What people want to know: output name to the nested stack's logical id, its output, and what it is.
    pub shown: BTreeMap<String, (String, String, String)>,
    /// Its nested stacks, in the order of their layers and names.
    pub stacks: Vec<Stack>,
}

/// A parameter of a root stack.
#[derive(Clone, Debug, PartialEq)]
pub enum RootParameter {
    /// Where the artifacts are; filled by the deployment.
    Artifact,
    /// A `param` of the project.
    Declared {
        /// Its name in the project.
        name: String,
        /// Its type.
        kind: ParameterKind,
        /// Its default.
        default: Option<Setting>,
        /// Its documentation.
        doc: String,
    },
    /// An output of another root.
    Output {
        /// The output's name in the app's own root.
        name: String,
    },
}

/// A nested stack.
#[derive(Debug)]
pub struct Stack {
    /// Which.
    pub name: StackName,
    /// Its resources in the order they were made.
    pub resources: Vec<Resource>,
    /// Parameter name to where its value comes from.
    pub parameters: BTreeMap<String, Wire>,
    /// Output name to the reference it shows.
    pub outputs: BTreeMap<String, Symbol>,
    /// Outputs for people: name, value, what it is. The root shows them too.
    pub shown: Vec<(String, Data, String)>,
    /// Stacks that must be complete before this one, beside those it takes values from.
    pub after: BTreeSet<StackName>,
    /// What every reference of its resources became.
    pub links: Links,
}

/// What the references of a stack became.
pub type Links = foldhash::HashMap<Symbol, Link>;

/// Where a nested stack's parameter gets its value from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wire {
    /// An output of a sibling.
    Sibling {
        /// The sibling.
        stack: StackName,
        /// The output.
        output: String,
    },
    /// A parameter of the root.
    Root(String),
}

/// What a reference became.
#[derive(Clone, Debug, PartialEq)]
pub enum Link {
    /// `!Ref` of a resource, parameter or pseudo parameter.
    Ref(String),
    /// `!GetAtt`
    Attribute(String, String),
    /// The value computed from names, without a reference to the resource.
    Computed(Data),
}

/// A resource in its stack.
#[derive(Debug)]
pub struct Resource {
    /// Its logical id; unique in its stack.
    pub logical_id: String,
    /// `AWS::Kinesis::Stream`
    pub kind: String,
    /// `Properties`, `DependsOn` and so on, references unresolved: see [`Stack::links`].
    pub body: Data,
    /// Logical ids in the same stack that it waits for because of what it follows.
    pub after: Vec<String>,
    /// The construct it came from.
    pub construct: String,
    /// The event or api that it belongs to, or `app`.
    pub owner: String,
    /// The subscriber that it belongs to.
    pub subscriber: Option<Arc<str>>,
    /// The `override` that changed it, if one did.
    pub patched: Option<Span>,
    /// The statement it came from.
    pub origin: Origin,
    /// The file of that statement.
    pub file: Arc<str>,
}

impl StackTree {
    /// All stacks of all roots.
    pub fn stacks(&self) -> impl Iterator<Item = &Stack> {
        self.roots.iter().flat_map(|root| &root.stacks)
    }
}
