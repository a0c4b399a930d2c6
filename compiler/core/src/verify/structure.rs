//! What must hold of templates as such: names that are there, no cycles, sizes, stacks that fit together.

use foldhash::{HashMap, HashMapExt as _};
use rayon::prelude::*;

use super::measure::least_length;
use super::order::{Order, Use};
use super::rules::{Finding, at_path, label};
use super::template::{NESTED, Template};
use super::text::{Chars, is_free, readable, split};
use super::value::Value;
use super::world::{At, World};
use crate::diagnostic::{Code, nearest};
use crate::library::Data;
use crate::stacks::{MAX_RESOURCES, MAX_VALUES};

/// Checks every template.
pub fn check(world: &World<'_>, order: &Order) -> Vec<Finding> {
    let per: Vec<Vec<Finding>> = world
        .templates
        .par_iter()
        .enumerate()
        .map(|(index, template)| {
            let mut found = references(world, order, index, template);
            found.extend(cycles(world, order, index, template));
            found.extend(size(world, index, template));
            found.extend(nested(world, index, template));
            found
        })
        .collect();
    let mut found: Vec<Finding> = per.into_iter().flatten().collect();
    found.extend(own_names(world));
    found
}

/// Properties of a resource that stand for one of another type.
pub fn pointers(world: &World<'_>, at: At, found: &mut Vec<Finding>) {
    for (path, wanted) in world.kind(at).into_iter().flat_map(|kind| &kind.points) {
        let values = at_path(world, Value::Resource(at), path);
        found.extend(values.iter().filter_map(|value| pointer(world, at, path, wanted, value)));
    }
}

/// The service of an ARN: `sqs`.
fn service(arn: &str) -> Option<&str> {
    split(arn, ":").into_iter().nth(2)
}

/// Whether a text that stands for nothing in the templates can stand for a resource of such a type that is there
/// already: by an ARN of the same service, or, in templates of others, by its name.
fn could_be(world: &World<'_>, wanted: &[String], text: &str) -> bool {
    if !text.starts_with("arn:") {
        return !world.is_project();
    }
    let arns = wanted.iter().filter_map(|kind| world.facts.kinds.get(kind)?.arn.as_deref());
    let services: Vec<Option<&str>> = arns.map(service).collect();
    services.contains(&service(text))
}

fn pointer(world: &World<'_>, at: At, path: &str, wanted: &[String], value: &Value<'_>) -> Option<Finding> {
    let Value::Text(text) = value else { return None };
    // A key of AWS is in no template.
    if text.text.contains("alias/aws/") {
        return None;
    }
    let fits = wanted.iter().any(|kind| world.find(kind, text).is_some());
    if fits {
        return None;
    }
    let what = match world.denoted(text) {
        Some(other) => format!("`{}`, an `{}`", label(world, other), world.type_of(other)),
        None if is_free(&text.text) || could_be(world, wanted, &text.text) => return None,
        None => format!("`{}`", readable(&text.text)),
    };
    let message = format!("`{path}` of `{}` stands for {what}", label(world, at));
    let help = format!("it stands for an `{}`", wanted.join("` or an `"));
    Some(Finding { property: Some(path.to_owned()), ..finding(Code::OtherKind, at, message, help) })
}

fn finding(code: Code, at: At, message: String, help: impl Into<String>) -> Finding {
    Finding { code, at, property: None, message, help: help.into(), others: Vec::new() }
}

/// Names that nothing in the template has.
fn references(world: &World<'_>, order: &Order, index: usize, template: &Template<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for place in 0..template.resources.len() {
        let Some(at) = world.nth(index, place) else { continue };
        for (name, how) in order.unknown(world, at) {
            let own = label(world, at);
            let message = match how {
                Use::Value => format!("`{own}` refers to `{name}`, which the template does not have"),
                Use::Wait => format!("`{own}` waits for `{name}`, which the template does not have"),
            };
            let known = template.resources.iter().map(|entry| &*entry.id);
            let known = known.chain(template.parameters.iter().map(|(name, _)| *name));
            let help = nearest(name, known).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
            let finding = finding(Code::NoSuchResource, at, message, help);
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    found
}

fn cycles(world: &World<'_>, order: &Order, index: usize, template: &Template<'_>) -> Vec<Finding> {
    let explained = |cycle: Vec<At>| {
        let first = cycle.first().copied()?;
        let name = |at: &At| format!("`{}`", label(world, *at));
        let (message, help) = match cycle.as_slice() {
            [only] => (
                format!("{} waits for itself", name(only)),
                "write the name, or leave it to AWS: what is only known afterwards cannot be part of it",
            ),
            all => (
                format!(
                    "{} wait for each other",
                    all.iter().chain([&first]).map(name).collect::<Vec<_>>().join(" → ")
                ),
                "give one of them a name, and refer to it by an ARN that is made of the name",
            ),
        };
        Some(Finding { others: cycle, ..finding(Code::ResourceCycle, first, message, help) })
    };
    order.cycles(world, index, template.resources.len()).into_iter().filter_map(explained).collect()
}

fn size(world: &World<'_>, index: usize, template: &Template<'_>) -> Vec<Finding> {
    let counts = [
        ("resources", template.resources.len(), MAX_RESOURCES),
        ("parameters", template.parameters.len(), MAX_VALUES),
        ("outputs", template.outputs.len(), MAX_VALUES),
    ];
    let Some(at) = world.nth(index, 0) else { return Vec::new() };
    let over = counts.into_iter().filter(|(_, count, most)| count > most);
    over.map(|(what, count, most)| {
        let message = format!("`{}` has {count} {what}, and CloudFormation takes {most}", template.name);
        finding(Code::TooMuchForStack, at, message, "move some of them into nested stacks")
    })
    .collect()
}

/// What a nested stack is handed and what it wants; what is read of it and what it offers.
fn nested(world: &World<'_>, index: usize, template: &Template<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (place, entry) in template.resources.iter().enumerate().filter(|(_, entry)| entry.kind == NESTED) {
        let (Some(at), Some(child)) = (world.nth(index, place), entry.child) else { continue };
        let Some(child) = world.templates.get(child) else { continue };
        let given: Vec<&str> = match entry.body.data.get("Properties").and_then(|all| all.get("Parameters")) {
            Some(Data::Map(pairs)) => pairs.iter().map(|(name, _)| &**name).collect(),
            _ => Vec::new(),
        };
        for name in &given {
            if !child.parameters.iter().any(|(known, _)| known == name) {
                let message = format!("`{}` has no parameter `{name}`", child.name);
                let near = nearest(name, child.parameters.iter().map(|(known, _)| *known));
                let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                found.push(finding(Code::NestedNames, at, message, help));
            }
        }
        for (name, default) in &child.parameters {
            // The artifact bucket and the project's own parameters of a root come with the deployment.
            if default.is_none() && !given.contains(name) && !is_root(world, index) {
                let message = format!("`{}` wants the parameter `{name}`, which it is not given", child.name);
                let help = format!("add `{name}` to the `Parameters` of `{}`", label(world, at));
                found.push(finding(Code::NestedNames, at, message, help));
            }
        }
    }
    if template.resources.iter().any(|entry| entry.child.is_some()) {
        let places = 0..template.resources.len();
        found.extend(places.flat_map(|place| outputs(world, index, place, template)));
    }
    found
}

/// The template that holds the roots of a project is nowhere written.
fn is_root(world: &World<'_>, index: usize) -> bool {
    index == 0 && world.is_project()
}

/// Outputs that a resource reads of nested stacks which do not have them.
fn outputs(world: &World<'_>, index: usize, place: usize, template: &Template<'_>) -> Vec<Finding> {
    let (Some(at), Some(entry)) = (world.nth(index, place), template.resources.get(place)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    super::order::attributes(entry.body, 0, &mut |id, attribute| {
        let Some(output) = attribute.strip_prefix("Outputs.") else { return };
        let child = template.resources.iter().find(|entry| entry.id == id).and_then(|entry| entry.child);
        let Some(child) = child.and_then(|child| world.templates.get(child)) else { return };
        if !child.outputs.iter().any(|(known, _)| *known == output) {
            let message = format!("`{}` has no output `{output}`", child.name);
            let near = nearest(output, child.outputs.iter().map(|(known, _)| *known));
            let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
            found.push(finding(Code::NestedNames, at, message, help));
        }
    });
    found
}

/// Names that resources are given: their lengths, and that no two of a type have one.
fn own_names(world: &World<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let all: Vec<At> = world.all().collect();
    let mut taken: HashMap<(&str, Chars<'_>), At> = HashMap::with_capacity(all.len());
    let named = |at: &At| {
        let kind = world.kind(*at)?;
        Some((*at, world.own_name(*at)?, kind.longest_name?))
    };
    for (at, name, longest) in all.par_iter().filter_map(named).collect::<Vec<_>>() {
        let length = least_length(&name);
        if length > longest {
            let message = format!(
                "the name of `{}`, `{}`, has {length} characters, and AWS takes {longest}",
                label(world, at),
                readable(&name)
            );
            found.push(finding(Code::BadName, at, message, "shorten it"));
        }
        if is_free(&name) {
            continue;
        }
        if let Some(first) = taken.insert((world.type_of(at), name.clone()), at) {
            let message = format!(
                "`{}` and `{}` are both called `{}`",
                label(world, first),
                label(world, at),
                readable(&name)
            );
            let finding = finding(Code::SameName, at, message, "name one of them otherwise");
            found.push(Finding { others: vec![first], ..finding });
        }
    }
    found
}
