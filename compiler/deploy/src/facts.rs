//! What is known about AWS, from `stdlib/`: data, read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pipec_core::library::from_yaml;
use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::template::Template;

/// The facts that deployments rest on.
pub struct Facts {
    /// Which properties replace a resource when they change, by resource type.
    pub replacement: BTreeMap<String, Replacement>,
    /// What a resource holds, by resource type.
    pub data: BTreeMap<String, Holds>,
    /// Reasons of failures, the special before the general.
    pub failures: Vec<Known>,
    /// Reasons that are consequences of another failure.
    pub noise: Vec<Regex>,
    /// The end of host names, by partition.
    pub suffixes: BTreeMap<String, String>,
    /// The template of the bootstrap stack.
    pub bootstrap: &'static str,
    /// The version that the template says of itself.
    pub bootstrap_version: u32,
}

/// Which properties replace a resource when they change; paths are written `A.B`, `*` stands for every item.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// A change of these always does.
    #[serde(default)]
    pub create_only: Vec<String>,
    /// A change of these may.
    #[serde(default)]
    pub conditional_create_only: Vec<String>,
    /// A change of these is refused by the service.
    #[serde(default)]
    pub refused: Vec<String>,
    /// The property that names the resource at AWS: CloudFormation does not replace one that keeps its name.
    #[serde(default)]
    pub named: Option<String>,
}

/// What would be lost with a resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// Completes "… would be lost".
    pub holds: String,
    /// Whether it takes consent to lose it.
    pub weight: Weight,
    /// Paths of properties that say how long it is kept; a lower number deletes what is older.
    #[serde(default)]
    pub kept_for: Vec<String>,
    /// The source of the fact, for readers of the file.
    #[serde(rename = "source")]
    _source: String,
}

/// How bad a loss is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It takes consent.
    Data,
    /// It is worth a word.
    Note,
}

/// A failure that is known.
pub struct Known {
    /// Its name.
    pub name: String,
    /// The resource type that it is about, if it is about one.
    pub kind: Option<String>,
    /// The handler's error code that the reason must name, if any.
    pub code: Option<String>,
    /// Matches the status reason.
    pub when: Regex,
    /// What happened, in plain words; `{name}` as in `help`.
    pub means: String,
    /// What to do; `{name}` stands for the group of that name in `when`.
    pub help: String,
    /// Real reasons that it must match.
    pub seen: Vec<String>,
}

#[derive(Deserialize)]
struct FailureFile {
    failures: Vec<KnownEntry>,
    noise: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownEntry {
    name: String,
    when: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    code: Option<String>,
    means: String,
    help: String,
    /// The source of the fact, for readers of the file.
    #[serde(rename = "page")]
    _page: String,
    seen: Vec<String>,
}

#[derive(Deserialize)]
struct PartitionFile {
    suffixes: BTreeMap<String, String>,
}

impl Known {
    /// Whether this is what a reason says of a resource of that type.
    #[must_use]
    pub fn fits(&self, reason: &str, kind: &str) -> bool {
        let of_kind = self.kind.as_deref().is_none_or(|wanted| wanted == kind);
        let of_code = |code: &str| reason.contains(&format!("HandlerErrorCode: {code}"));
        of_kind && self.code.as_deref().is_none_or(of_code) && self.when.is_match(reason)
    }
}

static FACTS: LazyLock<Result<Facts, String>> = LazyLock::new(read);

/// The facts.
///
/// # Errors
/// When a file of the standard library is broken, which a test shows.
pub fn facts() -> Result<&'static Facts, String> {
    FACTS.as_ref().map_err(Clone::clone)
}

fn read() -> Result<Facts, String> {
    let FailureFile { failures, noise } = load("facts/failures.yaml")?;
    let PartitionFile { suffixes } = load("facts/partitions.yaml")?;
    let bootstrap = text("bootstrap/template.yaml")?;
    Ok(Facts {
        replacement: load("facts/replacement.yaml")?,
        data: load("facts/data.yaml")?,
        failures: failures.into_iter().map(known).collect::<Result<_, _>>()?,
        noise: noise.iter().map(|one| pattern(one)).collect::<Result<_, _>>()?,
        suffixes,
        bootstrap,
        bootstrap_version: bootstrap_version(bootstrap)?,
    })
}

fn bootstrap_version(template: &str) -> Result<u32, String> {
    let template = Template::parse(template)?;
    let version = template.output("Version").and_then(|version| version.as_str()?.parse().ok());
    version.ok_or_else(|| "the bootstrap template has no `Version`".to_owned())
}

fn known(entry: KnownEntry) -> Result<Known, String> {
    let KnownEntry { name, when, kind, code, means, help, seen, _page: _ } = entry;
    let when = pattern(&when)?;
    Ok(Known { name, kind, code, when, means, help, seen })
}

fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).case_insensitive(true).build().map_err(|error| format!("`{text}`: {error}"))
}

fn load<T: serde::de::DeserializeOwned>(path: &str) -> Result<T, String> {
    from_yaml(text(path)?).map_err(|error| format!("{path}: {error}"))
}

fn text(path: &str) -> Result<&'static str, String> {
    let files = pipec_stdlib::files();
    let bytes = files.iter().find(|(name, _)| name == path).map(|(_, bytes)| *bytes);
    let bytes = bytes.ok_or_else(|| format!("the standard library has no {path}"))?;
    std::str::from_utf8(bytes).map_err(|error| format!("{path}: {error}"))
}

impl Replacement {
    /// All paths that must be looked at: what may replace is taken for what does.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.create_only.iter().chain(&self.conditional_create_only).map(String::as_str)
    }
}
