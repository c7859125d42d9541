//! The real binary: every exit code, and bad input answered with a remedy.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

mod binary;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use binary::{Ran, sfn_conformance};
use serde_json::json;

/// A few plans: enough to judge something, quick in every build.
const FEW: &[&str] = &["run", "--cases", "2", "--rules", "START-01", "--quiet"];

fn few(more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut arguments = FEW.to_vec();
    let out = out.to_str().unwrap().to_owned();
    arguments.extend(["--out", &out]);
    arguments.extend(more);
    sfn_conformance(&arguments)
}

#[test]
fn help_and_version_exit_0() {
    assert_eq!(sfn_conformance(&["--help"]).code, 0);
    assert!(sfn_conformance(&["--version"]).stdout.starts_with("sfn-conformance "));
}

#[test]
fn a_wrong_command_line_exits_5() {
    for arguments in [&["no-such-verb"][..], &["run", "--no-such-flag"], &["run", "--shard", "3/2"], &[]] {
        assert_eq!(sfn_conformance(arguments).code, 5, "{arguments:?}");
    }
}

#[test]
fn an_unknown_rule_exits_5_with_a_suggestion() {
    for arguments in [&["explain", "TKO-13"][..], &["run", "--rules", "TKO-13"]] {
        let ran = sfn_conformance(arguments);
        assert_eq!(ran.code, 5);
        assert!(ran.stderr.contains("did you mean TOK-13?"), "{}", ran.stderr);
    }
}

#[test]
fn every_rule_can_be_explained_and_listed() {
    let listed = sfn_conformance(&["list", "--format", "json"]);
    let rules: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert!(rules.len() > 300);
    for rule in rules.iter().step_by(29) {
        let id = rule["id"].as_str().unwrap();
        let explained = sfn_conformance(&["explain", &id.to_lowercase()]);
        assert!(explained.code == 0 && explained.stdout.starts_with(id), "{id}");
    }
}

#[test]
fn an_unknown_target_exits_5_and_names_the_forms() {
    for spec in ["nonsense", "mutant:nobody", "process:nobody", "http://"] {
        let ran = few(&["--target", spec]);
        assert_eq!(ran.code, 5, "{spec}: {}", ran.stderr);
        assert!(ran.stderr.contains("remedy: "), "{spec}: {}", ran.stderr);
    }
}

#[test]
fn an_endpoint_that_refuses_exits_4() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ran = few(&["--target", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("remedy: start the emulator first"), "{}", ran.stderr);
}

#[test]
fn an_endpoint_that_answers_html_exits_4() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { break };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let page = "<html>hello</html>";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n";
            let _ = write!(stream, "{head}content-length: {}\r\n\r\n{page}", page.len());
        }
    });
    let ran = few(&["--target", &address]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("remedy: "), "{}", ran.stderr);
}

#[test]
fn an_endpoint_that_accepts_and_never_answers_exits_4() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let held = std::thread::spawn(move || listener.incoming().take(8).collect::<Vec<_>>());
    let ran = few(&["--target", &address]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("gave no answer"), "{}", ran.stderr);
    drop(held);
}

#[test]
fn a_run_directory_that_cannot_be_written_exits_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let ran = sfn_conformance(&[FEW, &["--out", file.join("below").to_str().unwrap()]].concat());
    assert_eq!(ran.code, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("--out"), "{}", ran.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_exits_4_and_says_so() {
    for file in ["run.jsonl", "report.json.part"] {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join(file)).unwrap();
        let ran = sfn_conformance(&[FEW, &["--out", folder.path().to_str().unwrap()]].concat());
        assert_eq!(ran.code, 4, "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains("No space left"), "{file}: {}", ran.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn standard_output_on_a_full_disk_exits_4_and_says_so() {
    for arguments in [&["list"][..], &["explain", "TOK-13"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = binary::command(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {said}");
        assert!(said.contains("No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn every_way_to_serve_starts() {
    for more in [
        &["--loose-delivery"][..],
        &["--throttling", "0.1"],
        &["--variant", "used-token-ok"],
        &["--stack", "sample"],
    ] {
        assert!(binary::Served::start(more).address.starts_with("http://127.0.0.1:"), "{more:?}");
    }
}

#[test]
fn a_variant_that_does_not_exist_is_refused_before_anything_listens() {
    let ran = sfn_conformance(&["serve", "--variant", "no-such-variant"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("no-such-variant"), "{}", ran.stderr);
}

#[test]
fn input_that_cannot_be_read_exits_5_and_says_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nonsense.json");
    fs::write(&file, "{\"neither\": \"plan nor history\"}").unwrap();
    let file = file.to_str().unwrap();
    for arguments in [
        &["audit", file][..],
        &["audit", "/no/such/file"],
        &["replay", file],
        &["replay", "/no/such/file"],
        &["judge", file],
        &["judge", "/no/such/folder"],
        &["run", "--baseline", file],
        &["run", "--baseline", "/no/such/file"],
    ] {
        let ran = sfn_conformance(arguments);
        assert_eq!(ran.code, 5, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("error: "), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_port_in_use_exits_4() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let ran = sfn_conformance(&["serve", "--addr", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.contains("port 0 takes a free one"), "{}", ran.stderr);
}

#[test]
fn aws_is_refused_without_consent_and_without_a_budget() {
    let ran = few(&["--target", "aws:eu-west-1"]);
    assert!(ran.code == 5 && ran.stderr.contains("--budget"), "{}", ran.stderr);
    let ran = few(&["--target", "aws:eu-west-1", "--budget", "1"]);
    assert!(ran.code == 4 && ran.stderr.contains("SFN_CONFORMANCE_AWS"), "{}", ran.stderr);
}

#[test]
fn a_rule_that_no_plan_meets_exits_3() {
    let ran = few(&["--rules", "HB-01"]);
    assert_eq!(ran.code, 3, "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("HB-01"), "{}", ran.stderr);
}

#[test]
fn a_time_budget_that_is_spent_exits_3_and_leaves_a_whole_directory() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ran = sfn_conformance(&["run", "--quiet", "--time-budget", "0s", "--out", out]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    for file in ["run.jsonl", "report.json", "junit.xml", "summary.md", "report.html"] {
        assert!(folder.path().join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn a_baseline_without_reasons_exits_5_and_a_stale_one_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baseline.toml");
    let entry = |reason: &str| {
        format!(
            "[[entry]]\nrule = \"TOK-13\"\ncheck = \"no-such-check\"\nverdict = \"violated\"\nreason = \"{reason}\"\n"
        )
    };
    fs::write(&file, entry("TODO")).unwrap();
    let out = folder.path().join("out");
    let arguments = ["run", "--quiet", "--baseline", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let ran = sfn_conformance(&arguments);
    assert!(ran.code == 5 && ran.stderr.contains("reason"), "{}", ran.stderr);
    fs::write(&file, entry("it was so last year")).unwrap();
    let ran = sfn_conformance(&arguments);
    assert!(ran.code == 2 && ran.stderr.contains("stale"), "{}\n{}", ran.stdout, ran.stderr);
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let mut child = binary::command(&["list"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let plain = few(&[]);
    assert!(!plain.stdout.contains('\u{1b}'));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let asked = ["run", "--cases", "2", "--rules", "START-01", "--color", "always", "--out", out];
    assert!(sfn_conformance(&asked).stdout.contains('\u{1b}'));
}

#[test]
fn keys_that_the_target_does_not_know_are_exit_4_with_the_remedy() {
    let served = binary::Served::start(&["--keys", "ANOTHER"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let ran = sfn_conformance(&["run", "--target", &served.address, "--out", out]);
    assert!(ran.code == 4 && ran.stderr.contains("AWS_ACCESS_KEY_ID"), "{} {}", ran.code, ran.stderr);
}

#[test]
fn an_expression_that_breaks_the_library_accuses_nobody_and_is_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let (history, definition) = (folder.path().join("history.json"), folder.path().join("definition.json"));
    let at = |id: u64, previous: u64, kind: &str| json!({ "id": id, "previousEventId": previous, "type": kind, "timestamp": 1_700_000_000 });
    let mut events = [
        at(1, 0, "ExecutionStarted"),
        at(2, 0, "PassStateEntered"),
        at(3, 2, "PassStateExited"),
        at(4, 3, "ExecutionSucceeded"),
    ];
    events[0]["executionStartedEventDetails"] =
        json!({ "input": "{}", "roleArn": "arn:aws:iam::111111111111:role/r" });
    events[1]["stateEnteredEventDetails"] = json!({ "name": "P", "input": "{}" });
    events[2]["stateExitedEventDetails"] = json!({ "name": "P", "output": "\"\"" });
    events[3]["executionSucceededEventDetails"] = json!({ "output": "\"\"" });
    fs::write(&history, json!({ "events": events }).to_string()).unwrap();
    let state = json!({ "Type": "Pass", "Output": "{% $substring('abc', 1e300) %}", "End": true });
    let machine = json!({ "QueryLanguage": "JSONata", "StartAt": "P", "States": { "P": state } });
    fs::write(&definition, machine.to_string()).unwrap();
    let ran =
        sfn_conformance(&["audit", history.to_str().unwrap(), "--definition", definition.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}
