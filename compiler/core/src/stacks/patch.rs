//! `override`: values that a project lays over what constructs made, held against AWS's resource schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Resource;
use super::lower::Stacks;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::library::{Data, Extent, Library, Problem, PropertyProblem, ResourceTypes};
use crate::model::{Change, Model, Override, Patch};
use crate::source::Span;

/// What CloudFormation itself knows of a resource, beside its properties.
const ATTRIBUTES: &[&str] = &["DeletionPolicy", "UpdateReplacePolicy"];

/// Applies every override, and checks what overrides and constructs of the project's own made.
pub fn apply(stacks: &mut Stacks, model: &Model, library: &Library, diags: &mut Diagnostics) {
    let own: BTreeSet<&str> = library
        .constructs()
        .filter(|construct| construct.file.starts_with("lib/"))
        .map(|construct| construct.id.as_str())
        .collect();
    if own.is_empty() && model.overrides.is_empty() {
        return;
    }
    // A table that cannot be read fails the tests of the library.
    let Ok(types) = ResourceTypes::parse(&library.resource_types) else { return };
    for resource in stacks.values().flat_map(|stack| &stack.resources) {
        if own.contains(resource.construct.as_str()) {
            for problem in problems(&types, resource) {
                let label = format!("the construct `{}` makes it", resource.construct);
                diags.push(explain(resource, &problem, resource.origin.span, Some(label)));
            }
        }
    }
    for over in &model.overrides {
        match find(stacks, over) {
            Some(resource) => {
                change(resource, over);
                resource.patched = Some(over.origin.span);
                diags.extend(over.patch.iter().filter_map(bad_policy));
                for problem in problems(&types, resource) {
                    let span = place(&over.patch, &problem.path).unwrap_or(over.origin.span);
                    diags.push(explain(resource, &problem, span, None));
                }
            }
            None => diags.push(missing(stacks, model, over)),
        }
    }
}

fn problems(types: &ResourceTypes, resource: &Resource) -> Vec<PropertyProblem> {
    match resource.body.get("Properties") {
        Some(properties) => types.check(&resource.kind, properties, Extent::Whole),
        None => types.check(&resource.kind, &Data::Map(Vec::new()), Extent::Whole),
    }
}

fn find<'s>(stacks: &'s mut Stacks, over: &Override) -> Option<&'s mut Resource> {
    let mut resources = stacks.values_mut().flat_map(|stack| &mut stack.resources);
    resources
        .find(|resource| resource.owner == over.owner.value && resource.logical_id == over.logical_id.value)
}

fn change(resource: &mut Resource, over: &Override) {
    let Data::Map(body) = &mut resource.body else { return };
    for patch in &over.patch {
        if ATTRIBUTES.contains(&patch.name.value.as_str()) {
            lay(body, patch);
        } else if let Some(properties) = inside(body, "Properties") {
            lay(properties, patch);
        }
    }
}

/// The object at a key, which becomes one if it is none; shared constants are copied first.
fn inside<'d>(map: &'d mut Vec<(Arc<str>, Data)>, key: &str) -> Option<&'d mut Vec<(Arc<str>, Data)>> {
    let at = map.iter().position(|(name, _)| &**name == key).unwrap_or_else(|| {
        map.push((Arc::from(key), Data::Map(Vec::new())));
        map.len() - 1
    });
    let (_, value) = map.get_mut(at)?;
    while let Data::Shared(inner) = value {
        *value = (**inner).clone();
    }
    if !matches!(value, Data::Map(_)) {
        *value = Data::Map(Vec::new());
    }
    match value {
        Data::Map(entries) => Some(entries),
        _ => None,
    }
}

fn lay(map: &mut Vec<(Arc<str>, Data)>, patch: &Patch) {
    let name = patch.name.value.as_str();
    match &patch.change {
        Change::Remove => map.retain(|(key, _)| &**key != name),
        Change::Set(value) => {
            let value = Data::from_json(value);
            match map.iter_mut().find(|(key, _)| &**key == name) {
                Some((_, old)) => *old = value,
                None => map.push((Arc::from(name), value)),
            }
        }
        Change::Inside(patches) => {
            if let Some(map) = inside(map, name) {
                patches.iter().for_each(|patch| lay(map, patch));
            }
        }
    }
}

/// `DeletionPolicy` and `UpdateReplacePolicy` take a few words:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html>.
fn bad_policy(patch: &Patch) -> Option<Diagnostic> {
    let name = patch.name.value.as_str();
    let mut words = vec!["Delete", "Retain", "Snapshot"];
    match name {
        "DeletionPolicy" => words.push("RetainExceptOnCreate"),
        "UpdateReplacePolicy" => {}
        _ => return None,
    }
    let said = match &patch.change {
        Change::Set(value) => value.as_str().unwrap_or_default(),
        Change::Remove => return None,
        Change::Inside(_) => "",
    };
    if words.contains(&said) {
        return None;
    }
    let message = format!("`{name}` is never `{said}`");
    let help = match nearest(said, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it can be `{}`", words.join("`, `")),
    };
    Some(Diagnostic::new(Code::BadProperty, patch.name.span, message).help(help))
}

/// Where an override names the property at a path, or what it is in.
fn place(patches: &[Patch], path: &[String]) -> Option<Span> {
    let (first, rest) = path.split_first()?;
    let patch = patches.iter().find(|patch| patch.name.value == *first)?;
    match &patch.change {
        Change::Inside(inner) => Some(place(inner, rest).unwrap_or(patch.name.span)),
        _ => Some(patch.name.span),
    }
}

fn explain(resource: &Resource, problem: &PropertyProblem, span: Span, made: Option<String>) -> Diagnostic {
    let path = problem.path.join(".");
    let message = match problem.problem {
        Problem::Unknown => format!("`{}` has no property `{path}`", resource.kind),
        _ => format!("`{path}` of `{}` {}", resource.kind, problem.problem),
    };
    let near = problem.nearest.as_ref().map(|near| format!("did you mean `{near}`?"));
    let help = match (near, made) {
        (Some(near), Some(made)) => Some(format!("{near} {made}")),
        (near, made) => near.or(made),
    };
    Diagnostic::new(Code::BadProperty, span, message).maybe_help(help)
}

fn missing(stacks: &Stacks, model: &Model, over: &Override) -> Diagnostic {
    let owner = over.owner.value.as_str();
    let resources = || stacks.values().flat_map(|stack| &stack.resources);
    let ids = || {
        resources()
            .filter(|resource| resource.owner == owner)
            .map(|resource| resource.logical_id.as_str())
            .collect::<Vec<_>>()
    };
    let owners = || {
        let apis = model.apis.keys().map(String::as_str);
        model.events.keys().map(String::as_str).chain(apis).chain(["app"])
    };
    if !owners().any(|known| known == owner) {
        let message = format!("`{owner}` is no event and no api, and not `app`");
        let id = over.logical_id.value.as_str();
        let of_app =
            || resources().any(|resource| resource.owner == "app" && resource.logical_id.ends_with(id));
        let help = match nearest(owner, owners()) {
            None if of_app() => format!("what no event and no api owns is the app's: `override app.{id}`"),
            Some(near) => format!("did you mean `{near}`?"),
            None => "it is written `override EVENT.LogicalId { … }`".to_owned(),
        };
        return Diagnostic::new(Code::NothingToOverride, over.owner.span, message).help(help);
    }
    let wanted = over.logical_id.value.as_str();
    let message = format!("`{owner}` has no resource `{wanted}`");
    let ending = ids().into_iter().find(|id| id.ends_with(wanted));
    let help = match ending.or_else(|| nearest(wanted, ids())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has `{}`", ids().join("`, `")),
    };
    Diagnostic::new(Code::NothingToOverride, over.logical_id.span, message).help(help)
}
