//! Runs the `pipec` binary in a folder of its own.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No run of the tests may take longer than this; a hang is a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder for one test, removed at its end.
pub struct Sandbox {
    dir: TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Sandbox {
    /// An empty folder.
    pub fn new() -> Self {
        Sandbox { dir: TempDir::new().expect("a temporary folder") }
    }

    /// A folder with files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::new();
        files.iter().for_each(|(path, text)| sandbox.write(path, text.as_bytes()));
        sandbox
    }

    /// A path below the folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes a file.
    pub fn write(&self, path: &str, bytes: &[u8]) {
        let full = self.path(path);
        fs::create_dir_all(full.parent().expect("a folder")).expect("folders");
        fs::write(full, bytes).expect("a file");
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Runs `pipec` in the folder.
    pub fn pipec(&self, args: &[&str]) -> Ran {
        run(self.dir.path(), args)
    }
}

/// Runs `pipec`, with a bound on its time.
pub fn run(folder: &Path, args: &[&str]) -> Ran {
    let child = Command::new(env!("CARGO_BIN_EXE_pipec"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pipec starts");
    let begun = Instant::now();
    let Output { status, stdout, stderr } = child.wait_with_output().expect("pipec ends");
    assert!(begun.elapsed() < PATIENCE, "pipec {args:?} took {:?}", begun.elapsed());
    let err = String::from_utf8_lossy(&stderr).into_owned();
    assert!(!err.contains("panicked"), "pipec {args:?} panicked:\n{err}");
    let code = status.code().unwrap_or_else(|| panic!("pipec {args:?} was killed:\n{err}"));
    Ran { status: code, out: String::from_utf8_lossy(&stdout).into_owned(), err }
}

/// The folder of the whole repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

/// A small project that builds.
pub const SMALL: &[(&str, &str)] = &[
    ("app.pipe", "app small { region eu-central-1 }\n"),
    (
        "events/told.pipe",
        "event Told {\n  ingress    sns\n  subscriber hear { handler python \"handlers/hear.py\" }\n}\n",
    ),
    ("handlers/hear.py", "def handle(event, context):\n    pass\n"),
];
