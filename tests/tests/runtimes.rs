//! The runtimes in handler packages, run by their own languages on recorded payloads.

mod tools;

use pipec_tests::repository;

#[test]
fn the_python_runtime() {
    let output =
        tools::run("python3", &["-B", "-m", "unittest", "discover", "-s", "tests/runtimes/python"], "");
    let text = tools::text(&output);
    assert!(output.status.success() && !text.contains("Ran 0 tests"), "{text}");
}

#[test]
fn the_node_runtime() {
    node("tests/runtimes/node");
}

#[test]
fn the_jwt_authorizer() {
    node("tests/runtimes/jwt");
}

/// Runs the tests of a folder with Node's own runner.
fn node(folder: &str) {
    let mut files: Vec<String> = std::fs::read_dir(repository().join(folder))
        .expect("the tests")
        .flatten()
        .map(|entry| entry.path().to_string_lossy().into_owned())
        .filter(|path| path.ends_with(".test.mjs"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let args: Vec<&str> = std::iter::once("--test").chain(files.iter().map(String::as_str)).collect();
    let output = tools::run("node", &args, "");
    assert!(output.status.success(), "{}", tools::text(&output));
}
