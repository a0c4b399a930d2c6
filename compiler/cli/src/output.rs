//! Writes builds and files so that nothing is ever half written: beside, then renamed.

use std::fs;
use std::path::{Path, PathBuf};

use pipec_core::artifacts::Bundle;

use crate::Failure;

/// The file that marks a folder as a build of ours.
const MARK: &str = "manifest.json";

/// Replaces the build folder with the bundle's files.
pub fn write_bundle(bundle: &Bundle, out: &Path) -> Result<(), Failure> {
    if out.exists() && !is_ours(out) {
        let message = format!("`{}` exists and is no build of pipec", out.display());
        return Err(Failure::usage(message).help("name another folder with `--out`, or remove it yourself"));
    }
    let fresh = beside(out, "new");
    let old = beside(out, "old");
    let fail = |what: &str| {
        let message = format!("`{}` cannot be {what}", out.display());
        move |error: std::io::Error| Failure::world(&message, &error)
    };
    remove(&fresh).map_err(fail("prepared"))?;
    remove(&old).map_err(fail("prepared"))?;
    let written = write_files(bundle, &fresh);
    if let Err(error) = written {
        // The old build is untouched; what was begun goes.
        let _ = remove(&fresh);
        return Err(fail("written")(error));
    }
    if out.exists() {
        fs::rename(out, &old).map_err(fail("replaced"))?;
    }
    fs::rename(&fresh, out).map_err(fail("replaced"))?;
    remove(&old).map_err(fail("cleaned"))
}

/// Whether a folder may be replaced: an empty one, or a build.
fn is_ours(out: &Path) -> bool {
    let empty = fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none());
    empty || (out.is_dir() && out.join(MARK).is_file())
}

fn beside(out: &Path, word: &str) -> PathBuf {
    let name = out.file_name().map_or_else(|| "build".into(), |name| name.to_string_lossy().into_owned());
    out.with_file_name(format!(".{name}.{word}"))
}

fn remove(path: &Path) -> std::io::Result<()> {
    if path.exists() { fs::remove_dir_all(path) } else { Ok(()) }
}

fn write_files(bundle: &Bundle, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    let mut last = PathBuf::new();
    for (path, bytes) in &bundle.files {
        let full = to.join(path);
        if let Some(folder) = full.parent()
            && folder != last
        {
            fs::create_dir_all(folder)?;
            last = folder.to_path_buf();
        }
        fs::write(&full, bytes.as_slice())?;
    }
    Ok(())
}

/// Replaces a file's text.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    let fresh = beside(path, "new");
    let fail =
        |error: std::io::Error| Failure::world(&format!("`{}` cannot be written", path.display()), &error);
    fs::write(&fresh, text).map_err(fail)?;
    fs::rename(&fresh, path).map_err(fail)
}

/// Writes files that must not exist yet: all of them, or none.
pub fn create(root: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    for (path, _) in files {
        if root.join(path).exists() {
            let message = format!("`{}` exists already", root.join(path).display());
            return Err(Failure::usage(message).help("nothing was written"));
        }
    }
    for (path, text) in files {
        let full = root.join(path);
        let fail = |error: std::io::Error| {
            Failure::world(&format!("`{}` cannot be written", full.display()), &error)
        };
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder).map_err(fail)?;
        }
        fs::write(&full, text).map_err(fail)?;
    }
    Ok(())
}
