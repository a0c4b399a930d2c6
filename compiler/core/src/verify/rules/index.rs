//! Who points to whom: made when a rule first asks.

use std::sync::{Arc, RwLock};

use foldhash::{HashMap, HashMapExt as _};

use super::super::value::{Node, Value};
use super::super::world::{At, World};
use crate::library::Data;

type Pointing = HashMap<At, Vec<At>>;

/// By type: paths, and who points to whom there.
type ByKind = HashMap<String, Vec<(String, Arc<Pointing>)>>;

/// Reverse references by type and path.
#[derive(Default)]
pub struct Indexes {
    made: RwLock<ByKind>,
}

impl Indexes {
    /// The resources of a type whose value at a path stands for a resource; `of` is that resource's type, where the
    /// value may be its name.
    pub fn those(&self, world: &World<'_>, kind: &str, path: &str, target: At) -> Vec<At> {
        let find = |made: &ByKind| {
            let paths = made.get(kind)?;
            paths.iter().find(|(known, _)| known == path).map(|(_, index)| index.clone())
        };
        let known = self.made.read().ok().and_then(|made| find(&made));
        let index = known.or_else(|| {
            let mut made = self.made.write().ok()?;
            find(&made).or_else(|| {
                let index = Arc::new(build(world, kind, path, world.type_of(target)));
                made.entry(kind.to_owned()).or_default().push((path.to_owned(), index.clone()));
                Some(index)
            })
        });
        index.and_then(|index| index.get(&target).cloned()).unwrap_or_default()
    }
}

fn build(world: &World<'_>, kind: &str, path: &str, of: &str) -> Pointing {
    let mut found: Pointing = HashMap::new();
    for at in world.of_kind(kind) {
        for value in at_path(world, Value::Resource(at), path) {
            let target = match &value {
                Value::Text(text) => world.find(of, text),
                Value::Resource(at) => Some(*at),
                _ => None,
            };
            if let Some(target) = target {
                let list = found.entry(target).or_default();
                if !list.contains(&at) {
                    list.push(at);
                }
            }
        }
    }
    found
}

/// The values at a path: names with dots between, `*` for every item or member.
pub fn at_path<'a>(world: &World<'a>, value: Value<'a>, path: &str) -> Vec<Value<'a>> {
    let mut values = vec![value];
    for step in path.split('.') {
        values = values.into_iter().flat_map(|value| next(world, value, step)).collect();
    }
    values
}

fn next<'a>(world: &World<'a>, value: Value<'a>, step: &str) -> Vec<Value<'a>> {
    let one = match (value, step) {
        (Value::Absent, _) => return Vec::new(),
        (Value::List(items), "*") => return items,
        (Value::Object(node), "*") => return members(world, node),
        (value, "*") => return vec![value],
        (Value::Resource(at), name) => world.property(at, name),
        (Value::Object(node), name) => world.member(node, name, 0),
        _ => Value::Unknown,
    };
    match one {
        Value::Absent => Vec::new(),
        value => vec![value],
    }
}

fn members<'a>(world: &World<'a>, node: Node<'a>) -> Vec<Value<'a>> {
    match node.linked.data {
        Data::Map(entries) => entries
            .iter()
            .map(|(_, data)| world.value(Node { linked: node.linked.of(data), ..node }))
            .collect(),
        _ => Vec::new(),
    }
}
