//! Why an operation failed: the earliest real causes, at the lines that they came from.

use pipec_core::artifacts::Place;
use pipec_core::diagnostic::{Code, Diagnostic};

use crate::build::Build;
use crate::cloud::{Event, Invalid};
use crate::facts::{Facts, Known};
use crate::names::{NESTED, short_kind};
use crate::watch::Ended;

/// Causes shown at most.
const MOST: usize = 10;

/// What made an operation on a root fail. Never empty.
#[must_use]
pub fn explain(ended: &Ended, root: &str, build: &Build<'_>, facts: &Facts) -> Vec<Diagnostic> {
    let causes = causes(ended, facts);
    let mut found: Vec<Diagnostic> =
        causes.iter().map(|event| of_resource(event, ended, root, build, facts)).collect();
    found.truncate(MOST);
    if found.is_empty() {
        found.push(of_stack(ended, root, build, facts));
    }
    found
}

/// The failures that no other failure explains, earliest first. What fails while everything is rolled back is a
/// matter of its own, unless nothing failed before.
fn causes<'a>(ended: &'a Ended, facts: &Facts) -> Vec<&'a Event> {
    let is_cause = |event: &&Event| {
        event.status.ends_with("_FAILED")
            && !event.of_stack_itself()
            && event
                .reason
                .as_deref()
                .is_some_and(|reason| !facts.noise.iter().any(|noise| noise.is_match(reason)))
    };
    let turn = ended.events.iter().find(|event| {
        !ended.nested.contains_key(&event.stack)
            && event.of_stack_itself()
            && event.status.ends_with("ROLLBACK_IN_PROGRESS")
    });
    let before = |event: &&Event| turn.is_none_or(|turn| event.at <= turn.at);
    let mut causes: Vec<&Event> = ended.events.iter().filter(before).filter(is_cause).collect();
    if causes.is_empty() {
        causes = ended.events.iter().filter(is_cause).collect();
    }
    // The parent of a stack in which something failed has nothing of its own to say.
    let inner = causes.iter().any(|event| event.kind != NESTED);
    causes.retain(|event| !inner || event.kind != NESTED);
    causes
}

fn of_resource(event: &Event, ended: &Ended, root: &str, build: &Build<'_>, facts: &Facts) -> Diagnostic {
    let nested = ended.nested.get(&event.stack).map(String::as_str);
    let place = nested.and_then(|nested| build.place(root, nested, &event.logical_id));
    let span = match place {
        Some(place) => place.span,
        // A nested stack whose own events are out of reach: the first of what it is made for.
        None => build.first_span(root, nested.unwrap_or(&event.logical_id)),
    };
    let reason = event.reason.as_deref().unwrap_or_default();
    let told = tell(reason, &event.kind, facts);
    let of = place.map(|place| format!(" of `{}`", place.declared)).unwrap_or_default();
    let message = format!(
        "AWS could not {} the {} `{}`{of}: {}",
        verb(&event.status),
        short_kind(&event.kind),
        event.logical_id,
        told.means
    );
    Diagnostic::new(Code::DeploymentFailed, span, message).maybe_help(told.help)
}

/// A failure of the stack itself: a parameter, a template that cannot be read.
fn of_stack(ended: &Ended, root: &str, build: &Build<'_>, facts: &Facts) -> Diagnostic {
    let of_itself = ended
        .events
        .iter()
        .filter(|event| event.of_stack_itself())
        .filter_map(|event| event.reason.as_deref());
    let reason = of_itself
        .chain(ended.reason.as_deref())
        .find(|reason| !facts.noise.iter().any(|noise| noise.is_match(reason)));
    refused(root, reason.or(ended.reason.as_deref()).unwrap_or(&ended.status), build, facts)
}

/// A stack that CloudFormation refused as a whole.
#[must_use]
pub fn refused(root: &str, reason: &str, build: &Build<'_>, facts: &Facts) -> Diagnostic {
    let told = tell(reason, NESTED, facts);
    let message = format!("AWS refused the stack `{root}`: {}", told.means);
    Diagnostic::new(Code::DeploymentFailed, build.app, message).maybe_help(told.help)
}

/// A resource that CloudFormation refused before it began.
#[must_use]
pub fn refused_resource(
    root: &str,
    nested: &str,
    invalid: &Invalid,
    build: &Build<'_>,
    facts: &Facts,
) -> Diagnostic {
    let place = build.place(root, nested, &invalid.logical_id);
    let told = tell(&invalid.reason, &invalid.kind, facts);
    let of = place.map(|place| format!(" of `{}`", place.declared)).unwrap_or_default();
    let (kind, id) = (short_kind(&invalid.kind), &invalid.logical_id);
    let message = format!("AWS refuses the {kind} `{id}`{of}: {}", told.means);
    Diagnostic::new(Code::DeploymentFailed, span(place, build), message).maybe_help(told.help)
}

fn span(place: Option<&Place>, build: &Build<'_>) -> pipec_core::source::Span {
    place.map_or(build.app, |place| place.span)
}

/// `CREATE_FAILED` → `create`
fn verb(status: &str) -> &'static str {
    match status {
        "CREATE_FAILED" => "create",
        "DELETE_FAILED" => "delete",
        "IMPORT_FAILED" => "import",
        _ => "update",
    }
}

/// A reason in plain words.
#[derive(Debug)]
pub struct Told {
    /// What happened: AWS's own words where nobody knows better.
    pub means: String,
    /// What to do, and AWS's own words.
    pub help: Option<String>,
}

/// Puts a reason into plain words.
#[must_use]
pub fn tell(reason: &str, kind: &str, facts: &Facts) -> Told {
    let words = bare(reason);
    match facts.failures.iter().find(|known| known.fits(reason, kind)) {
        Some(known) => Told {
            means: filled(known, &known.means, reason),
            help: Some(format!("{}\nAWS said: {words}", filled(known, &known.help, reason))),
        },
        None => Told { means: words, help: None },
    }
}

/// A text with what the reason names.
fn filled(known: &Known, text: &str, reason: &str) -> String {
    let mut text = text.trim().to_owned();
    if let Some(captures) = known.when.captures(reason) {
        for name in known.when.capture_names().flatten() {
            let value = captures.name(name).map_or("…", |found| found.as_str());
            text = text.replace(&format!("{{{name}}}"), value);
        }
    }
    text
}

/// A reason without its wrapping: `Resource handler returned message: "…" (RequestToken: …, HandlerErrorCode: …)`.
fn bare(reason: &str) -> String {
    let text = reason.split(" (RequestToken:").next().unwrap_or(reason).trim();
    let text = text.strip_prefix("Resource handler returned message:").unwrap_or(text).trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    // Service errors end with ids that nobody needs here: (Service: S3, Status Code: 409, Request ID: …)
    let text = text.split(" (Service:").next().unwrap_or(text).trim();
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_shown_without_its_wrapping() {
        let reason = "Resource handler returned message: \"Bucket b exists (Service: S3, Status Code: 409, Request ID: X, Extended Request ID: Y)\" (RequestToken: 1-2, HandlerErrorCode: AlreadyExists)";
        assert_eq!(bare(reason), "Bucket b exists");
        assert_eq!(bare("Plain words."), "Plain words");
    }
}
