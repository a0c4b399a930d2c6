//! What a deployment will do: what is deployed, next to what shall be. Only looks.

use std::collections::BTreeMap;

use pipec_core::artifacts::RootEntry;

use crate::cloud::{Cloud, Output, Stack};
use crate::deployed;
use crate::estate::Estate;
use crate::host::Host;
use crate::plan::{Action, Plan, Root, RootPlan, compare};
use crate::session::{DOMAIN_TAG, Session};
use crate::stop::Stop;
use crate::values;

/// A root of the build and the stack that is there for it.
pub type Pair<'a> = (&'a RootEntry, Option<Stack>);

/// Makes the plan.
///
/// # Errors
/// When CloudFormation cannot be asked, or a parameter has no value.
pub async fn plan<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    pairs: &[Pair<'_>],
    orphans: &[Stack],
    bucket: Option<&str>,
) -> Result<Plan, Stop> {
    if let Some(stop) =
        pairs.iter().find_map(|(entry, stack)| values::missing(session, entry, stack.as_ref()))
    {
        return Err(stop);
    }
    let app = pairs.first().and_then(|(_, stack)| stack.as_ref());
    let outputs = app.map(|stack| stack.outputs.clone()).unwrap_or_default();
    let roots: Vec<Root> = pairs.iter().map(|pair| root(session, pair, bucket, &outputs)).collect();
    let present: Vec<&Stack> = pairs.iter().filter_map(|(_, stack)| stack.as_ref()).chain(orphans).collect();
    let texts = deployed::texts(session, &present).await?;
    if orphans.is_empty() && roots.iter().all(|root| is_same(session, root, &texts)) {
        return Ok(unchanged(&roots));
    }
    let new = session.build.estate().map_err(Stop::world)?;
    let old: Estate = deployed::estate(session, &present, texts, &new).await?;
    let mut plan = compare(&old, &new, &roots, session.facts);
    for root in &mut plan.roots {
        let orphan = orphans.iter().find(|stack| stack.name == root.stack);
        root.domain = orphan.and_then(|stack| stack.tags.get(DOMAIN_TAG).cloned()).or(root.domain.take());
    }
    Ok(plan)
}

fn root<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    (entry, stack): &Pair<'_>,
    bucket: Option<&str>,
    outputs: &BTreeMap<String, Output>,
) -> Root {
    let known = values::of(session, entry, stack.as_ref(), bucket, outputs);
    let differs = |stack: &Stack| {
        // Somebody turned rollback off: the template is there, and what it says is not.
        stack.status.ends_with("_FAILED") || stack.tags != session.tags(entry.domain.as_deref())
    };
    Root {
        stack: entry.stack.clone(),
        domain: entry.domain.clone(),
        was: stack.as_ref().map(|stack| stack.parameters.clone()),
        will: known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        differs: stack.as_ref().is_some_and(differs),
    }
}

/// Whether a root is what it shall be. Its template names those of its nested stacks by a hash of their content, so
/// they need not be looked at.
fn is_same<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    root: &Root,
    texts: &BTreeMap<String, String>,
) -> bool {
    let wanted = session.build.root(&root.stack).map(|entry| session.build.text(&entry.template));
    root.keeps() && texts.get(&root.stack).map(String::as_str) == wanted
}

fn unchanged(roots: &[Root]) -> Plan {
    let keep = |root: &Root| RootPlan {
        stack: root.stack.clone(),
        domain: root.domain.clone(),
        action: Action::Keep,
        changes: Vec::new(),
    };
    Plan { roots: roots.iter().map(keep).collect() }
}
