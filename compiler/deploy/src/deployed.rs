//! What is deployed of an app: its root stacks and their templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::cloud::{Cloud, ErrorKind, Stack};
use crate::estate::{Estate, RootTemplates};
use crate::host::Host;
use crate::names::{NESTED, short_kind};
use crate::session::{DOMAIN_TAG, Nested, Session};
use crate::status::{Way, way};
use crate::stop::Stop;
use crate::template::{Template, kind};

/// Templates that are read at the same time.
const AT_ONCE: usize = 8;

/// The root stacks of this app and environment that the build does not know: of domains that are gone.
///
/// # Errors
/// When CloudFormation cannot be asked. Who may not list all stacks has none.
pub async fn orphans<C: Cloud, H: Host>(session: &Session<'_, C, H>) -> Result<Vec<Stack>, Stop> {
    let listed = session.patiently(async || match session.cloud.stacks().await {
        Err(error) if error.kind == ErrorKind::Denied => Ok(Vec::new()),
        other => other,
    });
    let all = listed.await?;
    let is_orphan = |stack: &Stack| {
        // Nested stacks inherit tags; only a root is named after its domain.
        let domain = stack.tags.get(DOMAIN_TAG).map(String::as_str);
        let is_root = domain.is_some() && stack.name == session.build.manifest().stack_name(domain);
        is_root && session.owns(stack) && way(&stack.status) != Way::Create
    };
    Ok(all
        .into_iter()
        .filter(|stack| is_orphan(stack) && session.build.root(&stack.name).is_none())
        .collect())
}

/// All templates of these root stacks, whose own are read already. A nested template that `new` has under the same
/// address is the same: addresses hold a hash of the content.
///
/// # Errors
/// When CloudFormation cannot be asked, or a template is none of ours.
pub async fn estate<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    roots: &[(Stack, String)],
    new: &Estate,
) -> Result<Estate, Stop> {
    let mut estate = Estate::default();
    for (stack, text) in roots {
        let same = new.roots.get(&stack.name);
        estate.roots.insert(stack.name.clone(), templates(session, stack, text.clone(), same).await?);
    }
    Ok(estate)
}

async fn templates<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &Stack,
    text: String,
    new: Option<&RootTemplates>,
) -> Result<RootTemplates, Stop> {
    let root = parse(&stack.id, &text)?;
    if let Some((id, body)) = root.resources().find(|(_, body)| kind(body) != NESTED) {
        let message = format!(
            "the stack `{}` holds the {} `{id}` itself, which pipec did not put there",
            stack.name,
            short_kind(kind(body))
        );
        let help = "pipec keeps resources in nested stacks only, and would delete it: take it out of the stack first (`DeletionPolicy: Retain`)";
        return Err(Stop::world(message).help(help));
    }
    let root_ = &root;
    let nested: BTreeMap<String, Arc<Template>> = stream::iter(session.nested(&stack.id).await?)
        .map(|Nested { logical_id, id, .. }| async move {
            let template = match new.and_then(|new| new.same(root_, &logical_id)) {
                Some(known) => known,
                None => Arc::new(parse(&id, &self::text(session, &id).await?)?),
            };
            Ok::<_, Stop>((logical_id, template))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(RootTemplates { text, root, nested })
}

/// A stack's template.
///
/// # Errors
/// When CloudFormation cannot be asked.
pub async fn text<C: Cloud, H: Host>(session: &Session<'_, C, H>, id: &str) -> Result<String, Stop> {
    let template = session.patiently(async || match session.cloud.template(id).await {
        // A stack whose first change set was never executed has none.
        Err(error) if error.kind == ErrorKind::NotFound => Ok(String::new()),
        other => other,
    });
    template.await
}

fn parse(id: &str, text: &str) -> Result<Template, Stop> {
    // A stack whose first change set was never executed has no template.
    if text.is_empty() {
        return Ok(Template::default());
    }
    let unread = |error| Stop::world(format!("the template of the stack `{id}` cannot be read: {error}"));
    Template::parse(text).map_err(unread)
}
