//! `override`: the properties of a patch.

use serde_json::{Value, json};

use super::context::items;
use super::declare::{Declarations, Declared};
use super::{Change, Origin, Override, Patch};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Item, Literal, Statement};

const USAGE: &str = "it is written `override EVENT.LogicalId { Property value }`";

/// Reads all overrides.
pub fn overrides(all: &Declarations<'_>, diags: &mut Diagnostics) -> Vec<Override> {
    let mut read: Vec<Override> = Vec::new();
    for declared in &all.overrides {
        let Some(over) = one(*declared, diags) else { continue };
        let same = |other: &&Override| {
            (&other.owner.value, &other.logical_id.value) == (&over.owner.value, &over.logical_id.value)
        };
        match read.iter().find(same) {
            Some(first) => {
                let message = format!("`{}.{}` is overridden twice", over.owner.value, over.logical_id.value);
                diags.push(
                    Diagnostic::new(Code::SaidTwice, over.origin.span, message)
                        .label(first.origin.span, "first here")
                        .help("join the two: which of them would win is nothing to rely on"),
                );
            }
            None => read.push(over),
        }
    }
    read
}

fn one(declared: Declared<'_>, diags: &mut Diagnostics) -> Option<Override> {
    let statement = declared.statement;
    let target = match statement.args.as_slice() {
        [Arg { value: Literal::Word(word), span }] => {
            word.split_once('.').map(|(owner, id)| (owner.to_owned(), id.to_owned(), *span))
        }
        _ => None,
    };
    let Some((owner, logical_id, span)) = target else {
        if !statement.broken {
            let message = "`override` does not say what it changes";
            diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(USAGE));
        }
        return None;
    };
    let at = span.start + owner.len() as u32;
    let owner_span = Span { end: at, ..span };
    let id_span = Span { start: at + 1, ..span };
    let origin = Origin { path: format!("override.{owner}.{logical_id}"), span: statement.head() };
    Some(Override {
        origin,
        owner: Spanned::new(owner, owner_span),
        logical_id: Spanned::new(logical_id, id_span),
        patch: patches(statement, diags),
    })
}

fn patches(statement: &Statement, diags: &mut Diagnostics) -> Vec<Patch> {
    let mut patches = Vec::new();
    for item in items(statement) {
        match item {
            Item::Statement(inner) => patches.extend(patch(inner, diags)),
            Item::Field(field) | Item::Param(field) => super::declare::misplaced_entry(field, diags),
            _ => {}
        }
    }
    patches
}

fn patch(statement: &Statement, diags: &mut Diagnostics) -> Option<Patch> {
    let name = statement.name.clone();
    let change = match (statement.args.as_slice(), &statement.block) {
        _ if statement.broken => return None,
        ([], Some(_)) => Change::Inside(patches(statement, diags)),
        ([Arg { value: Literal::Word(word), .. }], None) if word == "none" => Change::Remove,
        ([Arg { value: Literal::Word(word), .. }, Arg { value: Literal::Text(text), span }], None)
            if word == "json" =>
        {
            match serde_json::from_str(text) {
                Ok(value) => Change::Set(value),
                Err(error) => {
                    let message = format!("this is no JSON: {error}");
                    diags.push(Diagnostic::new(Code::WrongValue, *span, message));
                    return None;
                }
            }
        }
        ([value], None) => Change::Set(plain(value, diags)?),
        _ => {
            let message = format!("`{}` needs one value or a block", name.value);
            let help = format!(
                "write `{0} \"text\"`, `{0} 10`, `{0} true`, `{0} [\"a\"]`, `{0} {{ … }}`, `{0} json \"{{…}}\"`, or `{0} none` to remove it",
                name.value
            );
            diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(help));
            return None;
        }
    };
    Some(Patch { name, change })
}

/// A value as CloudFormation has it.
fn plain(arg: &Arg, diags: &mut Diagnostics) -> Option<Value> {
    Some(match &arg.value {
        Literal::Text(text) => json!(text),
        Literal::Int(value) => json!(value),
        Literal::Decimal(value) => json!(value),
        Literal::Word(word) if matches!(word.as_str(), "true" | "on") => json!(true),
        Literal::Word(word) if matches!(word.as_str(), "false" | "off") => json!(false),
        Literal::Word(word) => json!(word),
        Literal::List(list) => {
            Value::Array(list.iter().map(|item| plain(item, diags)).collect::<Option<_>>()?)
        }
        other => {
            let message = format!("a property cannot have {} as its value", other.describe());
            let help =
                "AWS knows texts, numbers, booleans, lists and blocks; durations and sizes are numbers there";
            diags.push(Diagnostic::new(Code::WrongValue, arg.span, message).help(help));
            return None;
        }
    })
}
