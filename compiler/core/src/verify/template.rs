//! Plain CloudFormation in memory, whoever made it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::library::Data;
use crate::stacks::{Linked, Links, RootParameter, StackName, StackTree, Wire};

/// The type of a nested stack: the one thing that templates are joined by.
pub const NESTED: &str = "AWS::CloudFormation::Stack";

/// A template, as one stack is made of it.
#[derive(Debug, Default)]
pub struct Template<'a> {
    /// What people know it by: its file, or its stack.
    pub name: String,
    /// Its parameters and their defaults.
    pub parameters: Vec<(&'a str, Option<Linked<'a>>)>,
    /// Its conditions.
    pub conditions: Option<Linked<'a>>,
    /// Its mappings.
    pub mappings: Option<Linked<'a>>,
    /// Its resources.
    pub resources: Vec<Entry<'a>>,
    /// Its outputs and their values.
    pub outputs: Vec<(&'a str, Linked<'a>)>,
    /// It is nowhere written: it holds the roots of a project, which are deployed one by one.
    pub unwritten: bool,
}

/// A resource of a template.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its logical id.
    pub id: Cow<'a, str>,
    /// Its type.
    pub kind: &'a str,
    /// `Properties`, `DependsOn`, `Condition` and so on.
    pub body: Linked<'a>,
    /// Logical ids that it waits for beside those in its body.
    pub after: &'a [String],
    /// The template of a nested stack: its index.
    pub child: Option<usize>,
    /// What people call it, if not by its logical id alone: the event or api it belongs to.
    pub owner: Option<&'a str>,
}

/// What [`StackTree`] says in other words than templates: the roots, and what goes between stacks.
#[derive(Debug, Default)]
pub struct Frame {
    links: Links,
    none: Vec<String>,
    /// The roots as nested stacks of one template, which is nowhere written: the app's, and one a domain.
    app: Vec<(String, Data)>,
    /// By root: its nested stacks.
    roots: Vec<Vec<(String, Data)>>,
    /// By root: its outputs.
    root_outputs: Vec<Vec<(String, Data)>>,
    /// By stack, in the order of [`StackTree::stacks`]: its outputs.
    outputs: Vec<Vec<(String, Data)>>,
}

impl Frame {
    /// The frame of a tree.
    #[must_use]
    pub fn of(tree: &StackTree) -> Frame {
        let mut frame = Frame::default();
        for (index, root) in tree.roots.iter().enumerate() {
            let parameters = root.parameters.iter().filter_map(|(name, parameter)| match parameter {
                RootParameter::Output { name: output } => {
                    Some((name.as_str(), attribute("Root0", &format!("Outputs.{output}"))))
                }
                _ => None,
            });
            frame.app.push((format!("Root{index}"), nested(parameters, &[])));
            let stacks = root.stacks.iter().map(|stack| {
                let values = stack.parameters.iter().map(|(name, wire)| match wire {
                    Wire::Root(parameter) => {
                        (name.as_str(), call("Ref", Data::Text(parameter.as_str().into())))
                    }
                    Wire::Sibling { stack, output } => {
                        (name.as_str(), attribute(&stack.logical_id(), &format!("Outputs.{output}")))
                    }
                });
                let after: Vec<String> = stack.after.iter().map(StackName::logical_id).collect();
                (stack.name.logical_id(), nested(values, &after))
            });
            frame.roots.push(stacks.collect());
            let outputs = root.outputs.iter();
            frame.root_outputs.push(
                outputs
                    .map(|(name, (stack, output))| {
                        (name.clone(), attribute(stack, &format!("Outputs.{output}")))
                    })
                    .collect(),
            );
        }
        for stack in tree.stacks() {
            let outputs = stack.outputs.iter();
            frame
                .outputs
                .push(outputs.map(|(name, symbol)| (name.clone(), Data::Ref(symbol.clone()))).collect());
        }
        frame
    }

    fn linked<'a>(&'a self, data: &'a Data) -> Linked<'a> {
        Linked { data, links: &self.links }
    }

    /// The templates of the tree: one that holds the roots, then the roots, then the stacks of each.
    #[must_use]
    pub fn templates<'a>(&'a self, tree: &'a StackTree) -> Vec<Template<'a>> {
        let entry = |(id, data): &'a (String, Data), child: usize| Entry {
            id: Cow::Borrowed(id.as_str()),
            kind: NESTED,
            body: self.linked(data),
            after: &self.none,
            child: Some(child),
            owner: None,
        };
        let first = 1 + tree.roots.len();
        let app = self.app.iter().enumerate().map(|(index, root)| entry(root, 1 + index)).collect();
        let mut templates = vec![Template {
            name: tree.app.name.value.clone(),
            resources: app,
            unwritten: true,
            ..Template::default()
        }];
        let mut next = first;
        for (index, root) in tree.roots.iter().enumerate() {
            let stacks = self.roots.get(index).into_iter().flatten();
            let resources = stacks.enumerate().map(|(at, stack)| entry(stack, next + at)).collect();
            next += root.stacks.len();
            let outputs = self.root_outputs.get(index).into_iter().flatten();
            templates.push(Template {
                name: root.domain.clone().unwrap_or_else(|| tree.app.name.value.clone()),
                parameters: root.parameters.keys().map(|name| (name.as_str(), None)).collect(),
                resources,
                outputs: outputs.map(|(name, data)| (name.as_str(), self.linked(data))).collect(),
                ..Template::default()
            });
        }
        for (stack, outputs) in tree.stacks().zip(&self.outputs) {
            let linked = |data: &'a Data| Linked { data, links: &stack.links };
            templates.push(Template {
                name: stack.name.to_string(),
                parameters: stack.parameters.keys().map(|name| (name.as_str(), None)).collect(),
                resources: stack
                    .resources
                    .iter()
                    .map(|resource| Entry {
                        id: Cow::Borrowed(resource.logical_id.as_str()),
                        kind: &resource.kind,
                        body: linked(&resource.body),
                        after: &resource.after,
                        child: None,
                        owner: Some(&resource.owner),
                    })
                    .collect(),
                outputs: outputs.iter().map(|(name, data)| (name.as_str(), linked(data))).collect(),
                ..Template::default()
            });
        }
        templates
    }
}

fn call(function: &str, argument: Data) -> Data {
    Data::Map(vec![(Arc::from(function), argument)])
}

fn attribute(id: &str, attribute: &str) -> Data {
    call("Fn::GetAtt", Data::List(vec![Data::Text(id.into()), Data::Text(attribute.into())]))
}

fn nested<'p>(parameters: impl Iterator<Item = (&'p str, Data)>, after: &[String]) -> Data {
    let parameters = parameters.map(|(name, value)| (Arc::from(name), value)).collect();
    let properties = Data::Map(vec![(Arc::from("Parameters"), Data::Map(parameters))]);
    let after = after.iter().map(|id| Data::Text(id.as_str().into())).collect();
    Data::Map(vec![(Arc::from("DependsOn"), Data::List(after)), (Arc::from("Properties"), properties)])
}

/// Positions of names in a list of pairs.
pub(super) fn positions<'n, T>(pairs: &[(&'n str, T)]) -> foldhash::HashMap<&'n str, usize> {
    pairs.iter().enumerate().map(|(index, (name, _))| (*name, index)).collect()
}
