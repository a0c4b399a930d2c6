//! Finds a project and reads it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use pipec_core::handlers::{FileError, ProjectFiles};
use pipec_core::library::{Checks, Library, assemble};
use pipec_core::source::MAX_SOURCE_BYTES;

use crate::{Exit, Failure};

/// Folders that are never part of a project.
const SKIPPED: &[&str] = &["node_modules", "__pycache__"];
/// Folders at the top of a project that tools write.
const WRITTEN: &[&str] = &["build", "target"];
/// How deep folders may nest; a bound against links that lead in circles.
const MAX_DEPTH: usize = 24;
/// The largest file that is read for a handler: Lambda's limit for a whole package.
const MAX_HANDLER_BYTES: u64 = 250 << 20;

/// A project on disk.
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// Its `.pipe` files: path below the root and bytes, sorted.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its own constructs: path and text, sorted.
    pub constructs: Vec<(String, String)>,
}

impl Project {
    /// Finds the project at or above a folder and reads its `.pipe` files and constructs.
    pub fn open(at: Option<&Path>) -> Result<Project, Failure> {
        let start = at.unwrap_or(Path::new("."));
        let start = fs::canonicalize(start).map_err(|error| {
            let message = format!("there is no folder `{}`", start.display());
            if error.kind() == ErrorKind::NotFound {
                Failure::usage(message)
            } else {
                Failure::world(&message, &error)
            }
        })?;
        let start = if start.is_file() { start.parent().unwrap_or(&start).to_path_buf() } else { start };
        let root = start.ancestors().find(|folder| holds_app(folder)).unwrap_or(&start).to_path_buf();
        let mut project = Project { root, files: Vec::new(), constructs: Vec::new() };
        let root = project.root.clone();
        let mut inner = Vec::new();
        project.read_folder(&root, "", 0, &mut inner)?;
        if let (Some(first), false) = (inner.first(), holds_app(&root)) {
            let message = format!(
                "there are projects below this folder: {}",
                inner.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            );
            return Err(Failure::usage(message)
                .help(format!("name one of them behind the command: `pipec … {first}`")));
        }
        if project.files.is_empty() {
            let message = format!("there is no `.pipe` file in `{}` or above it", shown(&start, at));
            return Err(Failure::usage(message)
                .help("start a project with `pipec init my_app`, or name one: `pipec check --project DIR`"));
        }
        project.files.sort_unstable();
        project.constructs.sort_unstable();
        Ok(project)
    }

    /// Reads a folder; one below it that holds an app is a project of its own, and only named in `inner`.
    fn read_folder(
        &mut self,
        folder: &Path,
        below: &str,
        depth: usize,
        inner: &mut Vec<String>,
    ) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(Failure::usage(format!("folders nest more than {MAX_DEPTH} deep at `{below}`")));
        }
        for entry in entries(folder)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            let kind = entry.file_type().map_err(|error| Failure::world(&path, &error))?;
            if kind.is_dir() {
                let skipped = name.starts_with('.')
                    || SKIPPED.contains(&name.as_str())
                    || (depth == 0 && WRITTEN.contains(&name.as_str()));
                // A construct's folder holds an example of its use, which is a project and no part of this one.
                let construct = path == "lib" || path.starts_with("lib/");
                if !skipped && !construct && holds_app(&entry.path()) {
                    inner.push(path);
                } else if !skipped {
                    self.read_folder(&entry.path(), &path, depth + 1, inner)?;
                }
            } else if name.starts_with('.') {
                // Editors keep locks and copies under such names.
            } else if name.ends_with(".pipe") && !path.starts_with("lib/") {
                self.files.push((path.clone(), read(&entry.path(), &path)?));
            } else if path.starts_with("lib/") {
                let bytes = read(&entry.path(), &path)?;
                self.constructs.extend(String::from_utf8(bytes).ok().map(|text| (path, text)));
            }
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, Failure> {
    let fail =
        |error: std::io::Error| Failure::world(&format!("`{}` cannot be read", folder.display()), &error);
    let mut all: Vec<fs::DirEntry> =
        fs::read_dir(folder).map_err(fail)?.collect::<Result<_, _>>().map_err(fail)?;
    all.sort_by_key(fs::DirEntry::file_name);
    Ok(all)
}

fn read(path: &Path, shown: &str) -> Result<Vec<u8>, Failure> {
    // Reading a pipe or a device could wait for ever.
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return Err(Failure {
            exit: Exit::World,
            message: format!("`{shown}` is no ordinary file"),
            help: None,
        });
    }
    fs::read(path).map_err(|error| Failure {
        exit: Exit::World,
        message: format!("`{shown}` cannot be read: {error}"),
        help: None,
    })
}

fn shown(start: &Path, at: Option<&Path>) -> String {
    at.unwrap_or(start).display().to_string()
}

/// Whether a `.pipe` file of the folder holds the `app`.
fn holds_app(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let is_pipe = entry.path().extension().is_some_and(|ending| ending == "pipe")
            && fs::metadata(entry.path())
                .is_ok_and(|data| data.is_file() && data.len() <= MAX_SOURCE_BYTES as u64);
        let text = if is_pipe { fs::read(entry.path()).unwrap_or_default() } else { Vec::new() };
        String::from_utf8_lossy(&text)
            .lines()
            .any(|line| line.trim_start_matches('\u{feff}').trim_start().starts_with("app "))
    })
}

/// The standard library.
pub fn stdlib() -> Library {
    let files = pipec_stdlib::files();
    // A test proves that stdlib has no errors.
    assemble(files.iter().map(|(path, bytes)| (path.as_str(), *bytes)), Checks::Skip).0
}

/// The project's other files, for handlers.
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The files below a project's folder.
    pub fn new(root: &Path) -> Self {
        Disk { root: root.to_path_buf() }
    }

    /// The real place of a path, which must be inside the project.
    fn locate(&self, path: &str) -> Result<PathBuf, FileError> {
        if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(FileError::Outside);
        }
        let full = self.root.join(path);
        let real = fs::canonicalize(&full).map_err(|error| self.explain(&full, &error))?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(FileError::Outside) }
    }

    fn explain(&self, full: &Path, error: &std::io::Error) -> FileError {
        if error.kind() != ErrorKind::NotFound {
            return FileError::Unreadable(error.to_string());
        }
        let beside = full.parent().and_then(|folder| fs::read_dir(folder).ok());
        let mut names: Vec<String> = beside
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort_unstable();
        FileError::Missing(names)
    }

    fn gather(
        &self,
        folder: &Path,
        below: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) -> Result<(), FileError> {
        if depth > MAX_DEPTH {
            return Err(FileError::Unreadable(format!("folders nest more than {MAX_DEPTH} deep")));
        }
        let unreadable = |error: std::io::Error| FileError::Unreadable(error.to_string());
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = format!("{below}/{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() {
                self.gather(&entry.path(), &path, depth + 1, found)?;
            } else {
                found.push(path);
            }
        }
        Ok(())
    }
}

impl ProjectFiles for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let real = self.locate(path)?;
        let data = fs::metadata(&real).map_err(|error| self.explain(&real, &error))?;
        if data.is_dir() {
            return Err(FileError::Folder);
        }
        if !data.is_file() {
            return Err(FileError::Unreadable("it is no ordinary file".to_owned()));
        }
        if data.len() > MAX_HANDLER_BYTES {
            return Err(FileError::Unreadable("it is larger than Lambda takes".to_owned()));
        }
        fs::read(&real).map_err(|error| self.explain(&real, &error))
    }

    fn has(&self, path: &str) -> bool {
        self.root.join(path).is_file()
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let real = self.locate(folder)?;
        let mut found = Vec::new();
        self.gather(&real, folder, 0, &mut found)?;
        found.sort_unstable();
        Ok(found)
    }
}
