//! `pipec deploy` against emulators of AWS: scenarios of deployments, and events on their way through what was deployed.
//!
//! The driver is Python (`tests/cloud/driver`), which speaks to every service. Each scenario of
//! `deployments.py` and each folder of `tests/cloud/paths` is a test of its own, with an emulator of its own that ends
//! with it. Cases for an emulator that is not installed are ignored by name.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// The driver's exit status for an emulator that is not installed.
const NOT_INSTALLED: i32 = 77;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let (mut trials, mut copied) = (Vec::new(), None);
    match install().and_then(|()| own_binary()) {
        Ok(pipec) => {
            trials.extend(scenarios(&pipec));
            trials.extend(paths(&pipec));
            copied = Some(pipec);
        }
        Err(said) => trials.push(Trial::test("emulators", || Err(Failed::from(said)))),
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(pipec) = copied {
        let _ = std::fs::remove_file(pipec);
    }
    conclusion.exit_code()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Installs the emulators at their pinned versions, once.
fn install() -> Result<(), String> {
    let script = repository().join("tests/tools/emulators.sh");
    let output = Command::new("sh").arg(script).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(text(&output)) }
}

/// A copy of the command: these tests take minutes, in which another build may replace it.
fn own_binary() -> Result<String, String> {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipec-{}", std::process::id()));
    std::fs::copy(env!("CARGO_BIN_EXE_pipec"), &copy).map_err(|error| error.to_string())?;
    Ok(copy.to_string_lossy().into_owned())
}

/// Runs a program of the driver.
fn driver(program: &str, arguments: &[&str]) -> Result<Output, String> {
    let root = repository();
    let output = Command::new(root.join("target/tools/emulators/ministack/bin/python"))
        .arg(root.join("tests/cloud/driver").join(program))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    output.map_err(|error| format!("{program}: {error}"))
}

/// The lines of a listing; a listing that fails is a test that fails.
fn list(program: &'static str) -> Result<Vec<String>, Trial> {
    let output = driver(program, &["--list"])
        .and_then(|output| if output.status.success() { Ok(output) } else { Err(text(&output)) });
    match output {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()),
        Err(said) => Err(Trial::test(program, || Err(Failed::from(said)))),
    }
}

fn scenarios(pipec: &str) -> Vec<Trial> {
    let names = match list("deployments.py") {
        Ok(names) => names,
        Err(failed) => return vec![failed],
    };
    let trial = |name: String| {
        let pipec = pipec.to_owned();
        Trial::test(format!("deployment::{name}"), move || {
            passed(driver("deployments.py", &[&name, "--pipec", &pipec]))
        })
    };
    names.into_iter().map(trial).collect()
}

fn paths(pipec: &str) -> Vec<Trial> {
    let lines = match list("run.py") {
        Ok(lines) => lines,
        Err(failed) => return vec![failed],
    };
    let trial = |line: String| {
        let (name, emulator) = line.split_once(' ').unwrap_or((&line, ""));
        let (name, emulator, pipec) = (name.to_owned(), emulator.to_owned(), pipec.to_owned());
        let available = driver("run.py", &["--available", &emulator]);
        let missing = available.is_ok_and(|output| output.status.code() == Some(NOT_INSTALLED));
        Trial::test(format!("path::{emulator}::{name}"), move || {
            let folder = repository().join("tests/cloud/paths").join(&name);
            let folder = folder.to_string_lossy();
            passed(driver("run.py", &[&folder, "--pipec", &pipec, "--emulator", &emulator]))
        })
        .with_ignored_flag(missing)
    };
    lines.into_iter().map(trial).collect()
}

fn passed(output: Result<Output, String>) -> Result<(), Failed> {
    let output = output?;
    if output.status.success() { Ok(()) } else { Err(Failed::from(text(&output))) }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
