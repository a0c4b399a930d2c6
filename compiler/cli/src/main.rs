//! The `pipec` command.
//!
//! ```text
//! main → args → commands/*, cloud/* → project (reads) → pipec_core::compile → report (shows), output (writes)
//! ```

/// Writes a line to standard output. A reader that went away, or a full disk, is no reason to panic.
#[macro_export]
macro_rules! out {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($arg)*);
    }};
}

/// Writes text to standard output as it is.
#[macro_export]
macro_rules! out_raw {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), $($arg)*);
    }};
}

/// Writes a line to standard error.
#[macro_export]
macro_rules! err {
    ($($arg:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($arg)*);
    }};
}

mod args;
#[cfg_attr(not(feature = "deploy"), path = "no_cloud.rs")]
mod cloud;
mod commands;
mod output;
mod project;
mod report;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};

/// A build makes millions of small values on all threads, and frees few: the system's allocator takes a quarter of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Fine,
    /// The project has errors.
    Errors,
    /// The command was used wrongly.
    Usage,
    /// The world outside failed: the disk, the network, AWS.
    World,
    /// The user interrupted the run.
    #[cfg(feature = "deploy")]
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Errors => 1,
            Exit::Usage => 2,
            Exit::World => 3,
            #[cfg(feature = "deploy")]
            Exit::Interrupted => 130,
        })
    }
}

/// A failure that has no place in a `.pipe` file.
#[derive(Debug)]
struct Failure {
    exit: Exit,
    message: String,
    help: Option<String>,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Failure { exit: Exit::Usage, message: message.into(), help: None }
    }

    fn world(what: &str, error: &std::io::Error) -> Self {
        Failure { exit: Exit::World, message: format!("{what}: {error}"), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.command {
        Command::Init { name } => commands::init::run(&args, name.as_deref()),
        Command::New { what } => commands::new::run(&args, what),
        Command::Check { at, env } => commands::check::run(&args, at.as_deref(), env.as_deref()),
        Command::Verify { at, strict } => commands::verify::run(&args, at, *strict),
        Command::Build(build) => commands::build::run(&args, build),
        Command::Deploy(deploy) => cloud::deploy(&args, deploy),
        Command::Destroy(destroy) => cloud::destroy(&args, destroy),
        Command::Status(status) => cloud::status(&args, status),
        Command::Outputs(outputs) => cloud::outputs(&args, outputs),
        Command::Fmt { at, check } => commands::fmt::run(&args, at.as_deref(), *check),
        Command::Explain { code } => commands::explain::run(code),
        Command::Graph { at, env, format } => {
            commands::graph::run(&args, at.as_deref(), env.as_deref(), *format)
        }
        Command::Debug { what, at, env } => commands::debug::run(&args, *what, at.as_deref(), env.as_deref()),
    };
    result
        .unwrap_or_else(|failure| {
            report::failure(&args, &failure);
            failure.exit
        })
        .into()
}
