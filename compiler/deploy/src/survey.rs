//! What a deployment will do: what is deployed, next to what shall be. Only looks.

use std::collections::BTreeMap;

use crate::bootstrap::Artifacts;
use crate::cloud::{Cloud, Output, Stack};
use crate::deployed;
use crate::host::Host;
use crate::plan::{Action, Plan, Root, RootPlan, compare};
use crate::session::{DOMAIN_TAG, Session};
use crate::stop::Stop;
use crate::values::{self, Now};

/// Makes the plan.
///
/// # Errors
/// When CloudFormation cannot be asked, or a parameter has no value.
pub async fn plan<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    now: &[Now<'_>],
    orphans: &[Stack],
    artifacts: &Artifacts,
) -> Result<Plan, Stop> {
    if let Some(stop) = now.iter().find_map(|now| values::missing(session, now)) {
        return Err(stop);
    }
    let app = now.first().and_then(|now| now.stack.as_ref());
    let outputs = app.map(|stack| stack.outputs.clone()).unwrap_or_default();
    let roots: Vec<Root> =
        now.iter().map(|now| root(session, now, artifacts.bucket_or_new(), &outputs)).collect();
    let bootstrap = artifacts.pending.clone();
    if orphans.is_empty() && now.iter().zip(&roots).all(|(now, root)| is_same(session, now, root)) {
        return Ok(Plan { roots: roots.iter().map(keep).collect(), bootstrap: None });
    }
    let new = session.build.estate().map_err(Stop::world)?;
    let old = deployed::estate(session, &present(session, now, orphans).await?, &new).await?;
    let mut plan = compare(&old, &new, &roots, session.facts);
    for root in &mut plan.roots {
        let orphan = orphans.iter().find(|stack| stack.name == root.stack);
        root.domain = orphan.and_then(|stack| stack.tags.get(DOMAIN_TAG).cloned()).or(root.domain.take());
    }
    Ok(Plan { bootstrap, ..plan })
}

/// Every root stack that is there, with its template.
async fn present<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    now: &[Now<'_>],
    orphans: &[Stack],
) -> Result<Vec<(Stack, String)>, Stop> {
    let known = now.iter().filter_map(|now| Some((now.stack.clone()?, now.text.clone())));
    let mut present: Vec<(Stack, String)> = known.collect();
    for stack in orphans {
        present.push((stack.clone(), deployed::text(session, &stack.id).await?));
    }
    Ok(present)
}

fn root<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    now: &Now<'_>,
    bucket: &str,
    outputs: &BTreeMap<String, Output>,
) -> Root {
    let Now { entry, stack, .. } = now;
    let known = values::of(session, now, bucket, outputs);
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
fn is_same<C: Cloud, H: Host>(session: &Session<'_, C, H>, now: &Now<'_>, root: &Root) -> bool {
    root.keeps() && now.text == session.build.text(&now.entry.template)
}

fn keep(root: &Root) -> RootPlan {
    RootPlan {
        stack: root.stack.clone(),
        domain: root.domain.clone(),
        action: Action::Keep,
        changes: Vec::new(),
    }
}
