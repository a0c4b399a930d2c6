//! checkov, the judge of the templates' security posture: installed once, run without the network.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pipec_tests::repository;

/// How long one run may take. It takes seconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// What checkov found: what failed and how much it looked at.
pub struct Report {
    /// The check and its question, the resource as `TYPE.LogicalId`, the template.
    pub failed: BTreeSet<Finding>,
    /// How many checks a resource passed.
    pub passed: u64,
    /// How many resources there were.
    pub resources: u64,
}

/// A check that a resource failed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// Its id, such as `CKV_AWS_116`.
    pub check: String,
    /// What it asks for.
    pub asks: String,
    /// `TYPE.LogicalId`.
    pub resource: String,
    /// The template.
    pub file: String,
}

/// Installs checkov, once a run.
fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let output = Command::new("sh").arg("tests/tools/posture.sh").current_dir(repository()).output();
        let output = output.expect("sh runs tests/tools/posture.sh");
        assert!(output.status.success(), "tests/tools/posture.sh:\n{}", super::text(&output));
    });
}

/// Runs checkov over a folder of templates, and reads its report.
pub fn judge(folder: &Path) -> Report {
    install();
    // Beside the templates, not among them: checkov would read its own report.
    let desk = folder.with_extension("checkov");
    let _ = fs::remove_dir_all(&desk);
    fs::create_dir_all(&desk).expect("a folder for the report");
    execute(folder, &desk);
    let said = fs::read_to_string(desk.join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("checkov's report is no JSON: {error}\n{said}{}", complaints(&desk)));
    read(&report, &complaints(&desk))
}

fn complaints(desk: &Path) -> String {
    fs::read_to_string(desk.join("complaints.txt")).unwrap_or_default()
}

/// Nothing of the user's reaches checkov: no account, no configuration, no checks of their own. What would reach for
/// the network meets a proxy that does not exist.
fn execute(folder: &Path, desk: &Path) {
    let mut child = Command::new(repository().join("target/tools/checkov/venv/bin/python"))
        .args(["-m", "checkov.main", "--framework", "cloudformation", "--output", "json"])
        .args(["--skip-download", "--quiet", "--compact", "--soft-fail", "--directory"])
        .arg(folder)
        .current_dir(desk)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", desk)
        .env("TMPDIR", desk)
        .env("LANG", "C.UTF-8")
        .env("LOG_LEVEL", "ERROR")
        .env("PYTHONWARNINGS", "ignore")
        .env("CKV_SKIP_PACKAGE_UPDATE_CHECK", "true")
        .env("BC_SKIP_MAPPING", "true")
        // One process, so that ending it ends all.
        .env("CHECKOV_PARALLELIZATION_TYPE", "none")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .stdin(Stdio::null())
        .stdout(File::create(desk.join("report.json")).expect("a report"))
        .stderr(File::create(desk.join("complaints.txt")).expect("a file"))
        .spawn()
        .expect("checkov starts");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("checkov runs") {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("checkov ends");
            panic!("checkov took more than {PATIENCE:?}: {}", complaints(desk));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "checkov ended with {status}: {}", complaints(desk));
}

/// The report's findings. What checkov could not read or was told to skip inside a template is no pass.
fn read(report: &serde_json::Value, complaints: &str) -> Report {
    let summary = &report["summary"];
    assert_eq!(report["check_type"].as_str(), Some("cloudformation"), "{report}\n{complaints}");
    assert_eq!(
        summary["parsing_errors"].as_u64(),
        Some(0),
        "templates were not read: {summary}\n{complaints}"
    );
    assert_eq!(summary["skipped"].as_u64(), Some(0), "only tests/tools/posture.yaml excuses: {summary}");
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().expect(key).to_owned();
    let failed = report["results"]["failed_checks"].as_array().expect("failed checks");
    let failed = failed.iter().map(|check| Finding {
        check: text(check, "check_id"),
        asks: text(check, "check_name"),
        resource: text(check, "resource"),
        file: text(check, "file_path"),
    });
    Report {
        failed: failed.collect(),
        passed: summary["passed"].as_u64().expect("a number"),
        resources: summary["resource_count"].as_u64().expect("a number"),
    }
}
