//! Tools that tests call. The first test that needs them installs them, pinned, into `target/tools`.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod checkov;
pub mod projects;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use pipec_tests::repository;

/// Installs what the manifests in `tests/tools` pin: validators, type checkers, the Velocity engine. Once a run.
pub fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let output = Command::new("bash").arg("tests/tools/install.sh").current_dir(repository()).output();
        let output = output.expect("bash runs tests/tools/install.sh");
        assert!(output.status.success(), "tests/tools/install.sh:\n{}", text(&output));
    });
}

/// Runs a command in the repository with a text on its standard input.
pub fn run(program: &str, args: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut child = Command::new(program)
        .args(args)
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    let mut stdin = child.stdin.take().expect("its standard input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    writer.join().expect("the writer").expect("its input is read");
    output
}

/// Both outputs, for messages.
pub fn text(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder below `target/` that only this test uses, emptied.
pub fn scratch(name: &str) -> PathBuf {
    let folder = repository().join("target/test-scratch").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a scratch folder");
    folder
}

/// Compares a page that a test makes with the one in the repository; with `INSTA_UPDATE=always` it is written.
pub fn page(path: &str, text: &str) {
    let full = repository().join(path);
    let shown = std::fs::read_to_string(&full).unwrap_or_default();
    if shown == text {
        return;
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        std::fs::write(full, text).expect("the page is written");
        return;
    }
    assert_eq!(shown, text, "{path}: run this test with INSTA_UPDATE=always");
}
