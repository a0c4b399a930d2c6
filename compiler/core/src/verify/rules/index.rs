//! Who points to whom: made when a rule first asks.

use std::sync::{Arc, RwLock};

use foldhash::{HashMap, HashMapExt as _};

use super::super::value::{Node, Value};
use super::super::world::{At, World};
use crate::library::Data;

type Pointing = HashMap<At, Vec<At>>;

/// By type: paths, the type of what is pointed to, and who points to whom there.
type ByKind = HashMap<String, Vec<(String, String, Arc<Pointing>)>>;

/// Reverse references by type and path.
#[derive(Default)]
pub struct Indexes {
    made: RwLock<ByKind>,
}

impl Indexes {
    /// The resources of a type whose value at a path stands for a resource; `of` is that resource's type, where the
    /// value may be its name.
    pub fn those(&self, world: &World<'_>, kind: &str, path: &str, target: At) -> Vec<At> {
        let of = world.type_of(target);
        let find = |made: &ByKind| {
            let mut paths = made.get(kind)?.iter();
            paths.find(|(known, wanted, _)| known == path && wanted == of).map(|(.., index)| index.clone())
        };
        let known = self.made.read().ok().and_then(|made| find(&made));
        let index = known.or_else(|| {
            let mut made = self.made.write().ok()?;
            find(&made).or_else(|| {
                let index = Arc::new(build(world, kind, path, of));
                let entry = (path.to_owned(), of.to_owned(), index.clone());
                made.entry(kind.to_owned()).or_default().push(entry);
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
    let mut found = Vec::new();
    follow(world, value, Some(path), &mut found);
    found
}

fn follow<'a>(world: &World<'a>, value: Value<'a>, path: Option<&str>, found: &mut Vec<Value<'a>>) {
    let Some(path) = path else { return found.push(value) };
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let one = match (value, step) {
        (Value::Absent, _) => return,
        (Value::List(items), "*") => {
            return items.into_iter().for_each(|item| follow(world, item, rest, found));
        }
        (Value::Object(node), "*") => {
            let Data::Map(entries) = node.linked.data else { return };
            let member = |data| world.value(Node { linked: node.linked.of(data), ..node });
            return entries.iter().for_each(|(_, data)| follow(world, member(data), rest, found));
        }
        (value, "*") => value,
        (Value::Resource(at), name) => world.property(at, name),
        (Value::Object(node), name) => world.member(node, name, 0),
        _ => Value::Unknown,
    };
    if !matches!(one, Value::Absent) {
        follow(world, one, rest, found);
    }
}
