//! The phase's entry: instances, their resources, their stacks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::{HashMapExt as _, HashSet, HashSetExt as _};
use rayon::prelude::*;

use super::instances::{Instances, Made, Maker, drop_consequences, explain};
use super::link::{Index, link};
use super::place::{Layer, StackName};
use super::{Links, Resource, Root, Stack, StackTree, limits, patch};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::graph::FlowGraph;
use crate::handlers::Packages;
use crate::library::{EvaluationError, Evaluator, Library, Machine, Produced};
use crate::source::Sources;

/// Makes the stacks. `None` when an expression of a construct gave nothing, or a reference cannot be resolved.
pub fn lower(
    graph: &FlowGraph,
    library: &Library,
    packages: &Packages,
    sources: &Sources,
    diags: &mut Diagnostics,
) -> Option<StackTree> {
    let machine = Machine::with_templates(library);
    let evaluator = Evaluator::new(&machine, library);
    let before = diags.len();
    let (Instances { made, fallbacks }, produced) = instances(graph, library, &evaluator, packages, diags);
    if diags.len() > before && diags.has_errors() {
        // References to what could not be made would only be more findings of the same mistake.
        return None;
    }
    let mut files = packages.zips();
    files.extend(artifacts(&made, &produced, library));
    let mut placed = place(&made, produced, sources, diags);
    show(&evaluator, &made, &mut placed, diags);
    patch::apply(&mut placed.stacks, &graph.model, library, diags);
    let mut tree = StackTree {
        app: graph.model.app.clone(),
        environment: graph.model.environment.clone(),
        roots: roots(placed.stacks),
        packages: files,
        instances: made,
    };
    link(&mut tree, &placed.index, &placed.collections, &fallbacks, &graph.model, diags);
    limits::check(&tree, &graph.model, diags);
    let broken = diags.len() > before && diags.has_errors();
    (!broken).then_some(tree)
}

/// All instances and the resources of each. What watches instances is made while they make their resources.
fn instances(
    graph: &FlowGraph,
    library: &Library,
    evaluator: &Evaluator<'_>,
    packages: &Packages,
    diags: &mut Diagnostics,
) -> (Instances, Vec<Vec<Produced>>) {
    let mut maker = Maker::new(graph, library, evaluator, packages);
    let shared = maker.instantiate(diags);
    let watch = || shared.map(|shared| maker.watching(&shared, diags)).unwrap_or_default();
    let (watching, mut results) = rayon::join(watch, || produce(evaluator, &maker.all.made));
    drop_consequences(diags);
    results.extend(produce(evaluator, &watching));
    let mut all = maker.all;
    all.made.extend(watching);
    let produced = produced(&all.made, results, diags);
    (all, produced)
}

/// The resources of an instance, or the expressions of it that failed.
type Attempt = Result<Vec<Produced>, Vec<EvaluationError>>;

fn produce(evaluator: &Evaluator<'_>, made: &[Made]) -> Vec<Attempt> {
    // The dashboards come last and take longest: no thread may be left with all of them.
    let one = |made: &Made| evaluator.resources(&made.construct, made.base, &made.scope);
    made.par_iter().with_max_len(1).map(one).collect()
}

fn produced(made: &[Made], results: Vec<Attempt>, diags: &mut Diagnostics) -> Vec<Vec<Produced>> {
    let mut produced = Vec::with_capacity(results.len());
    for (made, result) in made.iter().zip(results) {
        match result {
            Ok(resources) => produced.push(resources),
            Err(errors) => {
                diags.extend(errors.iter().map(|error| explain(error, &made.origin)));
                produced.push(Vec::new());
            }
        }
    }
    produced
}

/// The artifacts of every construct that made a resource.
fn artifacts(made: &[Made], produced: &[Vec<Produced>], library: &Library) -> BTreeMap<String, Arc<Vec<u8>>> {
    let makers = made.iter().zip(produced).filter(|(_, resources)| !resources.is_empty());
    let ids: BTreeSet<&str> = makers.map(|(made, _)| made.construct.as_str()).collect();
    let artifacts = ids.into_iter().filter_map(|id| library.get(id)).flat_map(|made| made.artifacts.values());
    artifacts.map(|artifact| (artifact.key.clone(), artifact.bytes.clone())).collect()
}

/// Stacks by name; many resources hold the name of one.
pub type Stacks = BTreeMap<Arc<StackName>, Stack>;

/// Resources in their stacks, not yet linked.
struct Placed {
    stacks: Stacks,
    index: Index,
    collections: Collections,
}

/// Which resources are part of a collection, and which follow it: by stack and index in it.
#[derive(Default)]
pub struct Collections {
    /// Parts by collection.
    pub members: BTreeMap<String, Vec<(StackName, usize)>>,
    /// Followers and their collections.
    pub followers: Vec<(StackName, usize, String)>,
}

fn place(made: &[Made], produced: Vec<Vec<Produced>>, sources: &Sources, diags: &mut Diagnostics) -> Placed {
    let count = produced.iter().map(Vec::len).sum();
    let mut placed = Placed {
        stacks: BTreeMap::new(),
        index: Index::with_capacity(count),
        collections: Collections::default(),
    };
    let files: Vec<Arc<str>> = sources.iter().map(|source| Arc::from(source.path.as_str())).collect();
    for (made, resources) in made.iter().zip(produced) {
        let file = files.get(made.origin.span.source.0 as usize).cloned().unwrap_or_else(|| "".into());
        let mut here: Option<(Layer, Arc<StackName>)> = None;
        for resource in resources {
            let kind = made.stack.unwrap_or(resource.stack);
            let name = match &here {
                Some((known, name)) if *known == kind => name.clone(),
                _ => here.insert((kind, Arc::new(made.home.stack(kind)))).1.clone(),
            };
            let logical_id = format!("{}{}", made.prefix.of(kind), resource.name);
            placed.add(made, resource, name, logical_id, file.clone());
        }
    }
    for stack in placed.stacks.values() {
        let mut taken = HashSet::with_capacity(stack.resources.len());
        let twice = stack.resources.iter().find(|resource| !taken.insert(resource.logical_id.as_str()));
        diags.extend(twice.map(same_id));
    }
    placed
}

impl Placed {
    fn add(
        &mut self,
        made: &Made,
        resource: Produced,
        name: Arc<StackName>,
        logical_id: String,
        file: Arc<str>,
    ) {
        let empty = || Stack::empty(StackName::clone(&name));
        let stack = self.stacks.entry(name.clone()).or_insert_with(empty);
        let place = stack.resources.len();
        if let Some(collection) = resource.joins {
            self.collections.members.entry(collection).or_default().push((StackName::clone(&name), place));
        }
        let followers = resource.follows.map(|collection| (StackName::clone(&name), place, collection));
        self.collections.followers.extend(followers);
        self.index.insert(resource.id, (name, logical_id.clone()));
        stack.resources.push(Resource {
            logical_id,
            kind: resource.kind,
            body: resource.body,
            after: Vec::new(),
            construct: made.construct.clone(),
            owner: made.home.owner().to_owned(),
            subscriber: made.subscriber.as_deref().map(Arc::from),
            patched: None,
            origin: made.origin.clone(),
            file,
        });
    }
}

/// Adds what instances show of themselves to the stacks of their constructs.
fn show(evaluator: &Evaluator<'_>, made: &[Made], placed: &mut Placed, diags: &mut Diagnostics) {
    for made in made {
        match evaluator.outputs(&made.construct, &made.scope) {
            Ok(shown) => {
                for output in shown {
                    let kind = made.stack.unwrap_or(output.stack);
                    let prefix = made.prefix.of(kind);
                    if let Some(stack) = placed.stacks.get_mut(&made.home.stack(kind)) {
                        stack.shown.push((format!("{prefix}{}", output.name), output.value, output.summary));
                    }
                }
            }
            Err(error) => diags.push(explain(&error, &made.origin)),
        }
    }
}

fn same_id(resource: &Resource) -> Diagnostic {
    let message = format!("two resources of one stack would both be called `{}`", resource.logical_id);
    Diagnostic::new(Code::SameLogicalId, resource.origin.span, message)
        .help("rename one of the two: logical ids hold letters and digits only")
}

impl Stack {
    fn empty(name: StackName) -> Self {
        Stack {
            name,
            resources: Vec::new(),
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            shown: Vec::new(),
            after: BTreeSet::new(),
            links: Links::default(),
        }
    }
}

fn roots(stacks: Stacks) -> Vec<Root> {
    let mut roots: BTreeMap<Option<String>, Root> = BTreeMap::new();
    for (name, stack) in stacks {
        let domain = name.domain.clone();
        let root = roots.entry(domain.clone()).or_insert_with(|| Root {
            domain,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            shown: BTreeMap::new(),
            stacks: Vec::new(),
        });
        root.stacks.push(stack);
    }
    roots.into_values().collect()
}
