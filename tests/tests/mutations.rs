//! Mutants: every example is built, one thing in one resource is taken away or weakened, and the verifier must see it.
//!
//! What it does not see stands in `mutants.yaml` with a reason: either nothing is broken by it, or it is broken and
//! nobody can know. An unlisted survivor fails, and so does an entry that nothing needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use pipec_core::Stage;
use pipec_core::graph::FlowGraph;
use pipec_core::library::{Data, Library};
use pipec_core::stacks::StackTree;
use pipec_core::verify::{Knowledge, prove};
use pipec_tests::{Project, findings, repository, stdlib};
use serde::Deserialize;

const EXAMPLES: &[&str] = &["hello", "access_cards", "bank", "everything"];

/// How many of the mutants that break a flow must be seen, in a hundred.
const WANTED: usize = 95;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivors {
    /// Mutants that break no flow: patterns, and why.
    harmless: BTreeMap<String, String>,
    /// Mutants that break one, and that nobody can see in templates: patterns, and why.
    unseen: BTreeMap<String, String>,
}

/// One change of one resource.
struct Mutant {
    stack: usize,
    resource: usize,
    /// `tier/high DeliveryRole: Policies.0.PolicyDocument.Statement[UseKey] removed`
    name: String,
    body: Option<Data>,
}

#[test]
fn mutants_are_seen() {
    let text = fs::read_to_string(repository().join("tests/tests/mutants.yaml")).expect("the survivors");
    let known: Survivors = serde_yaml::from_str(&text).expect("a list of survivors");
    let library = stdlib();
    let knowledge = Knowledge::parse(&library.identities, &library.proofs).expect("rules that can be read");
    let (mut seen, mut names, mut survivors) = (0, BTreeSet::new(), Vec::new());
    for example in EXAMPLES {
        let project = read(&repository().join("examples").join(example));
        let mut done = project.compile(None, Stage::Verify);
        assert!(done.diagnostics.is_empty(), "{example}:\n{}", findings(&done));
        let (Some(graph), Some(mut tree)) = (done.graph.take(), done.stacks.take()) else {
            panic!("{example}")
        };
        for mutant in mutants(&tree, &mut names) {
            if is_seen(&graph, &mut tree, &library, &knowledge, &mutant) {
                seen += 1;
            } else {
                survivors.push(mutant.name);
            }
        }
    }
    judge(&known, seen, &survivors);
}

fn judge(known: &Survivors, seen: usize, survivors: &[String]) {
    let mut used = BTreeSet::new();
    let mut listed = |list: &BTreeMap<String, String>, name: &str| {
        let hit = list.keys().find(|pattern| fits(pattern, name)).cloned();
        let found = hit.is_some();
        used.extend(hit);
        found
    };
    let (mut unseen, mut harmless, mut unlisted) = (0, 0, Vec::new());
    for name in survivors {
        if listed(&known.harmless, name) {
            harmless += 1;
        } else if listed(&known.unseen, name) {
            unseen += 1;
        } else {
            unlisted.push(name.as_str());
        }
    }
    println!("{seen} mutants seen, {unseen} unseen, {harmless} harmless");
    assert!(unlisted.is_empty(), "{} survivors are not listed:\n{}", unlisted.len(), unlisted.join("\n"));
    let idle: Vec<&String> =
        known.harmless.keys().chain(known.unseen.keys()).filter(|pattern| !used.contains(*pattern)).collect();
    assert!(idle.is_empty(), "no survivor needs these entries: {idle:#?}");
    assert!(seen * 100 >= WANTED * (seen + unseen), "only {seen} of {} mutants are seen", seen + unseen);
}

/// Whether a pattern with `*` stands for a name.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

fn read(root: &Path) -> Project {
    fn gather(root: &Path, folder: &Path, project: &mut Project) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                if name != "build" {
                    gather(root, &path, project);
                }
            } else {
                project.files.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    let mut project = Project::default();
    gather(root, root, &mut project);
    project
}

fn is_seen(
    graph: &FlowGraph,
    tree: &mut StackTree,
    library: &Library,
    knowledge: &Knowledge,
    mutant: &Mutant,
) -> bool {
    let before = exchange(tree, mutant, mutant.body.clone());
    let seen = is_wrong(graph, tree, library, knowledge);
    exchange(tree, mutant, before);
    seen
}

fn is_wrong(graph: &FlowGraph, tree: &StackTree, library: &Library, knowledge: &Knowledge) -> bool {
    !prove(graph, tree, library, knowledge).is_empty()
}

/// Puts a body into a mutant's place and returns what was there; a resource without one is as good as not there.
fn exchange(tree: &mut StackTree, mutant: &Mutant, body: Option<Data>) -> Option<Data> {
    let stack = tree.roots.iter_mut().flat_map(|root| &mut root.stacks).nth(mutant.stack).expect("a stack");
    let resource = &mut stack.resources[mutant.resource];
    let gone = resource.kind.strip_prefix("gone ").map(str::to_owned);
    match (&body, gone) {
        (None, _) => resource.kind = format!("gone {}", resource.kind),
        (Some(_), Some(kind)) => resource.kind = kind,
        _ => {}
    }
    let body = body.unwrap_or(Data::Map(Vec::new()));
    Some(std::mem::replace(&mut resource.body, body))
}

/// Every mutant of a tree whose like there was not before: constructs make the same again and again.
fn mutants(tree: &StackTree, names: &mut BTreeSet<String>) -> Vec<Mutant> {
    let mut found = Vec::new();
    for (stack, content) in tree.stacks().enumerate() {
        let mut ordinals: BTreeMap<String, usize> = BTreeMap::new();
        for (index, resource) in content.resources.iter().enumerate() {
            let kind = resource.kind.trim_start_matches("AWS::");
            // A queue and its dead letters are two of one kind.
            let like = format!("{}{kind}{}{:?}", resource.construct, resource.owner, resource.subscriber);
            let ordinal = ordinals.entry(like).or_default();
            *ordinal += 1;
            let nth = if *ordinal > 1 && *ordinal < 4 { format!("#{ordinal}") } else { String::new() };
            let short = kind.replace("::", ".") + &nth;
            let mut add = |what: &str, body: Option<Data>| {
                let name = format!("{} {short}: {what}", resource.construct);
                if names.insert(name.clone()) {
                    found.push(Mutant { stack, resource: index, name, body });
                }
            };
            if JOINING.iter().any(|ending| resource.kind.ends_with(ending)) {
                add("removed", None);
            }
            for (what, body) in changed(&resource.body, "", false) {
                add(&what, Some(body));
            }
        }
    }
    found
}

/// Types of resources that join others: without one, something is cut.
const JOINING: &[&str] = &[
    "Policy",
    "Permission",
    "Subscription",
    "EventSourceMapping",
    "UsagePlanKey",
    "Method",
    "Pipe",
    "Alias",
];
/// Properties that hold what cannot be delivered.
const LETTERS: &[&str] = &["RedrivePolicy", "DestinationConfig", "DeadLetterConfig"];
/// Properties that are times.
const TIMES: &[&str] = &["VisibilityTimeout", "Timeout", "TimeoutInMillis", "MessageRetentionPeriod"];
/// Parts of a body that are for people.
const TEXTS: &[&str] = &["Description", "Tags", "DashboardBody", "QueryString", "Definition", "Name"];

/// A resource that is in no template.
const ELSEWHERE: &str = "arn:aws:sqs:eu-central-1:111111111111:elsewhere";

/// Every changed form of a value, and what was changed.
fn changed(data: &Data, path: &str, in_policy: bool) -> Vec<(String, Data)> {
    match data {
        Data::Shared(inner) => changed(inner, path, in_policy),
        Data::Map(entries) => entries
            .iter()
            .enumerate()
            .flat_map(|(at, entry)| {
                let inner = member(entry, path, in_policy);
                let whole = entries.clone();
                inner.into_iter().map(move |(what, value)| {
                    let mut entries = whole.clone();
                    match value {
                        Some(value) => entries[at].1 = value,
                        None => drop(entries.remove(at)),
                    }
                    (what, Data::Map(entries))
                })
            })
            .collect(),
        Data::List(items) => (0..items.len())
            .flat_map(|at| {
                let label =
                    items[at].get("Sid").and_then(Data::as_text).map_or(at.to_string(), str::to_owned);
                let here = format!("{path}[{label}]");
                let inner = changed(&items[at], &here, in_policy);
                let removed = ["Statement", "Action", "DependsOn"].iter().any(|list| path.ends_with(list));
                let gone = removed.then(|| {
                    let mut items = items.clone();
                    let what = items.remove(at);
                    let shown = what.as_text().map_or(label.clone(), str::to_owned);
                    (format!("{path}[{shown}] removed"), Data::List(items))
                });
                let whole = items.clone();
                gone.into_iter()
                    .chain(inner.into_iter().map(move |(what, value)| {
                        let mut items = whole.clone();
                        items[at] = value;
                        (what, Data::List(items))
                    }))
                    .collect::<Vec<_>>()
            })
            .collect(),
        Data::Ref(_) | Data::Join(_) if !path.is_empty() => {
            vec![(format!("{path} swapped"), Data::Text(Arc::from(ELSEWHERE)))]
        }
        _ => Vec::new(),
    }
}

/// Every changed form of a member; `None` where it is gone.
fn member(entry: &(Arc<str>, Data), path: &str, in_policy: bool) -> Vec<(String, Option<Data>)> {
    let (key, value) = (&*entry.0, &entry.1);
    if TEXTS.contains(&key) {
        return Vec::new();
    }
    let here = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut found = Vec::new();
    let policy = in_policy || key == "Statement";
    if in_policy && key == "Condition" || LETTERS.contains(&key) {
        found.push((format!("{here} removed"), None));
    }
    if in_policy && key == "Effect" {
        let other = if value.as_text() == Some("Allow") { "Deny" } else { "Allow" };
        found.push((format!("{here} turned"), Some(Data::Text(Arc::from(other)))));
    }
    if in_policy && key == "Action" && value.as_text().is_some() {
        found.push((format!("{here} other"), Some(Data::Text(Arc::from("sts:GetCallerIdentity")))));
    }
    if let (true, Data::Int(number)) = (TIMES.contains(&key), value) {
        found.push((format!("{here} halved"), Some(Data::Int(number / 2))));
    }
    found.extend(changed(value, &here, policy).into_iter().map(|(what, value)| (what, Some(value))));
    found
}
