//! The commands that talk to AWS.
//!
//! ```text
//! command → compile → connect → pipec_deploy → host (shows and asks), plan_view
//! ```

mod host;
mod live;
mod plan_view;
mod status_view;
mod style;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use pipec_core::artifacts::{Format, source_map};
use pipec_core::{Compiled, Stage};
use pipec_deploy::aws::{Aws, Choice};
use pipec_deploy::{Build, Options, Session, Side, Stop, facts, inspect};
use serde_json::json;

use crate::args::{Args, Deploy, Destroy, Outputs, Status, Target};
use crate::commands::{open, run_until};
use crate::{Exit, Failure, report};
use host::{Answers, Terminal};

/// `pipec deploy`
pub fn deploy(args: &Args, deploy: &Deploy) -> Result<Exit, Failure> {
    let options = Options {
        allow_data_loss: deploy.allow_data_loss.clone(),
        skip: deploy.skip.clone(),
        artifact_bucket: deploy.artifact_bucket.clone(),
        parameters: parameters(&deploy.params)?,
        plan_only: deploy.plan,
    };
    let answers = if deploy.yes { Answers::Yes } else { Answers::Ask };
    with_session(args, &deploy.target, &options, Some(answers), async |session| {
        let report = pipec_deploy::deploy(session).await?;
        if deploy.plan {
            return Ok(());
        }
        let outputs = inspect::outputs(session, &report.stacks, deploy.show_keys).await?;
        session.host.deployed(&report, &outputs);
        Ok(())
    })
}

/// `pipec destroy`
pub fn destroy(args: &Args, destroy: &Destroy) -> Result<Exit, Failure> {
    let answers = if destroy.confirm.is_some() { Answers::Yes } else { Answers::Ask };
    with_session(args, &destroy.target, &Options::default(), Some(answers), async |session| {
        let stack = session.build.manifest().stack_name(None);
        if let Some(given) = destroy.confirm.as_ref().filter(|given| **given != stack) {
            let message = format!("the stack of the app is `{stack}`, and not `{given}`");
            return Err(Stop::usage(message).help("nothing was deleted"));
        }
        let done = pipec_deploy::destroy(session).await?;
        session.host.destroyed(&done);
        Ok(())
    })
}

/// `pipec status`
pub fn status(args: &Args, status: &Status) -> Result<Exit, Failure> {
    with_session(args, &status.target, &Options::default(), None, async |session| {
        let found = inspect::status(session, status.drift).await?;
        session.host.status(&found, status.drift);
        Ok(())
    })
}

/// `pipec outputs`
pub fn outputs(args: &Args, outputs: &Outputs) -> Result<Exit, Failure> {
    with_session(args, &outputs.target, &Options::default(), None, async |session| {
        session.check_place().await?;
        let stacks = inspect::stacks(session).await?;
        if stacks.is_empty() {
            let message = format!("`{}` is not deployed here", session.build.manifest().app);
            return Err(
                Stop::world(message).help("`pipec deploy` does that; is it the right `--env` and profile?")
            );
        }
        let found = inspect::outputs(session, &stacks, outputs.show_keys).await?;
        session.host.outputs(&found);
        Ok(())
    })
}

/// `NAME=VALUE` …
fn parameters(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| {
        let message = format!("`--param {text}` is not `NAME=VALUE`");
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let pair = pair.ok_or_else(|| Failure::usage(message).help("write `--param NAME=VALUE`"))?;
        Ok((pair.0.to_owned(), pair.1.to_owned()))
    };
    given.iter().map(pair).collect()
}

/// Compiles the project, connects, and runs a command until it ends or is interrupted.
fn with_session(
    args: &Args,
    target: &Target,
    options: &Options,
    answers: Option<Answers>,
    command: impl AsyncFnOnce(&Session<'_, Aws, Terminal>) -> Result<(), Stop>,
) -> Result<Exit, Failure> {
    let (project, library) = open(args, target.at.as_deref())?;
    let done =
        run_until(&project, library, target.env.as_deref(), Stage::Artifacts, Format::Yaml, &mut |_| {});
    let exit = report::findings(args, &done.sources, &done.diagnostics);
    let Compiled { sources, stacks: Some(tree), bundle: Some(bundle), .. } = done else {
        return Ok(Exit::Errors);
    };
    if exit != Exit::Fine {
        return Ok(exit);
    }
    let places = source_map(tree, sources);
    let build = Build { bundle, places: &places, app: tree.app.origin.span };
    let broken = |error: String| Failure::usage(format!("the standard library is broken: {error}"));
    let facts = facts::facts().map_err(broken)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::world("the network cannot be used", &error))?;
    let colour = report::coloured_on(args, std::io::stdout().is_terminal());
    let host = Terminal::new(&bundle.manifest, answers, target.json, colour);
    let interruption = host.interruption();
    let ended = runtime.block_on(async {
        let region = bundle.manifest.region.clone();
        let cloud = Aws::connect(&Choice { profile: target.profile.clone(), fallback_region: region }).await;
        let session = Session { cloud: &cloud, host: &host, build: &build, facts, options };
        tokio::select! {
            result = command(&session) => Some(result),
            _ = interruption => None,
        }
    });
    host.close();
    match ended {
        Some(Ok(())) => Ok(Exit::Fine),
        Some(Err(stop)) => stopped(args, done, &host, stop),
        None => Ok(interrupted(args)),
    }
}

/// Says why a command ended before its time.
fn stopped(args: &Args, done: &Compiled, host: &Terminal, stop: Stop) -> Result<Exit, Failure> {
    report::findings(args, &done.sources, &stop.findings);
    let exit = match stop.side {
        Side::World => Exit::World,
        Side::Project | Side::Declined => Exit::Errors,
        Side::Usage => Exit::Usage,
    };
    let failure = match stop.message {
        _ if host.asked_in_vain() => {
            let help = "`--yes` answers for `deploy`, `--confirm STACK` for `destroy`, and `deploy --plan` asks nothing";
            return Err(Failure::usage("there is a question, and nobody at a terminal to ask").help(help));
        }
        None => return Ok(exit),
        Some(message) if stop.side == Side::Declined => {
            crate::err!("{message}");
            return Ok(exit);
        }
        Some(message) => Failure { exit, message, help: stop.help },
    };
    Err(failure)
}

/// What an interruption leaves.
const INTERRUPTED: &str = "interrupted; what AWS has begun goes on by itself";

fn interrupted(args: &Args) -> Exit {
    let message = INTERRUPTED.to_owned();
    let help =
        Some("`pipec status` shows where it stands, and `pipec deploy` watches it to its end".to_owned());
    report::failure(args, &Failure { exit: Exit::Interrupted, message, help });
    Exit::Interrupted
}

/// Prints one JSON object.
fn print_json(value: &impl serde::Serialize) {
    let value = serde_json::to_value(value).unwrap_or_else(|error| json!({ "error": error.to_string() }));
    crate::out!("{value}");
}
