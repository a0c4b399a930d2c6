//! Stacks, outputs and what stays, as people read them.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pipec_deploy::Destroyed;
use pipec_deploy::plan::short_kind;
use pipec_deploy::report::{Drifted, NestedStatus, Outputs, RootStatus};
use pipec_deploy::status::is_good;

/// Outputs and API keys.
pub fn outputs(outputs: &Outputs, colour: bool) -> String {
    let mut out = String::new();
    let is_key = |value: &str| outputs.keys.iter().any(|key| key.id == value);
    // What only other stacks read has no description; keys have lines of their own.
    let shown = outputs.outputs.iter().filter(|(_, output)| output.about.is_some() && !is_key(&output.value));
    let width = shown.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, output) in shown {
        let about = output.about.as_deref().unwrap_or_default();
        let _ = writeln!(out, "{name:<width$}  {}  {}", output.value, paint(colour, "2", about));
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
    if !done.kept.is_empty() {
        out.push_str("these stay in the account, with what they hold (`removal retain`):\n");
        for (kind, name) in &done.kept {
            let _ = writeln!(out, "  {:<24} {name}", short_kind(kind));
        }
    }
    out
}

/// Where stacks stand.
pub fn status(roots: &[RootStatus], searched: bool, colour: bool) -> String {
    let mut out = String::new();
    for root in roots {
        root_lines(&mut out, root, searched, colour);
    }
    out
}

fn root_lines(out: &mut String, root: &RootStatus, searched: bool, colour: bool) {
    let Some(status) = &root.status else {
        let _ = writeln!(out, "{}  not deployed", root.stack);
        return;
    };
    let ago = root.operated_at.map(|at| format!(", {}", ago(at))).unwrap_or_default();
    let orphan = if root.orphan { "; its domain is no longer in the project" } else { "" };
    let shade = if is_good(status) { "32" } else { "31" };
    let _ = writeln!(out, "{}  {}{ago}{orphan}", root.stack, paint(colour, shade, status));
    if let Some(reason) = &root.reason {
        let _ = writeln!(out, "  {reason}");
    }
    let width = root.nested.iter().map(|nested| nested.label.len()).max().unwrap_or(0);
    for nested in &root.nested {
        nested_lines(out, nested, width, searched, colour);
    }
    let drifted = root.nested.iter().any(|nested| !nested.drift.is_empty());
    if searched && !drifted {
        out.push_str("  everything is as the templates say\n");
    } else if drifted {
        out.push_str(
            "  the next deployment that touches these sets them right; one that does not leaves them\n",
        );
    }
}

fn nested_lines(out: &mut String, nested: &NestedStatus, width: usize, searched: bool, colour: bool) {
    let shade = if is_good(&nested.status) { "32" } else { "31" };
    let drift = match nested.drift.len() {
        0 => String::new(),
        count => format!("  {count} drifted"),
    };
    let _ = writeln!(out, "  {:<width$}  {}{drift}", nested.label, paint(colour, shade, &nested.status));
    if let Some(reason) = nested.reason.as_ref().filter(|_| nested.status.ends_with("FAILED")) {
        let _ = writeln!(out, "    {reason}");
    }
    if searched {
        nested.drift.iter().for_each(|drifted| drift_lines(out, drifted));
    }
}

fn drift_lines(out: &mut String, drifted: &Drifted) {
    let declared = drifted.declared.as_deref().unwrap_or(&drifted.logical_id);
    let place = drifted
        .place
        .as_ref()
        .map(|(file, line)| format!(" ({file}:{})", line.unwrap_or(0)))
        .unwrap_or_default();
    let what = if drifted.deleted { "was deleted by hand" } else { "was changed by hand" };
    let name = drifted.physical_id.as_deref().unwrap_or(&drifted.logical_id);
    let _ = writeln!(out, "    {declared}{place}: the {} `{name}` {what}", short_kind(&drifted.kind));
    for (path, expected, present) in &drifted.differences {
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

fn paint(colour: bool, code: &str, text: &str) -> String {
    if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
