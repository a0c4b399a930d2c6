//! One file a command.

pub mod build;
pub mod check;
pub mod debug;
pub mod explain;
pub mod fmt;
pub mod graph;
pub mod init;
pub mod new;
pub mod verify;

use std::path::Path;

use pipec_core::artifacts::Format;
use pipec_core::library::Library;
use pipec_core::{Compiled, Input, Stage, compile};

use crate::args::Args;
use crate::project::{Disk, Project, stdlib};

/// What a command works on, at the path given to it, or `--project`, or the current folder; and the standard library,
/// which is read meanwhile.
pub fn open(args: &Args, at: Option<&Path>) -> Result<(Project, Library), crate::Failure> {
    let (project, library) = rayon::join(|| Project::open(at.or(args.project.as_deref())), stdlib);
    Ok((project?, library))
}

/// Compiles a project as far as a command needs. A command does so once and the process ends with it: what comes of it is
/// never freed, which for a large project would only take time.
pub fn run_until(
    project: &Project,
    library: Library,
    env: Option<&str>,
    until: Stage,
    format: Format,
    observe: &mut dyn FnMut(Stage),
) -> &'static Compiled {
    let disk = Disk::new(&project.root);
    let input = Input {
        files: &project.files,
        constructs: &project.constructs,
        library,
        environment: env,
        project: &disk,
        format,
    };
    Box::leak(Box::new(compile(input, until, observe)))
}
