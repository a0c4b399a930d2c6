//! Whatever state a stack is in, there is a way on, and nothing is deleted to get there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod fake;

use std::collections::{BTreeMap, VecDeque};

use fake::Fake;
use fake::host::Notes;
use fake::project::{Built, deploy, deployed, destroy, small, told, two_events};
use fake::world::Step;
use pipec_deploy::cloud::{Difference, Drift, ErrorKind, StackResource};
use pipec_deploy::facts::facts;
use pipec_deploy::{Options, Session, Side, inspect};

fn tags() -> BTreeMap<String, String> {
    [("pipec/app".to_owned(), "shop".to_owned())].into()
}

/// A cloud in which the app's stack is in a state.
fn in_state(status: &str, resources: Vec<StackResource>) -> Fake {
    let fake = Fake::default();
    {
        let mut world = fake.world.borrow_mut();
        let id = world.add_stack("shop", status, None);
        let stack = world.find_mut(&id).unwrap();
        stack.shown.tags = tags();
        stack.resources = resources;
        stack.text = "Resources: {}\n".to_owned();
    }
    fake
}

fn resource(logical_id: &str, status: &str, reason: Option<&str>) -> StackResource {
    StackResource {
        logical_id: logical_id.to_owned(),
        physical_id: Some(format!("physical-{logical_id}")),
        kind: "AWS::S3::Bucket".to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
    }
}

fn status(fake: &Fake) -> String {
    fake.world.borrow().find("shop").map(|stack| stack.shown.status.clone()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_review_left_behind_is_taken_up() {
    let fake = in_state("REVIEW_IN_PROGRESS", Vec::new());
    deployed(&fake, &small()).await;
    assert_eq!(status(&fake), "CREATE_COMPLETE");
    assert_eq!(fake.count("delete_stack"), 0);
}

#[tokio::test(start_paused = true)]
async fn the_name_of_an_empty_stack_is_freed_when_the_user_agrees() {
    let kept = resource("Kept", "DELETE_SKIPPED", None);
    let gone = resource("Gone", "DELETE_COMPLETE", None);
    let (fake, notes) = (in_state("ROLLBACK_COMPLETE", vec![kept, gone]), Notes::default());
    notes.answer.set(false);
    let stop = deploy(&fake, &notes, &small(), &Options::default()).await.unwrap_err();
    assert_eq!(stop.side, Side::Declined);
    assert_eq!(fake.count("delete_stack"), 0);
    let asked = notes.questions.borrow().join("");
    assert!(
        asked.contains("FreeName") && asked.contains("physical-Kept") && !asked.contains("physical-Gone"),
        "{asked}"
    );
    deployed(&fake, &small()).await;
    assert_eq!(status(&fake), "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_rolled_back_stack_that_holds_something_is_left_alone() {
    let (fake, built) =
        (in_state("ROLLBACK_COMPLETE", vec![resource("Alive", "CREATE_COMPLETE", None)]), small());
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("still holds `Alive`"));
    assert_eq!(fake.count("delete_stack"), 0);
}

/// A deployment whose update failed, and whose rollback is stuck.
async fn stuck() -> (Fake, Built) {
    let fake = Fake::default();
    deployed(&fake, &small()).await;
    {
        let mut world = fake.world.borrow_mut();
        world.broken = vec![("EventOrdered", "SubscriberShipQueue", "Queue is gone")];
        world.sticky = true;
    }
    let two = two_events();
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    assert!(told(&two, &stop).contains("the rollback is stuck too"));
    assert!(!told(&two, &stop).contains("Fails in the rollback"), "what fails later is no cause");
    assert_eq!(status(&fake), "UPDATE_ROLLBACK_FAILED");
    fake.world.borrow_mut().broken.clear();
    (fake, two)
}

#[tokio::test(start_paused = true)]
async fn a_stuck_rollback_goes_on_once_its_cause_is_mended() {
    let (fake, two) = stuck().await;
    fake.world.borrow_mut().sticky = false;
    let notes = Notes::default();
    deploy(&fake, &notes, &two, &Options::default()).await.unwrap();
    let asked = notes.questions.borrow().join("");
    assert!(asked.contains("EventOrdered.SubscriberShipQueue") && asked.contains("Queue is gone"), "{asked}");
    assert_eq!(status(&fake), "UPDATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_rollback_goes_on_without_what_is_named() {
    let (fake, two) = stuck().await;
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    let text = told(&two, &stop);
    assert!(
        text.contains("stopped again") && text.contains("`--skip EventOrdered.SubscriberShipQueue`"),
        "{text}"
    );

    let skip = |name: &str| Options { skip: vec![name.to_owned()], ..Options::default() };
    let stop = deploy(&fake, &Notes::default(), &two, &skip("EventOrdered.Queue")).await.unwrap_err();
    assert!(told(&two, &stop).contains("it is stuck at `EventOrdered.SubscriberShipQueue`"));
    deploy(&fake, &Notes::default(), &two, &skip("EventOrdered.SubscriberShipQueue")).await.unwrap();
    assert_eq!(status(&fake), "UPDATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn what_only_a_deletion_ends_is_said_and_not_done() {
    for state in ["ROLLBACK_FAILED", "DELETE_FAILED"] {
        let (fake, built) = (
            in_state(
                state,
                vec![resource("Full", "DELETE_FAILED", Some("The bucket you tried to delete is not empty"))],
            ),
            small(),
        );
        let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
        let text = told(&built, &stop);
        assert!(text.contains(state) && text.contains("`Full`") && text.contains("pipec destroy"), "{text}");
        assert_eq!(fake.count("delete_stack"), 0);
        destroy(&fake, &Notes::default(), &built).await.unwrap();
        deployed(&fake, &built).await;
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_operation_is_watched_to_its_end() {
    for (running, end) in [
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
    ] {
        let (fake, notes) = (in_state(running, Vec::new()), Notes::default());
        {
            let mut world = fake.world.borrow_mut();
            let steps = [Step::Become(running), Step::Become(running), Step::Become(end)];
            world.find_mut("shop").unwrap().script = VecDeque::from(steps);
        }
        deploy(&fake, &notes, &small(), &Options::default()).await.unwrap();
        assert!(notes.has("attached"), "{running}");
        assert_eq!(status(&fake), "UPDATE_COMPLETE", "{running}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_by_somebody_else_is_awaited() {
    let fake = in_state("CREATE_COMPLETE", Vec::new());
    fake.world.borrow_mut().delete("shop").unwrap();
    deployed(&fake, &small()).await;
    assert_eq!(status(&fake), "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn a_stack_of_somebody_else_is_never_touched() {
    for state in [
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "REVIEW_IN_PROGRESS",
    ] {
        let (fake, built) = (in_state(state, Vec::new()), small());
        fake.world.borrow_mut().find_mut("shop").unwrap().shown.tags =
            [("pipec/app".to_owned(), "other".to_owned())].into();
        let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
        assert!(told(&built, &stop).contains("it is not of the app `shop`"), "{state}");
        let done = destroy(&fake, &Notes::default(), &built).await.unwrap();
        assert!(done.stacks.is_empty());
        assert_eq!(status(&fake), state);
    }
}

#[tokio::test(start_paused = true)]
async fn two_deployments_at_once_do_not_mix() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    // Between this one's change set and its execution, somebody else's is executed.
    fake.fail("execute_change_set", 0, 1, ErrorKind::Busy);
    let two = two_events();
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    assert!(told(&two, &stop).contains("somebody else's operation came first"));
    fake.fail("execute_change_set", 0, 1, ErrorKind::NotFound);
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    assert!(told(&two, &stop).contains("somebody else's operation came first"));
    assert!(deployed(&fake, &two).await.done);
}

#[tokio::test(start_paused = true)]
async fn a_protected_stack_is_not_destroyed() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    fake.world.borrow_mut().find_mut("shop").unwrap().shown.protected = true;
    let stop = destroy(&fake, &Notes::default(), &built).await.unwrap_err();
    assert!(told(&built, &stop).contains("update-termination-protection"));
    assert_eq!(fake.count("delete_stack"), 0);
}

#[tokio::test(start_paused = true)]
async fn status_and_drift_speak_of_declarations() {
    let (fake, built) = (Fake::default(), two_events());
    let options = Options::default();
    deployed(&fake, &built).await;
    let queue = "SubscriberShipQueue";
    {
        let mut world = fake.world.borrow_mut();
        let resources = world.resources("shop");
        let nested = resources.iter().find(|one| one.logical_id == "EventOrdered").unwrap();
        let drift = Drift {
            logical_id: queue.to_owned(),
            physical_id: Some("https://queue".to_owned()),
            kind: "AWS::SQS::Queue".to_owned(),
            deleted: false,
            differences: vec![Difference {
                path: "/VisibilityTimeout".to_owned(),
                expected: "60".to_owned(),
                present: "30".to_owned(),
            }],
        };
        world.drifts.insert(nested.physical_id.clone().unwrap(), vec![drift]);
    }
    let (notes, build) = (Notes::default(), built.build());
    let session =
        Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
    let roots = inspect::status(&session, true).await.unwrap();
    let found: Vec<_> = roots
        .iter()
        .flat_map(|root| &root.nested)
        .flat_map(|nested| nested.drift.as_ref().unwrap())
        .collect();
    let [drifted] = found.as_slice() else { panic!("{roots:#?}") };
    assert_eq!(drifted.declared.as_deref(), Some("Ordered.subscriber.ship"));
    assert_eq!((drifted.file.as_deref(), drifted.line), (Some("app.pipe"), Some(6)));
    assert_eq!(fake.count("search_drift"), roots[0].nested.len());
}

#[tokio::test(start_paused = true)]
async fn keys_show_their_values_only_when_asked() {
    let text = "app shop { region eu-central-1 }
api public { throttle 10/s }
auth partner api_key { quota 10/day }
event Ordered { ingress api POST /orders; auth partner; store s3 }
";
    let (fake, built) = (Fake::default(), fake::project::built(&pipec_tests::Project::single(text), None));
    let options = Options::default();
    let done = deployed(&fake, &built).await;
    let (notes, build) = (Notes::default(), built.build());
    let session =
        Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
    let hidden = inspect::outputs(&session, &done.stacks, false).await.unwrap();
    assert_eq!(hidden.keys[0].declared, "auth.partner");
    assert_eq!(hidden.keys[0].value, None);
    assert_eq!(fake.count("api_key"), 0);
    let shown = inspect::outputs(&session, &done.stacks, true).await.unwrap();
    assert!(shown.keys[0].value.as_deref().unwrap().starts_with("secret-of-"));
    assert!(!notes.has("secret"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_only_looks_whatever_the_state() {
    let plan_only = Options { plan_only: true, ..Options::default() };
    let (fake, notes) = (in_state("ROLLBACK_COMPLETE", Vec::new()), Notes::default());
    let report = deploy(&fake, &notes, &small(), &plan_only).await.unwrap();
    assert!(!report.plan.is_empty());
    assert!(notes.questions.borrow().is_empty());
    assert_eq!(status(&fake), "ROLLBACK_COMPLETE");

    let (fake, notes, built) = (in_state("UPDATE_ROLLBACK_FAILED", Vec::new()), Notes::default(), small());
    let stop = deploy(&fake, &notes, &built, &plan_only).await.unwrap_err();
    assert!(told(&built, &stop).contains("there is nothing to plan against"));
    assert!(notes.questions.borrow().is_empty());
    assert_eq!(fake.count("continue_rollback"), 0);
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_bootstrap_stack_is_left_alone() {
    let (fake, built) = (Fake::default(), small());
    fake.world.borrow_mut().add_stack("pipec-bootstrap", "CREATE_COMPLETE", None);
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("pipec did not make it"));
    assert_eq!(fake.count("create_change_set"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_was_never_whole_tells_nothing() {
    for state in ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"] {
        let (fake, built, notes, options) =
            (in_state(state, Vec::new()), small(), Notes::default(), Options::default());
        let build = built.build();
        let session =
            Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
        assert!(inspect::stacks(&session).await.unwrap().is_empty(), "{state}");
    }
}
