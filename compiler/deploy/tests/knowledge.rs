//! The facts that deployments rest on are whole.

#![allow(clippy::unwrap_used, reason = "test code")]

use pipec_deploy::facts::facts;
use pipec_deploy::template::{Template, kind};

#[test]
fn every_known_failure_is_found_by_what_was_seen() {
    let facts = facts().unwrap();
    for known in &facts.failures {
        assert!(!known.seen.is_empty(), "{} was never seen", known.name);
        for reason in &known.seen {
            let kind = known.kind.as_deref().unwrap_or("AWS::Any::Thing");
            let first = facts.failures.iter().find(|one| one.fits(reason, kind)).map(|one| one.name.as_str());
            assert_eq!(first, Some(known.name.as_str()), "{reason}");
            assert!(!facts.noise.iter().any(|noise| noise.is_match(reason)), "noise: {reason}");
        }
    }
}

#[test]
fn messages_are_lower_case_and_without_a_full_stop() {
    for known in &facts().unwrap().failures {
        let word = known.means.split([' ', ',']).next().unwrap_or_default();
        let is_name =
            word.chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit()) || NAMES.contains(&word);
        assert!(is_name || !word.starts_with(char::is_uppercase), "{}", known.means);
        assert!(!known.means.ends_with('.'), "{}", known.means);
    }
}

/// Words that are written with a capital.
const NAMES: &[&str] = &["Lambda", "Kinesis", "Firehose", "Cognito"];

#[test]
fn the_bootstrap_template_is_one() {
    let template = Template::parse(facts().unwrap().bootstrap).unwrap();
    let kinds: Vec<&str> = template.resources().map(|(_, body)| kind(body)).collect();
    assert_eq!(
        kinds,
        ["AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::IAM::Role", "AWS::ApiGateway::Account"]
    );
}

/// A plan without the replacement rules of a type would call every change harmless.
#[test]
fn every_type_of_the_standard_library_has_its_rules() {
    let facts = facts().unwrap();
    for (path, bytes) in pipec_stdlib::files().iter().filter(|(path, _)| path.ends_with("construct.yaml")) {
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines() {
            let Some(kind) = line.trim().strip_prefix("Type: ").filter(|kind| kind.starts_with("AWS::"))
            else {
                continue;
            };
            assert!(facts.replacement.contains_key(kind), "{path}: {kind}");
        }
    }
}
