//! Bad input: never a panic, a hang, or lost work; always a clear message.
//!
//! P0109 not UTF-8, P0110 too large, P0705 a handler that cannot be read: shown here because no
//! page can hold such files.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

mod support;

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::{fs, iter};

use support::{SMALL, Sandbox};

/// The codes a run reports.
fn codes(sandbox: &Sandbox) -> (i32, Vec<String>) {
    let ran = sandbox.pipec(&["build", "--error-format", "json"]);
    let code = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).ok()?["code"].as_str().map(str::to_owned)
    };
    assert!(ran.status == 0 || !sandbox.path("build").exists(), "a build of a bad project");
    (ran.status, ran.err.lines().filter_map(code).collect())
}

fn with_file(path: &str, bytes: &[u8]) -> Sandbox {
    let sandbox = Sandbox::with(SMALL);
    sandbox.write(path, bytes);
    sandbox
}

fn expect(sandbox: &Sandbox, wanted: &[&str]) {
    let (status, found) = codes(sandbox);
    assert_eq!(found, wanted);
    assert_eq!(status, i32::from(!wanted.is_empty()));
}

#[test]
fn not_utf8() {
    expect(&with_file("events/a.pipe", b"// fine\n\xff\xfe event"), &["P0109"]);
}

#[test]
fn byte_order_mark_and_crlf() {
    expect(
        &with_file("events/a.pipe", "\u{feff}event A {\r\n  ingress sns\r\n  store s3\r\n}\r\n".as_bytes()),
        &[],
    );
}

#[test]
fn an_unterminated_text() {
    expect(
        &with_file("events/a.pipe", b"event A { ingress sns; store s3 }\nparam x: string default \"abc\n"),
        &["P0102"],
    );
}

#[test]
fn a_hundred_thousand_nested_braces() {
    expect(&with_file("events/a.pipe", "{".repeat(100_000).as_bytes()), &["P0108"]);
    expect(&with_file("events/a.pipe", "a { ".repeat(100_000).as_bytes()), &["P0108"]);
}

#[test]
fn a_line_of_ten_megabytes() {
    expect(&with_file("events/a.pipe", "x".repeat(10 << 20).as_bytes()), &["P0110"]);
    // As large as a file may be, in one word, one text and one list.
    let (status, found) = codes(&with_file("events/a.pipe", "x".repeat(1 << 20).as_bytes()));
    assert!(status == 1 && !found.is_empty());
    let (status, _) = codes(&with_file("events/a.pipe", "[".repeat(1 << 20).as_bytes()));
    assert_eq!(status, 1);
    let (status, _) = codes(&with_file("events/a.pipe", "\"".repeat(1 << 20).as_bytes()));
    assert_eq!(status, 1);
}

#[test]
fn many_findings_are_all_reported() {
    let text: String = (0..2_000).map(|number| format!("event E{number} {{ ingres sns }}\n")).collect();
    let (status, found) = codes(&with_file("events/a.pipe", text.as_bytes()));
    assert!(status == 1 && found.len() >= 2_000, "{}", found.len());
    let human = with_file("events/a.pipe", text.as_bytes()).pipec(&["check"]).err;
    assert!(human.contains("more findings"), "people are shown a part");
}

#[test]
fn a_missing_handler_and_one_outside() {
    let event =
        |path: &str| format!("event A {{ ingress sns; subscriber a {{ handler python \"{path}\" }} }}\n");
    expect(&with_file("events/a.pipe", event("handlers/heer.py").as_bytes()), &["P0701"]);
    expect(&with_file("events/a.pipe", event("../secret.py").as_bytes()), &["P0702"]);
    expect(&with_file("events/a.pipe", event("/etc/passwd").as_bytes()), &["P0702"]);
    let sandbox = with_file("events/a.pipe", event("handlers/link.py").as_bytes());
    let outside = Sandbox::with(&[("secret.py", "SECRET = 1\n")]);
    symlink(outside.path("secret.py"), sandbox.path("handlers/link.py")).expect("a link");
    expect(&sandbox, &["P0702"]);
}

#[test]
fn links_in_a_circle() {
    let sandbox = with_file(
        "events/a.pipe",
        b"event A { ingress sns; subscriber a { handler python \"handlers/loop.py\" } }\n",
    );
    symlink("loop.py", sandbox.path("handlers/loop.py")).expect("a link");
    symlink("..", sandbox.path("events/up")).expect("a link");
    expect(&sandbox, &["P0705"]);
}

#[test]
fn unreadable_files_by_name() {
    let sandbox = with_file("events/a.pipe", b"event A { ingress sns; store s3 }\n");
    fs::set_permissions(sandbox.path("events/a.pipe"), fs::Permissions::from_mode(0o000)).expect("rights");
    if fs::read(sandbox.path("events/a.pipe")).is_ok() {
        // The system's administrator may read everything: there is nothing to show.
        eprintln!("not shown here: file rights do not bind this user");
        return;
    }
    let ran = sandbox.pipec(&["check"]);
    assert!(ran.status == 3 && ran.err.contains("events/a.pipe"), "{}", ran.err);
}

#[test]
fn an_empty_folder_and_an_empty_file() {
    let ran = Sandbox::new().pipec(&["build"]);
    assert!(ran.status == 2 && ran.err.contains("pipec init"), "{}", ran.err);
    let sandbox = Sandbox::with(&[("app.pipe", "")]);
    expect(&sandbox, &["P0201"]);
}

#[test]
fn two_apps() {
    expect(&with_file("other.pipe", b"app other { region eu-west-1 }\n"), &["P0202"]);
}

#[test]
fn a_folder_called_like_a_file() {
    let sandbox = Sandbox::with(SMALL);
    fs::create_dir(sandbox.path("events/folder.pipe")).expect("a folder");
    expect(&sandbox, &[]);
}

#[test]
fn control_characters_and_strange_words() {
    let noise: String = (0_u8..32).map(char::from).chain("\u{2028}\u{202e}\u{1F600}é".chars()).collect();
    let (status, found) = codes(&with_file("events/a.pipe", noise.as_bytes()));
    assert!(status == 1 && !found.is_empty());
    let deep = iter::repeat_n("a", 20).collect::<Vec<_>>().join("/");
    let (status, _) =
        codes(&with_file(&format!("events/{deep}/x.pipe"), b"event X { ingress sns; store s3 }\n"));
    assert_eq!(status, 0);
}

/// No value of a project may reach a template unasked; handlers' texts stay in their packages.
#[test]
fn a_build_that_cannot_be_written_leaves_nothing() {
    let sandbox = Sandbox::with(SMALL);
    sandbox.write("out", b"a file where the folder would be");
    let ran = sandbox.pipec(&["build", "--out", "out/build"]);
    assert_eq!(ran.status, 3, "{}", ran.err);
    assert_eq!(sandbox.read("out"), "a file where the folder would be");
}

/// Inheritance, types and emits in long chains, and profiles in diamonds: linear, and bounded on the stack.
#[test]
fn long_chains() {
    use std::fmt::Write as _;
    let chain =
        |each: &dyn Fn(usize) -> String| (0..4_000).map(|number| each(number) + "\n").collect::<String>();
    let emits = |n: usize| {
        format!(
            "event E{n} {{ ingress sns; subscriber s {{ handler python \"handlers/hear.py\"; emits E{} }} }}",
            n + 1
        )
    };
    let sandbox =
        with_file("events/a.pipe", (chain(&emits) + "event E4000 { ingress sns; store s3 }\n").as_bytes());
    assert_eq!(sandbox.pipec(&["graph"]).status, 0);
    let types = chain(&|n| format!("type T{n} {{ next: T{} }}", n + 1))
        + "type T4000 { end: int }\nevent A { ingress sns; store s3; schema { first: T0 } }\n";
    assert_eq!(with_file("events/a.pipe", types.as_bytes()).pipec(&["graph"]).status, 0);
    let profiles = chain(&|n| format!("profile p{n} is p{} {{ version 1 }}", n + 1))
        + "profile p4000 { version 1 }\nevent A is p0 { ingress sns; store s3 }\n";
    let ran = with_file("events/a.pipe", profiles.as_bytes()).pipec(&["check"]);
    assert!(ran.status == 1 && ran.err.contains("deep"), "{}", ran.err);
    let mut diamond = String::from(
        "event A is p0 { ingress sns; store s3 }\nprofile p30 { version 1 }\nprofile q30 { version 1 }\n",
    );
    for n in 0..30 {
        let _ = writeln!(
            diamond,
            "profile p{n} is p{0}, q{0} {{ version 1 }}\nprofile q{n} is p{0}, q{0} {{ version 1 }}",
            n + 1
        );
    }
    let ran = with_file("events/a.pipe", diamond.as_bytes()).pipec(&["check"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
}

/// The scanner that bounds nesting and the parser must agree on where texts, comments and lines end.
#[test]
fn nesting_behind_odd_line_ends() {
    for start in ["x /a// ", "y \"\r", "// c\r", "% \" ", "% // \n"] {
        let text = format!("{start}{}", "x {".repeat(5_000));
        let (status, _) = codes(&with_file("events/a.pipe", text.as_bytes()));
        assert_eq!(status, 1, "{start:?}");
    }
}

/// A pipe would make a reader wait for ever.
#[test]
fn files_that_are_no_files() {
    let sandbox = Sandbox::with(SMALL);
    let made =
        std::process::Command::new("mkfifo").arg(sandbox.path("events/x.pipe")).status().expect("mkfifo");
    assert!(made.success());
    let ran = sandbox.pipec(&["check"]);
    assert!(ran.status == 3 && ran.err.contains("no ordinary file"), "{}", ran.err);
}

/// `pipec … | head` ends without a panic.
#[test]
fn a_reader_that_goes_away() {
    let sandbox = Sandbox::with(SMALL);
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_pipec"))
        .args(["debug", "stacks"])
        .current_dir(sandbox.path(""))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("pipec starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}
