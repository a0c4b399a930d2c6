//! What can be known to be wrong with a construct before it is used.

use std::collections::BTreeSet;

use super::construct::{Construct, OfferValue};
use super::evaluate::{GLOBALS, Machine};
use super::node::{Node, Problem, Source};
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
        for offer in construct.offers.values() {
            match &offer.value {
                OfferValue::Value(node) => self.node(node),
                OfferValue::Resource { name, computed, .. } => {
                    computed.iter().for_each(|node| self.node(node));
                    if !construct.resources.contains_key(name) {
                        let message = format!("a port refers to the resource `{name}`, which the construct does not have");
                        self.problems.push((Code::ConstructUnknownName, Problem::new(Range::default(), message)));
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
        for name in used {
            if self.known.contains(name.as_str()) || loop_names.contains(&name) {
                continue;
            }
            let near = nearest(&name, self.known.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            let message = format!("nothing here is called `{name}`{}", near.unwrap_or_default());
            self.problems.push((Code::ConstructUnknownName, Problem::new(source.at, message)));
        }
    }
}
