//! References between stacks.
//!
//! A reference is `!Ref` or `!GetAtt` inside one stack. Towards a stack of an earlier layer it is that stack's
//! output and a parameter here, passed down by the root; towards the app's own root from a domain it passes both
//! roots. Anything else would close a cycle, or make one event's template depend on another's: there the port's
//! computed value stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;
use rayon::prelude::*;

use super::linked::linked_json;
use super::lower::Collections;
use super::place::StackName;
use super::{Link, Resource, Root, RootParameter, Stack, StackTree, Wire};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::library::{Data, Piece, ResourceId, Symbol};
use crate::model::Model;
use crate::names::{digest, pascal};

/// The root parameter that holds the name of the bucket with templates and handler packages.
pub const ARTIFACT_BUCKET: &str = "ArtifactBucket";

/// Every resource's stack and logical id.
pub type Index = HashMap<ResourceId, (Arc<StackName>, String)>;

/// Resolves every reference of every stack, then everything that follows a collection.
pub fn link(
    tree: &mut StackTree,
    index: &Index,
    collections: &Collections,
    fallbacks: &BTreeMap<Symbol, Data>,
    model: &Model,
    diags: &mut Diagnostics,
) {
    let linker = Linker { index, fallbacks };
    let mut stacks: Vec<&mut Stack> = tree.roots.iter_mut().flat_map(|root| &mut root.stacks).collect();
    let wanted: Vec<Wanted> = stacks.par_iter_mut().map(|stack| linker.stack(stack)).collect();
    let mut outputs: BTreeMap<StackName, Vec<(String, Symbol)>> = BTreeMap::new();
    for wanted in wanted {
        diags.extend(wanted.diags);
        for (stack, output, symbol) in wanted.outputs {
            outputs.entry(stack).or_default().push((output, symbol));
        }
    }
    offer_outputs(tree, outputs, index);
    root_wires(tree, model);
    for root in &mut tree.roots {
        for stack in &root.stacks {
            let id = stack.name.logical_id();
            root.shown.extend(stack.shown.iter().map(|(name, _, summary)| {
                (format!("{id}{name}"), (id.clone(), name.clone(), summary.clone()))
            }));
        }
    }
    follow(tree, collections);
}

struct Linker<'a> {
    index: &'a Index,
    fallbacks: &'a BTreeMap<Symbol, Data>,
}

/// What a stack wants of others.
#[derive(Default)]
struct Wanted {
    outputs: Vec<(StackName, String, Symbol)>,
    diags: Vec<Diagnostic>,
}

impl Linker<'_> {
    fn stack(&self, stack: &mut Stack) -> Wanted {
        let mut wanted = Wanted::default();
        let Stack { name, resources, links, parameters, shown, .. } = stack;
        for resource in resources.iter() {
            let mut symbols = Vec::new();
            gather(&resource.body, &mut symbols);
            for symbol in symbols {
                if links.contains_key(symbol) {
                    continue;
                }
                match self.resolve(symbol, name, resources, parameters, &mut wanted) {
                    Some(found) => drop(links.insert(symbol.clone(), found)),
                    None => wanted.diags.push(unlinkable(resource, self.index, symbol, name)),
                }
            }
        }
        let mut symbols = Vec::new();
        shown.iter().for_each(|(_, value, _)| gather(value, &mut symbols));
        for symbol in symbols {
            if let Some(found) = self.resolve(symbol, name, resources, parameters, &mut wanted) {
                links.entry(symbol.clone()).or_insert(found);
            }
        }
        wanted
    }

    fn resolve(
        &self,
        symbol: &Symbol,
        here: &StackName,
        resources: &[Resource],
        parameters: &mut BTreeMap<String, Wire>,
        wanted: &mut Wanted,
    ) -> Option<Link> {
        let (id, attribute) = match symbol {
            Symbol::Pseudo(name) => return Some(Link::Ref(name.to_string())),
            Symbol::Parameter(name) => {
                // A template's parameters and resources share one space of names, and people choose parameters' names.
                let taken = resources.iter().any(|resource| resource.logical_id == **name);
                let here = if taken { format!("{name}Parameter") } else { name.to_string() };
                parameters.insert(here.clone(), Wire::Root(name.to_string()));
                return Some(Link::Ref(here));
            }
            Symbol::Resource { id, attribute } => (id, attribute.as_deref()),
        };
        let (there, logical_id) = self.index.get(id)?;
        if **there == *here {
            return Some(match attribute {
                None => Link::Ref(logical_id.clone()),
                Some(attribute) => Link::Attribute(logical_id.clone(), attribute.to_owned()),
            });
        }
        if !here.may_take_from(there) {
            return self.fallbacks.get(symbol).cloned().map(Link::Computed);
        }
        let output = format!("{logical_id}{}", pascal(attribute.unwrap_or_default()));
        let parameter = format!("{}{output}", there.logical_id());
        let wire = if there.domain == here.domain {
            Wire::Sibling { stack: StackName::clone(there), output: output.clone() }
        } else {
            Wire::Root(parameter.clone())
        };
        parameters.insert(parameter.clone(), wire);
        wanted.outputs.push((StackName::clone(there), output, symbol.clone()));
        Some(Link::Ref(parameter))
    }
}

/// The references in a value, in order.
fn gather<'d>(data: &'d Data, found: &mut Vec<&'d Symbol>) {
    match data {
        Data::Ref(symbol) => found.push(symbol),
        Data::List(items) => items.iter().for_each(|item| gather(item, found)),
        Data::Map(entries) => entries.iter().for_each(|(_, value)| gather(value, found)),
        Data::Join(pieces) => found.extend(pieces.iter().filter_map(|piece| match piece {
            Piece::Ref(symbol) => Some(symbol),
            Piece::Text(_) => None,
        })),
        // Shared subtrees are constants.
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Text(_) | Data::Shared(_) => {}
    }
}

fn unlinkable(resource: &Resource, index: &Index, symbol: &Symbol, here: &StackName) -> Diagnostic {
    let what = match symbol {
        Symbol::Resource { id, .. } => match index.get(id) {
            Some((stack, logical_id)) => {
                format!("`{logical_id}` of the stack `{stack}`, which `{here}` cannot take values from")
            }
            None => "a resource that its `when` left out".to_owned(),
        },
        Symbol::Pseudo(name) | Symbol::Parameter(name) => format!("`{name}`"),
    };
    let message = format!("the construct `{}` refers to {what}", resource.construct);
    let help = "give the port a `computed` value in the construct that offers it, or repeat the `when` where it is used";
    Diagnostic::new(Code::Unlinkable, resource.origin.span, message).help(help)
}

/// Adds the outputs that others asked for, with the links to show them.
fn offer_outputs(
    tree: &mut StackTree,
    mut wanted: BTreeMap<StackName, Vec<(String, Symbol)>>,
    index: &Index,
) {
    for stack in tree.roots.iter_mut().flat_map(|root| &mut root.stacks) {
        for (output, symbol) in wanted.remove(&stack.name).unwrap_or_default() {
            if let Symbol::Resource { id, attribute } = &symbol
                && let Some((_, logical_id)) = index.get(id)
            {
                let link = match attribute {
                    None => Link::Ref(logical_id.clone()),
                    Some(attribute) => Link::Attribute(logical_id.clone(), attribute.to_string()),
                };
                stack.links.entry(symbol.clone()).or_insert(link);
            }
            stack.outputs.insert(output, symbol);
        }
    }
}

/// Gives each root the parameters that its stacks pass down, and the app's root the outputs that domains take.
fn root_wires(tree: &mut StackTree, model: &Model) {
    let mut taken: Vec<(String, (String, String))> = Vec::new();
    let main: BTreeMap<String, (String, String)> = tree
        .roots
        .iter()
        .filter(|root| root.domain.is_none())
        .flat_map(|root| &root.stacks)
        .flat_map(|stack| {
            let id = stack.name.logical_id();
            stack.outputs.keys().map(move |output| (format!("{id}{output}"), (id.clone(), output.clone())))
        })
        .collect();
    for root in &mut tree.roots {
        let Root { stacks, parameters, .. } = root;
        for wire in stacks.iter().flat_map(|stack| stack.parameters.values()) {
            let Wire::Root(name) = wire else { continue };
            let declared = model.parameters.iter().find(|(declared, _)| pascal(declared) == *name);
            let parameter = match (declared, main.get(name)) {
                (Some((name, p)), _) => RootParameter::Declared {
                    name: name.clone(),
                    kind: p.kind,
                    default: p.default.clone(),
                    doc: p.doc.clone(),
                },
                (None, Some(source)) => {
                    taken.push((name.clone(), source.clone()));
                    RootParameter::Output { name: name.clone() }
                }
                (None, None) => RootParameter::Artifact,
            };
            parameters.insert(name.clone(), parameter);
        }
        parameters.insert(ARTIFACT_BUCKET.to_owned(), RootParameter::Artifact);
    }
    if let Some(root) = tree.roots.iter_mut().find(|root| root.domain.is_none()) {
        root.outputs.extend(taken);
    }
}

/// Makes followers wait for their collections, and puts the digest of all parts into their logical ids.
///
/// An API Gateway deployment is a snapshot: it must come after every method, and be a new resource whenever any
/// part of the API changes:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html>.
fn follow(tree: &mut StackTree, collections: &Collections) {
    for (stack_name, place, collection) in &collections.followers {
        let members = collections.members.get(collection).map_or(&[] as &[_], Vec::as_slice);
        let found: Vec<(&StackName, &Resource, String)> =
            members.par_iter().filter_map(|(stack, place)| part(tree, stack, *place)).collect();
        let (mut siblings, mut stacks) = (Vec::new(), Vec::new());
        for (member_stack, resource, _) in &found {
            if *member_stack == stack_name {
                siblings.push(resource.logical_id.clone());
            } else if member_stack.domain == stack_name.domain {
                stacks.push((*member_stack).clone());
            }
        }
        let mut parts: Vec<String> = found.into_iter().map(|(.., part)| part).collect();
        parts.sort_unstable();
        let suffix = digest(parts.join("\n").as_bytes());
        let Some(stack) = find_mut(tree, stack_name) else { continue };
        stack.after.extend(stacks);
        let Some(resource) = stack.resources.get_mut(*place) else { continue };
        let old = std::mem::take(&mut resource.logical_id);
        resource.logical_id = format!("{old}{suffix}");
        resource.after = siblings;
        let new = resource.logical_id.clone();
        #[expect(clippy::iter_over_hash_type, reason = "each link is changed by itself")]
        for link in stack.links.values_mut() {
            match link {
                Link::Ref(name) | Link::Attribute(name, _) if *name == old => name.clone_from(&new),
                _ => {}
            }
        }
    }
}

/// A part of a collection, and all of it as text.
fn part<'t>(
    tree: &'t StackTree,
    name: &'t StackName,
    place: usize,
) -> Option<(&'t StackName, &'t Resource, String)> {
    let stack = find(tree, name)?;
    let resource = stack.resources.get(place)?;
    Some((name, resource, format!("{name} {} {}", resource.logical_id, linked_json(resource, stack))))
}

fn find<'t>(tree: &'t StackTree, name: &StackName) -> Option<&'t Stack> {
    let root = tree.roots.iter().find(|root| root.domain == name.domain)?;
    let place = root.stacks.binary_search_by(|stack| stack.name.cmp(name)).ok()?;
    root.stacks.get(place)
}

fn find_mut<'t>(tree: &'t mut StackTree, name: &StackName) -> Option<&'t mut Stack> {
    let root = tree.roots.iter_mut().find(|root| root.domain == name.domain)?;
    let place = root.stacks.binary_search_by(|stack| stack.name.cmp(name)).ok()?;
    root.stacks.get_mut(place)
}
