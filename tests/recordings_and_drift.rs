//! `run --record`: a run that is kept can be judged again without its target, and the next one says what it shows otherwise.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod binary;

use std::fs;
use std::path::{Path, PathBuf};

fn recorded(folder: &Path, target: &str, more: &[&str]) -> binary::Ran {
    let (recordings, out) =
        (folder.join("kept").display().to_string(), folder.join("out").display().to_string());
    let arguments =
        ["run", "--target", target, "--rules", "TOK-13", "--record", &recordings, "--out", &out, "--quiet"];
    binary::sfn_conformance(&[&arguments, more].concat())
}

fn kept(folder: &Path) -> Vec<PathBuf> {
    let series = fs::read_dir(folder.join("kept")).expect("a folder of recordings");
    let series: Vec<_> = series.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(series.len(), 1, "{series:?}");
    let mut kept: Vec<_> =
        fs::read_dir(&series[0]).expect("a series").map(|entry| entry.expect("an entry").path()).collect();
    kept.sort();
    kept
}

#[test]
fn a_recording_is_judged_without_its_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = recorded(folder.path(), "embedded", &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("recorded in "), "{}", ran.stderr);
    let kept = kept(folder.path());
    let told = fs::read_to_string(kept[0].join("recording.json")).expect("what was recorded");
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["date"].is_string() && told["name"].is_string(), "{told}");
    let judged = binary::sfn_conformance(&["judge", &kept[0].display().to_string()]);
    assert_eq!(judged.code, 0, "{}{}", judged.stdout, judged.stderr);
    assert!(judged.stdout.contains(" hold"), "{}{}", judged.stdout, judged.stderr);
}

#[test]
fn a_stored_run_is_judged_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let ran = binary::sfn_conformance(&["run", "--out", &out, "--quiet"]);
    let judged = binary::sfn_conformance(&["judge", &out]);
    assert_eq!((ran.code, judged.code), (0, 0), "{}{}", judged.stdout, judged.stderr);
    let verdicts = |ran: &binary::Ran| {
        let line = ran.stdout.lines().find_map(|line| Some(line.split_once(" rules: ")?.1.to_owned()));
        line.expect("a line that counts the verdicts")
    };
    assert_eq!(verdicts(&ran), verdicts(&judged));
}

#[test]
fn equal_runs_show_no_drift_and_both_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    recorded(folder.path(), "embedded", &[]);
    let again = recorded(folder.path(), "embedded", &["--strict"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("no drift: "), "{}", again.stderr);
    assert_eq!(kept(folder.path()).len(), 2);
}

#[test]
fn a_service_that_changed_shows_in_answers_and_verdicts() {
    let folder = tempfile::tempdir().expect("a folder");
    recorded(folder.path(), "mutant:used-token-ok", &[]);
    // As if the region had been so at first, under its own name.
    let wrong = kept(folder.path()).remove(0);
    let series = folder.path().join("kept/embedded-region");
    fs::rename(wrong.parent().expect("a series"), &series).expect("another name");
    let mended = recorded(folder.path(), "embedded", &[]);
    assert_eq!(mended.code, 0, "{}", mended.stderr);
    assert!(mended.stderr.contains("drift: "), "{}", mended.stderr);
    let told = fs::read_to_string(folder.path().join("out/drift.md")).expect("the drift");
    assert!(told.contains("TOK-13: violated, now holds"), "{told}");
    assert!(told.contains("- states:SendTaskSuccess by "), "{told}");
    assert_eq!(recorded(folder.path(), "embedded", &["--strict"]).code, 0);
}

#[test]
fn recordings_that_cannot_be_written_are_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("kept"), "no folder").expect("a file");
    let ran = recorded(folder.path(), "embedded", &[]);
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("--record"), "{}", ran.stderr);
}
