//! Progress while AWS works: one moving line a nested stack on a terminal, one line an end elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pipec_core::artifacts::Manifest;
use pipec_deploy::host::News;
use pipec_deploy::names::{NESTED, short_kind};
use pipec_deploy::status::is_running;

use super::style::{Style, plural};

/// How often spinners turn.
const TICK: Duration = Duration::from_millis(120);
/// The widest name of a stack that keeps its column.
const WIDEST: usize = 32;

/// The moving part of the screen.
pub struct Live {
    moving: bool,
    style: Style,
    screen: MultiProgress,
    /// Root and logical id of nested stacks to the names of their templates.
    names: BTreeMap<(String, String), String>,
    rows: BTreeMap<(String, String), Row>,
    uploads: Option<ProgressBar>,
    waiting: bool,
}

struct Row {
    bar: ProgressBar,
    /// In milliseconds since 1970.
    begun: i64,
}

/// A change of a resource's state.
#[derive(Clone, Copy)]
struct Happening<'a> {
    resource: &'a str,
    kind: &'a str,
    status: &'a str,
    reason: Option<&'a str>,
    at: i64,
}

impl Live {
    /// An empty screen.
    pub fn new(manifest: &Manifest, style: Style) -> Self {
        let names = manifest.roots.iter().flat_map(|root| {
            root.nested.keys().map(|id| ((root.stack.clone(), id.clone()), root.label(id).to_owned()))
        });
        Live {
            moving: std::io::stdout().is_terminal(),
            style,
            screen: MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::stdout()),
            names: names.collect(),
            rows: BTreeMap::new(),
            uploads: None,
            waiting: false,
        }
    }

    /// Shows news.
    pub fn tell(&mut self, news: &News<'_>) {
        if !matches!(news, News::Waiting { .. }) {
            self.waiting = false;
        }
        match news {
            News::Place { .. } | News::Plan { .. } => {}
            News::Started { stack, operation } => self.line(&format!("{stack}: {operation} begins")),
            News::Attached { stack, status } => {
                self.line(&format!(
                    "{stack}: an operation is running already ({status}); watching it to its end"
                ));
            }
            News::Checking { stack } => self.line(&format!("{stack}: CloudFormation checks the change")),
            News::Uploaded { done, of, sent } => self.upload(*done, *of, *sent),
            News::Working { stack, nested, resource, kind, status, reason, at } => {
                let happening = Happening { resource, kind, status, reason: *reason, at: *at };
                self.work(stack, *nested, &happening);
            }
            News::Stays { stack, kind, name, why } => {
                let kind = short_kind(kind);
                self.line(&format!("{stack}: the {kind} `{name}` could not be deleted and stays: {why}"));
            }
            News::Ended { stack, status } => {
                // Other roots may still be at work.
                let (ended, others) =
                    std::mem::take(&mut self.rows).into_iter().partition(|(key, _)| key.0 == **stack);
                self.rows = others;
                BTreeMap::into_values(ended).for_each(|row: Row| row.bar.finish_and_clear());
                self.line(&format!("{stack}: {}", self.style.status(status)));
            }
            News::Waiting { why } => self.wait(why),
        }
    }

    /// Takes everything that moves off the screen.
    pub fn close(&mut self) {
        for row in std::mem::take(&mut self.rows).into_values() {
            row.bar.finish_and_clear();
        }
        if let Some(bar) = self.uploads.take() {
            bar.finish_and_clear();
        }
    }

    fn wait(&mut self, why: &str) {
        if !self.waiting {
            self.line(&format!("AWS does not answer for now ({why}); trying again"));
        }
        self.waiting = true;
    }

    fn upload(&mut self, done: usize, of: usize, sent: usize) {
        if done == of {
            self.close();
            return self.line(&format!("uploaded {}; {} were there", plural(sent, "file"), of - sent));
        }
        if !self.moving {
            return;
        }
        let screen = &self.screen;
        let bar = self.uploads.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("uploading {bar:30} {pos}/{len}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            screen.add(ProgressBar::new(of as u64).with_style(style))
        });
        bar.set_position(done as u64);
    }

    fn work(&mut self, stack: &str, nested: Option<&str>, happening: &Happening<'_>) {
        let Happening { resource, kind, status, reason, .. } = *happening;
        if status.ends_with("_FAILED") {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let text = self.style.red(&format!("  {} {resource} {status}{why}", self.name(stack, nested)));
            return self.line(&text);
        }
        // A root tells of its nested stacks, which tell of their own resources.
        let Some(nested) = nested else { return self.row(stack, happening) };
        if let Some(row) = self.rows.get(&(stack.to_owned(), nested.to_owned()))
            && is_running(status)
            && kind != NESTED
        {
            row.bar.set_message(format!("{} {resource}", short_kind(kind)));
        }
    }

    /// A nested stack, or a resource of the root, begins or ends.
    fn row(&mut self, stack: &str, happening: &Happening<'_>) {
        let Happening { resource, kind, status, at, .. } = *happening;
        let key = (stack.to_owned(), resource.to_owned());
        // The root tells of itself, too.
        if kind == NESTED && resource == stack {
            return;
        }
        if is_running(status) {
            return self.begin(key, at);
        }
        if let Some(row) = self.rows.remove(&key) {
            row.bar.finish_and_clear();
            let seconds = (at - row.begun).max(0) as f64 / 1000.0;
            let name = self.name(stack, Some(resource));
            self.line(&format!("  {name:<WIDEST$} {status:<24} {seconds:>7.1} s"));
        }
    }

    fn begin(&mut self, key: (String, String), at: i64) {
        if self.rows.contains_key(&key) {
            return;
        }
        let name = self.name(&key.0, Some(&key.1));
        let bar =
            if self.moving { self.screen.add(ProgressBar::new_spinner()) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("  {prefix:32} {spinner} {msg} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(name);
        bar.enable_steady_tick(TICK);
        self.rows.insert(key, Row { bar, begun: at });
    }

    fn name(&self, stack: &str, nested: Option<&str>) -> String {
        let Some(nested) = nested else { return stack.to_owned() };
        self.names.get(&(stack.to_owned(), nested.to_owned())).map_or(nested, String::as_str).to_owned()
    }

    fn line(&self, text: &str) {
        if self.moving && self.screen.println(text).is_ok() {
            return;
        }
        crate::out!("{text}");
    }
}
