//! `pipec deploy`: from a build to running stacks.
//!
//! ```text
//! check the place → settle every root → plan (nothing is written until here) → consent → bootstrap → upload
//!   → the app's root → its domains, some at a time
//! ```

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};

use pipec_core::artifacts::RootEntry;
use pipec_core::stacks::ARTIFACT_BUCKET;

use crate::apply::{Request, apply};
use crate::bootstrap::{self, Artifacts};
use crate::cloud::{Caller, Cloud, Output, Stack, TemplateSource};
use crate::delete::{delete, protection};
use crate::host::{Host, News, Question};
use crate::plan::{Action, Plan, RootPlan, refusals};
use crate::session::Session;
use crate::settle::{at_rest, settle};
use crate::status::is_gone;
use crate::stop::{Side, Stop};
use crate::values::{self, Now};
use crate::{deployed, survey, upload};

/// Domains that are deployed at the same time.
const AT_ONCE: usize = 4;

/// What a deployment gave.
#[derive(Debug, Default)]
pub struct Report {
    /// The plan that was carried out, or would be.
    pub plan: Plan,
    /// Whether it was carried out.
    pub done: bool,
    /// Files that had to be uploaded.
    pub uploaded: usize,
    /// The root stacks.
    pub stacks: Vec<Stack>,
}

/// Deploys a build.
///
/// # Errors
/// When anything stands against it: what was not begun until then is not begun.
pub async fn deploy<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Report, Stop> {
    values::check(session)?;
    let caller = session.check_place().await?;
    let mut now: Vec<Now<'_>> = Vec::new();
    for entry in &session.build.manifest().roots {
        now.push(look(session, entry).await?);
    }
    let orphans = orphans(session).await?;
    let used = now.iter().find_map(|now| now.stack.as_ref()?.parameters.get(ARTIFACT_BUCKET).cloned());
    let artifacts = bootstrap::look(session, &caller, used.as_deref()).await?;
    let plan = survey::plan(session, &now, &orphans, &artifacts).await?;
    let refused = refusals(&plan, session.build, &session.options.allow_data_loss);
    session.host.tell(&News::Plan { plan: &plan });
    if !refused.is_empty() {
        return Err(Stop::findings(Side::Project, refused));
    }
    if plan.is_empty() || session.options.plan_only {
        let stacks = now.into_iter().filter_map(|now| now.stack).collect();
        return Ok(Report { plan, done: false, uploaded: 0, stacks });
    }
    protection(&orphans)?;
    if !session.host.ask(&Question::Plan(&plan)) {
        return Err(Stop::declined("the plan was not carried out"));
    }
    carry_out(session, &caller, plan, now, &orphans, artifacts).await
}

/// The stacks of domains that are gone, once nothing runs in them.
async fn orphans<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let mut settled = Vec::new();
    for stack in deployed::orphans(session).await? {
        let stack = at_rest(session, &stack.id, |stack| session.owns(stack)).await?;
        settled.extend(stack.filter(|stack| !is_gone(&stack.status)));
    }
    Ok(settled)
}

async fn look<'a, C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    entry: &'a RootEntry,
) -> Result<Now<'a>, Stop> {
    let stack = settle(session, &entry.stack).await?;
    let text = match &stack {
        Some(stack) => deployed::text(session, &stack.id).await?,
        None => String::new(),
    };
    Ok(Now { entry, stack, text })
}

async fn carry_out<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    caller: &Caller,
    plan: Plan,
    now: Vec<Now<'_>>,
    orphans: &[Stack],
    artifacts: Artifacts,
) -> Result<Report, Stop> {
    let bucket = bootstrap::ensure(session, caller, artifacts).await?;
    let uploaded = upload::upload(session, &bucket, &caller.account).await?;
    // A domain that is gone takes values of the app's root: it goes first.
    for stack in orphans {
        delete(session, stack).await?;
    }
    let place = Destination { bucket: &bucket, suffix: suffix(session, caller)? };
    let mut roots = now.into_iter();
    let mut stacks = Vec::new();
    if let Some(app) = roots.next() {
        stacks.push(bring(session, &plan, app, &place, &BTreeMap::new()).await?);
    }
    let outputs = stacks.first().map(|stack| stack.outputs.clone()).unwrap_or_default();
    let (plan_, place, outputs) = (&plan, &place, &outputs);
    let domains: Vec<Result<Stack, Stop>> = stream::iter(roots)
        .map(|now| bring(session, plan_, now, place, outputs))
        .buffered(AT_ONCE)
        .collect()
        .await;
    stacks.extend(all_or_why(domains)?);
    Ok(Report { plan, done: true, uploaded, stacks })
}

/// Every domain is seen to its end, and every failure is told.
fn all_or_why(domains: Vec<Result<Stack, Stop>>) -> Result<Vec<Stack>, Stop> {
    let (mut stacks, mut stops) = (Vec::new(), Vec::new());
    for domain in domains {
        match domain {
            Ok(stack) => stacks.push(stack),
            Err(stop) => stops.push(stop),
        }
    }
    match stops.into_iter().reduce(Stop::and) {
        None => Ok(stacks),
        Some(stop) => Err(stop),
    }
}

/// Where artifacts are.
struct Destination<'a> {
    bucket: &'a str,
    suffix: &'a str,
}

fn suffix<'a, C, H>(session: &Session<'a, C, H>, caller: &Caller) -> Result<&'a str, Stop> {
    let suffix = session.facts.suffixes.get(caller.partition()).map(String::as_str);
    suffix.ok_or_else(|| Stop::world(format!("the AWS partition `{}` is not known", caller.partition())))
}

/// Brings one root to what the build says, unless it is there.
async fn bring<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    plan: &Plan,
    now: Now<'_>,
    place: &Destination<'_>,
    outputs: &BTreeMap<String, Output>,
) -> Result<Stack, Stop> {
    let planned = plan.roots.iter().find(|root| root.stack == now.entry.stack);
    let parameters = values::of(session, &now, place.bucket, outputs);
    let Now { entry, stack: present, .. } = now;
    let present = match present {
        Some(stack) if is_kept(planned) && values::hold(&stack.parameters, &parameters) => return Ok(stack),
        other => other,
    };
    let key = session.build.key(&entry.template).ok_or_else(|| upload::incomplete(&entry.template))?;
    let url = format!("https://s3.{}.{}/{}/{key}", session.cloud.region(), place.suffix, place.bucket);
    let request = Request {
        stack: entry.stack.clone(),
        present,
        template: TemplateSource::Url(url),
        parameters,
        tags: session.tags(entry.domain.as_deref()),
        capabilities: session.build.manifest().capabilities.clone(),
        expected: planned,
    };
    apply(session, request).await
}

fn is_kept(planned: Option<&RootPlan>) -> bool {
    planned.is_some_and(|root| root.action == Action::Keep)
}
