//! What checkov says of the security of every example's templates: nothing but what `tests/tools/posture.yaml` lists,
//! each with the reason why it does not apply.

mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pipec_tests::{Project, repository, stdlib};

use tools::checkov::{Finding, judge};
use tools::projects::{write, write_examples};

/// An entry of `tests/tools/posture.yaml`: a check that some resources fail and need not pass.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Excuse {
    check: String,
    asks: String,
    resources: Vec<String>,
    reason: String,
}

impl Excuse {
    /// The pattern of this entry that covers a finding: `TYPE.LogicalId`, or `TYPE.LogicalId in TEMPLATE`. A `*` in a
    /// pattern stands for any text.
    fn covers(&self, finding: &Finding) -> Option<&str> {
        if self.check != finding.check {
            return None;
        }
        self.resources.iter().map(String::as_str).find(|pattern| {
            let (resource, template) = pattern.split_once(" in ").unwrap_or((pattern, "*"));
            matches(resource, &finding.resource) && matches(template, &finding.file)
        })
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }),
    }
}

fn excuses() -> Vec<Excuse> {
    let text = fs::read_to_string(repository().join("tests/tools/posture.yaml")).expect("posture.yaml");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("tests/tools/posture.yaml: {error}"))
}

/// What is wrong between findings and excuses, a line each.
fn differences(found: &BTreeSet<Finding>, excuses: &[Excuse]) -> Vec<String> {
    let mut used = BTreeSet::new();
    let mut open: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for finding in found {
        let excuse = excuses.iter().find_map(|excuse| Some((excuse, excuse.covers(finding)?)));
        match excuse {
            Some((excuse, pattern)) => {
                assert_eq!(excuse.asks, finding.asks, "{}: what the check asks for", excuse.check);
                used.insert((excuse.check.as_str(), pattern));
            }
            None => {
                let resources = open.entry((&finding.check, &finding.asks)).or_default();
                *resources.entry(&finding.resource).or_default() += 1;
            }
        }
    }
    let mut lines = Vec::new();
    for ((check, asks), resources) in open {
        lines.push(format!("not listed: {check}  {asks}"));
        lines.extend(resources.into_iter().map(|(resource, times)| format!("    {times:>3} × {resource}")));
    }
    let listed = excuses.iter().flat_map(|excuse| excuse.resources.iter().map(|r| (&*excuse.check, &**r)));
    let unused = listed.filter(|entry| !used.contains(entry));
    lines.extend(unused.map(|(check, pattern)| format!("listed, but not found: {check}  {pattern}")));
    lines
}

#[test]
fn findings_are_fixed_or_have_a_reason() {
    let scratch = tools::scratch("posture");
    write_examples(&scratch);
    // The examples of constructs hold the words that the examples of projects do not use.
    for construct in stdlib().constructs() {
        let path = repository().join("stdlib/constructs").join(&construct.id).join("example.pipe");
        let project = Project::single(&fs::read_to_string(path).expect("an example"));
        write(&project, None, &scratch.join(construct.id.replace('/', "-")));
    }
    let report = judge(&scratch);
    assert!(report.resources > 500 && report.passed > 1000, "{} {}", report.resources, report.passed);
    let lines = differences(&report.failed, &excuses());
    assert!(lines.is_empty(), "checkov and tests/tools/posture.yaml differ:\n{}\n", lines.join("\n"));
}

/// The judge is judged: a template that is wrong must be found so, and so must an entry that excuses nothing.
#[test]
fn the_judge_is_judged() {
    let scratch = tools::scratch("posture-canary");
    let canary = repository().join("tests/tools/posture_canary.yaml");
    fs::copy(canary, scratch.join("template.yaml")).expect("the canary");
    let found = judge(&scratch).failed;
    let has = |check: &str, resource: &str| {
        found.iter().any(|finding| finding.check == check && finding.resource == resource)
    };
    for (check, resource) in [
        ("CKV_AWS_20", "AWS::S3::Bucket.OpenBucket"),
        ("CKV_AWS_60", "AWS::IAM::Role.OpenRole"),
        ("CKV_AWS_27", "AWS::SQS::Queue.PlainQueue"),
        ("CKV_AWS_26", "AWS::SNS::Topic.PlainTopic"),
        ("CKV_AWS_43", "AWS::Kinesis::Stream.PlainStream"),
        ("CKV_AWS_7", "AWS::KMS::Key.UnrotatedKey"),
        ("CKV_AWS_33", "AWS::KMS::Key.UnrotatedKey"),
    ] {
        assert!(has(check, resource), "{check} does not find {resource}: {found:#?}");
    }
    let lines = differences(&found, &[]).join("\n");
    assert!(lines.contains("not listed: CKV_AWS_27"), "{lines}");
    let excuse = |resource: &str| Excuse {
        check: "CKV_AWS_27".into(),
        asks: "Ensure all data stored in the SQS queue is encrypted".into(),
        resources: vec![resource.into()],
        reason: String::new(),
    };
    let lines = differences(&found, &[excuse("AWS::SQS::Queue.Plain*")]).join("\n");
    assert!(!lines.contains("CKV_AWS_27"), "{lines}");
    for pattern in ["AWS::SQS::Queue.Gone*", "AWS::SQS::Queue.* in /elsewhere/*"] {
        let lines = differences(&found, &[excuse(pattern)]).join("\n");
        assert!(lines.contains("not listed: CKV_AWS_27"), "{lines}");
        assert!(lines.contains(&format!("listed, but not found: CKV_AWS_27  {pattern}")), "{lines}");
    }
}

/// The table of `docs/security.md` is that of `posture.yaml`. With `INSTA_UPDATE=always` it is written.
#[test]
fn the_page_shows_the_list() {
    let (begin, end) = ("<!-- posture.yaml -->\n", "<!-- end -->");
    let path = repository().join("docs/security.md");
    let page = fs::read_to_string(&path).expect("docs/security.md");
    let (before, rest) = page.split_once(begin).expect("where the table begins");
    let (shown, after) = rest.split_once(end).expect("where the table ends");
    let table = table(&excuses());
    if shown != table && std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).expect("the page is written");
        return;
    }
    assert_eq!(shown, table, "run this test with INSTA_UPDATE=always");
}

fn table(excuses: &[Excuse]) -> String {
    let mut table = String::from("| check | asks for | fails | why it does not apply |\n|---|---|---|---|\n");
    for excuse in excuses {
        let resources: Vec<String> = excuse.resources.iter().map(|pattern| format!("`{pattern}`")).collect();
        let reason = excuse.reason.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            reason.len() > 40 && !reason.contains('|'),
            "{}: a reason, in a cell of a table",
            excuse.check
        );
        table.push_str(&format!(
            "| `{}` | {} | {} | {reason} |\n",
            excuse.check,
            excuse.asks,
            resources.join(", ")
        ));
    }
    table
}
