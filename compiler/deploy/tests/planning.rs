//! Plans from templates: what a change replaces, and what that replaces in turn.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

use std::collections::BTreeMap;
use std::sync::Arc;

use pipec_deploy::estate::{Estate, RootTemplates};
use pipec_deploy::facts::facts;
use pipec_deploy::plan::{Action, Plan, Root, compare};
use pipec_deploy::template::Template;

const ROOT: &str = "
Parameters: { Bucket: { Type: String } }
Resources:
  Stores:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: one }
  Event:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: two
      Parameters:
        StoresStreamArn: !GetAtt Stores.Outputs.StreamArn
        Bucket: !Ref Bucket
";

const STORES: &str = "
Resources:
  Stream:
    Type: AWS::Kinesis::Stream
    Metadata: { pipec: { declared: Counted.volume, file: counted.pipe } }
    Properties: { Name: counted, RetentionPeriodHours: 24 }
Outputs:
  StreamArn: { Value: !GetAtt Stream.Arn }
";

const EVENT: &str = "
Parameters: { StoresStreamArn: { Type: String }, Bucket: { Type: String } }
Resources:
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { EventSourceArn: !Ref StoresStreamArn, FunctionName: f, BatchSize: 10 }
  Role:
    Type: AWS::IAM::Role
    Properties: { Policies: [ { PolicyDocument: { Resource: !Sub '${StoresStreamArn}/*' } } ] }
  Function:
    Type: AWS::Lambda::Function
    Properties: { Code: { S3Bucket: !Ref Bucket, S3Key: k }, Description: !Sub 'reads ${Mapping}', Handler: h }
";

fn estate(stores: &str, event: &str) -> Estate {
    let parse = |text: &str| Template::parse(text).unwrap();
    let nested =
        [("Stores", stores), ("Event", event)].map(|(id, text)| (id.to_owned(), Arc::new(parse(text))));
    // As in a build, the address of a nested template follows from its content.
    let text = ROOT
        .replace("TemplateURL: one", &format!("TemplateURL: stores-{}", stores.len()))
        .replace("TemplateURL: two", &format!("TemplateURL: event-{}", event.len()));
    let root = RootTemplates { root: parse(&text), text, nested: nested.into_iter().collect() };
    Estate { roots: BTreeMap::from([("app".to_owned(), root)]), wires: BTreeMap::new() }
}

fn root(was: &str, will: &str) -> Root {
    let value = |text: &str| BTreeMap::from([("Bucket".to_owned(), text.to_owned())]);
    Root { stack: "app".to_owned(), domain: None, was: Some(value(was)), will: value(will), differs: false }
}

fn plan(old: (&str, &str), new: (&str, &str)) -> Plan {
    compare(&estate(old.0, old.1), &estate(new.0, new.1), &[root("b", "b")], facts().unwrap())
}

/// `Stores.Stream replaced Name`
fn lines(plan: &Plan) -> Vec<String> {
    let line = |change: &pipec_deploy::plan::Change| {
        let effect = format!("{:?}", change.effect).to_lowercase();
        let properties: Vec<&str> = change.properties.iter().map(String::as_str).collect();
        format!("{}.{} {effect} {}", change.nested, change.logical_id, properties.join(","))
            .trim_end()
            .to_owned()
    };
    plan.changes().map(|(_, change)| line(change)).collect()
}

#[test]
fn the_same_is_kept() {
    let plan = plan((STORES, EVENT), (STORES, EVENT));
    assert!(plan.is_empty());
    assert_eq!(plan.roots[0].action, Action::Keep);
}

#[test]
fn a_change_in_place_stays_in_its_place() {
    let new = STORES.replace("24", "48");
    assert_eq!(lines(&plan((STORES, EVENT), (&new, EVENT))), ["Stores.Stream changed RetentionPeriodHours"]);
}

#[test]
fn a_replaced_resource_takes_along_what_is_made_of_it() {
    let new = STORES.replace("Name: counted", "Name: recounted");
    let plan = plan((STORES, EVENT), (&new, EVENT));
    // The mapping cannot change its stream, so it is replaced too, and the function's text names the mapping.
    assert_eq!(
        lines(&plan),
        [
            "Event.Function changed Description",
            "Event.Mapping replaced EventSourceArn",
            "Event.Role changed Policies",
            "Stores.Stream replaced Name",
        ]
    );
    let (_, stream) = plan.changes().find(|(_, change)| change.logical_id == "Stream").unwrap();
    assert_eq!(stream.declared, "Counted.volume");
    assert!(stream.data.as_ref().unwrap().consent);
}

#[test]
fn a_changed_parameter_reaches_who_uses_it() {
    let same = estate(STORES, EVENT);
    let plan = compare(&same, &same, &[root("b", "c")], facts().unwrap());
    assert_eq!(lines(&plan), ["Event.Function changed Code"]);
}

#[test]
fn what_nobody_can_change_is_said() {
    let key = "Resources: { Key: { Type: AWS::KMS::Key, Properties: { KeySpec: SYMMETRIC_DEFAULT } } }";
    let plan_ = plan((key, EVENT), (&key.replace("SYMMETRIC_DEFAULT", "RSA_2048"), EVENT));
    assert_eq!(plan_.roots[0].changes[0].refused.iter().collect::<Vec<_>>(), ["KeySpec"]);

    // CloudFormation does not replace what keeps a name of its own.
    let queue =
        "Resources: { Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: q.fifo, FifoQueue: true } } }";
    let plan_ = plan((queue, EVENT), (&queue.replace(", FifoQueue: true", ""), EVENT));
    assert_eq!(plan_.roots[0].changes[0].refused.iter().collect::<Vec<_>>(), ["FifoQueue"]);
    let plan_ = plan((queue, EVENT), (&queue.replace("q.fifo, FifoQueue: true", "q"), EVENT));
    assert!(plan_.roots[0].changes[0].refused.is_empty());
}

#[test]
fn metadata_touches_nothing_and_policies_do() {
    let told = STORES.replace("counted.pipe", "other.pipe");
    let plan_ = plan((STORES, EVENT), (&told, EVENT));
    assert_eq!((plan_.roots[0].action, lines(&plan_).len()), (Action::Update, 0));
    let kept = STORES.replace("    Properties: { Name", "    DeletionPolicy: Retain\n    Properties: { Name");
    assert_eq!(lines(&plan((STORES, EVENT), (&kept, EVENT))), ["Stores.Stream changed DeletionPolicy"]);
}

#[test]
fn what_is_retained_takes_no_consent_to_leave() {
    let none = "Resources: { Topic: { Type: AWS::SNS::Topic } }";
    for (policy, kept) in [("Retain", true), ("RetainExceptOnCreate", true), ("Delete", false)] {
        let old = STORES.replace(
            "    Properties: { Name",
            &format!("    DeletionPolicy: {policy}\n    Properties: {{ Name"),
        );
        let plan = plan((&old, EVENT), (none, EVENT));
        let (_, stream) = plan.changes().find(|(_, change)| change.logical_id == "Stream").unwrap();
        assert_eq!((stream.kept, stream.data.as_ref().unwrap().consent), (kept, !kept), "{policy}");
    }
}

#[test]
fn a_replaced_store_takes_consent_even_when_the_old_one_stays() {
    let kept = "Resources: { Store: { Type: AWS::S3::Bucket, UpdateReplacePolicy: Retain, Properties: { BucketName: one } } }";
    let plan = plan((kept, EVENT), (&kept.replace("one", "two"), EVENT));
    let change = &plan.roots[0].changes[0];
    assert!(change.kept && change.data.as_ref().unwrap().consent);
}

#[test]
fn another_wire_under_the_same_name_is_a_change() {
    let two = format!("{STORES}  OtherArn: {{ Value: !GetAtt Stream.Other }}\n");
    let (old, mut new) = (estate(&two, EVENT), estate(&two, EVENT));
    let root_ = new.roots.get_mut("app").unwrap();
    root_.text = root_.text.replace("Stores.Outputs.StreamArn", "Stores.Outputs.OtherArn");
    root_.root = Template::parse(&root_.text).unwrap();
    let plan = compare(&old, &new, &[root("b", "b")], facts().unwrap());
    assert_eq!(
        lines(&plan),
        [
            "Event.Function changed Description",
            "Event.Mapping replaced EventSourceArn",
            "Event.Role changed Policies"
        ]
    );
}

#[test]
fn keeping_for_a_shorter_time_takes_consent() {
    let consent = |old: &str, new: &str| {
        let plan = plan((old, EVENT), (new, EVENT));
        plan.changes().any(|(_, change)| change.data.as_ref().is_some_and(|data| data.consent))
    };
    assert!(consent(&STORES.replace("24", "48"), STORES));
    assert!(!consent(STORES, &STORES.replace("24", "48")), "a longer time loses nothing");
    let bucket = |rules: &str| {
        format!(
            "Resources: {{ Store: {{ Type: AWS::S3::Bucket, Properties: {{ LifecycleConfiguration: {{ Rules: [{rules}] }} }} }} }}"
        )
    };
    let (year, month) =
        (bucket("{ Id: a }, { ExpirationInDays: 365 }"), bucket("{ Id: a }, { ExpirationInDays: '30' }"));
    let ever = bucket("{ Id: a }");
    assert!(consent(&year, &month) && consent(&ever, &year));
    assert!(!consent(&month, &year) && !consent(&year, &ever));
}
