//! What `docs/deploying.md` promises beside the main road.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod fake;

use fake::Fake;
use fake::host::Notes;
use fake::project::{DOMAIN, SMALL, built, deploy, deployed, destroy, small, told, two_events, with_domain};
use pipec_deploy::cloud::ErrorKind;
use pipec_deploy::facts::facts;
use pipec_deploy::plan::Action;
use pipec_deploy::{Options, Session, inspect};
use pipec_tests::Project;

#[tokio::test(start_paused = true)]
async fn a_creation_that_fails_is_explained_and_can_be_made_anew() {
    let (fake, built) = (Fake::default(), small());
    fake.world.borrow_mut().broken = vec![("EventOrdered", "SubscriberShipQueue", "Access Denied")];
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    let text = told(&built, &stop);
    assert!(text.contains("P0802 app.pipe:6:3") && text.contains("ended with ROLLBACK_COMPLETE"), "{text}");
    fake.world.borrow_mut().broken.clear();
    let notes = Notes::default();
    deploy(&fake, &notes, &built, &Options::default()).await.unwrap();
    assert!(notes.questions.borrow().iter().any(|question| question.starts_with("FreeName")));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_deleted_is_said_once() {
    let (fake, notes) = (Fake::default(), Notes::default());
    deployed(&fake, &small()).await;
    fake.world.borrow_mut().undeletable = vec!["OrderedBucket"];
    deploy(&fake, &notes, &two_events(), &Options::default()).await.unwrap();
    let lines: Vec<String> =
        notes.lines.borrow().iter().filter(|line| line.contains("\"stays\"")).cloned().collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the-old-one") && lines[0].contains("not empty"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn tags_alone_are_a_change() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    fake.world.borrow_mut().find_mut("shop").unwrap().shown.tags.insert("by".to_owned(), "hand".to_owned());
    let report = deployed(&fake, &built).await;
    assert_eq!((report.plan.roots[0].action, report.plan.roots[0].changes.len()), (Action::Update, 0));
    assert!(!deployed(&fake, &built).await.done);
}

#[tokio::test(start_paused = true)]
async fn a_stack_without_rollback_is_updated_though_nothing_differs() {
    for status in ["CREATE_FAILED", "UPDATE_FAILED"] {
        let (fake, built) = (Fake::default(), small());
        deployed(&fake, &built).await;
        {
            let mut world = fake.world.borrow_mut();
            let id = world.find("shop").unwrap().shown.id.clone();
            world.become_status(&id, status, None);
        }
        let report = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap();
        assert_eq!(report.plan.roots[0].action, Action::Update, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_somebody_deletes_meanwhile_is_not_deployed() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let two = two_events();
    let notes = Notes::default();
    let (build, options) = (two.build(), Options::default());
    let session =
        Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
    let deleting = async {
        while !notes.has("\"started\"") {
            tokio::task::yield_now().await;
        }
        fake.world.borrow_mut().delete("shop").unwrap();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = pipec_deploy::deploy(&session) => ended,
        () = deleting => unreachable!(),
    };
    let text = told(&two, &ended.unwrap_err());
    assert!(
        text.contains("ended with DELETE_COMPLETE") && text.contains("somebody deleted the stack"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_newer_bootstrap_stack_is_left_alone() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let set = |version: &str| {
        let mut world = fake.world.borrow_mut();
        world.find_mut("pipec-bootstrap").unwrap().shown.outputs.get_mut("Version").unwrap().value =
            version.to_owned();
    };
    set("99");
    assert_eq!(deployed(&fake, &two_events()).await.plan.bootstrap, None);
    // Not even when the account has no logging role any more.
    let role = ("LoggingRole".to_owned(), "foreign".to_owned());
    fake.world.borrow_mut().find_mut("pipec-bootstrap").unwrap().shown.parameters.extend([role]);
    let options = Options { allow_data_loss: vec!["Returned".to_owned()], ..Options::default() };
    assert!(deploy(&fake, &Notes::default(), &built, &options).await.unwrap().done);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_not_carried_out_on_a_newer_stack() {
    let (fake, small) = (Fake::default(), small());
    deployed(&fake, &small).await;
    // While this one waits for its answer, somebody else deploys an event more.
    let mut project = Project::single(SMALL);
    project.add("handlers/ship.py", "# changed\n");
    let changed = built(&project, None);
    let (notes, options, build) = (Notes::default(), Options::default(), changed.build());
    let session =
        Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
    let other = async {
        while notes.questions.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut world = fake.world.borrow_mut();
        let id = world.find("shop").unwrap().shown.id.clone();
        world.become_status(&id, "UPDATE_IN_PROGRESS", None);
        world.become_status(&id, "UPDATE_COMPLETE", None);
    };
    let (mine, ()) = futures::join!(pipec_deploy::deploy(&session), other);
    let text = told(&changed, &mine.unwrap_err());
    assert!(text.contains("came first, after the plan was made"), "{text}");
    assert_eq!(fake.count("execute_change_set"), 2, "the bootstrap stack and the first deployment");
}

#[tokio::test(start_paused = true)]
async fn a_domain_that_somebody_deploys_meanwhile_is_not_deleted() {
    let fake = Fake::default();
    deployed(&fake, &built(&with_domain(), None)).await;
    let mut project = with_domain();
    project.files.remove("events/doors/doors.pipe");
    let without = built(&project, None);
    let options =
        Options { allow_data_loss: vec!["Opened".to_owned(), "api.doors".to_owned()], ..Options::default() };
    let notes = Notes::default();
    let other = async {
        while notes.questions.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut world = fake.world.borrow_mut();
        let id = world.find("shop-doors").unwrap().shown.id.clone();
        world.become_status(&id, "UPDATE_IN_PROGRESS", None);
        world.become_status(&id, "UPDATE_COMPLETE", None);
    };
    let (mine, ()) = futures::join!(deploy(&fake, &notes, &without, &options), other);
    assert!(told(&without, &mine.unwrap_err()).contains("came first, after the plan was made"));
    assert!(fake.world.borrow().find("shop-doors").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_pipec_did_not_put_into_a_root_is_not_deleted() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let by_hand = "Resources: { Precious: { Type: AWS::SQS::Queue } }";
    fake.world.borrow_mut().find_mut("shop").unwrap().text = by_hand.to_owned();
    let stop = deploy(&fake, &Notes::default(), &built, &Options::default()).await.unwrap_err();
    assert!(told(&built, &stop).contains("holds the SQS::Queue `Precious` itself"));
    assert!(destroy(&fake, &Notes::default(), &built).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_event_does_not_move_with_its_name() {
    let fake = Fake::default();
    deployed(&fake, &built(&with_domain(), None)).await;
    let mut project = with_domain();
    project.files.remove("events/doors/doors.pipe");
    let app = String::from_utf8_lossy(&project.files["app.pipe"])
        .replace("ingress api POST", "ingress api public POST");
    project.add("app.pipe", &app);
    project.add("events/doors.pipe", &DOMAIN.replace("ingress api POST", "ingress api doors POST"));
    let moved = built(&project, None);
    let options =
        Options { allow_data_loss: vec!["Opened".to_owned(), "api.doors".to_owned()], ..Options::default() };
    let stop = deploy(&fake, &Notes::default(), &moved, &options).await.unwrap_err();
    let text = told(&moved, &stop);
    assert!(
        text.contains("moves from the stack shop-doors to shop") && text.contains("S3::Bucket"),
        "{text}"
    );
    assert!(fake.world.borrow().find("shop-doors").is_some());
}

#[tokio::test(start_paused = true)]
async fn words_for_people_are_no_change() {
    let fake = Fake::default();
    deployed(&fake, &small()).await;
    let told = built(&Project::single(&format!("/// A shop.\n{SMALL}")), None);
    assert!(deployed(&fake, &told).await.plan.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_stacks_or_see_the_role_deploys_all_the_same() {
    let (fake, built) = (Fake::default(), small());
    fake.fail("stacks", 0, 1, ErrorKind::Denied);
    fake.fail("logging_role", 0, 1, ErrorKind::Denied);
    let report = deployed(&fake, &built).await;
    assert!(!report.plan.bootstrap.unwrap().logging_role, "a role that may be there is not overwritten");
}

#[tokio::test(start_paused = true)]
async fn a_protected_domain_is_an_error_before_anything_is_written() {
    let fake = Fake::default();
    deployed(&fake, &built(&with_domain(), None)).await;
    fake.world.borrow_mut().find_mut("shop-doors").unwrap().shown.protected = true;
    let mut project = with_domain();
    project.files.remove("events/doors/doors.pipe");
    let (without, written) = (built(&project, None), fake.count("put_object"));
    let options =
        Options { allow_data_loss: vec!["Opened".to_owned(), "api.doors".to_owned()], ..Options::default() };
    let stop = deploy(&fake, &Notes::default(), &without, &options).await.unwrap_err();
    assert!(told(&without, &stop).contains("`shop-doors` is protected"));
    assert_eq!(fake.count("put_object"), written);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_was_never_made_can_be_destroyed() {
    let (fake, built) = (Fake::default(), small());
    {
        let mut world = fake.world.borrow_mut();
        let id = world.add_stack("shop", "REVIEW_IN_PROGRESS", None);
        world.find_mut(&id).unwrap().shown.tags = [("pipec/app".to_owned(), "shop".to_owned())].into();
    }
    let done = destroy(&fake, &Notes::default(), &built).await.unwrap();
    assert_eq!(done.stacks, ["shop"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_retained_is_what_cloudformation_left() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    let done = destroy(&fake, &Notes::default(), &built).await.unwrap();
    let kinds: Vec<&str> = done.retained.iter().map(|one| one.kind.as_str()).collect();
    // The event's store, and the results of its queries.
    assert_eq!(kinds, ["AWS::KMS::Key", "AWS::S3::Bucket", "AWS::S3::Bucket"]);

    let text = format!("{SMALL}environment dev {{ removal destroy }}\n");
    let dev = fake::project::built(&Project::single(&text), Some("dev"));
    deployed(&fake, &dev).await;
    assert!(destroy(&fake, &Notes::default(), &dev).await.unwrap().retained.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_search_that_fails_found_nothing_and_says_so() {
    let (fake, built) = (Fake::default(), small());
    deployed(&fake, &built).await;
    fake.world.borrow_mut().unsearchable = Some("Failed to detect drift on resource [Key]");
    let (build, notes, options) = (built.build(), Notes::default(), Options::default());
    let session =
        Session { cloud: &fake, host: &notes, build: &build, facts: facts().unwrap(), options: &options };
    let roots = inspect::status(&session, true).await.unwrap();
    assert!(roots[0].nested.iter().all(|nested| nested.unsearched.is_some()));
    let roots = inspect::status(&session, false).await.unwrap();
    assert!(roots[0].nested.iter().all(|nested| nested.drift.is_none()), "nobody looked");
}

#[tokio::test(start_paused = true)]
async fn what_aws_never_changes_ends_a_plan() {
    let construct = |spec: &str| {
        format!(
            "construct: resource/seal
summary: A key that documents are signed with.
stack: stores
resources:
  Seal:
    Type: AWS::KMS::Key
    Properties: {{ KeySpec: {spec}, KeyPolicy: {{}} }}
"
        )
    };
    let project = |spec: &str| {
        let mut project = Project::single(&format!("{SMALL}resource orders = seal\n"));
        project.add("lib/resource/seal/construct.yaml", &construct(spec));
        built(&project, None)
    };
    let fake = Fake::default();
    deployed(&fake, &project("SYMMETRIC_DEFAULT")).await;
    let other = project("RSA_2048");
    let stop = deploy(&fake, &Notes::default(), &other, &Options::default()).await.unwrap_err();
    let text = told(&other, &stop);
    assert!(
        text.starts_with("P0802")
            && text.contains("AWS never changes `KeySpec` of the KMS::Key `OrdersSeal`"),
        "{text}"
    );
}

/// The status that CloudFormation tells may be older than its events.
#[tokio::test(start_paused = true)]
async fn an_old_status_is_no_end() {
    let (fake, two) = (Fake::default(), two_events());
    deployed(&fake, &small()).await;
    fake.world.borrow_mut().lag = 3;
    fake.world.borrow_mut().broken = vec![("EventOrdered", "SubscriberShipQueue", "Access Denied")];
    let stop = deploy(&fake, &Notes::default(), &two, &Options::default()).await.unwrap_err();
    assert!(told(&two, &stop).contains("ended with UPDATE_ROLLBACK_COMPLETE"));
}
