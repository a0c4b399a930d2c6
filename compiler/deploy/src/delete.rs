//! Deletes a root stack.

use crate::cloud::{Cloud, Stack};
use crate::explain::explain;
use crate::host::{Host, News};
use crate::session::Session;
use crate::status::is_gone;
use crate::stop::{Side, Stop};
use crate::watch::{Ended, Since, latest_event, watch};

/// Deletes one root stack and watches it to the end.
///
/// # Errors
/// When CloudFormation refuses or fails, or somebody operated on the stack since it was looked at.
pub async fn delete<C: Cloud, H: Host>(session: &Session<'_, C, H>, stack: &Stack) -> Result<Ended, Stop> {
    session.is_still(stack).await?;
    let before = latest_event(session, stack).await?;
    session.cloud.delete_stack(&stack.id, &session.token("delete")).await?;
    session.host.tell(&News::Started { stack: &stack.name, operation: "delete" });
    let ended = watch(session, &stack.id, Since::Event(before)).await?;
    if is_gone(&ended.status) {
        return Ok(ended);
    }
    let findings = explain(&ended, &stack.name, session.build, session.facts);
    let message = format!("the deletion of `{}` ended with {}", stack.name, ended.status);
    let help = "mend what stopped it and run the same command again: it goes on with what is left";
    Err(Stop { message: Some(message), ..Stop::findings(Side::World, findings) }.help(help))
}

/// A stack that CloudFormation refuses to delete is an error before anything is deleted.
pub fn protection(stacks: &[Stack]) -> Result<(), Stop> {
    let Some(stack) = stacks.iter().find(|stack| stack.protected) else { return Ok(()) };
    let name = &stack.name;
    let message = format!("the stack `{name}` is protected from deletion");
    Err(Stop::world(message).help(format!(
        "if it may really go: `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {name}`"
    )))
}
