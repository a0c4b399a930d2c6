//! Inheritance and overlays: one declaration from several blocks of statements.
//!
//! Statements with the same key meet: the stronger side wins, and where both choose the same thing
//! (`store s3`) their blocks merge in turn.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::syntax::{Arg, Block, Item, Literal, Statement};

/// What makes two statements the same one: the word, and for named parts their name.
fn key(statement: &Statement) -> (&str, Option<&str>) {
    let word = statement.name.value.as_str();
    // `client` is how the locks of stdlib call their parts.
    let named = matches!(word, "subscriber" | "alarm" | "event" | "api" | "client");
    let name = match statement.args.first().map(|arg| &arg.value) {
        Some(Literal::Word(name)) if named => Some(name.as_str()),
        Some(Literal::Star) if named => Some("*"),
        _ => None,
    };
    (word, name)
}

/// Statements that may stand more than once in a block: each adds to the others.
fn repeats(word: &str) -> bool {
    matches!(word, "allow" | "emits" | "env" | "tags")
}

fn same_args(a: &Statement, b: &Statement) -> bool {
    a.args.iter().map(|arg| &arg.value).eq(b.args.iter().map(|arg| &arg.value))
}

/// Lays `over` upon `base`: its statements win.
#[must_use]
pub fn overlay(base: &[Item], over: &[Item]) -> Vec<Item> {
    let mut merged: Vec<Item> = base.to_vec();
    for item in over {
        let Item::Statement(new) = item else {
            merged.push(item.clone());
            continue;
        };
        let place = merged.iter_mut().find_map(|item| match item {
            Item::Statement(old) if key(old) == key(new) => Some(old),
            _ => None,
        });
        match place {
            Some(old) if !repeats(&new.name.value) => *old = merge_one(old, new),
            _ => merged.push(item.clone()),
        }
    }
    merged
}

fn merge_one(old: &Statement, new: &Statement) -> Statement {
    let mut result = new.clone();
    if let (Some(weak), Some(strong), true) = (&old.block, &new.block, same_args(old, new))
        && new.name.value != "schema"
    {
        result.block = Some(Block { items: overlay(&weak.items, &strong.items), ..*strong });
    } else if new.block.is_none() && same_args(old, new) {
        result.block.clone_from(&old.block);
    }
    if result.docs.is_empty() {
        result.docs.clone_from(&old.docs);
    }
    result
}

/// Joins two profiles of one event: they may not disagree, unless the event's own statements decide.
#[must_use]
pub fn join(
    first: &[Item],
    second: &[Item],
    own: &[Item],
    names: (&str, &str),
    place: Span,
    diags: &mut Diagnostics,
) -> Vec<Item> {
    for item in second {
        let Item::Statement(b) = item else { continue };
        let decided = statements(own).any(|statement| key(statement) == key(b));
        let clash = statements(first).find(|a| key(a) == key(b) && !repeats(&a.name.value) && !agree(a, b));
        if let (Some(a), false) = (clash, decided) {
            let word = &b.name.value;
            let message = format!("the profiles `{}` and `{}` disagree on `{word}`", names.0, names.1);
            diags.push(
                Diagnostic::new(Code::ProfilesDisagree, place, message)
                    .label(a.head(), format!("in `{}`", names.0))
                    .label(b.head(), format!("in `{}`", names.1))
                    .help(format!("say `{word}` in the event itself, or take one profile")),
            );
        }
    }
    overlay(first, second)
}

fn statements(items: &[Item]) -> impl Iterator<Item = &Statement> {
    items.iter().filter_map(|item| match item {
        Item::Statement(statement) => Some(statement),
        _ => None,
    })
}

/// Whether two statements say the same, in blocks too.
fn agree(a: &Statement, b: &Statement) -> bool {
    let items = |s: &Statement| s.block.as_ref().map_or_else(Vec::new, |block| block.items.clone());
    let (left, right) = (items(a), items(b));
    same_args(a, b)
        && statements(&left).count() == statements(&right).count()
        && statements(&left).all(|x| statements(&right).any(|y| key(x) == key(y) && agree(x, y)))
}

/// The same in an environment, where locks and stores are told apart by their names.
pub fn report_repeats_by_name(items: &[Item], diags: &mut Diagnostics) {
    let named = |item: &&Item| match item {
        Item::Statement(statement) => matches!(statement.name.value.as_str(), "auth" | "store"),
        _ => false,
    };
    let (named, others): (Vec<&Item>, Vec<&Item>) = items.iter().partition(named);
    report_repeats(&others.into_iter().cloned().collect::<Vec<_>>(), diags);
    let mut groups: Vec<(&Arg, Vec<Item>)> = Vec::new();
    for item in named {
        let Item::Statement(statement) = item else { continue };
        let Some(name) = statement.args.first() else { continue };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(item.clone()),
            None => groups.push((name, vec![item.clone()])),
        }
    }
    groups.iter().for_each(|(_, group)| report_repeats(group, diags));
}

/// Reports statements that stand twice in one block.
pub fn report_repeats(items: &[Item], diags: &mut Diagnostics) {
    let mut seen: BTreeMap<(&str, Option<&str>), &Statement> = BTreeMap::new();
    for statement in statements(items) {
        let earlier = seen.get(&key(statement)).copied();
        seen.entry(key(statement)).or_insert(statement);
        // Two subscribers of one name are reported as names are.
        let reported = statement.name.value == "subscriber" && key(statement).1.is_some();
        if let Some(first) = earlier.filter(|_| !repeats(&statement.name.value) && !reported) {
            let named = key(statement).1.map(|name| format!(" {name}")).unwrap_or_default();
            let message = format!("`{}{named}` stands twice", statement.name.value);
            diags.push(
                Diagnostic::new(Code::SaidTwice, statement.head(), message)
                    .label(first.head(), "first here")
                    .help("keep one of them"),
            );
        }
    }
}
