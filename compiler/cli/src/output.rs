//! Writes builds and files so that nothing is ever half written: beside, then renamed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pipec_core::artifacts::Bundle;
use rayon::prelude::*;

use crate::Failure;

/// The file that marks a folder as a build of ours.
const MARK: &str = "manifest.json";

/// Replaces the build folder with the bundle's files.
pub fn write_bundle(bundle: &Bundle, out: &Path, project: &Path) -> Result<(), Failure> {
    // A link stays a link: what it leads to is replaced.
    let real = fs::canonicalize(out).unwrap_or_else(|_| out.to_path_buf());
    let out = real.as_path();
    if project.starts_with(out) {
        let message = format!("`{}` holds the project itself", out.display());
        return Err(Failure::usage(message).help("name a folder of its own with `--out`"));
    }
    if out.symlink_metadata().is_ok() && !is_ours(out) {
        let message = format!("`{}` exists and is no build of pipec", out.display());
        return Err(Failure::usage(message).help("name another folder with `--out`, or remove it yourself"));
    }
    let fresh = beside(out, "new");
    let old = beside(out, "old");
    let fail = |what: &str| {
        let message = format!("`{}` cannot be {what}", out.display());
        move |error: std::io::Error| Failure::world(&message, &error)
    };
    if let Err(error) = write_files(bundle, &fresh) {
        // The old build is untouched; what was begun goes.
        let _ = fs::remove_dir_all(&fresh);
        return Err(fail("written")(error));
    }
    let replaced = replace(out, &fresh, &old);
    // Whatever cannot be removed stands beside the build under a name of its own, and is in nobody's way.
    let _ = fs::remove_dir_all(&fresh);
    let _ = fs::remove_dir_all(&old);
    replaced.map_err(fail("replaced"))
}

/// Moves the old build away and the new one to its place; the old one comes back when that fails.
fn replace(out: &Path, fresh: &Path, old: &Path) -> std::io::Result<()> {
    if out.exists() {
        fs::rename(out, old)?;
    }
    fs::rename(fresh, out).inspect_err(|_| {
        let _ = fs::rename(old, out);
    })
}

/// Whether a folder may be replaced: an empty one, or one that a build of ours wrote and nothing else.
fn is_ours(out: &Path) -> bool {
    if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_none()) {
        return true;
    }
    let manifest = fs::read(out.join(MARK)).ok();
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let has = |key: &str| manifest.as_ref().is_some_and(|manifest| manifest.get(key).is_some());
    has("pipec") && has("artifacts")
}

/// A name beside a file that no other run uses.
fn beside(out: &Path, word: &str) -> PathBuf {
    let name = out.file_name().map_or_else(|| "build".into(), |name| name.to_string_lossy().into_owned());
    out.with_file_name(format!(".{name}.{word}-{}", std::process::id()))
}

fn write_files(bundle: &Bundle, to: &Path) -> std::io::Result<()> {
    let folders: BTreeSet<&Path> = bundle.files.keys().filter_map(|path| Path::new(path).parent()).collect();
    for folder in folders {
        fs::create_dir_all(to.join(folder))?;
    }
    bundle.files.par_iter().try_for_each(|(path, bytes)| fs::write(to.join(path), bytes.as_slice()))
}

/// Replaces a file's text.
pub fn write_text(path: &Path, text: &str) -> Result<(), Failure> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let path = real.as_path();
    let fresh = beside(path, "new");
    let fail =
        |error: std::io::Error| Failure::world(&format!("`{}` cannot be written", path.display()), &error);
    fs::write(&fresh, text).map_err(fail)?;
    if let Ok(data) = fs::metadata(path) {
        let _ = fs::set_permissions(&fresh, data.permissions());
    }
    fs::rename(&fresh, path).map_err(|error| {
        let _ = fs::remove_file(&fresh);
        fail(error)
    })
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
