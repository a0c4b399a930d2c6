//! Findings for names that nothing declares, or that are declared as something else.

use super::declare::Declarations;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;

/// The finding for a name that is no `kind`: of another kind, or declared by nothing.
pub(super) fn not_a<'a>(
    all: &Declarations<'_>,
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let others = [
        ("api", &all.apis),
        ("auth", &all.auths),
        ("profile", &all.profiles),
        ("event", &all.events),
        ("type", &all.types),
        ("environment", &all.environments),
        ("store", &all.stores),
        ("resource", &all.resources),
        ("secret", &all.secrets),
    ];
    match others.into_iter().find_map(|(other, table)| Some((other, table.get(name)?))) {
        Some((other, declared)) => {
            let message = format!("`{name}` is declared as `{other}`, and a name of `{kind}` is needed here");
            let help = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.clone().next().is_none() => {
                    format!("the project declares no {kind} yet: `{kind} {name} {{ … }}`")
                }
                None => format!("declared: {}", list_of(known.take(8))),
            };
            Diagnostic::new(Code::WrongKindOfName, span, message)
                .label(declared.statement.head(), "declared here")
                .help(help)
        }
        None => unknown_name(kind, name, span, known),
    }
}

/// The finding for a name that nothing declares.
pub(super) fn unknown_name<'a>(
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.clone().next().is_none() => {
            format!("the project declares no {kind} yet: `{kind} {name} {{ … }}`")
        }
        None => format!("declared: {}", list_of(known.take(8))),
    };
    Diagnostic::new(Code::UnknownName, span, format!("nothing declares the {kind} `{name}`")).help(help)
}

/// Names for people.
pub(super) fn list_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
