//! Rules about doors: paths, locks, apis.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics};
use crate::model::{Event, Ingress, Model, PathPart, Setting};
use crate::source::Span;

/// Checks every event's door.
pub fn check(model: &Model, diags: &mut Diagnostics) {
    paths(model, diags);
    addresses(model, diags);
    open_doors(model, diags);
    for (name, event) in &model.events {
        lock(model, name, event, diags);
        domain(model, name, event, diags);
        lock_domain(model, name, event, diags);
        tier(name, event, diags);
        answers(name, event, diags);
        guests(name, event, diags);
        listeners(name, event, diags);
    }
}

/// Proof 30: no two events claim one method and path, nor paths that API Gateway cannot tell apart. A resource has
/// at most one variable child, so `/a/{x}` and `/a/{y}` refuse each other whatever follows.
fn paths(model: &Model, diags: &mut Diagnostics) {
    let mut doors: BTreeMap<(&str, Vec<String>, &str), (&str, Span)> = BTreeMap::new();
    let mut variables: BTreeMap<(&str, Vec<String>), (&str, &str, Span)> = BTreeMap::new();
    for (name, event) in &model.events {
        let Ingress::Api { api, method, path, origin } = &event.ingress else { continue };
        let full: Vec<String> = path.iter().map(PathPart::text).collect();
        let shown = format!("/{}", full.join("/"));
        if let Some((other, span)) = doors.get(&(api.value.as_str(), full.clone(), method.as_str())) {
            let message = format!("`{name}` and `{other}` both claim `{method} {shown}`");
            diags.push(
                Diagnostic::new(Code::SamePath, origin.span, message)
                    .label(*span, "the other one")
                    .help("give one of them another path or method"),
            );
            continue;
        }
        doors.insert((&api.value, full.clone(), method), (name, origin.span));
        for (depth, part) in path.iter().enumerate() {
            let PathPart::Variable(variable) = part else { continue };
            let before = full.get(..depth).unwrap_or(&[]).to_vec();
            let at = format!("/{}", before.join("/"));
            match variables.get(&(api.value.as_str(), before.clone())) {
                Some((other, theirs, span)) if theirs != variable => {
                    let message =
                        format!("API Gateway cannot tell `{{{variable}}}` from `{{{theirs}}}` at `{at}`");
                    diags.push(
                        Diagnostic::new(Code::AmbiguousPath, origin.span, message)
                            .label(*span, format!("`{other}` calls it `{{{theirs}}}`"))
                            .help("use one name for the variable in both paths"),
                    );
                }
                Some(_) => {}
                None => drop(variables.insert((&api.value, before), (name, variable, origin.span))),
            }
        }
    }
}

/// Each api makes its domain, so no two have the same.
fn addresses(model: &Model, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, (&str, Span)> = BTreeMap::new();
    for (name, api) in &model.apis {
        let Some(domain) = api.options.get("domain") else { continue };
        let Setting::Text(address) = &domain.value else { continue };
        if let Some((other, span)) = seen.insert(address, (name, domain.span)) {
            let message = format!("the apis `{other}` and `{name}` have one domain, `{address}`");
            diags.push(
                Diagnostic::new(Code::DeclaredTwice, domain.span, message)
                    .label(span, "the other one")
                    .help("give each a domain of its own, or let their events come in by one api"),
            );
        }
    }
}

/// Proof 38: a public event says its auth, and an open one has a throttle.
fn lock(model: &Model, name: &str, event: &Event, diags: &mut Diagnostics) {
    match (&event.ingress, &event.auth) {
        (Ingress::Api { origin, .. }, None) if !event.incomplete_profiles => {
            let help = match model.auths.keys().next() {
                Some(first) => format!("add `auth {first}`, or `auth none` if anybody on the internet may send it"),
                None => "add `auth none` if anybody on the internet may send it, or declare a lock: `auth device api_key { quota 100000/day }`".to_owned(),
            };
            let message = format!("`{name}` has a public door and does not say who may use it");
            diags.push(
                Diagnostic::new(Code::NoAuth, origin.span, message)
                    .help(help)
                    .consequence(Consequence::Of(event.span)),
            );
        }
        (Ingress::Topic { .. } | Ingress::Stream { .. }, Some(auth)) => {
            let door = if matches!(event.ingress, Ingress::Topic { .. }) { "topic" } else { "stream" };
            let message = format!("`{name}` comes in by a private {door}, which has no `auth`");
            let help = "only roles that are granted it may send to it; remove the `auth`";
            diags.push(Diagnostic::new(Code::AuthNotPossible, auth.span, message).help(help));
        }
        _ => {}
    }
}

/// Proof 38: an api with an open door has a throttle. Said once an api, at the first such door.
fn open_doors(model: &Model, diags: &mut Diagnostics) {
    for (name, api) in model.apis.iter().filter(|(_, api)| !api.options.contains_key("throttle")) {
        let open = model.events.iter().find_map(|(event_name, event)| match (&event.ingress, &event.auth) {
            (Ingress::Api { api, .. }, Some(auth)) if api.value == *name && auth.value.is_none() => {
                Some((event_name, auth.span))
            }
            _ => None,
        });
        let Some((event, span)) = open else { continue };
        let message = format!("`{event}` is open to everybody, and the api `{name}` has no throttle");
        let help = "add `throttle 100/s burst 200` to the api; without it one caller can use up the account's whole request rate";
        diags.push(
            Diagnostic::new(Code::OpenWithoutThrottle, span, message)
                .label(api.origin.span, "the api")
                .help(help)
                .consequence(Consequence::Of(api.span)),
        );
    }
}

/// A domain is a deployment of its own, so its events come in by its own apis.
fn domain(model: &Model, name: &str, event: &Event, diags: &mut Diagnostics) {
    let Ingress::Api { api, .. } = &event.ingress else { return };
    let Some(declared) = model.apis.get(&api.value) else { return };
    if declared.domain != event.domain {
        let place = |domain: &Option<String>| {
            domain.as_ref().map_or("outside all domains".to_owned(), |d| format!("in the domain `{d}`"))
        };
        let message = format!(
            "`{name}` is {}, and the api `{}` {}",
            place(&event.domain),
            api.value,
            place(&declared.domain)
        );
        let help = match &event.domain {
            Some(domain) => format!(
                "declare an api in `events/{domain}/`, or move the event's file: each domain is deployed by itself, doors included"
            ),
            None => "move the event's file beside the api: each domain is deployed by itself, doors included"
                .to_owned(),
        };
        diags.push(
            Diagnostic::new(Code::ForeignApi, api.span, message)
                .label(declared.origin.span, "the api")
                .help(help),
        );
    }
}

/// The plan that ties a lock to a stage is deployed with the stage, and takes the lock's key from the app or from its own domain.
fn lock_domain(model: &Model, name: &str, event: &Event, diags: &mut Diagnostics) {
    let Some((lock, span)) = event.auth.as_ref().and_then(|auth| Some((auth.value.as_deref()?, auth.span)))
    else {
        return;
    };
    let Some(auth) =
        model.auths.get(lock).filter(|auth| auth.domain.is_some() && auth.domain != event.domain)
    else {
        return;
    };
    let domain = auth.domain.as_deref().unwrap_or_default();
    let message = format!("`{name}` is outside the domain `{domain}`, and the lock `{lock}` is inside it");
    let help = format!("declare `auth {lock}` outside `events/`, where every domain can use it");
    diags.push(
        Diagnostic::new(Code::ForeignApi, span, message)
            .label(auth.choice.origin.span, "the lock")
            .help(help),
    );
}

fn tier(name: &str, event: &Event, diags: &mut Diagnostics) {
    if let (Ingress::Stream { .. }, Some(tier)) = (&event.ingress, &event.tier)
        && !tier.offers("stream")
    {
        let word = tier.construct.rsplit('/').next().unwrap_or_default();
        let message = format!("`{name}` comes in by a stream, and `volume {word}` has none");
        let help = "write `volume high { … }`, or leave `volume` out";
        diags.push(Diagnostic::new(Code::TierWithoutDoor, tier.origin.span, message).help(help));
    }
    if let (Ingress::Topic { .. }, Some(tier)) = (&event.ingress, &event.tier) {
        let message = format!("`{name}` comes in by a private topic, which has no volume");
        let help = "a topic takes any volume; remove `volume`, and add `store s3` to keep the events";
        diags.push(Diagnostic::new(Code::TierWithoutDoor, tier.origin.span, message).help(help));
    }
}

/// An answer needs somebody who waits for it, and a way that is short enough.
fn answers(name: &str, event: &Event, diags: &mut Diagnostics) {
    let Some(responder) = event.responder() else { return };
    if !event.ingress.is_public() {
        let message = format!("nobody waits for an answer of `{name}`, which comes in by a private door");
        let help = "use a `subscriber`, or give the event an `ingress api`";
        diags.push(
            Diagnostic::new(Code::AnswerNotPossible, responder.origin.span, message)
                .label(event.ingress.origin().span, "its door")
                .help(help),
        );
    } else if !responder.has_runtime() {
        let message =
            format!("the handler of `{name}` has no runtime that would store the event before it answers");
        let help = "let a `handler python` or `node` answer";
        diags.push(Diagnostic::new(Code::AnswerNotPossible, responder.origin.span, message).help(help));
    } else if let Some(tier) = event.tier.as_ref().filter(|tier| tier.construct != "tier/low") {
        let word = tier.construct.rsplit('/').next().unwrap_or_default();
        let message =
            format!("`{name}` answers its sender, and `volume {word}` takes events that nobody waits for");
        let help = "remove `volume`: the handler stores each event itself before it answers; subscribers read it `from store`";
        diags.push(
            Diagnostic::new(Code::AnswerNotPossible, tier.origin.span, message)
                .label(responder.origin.span, "the answer")
                .help(help),
        );
    }
}

/// Other accounts send to topics and streams; who calls an api is its auth's matter.
fn guests(name: &str, event: &Event, diags: &mut Diagnostics) {
    if let (true, Some(account)) = (event.ingress.is_public(), event.accounts.first()) {
        let message = format!("`{name}` comes in by a public api, which knows no accounts");
        let help =
            "say who may call it with an `auth`: `iam` lets the other account's roles sign their requests";
        diags.push(Diagnostic::new(Code::GuestsNotPossible, account.span, message).help(help));
    }
}

fn listeners(name: &str, event: &Event, diags: &mut Diagnostics) {
    if event.subscribers.is_empty() && event.store.is_none() && !event.incomplete {
        let message = format!("`{name}` is sent to nobody and kept nowhere");
        let help = "add a `subscriber`, or `store s3` to keep it";
        diags.push(
            Diagnostic::new(Code::NothingListens, event.origin.span, message)
                .help(help)
                .consequence(Consequence::OfAny),
        );
    }
}
