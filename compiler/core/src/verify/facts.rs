//! What the verifier knows about AWS, read from `stdlib/facts/identities.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::library::from_yaml;

/// What is known about AWS beside rules.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// By resource type.
    pub kinds: BTreeMap<String, Kind>,
    /// What AWS's managed policies allow, by the end of their ARN.
    pub managed_policies: BTreeMap<String, Vec<ManagedStatement>>,
    /// What requests say of themselves, by who makes them.
    pub requests: Requests,
    /// Condition keys that bind a service to whom it acts for, or what they begin with.
    pub binding_keys: Vec<String>,
    /// Actions that take no finer resource than `*`, as patterns.
    pub unscoped_actions: Vec<String>,
}

/// What requests say of themselves: condition keys in lower case, and their values.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// A service's.
    #[serde(deserialize_with = "pairs")]
    pub service: Vec<(String, Said)>,
    /// A role's.
    #[serde(deserialize_with = "pairs")]
    pub role: Vec<(String, Said)>,
    /// Another account's.
    #[serde(deserialize_with = "pairs")]
    pub account: Vec<(String, Said)>,
    /// One without a signature.
    #[serde(deserialize_with = "pairs")]
    pub anybody: Vec<(String, Said)>,
}

/// The value of a condition key.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Said {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text; `{account}` is the account's number, `{caller}` that of the other account.
    Text(String),
    /// It is not there.
    Nothing,
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Said)>, D::Error> {
    Ok(BTreeMap::<String, Said>::deserialize(deserializer)?.into_iter().collect())
}

/// How resources of a type are known, and what they say of others.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// The property that holds its name.
    pub name: Option<String>,
    /// Its ARN: `{partition}`, `{region}`, `{account}`, `{name}`, `{id}` or a property in braces.
    pub arn: Option<String>,
    /// What `Ref` gives.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// What `GetAtt` gives, beside `Arn`: the same in braces, `{arn}` too, but no property.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// Events pass it.
    #[serde(default)]
    pub carries: bool,
    /// Properties that stand for resources, and of which types: `ApiStages.*.ApiId`.
    #[serde(default)]
    pub points: BTreeMap<String, Vec<String>>,
    /// The longest name, in characters.
    pub longest_name: Option<usize>,
    /// The property that holds a policy on the resource itself.
    pub policy: Option<String>,
    /// Its policy must allow whatever is done with it, or leave it to IAM by allowing the account: a key.
    #[serde(default)]
    pub policy_decides: bool,
    /// A policy that it lays on other resources.
    pub attaches: Option<Attached>,
    /// It is a role.
    pub role: Option<RoleForm>,
    /// It is a single permission on another resource.
    pub permission: Option<PermissionForm>,
    /// It is another name of a key.
    pub alias: Option<AliasForm>,
}

/// A policy of its own resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attached {
    /// The property that holds it.
    pub document: String,
    /// The property that names what it is laid on.
    pub to: String,
    /// The type of that, where the property may hold a name.
    pub kind: Option<String>,
}

/// Where a role keeps what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    /// Who may assume it.
    pub trust: String,
    /// Policies in it: a list of objects.
    pub inline: String,
    /// The document in each.
    pub document: String,
    /// ARNs of policies.
    pub managed: String,
    /// A policy that bounds all others.
    pub boundary: String,
}

/// Where a permission keeps what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionForm {
    /// On what.
    pub to: String,
    /// The type of that.
    pub kind: String,
    /// For whom.
    pub principal: String,
    /// For what.
    pub action: String,
    /// Condition keys and the properties that hold their values.
    pub conditions: BTreeMap<String, String>,
}

/// Where an alias keeps what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasForm {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub target: String,
}

/// A statement of a managed policy; it allows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagedStatement {
    /// Actions, as patterns.
    pub actions: Vec<String>,
    /// Resources, as patterns.
    pub resources: Vec<String>,
}

/// What stands in braces and is no property.
const PARTS: &[&str] = &["partition", "region", "account", "url_suffix", "name", "id", "arn"];

impl Facts {
    /// Reads the facts.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Facts, String> {
        let facts: Facts = from_yaml(text)?;
        for (name, kind) in &facts.kinds {
            for (attribute, form) in &kind.attributes {
                let parts = form.split('{').skip(1).filter_map(|part| part.split_once('}'));
                if let Some((part, _)) = parts.into_iter().find(|(part, _)| !PARTS.contains(part)) {
                    return Err(format!("`{name}`: `{attribute}` cannot be made of `{{{part}}}`"));
                }
            }
        }
        Ok(facts)
    }
}
