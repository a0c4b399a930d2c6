//! What is in the fake's memory, and how it moves.

use std::collections::{BTreeMap, VecDeque};

use pipec_deploy::cloud::{
    ChangeSet, ChangeSetRequest, ChangeSetStatus, Drift, ErrorKind, Event, Invalid, Output, ResourceChange,
    Result, Stack, StackResource, TemplateSource,
};
use pipec_deploy::template::{Template, kind, retained};
use serde_json::Value;

use super::error;

/// The bootstrap stack's bucket.
pub const BUCKET: &str = "pipec-bootstrap-artifacts-1";
const NESTED: &str = "AWS::CloudFormation::Stack";

/// Everything that is remembered.
#[derive(Default)]
pub struct World {
    pub stacks: Vec<FakeStack>,
    pub change_sets: BTreeMap<String, FakeChangeSet>,
    pub objects: BTreeMap<(String, String), Vec<u8>>,
    pub logging_role: Option<String>,
    /// Resources that cannot be made: nested logical id, logical id, reason.
    pub broken: Vec<(&'static str, &'static str, &'static str)>,
    /// Change sets that fail to be computed: why.
    pub refuse_change_sets: Option<&'static str>,
    /// What a failed change set is refused for.
    pub invalid: BTreeMap<String, Vec<Invalid>>,
    /// What CloudFormation itself says of nested stacks: nested logical id to changes.
    pub nested_changes: BTreeMap<String, Vec<ResourceChange>>,
    pub drifts: BTreeMap<String, Vec<Drift>>,
    /// Whether change sets of nested stacks fail to be computed, and the root's with them.
    pub refuse_nested: bool,
    /// Resources that cannot be deleted in the end: their logical ids.
    pub undeletable: Vec<&'static str>,
    /// Why a search for drift fails.
    pub unsearchable: Option<&'static str>,
    /// For how many looks after an execution the status is still the old one.
    pub lag: usize,
    lagging: Option<(String, String, usize)>,
    /// Whether a rollback gets stuck at what was broken.
    pub sticky: bool,
    clock: i64,
    serial: usize,
}

/// A stack.
#[derive(Clone, Default)]
pub struct FakeStack {
    pub shown: Stack,
    pub text: String,
    pub resources: Vec<StackResource>,
    pub events: Vec<Event>,
    /// What happens with the next looks.
    pub script: VecDeque<Step>,
}

/// Something that happens to a stack.
#[derive(Clone)]
pub enum Step {
    /// The change set is carried out.
    Carry(Box<FakeChangeSet>),
    /// The status becomes another.
    Become(&'static str),
    /// The stack is gone.
    Gone,
}

/// A change set.
#[derive(Clone)]
pub struct FakeChangeSet {
    pub request: ChangeSetRequest,
    pub text: String,
    pub set: ChangeSet,
}

impl World {
    pub fn find(&self, name: &str) -> Option<&FakeStack> {
        let is = |stack: &&FakeStack| stack.shown.id == name || stack.shown.name == name;
        self.stacks
            .iter()
            .rev()
            .find(is)
            .filter(|stack| stack.shown.status != "DELETE_COMPLETE" || stack.shown.id == name)
    }

    pub fn find_mut(&mut self, name: &str) -> Option<&mut FakeStack> {
        let id = self.find(name)?.shown.id.clone();
        self.stacks.iter_mut().find(|stack| stack.shown.id == id)
    }

    /// One look at a stack: it moves a step.
    pub fn look(&mut self, name: &str) -> Option<Stack> {
        if let Some((id, status, left)) = &mut self.lagging
            && id == name
            && *left > 0
        {
            *left -= 1;
            let status = status.clone();
            return self.find(name).map(|stack| Stack { status, ..stack.shown.clone() });
        }
        let step = self.find_mut(name).and_then(|stack| stack.script.pop_front());
        let id = self.find(name)?.shown.id.clone();
        match step {
            Some(Step::Carry(change_set)) => self.carry(&id, &change_set),
            Some(Step::Become(status)) => self.become_status(&id, status, None),
            Some(Step::Gone) => self.become_status(&id, "DELETE_COMPLETE", None),
            None => {}
        }
        let found = self.stacks.iter().find(|stack| stack.shown.id == id).map(|stack| stack.shown.clone());
        // A deleted stack is still known by its ARN, as at AWS.
        found.filter(|stack| stack.status != "DELETE_COMPLETE" || name == stack.id)
    }

    pub fn roots(&self) -> Vec<Stack> {
        let alive =
            |stack: &&FakeStack| stack.shown.parent.is_none() && stack.shown.status != "DELETE_COMPLETE";
        self.stacks.iter().filter(alive).map(|stack| stack.shown.clone()).collect()
    }

    pub fn resources(&self, name: &str) -> Vec<StackResource> {
        self.find(name).map(|stack| stack.resources.clone()).unwrap_or_default()
    }

    pub fn events(&self, name: &str, after: Option<&str>, since: i64) -> Vec<Event> {
        let events = self.find(name).map(|stack| stack.events.clone()).unwrap_or_default();
        let known = events.iter().position(|event| after == Some(event.id.as_str())).map_or(0, |at| at + 1);
        events.into_iter().skip(known).filter(|event| event.at >= since).collect()
    }

    pub fn create_change_set(&mut self, request: &ChangeSetRequest) -> Result<String> {
        let present = self.find(&request.stack).map(|stack| stack.shown.status.clone());
        match (request.create, present.as_deref()) {
            (true, None | Some("REVIEW_IN_PROGRESS")) => {}
            (
                false,
                Some(
                    "CREATE_COMPLETE"
                    | "UPDATE_COMPLETE"
                    | "UPDATE_ROLLBACK_COMPLETE"
                    | "IMPORT_COMPLETE"
                    | "IMPORT_ROLLBACK_COMPLETE"
                    | "CREATE_FAILED"
                    | "UPDATE_FAILED",
                ),
            ) => {}
            (_, status) => {
                let text = format!("the stack is in {status:?} state and can not be updated");
                return Err(error(ErrorKind::Busy, "cloudformation:CreateChangeSet", &text));
            }
        }
        let text = match &request.template {
            TemplateSource::Body(text) => text.clone(),
            TemplateSource::Url(url) => self.object(url)?,
        };
        if present.is_none() {
            let id = self.add_stack(&request.stack, "REVIEW_IN_PROGRESS", None);
            self.find_mut(&id).unwrap().shown.tags = request.tags.clone();
        }
        self.serial += 1;
        let id = format!("arn:changeSet/{}/{}", request.name, self.serial);
        let set = self.computed(request, &text);
        self.change_sets.insert(id.clone(), FakeChangeSet { request: request.clone(), text, set });
        Ok(id)
    }

    fn computed(&mut self, request: &ChangeSetRequest, text: &str) -> ChangeSet {
        if let Some(reason) = self.refuse_change_sets {
            return ChangeSet {
                status: ChangeSetStatus::Failed,
                reason: Some(reason.to_owned()),
                changes: Vec::new(),
            };
        }
        let same = self.find(&request.stack).is_some_and(|present| {
            present.text == text
                && present.shown.tags == request.tags
                && request.parameters.iter().all(|(name, value)| {
                    value.is_none() || present.shown.parameters.get(name) == value.as_ref()
                })
        });
        if same {
            let reason = "The submitted information didn't contain changes. Submit different information to create a change set.";
            return ChangeSet {
                status: ChangeSetStatus::Failed,
                reason: Some(reason.to_owned()),
                changes: Vec::new(),
            };
        }
        let mut changes = Vec::new();
        for (nested, list) in self.nested_changes.clone() {
            let id = format!("arn:changeSet/nested/{nested}");
            let mut set = super::ready(list);
            if self.refuse_nested {
                set.status = ChangeSetStatus::Failed;
                set.reason = Some("Properties validation failed".to_owned());
            }
            let request = ChangeSetRequest {
                stack: String::new(),
                name: String::new(),
                create: false,
                template: TemplateSource::Body(String::new()),
                parameters: BTreeMap::new(),
                tags: BTreeMap::new(),
                capabilities: Vec::new(),
            };
            self.change_sets.insert(id.clone(), FakeChangeSet { request, text: String::new(), set });
            changes.push(ResourceChange {
                action: "Modify".to_owned(),
                logical_id: nested,
                kind: NESTED.to_owned(),
                replacement: None,
                policy: None,
                nested: Some(id),
            });
        }
        let mut set = super::ready(changes);
        if self.refuse_nested {
            set.status = ChangeSetStatus::Failed;
            set.reason =
                Some("Nested change set X was not successfully created: Currently in FAILED.".to_owned());
        }
        set
    }

    pub fn change_set(&self, id: &str) -> Result<ChangeSet> {
        let found = self.change_sets.get(id).map(|change_set| change_set.set.clone());
        found.ok_or_else(|| {
            error(ErrorKind::NotFound, "cloudformation:DescribeChangeSet", "no such change set")
        })
    }

    pub fn execute(&mut self, id: &str, rollback: bool) -> Result<()> {
        let missing = || error(ErrorKind::NotFound, "cloudformation:ExecuteChangeSet", "no such change set");
        let change_set = self.change_sets.remove(id).ok_or_else(missing)?;
        let name = change_set.request.stack.clone();
        let failed = self.find(&name).is_some_and(|stack| stack.shown.status.ends_with("_FAILED"));
        assert_eq!(
            failed, !rollback,
            "a stack without rollback takes an update without rollback, and no other does"
        );
        // The others are no longer valid.
        self.change_sets.retain(|_, other| other.request.stack != name);
        let status = if change_set.request.create { "CREATE_IN_PROGRESS" } else { "UPDATE_IN_PROGRESS" };
        let id = self.find(&name).map(|stack| stack.shown.id.clone()).ok_or_else(missing)?;
        let before = self.find(&id).map(|stack| stack.shown.status.clone()).unwrap_or_default();
        self.lagging = Some((id.clone(), before, self.lag));
        self.become_status(&id, status, Some("User Initiated"));
        if let Some(stack) = self.find_mut(&id) {
            stack.script = VecDeque::from([Step::Become(status), Step::Carry(Box::new(change_set))]);
        }
        Ok(())
    }

    /// Carries a change set out at once: every nested stack, or none.
    fn carry(&mut self, id: &str, change_set: &FakeChangeSet) {
        let create = change_set.request.create;
        let template = Template::parse(&change_set.text).unwrap();
        let bucket =
            change_set.request.parameters.get("ArtifactBucket").cloned().flatten().unwrap_or_default();
        let nested: Vec<(String, String)> = template
            .resources()
            .filter(|(_, body)| kind(body) == NESTED)
            .map(|(id, body)| (id.to_owned(), url(body).replace("${ArtifactBucket}", &bucket)))
            .collect();
        let broken = self.broken.iter().find(|(stack, ..)| nested.iter().any(|(id, _)| id == stack)).copied();
        if let Some((stack, resource, reason)) = broken {
            return self.fail(id, create, stack, resource, reason);
        }
        let children: Vec<StackResource> =
            nested.iter().map(|(logical, url)| self.carry_nested(id, logical, url)).collect();
        let plain = template.resources().filter(|(_, body)| kind(body) != NESTED);
        let plain: Vec<StackResource> = plain.map(|(id, body)| made(id, kind(body))).collect();
        self.delete_children_except(id, &children);
        let keep: BTreeMap<String, String> =
            self.find(id).map(|stack| stack.shown.parameters.clone()).unwrap_or_default();
        let mut outputs = outputs(&change_set.text);
        if change_set.request.parameters.get("Bucket") == Some(&Some("foreign".to_owned())) {
            outputs.remove("ArtifactBucket");
        }
        let stack = self.find_mut(id).unwrap();
        let value = |(name, value): (&String, &Option<String>)| {
            Some((name.clone(), value.clone().or_else(|| keep.get(name).cloned())?))
        };
        stack.shown.parameters = change_set.request.parameters.iter().filter_map(value).collect();
        stack.shown.tags = change_set.request.tags.clone();
        stack.shown.outputs = outputs;
        stack.text = change_set.text.clone();
        stack.resources = children.into_iter().chain(plain).collect();
        self.fail_deletions(id);
        self.become_status(id, if create { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" }, None);
    }

    /// The cleanup after an update fails at what cannot be deleted: three times, and the update is a success.
    fn fail_deletions(&mut self, id: &str) {
        let child =
            self.find(id).and_then(|stack| stack.resources.iter().find_map(|one| one.physical_id.clone()));
        let Some(child) = child.filter(|_| !self.undeletable.is_empty()) else { return };
        for logical in self.undeletable.clone() {
            for _ in 0..3 {
                let failed = self.event(
                    &child,
                    logical,
                    Some("the-old-one"),
                    "AWS::S3::Bucket",
                    "DELETE_FAILED",
                    Some("not empty"),
                );
                self.push(&child, failed);
            }
        }
    }

    fn carry_nested(&mut self, parent: &str, logical: &str, url: &str) -> StackResource {
        let present = self.find(parent).and_then(|stack| {
            stack.resources.iter().find(|one| one.logical_id == logical)?.physical_id.clone()
        });
        let id = present.unwrap_or_else(|| {
            self.add_stack(&format!("nested-{logical}"), "CREATE_IN_PROGRESS", Some(parent))
        });
        let text = self.object(url).unwrap();
        let template = Template::parse(&text).unwrap();
        let event = self.event(parent, logical, Some(&id), NESTED, "UPDATE_IN_PROGRESS", None);
        self.push(parent, event);
        let stack = self.find_mut(&id).unwrap();
        stack.text = text;
        stack.resources = template.resources().map(|(id, body)| made(id, kind(body))).collect();
        self.become_status(&id, "UPDATE_COMPLETE", None);
        let event = self.event(parent, logical, Some(&id), NESTED, "UPDATE_COMPLETE", None);
        self.push(parent, event);
        StackResource {
            logical_id: logical.to_owned(),
            physical_id: Some(id),
            kind: NESTED.to_owned(),
            status: "UPDATE_COMPLETE".to_owned(),
            reason: None,
        }
    }

    fn delete_children_except(&mut self, parent: &str, children: &[StackResource]) {
        let kept: Vec<&str> = children.iter().filter_map(|child| child.physical_id.as_deref()).collect();
        let gone = |stack: &FakeStack| {
            stack.shown.parent.as_deref() == Some(parent) && !kept.contains(&stack.shown.id.as_str())
        };
        self.stacks.retain(|stack| !gone(stack));
    }

    /// An update fails at a resource, which takes others along, and is rolled back.
    fn fail(&mut self, id: &str, create: bool, nested: &str, resource: &str, reason: &str) {
        let child = self.find(id).and_then(|stack| {
            stack.resources.iter().find(|one| one.logical_id == nested)?.physical_id.clone()
        });
        let child = child
            .unwrap_or_else(|| self.add_stack(&format!("nested-{nested}"), "CREATE_IN_PROGRESS", Some(id)));
        let word = if create { "CREATE" } else { "UPDATE" };
        let failed = format!("{word}_FAILED");
        let started = self.event(id, nested, Some(&child), NESTED, &format!("{word}_IN_PROGRESS"), None);
        self.push(id, started);
        let cancelled = self.event(
            &child,
            "Bystander",
            Some("bystander"),
            "AWS::SQS::Queue",
            &failed,
            Some("Resource creation cancelled"),
        );
        let cause = self.event(&child, resource, Some("thing"), "AWS::SQS::Queue", &failed, Some(reason));
        self.push(&child, cause);
        self.push(&child, cancelled);
        let embedded = format!(
            "Embedded stack {child} was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: The following resource(s) failed to update: [{resource}]."
        );
        let parent = self.event(id, nested, Some(&child), NESTED, &failed, Some(&embedded));
        self.push(id, parent);
        let own = if create { "ROLLBACK" } else { "UPDATE_ROLLBACK" };
        self.become_status(id, &format!("{own}_IN_PROGRESS"), Some("The following resource(s) failed"));
        if self.sticky {
            let late = self.event(
                &child,
                "Late",
                Some("late"),
                "AWS::SQS::Queue",
                "UPDATE_FAILED",
                Some("Fails in the rollback"),
            );
            self.push(&child, late);
            let stuck = |logical_id: &str, physical: &str, kind: &str, reason: &str| StackResource {
                logical_id: logical_id.to_owned(),
                physical_id: Some(physical.to_owned()),
                kind: kind.to_owned(),
                status: "UPDATE_FAILED".to_owned(),
                reason: Some(reason.to_owned()),
            };
            let inner = stuck(resource, "thing", "AWS::SQS::Queue", reason);
            self.find_mut(&child).unwrap().resources.push(inner);
            self.find_mut(id).unwrap().resources.retain(|one| one.logical_id != nested);
            let outer = stuck(nested, &child, NESTED, "embedded");
            self.find_mut(id).unwrap().resources.push(outer);
        } else if create {
            self.stacks.retain(|stack| stack.shown.parent.as_deref() != Some(id) || stack.shown.id == child);
        }
        let end = if self.sticky { "FAILED" } else { "COMPLETE" };
        self.become_status(id, &format!("{own}_{end}"), None);
    }

    pub fn continue_rollback(&mut self, name: &str, skip: &[String]) -> Result<()> {
        let id = self.find(name).map(|stack| stack.shown.id.clone()).unwrap_or_default();
        let stuck = self.sticky && skip.is_empty();
        self.become_status(&id, "UPDATE_ROLLBACK_IN_PROGRESS", Some("User Initiated"));
        if !stuck {
            for stack in &mut self.stacks {
                stack.resources.retain(|one| one.status != "UPDATE_FAILED" || one.kind == NESTED);
            }
        }
        let end = if stuck { "UPDATE_ROLLBACK_FAILED" } else { "UPDATE_ROLLBACK_COMPLETE" };
        self.find_mut(&id).unwrap().script = VecDeque::from([Step::Become(end)]);
        Ok(())
    }

    pub fn delete(&mut self, name: &str) -> Result<()> {
        let Some(id) = self.find(name).map(|stack| stack.shown.id.clone()) else { return Ok(()) };
        self.become_status(&id, "DELETE_IN_PROGRESS", Some("User Initiated"));
        for nested in self.resources(&id).into_iter().filter(|one| one.kind == NESTED) {
            self.delete_nested(&id, &nested);
        }
        self.find_mut(&id).unwrap().script = VecDeque::from([Step::Become("DELETE_IN_PROGRESS"), Step::Gone]);
        Ok(())
    }

    /// Deletes a nested stack, but for what its template retains.
    fn delete_nested(&mut self, parent: &str, nested: &StackResource) {
        let child = nested.physical_id.clone().unwrap_or_default();
        let begun = self.event(parent, &nested.logical_id, Some(&child), NESTED, "DELETE_IN_PROGRESS", None);
        self.push(parent, begun);
        let Some(stack) = self.find(&child).cloned() else { return };
        let template = Template::parse(&stack.text).unwrap();
        for one in &stack.resources {
            let body = template.resource(&one.logical_id).cloned().unwrap_or_default();
            let status = if retained(&body, "DeletionPolicy") { "DELETE_SKIPPED" } else { "DELETE_COMPLETE" };
            let event =
                self.event(&child, &one.logical_id, one.physical_id.as_deref(), &one.kind, status, None);
            self.push(&child, event);
        }
        self.become_status(&child, "DELETE_COMPLETE", None);
    }

    /// Adds a stack and gives its ARN.
    pub fn add_stack(&mut self, name: &str, status: &str, parent: Option<&str>) -> String {
        self.serial += 1;
        let id = format!("arn:aws:cloudformation:eu-central-1:111111111111:stack/{name}/{}", self.serial);
        let shown = Stack {
            id: id.clone(),
            name: name.to_owned(),
            parent: parent.map(str::to_owned),
            ..Stack::default()
        };
        self.stacks.push(FakeStack { shown, ..FakeStack::default() });
        self.become_status(&id, status, None);
        id
    }

    pub fn become_status(&mut self, id: &str, status: &str, reason: Option<&str>) {
        let name = self.find(id).map(|stack| stack.shown.name.clone()).unwrap_or_default();
        let event = self.event(id, &name, Some(id), NESTED, status, reason);
        let at = event.at;
        self.push(id, event);
        let stack = self.find_mut(id).unwrap();
        if status.ends_with("_IN_PROGRESS") && !status.contains("ROLLBACK") {
            stack.shown.operated_at = Some(at);
        }
        stack.shown.status = status.to_owned();
        stack.shown.reason = reason.map(str::to_owned);
    }

    fn event(
        &mut self,
        stack: &str,
        logical: &str,
        physical: Option<&str>,
        kind: &str,
        status: &str,
        reason: Option<&str>,
    ) -> Event {
        self.clock += 10;
        Event {
            id: format!("event-{}", self.clock),
            stack: stack.to_owned(),
            logical_id: logical.to_owned(),
            physical_id: physical.map(str::to_owned),
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            at: self.clock,
        }
    }

    fn push(&mut self, id: &str, event: Event) {
        self.find_mut(id).unwrap().events.push(event);
    }

    /// Whether the bootstrap stack has the artifact bucket.
    pub fn owns_bucket(&self) -> bool {
        let bootstrap = self.find("pipec-bootstrap");
        bootstrap
            .is_some_and(|stack| stack.shown.parameters.get("Bucket").is_some_and(|whose| whose == "own"))
    }

    /// What is at `https://s3.REGION.SUFFIX/BUCKET/KEY`.
    fn object(&self, url: &str) -> Result<String> {
        let place = url.split_once("/templates/").and_then(|(before, rest)| {
            Some((before.rsplit('/').next()?.to_owned(), format!("templates/{rest}")))
        });
        let missing = || error(ErrorKind::Other, "cloudformation:CreateChangeSet", "S3 error: Access Denied");
        let bytes = place.and_then(|place| self.objects.get(&place)).ok_or_else(missing)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

fn made(id: &str, kind: &str) -> StackResource {
    StackResource {
        logical_id: id.to_owned(),
        physical_id: Some(format!("physical-{id}")),
        kind: kind.to_owned(),
        status: "CREATE_COMPLETE".to_owned(),
        reason: None,
    }
}

fn url(body: &Value) -> String {
    let url =
        body.get("Properties").and_then(|properties| properties.get("TemplateURL")?.get("Fn::Sub")?.as_str());
    url.unwrap_or_default().to_owned()
}

/// Outputs by name; the bootstrap stack's have the values that matter.
fn outputs(text: &str) -> BTreeMap<String, Output> {
    let names: Vec<&str> = text
        .split("\nOutputs:\n")
        .nth(1)
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let name = line.strip_prefix("  ")?.strip_suffix(':')?;
            (!name.starts_with(' ')).then_some(name)
        })
        .collect();
    let value = |name: &str| match name {
        "ArtifactBucket" => BUCKET.to_owned(),
        "Version" => "1".to_owned(),
        other => format!("value-of-{other}"),
    };
    names.into_iter().map(|name| (name.to_owned(), Output { value: value(name), about: None })).collect()
}
