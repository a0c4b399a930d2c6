//! What stands for a resource: its name, its ARN, what `Ref` gives.
//!
//! A name may be made of what stands for another resource, so all become known in rounds: first what is made of no
//! other, then what is made of that. What is made of itself never does; it may be anything, which proves nothing.

use rayon::prelude::*;

use super::facts::Kind;
use super::text::{ACCOUNT, Chars, PARTITION, REGION, Text, URL_SUFFIX, free, generated};
use super::value::Value;
use super::world::{At, World};

/// Names are made of names of names at most so often: real templates do it once or twice.
const MOST_ROUNDS: usize = 8;

/// Longer texts are no name of anything at AWS; a template that doubles a name again and again would fill the memory.
const LONGEST: usize = 4096;

/// What stands for one resource.
#[derive(Debug)]
pub struct Identity<'a> {
    /// The name that its template gives it.
    pub name: Option<Chars<'a>>,
    /// The value of `Ref`.
    reference: Option<Chars<'a>>,
    /// The value of `Arn`.
    arn: Option<Chars<'a>>,
    /// No part of it waits for another's.
    whole: bool,
}

impl<'a> World<'a> {
    /// Finds out what stands for every resource, and which resource everything stands for.
    pub(super) fn settle(&mut self) {
        let places = self.resources.iter().zip(0..);
        let mut open: Vec<(At, &'a Kind)> =
            places.filter_map(|(place, index)| Some((At(index), place.kind?))).collect();
        let mut rounds = 0;
        while !open.is_empty() {
            let found: Vec<Identity<'a>> =
                open.par_iter().map(|(at, kind)| self.read_identity(*at, kind)).collect();
            rounds += 1;
            // Once a round tells nothing new, the rest is made of itself, or of what only the deployment knows.
            let last = rounds == MOST_ROUNDS || !found.iter().any(|identity| identity.whole);
            for ((at, kind), identity) in std::mem::take(&mut open).into_iter().zip(found) {
                if !identity.whole && !last {
                    open.push((at, kind));
                } else if let Some(place) = self.resources.get_mut(at.0 as usize) {
                    place.identity = Some(identity);
                }
            }
        }
        self.index();
    }

    /// Which resource a text stands for; the first of those that are known by the same one.
    fn index(&mut self) {
        let World { resources, by_identity, by_name, .. } = self;
        by_identity.reserve(resources.len() * 2);
        for (place, index) in resources.iter().zip(0..) {
            let (Some(kind), Some(identity)) = (place.kind, &place.identity) else { continue };
            let arn = identity.arn.as_ref();
            let address = identity.reference.as_ref().filter(|_| is_address(kind));
            for text in arn.into_iter().chain(address) {
                by_identity.entry(text.clone()).or_insert(At(index));
            }
            if let Some(name) = &identity.name {
                by_name.entry(place.entry.kind).or_default().entry(name.clone()).or_insert(At(index));
            }
        }
    }

    fn read_identity(&self, at: At, kind: &Kind) -> Identity<'a> {
        let (name, mut whole) = match kind.name.as_ref().map(|name| self.property(at, name)) {
            Some(Value::Text(name)) if name.text.len() <= LONGEST => (Some(name.text), true),
            Some(Value::Text(_) | Value::Unknown) => (Some(free(&format!("{}.name", at.0)).into()), false),
            _ => (None, true),
        };
        let mut identity = Identity { name, reference: None, arn: None, whole: false };
        let mut of_path = |path: &str| match self.at_path(at, path) {
            Value::Text(text) if text.text.len() <= LONGEST => text.text,
            value => {
                whole &= matches!(value, Value::Absent);
                generated(at, path).into()
            }
        };
        identity.arn = kind.arn.as_ref().map(|form| identity.fill(at, form, &mut of_path));
        identity.reference = kind.reference.as_ref().map(|form| identity.fill(at, form, &mut of_path));
        identity.whole = whole;
        identity
    }

    /// A property, or a member of an object in it: `TableInput.Name`.
    fn at_path(&self, at: At, path: &str) -> Value<'a> {
        let mut names = path.split('.');
        let first = self.property(at, names.next().unwrap_or_default());
        names.fold(first, |value, name| match value {
            Value::Object(node) => self.member(node, name, 0),
            other => other,
        })
    }

    /// The name that its template gives a resource of a type that the facts know.
    #[must_use]
    pub fn own_name(&self, at: At) -> Option<Chars<'a>> {
        self.place(at)?.identity.as_ref()?.name.clone()
    }

    /// The value of `Ref` or an attribute of a resource.
    pub(super) fn identity(&self, at: At, attribute: &str, depth: u8) -> Value<'a> {
        if let Some(output) = attribute.strip_prefix("Outputs.")
            && let Some(child) = self.entry(at).and_then(|entry| entry.child)
        {
            return self.output(child, output, depth);
        }
        let known = match self.place(at).map(|place| (place.kind, &place.identity)) {
            Some((Some(kind), Some(identity))) => identity.attribute(at, kind, attribute),
            // Its turn has not come yet.
            Some((Some(_), None)) => return Value::Unknown,
            _ => None,
        };
        let text = known.unwrap_or_else(|| generated(at, attribute).into());
        Value::Text(Text { text, of: Some(at) })
    }
}

impl<'a> Identity<'a> {
    fn attribute(&self, at: At, kind: &Kind, attribute: &str) -> Option<Chars<'a>> {
        match attribute {
            "Ref" => self.reference.clone(),
            "Arn" => self.arn.clone(),
            _ => {
                let mut unknown = |name: &str| generated(at, name).into();
                kind.attributes.get(attribute).map(|form| self.fill(at, form, &mut unknown))
            }
        }
    }

    /// Fills a form of the facts: what is in braces and not known here is a path of properties.
    fn fill(&self, at: At, form: &str, of_path: &mut dyn FnMut(&str) -> Chars<'a>) -> Chars<'a> {
        let mut out = String::with_capacity(form.len() + 64);
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            out.push_str(before);
            match name {
                "partition" => out.push_str(PARTITION),
                "region" => out.push_str(REGION),
                "account" => out.push_str(ACCOUNT),
                "url_suffix" => out.push_str(URL_SUFFIX),
                "id" => out.push_str(&generated(at, "id")),
                "name" => match &self.name {
                    Some(name) => out.push_str(name),
                    None => out.push_str(&generated(at, "name")),
                },
                "arn" => out.push_str(self.arn.as_deref().unwrap_or_default()),
                path => out.push_str(&of_path(path)),
            }
            rest = behind;
        }
        out.push_str(rest);
        out.into()
    }
}

/// Whether `Ref` of a type gives more than a name, which resources of other types may have too.
fn is_address(kind: &Kind) -> bool {
    kind.reference.as_ref().is_some_and(|form| form.contains(':'))
}
