//! Shows what a deployment tells, on a terminal or as JSON, and asks for it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipec_core::artifacts::Manifest;
use pipec_deploy::host::{Host, News, Question};
use pipec_deploy::inspect::{Outputs, RootStatus};
use pipec_deploy::{Destroyed, Report};
use serde_json::json;

use super::live::Live;
use super::style::Style;
use super::{plan_view, print_json, status_view};

/// Who answers questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Whoever sits at the terminal.
    Ask,
    /// Everything is agreed to.
    Yes,
}

/// A terminal, or what stands in for it.
pub struct Terminal {
    live: RefCell<Live>,
    answers: Answers,
    json: bool,
    /// Whether the command does more than show something.
    acts: bool,
    style: Style,
    app_stack: String,
    place: RefCell<String>,
    in_vain: Cell<bool>,
    /// Whether a question waits for its answer.
    asking: Arc<AtomicBool>,
}

impl Terminal {
    /// A terminal for a build; without `answers` for a command that asks nothing.
    pub fn new(manifest: &Manifest, answers: Option<Answers>, json: bool, colour: bool) -> Self {
        let style = Style { colour };
        let app_stack = manifest.roots.first().map(|root| root.stack.clone()).unwrap_or_default();
        Terminal {
            live: RefCell::new(Live::new(manifest, style)),
            acts: answers.is_some(),
            answers: answers.unwrap_or(Answers::Ask),
            json,
            style,
            app_stack,
            place: RefCell::default(),
            in_vain: Cell::new(false),
            asking: Arc::default(),
        }
    }

    /// Whether a question found nobody to ask.
    pub fn asked_in_vain(&self) -> bool {
        self.in_vain.get()
    }

    /// Takes what moves off the screen.
    pub fn close(&self) {
        self.live.borrow_mut().close();
    }

    /// A deployment is through.
    pub fn deployed(&self, report: &Report, outputs: &Outputs) {
        self.close();
        if self.json {
            return print_json(
                &json!({ "news": "deployed", "changed": report.done, "uploaded": report.uploaded,
                "outputs": plain(outputs), "keys": outputs.keys }),
            );
        }
        crate::out_raw!("{}", status_view::outputs(outputs, self.style));
    }

    /// A destruction is through.
    pub fn destroyed(&self, done: &Destroyed) {
        self.close();
        if self.json {
            return print_json(&json!({ "news": "destroyed", "stacks": done.stacks, "kept": done.retained }));
        }
        crate::out_raw!("{}", status_view::destroyed(done));
    }

    /// Where stacks stand.
    pub fn status(&self, found: &[RootStatus], searched: bool) {
        if self.json {
            return print_json(&json!({ "news": "status", "roots": found }));
        }
        crate::out_raw!("{}", status_view::status(found, searched, self.style));
    }

    /// What stacks tell.
    pub fn outputs(&self, outputs: &Outputs) {
        if self.json {
            return print_json(&json!({ "outputs": plain(outputs), "keys": outputs.keys }));
        }
        crate::out_raw!("{}", status_view::outputs(outputs, self.style));
    }

    fn question(&self, text: &str) -> Option<String> {
        if !std::io::stdin().is_terminal() || self.json {
            self.in_vain.set(true);
            return None;
        }
        self.close();
        crate::out_raw!("{text} ");
        let _ = std::io::stdout().flush();
        let mut line = String::new();
        self.asking.store(true, Ordering::SeqCst);
        let read = std::io::stdin().lock().read_line(&mut line);
        self.asking.store(false, Ordering::SeqCst);
        read.ok().map(|_| line.trim().to_owned())
    }

    fn yes(&self, text: &str) -> bool {
        match self.answers {
            Answers::Yes => true,
            _ => self
                .question(&format!("{text} [y/N]"))
                .is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes")),
        }
    }

    fn confirmed(&self) -> bool {
        let name = &self.app_stack;
        let ask = || self.question(&format!("type `{name}` to delete all of this:"));
        self.answers == Answers::Yes || ask().as_ref() == Some(name)
    }

    /// Comes to its end when the user presses Ctrl-C. While a question waits for its answer nothing has begun, and
    /// the whole program ends at once: reading a line cannot be interrupted otherwise.
    pub fn interruption(&self) -> impl Future<Output = ()> + use<> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let asking = Arc::clone(&self.asking);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let pressed = runtime.map(|runtime| runtime.block_on(tokio::signal::ctrl_c()));
            if !matches!(pressed, Ok(Ok(()))) {
                return;
            }
            if asking.load(Ordering::SeqCst) {
                crate::err!("\ninterrupted; nothing more was changed");
                std::process::exit(130);
            }
            let _ = tell.send(());
        });
        async move {
            // Where signals cannot be heard, nothing interrupts.
            if told.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Name to value.
fn plain(outputs: &Outputs) -> serde_json::Map<String, serde_json::Value> {
    outputs.outputs.iter().map(|(name, output)| (name.clone(), json!(output.value))).collect()
}

impl Host for Terminal {
    fn tell(&self, news: &News<'_>) {
        if self.json {
            // Where a command only shows something, that is all there is to read.
            if self.acts {
                print_json(news);
            }
            return;
        }
        match news {
            News::Place { caller, region } => {
                *self.place.borrow_mut() = format!("account {}, {region}", caller.account);
            }
            News::Plan { plan } => {
                crate::out_raw!(
                    "{}",
                    plan_view::plan(plan, &self.app_stack, &self.place.borrow(), self.style)
                );
            }
            other => self.live.borrow_mut().tell(other),
        }
    }

    fn ask(&self, question: &Question<'_>) -> bool {
        match question {
            Question::Plan(_) => self.yes("deploy this?"),
            Question::Destroy(_) => self.confirmed(),
            Question::FreeName { stack, kept } => {
                let stay = kept.iter().filter_map(|one| one.physical_id.as_deref()).collect::<Vec<_>>();
                let stay =
                    if stay.is_empty() { String::new() } else { format!(" ({} stay)", stay.join(", ")) };
                self.say(&format!("the creation of `{stack}` failed, and everything in it was removed again{stay}: only its name is taken"));
                self.yes("free the name and create it anew?")
            }
            Question::ContinueRollback { stack, stuck, skip } => {
                self.say(&format!("an update of `{stack}` failed, and its rollback is stuck:"));
                for (name, why) in *stuck {
                    let how = if skip.contains(name) { " (left as it is)" } else { "" };
                    self.say(&format!("  {name}: {why}{how}"));
                }
                self.yes("go on with the rollback?")
            }
        }
    }
}

impl Terminal {
    fn say(&self, text: &str) {
        if self.json { print_json(&json!({ "news": "notice", "text": text })) } else { crate::out!("{text}") }
    }
}
