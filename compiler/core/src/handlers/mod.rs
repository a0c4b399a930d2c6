//! Handlers to [`Packages`]: for every subscriber a zip of its code, the runtime and its settings.
//!
//! The same code gives the same bytes: entries are sorted, times fixed, and a package's key is its hash, so an
//! unchanged handler is never uploaded again.

mod imports;
mod package;
mod settings;
mod zipping;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use package::{Runtimes, package};

/// The one door to a project's files beside its `.pipe` files. Paths are relative to the project, `/` between parts.
pub trait ProjectFiles: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// Why there are none.
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;

    /// Whether there is a file that can be read at the path.
    fn has(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }

    /// The files below a folder, sorted; links are not followed out of the project.
    ///
    /// # Errors
    /// Why there are none.
    fn list(&self, folder: &str) -> Result<Vec<String>, FileError>;
}

/// Why a file of the project could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// There is none. Holds the names beside it, for a suggestion.
    Missing(Vec<String>),
    /// It is a folder.
    Folder,
    /// Its path, or a link in it, leads out of the project.
    Outside,
    /// Anything else, in the system's words.
    Unreadable(String),
}

/// One handler's package.
#[derive(Clone, Debug)]
pub struct Package {
    /// `handlers/SHA256.zip`
    pub key: String,
    /// The Lambda runtime: `python3.14`.
    pub runtime: String,
    /// Lambda's `Handler`.
    pub entry: String,
    /// The zip.
    pub bytes: Arc<Vec<u8>>,
}

/// The code of a subscriber.
#[derive(Clone, Debug)]
pub enum HandlerCode {
    /// A package of the build.
    Package(Package),
    /// A container image, which somebody else built: its address.
    Image(String),
}

/// All packages.
#[derive(Debug, Default)]
pub struct Packages {
    by_subscriber: BTreeMap<(String, String), HandlerCode>,
    /// Code of stdlib and of `lib/` that a construct brings with it, by the construct's id.
    by_construct: BTreeMap<String, Package>,
}

impl Packages {
    /// The code of an event's subscriber.
    #[must_use]
    pub fn get(&self, event: &str, subscriber: &str) -> Option<&HandlerCode> {
        self.by_subscriber.get(&(event.to_owned(), subscriber.to_owned()))
    }

    /// The code that a construct brings with it.
    #[must_use]
    pub fn of_construct(&self, construct: &str) -> Option<&Package> {
        self.by_construct.get(construct)
    }

    /// Every package once, by key.
    #[must_use]
    pub fn zips(&self) -> BTreeMap<String, Arc<Vec<u8>>> {
        let of_subscribers = self.by_subscriber.values().filter_map(|code| match code {
            HandlerCode::Package(package) => Some(package),
            HandlerCode::Image(_) => None,
        });
        let all = of_subscribers.chain(self.by_construct.values());
        all.map(|package| (package.key.clone(), package.bytes.clone())).collect()
    }
}
