//! `audit` on histories that nobody here wrote by hand for it: good ones pass, each broken one names its rule.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod binary;
#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::fs;
use std::path::PathBuf;

use binary::sfn_conformance;
use serde_json::Value;

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(embedded::fixtures().join("histories").join(folder))
        .expect("fixtures/histories")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no histories in {folder}");
    files
}

#[test]
fn good_histories_have_no_violations_and_exit_0() {
    for path in files("good").iter().step_by(4) {
        let ran = sfn_conformance(&["audit", path.to_str().unwrap(), "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        assert_eq!(report["violations"], Value::Array(Vec::new()), "{}", path.display());
        assert_eq!(ran.code, 0, "{}", path.display());
    }
}

#[test]
fn bad_histories_are_accused_and_exit_1() {
    // An event type that AWS's model does not have is advice: AWS may have added it.
    let is_breach = |path: &&PathBuf| !path.ends_with("HIS-25.json");
    for path in files("bad").iter().filter(is_breach).step_by(6) {
        let ran = sfn_conformance(&["audit", path.to_str().unwrap(), "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let violations = report["violations"].as_array().cloned().unwrap_or_default();
        assert!(!violations.is_empty(), "{}", path.display());
        assert!(violations.iter().all(|one| one["rule"].is_string() && one["message"].is_string()));
        assert_eq!(ran.code, 1, "{}", path.display());
    }
}

#[test]
fn a_history_is_read_from_standard_input() {
    let path = files("good").swap_remove(0);
    let input = fs::File::open(&path).unwrap();
    let output = binary::command(&["audit", "-"]).stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
