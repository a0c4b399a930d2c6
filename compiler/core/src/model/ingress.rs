//! `ingress`: by which door events come in.

use super::app::wrong_arguments;
use super::event::Parts;
use super::statements::EVENT;
use super::unknown::not_a;
use super::{Ingress, Origin, PathPart};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Literal, Statement};

const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE"];

impl Parts<'_, '_> {
    /// The door that a statement names.
    pub(super) fn ingress(&self, statement: &Statement, diags: &mut Diagnostics) -> Option<Ingress> {
        let origin = Origin { path: self.path("ingress"), span: statement.head() };
        let word = |arg: &Arg| match &arg.value {
            Literal::Word(word) => Some(word.clone()),
            _ => None,
        };
        match statement.args.as_slice() {
            [kind] if word(kind).as_deref() == Some("sns") => Some(Ingress::Topic { origin }),
            [kind, rest @ ..] if word(kind).as_deref() == Some("api") => {
                self.api_ingress(statement, rest, origin, diags)
            }
            [kind] if word(kind).as_deref() == Some("stream") => Some(Ingress::Stream { origin }),
            [kind, ..] if word(kind).is_some_and(|w| w != "sns" && w != "stream") => {
                let found = word(kind).unwrap_or_default();
                let help = match nearest(&found, ["api", "sns", "stream"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "it can be `api`, `sns` or `stream`".to_owned(),
                };
                diags.push(
                    Diagnostic::new(Code::UnknownChoice, kind.span, format!("there is no ingress `{found}`"))
                        .help(help),
                );
                None
            }
            _ => {
                wrong_arguments(statement, EVENT, diags);
                None
            }
        }
    }

    /// `api [NAME] METHOD /path`
    fn api_ingress(
        &self,
        statement: &Statement,
        rest: &[Arg],
        origin: Origin,
        diags: &mut Diagnostics,
    ) -> Option<Ingress> {
        let (name, method, path) = match rest {
            [
                Arg { value: Literal::Word(name), span },
                Arg { value: Literal::Word(method), span: at },
                Arg { value: Literal::Path(path), span: path_at },
            ] => (
                Some(Spanned::new(name.clone(), *span)),
                Spanned::new(method, *at),
                Spanned::new(path, *path_at),
            ),
            [
                Arg { value: Literal::Word(method), span },
                Arg { value: Literal::Path(path), span: path_at },
            ] => (None, Spanned::new(method, *span), Spanned::new(path, *path_at)),
            _ => {
                wrong_arguments(statement, EVENT, diags);
                return None;
            }
        };
        if method.value == "GET" {
            let help = "an event has a body, and a GET request has none: use POST";
            diags.push(
                Diagnostic::new(Code::WrongValue, method.span, "an event cannot come in by GET").help(help),
            );
        } else if !METHODS.contains(&method.value.as_str()) {
            let upper = method.value.to_ascii_uppercase();
            let help = match nearest(&upper, METHODS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`? methods are written in capitals"),
                None => format!("it can be {}", METHODS.join(", ")),
            };
            let message = format!("`{}` is not a method that can carry an event", method.value);
            diags.push(Diagnostic::new(Code::WrongValue, method.span, message).help(help));
        }
        let parts = path_parts(path.value, path.span, diags)?;
        let api = self.api_name(name, statement, diags)?;
        Some(Ingress::Api { api, method: method.value.clone(), path: parts, origin })
    }

    /// The api's name; the only api where none is given.
    fn api_name(
        &self,
        name: Option<Spanned<String>>,
        statement: &Statement,
        diags: &mut Diagnostics,
    ) -> Option<Spanned<String>> {
        let apis = &self.model.apis;
        let span = statement.head();
        let mut near =
            apis.iter().filter(|(_, api)| api.domain.as_deref() == self.domain).map(|(name, _)| name);
        if let (None, Some(only), None) = (&name, near.next(), near.next()) {
            return Some(Spanned::new(only.clone(), span));
        }
        match (name, apis.len()) {
            (Some(name), _) => {
                if !apis.contains_key(&name.value) {
                    diags.push(not_a(
                        self.context.all,
                        "api",
                        &name.value,
                        name.span,
                        apis.keys().map(String::as_str),
                    ));
                    return None;
                }
                Some(name)
            }
            (None, 1) => apis.keys().next().map(|only| Spanned::new(only.clone(), span)),
            (None, 0) => {
                let help = "declare one: `api public { throttle 100/s }`";
                diags.push(
                    Diagnostic::new(Code::MissingStatement, span, "the project has no `api`").help(help),
                );
                None
            }
            (None, _) => {
                let names: Vec<&str> = apis.keys().map(String::as_str).collect();
                let message = "the project has several apis, and this ingress does not say which";
                let help = format!(
                    "name one of {}: `ingress api {} POST /…`",
                    names.join(", "),
                    names.first().unwrap_or(&"NAME")
                );
                diags.push(Diagnostic::new(Code::MissingStatement, span, message).help(help));
                None
            }
        }
    }
}

/// Splits a path; reports what API Gateway does not take.
///
/// A part is `[a-zA-Z0-9._-:]+` or one `{variable}`:
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_Resource.html>.
fn path_parts(path: &str, span: Span, diags: &mut Diagnostics) -> Option<Vec<PathPart>> {
    let mut parts = Vec::new();
    let mut bad =
        |message: String, help: &str| diags.push(Diagnostic::new(Code::BadPath, span, message).help(help));
    let body = path.strip_prefix('/').unwrap_or(path);
    if body.is_empty() {
        bad("the path is empty".to_owned(), "an event needs a path of its own, such as `/exits`");
        return None;
    }
    for part in body.split('/') {
        let variable = part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let fixed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
        match variable {
            Some(name) if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                if parts.contains(&PathPart::Variable(name.to_owned())) {
                    bad(format!("the path has `{{{name}}}` twice"), "give each variable a name of its own");
                    return None;
                }
                parts.push(PathPart::Variable(name.to_owned()));
            }
            None if part.starts_with(':') => {
                let name = part.trim_start_matches(':');
                bad(
                    format!("`{part}` is no variable of a path"),
                    &format!("a variable is written `{{{name}}}`"),
                );
                return None;
            }
            None if !part.is_empty() && part.chars().all(fixed) => {
                parts.push(PathPart::Fixed(part.to_owned()))
            }
            _ => {
                let message = if part.is_empty() {
                    "the path has an empty part".to_owned()
                } else {
                    format!("`{part}` cannot stand in a path")
                };
                bad(
                    message,
                    "a part holds letters, digits, `.`, `_`, `-` and `:`, or is one `{field}`; a path does not end in `/`",
                );
                return None;
            }
        }
    }
    Some(parts)
}
