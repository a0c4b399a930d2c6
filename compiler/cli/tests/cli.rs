//! The commands as a user runs them.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod support;

use std::fs;

use support::{SMALL, Sandbox, repository};

#[test]
fn init_gives_a_project_that_builds_and_is_formatted() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.pipec(&["init", "my_shop"]).status, 0);
    let built = sandbox.pipec(&["build", "my_shop"]);
    assert_eq!(built.status, 0, "{}", built.err);
    assert!(built.err.is_empty(), "{}", built.err);
    assert!(built.out.contains("event-VisitorGreeted"), "{}", built.out);
    assert_eq!(sandbox.pipec(&["fmt", "--check", "my_shop"]).out, "");
    assert!(sandbox.read("my_shop/app.pipe").contains("app my_shop {"));
}

#[test]
fn init_writes_over_nothing() {
    let sandbox = Sandbox::with(&[("app.pipe", "// mine\n")]);
    let ran = sandbox.pipec(&["init"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("exists already"), "{}", ran.err);
    assert_eq!(sandbox.read("app.pipe"), "// mine\n");
    assert!(!sandbox.path("handlers").exists());
}

#[test]
fn new_event_adds_files_that_build() {
    let sandbox = Sandbox::with(SMALL);
    let ran = sandbox.pipec(&["new", "event", "card_lost"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(sandbox.read("events/card_lost.pipe").contains("event CardLost {"));
    let built = sandbox.pipec(&["build"]);
    assert_eq!(built.status, 0, "{}", built.err);
    assert!(sandbox.path("build/stacks/event-CardLost.yaml").is_file());
    assert_eq!(sandbox.pipec(&["fmt", "--check"]).out, "");
    assert_eq!(sandbox.pipec(&["new", "event", "CardLost"]).status, 2);
}

#[test]
fn exit_statuses() {
    let sandbox = Sandbox::with(SMALL);
    assert_eq!(sandbox.pipec(&["check"]).status, 0);
    assert_eq!(sandbox.pipec(&["check", "--nonsense"]).status, 2);
    assert_eq!(sandbox.pipec(&["check", "nowhere"]).status, 2);
    assert_eq!(Sandbox::new().pipec(&["check"]).status, 2);
    sandbox.write("events/bad.pipe", b"event Bad { ingres sns }\n");
    assert_eq!(sandbox.pipec(&["check"]).status, 1);
    assert_eq!(sandbox.pipec(&["build"]).status, 1);
    assert!(!sandbox.path("build").exists(), "a build of a bad project");
}

#[test]
fn a_project_is_found_from_inside() {
    let sandbox = Sandbox::with(SMALL);
    let ran = support::run(&sandbox.path("events"), &["build"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(sandbox.path("build/root.yaml").is_file());
    assert!(sandbox.path("build/types/python/pipec_types.py").is_file());
}

#[test]
fn errors_in_three_forms() {
    let sandbox = Sandbox::with(&[(
        "app.pipe",
        "app a { region eu-central-1 }\nevent One { ingress sns; volum low; store s3 }\n",
    )]);
    let human = sandbox.pipec(&["check"]).err;
    assert!(
        human.contains("there is no statement `volum` in `event`")
            && human.contains("did you mean `volume`?"),
        "{human}"
    );
    let plain = sandbox.pipec(&["check", "--error-format", "plain"]).err;
    assert!(plain.starts_with("app.pipe:2:26: error[P0203]: "), "{plain}");
    let json = sandbox.pipec(&["check", "--error-format", "json"]).err;
    let wanted = r#"{"code":"P0203","severity":"error","message":"there is no statement `volum` in `event`","file":"app.pipe","line":2,"column":26,"end_line":2,"end_column":31,"help":"did you mean `volume`?"}"#;
    assert_eq!(json.trim_end(), wanted);
}

#[test]
fn colour_only_when_wanted() {
    let sandbox = Sandbox::with(&[("app.pipe", "ap a {}\n")]);
    assert!(!sandbox.pipec(&["check"]).err.contains('\u{1b}'));
    assert!(sandbox.pipec(&["check", "--color", "always"]).err.contains('\u{1b}'));
}

#[test]
fn build_replaces_a_build_and_nothing_else() {
    let sandbox = Sandbox::with(SMALL);
    assert_eq!(sandbox.pipec(&["build"]).status, 0);
    sandbox.write("build/stale.txt", b"of an earlier build");
    assert_eq!(sandbox.pipec(&["build"]).status, 0);
    assert!(!sandbox.path("build/stale.txt").exists());
    sandbox.write("precious/letter.txt", b"mine");
    let ran = sandbox.pipec(&["build", "--out", "precious"]);
    assert_eq!(ran.status, 2, "{}", ran.err);
    assert_eq!(sandbox.read("precious/letter.txt"), "mine");
    let left: Vec<_> = fs::read_dir(sandbox.path(""))
        .expect("the folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[test]
fn a_failed_build_leaves_the_last_one() {
    let sandbox = Sandbox::with(SMALL);
    assert_eq!(sandbox.pipec(&["build"]).status, 0);
    let before = sandbox.read("build/root.yaml");
    sandbox.write("events/bad.pipe", b"event Bad { }\n");
    assert_eq!(sandbox.pipec(&["build"]).status, 1);
    assert_eq!(sandbox.read("build/root.yaml"), before);
}

/// What a build wrote is proved like templates of anybody, its stacks found by the manifest.
#[test]
fn a_build_is_verified() {
    let sandbox = Sandbox::with(SMALL);
    let built = sandbox.pipec(&["build", "--proofs"]);
    assert!(built.out.contains(" by ") && built.out.contains("a topic sends to a queue by"), "{}", built.out);
    let ran = sandbox.pipec(&["verify", "build"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.contains("nothing wrong"), "{}", ran.err);
}

#[test]
fn wrong_templates_are_shown_at_their_lines() {
    let text = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n  Queue:\n    Type: AWS::SQS::Queue\n  Subscription:\n    Type: AWS::SNS::Subscription\n    Properties:\n      TopicArn: !Ref Topic\n      Protocol: sqs\n      Endpoint: !GetAtt Queue.Arn\n";
    let sandbox = Sandbox::with(&[("template.yaml", text), ("empty/notes.yaml", "a: 1\n")]);
    let plain = sandbox.pipec(&["verify", "template.yaml", "--error-format", "plain"]);
    assert_eq!(plain.status, 1);
    assert!(plain.err.starts_with("template.yaml:4:3: error[P1006]"), "{}", plain.err);
    let json = sandbox.pipec(&["verify", "template.yaml", "--error-format", "json"]);
    let line: serde_json::Value =
        serde_json::from_str(json.err.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&line["code"], &line["line"]), (&"P1006".into(), &4.into()));
    assert_eq!(sandbox.pipec(&["verify", "empty"]).status, 2);
    assert_eq!(sandbox.pipec(&["verify", "nowhere.yaml"]).status, 3);
    assert_eq!(sandbox.pipec(&["explain", "P1006"]).status, 0);
}

#[test]
fn json_templates_are_json() {
    let sandbox = Sandbox::with(SMALL);
    assert_eq!(sandbox.pipec(&["build", "--format", "json"]).status, 0);
    let text = sandbox.read("build/stacks/event-Told.json");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(value["Resources"]["SubscriberHearRole"]["Properties"]["Policies"].is_array());
    assert!(text.contains("\"Fn::GetAtt\""));
}

#[test]
fn explain_knows_every_code_and_the_nearest() {
    let sandbox = Sandbox::new();
    let ran = sandbox.pipec(&["explain", "p0203"]);
    assert!(ran.status == 0 && ran.out.starts_with("# P0203: "), "{}", ran.out);
    let wrong = sandbox.pipec(&["explain", "P0230"]);
    assert!(wrong.status == 2 && wrong.err.contains("did you mean"), "{}", wrong.err);
}

#[test]
fn graph_and_debug_print() {
    let sandbox = Sandbox::with(SMALL);
    assert!(sandbox.pipec(&["graph"]).out.starts_with("flowchart LR"));
    assert!(sandbox.pipec(&["graph", "--format", "dot"]).out.starts_with("digraph"));
    for (what, wanted) in [
        ("syntax", "statement event Told"),
        ("model", "\"Told\""),
        ("graph", "topic (ingress/sns)"),
        ("stacks", "AWS::SNS::Topic"),
    ] {
        let ran = sandbox.pipec(&["debug", what]);
        assert!(ran.status == 0 && ran.out.contains(wanted), "{what}: {}", ran.out);
    }
}

#[test]
fn fmt_changes_layout_only_and_leaves_broken_files() {
    let sandbox =
        Sandbox::with(&[("app.pipe", "app   a{region eu-central-1}\n"), ("bad.pipe", "event  X {{\n")]);
    let check = sandbox.pipec(&["fmt", "--check"]);
    assert_eq!((check.status, check.out.as_str()), (1, "app.pipe\n"), "{}", check.err);
    assert_eq!(sandbox.pipec(&["fmt"]).status, 1);
    assert_eq!(sandbox.read("app.pipe"), "app a { region eu-central-1 }\n");
    assert_eq!(sandbox.read("bad.pipe"), "event  X {{\n");
}

/// The help is the reference of the command line: a change of it is a change to read.
#[test]
fn help_lists_every_command() {
    let help = Sandbox::new().pipec(&["--help"]).out;
    for command in ["init", "new", "check", "build", "fmt", "explain", "graph", "debug"] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
}

#[test]
fn examples_are_formatted_and_build_in_every_environment() {
    for entry in fs::read_dir(repository().join("examples")).expect("examples").flatten() {
        let path = entry.path();
        let Some(project) = path.to_str().filter(|_| path.join("app.pipe").is_file()) else { continue };
        let sandbox = Sandbox::new();
        let out = sandbox.path("out");
        let out = out.to_str().expect("a path");
        assert_eq!(sandbox.pipec(&["fmt", "--check", project]).out, "", "{project}");
        let app = fs::read_to_string(path.join("app.pipe")).expect("the app");
        let environments =
            app.lines().filter_map(|line| line.strip_prefix("environment ")?.split_whitespace().next());
        for environment in std::iter::once(None).chain(environments.map(Some)) {
            let mut args = vec!["build", project, "--out", out];
            args.extend(environment.iter().flat_map(|name| ["--env", name]));
            let ran = sandbox.pipec(&args);
            assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{project} {environment:?}");
        }
    }
}

/// The handlers of the examples, unit by unit and out of built packages, with fakes for AWS.
#[test]
fn the_examples_handlers_work() {
    let run = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program)
            .args(args)
            .current_dir(repository())
            .env("PIPEC", env!("CARGO_BIN_EXE_pipec"))
            .output()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && !text.contains("Ran 0 tests"), "{text}");
    };
    for project in ["access_cards", "bank"] {
        let folder = format!("examples/{project}/tests");
        run("python3", &["-B", "-m", "unittest", "discover", "-s", &folder]);
        let tests = fs::read_dir(repository().join(&folder)).expect("the tests");
        let files: Vec<String> =
            tests.flatten().map(|entry| entry.path().to_string_lossy().into_owned()).collect();
        let files: Vec<&str> =
            files.iter().map(String::as_str).filter(|path| path.ends_with(".test.mjs")).collect();
        assert!(!files.is_empty());
        run("node", &[&["--test"], files.as_slice()].concat());
    }
}

/// Only a folder that a build of ours wrote is ever replaced.
#[test]
fn build_refuses_what_is_not_its_own() {
    let sandbox = Sandbox::with(SMALL);
    sandbox.write("site/manifest.json", b"{\"name\":\"a web app\"}");
    sandbox.write("site/thesis.txt", b"mine");
    assert_eq!(sandbox.pipec(&["build", "--out", "site"]).status, 2);
    assert_eq!(sandbox.read("site/thesis.txt"), "mine");
    sandbox.write("manifest.json", b"{\"pipec\":\"0\",\"artifacts\":{}}");
    let ran = sandbox.pipec(&["build", "--out", "."]);
    assert!(ran.status == 2 && ran.err.contains("holds the project"), "{}", ran.err);
    assert!(sandbox.path("app.pipe").is_file());
}

#[test]
fn two_builds_at_once_leave_a_whole_one() {
    let sandbox = Sandbox::with(SMALL);
    assert_eq!(sandbox.pipec(&["build"]).status, 0);
    let whole = fs::read_dir(sandbox.path("build")).expect("the build").count();
    for _ in 0..10 {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| sandbox.pipec(&["build"]).status)).collect();
            let done: Vec<i32> = runs.into_iter().map(|run| run.join().expect("a status")).collect();
            assert!(done.contains(&0), "{done:?}");
        });
        assert_eq!(fs::read_dir(sandbox.path("build")).expect("the build").count(), whole);
    }
}

/// Who only compiles has no AWS SDK, and is told where it is.
#[cfg(not(feature = "deploy"))]
#[test]
fn a_pipec_that_only_compiles_says_so() {
    let sandbox = Sandbox::with(SMALL);
    for command in ["deploy", "destroy", "status", "outputs"] {
        let ran = sandbox.pipec(&[command]);
        assert_eq!(ran.status, 2);
        assert!(ran.err.contains(&format!("without `{command}`")), "{}", ran.err);
        assert!(ran.err.contains("--features deploy"), "{}", ran.err);
    }
}

/// Mistakes of the project are told before anybody is asked for credentials.
#[cfg(feature = "deploy")]
#[test]
fn a_project_with_errors_is_not_deployed() {
    let sandbox = Sandbox::with(&[("app.pipe", "app shop { regon eu-central-1 }\n")]);
    let ran = sandbox.pipec(&["deploy", "--yes"]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("P0203"), "{}", ran.err);
    let json = sandbox.pipec(&["deploy", "--yes", "--json"]);
    assert!(json.err.starts_with("{\"code\":\"P0"), "{}", json.err);
    let ran = sandbox.pipec(&["deploy", "--param", "=3"]);
    assert!(ran.status == 2 && ran.err.contains("NAME=VALUE"), "{}", ran.err);
}
