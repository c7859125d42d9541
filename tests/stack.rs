//! `run --stack NAME` on the real binary, against `serve --stack`, which plays a deployed sample: its plans run on the stack's own
//! machine, and nothing of the stack is ever removed.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

mod binary;

use std::path::Path;

use binary::{Ran, Served, sfn_conformance};
use serde_json::Value;

/// Named as its owner may name it: like what runs make.
const STACK: &str = "sfnconf-sample";

/// Rules that the sample's plans decide: one notification for each outcome.
const RULES: &str = "E2E-01,E2E-02,E2E-10";

fn run(served: &Served, out: &Path, more: &[&str]) -> Ran {
    let own =
        ["run", "--target", &served.address, "--rules", RULES, "--quiet", "--out", out.to_str().unwrap()];
    sfn_conformance(&[&own, more].concat())
}

/// What each plan of the sample called, by plan.
fn calls(out: &Path) -> Vec<(String, Vec<Value>)> {
    let text = std::fs::read_to_string(out.join("run.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events
        .filter(|event| event["event"] == "case" && event["plan"]["family"] == "sample")
        .map(|event| {
            let entries = event["record"]["entries"].as_array().unwrap().clone();
            (event["plan"]["about"].as_str().unwrap().to_owned(), entries)
        })
        .collect()
}

fn names(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["call"]["operation"].as_str().unwrap()).collect()
}

/// What `doctor` finds of earlier runs: a stack is none.
fn is_clean(served: &Served) -> bool {
    sfn_conformance(&["doctor", "--target", &served.address]).code == 0
}

#[test]
fn plans_of_the_sample_run_on_the_stack_and_leave_it_as_it_was() {
    let served = Served::start(&["--stack", STACK]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("first");
    let ran = run(&served, &out, &["--stack", STACK]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("its machine, queue and topic"), "{}", ran.stderr);
    let calls = calls(&out);
    let (on_it, of_their_own): (Vec<_>, Vec<_>) =
        calls.iter().partition(|(_, entries)| !names(entries).contains(&"states:CreateStateMachine"));
    assert!(on_it.len() >= 4, "{calls:?}");
    for (about, entries) in on_it {
        let text = serde_json::to_string(entries).unwrap();
        assert!(!names(entries).iter().any(|name| name.contains("Create")), "{about}: {text}");
        assert!(text.contains(":stateMachine:sfnconf-sample-Named"), "{about}: {text}");
    }
    for (about, entries) in of_their_own {
        let text = serde_json::to_string(entries).unwrap();
        assert!(text.contains(":role/sfnconf-sample-StateMachineRole-"), "{about}: {text}");
    }
    assert!(is_clean(&served), "a stack is nobody's leftover");
    let cleaned = sfn_conformance(&["clean", "--target", &served.address]);
    assert!(cleaned.code == 0 && !cleaned.stdout.contains("removed"), "{}", cleaned.stdout);
    let ran = run(&served, &folder.path().join("after clean"), &["--stack", STACK]);
    assert_eq!(ran.code, 0, "the stack is still whole: {}", ran.stderr);
}

#[test]
fn where_a_function_consumes_the_queue_only_the_role_is_used_and_the_run_says_so() {
    let served = Served::start(&["--stack", STACK, "--stack-consumer"]);
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&served, folder.path(), &["--stack", STACK]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("consumes its queue") && ran.stderr.contains("Consumer=none"),
        "{}",
        ran.stderr
    );
    for (about, entries) in calls(folder.path()) {
        let text = serde_json::to_string(&entries).unwrap();
        assert!(!text.contains("sfnconf-sample-Named"), "{about}: {text}");
        assert!(text.contains(":role/sfnconf-sample-StateMachineRole-"), "{about}: {text}");
    }
    assert!(is_clean(&served));
}

#[test]
fn a_stack_that_is_not_there_exits_4_with_the_remedy() {
    let served = Served::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&served, folder.path(), &["--stack", "nobody"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("`nobody`") && ran.stderr.contains("deploy fixtures/sample"),
        "{}",
        ran.stderr
    );
    assert!(is_clean(&served), "nothing was made before");
}

#[test]
fn a_denied_look_at_the_stack_exits_4_and_names_the_permission() {
    let served = Served::start(&["--stack", STACK, "--deny", "cloudformation:DescribeStacks"]);
    let folder = tempfile::tempdir().unwrap();
    let ran = run(&served, folder.path(), &["--stack", STACK]);
    assert!(ran.code == 4 && ran.stderr.contains("allow cloudformation:DescribeStacks"), "{}", ran.stderr);
}

#[test]
fn a_stack_with_a_role_or_on_a_target_without_stacks_exits_5() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    for more in [&["--target", "http://127.0.0.1:1", "--role", "arn:aws:iam::1:role/r"][..], &[]] {
        let ran = sfn_conformance(&[&["run", "--stack", STACK, "--out", out], more].concat());
        assert!(ran.code == 5 && ran.stderr.contains("--stack"), "{more:?}: {} {}", ran.code, ran.stderr);
    }
}
