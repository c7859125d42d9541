//! `audit` of the real binary on the histories of `fixtures/histories`: good ones pass, each bad one is accused by the rule that it is
//! named after.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod binary;
#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::fs;
use std::path::{Path, PathBuf};

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

/// What `audit` says of a file, and its exit code.
fn audit(path: &Path) -> (Value, i32) {
    let ran = sfn_conformance(&["audit", &path.display().to_string(), "--format", "json"]);
    let report = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|why| panic!("{}: {why}: {}", path.display(), ran.stderr));
    (report, ran.code)
}

/// The rules that a list of the report names.
fn rules(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(|one| one["rule"].as_str()).collect()
}

#[test]
fn good_histories_have_no_violations_and_exit_0() {
    for path in files("good") {
        let (report, code) = audit(&path);
        assert_eq!(report["violations"], Value::Array(Vec::new()), "{}", path.display());
        assert_eq!(code, 0, "{}", path.display());
    }
}

#[test]
fn each_bad_history_is_accused_by_its_rule_and_exits_1() {
    for path in files("bad") {
        let rule = path.file_stem().unwrap().to_str().unwrap();
        let (report, code) = audit(&path);
        // An event type that AWS's model does not have is advice: AWS may have added it.
        let (list, expected) = if rule == "HIS-25" { ("advice", 0) } else { ("violations", 1) };
        assert!(rules(&report[list]).contains(&rule), "{rule}: {report}");
        assert_eq!(code, expected, "{rule}: {report}");
        let violations = report["violations"].as_array().unwrap();
        assert!(violations.iter().all(|one| one["rule"].is_string() && one["message"].is_string()), "{rule}");
    }
}

#[test]
fn a_history_is_read_from_standard_input() {
    let path = files("good").swap_remove(0);
    let input = fs::File::open(&path).unwrap();
    let output = binary::command(&["audit", "-"]).stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
