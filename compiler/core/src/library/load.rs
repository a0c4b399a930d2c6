//! Construct files to constructs.

use std::sync::Arc;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::Deserialize;

use super::Library;
use super::check::check;
use super::construct::{
    Artifact, Check, Construct, Metric, Need, Offer, OfferValue, Output, ResourceTemplate, StackKind,
};
use super::node::{Node, Problem, Source, expression, node};
use super::parameter::{ParameterSpec, Written};
use super::yaml::{Entries, Place, Range, Yaml};
use crate::diagnostic::Code;
use crate::names::sha256;

/// A construct's folder: its `construct.yaml` and the text templates beside it.
#[derive(Clone, Debug)]
pub struct ConstructFile {
    /// The path shown to people.
    pub path: String,
    /// The text of `construct.yaml`.
    pub text: String,
    /// The files beside it by file name: templates, and what goes into the artifact bucket as it is.
    pub templates: IndexMap<String, String>,
}

/// What is wrong with a construct file.
#[derive(Clone, Debug)]
pub struct LibraryError {
    /// `construct.yaml`'s path as it was given.
    pub path: String,
    /// What kind of finding.
    pub code: Code,
    /// Bytes of the file.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// The finding.
    pub message: String,
}

/// Whether the expressions of constructs are checked when they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checks {
    /// Each is compiled, and its names are looked up.
    Run,
    /// They were checked before.
    Skip,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConstruct {
    construct: Place<String>,
    summary: String,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    stack: Option<Place<String>>,
    #[serde(default)]
    artifacts: Vec<Place<String>>,
    #[serde(default)]
    parameters: IndexMap<String, ParameterSpec>,
    #[serde(default)]
    each: Option<String>,
    #[serde(default)]
    reads: IndexMap<String, Option<String>>,
    #[serde(default)]
    largest_event: Option<u64>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    locals: IndexMap<String, Place<Yaml>>,
    #[serde(default)]
    checks: Vec<RawCheck>,
    #[serde(default)]
    offers: IndexMap<String, Place<Yaml>>,
    #[serde(default)]
    outputs: IndexMap<String, RawOutput>,
    #[serde(default)]
    metrics: IndexMap<String, RawMetric>,
    #[serde(default)]
    resources: IndexMap<String, Place<Yaml>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetric {
    summary: String,
    #[serde(default)]
    when: Option<Place<Yaml>>,
    namespace: Place<Yaml>,
    metric: Place<Yaml>,
    dimensions: Place<Yaml>,
    #[serde(default)]
    statistic: Option<Place<Yaml>>,
    #[serde(default)]
    alarm: Option<IndexMap<String, Written>>,
    #[serde(default)]
    chart: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOutput {
    value: Place<Yaml>,
    summary: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    that: Place<Yaml>,
    message: String,
    #[serde(default)]
    help: Option<Place<Yaml>>,
    #[serde(default)]
    source: Option<String>,
}

/// Reads construct files into a library; later files replace earlier ones of the same id.
pub fn load(library: &mut Library, files: &[ConstructFile], checks: Checks) -> Vec<LibraryError> {
    let mut errors = Vec::new();
    let constructs: Vec<_> = files.par_iter().map(read).collect();
    for (file, construct) in files.iter().zip(constructs) {
        let error = |code, problem: Problem| LibraryError {
            path: file.path.clone(),
            code,
            start: problem.at.start,
            end: problem.at.end,
            message: problem.message,
        };
        match construct {
            Ok(construct) => {
                let problems = if checks == Checks::Run { check(&construct) } else { Vec::new() };
                errors.extend(problems.into_iter().map(|(code, problem)| error(code, problem)));
                library.constructs.insert(construct.id.clone(), construct);
            }
            Err(problem) => {
                errors.push(error(Code::BadConstruct, problem));
                let mut parts = file.path.rsplit('/').skip(1);
                if let (Some(name), Some(kind)) = (parts.next(), parts.next()) {
                    library.broken.push(format!("{kind}/{name}"));
                }
            }
        }
    }
    library.constructs.sort_unstable_keys();
    errors
}

fn read(file: &ConstructFile) -> Result<Construct, Problem> {
    let options = serde_yaml::options! { with_snippet: false };
    let raw: RawConstruct = serde_yaml::from_str_with_options(&file.text, options)
        .map_err(|error| yaml_problem(&error, &file.text))?;
    if raw.construct.value.split('/').count() != 2 || raw.construct.value.split('/').any(str::is_empty) {
        return Err(Problem::new(
            raw.construct.at,
            format!("`{}` is not of the form `KIND/NAME`, such as `tier/mine`", raw.construct.value),
        ));
    }
    let stack = raw.stack.as_ref().map_or(Ok(StackKind::Event), stack_kind)?;
    let map_nodes = |places: &IndexMap<String, Place<Yaml>>| {
        places
            .iter()
            .map(|(name, yaml)| Ok((name.clone(), node(yaml)?)))
            .collect::<Result<IndexMap<_, _>, Problem>>()
    };
    if raw.sources.iter().any(|page| !page.starts_with("https://")) {
        return Err(Problem::new(
            raw.construct.at,
            "`sources` are addresses of pages, beginning with https://",
        ));
    }
    let mut templates = file.templates.clone();
    let artifacts = artifacts(&raw.artifacts, &mut templates)?;
    let locals = map_nodes(&raw.locals)?;
    let checks = raw.checks.iter().map(read_check).collect::<Result<_, Problem>>()?;
    let offers = raw
        .offers
        .iter()
        .map(|(name, yaml)| Ok((name.clone(), offer(yaml)?)))
        .collect::<Result<_, Problem>>()?;
    let resources = raw
        .resources
        .iter()
        .map(|(name, yaml)| Ok((name.clone(), resource(yaml)?)))
        .collect::<Result<_, Problem>>()?;
    let needs = raw.needs.iter().map(|name| {
        let plain = name.trim_end_matches('?');
        Need { name: plain.to_owned(), optional: plain != name }
    });
    Ok(Construct {
        id: raw.construct.value,
        summary: raw.summary,
        stack,
        parameters: raw.parameters,
        each: raw.each,
        largest_event: raw.largest_event,
        reads: raw.reads,
        metrics: raw
            .metrics
            .iter()
            .map(|(name, raw)| Ok((name.clone(), metric(raw)?)))
            .collect::<Result<_, Problem>>()?,
        needs: needs.collect(),
        locals,
        checks,
        offers,
        resources,
        outputs: raw
            .outputs
            .iter()
            .map(|(name, raw)| {
                Ok((name.clone(), Output { value: node(&raw.value)?, summary: raw.summary.clone() }))
            })
            .collect::<Result<_, Problem>>()?,
        templates,
        artifacts,
        file: file.path.clone(),
    })
}

/// Takes the files that go into the artifact bucket from those beside the construct. Their keys hold a hash of the
/// content, like those of packages.
fn artifacts(
    names: &[Place<String>],
    beside: &mut IndexMap<String, String>,
) -> Result<IndexMap<String, Artifact>, Problem> {
    let one = |name: &Place<String>| {
        let text = beside.shift_remove(&name.value).ok_or_else(|| {
            Problem::new(name.at, format!("there is no file `{}` beside the construct", name.value))
        })?;
        let ending = name.value.rsplit_once('.').map(|(_, ending)| format!(".{ending}")).unwrap_or_default();
        let key = format!("files/{}{ending}", sha256(text.as_bytes()));
        Ok((name.value.clone(), Artifact { key, bytes: Arc::new(text.into_bytes()) }))
    };
    names.iter().map(one).collect()
}

/// A metric as alarms and dashboards see it: an object of its namespace, name, dimensions and statistic.
fn metric(raw: &RawMetric) -> Result<Metric, Problem> {
    let at = raw.namespace.at;
    let key = |name: &str| Place { value: name.to_owned(), at };
    let mut entries: Entries = vec![
        (key("namespace"), raw.namespace.clone()),
        (key("metric"), raw.metric.clone()),
        (key("dimensions"), raw.dimensions.clone()),
    ];
    entries.extend(raw.statistic.iter().map(|statistic| (key("statistic"), statistic.clone())));
    Ok(Metric {
        summary: raw.summary.clone(),
        when: raw.when.as_ref().map(expression).transpose()?,
        body: node(&Place { value: Yaml::Map(entries), at })?,
        alarm: raw.alarm.clone(),
        chart: raw.chart.clone(),
    })
}

fn read_check(raw: &RawCheck) -> Result<Check, Problem> {
    let help = raw.help.as_ref().map(node).transpose()?;
    let message = match &raw.source {
        Some(page) => format!("{} (see {page})", raw.message),
        None => raw.message.clone(),
    };
    Ok(Check { that: expression(&raw.that)?, message, help })
}

/// A YAML error at its place; the parser knows it as line and column.
fn yaml_problem(error: &serde_yaml::Error, text: &str) -> Problem {
    let at = error.location().map_or(Range::default(), |location| {
        let lines = text.split_inclusive('\n');
        let before: usize =
            lines.clone().take((location.line() as usize).saturating_sub(1)).map(str::len).sum();
        let line = lines.clone().nth((location.line() as usize).saturating_sub(1)).unwrap_or("");
        let inside: usize =
            line.chars().take((location.column() as usize).saturating_sub(1)).map(char::len_utf8).sum();
        let start = (before + inside) as u32;
        Range { start, end: start + 1 }
    });
    let said = error.without_snippet().to_string();
    let first = said.lines().next().unwrap_or("this is not YAML");
    Problem::new(at, first.split(" at line ").next().unwrap_or(first).to_owned())
}

fn stack_kind(word: &Place<String>) -> Result<StackKind, Problem> {
    StackKind::ALL.iter().copied().find(|kind| kind.word() == word.value).ok_or_else(|| {
        let list = StackKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ");
        Problem::new(word.at, format!("there is no stack `{}`; it is one of {list}", word.value))
    })
}

/// The entries of an object.
fn entries<'a>(yaml: &'a Place<Yaml>, what: &str) -> Result<&'a Entries, Problem> {
    match &yaml.value {
        Yaml::Map(entries) => Ok(entries),
        _ => Err(Problem::new(yaml.at, format!("{what} is an object"))),
    }
}

fn text(yaml: &Place<Yaml>, what: &str) -> Result<String, Problem> {
    match &yaml.value {
        Yaml::Text(text) => Ok(text.clone()),
        _ => Err(Problem::new(yaml.at, format!("{what} is a text"))),
    }
}

fn offer(yaml: &Place<Yaml>) -> Result<Offer, Problem> {
    let (mut name, mut attribute, mut computed, mut value, mut flows) = (None, None, None, None, Vec::new());
    let mut named = yaml.at;
    for (key, yaml) in entries(yaml, "a port")? {
        match key.value.as_str() {
            "ref" => {
                named = yaml.at;
                name = Some(text(yaml, "`ref`")?);
            }
            "attribute" => attribute = Some(text(yaml, "`attribute`")?),
            "computed" => computed = Some(node(yaml)?),
            "value" => value = Some(node(yaml)?),
            "flows" => {
                let Yaml::List(items) = &yaml.value else {
                    return Err(Problem::new(yaml.at, "`flows` is a list of IAM actions"));
                };
                flows = items.iter().map(|item| text(item, "an IAM action")).collect::<Result<_, _>>()?;
            }
            other => {
                return Err(Problem::new(
                    key.at,
                    format!(
                        "a port has no `{other}`; it has `ref`, `attribute`, `computed`, `value` and `flows`"
                    ),
                ));
            }
        }
    }
    let value = match (name, value) {
        (Some(name), None) => OfferValue::Resource { name, attribute, computed },
        (None, Some(node)) => OfferValue::Value(node),
        _ => return Err(Problem::new(yaml.at, "a port has either `ref` or `value`")),
    };
    Ok(Offer { value, flows, at: named })
}

fn resource(yaml: &Place<Yaml>) -> Result<ResourceTemplate, Problem> {
    let (mut kind, mut stack, mut when, mut joins, mut follows) = (None, None, None, None, None);
    let mut rest = Vec::new();
    for (key, value) in entries(yaml, "a resource")? {
        match key.value.as_str() {
            "Type" => kind = Some(text(value, "`Type`")?),
            "stack" => stack = Some(stack_kind(&Place { value: text(value, "`stack`")?, at: value.at })?),
            "when" => when = Some(expression(value)?),
            "joins" => joins = Some(node(value)?),
            "follows" => follows = Some(node(value)?),
            "for" => {
                return Err(Problem::new(
                    key.at,
                    "a resource cannot repeat; make it a construct with an instance each",
                ));
            }
            "Properties"
            | "DependsOn"
            | "DeletionPolicy"
            | "UpdateReplacePolicy"
            | "UpdatePolicy"
            | "CreationPolicy" => {
                rest.push((key.clone(), value.clone()));
            }
            other => return Err(Problem::new(key.at, format!("a resource has no `{other}`"))),
        }
    }
    let kind = kind.ok_or_else(|| Problem::new(yaml.at, "a resource has a `Type`"))?;
    let body: Node<Source> = node(&Place { value: Yaml::Map(rest), at: yaml.at })?;
    Ok(ResourceTemplate { kind, stack, when, joins, follows, body })
}
