//! Stacks, outputs and what stays, as people read them.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pipec_deploy::cloud::Difference;
use pipec_deploy::inspect::{Drifted, NestedStatus, Outputs, RootStatus};
use pipec_deploy::names::short_kind;
use pipec_deploy::{Destroyed, Retained};

use super::style::Style;

/// Outputs and API keys.
pub fn outputs(outputs: &Outputs, style: Style) -> String {
    let mut out = String::new();
    let is_key = |value: &str| outputs.keys.iter().any(|key| key.id == value);
    // What only other stacks read has no description; keys have lines of their own.
    let shown = outputs.outputs.iter().filter(|(_, output)| output.about.is_some() && !is_key(&output.value));
    let width = shown.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, output) in shown {
        let about = output.about.as_deref().unwrap_or_default();
        let _ = writeln!(out, "{name:<width$}  {}  {}", output.value, style.faint(about));
    }
    if outputs.keys.is_empty() {
        return out;
    }
    out.push_str("API keys, sent in the header `x-api-key`:\n");
    let width = outputs.keys.iter().map(|key| key.declared.len()).max().unwrap_or(0);
    for key in &outputs.keys {
        let value = key.value.as_deref().map_or_else(|| format!("id {}", key.id), str::to_owned);
        let _ = writeln!(out, "  {:<width$}  {value}", key.declared);
    }
    if outputs.keys.iter().any(|key| key.value.is_none()) {
        out.push_str("  their values are secrets: `pipec outputs --show-keys` prints them\n");
    }
    out
}

/// What a destruction left.
pub fn destroyed(done: &Destroyed) -> String {
    if done.stacks.is_empty() {
        return "there is nothing to delete\n".to_owned();
    }
    let mut out = format!("deleted {}\n", done.stacks.join(", "));
    if !done.retained.is_empty() {
        out.push_str("these stay in the account, with what they hold (`removal retain`):\n");
        for Retained { kind, name } in &done.retained {
            let _ = writeln!(out, "  {:<24} {name}", short_kind(kind));
        }
    }
    out
}

/// Where stacks stand.
pub fn status(roots: &[RootStatus], searched: bool, style: Style) -> String {
    let mut out = String::new();
    for root in roots {
        root_lines(&mut out, root, style);
        if searched && root.status.is_some() {
            out.push_str(drift_summary(root));
        }
    }
    out
}

fn root_lines(out: &mut String, root: &RootStatus, style: Style) {
    let Some(status) = &root.status else {
        let _ = writeln!(out, "{}  not deployed", root.stack);
        return;
    };
    let ago = root.operated_at.map(|at| format!(", {}", ago(at))).unwrap_or_default();
    let orphan = if root.orphan { "; its domain is no longer in the project" } else { "" };
    let _ = writeln!(out, "{}  {}{ago}{orphan}", root.stack, style.status(status));
    if let Some(reason) = &root.reason {
        let _ = writeln!(out, "  {reason}");
    }
    let width = root.nested.iter().map(|nested| nested.label.len()).max().unwrap_or(0);
    for nested in &root.nested {
        nested_lines(out, nested, width, style);
    }
}

fn nested_lines(out: &mut String, nested: &NestedStatus, width: usize, style: Style) {
    let drift = nested.drift.as_deref().unwrap_or_default();
    let drifted = if drift.is_empty() { String::new() } else { format!("  {} drifted", drift.len()) };
    let _ = writeln!(out, "  {:<width$}  {}{drifted}", nested.label, style.status(&nested.status));
    if let Some(reason) = nested.reason.as_ref().filter(|_| nested.status.ends_with("FAILED")) {
        let _ = writeln!(out, "    {reason}");
    }
    if let Some(why) = &nested.unsearched {
        let _ = writeln!(out, "    not everything could be searched: {why}");
    }
    drift.iter().for_each(|drifted| drift_lines(out, drifted));
}

/// What a search comes to.
fn drift_summary(root: &RootStatus) -> &'static str {
    let drifted = |nested: &NestedStatus| nested.drift.as_ref().is_some_and(|drift| !drift.is_empty());
    let clean = |nested: &NestedStatus| {
        nested.drift.as_ref().is_some_and(Vec::is_empty) && nested.unsearched.is_none()
    };
    if root.nested.iter().any(drifted) {
        "  a deployment that changes one of these sets it right, and any other leaves it; what was deleted is made anew\n  when its declaration is taken out, deployed, put back and deployed again\n"
    } else if root.nested.iter().all(clean) {
        "  everything is as the templates say\n"
    } else {
        "  some stacks could not be searched for drift\n"
    }
}

fn drift_lines(out: &mut String, drifted: &Drifted) {
    let declared = drifted.declared.as_deref().unwrap_or(&drifted.logical_id);
    let line = drifted.line.map(|line| format!(":{line}")).unwrap_or_default();
    let place = drifted.file.as_ref().map(|file| format!(" ({file}{line})")).unwrap_or_default();
    let what = if drifted.deleted { "was deleted by hand" } else { "was changed by hand" };
    let name = drifted.physical_id.as_deref().unwrap_or(&drifted.logical_id);
    let _ = writeln!(out, "    {declared}{place}: the {} `{name}` {what}", short_kind(&drifted.kind));
    for Difference { path, expected, present } in &drifted.differences {
        let _ = writeln!(out, "      {path}: {expected} → {present}");
    }
}

fn ago(at: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let then = Duration::from_millis(at.max(0).unsigned_abs());
    let seconds = now.saturating_sub(then).as_secs();
    match seconds {
        0..=1 => "just now".to_owned(),
        2..=119 => format!("{seconds} seconds ago"),
        120..=7_199 => format!("{} minutes ago", seconds / 60),
        7_200..=172_799 => format!("{} hours ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}
