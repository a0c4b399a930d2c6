//! Deployed templates against those that shall be deployed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::spread::{Touched, rewire, spread};
use super::{Action, Change, DataFate, Effect, Plan, Root, RootPlan};
use crate::estate::{Estate, Node};
use crate::facts::{Facts, Holds, Weight};
use crate::template::{kind, origin, retained};

/// Attributes of a resource whose change touches nothing at AWS.
const SILENT: &[&str] = &["Metadata", "DependsOn"];

/// Computes the plan of all roots; a root that is deployed and not in `roots` is deleted.
#[must_use]
pub fn compare(old: &Estate, new: &Estate, roots: &[Root], facts: &Facts) -> Plan {
    let mut touched = differences(old, new, facts);
    rewire(&mut touched, old, new, facts);
    spread(&mut touched, new, &changed_parameters(roots), facts);
    let mut by_root: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    for (node, touch) in &touched {
        by_root.entry(node.0).or_default().push(change(*node, touch, old, new, facts));
    }
    let mut plan = Plan::default();
    for root in roots {
        let changes = by_root.remove(root.stack.as_str()).unwrap_or_default();
        let same = essence(old, &root.stack) == essence(new, &root.stack);
        let action = match &root.was {
            None => Action::Create,
            Some(_) if same && changes.is_empty() && root.keeps() => Action::Keep,
            Some(_) => Action::Update,
        };
        plan.roots.push(RootPlan { stack: root.stack.clone(), domain: root.domain.clone(), action, changes });
    }
    let gone = old.roots.keys().filter(|name| !new.roots.contains_key(*name));
    plan.roots.extend(gone.map(|name| RootPlan {
        stack: name.clone(),
        domain: None,
        action: Action::Delete,
        changes: by_root.remove(name.as_str()).unwrap_or_default(),
    }));
    plan
}

fn essence(estate: &Estate, root: &str) -> Option<Value> {
    estate.roots.get(root).map(|templates| templates.root.essence())
}

/// Root parameters with a value that is known to change: root, name.
fn changed_parameters(roots: &[Root]) -> BTreeSet<(&str, &str)> {
    let mut changed = BTreeSet::new();
    for root in roots {
        let Some(was) = &root.was else { continue };
        let names = root.will.iter().filter(|(name, value)| was.get(*name).is_some_and(|old| old != *value));
        changed.extend(names.map(|(name, _)| (root.stack.as_str(), name.as_str())));
    }
    changed
}

/// What differs between the templates themselves.
fn differences<'a>(old: &'a Estate, new: &'a Estate, facts: &Facts) -> BTreeMap<Node<'a>, Touched> {
    let mut touched = BTreeMap::new();
    for (node, body) in new.nodes() {
        if old.shares(new, node) {
            continue;
        }
        let touch = match old.resource(node) {
            None => Some(Touched { effect: Effect::Added, properties: BTreeSet::new() }),
            Some(before) => difference(before, body, facts),
        };
        if let Some(touch) = touch {
            touched.insert(node, touch);
        }
    }
    for (node, _) in old.nodes().filter(|(node, _)| new.resource(*node).is_none()) {
        touched.insert(node, Touched { effect: Effect::Removed, properties: BTreeSet::new() });
    }
    touched
}

fn difference(before: &Value, after: &Value, facts: &Facts) -> Option<Touched> {
    if kind(before) != kind(after) {
        let properties = BTreeSet::from(["Type".to_owned()]);
        return Some(Touched { effect: Effect::Replaced, properties });
    }
    let (was, is) = (before.get("Properties"), after.get("Properties"));
    let mut properties = differing_keys(was, is, &[]);
    properties.extend(
        differing_keys(Some(before), Some(after), &["Properties"])
            .into_iter()
            .filter(|key| !SILENT.contains(&key.as_str())),
    );
    if properties.is_empty() {
        return None;
    }
    let replaced = facts
        .replacement
        .get(kind(after))
        .is_some_and(|rule| rule.paths().any(|path| at(was, path) != at(is, path)));
    Some(Touched { effect: if replaced { Effect::Replaced } else { Effect::Changed }, properties })
}

/// The keys whose values differ.
fn differing_keys(was: Option<&Value>, is: Option<&Value>, except: &[&str]) -> BTreeSet<String> {
    let keys = |value: Option<&Value>| {
        value
            .and_then(Value::as_object)
            .map(|map| map.keys().cloned().collect::<BTreeSet<_>>())
            .unwrap_or_default()
    };
    let get = |value: Option<&Value>, key: &str| value.and_then(|value| value.get(key)).cloned();
    let all = keys(was).union(&keys(is)).cloned().collect::<BTreeSet<_>>();
    all.into_iter().filter(|key| !except.contains(&key.as_str()) && get(was, key) != get(is, key)).collect()
}

/// The value at a path such as `A.B`; from `*` on, the whole list.
fn at<'a>(value: Option<&'a Value>, path: &str) -> Option<&'a Value> {
    path.split('.').take_while(|part| *part != "*").try_fold(value?, |value, part| value.get(part))
}

fn change(node: Node<'_>, touch: &Touched, old: &Estate, new: &Estate, facts: &Facts) -> Change {
    let (before, after) = (old.resource(node), new.resource(node));
    let body = after.or(before).unwrap_or(&Value::Null);
    let kept = before.is_some_and(|before| is_kept(touch.effect, before, after));
    Change {
        nested: node.1.to_owned(),
        logical_id: node.2.to_owned(),
        kind: kind(body).to_owned(),
        declared: origin(body, "declared").unwrap_or(node.2).to_owned(),
        file: origin(body, "file").map(str::to_owned),
        effect: touch.effect,
        properties: touch.properties.clone(),
        refused: before.zip(after).map(|(before, after)| refused(before, after, facts)).unwrap_or_default(),
        kept,
        name: facts
            .replacement
            .get(kind(body))
            .and_then(|rule| at(body.get("Properties"), rule.named.as_ref()?))
            .map(ToString::to_string),
        data: before.and_then(|before| fate(touch.effect, kept, before, after, facts)),
    }
}

/// The changed properties that nobody can change: the service refuses it, or CloudFormation would have to replace a
/// resource that keeps its name, which it does not do.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html>
fn refused(before: &Value, after: &Value, facts: &Facts) -> BTreeSet<String> {
    let Some(rule) = facts.replacement.get(kind(after)).filter(|_| kind(before) == kind(after)) else {
        return BTreeSet::new();
    };
    let (was, is) = (before.get("Properties"), after.get("Properties"));
    let keeps = |name: &String| at(is, name).is_some() && at(was, name) == at(is, name);
    let fixed = if rule.named.as_ref().is_some_and(keeps) { rule.create_only.as_slice() } else { &[] };
    let paths = rule.refused.iter().chain(fixed);
    paths.filter(|path| at(was, path) != at(is, path)).cloned().collect()
}

/// Whether a resource stays at AWS when it leaves the stack. The policy that is deployed counts for what is removed;
/// for a replacement both templates must have it.
fn is_kept(effect: Effect, before: &Value, after: Option<&Value>) -> bool {
    const POLICY: &str = "UpdateReplacePolicy";
    match effect {
        Effect::Added | Effect::Changed => false,
        Effect::Removed => retained(before, "DeletionPolicy"),
        Effect::Replaced => retained(before, POLICY) && after.is_some_and(|after| retained(after, POLICY)),
    }
}

/// What becomes of the data in a resource that is replaced or removed, or keeps them for a shorter time.
fn fate(
    effect: Effect,
    kept: bool,
    before: &Value,
    after: Option<&Value>,
    facts: &Facts,
) -> Option<DataFate> {
    let holds = facts.data.get(kind(before))?;
    if effect < Effect::Replaced && !after.is_some_and(|after| keeps_less(holds, before, after)) {
        return None;
    }
    // Data that stays in a replaced resource is still gone from the pipeline: nothing reads the old one.
    let consent = holds.weight == Weight::Data && (!kept || effect == Effect::Replaced);
    Some(DataFate { what: holds.holds.clone(), consent })
}

/// Whether a resource keeps its data for a shorter time than before.
fn keeps_less(holds: &Holds, before: &Value, after: &Value) -> bool {
    let time = |body: &Value, path: &str| {
        let found = body.get("Properties").map(|properties| numbers(properties, path)).unwrap_or_default();
        // Without a number it is kept for ever.
        found.into_iter().fold(f64::INFINITY, f64::min)
    };
    holds.kept_for.iter().any(|path| time(after, path) < time(before, path))
}

/// The numbers at a path; `*` stands for every item of a list.
fn numbers(value: &Value, path: &str) -> Vec<f64> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let inner: Vec<&Value> = match value {
        Value::Array(items) if first == "*" => items.iter().collect(),
        _ => value.get(first).into_iter().collect(),
    };
    match rest {
        Some(rest) => inner.into_iter().flat_map(|inner| numbers(inner, rest)).collect(),
        None => inner
            .into_iter()
            .filter_map(|number| number.as_f64().or_else(|| number.as_str()?.parse().ok()))
            .collect(),
    }
}
