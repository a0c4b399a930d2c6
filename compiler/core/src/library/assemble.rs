//! Folders of files to a library.

use indexmap::IndexMap;
use serde::Deserialize;

use super::load::{Checks, ConstructFile, LibraryError, load};
use super::{Library, RESOURCE_TYPES};
use crate::diagnostic::Code;

/// The file that holds the facts about AWS that are no construct.
pub const FACTS: &str = "facts/aws.yaml";

/// The file that says how resources are known to each other.
const IDENTITIES: &str = "facts/identities.yaml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    regions: Vec<String>,
    log_retention_days: Vec<i64>,
}

/// A library from its files by path: `constructs/KIND/NAME/construct.yaml` with templates beside it,
/// `runtimes/LANGUAGE/…`, and [`FACTS`]. `checks` may be skipped for files that a test has checked.
pub fn assemble<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    checks: Checks,
) -> (Library, Vec<LibraryError>) {
    let mut library = Library::default();
    let mut constructs = Vec::new();
    let mut errors = Vec::new();
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(bytes);
        if path == FACTS {
            match serde_yaml::from_str::<Facts>(&text) {
                Ok(facts) => {
                    library.regions = facts.regions;
                    library.log_retention_days = facts.log_retention_days;
                }
                Err(error) => {
                    let message = error.to_string();
                    errors.push(LibraryError {
                        path: path.to_owned(),
                        code: Code::BadConstruct,
                        start: 0,
                        end: 0,
                        message,
                    });
                }
            }
        } else if path == RESOURCE_TYPES {
            library.resource_types = text.into_owned();
        } else if path == IDENTITIES {
            library.identities = text.into_owned();
        } else if path.starts_with("proofs/") && path.ends_with(".yaml") {
            library.proofs.push(text.into_owned());
        } else if let Some((language, rest)) =
            path.strip_prefix("runtimes/").and_then(|rest| rest.split_once('/'))
        {
            let is_code = rest.starts_with("pipec_runtime/");
            if is_code {
                let runtime = library.runtimes.entry(format!("runtimes/{language}")).or_default();
                runtime.insert(rest.to_owned(), bytes.to_vec());
            }
        } else if let Some(rest) = path.strip_prefix("constructs/") {
            constructs.push((path.to_owned(), rest.to_owned(), text.into_owned()));
        }
    }
    errors.extend(load(&mut library, &group(constructs), checks));
    (library, errors)
}

/// Adds a project's own constructs, `lib/KIND/NAME/construct.yaml` with templates beside it; one with the id of a
/// construct of stdlib replaces it.
pub fn extend(library: &mut Library, files: &[(String, String)]) -> Vec<LibraryError> {
    let below = |path: &String| Some((path.clone(), path.strip_prefix("lib/")?.to_owned()));
    let files =
        files.iter().filter_map(|(path, text)| below(path).map(|(path, rest)| (path, rest, text.clone())));
    load(library, &group(files.collect()), Checks::Run)
}

/// Construct files with the templates of their folders. Each is the path to show, the path below the library, the text.
fn group(files: Vec<(String, String, String)>) -> Vec<ConstructFile> {
    let mut folders: IndexMap<String, ConstructFile> = IndexMap::new();
    for (shown, path, text) in files {
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let empty = || ConstructFile { path: String::new(), text: String::new(), templates: IndexMap::new() };
        let entry = folders.entry(folder.to_owned()).or_insert_with(empty);
        match name {
            "construct.yaml" => {
                entry.path = shown;
                entry.text = text;
            }
            "README.md" | "example.pipe" => {}
            _ => drop(entry.templates.insert(name.to_owned(), text)),
        }
    }
    folders.into_values().filter(|file| !file.path.is_empty()).collect()
}
