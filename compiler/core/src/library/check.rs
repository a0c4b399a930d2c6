//! What can be known to be wrong with a construct before it is used.

use std::collections::BTreeSet;

use super::construct::{Construct, OfferValue};
use super::machine::{FACTS, GLOBALS, Machine};
use super::node::{Node, Problem, Source};
use super::setting::from_written;
use super::yaml::Range;
use crate::diagnostic::{Code, nearest};

/// Every expression must be well formed and use only names that the construct has.
pub fn check(construct: &Construct) -> Vec<(Code, Problem)> {
    let machine = Machine::new();
    let mut known: BTreeSet<&str> = GLOBALS.iter().copied().collect();
    known.extend(construct.parameters.keys().map(String::as_str));
    known.extend(construct.needs.iter().map(|need| need.name.as_str()));
    known.extend(construct.resources.keys().map(String::as_str));
    known.extend(construct.locals.keys().map(String::as_str));
    let mut checker = Checker { machine: &machine, known, problems: Vec::new() };
    checker.construct(construct);
    checker.problems
}

/// Most resources of one construct: instances number theirs in steps of this.
pub const MAX_RESOURCES: usize = 64;

struct Checker<'a> {
    machine: &'a Machine,
    known: BTreeSet<&'a str>,
    problems: Vec<(Code, Problem)>,
}

impl Checker<'_> {
    fn construct(&mut self, construct: &Construct) {
        for node in construct.locals.values() {
            self.node(node);
        }
        for check in &construct.checks {
            self.expression(&check.that, &[]);
            check.help.iter().for_each(|node| self.node(node));
        }
        if construct.resources.len() > MAX_RESOURCES {
            let message = format!("a construct has at most {MAX_RESOURCES} resources; make two of it");
            self.problems.push((Code::BadConstruct, Problem::new(Range::default(), message)));
        }
        self.names(construct);
        for output in construct.outputs.values() {
            self.node(&output.value);
        }
        for metric in construct.metrics.values() {
            metric.when.iter().for_each(|test| self.expression(test, &[]));
            self.node(&metric.body);
        }
        for offer in construct.offers.values() {
            match &offer.value {
                OfferValue::Value(node) => self.node(node),
                OfferValue::Resource { name, computed, .. } => {
                    computed.iter().for_each(|node| self.node(node));
                    if !construct.resources.contains_key(name) {
                        let message = format!(
                            "a port refers to the resource `{name}`, which the construct does not have"
                        );
                        self.problems.push((Code::ConstructUnknownName, Problem::new(offer.at, message)));
                    }
                }
            }
        }
        for resource in construct.resources.values() {
            resource.when.iter().for_each(|test| self.expression(test, &[]));
            resource.joins.iter().chain(&resource.follows).for_each(|node| self.node(node));
            self.node(&resource.body);
        }
        for (name, template) in &construct.templates {
            if let Err(message) = self.machine.check_template(template) {
                let message = format!("in `{name}`: {message}");
                self.problems.push((Code::BadExpression, Problem::new(Range::default(), message)));
            }
        }
    }

    /// What the file itself fixes: its id, logical ids, types, defaults.
    fn names(&mut self, construct: &Construct) {
        let mut bad = |message: String| {
            self.problems.push((Code::BadConstruct, Problem::new(Range::default(), message)))
        };
        if !construct.file.ends_with(&format!("{}/construct.yaml", construct.id)) {
            bad(format!("the construct is called `{}`, and its folder is not", construct.id));
        }
        for (name, resource) in &construct.resources {
            if !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                bad(format!("`{name}` is no logical id: those hold letters and digits only"));
            }
            if resource.kind.split("::").count() < 3 && !resource.kind.starts_with("Custom::") {
                bad(format!("`{}` is no resource type, such as `AWS::SQS::Queue`", resource.kind));
            }
        }
        for (name, spec) in &construct.parameters {
            let bounds = spec.between.iter().flat_map(|(low, high)| [low, high]).chain(&spec.step);
            let written = spec.default.iter().chain(bounds);
            if written.clone().any(|written| from_written(spec.kind, written).is_none()) {
                bad(format!(
                    "the parameter `{name}` has a default or bound that is not {}",
                    spec.kind.describe()
                ));
            }
            if spec.matching.as_ref().is_some_and(|pattern| regex_lite::Regex::new(pattern).is_err()) {
                bad(format!("the parameter `{name}` has a `matching` that is no regular expression"));
            }
            if spec.kind == super::ParameterType::Word && spec.of.is_empty() {
                bad(format!("the parameter `{name}` is a word and does not say `of` which"));
            }
        }
    }

    fn node(&mut self, node: &Node<Source>) {
        let mut found: Vec<(Source, Vec<String>)> = Vec::new();
        node.visit(&mut Vec::new(), &mut |source, names| found.push((source.clone(), names.to_vec())));
        for (source, names) in found {
            self.expression(&source, &names);
        }
    }

    fn expression(&mut self, source: &Source, loop_names: &[String]) {
        let used = match self.machine.names_in(&source.text) {
            Ok(used) => used,
            Err(message) => {
                self.problems.push((Code::BadExpression, Problem::new(source.at, message)));
                return;
            }
        };
        for (root, name) in self.machine.facts_in(&source.text) {
            let Some((_, facts)) = FACTS.iter().find(|(known, _)| *known == root) else { continue };
            if !facts.contains(&name.as_str()) && !loop_names.contains(&root) {
                let near = nearest(&name, facts.iter().copied())
                    .map(|near| format!("; did you mean `{root}.{near}`?"));
                let message = format!("there is no `{root}.{name}`{}", near.unwrap_or_default());
                self.problems.push((Code::ConstructUnknownName, Problem::new(source.at, message)));
            }
        }
        for name in used {
            if self.known.contains(name.as_str()) || loop_names.contains(&name) {
                continue;
            }
            let near =
                nearest(&name, self.known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let message = format!("nothing here is called `{name}`{}", near.unwrap_or_default());
            self.problems.push((Code::ConstructUnknownName, Problem::new(source.at, message)));
        }
    }
}
