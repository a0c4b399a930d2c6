//! Watches an operation of CloudFormation to its end, nested stacks included.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use tokio::time::Instant;

use crate::cloud::{Cloud, Event, Stack};
use crate::host::{Host, News};
use crate::names::NESTED;
use crate::session::Session;
use crate::status::{is_gone, is_running};
use crate::stop::Stop;

/// The first pause between two looks; pauses grow to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// The longest pause: CloudFormation throttles callers who look more often at many stacks.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Nested stacks that are looked at at the same time.
const AT_ONCE: usize = 4;
/// How long a stack may take to show that an accepted operation began.
const LONGEST_START: Duration = Duration::from_secs(60);

/// How an operation ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// The stack's status; `DELETE_COMPLETE` when it is gone.
    pub status: String,
    /// Why, where CloudFormation says.
    pub reason: Option<String>,
    /// The stack, unless it is gone.
    pub stack: Option<Stack>,
    /// Everything that happened, in the order of time.
    pub events: Vec<Event>,
    /// The ARNs of nested stacks to their logical ids.
    pub nested: BTreeMap<String, String>,
}

/// Where to begin.
#[derive(Clone, Debug)]
pub enum Since {
    /// The operation comes after this event, if there was any.
    Event(Option<String>),
    /// The operation is running already.
    Running,
}

/// What is known of a stack's events.
#[derive(Debug, Default)]
struct Known {
    last: Option<String>,
    running: bool,
}

/// Watches the operation on a stack, given by its ARN, to its end.
///
/// # Errors
/// When CloudFormation cannot be asked any more; the operation itself goes on then.
pub async fn watch<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    id: &str,
    since: Since,
) -> Result<Ended, Stop> {
    Watch::new(session, id, since).run().await
}

struct Watch<'a, C, H> {
    session: &'a Session<'a, C, H>,
    id: String,
    name: String,
    known: BTreeMap<String, Known>,
    /// When the operation began; unknown until its first event is seen.
    began: Option<i64>,
    fresh_operation: bool,
    /// What the stack's own events said last.
    own_status: Option<String>,
    ended: Ended,
}

impl<'a, C: Cloud, H: Host> Watch<'a, C, H> {
    fn new(session: &'a Session<'a, C, H>, id: &str, since: Since) -> Self {
        let (last, fresh_operation) = match since {
            Since::Event(last) => (last, true),
            Since::Running => (None, false),
        };
        let known = BTreeMap::from([(id.to_owned(), Known { last, running: true })]);
        // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID
        let name = id.split('/').nth(1).unwrap_or(id).to_owned();
        Watch {
            session,
            id: id.to_owned(),
            name,
            known,
            began: None,
            own_status: None,
            fresh_operation,
            ended: Ended::default(),
        }
    }

    async fn run(mut self) -> Result<Ended, Stop> {
        let mut pause = FIRST_PAUSE;
        let began = Instant::now();
        loop {
            let session = self.session;
            let stack = session.stack(&self.id).await?;
            let status = stack.as_ref().map_or("DELETE_COMPLETE", |stack| stack.status.as_str()).to_owned();
            // Events are read after the status: at the end none is missed.
            self.read_events(stack.as_ref()).await?;
            let begun = !self.fresh_operation || self.began.is_some() || stack.is_none();
            // An accepted operation may show in the events before it shows in the status, and the other way round in
            // the end: only when both agree it is over.
            let agreed = stack.is_none() || self.own_status.as_deref().is_none_or(|own| own == status);
            let shown = begun && agreed && status != "REVIEW_IN_PROGRESS";
            if !is_running(&status) && (shown || began.elapsed() > LONGEST_START) {
                session.host.tell(&News::Ended { stack: &self.name, status: &status });
                self.ended.events.sort_by_key(|event| event.at);
                let reason = stack.as_ref().and_then(|stack| stack.reason.clone());
                let stack = stack.filter(|stack| !is_gone(&stack.status));
                return Ok(Ended { status, reason, stack, ..self.ended });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 4 / 3).min(LONGEST_PAUSE);
        }
    }

    async fn read_events(&mut self, stack: Option<&Stack>) -> Result<(), Stop> {
        let own = self.fetch(&self.id, stack.and_then(|stack| stack.operated_at)).await?;
        let own = self.of_this_operation(own);
        self.take(own);
        let running: Vec<String> = self
            .known
            .iter()
            .filter(|(id, known)| known.running && **id != self.id)
            .map(|(id, _)| id.clone())
            .collect();
        let this = &*self;
        let found: Vec<Vec<Event>> = stream::iter(&running)
            .map(|id| async move { this.fetch(id, None).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        found.into_iter().for_each(|events| self.take(events));
        Ok(())
    }

    async fn fetch(&self, id: &str, operated_at: Option<i64>) -> Result<Vec<Event>, Stop> {
        // The first event of an operation is not older than it by more than clocks differ.
        let since = self.began.or(operated_at.map(|at| at - 5_000)).unwrap_or(0);
        let last = self.known.get(id).and_then(|known| known.last.clone());
        let session = self.session;
        session.patiently(async || session.cloud.events(id, last.as_deref(), since).await).await
    }

    /// Cuts off what happened before the operation began.
    fn of_this_operation(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        if self.began.is_some() {
            return events;
        }
        let begins = |event: &Event| {
            event.of_stack_itself()
                && matches!(
                    event.status.as_str(),
                    "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "DELETE_IN_PROGRESS" | "IMPORT_IN_PROGRESS"
                )
        };
        // A rollback that is continued, or asked for, has no such event.
        let rolls_back =
            |event: &Event| event.of_stack_itself() && event.status.contains("ROLLBACK_IN_PROGRESS");
        let first = events.iter().rposition(begins).or_else(|| events.iter().rposition(rolls_back));
        if let Some(first) = first {
            events.drain(..first);
            self.began = events.first().map(|event| event.at);
            events
        } else {
            Vec::new()
        }
    }

    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            let nested = self.ended.nested.get(&event.stack).cloned();
            self.session.host.tell(&News::Working {
                stack: &self.name,
                nested: nested.as_deref(),
                resource: &event.logical_id,
                kind: &event.kind,
                status: &event.status,
                reason: event.reason.as_deref(),
                at: event.at,
            });
            if event.of_stack_itself() && event.stack == self.id {
                self.own_status = Some(event.status.clone());
            }
            if let Some(known) = self.known.get_mut(&event.stack) {
                known.last = Some(event.id.clone());
                // A nested stack says itself when it is done.
                if event.of_stack_itself() && event.stack != self.id {
                    known.running = is_running(&event.status);
                }
            }
            self.notice_nested(&event);
            self.ended.events.push(event);
        }
    }

    /// A nested stack becomes known by the events of its parent.
    fn notice_nested(&mut self, event: &Event) {
        let Some(id) =
            event.physical_id.as_ref().filter(|_| event.kind == NESTED && !event.of_stack_itself())
        else {
            return;
        };
        if event.stack == self.id && event.status.ends_with("_IN_PROGRESS") {
            self.known.entry(id.clone()).or_default().running = true;
            self.ended.nested.insert(id.clone(), event.logical_id.clone());
        }
    }
}

/// The id of a stack's latest event: what happens later belongs to a later operation.
///
/// # Errors
/// When CloudFormation cannot be asked.
pub async fn latest_event<C: Cloud, H: Host>(
    session: &Session<'_, C, H>,
    stack: &Stack,
) -> Result<Option<String>, Stop> {
    let since = stack.operated_at.unwrap_or(0);
    let events = session.patiently(async || session.cloud.events(&stack.id, None, since).await).await?;
    Ok(events.last().map(|event| event.id.clone()))
}
