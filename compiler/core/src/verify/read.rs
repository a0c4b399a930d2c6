//! Templates that others wrote: texts to [`Template`]s.

use std::collections::BTreeMap;

use super::template::{Entry, NESTED, Template};
use crate::library::{Data, Placed, Range, read_document};
use crate::stacks::{Linked, Links};

/// A template as it was read.
#[derive(Debug)]
pub struct Document {
    /// Its path, as people know it.
    pub path: String,
    data: Data,
    places: Placed,
    links: Links,
    none: Vec<String>,
}

/// A text that is no template, and where that shows, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub at: Range,
}

/// Reads a template.
///
/// # Errors
/// Everything that keeps it from being one, each at its place.
pub fn read_template(path: &str, text: &str) -> Result<Document, Vec<TemplateError>> {
    let (data, places) = read_document(text).map_err(|error| {
        let at = error.at.map_or(Range::default(), |(line, column)| offset(text, line, column));
        vec![TemplateError { message: error.message, at }]
    })?;
    let document =
        Document { path: path.to_owned(), data, places, links: Links::default(), none: Vec::new() };
    let errors = document.shape();
    if errors.is_empty() { Ok(document) } else { Err(errors) }
}

fn offset(text: &str, line: u64, column: u64) -> Range {
    let lines = text.split_inclusive('\n').take((line as usize).saturating_sub(1));
    let start = lines.map(str::len).sum::<usize>() + (column as usize).saturating_sub(1);
    let start = start.min(text.len()) as u32;
    Range { start, end: start + 1 }
}

impl Document {
    /// What is not as in any template.
    fn shape(&self) -> Vec<TemplateError> {
        let mut errors = Vec::new();
        let mut wrong = |message: String, at: Option<&Placed>| {
            errors.push(TemplateError { message, at: at.map_or(Range::default(), |placed| placed.at) });
        };
        if !matches!(self.data, Data::Map(_)) {
            wrong("a template is an object".to_owned(), Some(&self.places));
            return errors;
        }
        for section in ["Parameters", "Conditions", "Mappings", "Outputs"] {
            match self.data.get(section) {
                None | Some(Data::Map(_) | Data::Null) => {}
                Some(_) => wrong(format!("`{section}` is an object"), self.places.get(section)),
            }
        }
        let places = self.places.get("Resources");
        match self.data.get("Resources") {
            None => wrong("a template has `Resources`".to_owned(), Some(&self.places)),
            Some(Data::Map(resources)) => {
                for (id, resource) in resources {
                    let place = places.and_then(|places| places.get(id));
                    match (resource, resource.get("Type")) {
                        (Data::Map(_), Some(Data::Text(_))) => {}
                        (Data::Map(_), _) => wrong(format!("the resource `{id}` has no `Type`"), place),
                        _ => wrong(format!("the resource `{id}` is no object"), place),
                    }
                    match resource.get("Properties") {
                        None | Some(Data::Map(_) | Data::Null) => {}
                        Some(_) => wrong(format!("the `Properties` of `{id}` are no object"), place),
                    }
                }
            }
            Some(_) => wrong("`Resources` is an object".to_owned(), places),
        }
        errors
    }

    fn linked<'a>(&'a self, data: &'a Data) -> Linked<'a> {
        Linked { data, links: &self.links }
    }

    fn section<'a>(&'a self, name: &str) -> &'a [(std::sync::Arc<str>, Data)] {
        match self.data.get(name) {
            Some(Data::Map(entries)) => entries,
            _ => &[],
        }
    }

    /// Its nested stacks: logical id, and the address of the template if that is written out.
    pub fn nested(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        let stacks = self.section("Resources").iter();
        let stacks = stacks.filter(|(_, body)| body.get("Type").and_then(Data::as_text) == Some(NESTED));
        stacks.map(|(id, body)| {
            let url = body.get("Properties").and_then(|all| all.get("TemplateURL"));
            let url = url.and_then(|url| url.as_text().or_else(|| url.get("Fn::Sub")?.as_text()));
            (&**id, url.map(str::to_owned))
        })
    }

    /// The template; `children` gives the indexes of nested ones.
    pub fn template<'a>(&'a self, children: &BTreeMap<&str, usize>) -> Template<'a> {
        let parameters = self.section("Parameters").iter();
        let resources = self.section("Resources").iter();
        let outputs = self.section("Outputs").iter();
        let whole = |name: &str| self.data.get(name).map(|data| self.linked(data));
        Template {
            name: self.path.clone(),
            parameters: parameters
                .map(|(name, body)| (&**name, body.get("Default").map(|default| self.linked(default))))
                .collect(),
            conditions: whole("Conditions"),
            mappings: whole("Mappings"),
            resources: resources
                .map(|(id, body)| Entry {
                    id: std::borrow::Cow::Borrowed(&**id),
                    kind: body.get("Type").and_then(Data::as_text).unwrap_or_default(),
                    body: self.linked(body),
                    after: &self.none,
                    child: children.get(&**id).copied(),
                    owner: None,
                })
                .collect(),
            outputs: outputs
                .filter_map(|(name, body)| Some((&**name, self.linked(body.get("Value")?))))
                .collect(),
            unwritten: false,
        }
    }

    /// Where a resource stands, or one of its properties as far as its path is written out.
    #[must_use]
    pub fn place(&self, logical_id: &str, property: Option<&str>) -> Range {
        let Some(resource) = self.places.get("Resources").and_then(|all| all.get(logical_id)) else {
            return Range::default();
        };
        let mut found = resource.key;
        let mut here = resource.get("Properties");
        for name in property.into_iter().flat_map(|path| path.split('.')) {
            let Some(inner) = here.and_then(|here| here.get(name)) else { break };
            found = if inner.key.end > 0 { inner.key } else { inner.at };
            here = Some(inner);
        }
        found
    }
}
