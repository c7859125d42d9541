//! A run that is stopped, gently or not: its directory is valid, and nothing is left that `clean` does not remove.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

mod binary;
mod progress;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use binary::{Served, command, sfn_conformance};
use progress::await_cases;

fn begin(address: &str, out: &Path) -> Child {
    let arguments = ["run", "--quiet", "--target", address, "--jobs", "4", "--out", out.to_str().unwrap()];
    let child = command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_cases(out, 3);
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_leaves_a_whole_directory_and_no_resource() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(&served.address, folder.path());
    signal(&child, "-INT");
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(3), "a run cut short is inconclusive");
    for file in ["run.jsonl", "report.json", "junit.xml", "summary.md", "report.html"] {
        assert!(folder.path().join(file).is_file(), "{file} is missing");
    }
    let doctor = sfn_conformance(&["doctor", "--target", &served.address]);
    assert_eq!(doctor.code, 0, "left behind: {}", doctor.stdout);
}

#[test]
fn after_a_kill_the_events_can_be_judged_and_clean_leaves_nothing() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let mut child = begin(&served.address, folder.path());
    signal(&child, "-KILL");
    child.wait().unwrap();
    let text = std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    assert!(report::read_events(&text).is_ok());
    let judged = sfn_conformance(&["judge", folder.path().to_str().unwrap()]);
    assert_eq!(judged.code, 3, "a killed run is inconclusive: {}", judged.stderr);
    let doctor = sfn_conformance(&["doctor", "--target", &served.address]);
    assert_eq!(doctor.code, 6, "a killed run leaves something: {}", doctor.stdout);
    let young = sfn_conformance(&["clean", "--target", &served.address, "--older-than", "1h"]);
    assert!(!young.stdout.contains("removed"), "{}", young.stdout);
    let out = folder.path().to_str().unwrap();
    let own = ["clean", "--target", &served.address, "--older-than", "1h", "--ledger", out];
    let clean = sfn_conformance(&own);
    assert!(clean.code == 0 && clean.stdout.contains("removed"), "{}\n{}", clean.stdout, clean.stderr);
    assert_eq!(sfn_conformance(&["doctor", "--target", &served.address]).code, 0);
}
