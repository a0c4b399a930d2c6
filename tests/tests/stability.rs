//! Same input, same bytes; and adding an event changes no other event's template.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipec_core::Stage;
use pipec_tests::Project;

const APP: &str = "app stable { region eu-central-1 }\napi public { throttle 100/s }\nauth device api_key { quota 10/day }\n";

fn event(name: &str, path: &str, emits: &str) -> String {
    format!(
        "event {name} {{\n  ingress api POST {path}\n  auth device\n  volume high\n  key id\n  schema {{ id: string; site: string }}\n  \
         subscriber work {{ handler python \"handlers/work.py\"; emits {emits} }}\n}}\n"
    )
}

fn project() -> Project {
    let mut project = Project::default();
    project.add("app.pipe", APP);
    project.add("handlers/work.py", "def handle(event, context): pass\n");
    project.add("events/arrived.pipe", &event("Arrived", "/sites/{site}/arrivals", "Noticed"));
    project.add("events/left.pipe", &event("Left", "/sites/{site}/departures", "Noticed"));
    project.add(
        "events/noticed.pipe",
        "event Noticed { ingress sns; store s3; subscriber tell { handler python \"handlers/work.py\" } }\n",
    );
    project
}

fn build(project: &Project) -> BTreeMap<String, Arc<Vec<u8>>> {
    let done = project.compile(None, Stage::Artifacts);
    assert!(done.diagnostics.is_empty(), "{}", pipec_tests::findings(&done));
    done.bundle.expect("a build").files
}

#[test]
fn two_builds_are_the_same_bytes() {
    assert_eq!(build(&project()), build(&project()));
}

/// Types are sorted by name, whatever the order of files.
#[test]
fn types_do_not_depend_on_the_order_of_files() {
    let types = |project: &Project| -> Vec<_> {
        build(project).into_iter().filter(|(path, _)| path.starts_with("types/")).collect()
    };
    let named = |first: &str, second: &str| {
        let mut project = project();
        project.add(first, "type Zone { name: string }\n");
        project.add(
            second,
            "type Area { zone: Zone }\nevent Seen { ingress sns; store s3; schema { area: Area } }\n",
        );
        types(&project)
    };
    let one = named("a.pipe", "z.pipe");
    assert_eq!(one, named("z.pipe", "a.pipe"));
    assert!(one.len() > 5);
}

/// What helps editors is no artifact: it is not uploaded, and no handler's package holds it.
#[test]
fn types_are_not_deployed() {
    let done = project().compile(None, Stage::Artifacts);
    let bundle = done.bundle.expect("a build");
    let types: Vec<_> = bundle.files.keys().filter(|path| path.starts_with("types/")).collect();
    assert_eq!(types.len(), 5, "{types:?}");
    assert!(!bundle.manifest.artifacts.keys().any(|path| path.starts_with("types/")));
}

/// The paths of templates that differ between two builds.
fn changed(before: &Project, after: &Project) -> Vec<String> {
    let (before, after) = (build(before), build(after));
    let templates = before.keys().chain(after.keys()).filter(|path| path.ends_with(".yaml"));
    let mut names: Vec<String> =
        templates.filter(|path| before.get(*path) != after.get(*path)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn adding_an_event_changes_no_other_event() {
    let mut more = project();
    more.add("events/moved.pipe", &event("Moved", "/sites/{site}/moves", "Noticed"));
    let wanted = [
        "root.yaml",
        "stacks/api-public.yaml",
        "stacks/event-Moved.yaml",
        // The dashboard has a row for each event.
        "stacks/observability.yaml",
        "stacks/release-public.yaml",
        "stacks/stores.yaml",
    ];
    assert_eq!(changed(&project(), &more), wanted);
}

#[test]
fn adding_lines_and_comments_changes_nothing() {
    let mut moved = project();
    moved.add(
        "events/left.pipe",
        &format!("// a comment\n\n{}", event("Left", "/sites/{site}/departures", "Noticed")),
    );
    assert_eq!(changed(&project(), &moved), Vec::<String>::new());
}

#[test]
fn changing_a_handler_changes_its_functions_only() {
    let mut other = project();
    other.add("handlers/other.py", "def handle(event, context): print(1)\n");
    other.add(
        "events/noticed.pipe",
        "event Noticed { ingress sns; store s3; subscriber tell { handler python \"handlers/other.py\" } }\n",
    );
    assert_eq!(changed(&project(), &other), ["root.yaml", "stacks/event-Noticed.yaml"]);
}

/// An API's deployment is a new resource when the API changes, and the same one when only a handler does.
#[test]
fn the_deployment_follows_the_api() {
    let deployment = |project: &Project| {
        let release = project.templates()["stacks/release-public.yaml"].clone();
        release
            .lines()
            .find(|line| line.trim().starts_with("Deployment") && line.ends_with(':'))
            .map(str::to_owned)
            .expect("a deployment")
    };
    let first = deployment(&project());
    let mut schema = project();
    schema.add(
        "events/left.pipe",
        &event("Left", "/sites/{site}/departures", "Noticed")
            .replace("id: string;", "id: string; more?: int;"),
    );
    assert_ne!(deployment(&schema), first);
    let mut handler = project();
    handler.add("handlers/work.py", "def handle(event, context): print(1)\n");
    assert_eq!(deployment(&handler), first);
}
