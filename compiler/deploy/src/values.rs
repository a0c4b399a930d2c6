//! Values of the parameters of root stacks.

use std::collections::BTreeMap;

use pipec_core::artifacts::{ParameterSource, RootEntry};
use pipec_core::diagnostic::nearest;

use crate::cloud::{Output, Stack};
use crate::session::Session;
use crate::stop::Stop;

/// Values by parameter: `None` keeps what the stack has.
pub type Values = BTreeMap<String, Option<String>>;

/// The values of a root's parameters. What nobody knows yet is left out, and so is what the template has a default for.
pub fn of<C, H>(
    session: &Session<'_, C, H>,
    entry: &RootEntry,
    present: Option<&Stack>,
    bucket: Option<&str>,
    outputs: &BTreeMap<String, Output>,
) -> Values {
    let has = |name: &str| present.is_some_and(|stack| stack.parameters.contains_key(name));
    let value = |name: &str, source: &ParameterSource| match source {
        ParameterSource::ArtifactBucket => bucket.map(|bucket| Some(bucket.to_owned())),
        ParameterSource::Output { output } => outputs.get(output).map(|output| Some(output.value.clone())),
        ParameterSource::Deployer { param, .. } => {
            let given = session.options.parameters.get(param).map(|value| Some(value.clone()));
            given.or_else(|| has(name).then_some(None))
        }
    };
    entry.parameters.iter().filter_map(|(name, source)| Some((name.clone(), value(name, source)?))).collect()
}

/// Whether a stack has these values already.
pub fn hold(present: &BTreeMap<String, String>, wanted: &Values) -> bool {
    wanted.iter().all(|(name, value)| value.is_none() || present.get(name) == value.as_ref())
}

/// The values that the user gave must be of parameters that are declared.
///
/// # Errors
/// When one is not.
pub fn check<C, H>(session: &Session<'_, C, H>) -> Result<(), Stop> {
    let sources = session.build.manifest().roots.iter().flat_map(|root| root.parameters.values());
    let declared: Vec<&str> = sources
        .filter_map(|source| match source {
            ParameterSource::Deployer { param, .. } => Some(param.as_str()),
            _ => None,
        })
        .collect();
    let unknown = |name: &&String| !declared.contains(&name.as_str());
    let Some(name) = session.options.parameters.keys().find(unknown) else { return Ok(()) };
    let help = match nearest(name, declared.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if declared.is_empty() => {
            "declare it with `param` and use it as `$name` in the project".to_owned()
        }
        None => format!("the project has {}", declared.join(", ")),
    };
    Err(Stop::usage(format!("nothing uses a parameter `{name}`")).help(help))
}

/// What a root needs that was neither given nor deployed before.
pub fn missing<C, H>(
    session: &Session<'_, C, H>,
    entry: &RootEntry,
    present: Option<&Stack>,
) -> Option<Stop> {
    let missing = |(name, source): (&String, &ParameterSource)| match source {
        ParameterSource::Deployer { param, required: true } => {
            let given = session.options.parameters.contains_key(param);
            let kept = present.is_some_and(|stack| stack.parameters.contains_key(name));
            (!given && !kept).then(|| param.clone())
        }
        _ => None,
    };
    let name = entry.parameters.iter().find_map(missing)?;
    let help = format!("give it once, and later deployments keep it: `pipec deploy --param {name}=VALUE`");
    Some(Stop::usage(format!("the parameter `{name}` has no value yet")).help(help))
}
