//! What properties resource types have, from a table that is written from CloudFormation's schemas.
//!
//! It tells whether a body, or a part of one, is one that CloudFormation would take. References and intrinsic
//! functions are taken for any value, since what they become is not known here.

mod check;
mod fit;

use indexmap::IndexMap;
use serde::Deserialize;

pub use check::{Extent, Problem, PropertyProblem};
use fit::Fit;

use super::Data;

/// The file that holds the table.
pub const RESOURCE_TYPES: &str = "facts/resource_types.yaml";

/// The properties of resource types.
#[derive(Clone, Debug)]
pub struct ResourceTypes {
    types: IndexMap<String, ResourceType>,
    shapes: IndexMap<String, Shape>,
}

#[derive(Clone, Debug)]
struct ResourceType {
    /// Paths that cannot be set; `*` stands for any item of a list.
    read_only: Vec<Vec<String>>,
    /// What `Fn::GetAtt` reads; a `*` at the end stands for any name.
    attributes: Vec<String>,
    shape: Shape,
}

/// An object: its properties, and what fits any other key.
#[derive(Clone, Debug)]
struct Shape {
    properties: IndexMap<String, Property>,
    rest: Option<Fit>,
}

#[derive(Clone, Debug)]
struct Property {
    required: bool,
    fit: Fit,
}

type WrittenShape = IndexMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    types: IndexMap<String, WrittenType>,
    shapes: IndexMap<String, WrittenShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenType {
    #[serde(default)]
    read_only: Vec<String>,
    #[serde(default)]
    readable: Vec<String>,
    properties: WrittenShape,
}

impl ResourceTypes {
    /// The table of a text, whose head says how it is written.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<ResourceTypes, String> {
        let file: File = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        let index = |name: &str| file.shapes.get_index_of(name);
        let mut shapes = IndexMap::with_capacity(file.shapes.len());
        for (name, written) in &file.shapes {
            shapes.insert(name.clone(), shape(name, written, &index)?);
        }
        let mut types = IndexMap::with_capacity(file.types.len());
        for (name, written) in &file.types {
            types.insert(name.clone(), resource_type(name, written, &index)?);
        }
        Ok(ResourceTypes { types, shapes })
    }

    /// Whether the table has a type. Of one that it does not have, nothing is checked.
    #[must_use]
    pub fn knows(&self, kind: &str) -> bool {
        self.types.contains_key(kind)
    }

    /// The types of the table.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// What is wrong with properties of a type; nothing where the type is not known.
    #[must_use]
    pub fn check(&self, kind: &str, properties: &Data, extent: Extent) -> Vec<PropertyProblem> {
        let found = self.types.get(kind);
        found.map_or_else(Vec::new, |known| check::check(&self.shapes, known, properties, extent))
    }

    /// The names of what `Fn::GetAtt` reads of a type; a few types have more than can be named.
    pub fn attributes(&self, kind: &str) -> impl Iterator<Item = &str> {
        let all = self.types.get(kind).map_or(&[][..], |known| &known.attributes);
        all.iter().map(String::as_str).filter(|name| !name.contains('*'))
    }

    /// Whether `Fn::GetAtt` reads an attribute of a type; false where the type is not known.
    #[must_use]
    pub fn has_attribute(&self, kind: &str, attribute: &str) -> bool {
        let has = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => attribute.len() > start.len() && attribute.starts_with(start),
            None => pattern == attribute,
        };
        self.types.get(kind).is_some_and(|known| known.attributes.iter().any(has))
    }
}

fn resource_type(
    name: &str,
    written: &WrittenType,
    index: &dyn Fn(&str) -> Option<usize>,
) -> Result<ResourceType, String> {
    let path = |path: &String| path.split('.').map(str::to_owned).collect();
    // What is read-only of the items of a list is no attribute.
    let read = written.read_only.iter().filter(|path| !path.contains('*'));
    Ok(ResourceType {
        read_only: written.read_only.iter().map(path).collect(),
        attributes: read.chain(&written.readable).cloned().collect(),
        shape: shape(name, &written.properties, index)?,
    })
}

fn shape(name: &str, written: &WrittenShape, index: &dyn Fn(&str) -> Option<usize>) -> Result<Shape, String> {
    let mut shape = Shape { properties: IndexMap::with_capacity(written.len()), rest: None };
    for (property, text) in written {
        let (required, text) =
            text.strip_prefix("required ").map_or((false, text.as_str()), |rest| (true, rest));
        let fit =
            Fit::parse(text, index).map_err(|problem| format!("`{property}` of `{name}`: {problem}"))?;
        if property == "*" {
            shape.rest = Some(fit);
        } else {
            shape.properties.insert(property.clone(), Property { required, fit });
        }
    }
    Ok(shape)
}

#[cfg(test)]
mod tests;
