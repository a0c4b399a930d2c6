//! In which order CloudFormation makes resources, and what every resource refers to.

use std::sync::OnceLock;

use super::template::Template;
use super::value::{get_att, substitutions};
use super::world::{At, Named, World};
use crate::library::{Data, Piece, Symbol};
use crate::stacks::{Link, Linked};

/// What waits for what; each resource is read when it is first asked for.
pub struct Order {
    referred: Vec<OnceLock<Referred>>,
    /// All that a resource waits for, over others; sorted.
    reached: Vec<OnceLock<Vec<At>>>,
}

impl Order {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(count: usize) -> Order {
        Order {
            referred: (0..count).map(|_| OnceLock::new()).collect(),
            reached: (0..count).map(|_| OnceLock::new()).collect(),
        }
    }

    /// Reads what a resource refers to.
    pub fn read(&self, world: &World<'_>, at: At) {
        self.referred(world, at);
    }

    /// The resources of the same template that a resource waits for, because it names them.
    pub fn waits_for<'o>(&'o self, world: &World<'_>, at: At) -> &'o [At] {
        self.referred(world, at).map_or(&[], |read| &read.resources)
    }

    /// The names that a resource refers to and that its template does not have.
    pub fn unknown<'o>(&'o self, world: &World<'_>, at: At) -> &'o [(String, Use)] {
        self.referred(world, at).map_or(&[], |read| &read.unknown)
    }

    fn referred<'o>(&'o self, world: &World<'_>, at: At) -> Option<&'o Referred> {
        let read = || {
            let (template, _) = world.position(at);
            let mut read = Referred::default();
            names(world, at, &mut |name, how| match world.named(template, name) {
                Some(Named::Resource(other)) => {
                    if !read.resources.contains(&other) && world.is_present(other) {
                        read.resources.push(other);
                    }
                }
                Some(Named::Parameter(_)) => {}
                None if name.starts_with("AWS::") => {}
                None => read.unknown.push((name.to_owned(), how)),
            });
            read
        };
        Some(self.referred.get(at.0 as usize)?.get_or_init(read))
    }

    /// Whether a resource is there before another is made.
    #[must_use]
    pub fn precedes(&self, world: &World<'_>, first: At, then: At) -> bool {
        let (ones, others) = (chain(world, first), chain(world, then));
        for one in &ones {
            let (template, _) = world.position(*one);
            if let Some(other) = others.iter().find(|other| world.position(**other).0 == template) {
                return self.reaches(world, *other, *one);
            }
        }
        false
    }

    fn reaches(&self, world: &World<'_>, from: At, to: At) -> bool {
        let all = || {
            let mut open = vec![from];
            let mut seen = std::collections::BTreeSet::new();
            while let Some(at) = open.pop() {
                open.extend(self.waits_for(world, at).iter().filter(|next| seen.insert(**next)));
            }
            seen.into_iter().collect()
        };
        self.reached.get(from.0 as usize).is_some_and(|cell| cell.get_or_init(all).binary_search(&to).is_ok())
    }

    /// Cycles among the resources of a template: each waits for the next, and the last for the first. Of those that share
    /// a resource, one.
    #[must_use]
    pub fn cycles(&self, world: &World<'_>, template: usize, count: usize) -> Vec<Vec<At>> {
        let mut found: Vec<Vec<At>> = Vec::new();
        let Some(first) = world.nth(template, 0) else { return found };
        let index = |at: At| at.0.saturating_sub(first.0) as usize;
        // Not seen, on the way, done.
        let mut state = vec![0_u8; count];
        for start in 0..count {
            if state.get(start) != Some(&0) {
                continue;
            }
            let mut way: Vec<(At, usize)> = vec![(At(first.0 + start as u32), 0)];
            while let Some((at, next)) = way.last_mut() {
                let at = *at;
                state.iter_mut().skip(index(at)).take(1).for_each(|state| *state = 1);
                let Some(other) = self.waits_for(world, at).get(*next).copied() else {
                    state.iter_mut().skip(index(at)).take(1).for_each(|state| *state = 2);
                    way.pop();
                    continue;
                };
                *next += 1;
                match state.get(index(other)) {
                    Some(0) => way.push((other, 0)),
                    Some(1) => {
                        let from = way.iter().position(|(at, _)| *at == other).unwrap_or(0);
                        let cycle: Vec<At> = way.iter().skip(from).map(|(at, _)| *at).collect();
                        if !found.iter().flatten().any(|at| cycle.contains(at)) {
                            found.push(cycle);
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

/// What a resource refers to.
#[derive(Debug, Default)]
struct Referred {
    resources: Vec<At>,
    unknown: Vec<(String, Use)>,
}

/// A resource, the stack that it is in, the stack that this is in, and so on.
fn chain(world: &World<'_>, at: At) -> Vec<At> {
    let mut found = vec![at];
    let mut here = at;
    while let Some(parent) = world.parent(world.position(here).0) {
        if found.contains(&parent) {
            break;
        }
        found.push(parent);
        here = parent;
    }
    found
}

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A reference to a value.
    Value,
    /// A mere order.
    Wait,
}

/// Every name that a resource refers to.
pub fn names<'a>(world: &World<'a>, at: At, look: &mut dyn FnMut(&str, Use)) {
    let Some(entry) = world.entry(at) else { return };
    let Data::Map(members) = unshared(entry.body.data) else { return };
    for (name, data) in members {
        match &**name {
            "DependsOn" => waits(entry.body.of(data), look),
            "Type" | "Metadata" | "Condition" => {}
            _ => references(entry.body.of(data), 0, &mut |name| look(name, Use::Value)),
        }
    }
    entry.after.iter().for_each(|name| look(name, Use::Wait));
}

fn waits(linked: Linked<'_>, look: &mut dyn FnMut(&str, Use)) {
    match unshared(linked.data) {
        Data::List(items) => items.iter().for_each(|item| waits(linked.of(item), look)),
        Data::Text(text) => look(text, Use::Wait),
        Data::Ref(symbol) => {
            if let Some(Link::Ref(name)) = linked.links.get(symbol) {
                look(name, Use::Wait);
            }
        }
        _ => {}
    }
}

fn unshared(data: &Data) -> &Data {
    match data {
        Data::Shared(inner) => unshared(inner),
        plain => plain,
    }
}

/// Values nested deeper are no template's.
const DEEPEST: usize = 200;

/// Every name in a value that stands for something of its template.
pub fn references<'a>(linked: Linked<'a>, depth: usize, look: &mut dyn FnMut(&str)) {
    if depth > DEEPEST {
        return;
    }
    match linked.data {
        // What is shared has no references.
        Data::Shared(_) | Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_) | Data::Text(_) => {}
        Data::List(items) => items.iter().for_each(|item| references(linked.of(item), depth + 1, look)),
        Data::Ref(symbol) => symbol_name(linked, symbol, depth, look),
        Data::Join(pieces) => {
            for piece in pieces {
                if let Piece::Ref(symbol) = piece {
                    symbol_name(linked, symbol, depth, look);
                }
            }
        }
        Data::Map(members) => match members.as_slice() {
            [(name, argument)] => match (&**name, argument.as_text()) {
                ("Ref", Some(name)) => look(name),
                ("Fn::GetAtt", _) => {
                    if let Some((id, _)) = get_att(linked.of(argument)) {
                        look(id);
                    }
                }
                ("Fn::Sub", Some(text)) => {
                    substituted(text, &[], look);
                }
                ("Fn::Sub", None) => {
                    if let Data::List(parts) = argument
                        && let [text, values] = parts.as_slice()
                    {
                        let own: Vec<&str> = match values {
                            Data::Map(values) => values.iter().map(|(name, _)| &**name).collect(),
                            _ => Vec::new(),
                        };
                        substituted(text.as_text().unwrap_or_default(), &own, look);
                        references(linked.of(values), depth + 1, look);
                    }
                }
                _ => references(linked.of(argument), depth + 1, look),
            },
            members => members.iter().for_each(|(_, value)| references(linked.of(value), depth + 1, look)),
        },
    }
}

fn substituted(text: &str, own: &[&str], look: &mut dyn FnMut(&str)) {
    for (is_name, part) in substitutions(text) {
        let name = part.split_once('.').map_or(part, |(id, _)| id);
        if is_name && !own.contains(&part) && !name.is_empty() {
            look(name);
        }
    }
}

fn symbol_name<'a>(linked: Linked<'a>, symbol: &Symbol, depth: usize, look: &mut dyn FnMut(&str)) {
    match linked.links.get(symbol) {
        Some(Link::Ref(name) | Link::Attribute(name, _)) => look(name),
        Some(Link::Computed(data)) => references(linked.of(data), depth + 1, look),
        None => {}
    }
}

/// How many resources all templates have.
#[must_use]
pub fn count(templates: &[Template<'_>]) -> usize {
    templates.iter().map(|template| template.resources.len()).sum()
}

/// Every attribute in a value that stands for one of a resource: its logical id and the attribute.
pub fn attributes<'a>(linked: Linked<'a>, depth: usize, look: &mut dyn FnMut(&str, &str)) {
    if depth > DEEPEST {
        return;
    }
    match linked.data {
        Data::List(items) => items.iter().for_each(|item| attributes(linked.of(item), depth + 1, look)),
        Data::Map(members) => match members.as_slice() {
            [(name, argument)] if &**name == "Fn::GetAtt" => {
                if let Some((id, attribute)) = get_att(linked.of(argument)) {
                    look(id, &attribute);
                }
            }
            [(name, argument)] if &**name == "Fn::Sub" => {
                if let Some(text) = argument.as_text() {
                    let names = substitutions(text).into_iter().filter(|(is_name, _)| *is_name);
                    for (id, attribute) in names.filter_map(|(_, name)| name.split_once('.')) {
                        look(id, attribute);
                    }
                }
                attributes(linked.of(argument), depth + 1, look);
            }
            members => members.iter().for_each(|(_, value)| attributes(linked.of(value), depth + 1, look)),
        },
        _ => {}
    }
}
