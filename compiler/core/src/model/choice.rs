//! Words that choose a construct, and the options behind them.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::context::{Context, items};
use super::declare::{check_snake, declared_twice};
use super::merge::report_repeats;
use super::setting::read_option;
use super::unknown::list_of;
use super::{Choice, Options, Origin};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::library::{Construct, ParameterSpec};
use crate::source::Span;
use crate::syntax::{Arg, Item, Literal, Statement};

impl Context<'_> {
    /// The construct that a word chooses, with the options of the statement's block.
    pub(super) fn choice(
        &self,
        kind: &str,
        word: &Arg,
        statement: &Statement,
        path: String,
        diags: &mut Diagnostics,
    ) -> Option<Choice> {
        let construct = self.construct(kind, word, statement, diags)?;
        let spec_of = |name: &str| construct.parameters.get(name);
        let block = items(statement);
        let place = format!("in `{}`", statement.name.value);
        let mut names = construct.option_names();
        names.extend(construct.each.as_deref());
        let is_part = |item: &&Item| matches!(item, Item::Statement(inner) if construct.each.as_ref() == Some(&inner.name.value));
        let (parts, rest): (Vec<&Item>, Vec<&Item>) = block.iter().partition(is_part);
        let rest: Vec<Item> = rest.into_iter().cloned().collect();
        report_repeats(&rest, diags);
        let options = options(&rest, &spec_of, &names, &place, diags);
        require_options(construct, &options, statement.head(), diags);
        let each = self.parts(construct, &parts, diags);
        let origin = Origin { path, span: statement.head() };
        let offers = construct.offers.keys().cloned().collect();
        Some(Choice { construct: construct.id.clone(), origin, options, each, offers })
    }

    /// The blocks that make an instance each: `client NAME { … }`.
    fn parts(
        &self,
        construct: &Construct,
        parts: &[&Item],
        diags: &mut Diagnostics,
    ) -> IndexMap<String, Options> {
        let mut each: IndexMap<String, Options> = IndexMap::new();
        let mut places: BTreeMap<&str, Span> = BTreeMap::new();
        for item in parts {
            let Item::Statement(part) = item else { continue };
            let word = part.name.value.as_str();
            let [Arg { value: Literal::Word(name), span }] = part.args.as_slice() else {
                if !part.broken {
                    let message = format!("`{word}` needs one name");
                    let help = format!("it is written `{word} NAME {{ … }}`");
                    diags.push(Diagnostic::new(Code::WrongArguments, part.head(), message).help(help));
                }
                continue;
            };
            check_snake(name, *span, word, diags);
            if let Some(first) = places.insert(name, *span) {
                declared_twice(word, name, *span, first, diags);
            }
            report_repeats(items(part), diags);
            let spec_of = |name: &str| construct.parameters.get(name);
            let names = construct.option_names();
            let options = options(items(part), &spec_of, &names, &format!("in `{word}`"), diags);
            each.insert(name.clone(), options);
        }
        each
    }

    /// A construct that a word chooses which is its option as well: `alarms email "ops@example.com"` is
    /// `alerts/email` with its option `email`.
    pub(super) fn named_choice(
        &self,
        construct: &Construct,
        statement: &Statement,
        path: String,
        diags: &mut Diagnostics,
    ) -> Choice {
        let spec_of = |name: &str| construct.parameters.get(name);
        let mut options = Options::new();
        read_option(statement, &spec_of, &mut options, diags);
        Choice {
            construct: construct.id.clone(),
            origin: Origin { path, span: statement.head() },
            options,
            each: IndexMap::new(),
            offers: construct.offers.keys().cloned().collect(),
        }
    }

    /// A choice that nobody wrote: a construct with its defaults.
    pub(super) fn default_choice(&self, construct: &str, origin: Origin) -> Choice {
        let offers = self.library.get(construct).map(|found| found.offers.keys().cloned().collect());
        Choice {
            construct: construct.to_owned(),
            origin,
            options: Options::new(),
            each: IndexMap::new(),
            offers: offers.unwrap_or_default(),
        }
    }

    /// The construct that a word chooses.
    pub(super) fn construct(
        &self,
        kind: &str,
        word: &Arg,
        statement: &Statement,
        diags: &mut Diagnostics,
    ) -> Option<&Construct> {
        let keyword = &statement.name.value;
        let Literal::Word(name) = &word.value else {
            let message = format!("`{keyword}` expects a word, found {}", word.value.describe());
            let list = list_of(self.library.names(kind));
            diags.push(
                Diagnostic::new(Code::WrongArguments, word.span, message).help(format!("it can be {list}")),
            );
            return None;
        };
        if let Some(construct) = self.library.find(kind, name) {
            return Some(construct);
        }
        if self.library.is_broken(kind, name) {
            return None;
        }
        let list = list_of(self.library.names(kind));
        let own = format!("a construct `{kind}/{name}` in the project's `lib/`");
        let shared = || self.all.stores.keys().copied().filter(|_| kind == "store");
        let help = match nearest(name, self.library.names(kind).chain(shared())) {
            Some(near) => format!("did you mean `{near}`? it can be {list}"),
            None if list.is_empty() => format!("it can be {own}"),
            None => format!("it can be {list}, or {own}"),
        };
        let message = match kind {
            "alerts" => format!("alarms cannot go to `{name}`"),
            _ => format!("there is no {kind} `{name}`"),
        };
        diags.push(Diagnostic::new(Code::UnknownChoice, word.span, message).help(help));
        None
    }
}

/// Reads the statements of a block as options of a construct, whose parameters `spec_of` knows.
pub(super) fn options<'s>(
    block: &[Item],
    spec_of: &dyn Fn(&str) -> Option<&'s ParameterSpec>,
    names: &[&str],
    place: &str,
    diags: &mut Diagnostics,
) -> Options {
    let mut options = Options::new();
    for item in block {
        match item {
            Item::Statement(statement) => {
                let name = statement.name.value.as_str();
                match spec_of(name) {
                    Some(spec) if !spec.tail => read_option(statement, spec_of, &mut options, diags),
                    Some(_) => diags.push(misplaced_tail(statement, spec_of, names)),
                    None => unknown_option(statement, names, place, diags),
                }
            }
            Item::Field(field) | Item::Param(field) => super::declare::misplaced(field, diags),
            Item::Comment(_) | Item::Blank | Item::Error(_) => {}
        }
    }
    options
}

/// The finding for a statement that is a word behind another one: `sort` of `key employee_id sort read_at`.
fn misplaced_tail<'s>(
    statement: &Statement,
    spec_of: &dyn Fn(&str) -> Option<&'s ParameterSpec>,
    names: &[&str],
) -> Diagnostic {
    let name = statement.name.value.as_str();
    let behind = names.iter().find_map(|option| {
        let spec = spec_of(option)?;
        let (word, _) = spec.tails.iter().find(|(_, param)| *param == name)?;
        super::setting::usage(option, spec).map(|usage| format!("`{word}` stands behind `{option}`; {usage}"))
    });
    let message = format!("`{name}` is no statement of its own");
    Diagnostic::new(Code::UnknownOption, statement.name.span, message).maybe_help(behind)
}

fn unknown_option(statement: &Statement, names: &[&str], place: &str, diags: &mut Diagnostics) {
    let name = statement.name.value.as_str();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has no options".to_owned(),
        None => format!("its options are {}", list_of(names.iter().copied())),
    };
    let message = format!("there is no option `{name}` {place}");
    diags.push(Diagnostic::new(Code::UnknownOption, statement.name.span, message).help(help));
}

fn require_options(construct: &Construct, options: &Options, span: Span, diags: &mut Diagnostics) {
    for (name, spec) in &construct.parameters {
        if spec.default.is_none() && !spec.optional && !spec.tail && !options.contains_key(name) {
            let message = format!("`{name}` must be given for `{}`", construct.word());
            let help = super::setting::usage(name, spec);
            diags.push(Diagnostic::new(Code::MissingOption, span, message).maybe_help(help));
        }
    }
}
