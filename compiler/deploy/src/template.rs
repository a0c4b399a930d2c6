//! CloudFormation templates as they were given, in YAML or JSON, in one form: long functions, `GetAtt` as `A.B`.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_yaml::Tagged;

/// A template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template(Value);

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When the text is neither YAML nor JSON, or no object.
    pub fn parse(text: &str) -> Result<Template, String> {
        let node: Node = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        if node.0.is_object() { Ok(Template(node.0)) } else { Err("it is no template".to_owned()) }
    }

    /// What of a root's template makes a difference: CloudFormation finds no change in texts for people, nor in
    /// defaults of parameters that are all given.
    #[must_use]
    pub fn essence(&self) -> Value {
        let mut value = self.0.clone();
        if let Some(map) = value.as_object_mut() {
            map.remove("Description");
        }
        let parameters = value.get_mut("Parameters").and_then(Value::as_object_mut);
        for parameter in parameters.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            parameter.remove("Description");
            parameter.remove("Default");
        }
        value
    }

    /// Its resources, in the order of the text.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.section("Resources").into_iter().flatten().map(|(id, body)| (id.as_str(), body))
    }

    /// A resource.
    #[must_use]
    pub fn resource(&self, logical_id: &str) -> Option<&Value> {
        self.section("Resources")?.get(logical_id)
    }

    /// The value of an output.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Value> {
        self.section("Outputs")?.get(name)?.get("Value")
    }

    /// The default of a parameter, as the text that a stack shows for it.
    #[must_use]
    pub fn default_of(&self, parameter: &str) -> Option<String> {
        match self.section("Parameters")?.get(parameter)?.get("Default")? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn section(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)?.as_object()
    }
}

/// `AWS::SQS::Queue`
#[must_use]
pub fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

/// What `pipec` wrote into a resource's metadata: `declared`, `file`, `construct`.
#[must_use]
pub fn origin<'a>(resource: &'a Value, key: &str) -> Option<&'a str> {
    resource.get("Metadata")?.get("pipec")?.get(key)?.as_str()
}

/// Whether a resource outlives its removal (`DeletionPolicy`) or replacement (`UpdateReplacePolicy`).
#[must_use]
pub fn retained(resource: &Value, policy: &str) -> bool {
    let policy = resource.get(policy).and_then(Value::as_str);
    matches!(policy, Some("Retain" | "RetainExceptOnCreate" | "Snapshot"))
}

/// A value whose short functions became long ones.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Untagged(value), tag) = Tagged::deserialize(deserializer)?;
        Ok(Node(match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            // `!!str` and its like are resolved to longer names, which are no functions.
            Some(function) if !function.is_empty() && !function.starts_with('!') => call(function, value),
            _ => long_form(value),
        }))
    }
}

/// `!GetAtt A.B` → `{"Fn::GetAtt": "A.B"}`
fn call(function: &str, value: Value) -> Value {
    let key = match function {
        "Ref" | "Condition" => function.to_owned(),
        other => format!("Fn::{other}"),
    };
    long_form(Value::Object(Map::from_iter([(key, value)])))
}

/// `{"Fn::GetAtt": ["A", "B"]}` → `{"Fn::GetAtt": "A.B"}`
fn long_form(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            if let Some(Value::Array(parts)) = map.get("Fn::GetAtt") {
                let joined = parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".");
                map.insert("Fn::GetAtt".to_owned(), Value::String(joined));
            }
            Value::Object(map)
        }
        other => other,
    }
}

struct Untagged(Value);

impl<'de> Deserialize<'de> for Untagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Untagged)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value of a template")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Node::deserialize(deserializer).map(|node| node.0)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Node(value))) = entries.next_entry::<String, Node>()? {
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_and_long_forms_are_one() {
        let short = "Resources:\n  A:\n    Type: T\n    Properties:\n      One: !Ref X\n      Two: !GetAtt B.Arn\n      Three: [!Sub '${B}/*', 3, '3', true, 1.5, ~]\n";
        let long = r#"{"Resources":{"A":{"Type":"T","Properties":{"One":{"Ref":"X"},"Two":{"Fn::GetAtt":["B","Arn"]},
            "Three":[{"Fn::Sub":"${B}/*"},3,"3",true,1.5,null]}}}}"#;
        let (short, long) = (Template::parse(short), Template::parse(long));
        assert_eq!(short, long);
        let properties = json!({ "One": { "Ref": "X" }, "Two": { "Fn::GetAtt": "B.Arn" },
            "Three": [{ "Fn::Sub": "${B}/*" }, 3, "3", true, 1.5, null] });
        let template = short.unwrap_or_default();
        assert_eq!(template.resource("A").and_then(|a| a.get("Properties")), Some(&properties));
    }

    #[test]
    fn texts_that_are_no_templates_are_refused() {
        assert!(Template::parse("a: [").is_err());
        assert!(Template::parse("just a text").is_err());
    }
}
