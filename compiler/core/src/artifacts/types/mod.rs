//! Types for handlers: what `event.data` holds and what `context.emit` takes, for editors and type checkers.
//!
//! `types/python/pipec_types.py`, `types/node/events.d.ts`, and `types/schema/EVENT.json`. They are no artifacts:
//! nothing of them is deployed or packed. `docs/types.md` says how they are used.

mod field;
mod json_schema;
mod outline;
mod python;
mod python_text;
mod typescript;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Model;
use outline::Outline;

/// The files, by path below the build folder.
pub fn files(model: &Model) -> BTreeMap<String, Arc<Vec<u8>>> {
    let outline = Outline::of(model);
    let (python, node) = rayon::join(|| python::module(&outline), || typescript::declarations(&outline));
    let mut files = json_schema::files(&outline);
    files.insert("types/python/pipec_types.py".to_owned(), Arc::new(python.into_bytes()));
    files.insert("types/node/events.d.ts".to_owned(), Arc::new(node.into_bytes()));
    files
}
