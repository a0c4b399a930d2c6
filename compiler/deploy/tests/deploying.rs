//! Deployments to the fake cloud: first, unchanged, changed, of several roots; what is uploaded; what is refused.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod fake;

use fake::Fake;
use fake::host::Notes;
use fake::project::{built, deploy, deployed, destroy, small, told, two, two_events, with_domain};
use pipec_deploy::cloud::{Bucket, ErrorKind, Invalid, ResourceChange};
use pipec_deploy::plan::{Action, Effect};
use pipec_deploy::{Options, Side};
use pipec_tests::Project;

/// Calls that change something at AWS.
const WRITES: &[&str] =
    &["create_change_set", "execute_change_set", "put_object", "delete_stack", "continue_rollback"];

fn writes(fake: &Fake) -> usize {
    WRITES.iter().map(|call| fake.count(call)).sum()
}

#[tokio::test(start_paused = true)]
async fn a_first_deployment_makes_everything() {
    let (fake, built) = (Fake::default(), small());
    let report = deployed(&fake, &built).await;
    assert!(report.done);
    assert_eq!(report.uploaded, built.build().manifest().artifacts.len());
    let world = fake.world.borrow();
    assert_eq!(world.find("shop").unwrap().shown.status, "CREATE_COMPLETE");
    assert_eq!(world.find("pipec-bootstrap").unwrap().shown.status, "CREATE_COMPLETE");
    assert_eq!(world.find("shop").unwrap().shown.tags["pipec/app"], "shop");
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_project_uploads_nothing_and_makes_no_change_set() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let before = writes(&fake);
    let report = deployed(&fake, &built).await;
    assert!(!report.done);
    assert!(report.plan.is_empty());
    assert_eq!(writes(&fake), before);
}

#[tokio::test(start_paused = true)]
async fn a_changed_handler_uploads_its_package_and_touches_its_event() {
    let fake = Fake::default();
    let mut project = two();
    deployed(&fake, &built(&project, None)).await;
    project.add("handlers/ship.py", "def handle(event, context): return 1\n");
    let report = deployed(&fake, &built(&project, None)).await;
    // The package, the event's template that names it, and the root's that names that one.
    assert_eq!(report.uploaded, 3);
    let touched: Vec<String> = report
        .plan
        .changes()
        .map(|(_, change)| format!("{} {:?} {:?}", change.nested, change.effect, change.properties))
        .collect();
    assert_eq!(touched, ["EventOrdered Changed {\"Code\"}"]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_writes_nothing() {
    let (fake, built) = (Fake::default(), small());
    let options = Options { plan_only: true, ..Options::default() };
    let report = deploy(&fake, &Notes::default(), &built, &options).await.unwrap();
    assert!(!report.plan.is_empty());
    assert_eq!(writes(&fake), 0);
}

#[tokio::test(start_paused = true)]
async fn no_is_no() {
    let (fake, built, notes) = (Fake::default(), small(), Notes::default());
    notes.answer.set(false);
    let stop = deploy(&fake, &notes, &built, &Options::default()).await.unwrap_err();
    assert_eq!(stop.side, Side::Declined);
    assert_eq!(writes(&fake), 0);
}

#[tokio::test(start_paused = true)]
async fn removing_an_event_takes_consent_for_what_it_holds() {
    let fake = Fake::default();
    deployed(&fake, &two_events()).await;
    let (built, before) = (small(), writes(&fake));
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert_eq!(stop.side, Side::Project);
    let text = told(&built, &stop);
    assert!(text.contains("P0801") && text.contains("deletes the Kinesis::Stream"), "{text}");
    assert!(text.contains("--allow-data-loss Returned"), "{text}");
    assert_eq!(writes(&fake), before, "nothing may be changed before there is consent");

    let options = Options { allow_data_loss: vec!["Retrned".to_owned()], ..Options::default() };
    let stop = deploy(&fake, &Notes::default(), &built, &options).await.unwrap_err();
    assert!(told(&built, &stop).contains("did you mean `Returned`?"));

    let options = Options { allow_data_loss: vec!["Returned".to_owned()], ..Options::default() };
    let report = deploy(&fake, &Notes::default(), &built, &options).await.unwrap();
    assert!(report.done);
    assert!(!fake.world.borrow().resources("shop").iter().any(|one| one.logical_id == "EventReturned"));
}

#[tokio::test(start_paused = true)]
async fn domains_come_after_the_app_and_go_before_it() {
    let (fake, built) = (Fake::default(), built(&with_domain(), None));
    let report = deployed(&fake, &built).await;
    assert_eq!(report.plan.roots.len(), 2);
    let domain = fake.world.borrow().find("shop-doors").unwrap().shown.clone();
    assert!(
        domain.parameters.values().any(|value| value.starts_with("value-of-")),
        "{:?}",
        domain.parameters
    );
    let done = destroy(&fake, &Notes::default(), &built).await.unwrap();
    assert_eq!(done.stacks, ["shop-doors", "shop"]);
    assert!(done.retained.iter().any(|one| one.kind == "AWS::S3::Bucket"), "{:?}", done.retained);
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_is_gone_is_deleted_with_consent() {
    let fake = Fake::default();
    deployed(&fake, &built(&with_domain(), None)).await;
    let mut project = with_domain();
    project.files.remove("events/doors/doors.pipe");
    let built = built(&project, None);
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("--allow-data-loss Opened"));
    let options =
        Options { allow_data_loss: vec!["Opened".to_owned(), "api.doors".to_owned()], ..Options::default() };
    let report = match deploy(&fake, &Notes::default(), &built, &options).await {
        Ok(report) => report,
        Err(stop) => panic!("{}", told(&built, &stop)),
    };
    let gone = report.plan.roots.iter().find(|root| root.stack == "shop-doors").unwrap();
    assert_eq!((gone.action, gone.domain.as_deref()), (Action::Delete, Some("doors")));
    assert!(fake.world.borrow().find("shop-doors").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_wrong_account_or_region_stops_before_anything_else() {
    let (mut fake, built) = (Fake::default(), small());
    fake.region = "us-east-1";
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("compiled for the region eu-central-1"));
    assert!(fake.calls.borrow().is_empty());

    let text = format!("{}environment prod {{ account \"222222222222\" }}\n", fake::project::SMALL);
    let built = fake::project::built(&Project::single(&text), Some("prod"));
    let fake = Fake::default();
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("`prod` belongs to the account 222222222222"));
    assert_eq!(*fake.calls.borrow(), ["caller"]);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_must_be_there_and_ours_and_here() {
    let built = small();
    for (bucket, said) in [
        (Bucket::Missing, "there is no artifact bucket `mine`"),
        (Bucket::Closed, "belongs to another account"),
        (Bucket::Elsewhere("us-west-2".to_owned()), "is in us-west-2"),
    ] {
        let fake = Fake::default();
        fake.buckets.borrow_mut().insert("mine".to_owned(), bucket);
        let options = Options { artifact_bucket: Some("mine".to_owned()), ..Options::default() };
        let stop = deploy(&fake, &Notes::default(), &built, &options).await.unwrap_err();
        assert!(told(&built, &stop).contains(said), "{}", told(&built, &stop));
        assert_eq!(writes(&fake), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_logging_role_of_somebody_else_stays() {
    let (fake, built) = (Fake::default(), small());
    fake.world.borrow_mut().logging_role = Some("arn:aws:iam::111111111111:role/theirs".to_owned());
    deployed(&fake, &built).await;
    let world = fake.world.borrow();
    assert_eq!(world.find("pipec-bootstrap").unwrap().shown.parameters["LoggingRole"], "foreign");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_explained_at_its_line() {
    let (fake, built, notes) = (Fake::default(), small(), Notes::default());
    deployed(&fake, &built).await;
    fake.world.borrow_mut().broken = vec![(
        "EventOrdered",
        "SubscriberShipQueue",
        "Resource handler returned message: \"Resource of type 'AWS::SQS::Queue' with identifier 'q' already exists.\" (RequestToken: a-b, HandlerErrorCode: AlreadyExists)",
    )];
    let mut project = Project::single(fake::project::SMALL);
    project.add("handlers/ship.py", "# changed\n");
    let changed = fake::project::built(&project, None);
    let stop = deploy(&fake, &notes, &changed, &Options::default()).await.unwrap_err();
    assert_eq!(stop.findings.len(), 1, "what was cancelled, and the stack around it, are no causes");
    let text = told(&changed, &stop);
    assert!(text.starts_with("P0802 app.pipe:6:3 AWS could not update the SQS::Queue `SubscriberShipQueue` of `Ordered.subscriber.ship`"), "{text}");
    assert!(text.contains("exist"), "{text}");
    assert!(!text.contains("RequestToken"), "{text}");
    assert!(text.contains("the stack is as it was before"), "{text}");
    // What stood in the way is gone: the same command goes on.
    fake.world.borrow_mut().broken.clear();
    assert!(deployed(&fake, &changed).await.done);
}

#[tokio::test(start_paused = true)]
async fn what_cloudformation_refuses_before_it_begins_has_its_line_too() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let two = two_events();
    {
        let mut world = fake.world.borrow_mut();
        world.refuse_change_sets = Some(
            "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.",
        );
    }
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    assert!(
        told(&two, &stop).contains("P0802 app.pipe:1:1 AWS refused the stack `shop`"),
        "{}",
        told(&two, &stop)
    );
    assert_eq!(
        fake.count("execute_change_set"),
        2,
        "only the bootstrap and the first deployment were executed"
    );
    assert!(fake.world.borrow().change_sets.is_empty(), "a change set that nobody executes is deleted");
}

#[tokio::test(start_paused = true)]
async fn cloudformation_is_the_second_witness() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let change = |replacement: &str| ResourceChange {
        action: "Modify".to_owned(),
        logical_id: "SubscriberShipQueue".to_owned(),
        kind: "AWS::SQS::Queue".to_owned(),
        replacement: Some(replacement.to_owned()),
        policy: None,
        nested: None,
    };
    let two = two_events();
    fake.world.borrow_mut().nested_changes = [("EventOrdered".to_owned(), vec![change("True")])].into();
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    let text = told(&two, &stop);
    assert!(
        text.contains("P0801 app.pipe:6:3 CloudFormation would replace the SQS::Queue `SubscriberShipQueue`"),
        "{text}"
    );
    assert_eq!(fake.count("execute_change_set"), 2);
    // What only may be replaced is CloudFormation's word for not knowing yet.
    fake.world.borrow_mut().nested_changes =
        [("EventOrdered".to_owned(), vec![change("Conditional")])].into();
    assert!(deployed(&fake, &two).await.done);
}

#[tokio::test(start_paused = true)]
async fn findings_of_validation_stand_at_their_lines() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let two = two_events();
    let id = "arn:changeSet/nested/EventOrdered".to_owned();
    let invalid = Invalid {
        logical_id: "SubscriberShipQueue".to_owned(),
        kind: "AWS::SQS::Queue".to_owned(),
        reason: "#/QueueName: expected maxLength: 80".to_owned(),
    };
    {
        let mut world = fake.world.borrow_mut();
        world.invalid.insert(id, vec![invalid]);
        world.nested_changes = [("EventOrdered".to_owned(), Vec::new())].into();
        world.refuse_nested = true;
    }
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    let text = told(&two, &stop);
    assert!(
        text.contains(
            "P0802 app.pipe:6:3 AWS refuses the SQS::Queue `SubscriberShipQueue` of `Ordered.subscriber.ship`"
        ),
        "{text}"
    );
    assert!(text.contains("maxLength"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn throttling_and_a_lost_connection_end_no_watch() {
    let (fake, built, notes) = (Fake::default(), small(), Notes::default());
    fake.fail("stack", 3, 4, ErrorKind::Throttled);
    fake.fail("events", 2, 2, ErrorKind::Unreachable);
    deploy(&fake, &notes, &built, &Options::default()).await.unwrap();
    assert!(notes.has("waiting"));
    assert_eq!(fake.world.borrow().find("shop").unwrap().shown.status, "CREATE_COMPLETE");
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_in_the_middle_lose_nothing() {
    let built = small();
    let whole = Fake::default();
    deployed(&whole, &built).await;
    for call in [
        "stack",
        "events",
        "create_change_set",
        "change_set",
        "execute_change_set",
        "has_object",
        "put_object",
    ] {
        for after in 0..whole.count(call) {
            let (fake, notes) = (Fake::default(), Notes::default());
            fake.fail(call, after, 1, ErrorKind::Expired);
            let stop = deploy(&fake, &notes, &built, &Options::default()).await.unwrap_err();
            assert_eq!(stop.side, Side::World);
            assert!(told(&built, &stop).contains("expired"), "{call} {after}: {}", told(&built, &stop));
            deployed(&fake, &built).await;
            assert_eq!(
                fake.world.borrow().find("shop").unwrap().shown.status,
                "CREATE_COMPLETE",
                "{call} {after}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_is_named() {
    let (fake, built) = (Fake::default(), small());
    fake.fail("create_change_set", 0, 1, ErrorKind::Denied);
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("the caller may not use `create_change_set`"));
}

#[tokio::test(start_paused = true)]
async fn a_parameter_is_given_once_and_kept() {
    let text = "app shop { region eu-central-1 }
param card_table: string
api public { throttle 10/s }
event Ordered {
  ingress api POST /orders
  auth    none
  subscriber ship { handler python \"handlers/ship.py\"; env { TABLE $card_table } }
}
";
    let (fake, built) = (Fake::default(), built(&Project::single(text), None));
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert_eq!(stop.side, Side::Usage);
    assert!(told(&built, &stop).contains("--param card_table=VALUE"), "{}", told(&built, &stop));
    let options =
        Options { parameters: [("card_table".to_owned(), "cards".to_owned())].into(), ..Options::default() };
    deploy(&fake, &Notes::default(), &built, &options).await.unwrap();
    assert!(!deployed(&fake, &built).await.done);
    let options =
        Options { parameters: [("card_table".to_owned(), "boards".to_owned())].into(), ..Options::default() };
    let report = deploy(&fake, &Notes::default(), &built, &options).await.unwrap();
    let changed: Vec<Effect> = report.plan.changes().map(|(_, change)| change.effect).collect();
    assert_eq!(changed, [Effect::Changed], "the function that reads it");
    assert_eq!(fake.world.borrow().find("shop").unwrap().shown.parameters["CardTable"], "boards");
}

const WITH_DEFAULT: &str = "app shop { region eu-central-1 }
param attempts: int default 3
api public { throttle 10/s }
event Ordered {
  ingress api POST /orders
  auth    none
  subscriber ship { handler python \"handlers/ship.py\"; env { ATTEMPTS $attempts } }
}
";

fn attempts(fake: &Fake) -> String {
    fake.world.borrow().find("shop").unwrap().shown.parameters["Attempts"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_new_default_counts_until_a_value_was_given() {
    let fake = Fake::default();
    let with = |default: &str| built(&Project::single(&WITH_DEFAULT.replace("default 3", default)), None);
    deployed(&fake, &with("default 3")).await;
    assert_eq!(attempts(&fake), "3");
    assert!(deployed(&fake, &with("default 4")).await.done);
    assert_eq!(attempts(&fake), "4");
    assert!(!deployed(&fake, &with("default 4")).await.done, "nothing is left to do");

    let given = |value: &str| Options {
        parameters: [("attempts".to_owned(), value.to_owned())].into(),
        ..Options::default()
    };
    deploy(&fake, &Notes::default(), &with("default 4"), &given("7")).await.unwrap();
    deployed(&fake, &with("default 5")).await;
    assert_eq!(attempts(&fake), "7", "a value that was given is kept");

    let four = with("default 4");
    let stop = deploy(&fake, &Notes::default(), &four, &given("many")).await.unwrap_err();
    assert_eq!(stop.side, Side::Usage);
    assert!(told(&four, &stop).contains("`attempts` is a whole number, and `many` is none"));
}

#[tokio::test(start_paused = true)]
async fn consent_is_asked_for_what_goes_and_no_more() {
    let text = |auths: &str, lock: &str| {
        format!(
            "app shop {{ region eu-central-1 }}
api public {{ throttle 10/s }}
{auths}
event Ordered {{ ingress api POST /orders; auth {lock}; store s3 }}
"
        )
    };
    let (one, other) = ("auth first api_key { quota 10/day }", "auth second api_key { quota 10/day }");
    let fake = Fake::default();
    deployed(&fake, &built(&Project::single(&text(&format!("{one}\n{other}"), "first")), None)).await;
    let built = built(&Project::single(&text(one, "first")), None);
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    let told = told(&built, &stop);
    assert!(told.starts_with("P0801 app.pipe:1:1 this deployment deletes the ApiGateway::ApiKey"), "{told}");
    assert!(told.contains("--allow-data-loss auth.second`"), "{told}");
    let wide = Options { allow_data_loss: vec!["auth".to_owned()], ..Options::default() };
    assert!(deploy(&fake, &Notes::default(), &built, &wide).await.is_err(), "`auth` would mean every key");
    let exact = Options { allow_data_loss: vec!["auth.second".to_owned()], ..Options::default() };
    assert!(deploy(&fake, &Notes::default(), &built, &exact).await.unwrap().done);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_of_ones_own_is_remembered_and_comes_with_the_logging_role() {
    let (fake, built) = (Fake::default(), small());
    fake.buckets.borrow_mut().insert("mine".to_owned(), Bucket::Here);
    let options = Options { artifact_bucket: Some("mine".to_owned()), ..Options::default() };
    let report = deploy(&fake, &Notes::default(), &built, &options).await.unwrap();
    let bootstrap = report.plan.bootstrap.unwrap();
    assert!(bootstrap.logging_role && !bootstrap.bucket);
    assert_eq!(fake.world.borrow().find("pipec-bootstrap").unwrap().shown.parameters["Bucket"], "foreign");
    assert!(!deployed(&fake, &built).await.done, "without the option the app stays where it is");
    assert_eq!(fake.world.borrow().find("shop").unwrap().shown.parameters["ArtifactBucket"], "mine");
}

#[tokio::test(start_paused = true)]
async fn the_plan_shows_what_is_made_once_an_account() {
    let (fake, built) = (Fake::default(), small());
    let report = deployed(&fake, &built).await;
    let bootstrap = report.plan.bootstrap.unwrap();
    assert!(bootstrap.bucket && bootstrap.logging_role);
    assert_eq!(bootstrap.action, Action::Create);
    assert_eq!(deployed(&fake, &two_events()).await.plan.bootstrap, None);
}
