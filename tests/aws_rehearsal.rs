//! The AWS path on the real binary, against `serve`, which plays AWS: budget, expired credentials, a kill.
//! It has not met AWS itself.

mod binary;
mod progress;

use std::process::{Command, Stdio};

use binary::{Served, command, ran, sfn_conformance};
use progress::await_cases;

const AWS: &[&str] = &["--target", "aws:us-east-1", "--i-agree-to-use-aws"];

fn on_aws(served: &Served, key: &str, verb: &str, more: &[&str]) -> Command {
    let mut command = command(&[&[verb], AWS, more].concat());
    command.env("AWS_ENDPOINT_URL", &served.address).env("AWS_ACCESS_KEY_ID", key);
    command.env("AWS_SECRET_ACCESS_KEY", "secret").env_remove("AWS_SESSION_TOKEN");
    command
}

#[test]
fn plans_that_the_budget_does_not_cover_are_not_run_and_that_is_not_green() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ran = sfn_conformance(&["run", "--budget-transitions", "100", "--quiet", "--out", out]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("report.json")).unwrap()).unwrap();
    let not_run = report["coverage"]["not_run"].as_array().unwrap();
    assert!(
        not_run.len() > 10 && not_run.iter().all(|one| one[1].as_str().unwrap().starts_with("budget: ")),
        "{not_run:?}"
    );
    assert_eq!(sfn_conformance(&["judge", out]).code, 3, "neither is it when judged again");
}

#[test]
fn expired_credentials_exit_4_with_the_remedy() {
    let served = Served::start(&["--expired", "OLD"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ran = ran(on_aws(&served, "OLD", "run", &["--budget", "1", "--cases", "2", "--out", out]));
    assert!(ran.code == 4 && ran.stderr.contains("aws sso login"), "{}", ran.stderr);
}

#[test]
fn a_run_killed_in_the_middle_leaves_nothing_after_clean() {
    let served = Served::start(&["--throttling", "0.02"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let run = ["--budget", "1", "--jobs", "4", "--quiet", "--out", out];
    let mut child =
        on_aws(&served, "KEY", "run", &run).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    await_cases(folder.path(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    let doctor = ran(on_aws(&served, "KEY", "doctor", &[]));
    assert_eq!(doctor.code, 6, "a killed run leaves something: {}", doctor.stdout);
    let clean = ran(on_aws(&served, "KEY", "clean", &["--ledger", out]));
    assert!(clean.code == 0 && clean.stdout.contains("removed"), "{}\n{}", clean.stdout, clean.stderr);
    let doctor = ran(on_aws(&served, "KEY", "doctor", &[]));
    assert_eq!(doctor.code, 0, "{}", doctor.stdout);
}
