//! Projects that are too large: P0601 resources, P0602 parameters and outputs, P0603 bytes, P0604 one deployment,
//! P0607 paths, P0704 packages.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pipec_core::Stage;
use pipec_tests::Project;

const APP: &str = "app large { region eu-central-1 }\napi public { throttle 100/s }\n";

fn codes(project: &Project) -> BTreeSet<&'static str> {
    let done = project.compile(None, Stage::Artifacts);
    assert!(
        done.bundle.is_none() || done.diagnostics.iter().all(|finding| finding.code.as_str() == "P0607"),
        "a build was made"
    );
    done.diagnostics.iter().map(|finding| finding.code.as_str()).collect()
}

/// A project of so many events, each with what `body` says.
fn events(count: usize, body: impl Fn(usize) -> String) -> Project {
    let mut text = APP.to_owned();
    for number in 0..count {
        let _ = writeln!(text, "event Event{number} {{ {} }}", body(number));
    }
    Project::single(&text)
}

fn api(number: usize) -> String {
    format!("ingress api POST /path{number}; auth none")
}

/// Private events without alarms, with so many subscribers each.
fn subscribed(events_of: usize, subscribers: usize) -> Project {
    let many = (0..subscribers).fold(String::new(), |mut text, number| {
        let _ = write!(text, "; subscriber s{number} {{ handler python \"handlers/a.py\" }}");
        text
    });
    let project = events(events_of, |_| format!("ingress sns{many}"));
    let text = String::from_utf8_lossy(&project.files["app.pipe"])
        .replace("api public { throttle 100/s }\n", "")
        .replace("eu-central-1 }", "eu-central-1; alarms off }");
    let mut project = project;
    project.add("app.pipe", &text);
    project
}

#[test]
fn a_stack_with_too_many_resources() {
    // Nine resources a subscriber: 56 are 504 in the stack of their event.
    assert_eq!(codes(&subscribed(1, 56)), BTreeSet::from(["P0601"]));
}

#[test]
fn a_stack_with_too_many_outputs_and_an_api_with_too_many_paths() {
    assert!(codes(&events(210, api)).contains("P0602"));
    let paths = events(60, |number| format!("ingress api POST /a{number}/b/c/d/e; auth none"));
    assert_eq!(codes(&paths), BTreeSet::from(["P0607"]));
}

#[test]
fn a_deployment_with_too_many_resources() {
    // Each stack stays below 500, all together are above 2,500.
    assert_eq!(codes(&subscribed(6, 50)), BTreeSet::from(["P0604"]));
}

#[test]
fn a_template_with_too_many_bytes() {
    // Ten types of 150 kB each, as one file takes 1 MB at most.
    let mut project = Project::default();
    let mut fields = String::new();
    for number in 0..10 {
        let rows = (0..1_500).fold(String::new(), |mut text, row| {
            let _ = writeln!(text, "/// {}\nrow_{row}: string length 1..64", "long documentation ".repeat(4));
            text
        });
        project.add(&format!("type_{number}.pipe"), &format!("type Part{number} {{\n{rows}}}\n"));
        let _ = writeln!(fields, "part_{number}: Part{number}");
    }
    project.add(
        "app.pipe",
        &format!("{APP}event Wide {{\ningress api POST /wide\nauth none\nschema {{\n{fields}}}\n}}\n"),
    );
    assert_eq!(codes(&project), BTreeSet::from(["P0603"]));
}

#[test]
fn a_handler_package_that_lambda_does_not_take() {
    let text = "app large { region eu-central-1 }\nevent Big { ingress sns; subscriber s { handler python \"handlers/big\" } }\n";
    let mut project = Project::default();
    project.add("app.pipe", text);
    project.add("handlers/big/main.py", "def handle(event, context): pass\n");
    project.files.insert("handlers/big/data.bin".to_owned(), vec![0; (250 << 20) + 1]);
    assert_eq!(codes(&project), BTreeSet::from(["P0704"]));
}
