//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// A compiler for event pipelines on AWS: `.pipe` files in, nested CloudFormation stacks out.
#[derive(Debug, Parser)]
#[command(name = "pipec", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 fine, 1 the project has errors, 2 wrong use, 3 the outside world failed, 130 interrupted."
)]
pub struct Args {
    /// The project, or a folder inside it; the current folder without it.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// How findings are shown.
    #[arg(long, global = true, value_enum, default_value_t = ErrorFormat::Human)]
    pub error_format: ErrorFormat,
    /// When output is coloured.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a project that builds.
    Init {
        /// Its name, which becomes a folder; the current folder without it.
        name: Option<String>,
    },
    /// Add a file to the project.
    New {
        /// What to add.
        #[command(subcommand)]
        what: NewWhat,
    },
    /// Find mistakes without building.
    Check {
        /// The project.
        at: Option<PathBuf>,
        /// The environment to apply.
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
    /// Prove that CloudFormation templates work, whoever wrote them.
    Verify {
        /// Templates, or folders of them.
        #[arg(required = true, value_name = "TEMPLATE_OR_DIR")]
        at: Vec<PathBuf>,
        /// Also tell what cannot be proved before the deployment.
        #[arg(long)]
        strict: bool,
    },
    /// Compile the project to CloudFormation templates and handler packages.
    Build(Build),
    /// Bring the project's stacks to what it says: show a plan, ask, and watch AWS carry it out.
    Deploy(Deploy),
    /// Delete the project's stacks, after a plan and a typed confirmation.
    Destroy(Destroy),
    /// Show where the project's stacks stand.
    Status(Status),
    /// Show what the project's stacks tell: addresses, ids of API keys.
    Outputs(Outputs),
    /// Write the project's files in the one true layout.
    Fmt {
        /// The project, or one file of it.
        at: Option<PathBuf>,
        /// Only say which files would change, and exit with 1 if any would.
        #[arg(long)]
        check: bool,
    },
    /// Explain a diagnostic: what is wrong, what AWS would do, how to mend it.
    Explain {
        /// Its code, such as P0403.
        code: String,
    },
    /// Draw the flow of events.
    Graph {
        /// The project.
        at: Option<PathBuf>,
        /// The environment to apply.
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
        /// The language of the drawing.
        #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
        format: GraphFormat,
    },
    /// Show what a phase of the compiler made.
    Debug {
        /// The phase.
        #[arg(value_enum)]
        what: DebugWhat,
        /// The project.
        at: Option<PathBuf>,
        /// The environment to apply.
        #[arg(long, value_name = "NAME")]
        env: Option<String>,
    },
}

/// `pipec build`
#[derive(Debug, clap::Args)]
pub struct Build {
    /// The project.
    pub at: Option<PathBuf>,
    /// The environment to apply.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Where to write; `build/` in the project without it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The format of templates.
    #[arg(long, value_enum, default_value_t = TemplateFormat::Yaml)]
    pub format: TemplateFormat,
    /// List what carries every way of an event, and what allows it.
    #[arg(long)]
    pub proofs: bool,
    /// Print the time of each phase as JSON to standard error.
    #[arg(long, hide = true)]
    pub timings: bool,
}

/// Which project, for whom and where.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// The project.
    pub at: Option<PathBuf>,
    /// The environment to apply.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The AWS profile to use; `AWS_PROFILE` or the default one without it.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Say everything as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

/// `pipec deploy`
#[derive(Debug, clap::Args)]
pub struct Deploy {
    /// What to deploy.
    #[command(flatten)]
    pub target: Target,
    /// Do not ask.
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Only show what would be done; nothing is written anywhere.
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Agree to lose the data of an event, a store or one declaration. May be given several times.
    #[arg(long, value_name = "NAME")]
    pub allow_data_loss: Vec<String>,
    /// Give a `param` of the project its value; later deployments keep it. May be given several times.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub params: Vec<String>,
    /// When a failed rollback goes on, leave this resource as it is. May be given several times.
    #[arg(long, value_name = "RESOURCE")]
    pub skip: Vec<String>,
    /// Keep templates and packages in this bucket, instead of one that pipec makes.
    #[arg(long, value_name = "BUCKET")]
    pub artifact_bucket: Option<String>,
    /// Show the values of API keys at the end.
    #[arg(long)]
    pub show_keys: bool,
}

/// `pipec destroy`
#[derive(Debug, clap::Args)]
pub struct Destroy {
    /// What to delete.
    #[command(flatten)]
    pub target: Target,
    /// Confirm without being asked: the name of the app's stack.
    #[arg(long, value_name = "STACK")]
    pub confirm: Option<String>,
}

/// `pipec status`
#[derive(Debug, clap::Args)]
pub struct Status {
    /// What to look at.
    #[command(flatten)]
    pub target: Target,
    /// Also look for resources that are no longer what their templates say; takes a while.
    #[arg(long)]
    pub drift: bool,
}

/// `pipec outputs`
#[derive(Debug, clap::Args)]
pub struct Outputs {
    /// What to look at.
    #[command(flatten)]
    pub target: Target,
    /// Show the values of API keys, which are secrets.
    #[arg(long)]
    pub show_keys: bool,
}

/// `pipec new …`
#[derive(Debug, Subcommand)]
pub enum NewWhat {
    /// A file with an event and a handler for it.
    Event {
        /// Its name, in PascalCase: BuildingExited.
        name: String,
    },
}

impl Args {
    /// How findings are shown; `--json` of a command covers them too.
    pub fn findings_format(&self) -> ErrorFormat {
        let target = match &self.command {
            Command::Deploy(deploy) => Some(&deploy.target),
            Command::Destroy(destroy) => Some(&destroy.target),
            Command::Status(status) => Some(&status.target),
            Command::Outputs(outputs) => Some(&outputs.target),
            _ => None,
        };
        if target.is_some_and(|target| target.json) { ErrorFormat::Json } else { self.error_format }
    }
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    /// With the source around them.
    Human,
    /// One line each, help below.
    Plain,
    /// One JSON object a line: code severity message file line column end_line end_column help.
    Json,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The languages of `pipec graph`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Mermaid, which Markdown pages render.
    Mermaid,
    /// Graphviz.
    Dot,
}

/// The phases of `pipec debug`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DebugWhat {
    /// The syntax trees.
    Syntax,
    /// The resolved model, as JSON.
    Model,
    /// The flow graph.
    Graph,
    /// The linked stacks, as templates.
    Stacks,
}

/// The formats of templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TemplateFormat {
    /// YAML with short tags such as !Ref.
    Yaml,
    /// JSON.
    Json,
}
