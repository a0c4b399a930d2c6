//! A plan as people read it: by event, what is added, changed, replaced or deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pipec_deploy::names::{owner, short_kind};
use pipec_deploy::plan::{Action, Bootstrap, Change, Effect, Plan, RootPlan};

use super::style::{Style, plural};

/// Resources whose types are named in a line at most.
const MOST_KINDS: usize = 3;
/// Files named in a line at most.
const MOST_FILES: usize = 2;
/// Properties named in a line at most.
const MOST_PROPERTIES: usize = 4;

/// The plan as text.
pub fn plan(plan: &Plan, app: &str, place: &str, style: Style) -> String {
    let mut out = format!("{app} ({place})\n");
    if plan.is_empty() {
        out.push_str("nothing changes\n");
        return out;
    }
    out.push_str(&bootstrap(plan.bootstrap.as_ref()));
    for root in plan.roots.iter().filter(|root| root.action != Action::Keep) {
        let _ = writeln!(out, "\n{}", heading(root));
        if root.changes.is_empty() && root.action == Action::Update {
            out.push_str("    only descriptions, tags or outputs change\n");
        }
        for (owner, changes) in by_owner(&root.changes) {
            owner_lines(&mut out, owner, &changes, style);
        }
    }
    let _ = writeln!(out, "\n{}", counts(plan));
    out
}

/// What comes first, once an account and region.
fn bootstrap(plan: Option<&Bootstrap>) -> String {
    let Some(plan) = plan else { return String::new() };
    let made = if plan.action == Action::Create { "is created" } else { "is updated" };
    let bucket = plan.bucket.then_some("a bucket for templates and packages");
    let role = plan.logging_role.then_some("the role with which API Gateway writes logs, which has none yet");
    let what: Vec<&str> = bucket.into_iter().chain(role).collect();
    let what = if what.is_empty() { "its template is newer".to_owned() } else { what.join("\n  ") };
    format!("\nonce in this account and region, the stack {} {made}:\n  {what}\n", plan.stack)
}

fn heading(root: &RootPlan) -> String {
    let what = match root.action {
        Action::Create => "is created",
        Action::Update => "is updated",
        Action::Keep => "stays",
        Action::Delete => "is deleted",
    };
    let domain = root.domain.as_ref().filter(|_| root.action == Action::Delete);
    let why =
        domain.map(|name| format!(": the domain `{name}` is no longer in the project")).unwrap_or_default();
    format!("the stack {} {what}{why}", root.stack)
}

/// `CardIssued`, `api public` → their changes.
fn by_owner(changes: &[Change]) -> BTreeMap<&str, Vec<&Change>> {
    let mut owners: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        owners.entry(owner(&change.declared)).or_default().push(change);
    }
    owners
}

/// The first few, and how many more there are.
fn few(all: &BTreeSet<&str>, most: usize) -> String {
    let shown = all.iter().take(most).copied().collect::<Vec<_>>().join(", ");
    let more = all.len().saturating_sub(most);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

fn owner_lines(out: &mut String, owner: &str, changes: &[&Change], style: Style) {
    let files: BTreeSet<&str> = changes.iter().filter_map(|change| change.file.as_deref()).collect();
    let files = few(&files, MOST_FILES);
    let title = owner.replacen('.', " ", 1);
    let only = |effect: Effect| changes.iter().all(|change| change.effect == effect);
    if only(Effect::Added) || (only(Effect::Removed) && changes.iter().all(|change| change.data.is_none())) {
        let effect = if only(Effect::Added) { Effect::Added } else { Effect::Removed };
        let count = plural(changes.len(), "resource");
        let line = format!("  {} {title:<34} {count:<14} {files}", sign(effect));
        let _ = writeln!(out, "{}", paint(style, effect, line.trim_end()));
        return;
    }
    let _ = writeln!(out, "  {}", format!("  {title:<34} {files}").trim_end());
    let mut groups: BTreeMap<(&str, Effect), Vec<&Change>> = BTreeMap::new();
    for change in changes {
        groups.entry((&change.declared, change.effect)).or_default().push(change);
    }
    for ((declared, effect), changes) in groups {
        let part = declared.strip_prefix(owner).unwrap_or_default().trim_start_matches(['.', ' ']);
        let what = summary(effect, &changes);
        let line = if part.is_empty() {
            format!("      {} {what}", sign(effect))
        } else {
            format!("      {} {part:<30} {what}", sign(effect))
        };
        let _ = writeln!(out, "{}", paint(style, effect, line.trim_end()));
        changes.iter().for_each(|change| data_line(out, change, style));
        notes(out, &changes);
    }
}

/// What happens to the data of a resource that takes consent, or stays.
fn data_line(out: &mut String, change: &Change, style: Style) {
    let Some(data) = change.data.as_ref().filter(|data| data.consent || change.kept) else { return };
    let (kind, id) = (short_kind(&change.kind), &change.logical_id);
    let text = match (change.kept, data.consent) {
        (true, true) => {
            format!("{id} ({kind}): {} stay in the old one, which nothing reads any more", data.what)
        }
        (true, false) => format!("{id} ({kind}) stays in the account, with what it holds"),
        (false, _) if change.effect == Effect::Changed => {
            format!("DATA LOSS {id} ({kind}) keeps for a shorter time: {}", data.what)
        }
        (false, _) => format!("DATA LOSS {id} ({kind}): {}", data.what),
    };
    let text = format!("          {text}");
    let _ = writeln!(out, "{}", if data.consent { style.loud(&text) } else { text });
}

/// What else goes that somebody might miss.
fn notes(out: &mut String, changes: &[&Change]) {
    let notes = changes
        .iter()
        .filter(|change| !change.kept)
        .filter_map(|change| Some((change, change.data.as_ref()?)));
    let what: BTreeSet<&str> =
        notes.filter(|(_, data)| !data.consent).map(|(_, data)| data.what.as_str()).collect();
    if !what.is_empty() {
        let _ = writeln!(out, "          also gone: {}", what.into_iter().collect::<Vec<_>>().join("; "));
    }
}

fn summary(effect: Effect, changes: &[&Change]) -> String {
    let kinds: BTreeSet<&str> = changes.iter().map(|change| short_kind(&change.kind)).collect();
    let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
    if matches!(effect, Effect::Added | Effect::Removed) {
        return if changes.len() > MOST_KINDS { plural(changes.len(), "resource") } else { kinds };
    }
    let properties: BTreeSet<&str> =
        changes.iter().flat_map(|change| change.properties.iter().map(String::as_str)).collect();
    format!("{kinds}: {}", few(&properties, MOST_PROPERTIES))
}

fn counts(plan: &Plan) -> String {
    let count = |effect| plan.changes().filter(|(_, change)| change.effect == effect).count();
    let kept = plan.changes().filter(|(_, change)| change.kept && change.effect == Effect::Removed).count();
    let mut text = format!(
        "{} added, {} changed, {} replaced, {} deleted",
        plural(count(Effect::Added), "resource"),
        count(Effect::Changed),
        count(Effect::Replaced),
        count(Effect::Removed) - kept,
    );
    if kept > 0 {
        let _ = write!(text, ", {kept} left behind with what they hold");
    }
    text
}

fn sign(effect: Effect) -> char {
    match effect {
        Effect::Added => '+',
        Effect::Changed => '~',
        Effect::Replaced => '±',
        Effect::Removed => '-',
    }
}

/// A line in the colour of what happens.
fn paint(style: Style, effect: Effect, text: &str) -> String {
    match effect {
        Effect::Added => style.green(text),
        Effect::Changed => style.yellow(text),
        Effect::Replaced | Effect::Removed => style.red(text),
    }
}
