//! Values of the parameters of root stacks.

use std::collections::BTreeMap;

use pipec_core::artifacts::{ParameterSource, RootEntry};
use pipec_core::diagnostic::nearest;

use crate::cloud::{Output, Stack};
use crate::session::Session;
use crate::stop::Stop;
use crate::template::Template;

/// Values by parameter: `None` keeps what the stack has.
pub type Values = BTreeMap<String, Option<String>>;

/// A root of the build, what is there for it, and what that was deployed with.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// The root.
    pub entry: &'a RootEntry,
    /// The stack; `None` where it is to be made.
    pub stack: Option<Stack>,
    /// The stack's template; empty where there is none.
    pub text: String,
}

impl Now<'_> {
    fn deployed(&self, parameter: &str) -> Option<&String> {
        self.stack.as_ref()?.parameters.get(parameter)
    }

    /// Whether the value of a parameter was given once, and is not just the default of the time.
    fn was_given(&self, parameter: &str) -> bool {
        let template = Template::parse(&self.text).unwrap_or_default();
        self.deployed(parameter).is_some_and(|value| template.default_of(parameter).as_ref() != Some(value))
    }
}

/// The values of a root's parameters. What nobody knows yet is left out.
pub fn of<C, H>(
    session: &Session<'_, C, H>,
    now: &Now<'_>,
    bucket: &str,
    outputs: &BTreeMap<String, Output>,
) -> Values {
    let value = |name: &str, source: &ParameterSource| match source {
        ParameterSource::ArtifactBucket => Some(Some(bucket.to_owned())),
        ParameterSource::Output { output } => outputs.get(output).map(|output| Some(output.value.clone())),
        ParameterSource::Deployer { param, default, .. } => {
            match (session.options.parameters.get(param), default) {
                (Some(given), _) => Some(Some(given.clone())),
                (None, _) if now.was_given(name) => Some(None),
                (None, Some(default)) => Some(Some(default.clone())),
                (None, None) => None,
            }
        }
    };
    now.entry
        .parameters
        .iter()
        .filter_map(|(name, source)| Some((name.clone(), value(name, source)?)))
        .collect()
}

/// Whether a stack has these values already.
pub fn hold(present: &BTreeMap<String, String>, wanted: &Values) -> bool {
    wanted.iter().all(|(name, value)| value.is_none() || present.get(name) == value.as_ref())
}

/// The values that the user gave must be of parameters that are declared, and of their types.
///
/// # Errors
/// When one is not.
pub fn check<C, H>(session: &Session<'_, C, H>) -> Result<(), Stop> {
    let declared = declared(session);
    for (name, value) in &session.options.parameters {
        match declared.get(name.as_str()) {
            None => return Err(unknown(name, &declared)),
            Some(true) if value.parse::<i64>().is_err() => {
                let message = format!("the parameter `{name}` is a whole number, and `{value}` is none");
                return Err(Stop::usage(message).help(format!("write `--param {name}=10`")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The project's parameters, and whether they are numbers.
fn declared<'a, C, H>(session: &Session<'a, C, H>) -> BTreeMap<&'a str, bool> {
    let sources = session.build.manifest().roots.iter().flat_map(|root| root.parameters.values());
    let deployers = sources.filter_map(|source| match source {
        ParameterSource::Deployer { param, number, .. } => Some((param.as_str(), *number)),
        _ => None,
    });
    deployers.collect()
}

fn unknown(name: &str, declared: &BTreeMap<&str, bool>) -> Stop {
    let help = match nearest(name, declared.keys().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if declared.is_empty() => {
            "declare it with `param` and use it as `$name` in the project".to_owned()
        }
        None => format!("the project has {}", declared.keys().copied().collect::<Vec<_>>().join(", ")),
    };
    Stop::usage(format!("nothing uses a parameter `{name}`")).help(help)
}

/// What a root needs that was neither given nor deployed before.
pub fn missing<C, H>(session: &Session<'_, C, H>, now: &Now<'_>) -> Option<Stop> {
    let missing = |(name, source): (&String, &ParameterSource)| match source {
        ParameterSource::Deployer { param, default: None, .. } => {
            let known = session.options.parameters.contains_key(param) || now.deployed(name).is_some();
            (!known).then(|| param.clone())
        }
        _ => None,
    };
    let name = now.entry.parameters.iter().find_map(missing)?;
    let help = format!("give it once, and later deployments keep it: `pipec deploy --param {name}=VALUE`");
    Some(Stop::usage(format!("the parameter `{name}` has no value yet")).help(help))
}
