//! Real types of the table of stdlib.

#![allow(clippy::expect_used, reason = "test code")]

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::{Extent, ResourceTypes};
use crate::library::{Data, Piece, ResourceId, Symbol};

static TABLE: LazyLock<ResourceTypes> = LazyLock::new(|| {
    let text = include_str!("../../../../../stdlib/facts/resource_types.yaml");
    ResourceTypes::parse(text).expect("the table")
});

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Properties", default)]
    properties: serde_json::Value,
}

fn data(value: serde_json::Value) -> Data {
    match value {
        serde_json::Value::Null => Data::Null,
        serde_json::Value::Bool(value) => Data::Bool(value),
        serde_json::Value::Number(value) => {
            value.as_i64().map_or_else(|| Data::Float(value.as_f64().expect("a number")), Data::Int)
        }
        serde_json::Value::String(text) => Data::Text(text.into()),
        serde_json::Value::Array(items) => Data::List(items.into_iter().map(data).collect()),
        serde_json::Value::Object(entries) => {
            Data::Map(entries.into_iter().map(|(name, value)| (name.into(), data(value))).collect())
        }
    }
}

fn body(text: &str) -> (String, Data) {
    let body: Body = serde_yaml::from_str(text).expect("a body");
    (body.kind, data(body.properties))
}

/// The problems of a body, one a line.
fn shown(kind: &str, properties: &Data, extent: Extent) -> Vec<String> {
    assert!(TABLE.knows(kind), "{kind}");
    let found = TABLE.check(kind, properties, extent);
    let meant = |nearest: Option<String>| nearest.map_or_else(String::new, |name| format!("; `{name}`?"));
    found
        .into_iter()
        .map(|one| format!("{} {}{}", one.path.join("."), one.problem, meant(one.nearest)))
        .collect()
}

fn whole(text: &str) -> Vec<String> {
    let (kind, properties) = body(text);
    shown(&kind, &properties, Extent::Whole)
}

fn part(text: &str) -> Vec<String> {
    let (kind, properties) = body(text);
    shown(&kind, &properties, Extent::Part)
}

#[test]
fn a_right_body_has_no_problem() {
    let table = "
Type: AWS::DynamoDB::Table
Properties:
  BillingMode: PAY_PER_REQUEST
  AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
  KeySchema: [{AttributeName: id, KeyType: HASH}]
  PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
";
    assert_eq!(whole(table), [""; 0]);
    let function = "
Type: AWS::Lambda::Function
Properties:
  Code: {S3Bucket: {Ref: Bucket}, S3Key: key}
  Role: {Fn::GetAtt: [Role, Arn]}
  Environment: {Variables: {LEVEL: info, COUNT: 3}}
  Timeout: '30'
  VpcConfig: {Fn::If: [Private, {SubnetIds: [a]}, {Ref: AWS::NoValue}]}
  Tags: [{Key: team, Value: 7}]
";
    assert_eq!(whole(function), [""; 0]);
}

#[test]
fn a_misspelt_property_names_the_nearest() {
    let queue = "
Type: AWS::SQS::Queue
Properties: {VisibiltyTimeout: 30, RedrivePolicy: {maxRecieveCount: 3}, Colour: red}
";
    let wanted = [
        "VisibiltyTimeout is not a property; `VisibilityTimeout`?",
        "RedrivePolicy.maxRecieveCount is not a property; `maxReceiveCount`?",
        "Colour is not a property",
    ];
    assert_eq!(whole(queue), wanted);
}

#[test]
fn a_value_is_of_its_kind_in_its_range_and_among_its_values() {
    let queue = "
Type: AWS::SQS::Queue
Properties: {DelaySeconds: 901, FifoQueue: maybe, VisibilityTimeout: 0.5, Tags: {team: a}, QueueName: [a]}
";
    let wanted = [
        "DelaySeconds must be from 0 to 900",
        "FifoQueue must be true or false",
        "VisibilityTimeout must be a whole number",
        "Tags must be a list",
        "QueueName must be text",
    ];
    assert_eq!(part(queue), wanted);
    let table = "
Type: AWS::DynamoDB::Table
Properties: {BillingMode: PAY_PER_REQUESTS, SSESpecification: on}
";
    let wanted = [
        "BillingMode must be one of `PAY_PER_REQUEST`, `PROVISIONED`; `PAY_PER_REQUEST`?",
        "SSESpecification must be an object",
    ];
    assert_eq!(part(table), wanted);
}

#[test]
fn numbers_and_booleans_may_be_text_and_the_reverse() {
    let queue = "
Type: AWS::SQS::Queue
Properties: {DelaySeconds: '900', FifoQueue: 'True', QueueName: 12, VisibilityTimeout: 30.0, DeduplicationScope: true}
";
    assert_eq!(part(queue), [""; 0]);
    let wrong = "
Type: AWS::SQS::Queue
Properties: {DelaySeconds: '901', VisibilityTimeout: soon}
";
    assert_eq!(
        part(wrong),
        ["DelaySeconds must be from 0 to 900", "VisibilityTimeout must be a whole number"]
    );
}

#[test]
fn what_is_required_is_missed_in_a_whole_body_only() {
    let consumer = "
Type: AWS::Kinesis::StreamConsumer
Properties: {ConsumerName: one, Tags: [{Key: team}]}
";
    assert_eq!(whole(consumer), ["Tags.0.Value is missing", "StreamARN is missing"]);
    assert_eq!(part(consumer), [""; 0]);
    assert_eq!(
        whole("Type: AWS::Kinesis::StreamConsumer"),
        ["ConsumerName is missing", "StreamARN is missing"]
    );
    let empty = "
Type: AWS::Kinesis::StreamConsumer
Properties: {ConsumerName: null, StreamARN: {Ref: Arn}}
";
    assert_eq!(whole(empty), ["ConsumerName is missing"]);
}

#[test]
fn what_is_read_only_cannot_be_set() {
    assert_eq!(part("{Type: AWS::SQS::Queue, Properties: {Arn: a}}"), ["Arn is read-only"]);
    let bucket = "
Type: AWS::S3::Bucket
Properties:
  MetadataConfiguration: {JournalTableConfiguration: {TableArn: a, RecordExpiration: {Expiration: DISABLED}}}
";
    assert_eq!(part(bucket), ["MetadataConfiguration.JournalTableConfiguration.TableArn is read-only"]);
}

#[test]
fn shapes_that_hold_themselves_are_followed() {
    let acl = "
Type: AWS::WAFv2::WebACL
Properties:
  Rules:
    - Statement: {NotStatement: {Statement: {GeoMatchStatment: {CountryCodes: [DE]}}}}
      Priority: -1
";
    let wanted = [
        "Rules.0.Statement.NotStatement.Statement.GeoMatchStatment is not a property; `GeoMatchStatement`?",
        "Rules.0.Priority must be at least 0",
    ];
    assert_eq!(part(acl), wanted);
}

#[test]
fn json_may_be_text_and_maps_have_any_keys() {
    assert_eq!(part("{Type: AWS::SNS::TopicPolicy, Properties: {PolicyDocument: '{}'}}"), [""; 0]);
    assert_eq!(part("{Type: AWS::SQS::Queue, Properties: {RedrivePolicy: '{}'}}"), [""; 0]);
    let wanted = ["PolicyDocument must be an object or the text of one"];
    assert_eq!(part("{Type: AWS::SNS::TopicPolicy, Properties: {PolicyDocument: 3}}"), wanted);
    let response = "
Type: AWS::ApiGateway::GatewayResponse
Properties: {ResponseParameters: {gatewayresponse.header.X: a, gatewayresponse.header.Y: [b]}}
";
    assert_eq!(part(response), ["ResponseParameters.gatewayresponse.header.Y must be text"]);
}

#[test]
fn references_fit_everywhere() {
    let (kind, _) = body("Type: AWS::SQS::Queue");
    let symbol = Symbol::Resource { id: ResourceId(1), attribute: Some("Arn".into()) };
    let join = Data::Join(vec![Piece::Text("a".into()), Piece::Ref(symbol.clone())]);
    let entry = |name: &str, value: &Data| (Arc::from(name), value.clone());
    let reference = Data::Ref(symbol);
    let properties = Data::Map(vec![
        entry("DelaySeconds", &reference),
        entry("Tags", &join),
        entry(
            "RedrivePolicy",
            &Data::Shared(Arc::new(Data::Map(vec![entry("deadLetterTargetArn", &reference)]))),
        ),
        entry("FifoQueue", &Data::Shared(Arc::new(Data::Int(3)))),
    ]);
    assert_eq!(shown(&kind, &properties, Extent::Whole), ["FifoQueue must be true or false"]);
}

#[test]
fn attributes_are_those_that_can_be_read() {
    let (queue, _) = body("Type: AWS::SQS::Queue");
    let names: Vec<_> = TABLE.attributes(&queue).collect();
    assert!(names.contains(&"Arn") && names.contains(&"QueueName"), "{names:?}");
    assert!(TABLE.has_attribute(&queue, "QueueUrl") && !TABLE.has_attribute(&queue, "Url"));
    let (stack, _) = body("Type: AWS::CloudFormation::Stack");
    assert!(TABLE.has_attribute(&stack, "Outputs.Arn") && !TABLE.has_attribute(&stack, "Outputs."));
    assert!(TABLE.attributes(&stack).all(|name| !name.contains('*')));
}

#[test]
fn of_an_unknown_type_nothing_is_said() {
    let (kind, properties) = body("{Type: AWS::None::Such, Properties: {A: 1}}");
    assert!(!TABLE.knows(&kind) && !TABLE.has_attribute(&kind, "Arn"));
    assert_eq!(TABLE.check(&kind, &properties, Extent::Whole), []);
    assert_eq!(TABLE.attributes(&kind).count(), 0);
}

#[test]
fn a_table_that_is_wrong_is_refused() {
    let problem = |text: &str| ResourceTypes::parse(text).expect_err("a problem");
    let text = "{types: {A: {properties: {B: list of C}}}, shapes: {}}";
    assert_eq!(problem(text), "`B` of `A`: there is no shape `C`");
    assert!(problem("{types: {}, shapes: {}, more: {}}").contains("more"));
}
