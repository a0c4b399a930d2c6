//! Proofs: that what the templates say works on AWS, before AWS is asked.
//!
//! The input is plain CloudFormation in memory, whoever made it ([`Template`]). [`World`] knows what every name in it
//! means, across nested stacks; `iam` evaluates policies; rules, which are data (`stdlib/proofs/`), say for each kind of
//! resource what must be allowed and what must hold. Each answer is one of three: proved, refused, or unknown until the
//! deployment; what is unknown is no finding.
//!
//! ```text
//! Template ──World::new──▶ World ──rules, structure, statements──▶ Report ──▶ findings, wires
//! ```

mod facts;
mod flows;
mod foreign;
mod iam;
mod identity;
mod measure;
mod order;
mod payload;
mod project;
mod read;
mod report;
mod rules;
mod statements;
mod structure;
mod template;
mod text;
mod tri;
mod value;
mod world;

use rayon::prelude::*;

pub use foreign::{TemplateFiles, Verified, verify_templates};
pub use project::{Carried, Line, listing, prove, verify};
pub use read::{Document, TemplateError, read_template};
pub use rules::{Finding, Ground, Prover, Wire, label};
pub use template::{Entry, Frame, NESTED, Template};
pub use world::{At, World};

use facts::Facts;
use iam::Policies;
use order::Order;
use rules::{Asked, Indexes, Outcome, Rule};

/// The rules and facts that proofs are made with.
#[derive(Debug, Default)]
pub struct Knowledge {
    facts: Facts,
    rules: Vec<Rule>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What goes from where to where, and what allows it.
    pub wires: Vec<Wire>,
    /// What cannot be proved before the deployment.
    pub unknown: Vec<Finding>,
}

impl Knowledge {
    /// Reads the facts and the files of rules.
    ///
    /// # Errors
    /// What is not understood, and where.
    pub fn parse(facts: &str, rules: &[String]) -> Result<Knowledge, String> {
        let facts = Facts::parse(facts)?;
        let read: Result<Vec<Vec<Rule>>, String> = rules.par_iter().map(|text| rules::read(text)).collect();
        Ok(Knowledge { facts, rules: read?.into_iter().flatten().collect() })
    }

    /// What every rule proves, with its codes.
    pub fn rules(&self) -> impl Iterator<Item = (&str, Vec<crate::diagnostic::Code>)> {
        self.rules.iter().map(|rule| {
            let needs = rule.needs.iter().map(|need| need.report.code);
            let checks = rule.checks.iter().map(|check| check.report.code);
            (rule.proof.as_str(), needs.chain(checks).collect())
        })
    }

    /// The world of some templates.
    #[must_use]
    pub fn world<'a>(&'a self, templates: &'a [Template<'a>]) -> World<'a> {
        World::new(templates, &self.facts)
    }

    /// What proofs about a world are made with.
    #[must_use]
    pub fn prover<'w, 'a>(&'a self, world: &'w World<'a>) -> Prover<'w, 'a> {
        let count = order::count(world.templates);
        Prover {
            world,
            rules: &self.rules,
            explains: false,
            policies: Policies::new(world, count),
            order: Order::new(count),
            indexes: Indexes::default(),
        }
    }
}

impl<'a> Prover<'_, 'a> {
    /// Proves everything.
    #[must_use]
    pub fn prove(&self) -> Report {
        let by_kind = rules::by_kind(self.rules);
        let all: Vec<At> = self.world.all().collect();
        // All that is asked of one resource is asked at once, while what it says is near.
        let of = |chunk: &[At]| {
            let mut outcome = Outcome::default();
            for at in chunk {
                for rule in by_kind.get(self.world.type_of(*at)).into_iter().flatten() {
                    self.run(rule, *at, &mut outcome);
                }
                structure::pointers(self.world, *at, &mut outcome.findings);
                self.order.read(self.world, *at);
            }
            outcome
        };
        let found: Vec<Outcome> = all.par_chunks(64).map(of).collect();
        let (structure, statements) = rayon::join(
            || structure::check(self.world, &self.order),
            || statements::check(self.world, &self.policies),
        );
        let mut outcome = Outcome::default();
        found.into_iter().for_each(|one| outcome.extend(one));
        outcome.findings.extend(structure);
        outcome.findings.extend(statements);
        Report { findings: outcome.findings, wires: outcome.wires, unknown: outcome.unknown }
    }

    /// What a sender may do with what no resource joins it to: the rules of that way, on two resources.
    #[must_use]
    pub fn prove_between(&self, pairs: &[Asked<'_>]) -> Vec<Report> {
        let run = |asked: &Asked<'_>| {
            let mut outcome = Outcome::default();
            let fits = |rule: &&'a Rule| {
                rule.kind == self.world.type_of(asked.from)
                    && rule.between.as_deref() == Some(self.world.type_of(asked.to))
                    && rule.way.as_deref() == Some(asked.way)
            };
            for rule in self.rules.iter().filter(fits) {
                self.run_between(rule, asked, &mut outcome);
            }
            Report { findings: outcome.findings, wires: outcome.wires, unknown: outcome.unknown }
        };
        pairs.par_iter().map(run).collect()
    }
}
