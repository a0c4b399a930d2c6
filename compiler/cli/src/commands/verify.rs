//! `pipec verify`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pipec_core::verify::{Knowledge, TemplateFiles, verify_templates};

use crate::args::{Args, ErrorFormat};
use crate::project::stdlib;
use crate::{Exit, Failure, report};

/// Endings of files that may be templates.
const ENDINGS: &[&str] = &["yaml", "yml", "json", "template"];
/// Files that are looked at in a folder at most.
const MOST_FILES: usize = 10_000;

/// Proves what templates say, and shows what is wrong.
pub fn run(args: &Args, at: &[PathBuf], strict: bool) -> Result<Exit, Failure> {
    let mut given = Vec::new();
    let mut keys = BTreeMap::new();
    for path in at {
        if path.is_dir() {
            let mut found = Vec::new();
            gather(path, &mut found)?;
            found.sort();
            for file in found {
                let bytes = read(&file)?;
                if file.file_name().is_some_and(|name| name == "manifest.json") {
                    keys.extend(templates_of_build(&file, &bytes));
                } else if is_template(&bytes) {
                    given.push((shown(&file), bytes));
                }
            }
        } else {
            given.push((shown(path), read(path)?));
        }
    }
    if given.is_empty() {
        let all: Vec<String> = at.iter().map(|path| shown(path)).collect();
        return Err(Failure::usage(format!("there is no template in {}", all.join(", ")))
            .help("a template is a YAML or JSON file with `Resources`"));
    }
    let library = stdlib();
    let knowledge = Knowledge::parse(&library.identities, &library.proofs)
        .map_err(|error| Failure::usage(format!("the rules of proofs cannot be read: {error}")))?;
    let verified = verify_templates(&given, &OnDisk { keys }, &knowledge, strict);
    let exit = report::findings(args, &verified.sources, &verified.diagnostics);
    if verified.diagnostics.is_empty() && args.error_format == ErrorFormat::Human {
        let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        crate::err!(
            "{}, {}, nothing wrong",
            count(verified.templates, "template"),
            count(verified.resources, "resource")
        );
    }
    Ok(exit)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::world(&shown(path), &error))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// Every file below a folder that may be a template; links are not followed.
fn gather(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::world(&shown(folder), &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        let hidden =
            entry.file_name().to_string_lossy().starts_with('.') || entry.file_name() == "node_modules";
        if kind.is_dir() && !hidden {
            gather(&path, found)?;
        } else if kind.is_file()
            && found.len() < MOST_FILES
            && path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file of a folder is meant as a template; other YAML and JSON lies beside templates.
fn is_template(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("AWSTemplateFormatVersion") || text.contains("Resources") && text.contains("AWS::")
}

/// The templates of a build of pipec by the keys that their `TemplateURL`s end in.
fn templates_of_build(manifest: &Path, bytes: &[u8]) -> BTreeMap<String, PathBuf> {
    let parsed: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    let files = parsed.get("artifacts").and_then(|files| files.as_object());
    let root = manifest.parent().unwrap_or(Path::new(""));
    let pairs = files
        .into_iter()
        .flatten()
        .filter_map(|(path, file)| Some((file.as_str()?.to_owned(), root.join(path))));
    pairs.collect()
}

/// Nested templates on the disk.
struct OnDisk {
    /// By the key that they are uploaded to.
    keys: BTreeMap<String, PathBuf>,
}

impl TemplateFiles for OnDisk {
    fn nested(&self, url: &str, from: &str) -> Option<(String, Vec<u8>)> {
        let uploaded = self.keys.iter().find(|(key, _)| url.ends_with(key.as_str()));
        let path = match uploaded {
            Some((_, path)) => path.clone(),
            None if url.contains("://") || url.contains("${") => return None,
            None => Path::new(from).parent()?.join(url),
        };
        let bytes = fs::read(&path).ok()?;
        // `./child.yaml` and `child.yaml` are one file.
        let plain: PathBuf = path.components().collect();
        Some((shown(&plain), bytes))
    }
}
