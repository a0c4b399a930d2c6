//! Which policies there are, and on what they lie.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use foldhash::{HashMap, HashMapExt as _};
use rayon::prelude::*;

use super::super::text::{Text, is_free};
use super::super::value::Value;
use super::super::world::{At, World};
use super::statement::{Condition, Patterns, Statement, Who, pattern, read};

/// Statements, and whether there may be more that only the deployment knows.
#[derive(Debug, Default)]
pub struct Policy<'a> {
    /// The statements.
    pub statements: Vec<Statement<'a>>,
    /// There may be others.
    pub open: bool,
}

impl<'a> Policy<'a> {
    fn add(&mut self, world: &World<'a>, at: At, document: Value<'a>) {
        match document {
            Value::Absent => {}
            document => match read(world, at, &document) {
                Some(statements) => self.statements.extend(statements),
                None => self.open = true,
            },
        }
    }
}

/// All policies; each is read when it is first needed.
pub struct Policies<'w, 'a> {
    world: &'w World<'a>,
    /// What lies on a resource: policies and permissions of resources of their own.
    attached: HashMap<At, Vec<At>>,
    /// Types on some resource of which a policy lies, and nobody knows on which.
    loose: BTreeSet<&'a str>,
    resource: Vec<OnceLock<Policy<'a>>>,
    identity: Vec<OnceLock<Policy<'a>>>,
}

impl<'w, 'a> Policies<'w, 'a> {
    /// Finds out what lies on what.
    #[must_use]
    pub fn new(world: &'w World<'a>, count: usize) -> Self {
        let mut policies = Policies {
            world,
            attached: HashMap::new(),
            loose: BTreeSet::new(),
            resource: (0..count).map(|_| OnceLock::new()).collect(),
            identity: (0..count).map(|_| OnceLock::new()).collect(),
        };
        let all: Vec<At> = world.all().collect();
        let laid: Vec<(At, Vec<Result<At, &'a str>>)> =
            all.par_iter().filter_map(|at| Some((*at, lies_on(world, *at)?))).collect();
        for (at, places) in laid {
            for place in places {
                match place {
                    Ok(place) => policies.attached.entry(place).or_default().push(at),
                    Err(kind) => drop(policies.loose.insert(kind)),
                }
            }
        }
        policies
    }

    /// The policies that lie on a resource.
    #[must_use]
    pub fn on(&self, at: At) -> Option<&Policy<'a>> {
        Some(self.resource.get(at.0 as usize)?.get_or_init(|| self.read_resource(at)))
    }

    /// The policies of a role.
    #[must_use]
    pub fn of_role(&self, at: At) -> Option<&Policy<'a>> {
        self.world.kind(at)?.role.as_ref()?;
        Some(self.identity.get(at.0 as usize)?.get_or_init(|| self.read_identity(at)))
    }

    /// The policies and permissions, each a resource of its own, that lie on a resource.
    #[must_use]
    pub fn attached_to(&self, at: At) -> &[At] {
        self.attached.get(&at).map_or(&[], Vec::as_slice)
    }

    fn read_resource(&self, at: At) -> Policy<'a> {
        let world = self.world;
        let kind = world.type_of(at);
        let mut policy = Policy { open: self.loose.contains(kind), ..Policy::default() };
        if let Some(property) = world.kind(at).and_then(|kind| kind.policy.as_ref()) {
            policy.add(world, at, world.property(at, property));
        }
        for attached in self.attached_to(at) {
            let Some(kind) = world.kind(*attached) else { continue };
            if let Some(form) = &kind.attaches {
                policy.add(world, *attached, world.property(*attached, &form.document));
            }
            policy.statements.extend(self.permission(*attached, at));
        }
        policy
    }

    /// A permission as the statement that it is.
    fn permission(&self, at: At, on: At) -> Option<Statement<'a>> {
        let world = self.world;
        let form = world.kind(at)?.permission.as_ref()?;
        let principal = world.property(at, &form.principal);
        let of_service = matches!(&principal, Value::Text(text) if text.text.contains(".amazonaws.com"));
        let conditions =
            form.conditions.iter().filter_map(|(key, property)| match world.property(at, property) {
                Value::Absent => None,
                value => Some(Condition { operator: "ArnLike", key, values: vec![value] }),
            });
        let kind = if of_service { "Service" } else { "AWS" };
        Some(Statement {
            at,
            label: "".into(),
            allows: true,
            who: Who::These(vec![(kind, vec![principal])]),
            actions: Patterns { items: vec![world.property(at, &form.action)], ..Patterns::default() },
            resources: Patterns { items: vec![Value::Resource(on)], missing: true, ..Patterns::default() },
            conditions: conditions.collect(),
        })
    }

    fn read_identity(&self, at: At) -> Policy<'a> {
        let world = self.world;
        let mut policy = Policy::default();
        let Some(form) = world.kind(at).and_then(|kind| kind.role.as_ref()) else { return policy };
        // What bounds a role can only take away, and is known elsewhere.
        policy.open = !matches!(world.property(at, &form.boundary), Value::Absent);
        let bounded = policy.open;
        for inline in world.property(at, &form.inline).items() {
            match inline {
                Value::Object(node) => policy.add(world, at, world.member(node, &form.document, 0)),
                _ => policy.open = true,
            }
        }
        for attached in self.attached_to(at) {
            if let Some(form) = world.kind(*attached).and_then(|kind| kind.attaches.as_ref()) {
                policy.add(world, *attached, world.property(*attached, &form.document));
            }
        }
        for managed in world.property(at, &form.managed).items() {
            self.managed(at, &managed, &mut policy);
        }
        policy.open |= bounded;
        policy
    }

    fn managed(&self, role: At, arn: &Value<'a>, policy: &mut Policy<'a>) {
        let Value::Text(text) = arn else {
            policy.open = true;
            return;
        };
        if let Some(at) = self.world.denoted(text) {
            let document = self.world.kind(at).and_then(|kind| kind.attaches.as_ref());
            if let Some(form) = document {
                policy.add(self.world, at, self.world.property(at, &form.document));
                return;
            }
        }
        match self.of_aws(role, text) {
            Some(statements) => policy.statements.extend(statements),
            None => policy.open = true,
        }
    }

    /// The statements of a policy that AWS manages, if they are known.
    fn of_aws(&self, role: At, arn: &Text<'_>) -> Option<Vec<Statement<'a>>> {
        let (_, name) = arn.text.split_once(":iam::aws:policy/")?;
        let (name, statements) = self.world.facts.managed_policies.get_key_value(name)?;
        let patterns = |texts: &'a [String]| Patterns {
            items: texts.iter().map(|text| pattern(text)).collect(),
            ..Patterns::default()
        };
        let read = statements.iter().map(|statement| Statement {
            at: role,
            label: name.as_str().into(),
            allows: true,
            who: Who::Bearer,
            actions: patterns(&statement.actions),
            resources: patterns(&statement.resources),
            conditions: Vec::new(),
        });
        Some(read.collect())
    }

    /// The trust policy of a role.
    #[must_use]
    pub fn trust(&self, role: At) -> Option<Vec<Statement<'a>>> {
        let form = self.world.kind(role)?.role.as_ref()?;
        read(self.world, role, &self.world.property(role, &form.trust))
    }

    /// Every statement of the policies of a resource, with what it lies on; a role's own lie on nothing.
    pub fn each(&self, at: At, mut look: impl FnMut(&Statement<'a>, Option<At>)) {
        if let Some(policy) = self.of_role(at) {
            policy.statements.iter().for_each(|statement| look(statement, None));
        }
        if self.has_policy(at)
            && let Some(policy) = self.on(at)
        {
            policy.statements.iter().for_each(|statement| look(statement, Some(at)));
        }
    }

    /// Whether anything lies on a resource.
    fn has_policy(&self, at: At) -> bool {
        self.attached.contains_key(&at) || self.world.kind(at).is_some_and(|kind| kind.policy.is_some())
    }
}

/// What a policy or permission lies on; where nobody knows that, only of which type it is.
fn lies_on<'a>(world: &World<'a>, at: At) -> Option<Vec<Result<At, &'a str>>> {
    let kind = world.kind(at)?;
    let attaches = kind.attaches.as_ref().map(|attached| (&attached.to, attached.kind.as_deref()));
    let permits = kind.permission.as_ref().map(|form| (&form.to, Some(form.kind.as_str())));
    let mut found = Vec::new();
    for (to, on) in attaches.into_iter().chain(permits) {
        for value in world.property(at, to).items() {
            let place = match &value {
                Value::Text(text) => match on {
                    Some(kind) => world.find(kind, text),
                    None => world.denoted(text),
                },
                _ => None,
            };
            match (place, value) {
                (Some(place), _) => found.push(Ok(place)),
                (None, Value::Text(text)) if !is_free(&text.text) => {}
                _ => found.push(Err(on.unwrap_or_default())),
            }
        }
    }
    Some(found)
}
