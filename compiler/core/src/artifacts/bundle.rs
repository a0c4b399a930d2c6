//! The files of a build.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Manifest;

/// Everything a build writes, by path below the build folder.
#[derive(Debug, Default)]
pub struct Bundle {
    /// The files.
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
    /// What `manifest.json` says.
    pub manifest: Manifest,
    /// The stacks, for the table at the end of a build.
    pub stacks: Vec<StackSummary>,
}

/// A stack in numbers.
#[derive(Clone, Debug)]
pub struct StackSummary {
    /// Its name, the domain's in front.
    pub name: String,
    /// How many resources it has.
    pub resources: usize,
    /// The template's size in bytes.
    pub bytes: usize,
}
