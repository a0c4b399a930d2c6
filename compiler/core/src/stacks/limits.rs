//! What CloudFormation and API Gateway refuse for size. Template sizes are checked when templates are written.
//!
//! Quotas: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html> and
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::{Root, Stack, StackTree};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Ingress, Model, PathPart};
use crate::source::Span;

/// Resources in one template; fixed.
pub const MAX_RESOURCES: usize = 500;
/// Parameters or outputs of one template; fixed.
pub const MAX_VALUES: usize = 200;
/// Resources in one operation on a root and its nested stacks; fixed.
const MAX_OPERATION: usize = 2_500;
/// Resources of one API; raised on request.
const API_RESOURCES: usize = 300;

/// What to do about a stack that is too large.
const SPLIT: &str = "move some events into a folder below `events/`, such as `events/payments/`: each folder is a domain with a root stack of its own";

/// Checks every stack and every root.
pub fn check(tree: &StackTree, model: &Model, diags: &mut Diagnostics) {
    for root in &tree.roots {
        nested_ids(root, tree, diags);
        root_size(root, tree, diags);
        for stack in &root.stacks {
            stack_size(stack, tree, diags);
        }
    }
    api_quotas(model, diags);
}

fn stack_size(stack: &Stack, tree: &StackTree, diags: &mut Diagnostics) {
    let span = stack.resources.first().map_or(tree.app.origin.span, |resource| resource.origin.span);
    let count = stack.resources.len();
    if count > MAX_RESOURCES {
        let message = format!(
            "the stack `{}` has {count} resources, and CloudFormation takes {MAX_RESOURCES}",
            stack.name
        );
        diags.push(Diagnostic::new(Code::TooManyResources, span, message).help(SPLIT));
    }
    for (what, count) in
        [("parameters", stack.parameters.len()), ("outputs", stack.outputs.len() + stack.shown.len())]
    {
        if count > MAX_VALUES {
            let message = format!(
                "the stack `{}` has {count} {what}, and CloudFormation takes {MAX_VALUES}",
                stack.name
            );
            diags.push(Diagnostic::new(Code::TooManyParameters, span, message).help(SPLIT));
        }
    }
}

/// Names that differ only in `_` or case would give one logical id to two nested stacks.
fn nested_ids(root: &Root, tree: &StackTree, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for stack in &root.stacks {
        let span = stack.resources.first().map_or(tree.app.origin.span, |resource| resource.origin.span);
        if let Some(other) = seen.insert(stack.name.logical_id(), span) {
            let message = format!("two stacks would both be called `{}`", stack.name.logical_id());
            diags.push(
                Diagnostic::new(Code::SameLogicalId, span, message)
                    .label(other, "the other one")
                    .help("rename one of the two: logical ids hold letters and digits only"),
            );
        }
    }
}

fn root_size(root: &Root, tree: &StackTree, diags: &mut Diagnostics) {
    let span: Span = tree.app.origin.span;
    let name = root.domain.as_ref().map_or("the app".to_owned(), |domain| format!("the domain `{domain}`"));
    let nested = root.stacks.len();
    if nested > MAX_RESOURCES {
        let message = format!(
            "{name} has {nested} nested stacks, and CloudFormation takes {MAX_RESOURCES} in one root"
        );
        diags.push(Diagnostic::new(Code::TooManyResources, span, message).help(SPLIT));
    }
    let all = nested + root.stacks.iter().map(|stack| stack.resources.len()).sum::<usize>();
    if all > MAX_OPERATION {
        let message =
            format!("{name} has {all} resources, and CloudFormation takes {MAX_OPERATION} in one deployment");
        diags.push(Diagnostic::new(Code::OperationTooLarge, span, message).help(SPLIT));
    }
    for (what, count) in
        [("parameters", root.parameters.len()), ("outputs", root.outputs.len() + root.shown.len())]
    {
        if count > MAX_VALUES {
            let message =
                format!("the root of {name} has {count} {what}, and CloudFormation takes {MAX_VALUES}");
            diags.push(Diagnostic::new(Code::TooManyParameters, span, message).help(SPLIT));
        }
    }
}

fn api_quotas(model: &Model, diags: &mut Diagnostics) {
    let mut nodes: BTreeMap<&str, BTreeSet<Vec<String>>> = BTreeMap::new();
    for event in model.events.values() {
        if let Ingress::Api { api, path, .. } = &event.ingress {
            let parts: Vec<String> = path.iter().map(PathPart::text).collect();
            let tree = nodes.entry(api.value.as_str()).or_default();
            tree.extend((1..=parts.len()).map(|depth| parts.get(..depth).unwrap_or(&[]).to_vec()));
        }
    }
    for (name, tree) in nodes {
        let Some(api) = model.apis.get(name).filter(|_| tree.len() >= API_RESOURCES) else { continue };
        let message = format!(
            "the api `{name}` has {} paths and parts of paths, above the default quota of {API_RESOURCES}",
            tree.len()
        );
        let help = "ask AWS to raise the quota \"Resources per API\", or declare a second api";
        diags.push(Diagnostic::new(Code::ApiQuota, api.origin.span, message).help(help));
    }
}
