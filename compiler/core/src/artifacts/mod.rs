//! `StackTree` to [`Bundle`]: the files of a build, in memory.

mod bundle;
mod manifest;
mod render;
mod template;
mod types;
mod yaml;

pub use bundle::{Bundle, StackSummary};
pub use manifest::{Manifest, ParameterSource, Place, RootEntry, SourceMap, source_map};
pub use render::{Format, render};
