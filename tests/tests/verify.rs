//! The verifier on templates that others wrote: nothing wrong is found where nothing is, limits are known, and nothing
//! hostile gets the better of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pipec_core::diagnostic::Code;
use pipec_core::verify::Knowledge;
use pipec_tests::{Project, repository, stdlib, verify_findings};

fn template(text: &str) -> Project {
    let mut project = Project::default();
    project.add("template.yaml", text);
    project
}

fn codes(project: &Project, strict: bool) -> Vec<Code> {
    project.verify(strict).diagnostics.iter().map(|finding| finding.code).collect()
}

/// Dropping a template, or a folder of nested ones, into `cases/verify/valid` adds a case.
#[test]
fn valid_templates_are_clean() {
    let root = repository().join("tests/cases/verify/valid");
    let mut count = 0;
    for entry in fs::read_dir(&root).expect("the cases").flatten() {
        let mut project = Project::default();
        let path = entry.path();
        let files = if path.is_dir() { children(&path) } else { vec![path] };
        for file in files {
            let name = file.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
            project.files.insert(name, fs::read(&file).expect("a file"));
        }
        let verified = project.verify(false);
        assert!(verified.templates > 0 && verified.resources > 0);
        assert!(verified.diagnostics.is_empty(), "{}", verify_findings(&verified));
        count += 1;
    }
    assert!(count >= 10, "{count} templates of other people");
}

fn children(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
}

/// Every code of the rules is a proof's, and every rule has one or says where data goes.
#[test]
fn rules_can_be_read() {
    let library = stdlib();
    let knowledge = Knowledge::parse(&library.identities, &library.proofs).expect("rules that can be read");
    for (proof, codes) in knowledge.rules() {
        for code in codes {
            assert!(code.as_str().starts_with("P1"), "{proof}: {}", code.as_str());
        }
    }
}

/// P1031
#[test]
fn a_stack_has_500_resources() {
    let mut text = "Resources:\n".to_owned();
    for index in 0..=500 {
        let _ = writeln!(text, "  Topic{index}: {{ Type: 'AWS::SNS::Topic' }}");
    }
    assert_eq!(codes(&template(&text), false), [Code::TooMuchForStack]);
    let fewer = text.lines().take(501).collect::<Vec<_>>().join("\n");
    assert_eq!(codes(&template(&fewer), false), []);
}

/// P1032
#[test]
fn policies_and_variables_have_limits() {
    let role = |count: usize| {
        let mut text = "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: 'sts:AssumeRole' }]\n      Policies:\n        - PolicyName: all\n          PolicyDocument:\n            Statement:\n".to_owned();
        for index in 0..count {
            let _ = writeln!(
                text,
                "              - {{ Effect: Allow, Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-central-1:111111111111:queue-{index:04}' }}"
            );
        }
        template(&text)
    };
    assert_eq!(codes(&role(200), false), [Code::PolicyTooLarge]);
    assert_eq!(codes(&role(40), false), []);
}

/// P1092
#[test]
fn strict_tells_what_only_the_deployment_knows() {
    let text = "Parameters:\n  Queue: { Type: String }\nResources:\n  Topic: { Type: 'AWS::SNS::Topic' }\n  Subscription:\n    Type: AWS::SNS::Subscription\n    Properties: { TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !Ref Queue }\n";
    assert_eq!(codes(&template(text), false), []);
    let strict = codes(&template(text), true);
    assert!(!strict.is_empty() && strict.iter().all(|code| *code == Code::Unproved), "{strict:?}");
}

/// Whatever the text, there is an answer, and it is a finding where the text is no template.
#[test]
fn hostile_templates_are_refused() {
    let deep_if = format!(
        "{{\"Resources\":{{\"A\":{{\"Type\":\"T\",\"Properties\":{{\"X\":{}1{}}}}}}}}}",
        "{\"Fn::If\":[\"C\",".repeat(60_000),
        ",2]}".repeat(60_000)
    );
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\nResources: *f\n";
    let refused = [
        deep_if.as_str(),
        bomb,
        "",
        "just a text",
        "[]",
        "Resources: []",
        "Resources: { A: 1 }",
        "Resources: { A: { Type: 1 } }",
        "Resources: { A: { Type: T, Properties: [] } }",
        "Resources: { A: { Type: T } }\nResources: { B: { Type: T } }",
        "Resources: { A: { Type: T }, A: { Type: T } }",
        "Resources: { A: { Type: T } }\nOutputs: 1",
        "Resources:\n\tA: { Type: T }",
        "Resources: { A: { Type: 'T }",
    ];
    for text in refused {
        let found = codes(&template(text), true);
        let shown: String = text.chars().take(80).collect();
        assert!(found.contains(&Code::BadTemplate), "{shown}: {found:?}");
    }
}

/// Templates that are templates, and lead nowhere: there is an answer, whichever.
#[test]
fn hostile_templates_end() {
    let kinds = [
        "SNS::Subscription",
        "S3::Bucket",
        "Lambda::EventSourceMapping",
        "ApiGateway::Method",
        "IAM::Role",
        "KMS::Key",
        "KinesisFirehose::DeliveryStream",
        "StepFunctions::StateMachine",
        "SQS::Queue",
        "SQS::QueuePolicy",
        "Pipes::Pipe",
        "CloudWatch::Alarm",
        "Lambda::Permission",
        "ApiGateway::Deployment",
        "CloudFormation::Stack",
    ];
    let values = [
        "1",
        "[]",
        "{}",
        "~",
        "[[[]]]",
        "!Ref A",
        "!Ref Nobody",
        "!GetAtt A.Arn",
        "!GetAtt A",
        "!Sub '${A}${A.Arn}${'",
        "!Join [1, 2]",
        "!Select [99, [1]]",
        "!If [C, 1]",
        "!FindInMap [M, !Ref A, x]",
        "!Split ['', '']",
        "{ Statement: [1, [], { Effect: 1 }, { Effect: Allow, Principal: [], Action: {}, Condition: [1] }] }",
        "{ Ref: { Ref: A } }",
        "'*'",
        "-1",
        "1e400",
        "'\u{F8F0}f\u{F8F1}'",
    ];
    let names = [
        "TopicArn",
        "Endpoint",
        "RedrivePolicy",
        "NotificationConfiguration",
        "LifecycleConfiguration",
        "EventSourceArn",
        "FunctionName",
        "Integration",
        "RestApiId",
        "Policies",
        "AssumeRolePolicyDocument",
        "KeyPolicy",
        "Definition",
        "ExtendedS3DestinationConfiguration",
        "Queues",
        "PolicyDocument",
        "Source",
        "AlarmActions",
        "Period",
        "EvaluationPeriods",
        "FilterPolicy",
        "Role",
        "Timeout",
        "VisibilityTimeout",
        "Parameters",
        "TemplateURL",
    ];
    for value in values {
        let mut text = "Conditions: { C: !Condition C, D: { Fn::Not: [{ Condition: D }] } }\nMappings: { M: 1 }\nResources:\n".to_owned();
        for (index, kind) in kinds.iter().enumerate() {
            let id = if index == 0 { "A".to_owned() } else { format!("A{index}") };
            let _ = writeln!(
                text,
                "  {id}:\n    Type: AWS::{kind}\n    Condition: C\n    DependsOn: {value}\n    Properties:"
            );
            for name in names {
                let _ = writeln!(text, "      {name}: {value}");
            }
            let _ = writeln!(text, "      Protocol: sqs");
        }
        let _ = codes(&template(&text), true);
    }
}

/// A name that is made of itself, over others or not, is a cycle, and every cycle is told.
#[test]
fn names_that_are_made_of_themselves_end() {
    let named = |id: &str, kind: &str, property: &str, name: &str| {
        format!("  {id}: {{ Type: 'AWS::{kind}', Properties: {{ {property}: {name} }} }}\n")
    };
    let text = [
        named("Queue", "SQS::Queue", "QueueName", "!Ref Queue"),
        named("Topic", "SNS::Topic", "TopicName", "!Sub '${Bucket}${Bucket}'"),
        named("Bucket", "S3::Bucket", "BucketName", "!GetAtt Topic.TopicName"),
        named("One", "SQS::Queue", "QueueName", "!GetAtt Other.Arn"),
        named("Other", "SQS::Queue", "QueueName", "!GetAtt One.Arn"),
    ];
    let found = codes(&template(&format!("Resources:\n{}", text.concat())), false);
    assert_eq!(found, [Code::ResourceCycle; 3]);
}

/// Texts that double from one to the next would fill any memory.
#[test]
fn texts_that_double_end() {
    let mut text =
        "Resources:\n  Q0: { Type: 'AWS::SQS::Queue', Properties: { QueueName: orders } }\n".to_owned();
    for (before, index) in (1..60).enumerate() {
        let name = format!("!Sub '${{Q{before}.QueueName}}${{Q{before}.Arn}}${{Q{before}.Arn}}'");
        let _ =
            writeln!(text, "  Q{index}: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: {name} }} }}");
    }
    let found = codes(&template(&text), false);
    assert!(found.iter().all(|code| *code == Code::BadName), "{found:?}");
    let mut nested = Project::default();
    for index in 0..30 {
        let child = format!(
            "Resources: {{ Child: {{ Type: 'AWS::CloudFormation::Stack', Properties: {{ TemplateURL: t{}.yaml }} }} }}\nOutputs: {{ O: {{ Value: !Sub '${{Child.Outputs.O}}${{Child.Outputs.O}}' }} }}\n",
            index + 1
        );
        nested.add(&format!("t{index}.yaml"), &child);
    }
    let last =
        "Resources: { Queue: { Type: 'AWS::SQS::Queue' } }\nOutputs: { O: { Value: !GetAtt Queue.Arn } }\n";
    nested.add("t30.yaml", last);
    assert_eq!(codes(&nested, false), []);
}

/// What points to resources of several types is asked of each type by itself: paths directly below an API and deeper
/// ones.
#[test]
fn paths_are_told_apart_at_every_depth() {
    let resource = |id: &str, parent: &str| {
        format!(
            "  {id}: {{ Type: 'AWS::ApiGateway::Resource', Properties: {{ RestApiId: !Ref Api, ParentId: {parent}, PathPart: a }} }}\n"
        )
    };
    let api = "Resources:\n  Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: shop } }\n";
    let text = [
        api,
        &resource("A", "!GetAtt Api.RootResourceId"),
        &resource("B", "!GetAtt Api.RootResourceId"),
        &resource("AA", "!Ref A"),
        &resource("AB", "!Ref A"),
    ];
    let found = codes(&template(&text.concat()), false);
    assert_eq!(found, [Code::SameRoute; 2]);
}

/// A tier of a team's own may make things beside the way of its events; on the way they must be joined.
#[test]
fn what_stands_beside_the_way_is_no_part_of_it() {
    let mut project = Project::default();
    project.add("app.pipe", "app shop { region eu-central-1 }\napi public { throttle 10/s burst 20 }\nevent Counted { ingress api POST /counts; auth none; volume odd; store s3; schema { n: int } }\n");
    let files = pipec_stdlib::files();
    let read = |path: &str| {
        files.iter().find(|(known, _)| known == path).map(|(_, bytes)| String::from_utf8_lossy(bytes))
    };
    let low = read("constructs/tier/low/construct.yaml").expect("the tier `low`");
    let template = read("constructs/tier/low/object.vtl").expect("its template");
    let own = low.replace("construct: tier/low", "construct: tier/odd");
    project.add("lib/tier/odd/object.vtl", &template);
    project.add(
        "lib/tier/odd/construct.yaml",
        &format!(
            "{own}\nresources:\n  Odd: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: odd }} }}\n"
        ),
    );
    let done = project.compile(None, pipec_core::Stage::Artifacts);
    assert!(done.diagnostics.is_empty(), "{}", pipec_tests::findings(&done));
    let uri =
        own.lines().find(|line| line.trim_start().starts_with("uri:")).expect("where the door sends to");
    let elsewhere = uri.replace("{{ store.bucket }}", "elsewhere");
    assert_ne!(uri, elsewhere);
    let text = project.files["lib/tier/odd/construct.yaml"].clone();
    project.add("lib/tier/odd/construct.yaml", &String::from_utf8_lossy(&text).replace(uri, &elsewhere));
    let done = project.compile(None, pipec_core::Stage::Artifacts);
    let codes: Vec<Code> = done.diagnostics.iter().map(|finding| finding.code).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| code.as_str().starts_with("P10")), "{codes:?}");
}

/// A template that nests itself is no endless one.
#[test]
fn templates_that_nest_themselves_end() {
    let mut project = Project::default();
    project.add(
        "a.yaml",
        "Resources: { B: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: b.yaml } } }\n",
    );
    project.add(
        "b.yaml",
        "Resources: { A: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: a.yaml } } }\n",
    );
    let _ = codes(&project, false);
}
