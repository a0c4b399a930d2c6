//! A cloud in memory that does what no emulator does: throttles, lets credentials expire, gets stuck, and stops dead
//! before or after any call.
//!
//! It is no model of AWS: a stack moves one step with each look at it, and resources are only names in templates.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "test code; not every program uses all of it"
)]

pub mod host;
pub mod project;
pub mod world;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use pipec_deploy::cloud::{
    Bucket, Caller, ChangeSet, ChangeSetRequest, ChangeSetStatus, Cloud, CloudError, Drift, DriftSearch,
    ErrorKind, Event, Invalid, Object, ResourceChange, Result, Stack, StackResource,
};
use tokio::sync::Notify;

pub use world::World;

/// The account and region of the fake.
pub const ACCOUNT: &str = "111111111111";
pub const REGION: &str = "eu-central-1";

/// A cloud in memory.
pub struct Fake {
    pub world: RefCell<World>,
    /// The calls that were made, in order.
    pub calls: RefCell<Vec<&'static str>>,
    /// Calls that fail: name, how many still succeed before, how many fail then, with what.
    pub failures: RefCell<Vec<(&'static str, usize, usize, ErrorKind)>>,
    /// The number of await points after which everything stands still.
    pub fuse: Cell<usize>,
    points: Cell<usize>,
    died: Notify,
    pub account: RefCell<String>,
    pub region: &'static str,
    /// Buckets that are not the bootstrap stack's.
    pub buckets: RefCell<BTreeMap<String, Bucket>>,
}

impl Default for Fake {
    fn default() -> Self {
        Fake {
            world: RefCell::default(),
            calls: RefCell::default(),
            failures: RefCell::default(),
            fuse: Cell::new(usize::MAX),
            points: Cell::new(0),
            died: Notify::new(),
            account: RefCell::new(ACCOUNT.to_owned()),
            region: REGION,
            buckets: RefCell::default(),
        }
    }
}

impl Fake {
    /// Makes calls of a name fail: `after` of them succeed, then `times` fail.
    pub fn fail(&self, call: &'static str, after: usize, times: usize, kind: ErrorKind) {
        self.failures.borrow_mut().push((call, after, times, kind));
    }

    /// Comes to life again after it stood still.
    pub fn revive(&self) {
        self.fuse.set(usize::MAX);
        self.points.set(0);
    }

    /// How often a call was made.
    pub fn count(&self, call: &str) -> usize {
        self.calls.borrow().iter().filter(|made| **made == call).count()
    }

    /// Waits until the fuse has blown.
    pub async fn dead(&self) {
        self.died.notified().await;
    }

    /// Await points so far.
    pub fn points(&self) -> usize {
        self.points.get()
    }

    async fn point(&self) {
        self.points.set(self.points.get() + 1);
        if self.points.get() > self.fuse.get() {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    /// One call: it may fail, and everything may end before and after what it does.
    async fn call<T>(&self, name: &'static str, act: impl FnOnce(&mut World) -> Result<T>) -> Result<T> {
        self.calls.borrow_mut().push(name);
        self.point().await;
        self.refusal(name)?;
        let done = act(&mut self.world.borrow_mut());
        self.point().await;
        done
    }

    fn refusal(&self, name: &'static str) -> Result<()> {
        for (call, after, times, kind) in self.failures.borrow_mut().iter_mut().filter(|rule| rule.0 == name)
        {
            let _ = call;
            if *after > 0 {
                *after -= 1;
            } else if *times > 0 {
                *times -= 1;
                return Err(error(*kind, name, "scripted"));
            }
        }
        Ok(())
    }
}

/// An error of a call.
pub fn error(kind: ErrorKind, action: &'static str, message: &str) -> CloudError {
    CloudError { kind, action, message: message.to_owned() }
}

impl Cloud for Fake {
    fn region(&self) -> &str {
        self.region
    }

    async fn caller(&self) -> Result<Caller> {
        let account = self.account.borrow().clone();
        let arn = format!("arn:aws:iam::{account}:user/tester");
        self.call("caller", |_| Ok(Caller { account, arn })).await
    }

    async fn stack(&self, name: &str) -> Result<Option<Stack>> {
        self.call("stack", |world| Ok(world.look(name))).await
    }

    async fn stacks(&self) -> Result<Vec<Stack>> {
        self.call("stacks", |world| Ok(world.roots())).await
    }

    async fn resources(&self, stack: &str) -> Result<Vec<StackResource>> {
        self.call("resources", |world| Ok(world.resources(stack))).await
    }

    async fn template(&self, stack: &str) -> Result<String> {
        self.call("template", |world| {
            Ok(world.find(stack).map(|stack| stack.text.clone()).unwrap_or_default())
        })
        .await
    }

    async fn events(&self, stack: &str, after: Option<&str>, since: i64) -> Result<Vec<Event>> {
        self.call("events", |world| Ok(world.events(stack, after, since))).await
    }

    async fn create_change_set(&self, request: &ChangeSetRequest) -> Result<String> {
        self.call("create_change_set", |world| world.create_change_set(request)).await
    }

    async fn change_set(&self, id: &str) -> Result<ChangeSet> {
        self.call("change_set", |world| world.change_set(id)).await
    }

    async fn validation(&self, change_set: &str) -> Result<Vec<Invalid>> {
        self.call("validation", |world| Ok(world.invalid.get(change_set).cloned().unwrap_or_default())).await
    }

    async fn delete_change_set(&self, id: &str) -> Result<()> {
        self.call("delete_change_set", |world| {
            world.change_sets.remove(id);
            Ok(())
        })
        .await
    }

    async fn execute_change_set(&self, id: &str, rollback: bool, _token: &str) -> Result<()> {
        self.call("execute_change_set", |world| world.execute(id, rollback)).await
    }

    async fn continue_rollback(&self, stack: &str, skip: &[String], _token: &str) -> Result<()> {
        self.call("continue_rollback", |world| world.continue_rollback(stack, skip)).await
    }

    async fn delete_stack(&self, stack: &str, _token: &str) -> Result<()> {
        self.call("delete_stack", |world| world.delete(stack)).await
    }

    async fn search_drift(&self, stack: &str) -> Result<String> {
        self.call("search_drift", |_| Ok(stack.to_owned())).await
    }

    async fn drift_search(&self, _id: &str) -> Result<DriftSearch> {
        self.call("drift_search", |world| {
            Ok(world.unsearchable.map_or(DriftSearch::Done, |why| DriftSearch::Failed(why.to_owned())))
        })
        .await
    }

    async fn drifts(&self, stack: &str) -> Result<Vec<Drift>> {
        self.call("drifts", |world| Ok(world.drifts.get(stack).cloned().unwrap_or_default())).await
    }

    async fn bucket(&self, name: &str, owner: &str) -> Result<Bucket> {
        assert_eq!(owner, *self.account.borrow(), "a name alone proves nothing");
        let known = self.buckets.borrow().get(name).cloned();
        self.call("bucket", |world| {
            let made = world.owns_bucket() && name == world::BUCKET;
            Ok(known.unwrap_or(if made { Bucket::Here } else { Bucket::Missing }))
        })
        .await
    }

    async fn has_object(&self, object: Object<'_>) -> Result<bool> {
        assert_eq!(object.owner, *self.account.borrow(), "a name alone proves nothing");
        let place = (object.bucket.to_owned(), object.key.to_owned());
        self.call("has_object", |world| Ok(world.objects.contains_key(&place))).await
    }

    async fn put_object(&self, object: Object<'_>, bytes: &[u8]) -> Result<()> {
        assert_eq!(object.owner, *self.account.borrow(), "a name alone proves nothing");
        let place = (object.bucket.to_owned(), object.key.to_owned());
        self.call("put_object", |world| {
            world.objects.insert(place, bytes.to_vec());
            Ok(())
        })
        .await
    }

    async fn logging_role(&self) -> Result<Option<String>> {
        self.call("logging_role", |world| Ok(world.logging_role.clone())).await
    }

    async fn api_key(&self, id: &str) -> Result<String> {
        self.call("api_key", |_| Ok(format!("secret-of-{id}"))).await
    }
}

/// A change set's status as the fake tells it.
pub fn ready(changes: Vec<ResourceChange>) -> ChangeSet {
    ChangeSet { status: ChangeSetStatus::Ready, reason: None, changes }
}
