//! What a declaration says once its profiles and the environment are laid over each other.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::app;
use super::declare::{Declarations, Declared};
use super::merge::{join, overlay, report_repeats};
use super::unknown::not_a;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::library::Library;
use crate::source::Span;
use crate::syntax::{Arg, Block, Item, Literal, Statement};

/// What every part of the phase reads.
pub(super) struct Context<'a> {
    pub(super) all: &'a Declarations<'a>,
    pub(super) library: &'a Library,
    pub(super) overlays: &'a app::Overlays<'a>,
    /// Profiles that were read already; `None` for those that could not be.
    profiles: RefCell<BTreeMap<String, Option<Vec<Item>>>>,
}

/// How deep profiles may inherit.
const MAX_PROFILE_DEPTH: usize = 64;

impl<'a> Context<'a> {
    /// No profile is read yet.
    pub(super) fn new(
        all: &'a Declarations<'a>,
        library: &'a Library,
        overlays: &'a app::Overlays<'a>,
    ) -> Self {
        Context { all, library, overlays, profiles: RefCell::default() }
    }

    /// A declaration's statements with its profiles below and the environment on top.
    pub(super) fn effective(
        &self,
        declared: Declared<'_>,
        over: &[&Statement],
        diags: &mut Diagnostics,
    ) -> Vec<Item> {
        let own = items(declared.statement);
        report_repeats(own, diags);
        let mut base: Option<(Vec<Item>, &str)> = None;
        for (name, span) in profiles_of(declared.statement, diags) {
            let Some(found) = self.profile(name, span, &mut vec![declared.statement.head()], diags) else {
                continue;
            };
            base = Some(match base {
                None => (found, name),
                Some((first, first_name)) => {
                    (join(&first, &found, own, (first_name, name), span, diags), name)
                }
            });
        }
        let mut merged = base.map_or_else(|| own.to_vec(), |(below, _)| overlay(&below, own));
        for statement in over {
            merged = overlay(&merged, items(statement));
        }
        merged
    }

    fn profile(
        &self,
        name: &str,
        span: Span,
        path: &mut Vec<Span>,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Item>> {
        let Some(declared) = self.all.profiles.get(name) else {
            let known = self.all.profiles.keys().copied();
            diags.push(not_a(self.all, "profile", name, span, known));
            return None;
        };
        if let Some(known) = self.profiles.borrow().get(name) {
            return known.clone();
        }
        let here = declared.statement.head();
        if path.len() > MAX_PROFILE_DEPTH {
            let message = format!("profiles inherit more than {MAX_PROFILE_DEPTH} deep");
            diags.push(Diagnostic::new(Code::ProfileCycle, here, message).help("join some of them"));
            return None;
        }
        if path.contains(&here) {
            let message = format!("the profile `{name}` inherits from itself");
            diags.push(
                Diagnostic::new(Code::ProfileCycle, here, message).help("take one `is` out of the circle"),
            );
            return None;
        }
        path.push(here);
        let read = self.read_profile(*declared, path, diags);
        path.pop();
        self.profiles.borrow_mut().insert(name.to_owned(), read.clone());
        read
    }

    fn read_profile(
        &self,
        declared: Declared<'_>,
        path: &mut Vec<Span>,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Item>> {
        let own = items(declared.statement);
        report_repeats(own, diags);
        let mut below: Option<(Vec<Item>, &str)> = None;
        for (parent, span) in profiles_of(declared.statement, &mut Diagnostics::new()) {
            let found = self.profile(parent, span, path, diags)?;
            below = Some(match below {
                None => (found, parent),
                Some((first, first_name)) => {
                    (join(&first, &found, own, (first_name, parent), span, diags), parent)
                }
            });
        }
        let below = below.map(|(below, _)| below).unwrap_or_default();
        Some(overlay(&below, own))
    }

    /// A declaration without profiles, with what the environment says of it on top.
    pub(super) fn overlaid(&self, statement: &Statement, name: &str) -> Statement {
        let mut result = statement.clone();
        for over in self.overlays.of(&statement.name.value, name) {
            let merged = overlay(items(&result), items(over));
            result.block = over.block.as_ref().map(|block| Block { items: merged, ..*block });
        }
        result
    }
}

/// The items of a statement's block.
pub(super) fn items(statement: &Statement) -> &[Item] {
    statement.block.as_ref().map_or(&[], |block| block.items.as_slice())
}

/// The profiles behind `is`, with their places.
fn profiles_of<'a>(statement: &'a Statement, diags: &mut Diagnostics) -> Vec<(&'a str, Span)> {
    let mut rest = statement.args.iter().skip(1);
    let mut names = Vec::new();
    match rest.next() {
        None => return names,
        Some(Arg { value: Literal::Word(word), .. }) if word == "is" => {}
        Some(other) => {
            let message = format!("expected `is` or a block here, found {}", other.value.describe());
            let usage = format!("it is written `{} NAME is PROFILE {{ … }}`", statement.name.value);
            diags.push(Diagnostic::new(Code::WrongArguments, other.span, message).help(usage));
            return names;
        }
    }
    if statement.args.len() == 2 {
        let help = format!("name a profile, or remove `is`: `{} NAME {{ … }}`", statement.name.value);
        diags.push(
            Diagnostic::new(Code::WrongArguments, statement.head(), "`is` has no profile behind it")
                .help(help),
        );
    }
    for arg in rest {
        match &arg.value {
            Literal::Word(name) => names.push((name.as_str(), arg.span)),
            Literal::Comma => {}
            other => {
                let message = format!("expected the name of a profile, found {}", other.describe());
                diags.push(Diagnostic::new(Code::WrongArguments, arg.span, message));
            }
        }
    }
    names
}
