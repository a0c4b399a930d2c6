//! CloudFormation templates as they were given, in YAML or JSON, in one form: long functions, `GetAtt` as `A.B`.

use pipec_core::library::read_document;
use pipec_core::stacks::{Linked, Links};
use serde_json::{Map, Value};

/// A template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template(Value);

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When the text is neither YAML nor JSON, or no object.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (data, _) = read_document(text).map_err(|error| error.message)?;
        let links = Links::default();
        let mut value =
            serde_json::to_value(Linked { data: &data, links: &links }).map_err(|error| error.to_string())?;
        one_form(&mut value);
        if value.is_object() { Ok(Template(value)) } else { Err("it is no template".to_owned()) }
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

/// `{"Fn::GetAtt": ["A", "B"]}` → `{"Fn::GetAtt": "A.B"}`, however deep.
fn one_form(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(parts)) = map.get("Fn::GetAtt") {
                let joined = parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(".");
                map.insert("Fn::GetAtt".to_owned(), Value::String(joined));
            }
            map.values_mut().for_each(one_form);
        }
        Value::Array(items) => items.iter_mut().for_each(one_form),
        _ => {}
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
