//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// A compiler for event pipelines on AWS: `.pipe` files in, nested CloudFormation stacks out.
#[derive(Debug, Parser)]
#[command(name = "pipec", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 fine, 1 the project has errors, 2 wrong use, 3 the outside world failed."
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
    /// Compile the project to CloudFormation templates and handler packages.
    Build(Build),
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
    /// Print the time of each phase as JSON to standard error.
    #[arg(long, hide = true)]
    pub timings: bool,
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
