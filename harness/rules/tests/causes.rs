//! The first reason that an audit gives is the cause, and what AWS leaves open is no reason at all. Histories are written by hand.

#![expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]
#![expect(clippy::expect_used, reason = "a history that cannot be read fails its test")]

use rules::audit::{AuditReport, audit};
use serde_json::{Value, json};

/// A history as text: each row is an event, its id is its row; `at` is in seconds.
fn history(rows: &[(f64, u64, &str, Value)]) -> Vec<Value> {
    let event = |(index, (at, previous, kind, details)): (usize, &(f64, u64, &str, Value))| {
        let mut event = json!({
            "id": index + 1, "previousEventId": previous, "type": kind, "timestamp": 1_700_000_000.0 + at,
        });
        if let Some(member) = record::history::detail_member(kind) {
            event[member] = details.clone();
        }
        event
    };
    rows.iter().enumerate().map(event).collect()
}

fn audited(rows: &[(f64, u64, &str, Value)], definition: Option<&Value>) -> AuditReport {
    let text = json!({ "events": history(rows) }).to_string();
    audit(&text, definition.map(Value::to_string).as_deref()).expect("a history")
}

fn started() -> Value {
    json!({ "input": "{}", "roleArn": "arn:aws:iam::111111111111:role/r" })
}

fn enters(name: &str) -> Value {
    json!({ "name": name, "input": "{}" })
}

fn leaves(name: &str) -> Value {
    json!({ "name": name, "output": "{}" })
}

fn resource() -> Value {
    json!({ "resourceType": "sqs", "resource": "sendMessage" })
}

fn with(mut details: Value, more: Value) -> Value {
    let members = more.as_object().expect("an object").clone();
    details.as_object_mut().expect("an object").extend(members);
    details
}

fn scheduled() -> Value {
    with(resource(), json!({ "region": "eu-west-1", "parameters": "{}" }))
}

fn failed() -> Value {
    with(resource(), json!({ "error": "E", "cause": "c" }))
}

fn iteration(name: &str, index: u64) -> Value {
    json!({ "name": name, "index": index })
}

fn first(report: &AuditReport) -> (&str, Option<u64>) {
    report.violations.first().map_or(("none", None), |violation| (violation.rule, violation.event))
}

const NONE: Value = Value::Null;

/// Two iterations of a Map, each with a Map of one Task inside; the failure is in the first.
fn nested(aborts: &[(&'static str, Value)]) -> Vec<(f64, u64, &'static str, Value)> {
    let mut rows = vec![
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "MapStateEntered", enters("Outer")),
        (0.0, 2, "MapStateStarted", json!({ "length": 2 })),
        (0.0, 3, "MapIterationStarted", iteration("Outer", 0)),
        (0.0, 3, "MapIterationStarted", iteration("Outer", 1)),
        (0.0, 4, "MapStateEntered", enters("Inner")),
        (0.0, 6, "MapStateStarted", json!({ "length": 2 })),
        (0.1, 5, "MapStateEntered", enters("Inner")),
        (0.1, 8, "MapStateStarted", json!({ "length": 2 })),
        (0.1, 7, "MapIterationStarted", iteration("Inner", 0)),
        (0.1, 7, "MapIterationStarted", iteration("Inner", 1)),
        (0.1, 9, "MapIterationStarted", iteration("Inner", 0)),
        (0.1, 9, "MapIterationStarted", iteration("Inner", 1)),
    ];
    for begun in 10..=13 {
        rows.push((0.2, begun, "TaskStateEntered", enters("Work")));
    }
    for entered in 14..=17 {
        rows.push((0.2, entered, "TaskScheduled", scheduled()));
    }
    for row in 18..=21 {
        rows.push((0.3, row, "TaskStarted", resource()));
    }
    rows.push((0.5, 22, "TaskFailed", failed()));
    rows.extend(aborts.iter().map(|(kind, details)| (0.5, 26, *kind, details.clone())));
    rows
}

#[test]
fn aborts_belong_to_the_states_nearest_to_the_failure() {
    let mut rows = nested(&[
        ("MapIterationFailed", iteration("Inner", 0)),
        ("TaskStateAborted", NONE),
        ("MapIterationAborted", iteration("Inner", 1)),
        ("TaskStateAborted", NONE),
        ("MapStateFailed", NONE),
    ]);
    // The catcher inside the first iteration goes on, and so do the tasks of the second.
    rows.push((0.5, 31, "MapStateExited", leaves("Inner")));
    rows.push((0.5, 32, "MapIterationSucceeded", iteration("Outer", 0)));
    rows.push((0.9, 24, "TaskSucceeded", with(resource(), json!({ "output": "{}" }))));
    rows.push((0.9, 34, "TaskStateExited", leaves("Work")));
    assert_eq!(audited(&rows, None).violations, Vec::new());
}

#[test]
fn a_map_may_be_stopped_before_or_after_its_iterations() {
    for parent_first in [true, false] {
        let parent = ("MapStateAborted", NONE);
        let children = [
            ("MapIterationAborted", iteration("Inner", 0)),
            ("TaskStateAborted", NONE),
            ("MapIterationAborted", iteration("Inner", 1)),
            ("TaskStateAborted", NONE),
        ];
        let mut aborts = vec![
            ("MapIterationFailed", iteration("Inner", 0)),
            ("TaskStateAborted", NONE),
            ("MapIterationAborted", iteration("Inner", 1)),
            ("TaskStateAborted", NONE),
            ("MapStateFailed", NONE),
            ("MapIterationFailed", iteration("Outer", 0)),
        ];
        if parent_first {
            aborts.push(parent.clone());
        }
        aborts.extend(children);
        if !parent_first {
            aborts.push(parent.clone());
        }
        aborts.push(("MapIterationAborted", iteration("Outer", 1)));
        let mut rows = nested(&aborts);
        for row in &mut rows[31..] {
            row.1 = 31;
        }
        let last = rows.len() as u64;
        rows.push((0.5, 31, "MapStateFailed", NONE));
        rows.push((0.5, last + 1, "ExecutionFailed", json!({ "error": "E", "cause": "c" })));
        assert_eq!(audited(&rows, None).violations, Vec::new(), "parent first: {parent_first}");
    }
}

/// A callback with a timeout of 5 s that ends `after` seconds by this event.
fn callback(after: f64, end: &'static str) -> Vec<(f64, u64, &'static str, Value)> {
    let own = || json!({ "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken" });
    let windows = json!({ "region": "eu-west-1", "parameters": "{}", "timeoutInSeconds": 5 });
    let details = match end {
        "TaskSucceeded" => with(own(), json!({ "output": "{}" })),
        "TaskTimedOut" => with(own(), json!({ "error": "States.Timeout" })),
        _ => json!({}),
    };
    let previous = if end == "ExecutionAborted" { 0 } else { 5 };
    vec![
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "TaskStateEntered", enters("Ask")),
        (0.0, 2, "TaskScheduled", with(own(), windows)),
        (0.1, 3, "TaskStarted", own()),
        (
            0.2,
            4,
            "TaskSubmitted",
            with(own(), json!({ "output": r#"{"MessageId":"m","MD5OfMessageBody":"5"}"# })),
        ),
        (after, previous, end, details),
    ]
}

#[test]
fn what_outlives_its_timeout_by_far_without_one_is_refused() {
    for end in ["TaskSucceeded", "ExecutionAborted"] {
        assert_eq!(first(&audited(&callback(60.0, end), None)), ("TMO-01", Some(6)), "{end}");
        assert_eq!(audited(&callback(20.0, end), None).violations, Vec::new(), "{end}");
    }
    assert_eq!(audited(&callback(60.0, "TaskTimedOut"), None).violations, Vec::new());
    assert_eq!(first(&audited(&callback(2.0, "TaskTimedOut"), None)).0, "TMO-02");
}

#[test]
fn a_gap_in_the_ids_is_told_and_not_the_time_that_it_took() {
    let mut rows = callback(60.0, "TaskSucceeded");
    rows.remove(4);
    let mut events = history(&rows);
    events[4]["id"] = json!(6);
    let report = audit(&json!({ "events": events }).to_string(), None).expect("a history");
    assert_eq!(first(&report), ("HIS-01", Some(6)));
    assert!(report.violations.iter().chain(&report.consequences).all(|told| told.rule != "TMO-01"));
}

#[test]
fn an_execution_that_goes_on_behind_the_timeout_of_its_machine_is_refused() {
    let machine = |seconds: u64| {
        json!({ "StartAt": "Wait", "TimeoutSeconds": seconds, "States": {
            "Wait": { "Type": "Wait", "Seconds": 60, "Next": "End" }, "End": { "Type": "Succeed" } } })
    };
    let rows = [
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "WaitStateEntered", enters("Wait")),
        (60.1, 2, "WaitStateExited", leaves("Wait")),
        (60.2, 3, "SucceedStateEntered", enters("End")),
    ];
    assert_eq!(first(&audited(&rows, Some(&machine(20)))), ("TMO-06", Some(4)));
    assert_eq!(audited(&rows, Some(&machine(50))).violations, Vec::new());
}

/// A Parallel of one Task that fails and is caught, then a Task that fails the execution, which is redriven.
#[test]
fn a_redrive_leaves_a_branch_alone_whose_failure_was_caught() {
    let rows = [
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "ParallelStateEntered", enters("Both")),
        (0.0, 2, "ParallelStateStarted", NONE),
        (0.0, 3, "TaskStateEntered", enters("Work")),
        (0.0, 4, "TaskScheduled", scheduled()),
        (0.1, 5, "TaskStarted", resource()),
        (0.3, 6, "TaskFailed", failed()),
        (0.3, 7, "TaskStateAborted", NONE),
        (0.3, 7, "ParallelStateFailed", NONE),
        (0.3, 9, "ParallelStateExited", leaves("Both")),
        (0.3, 10, "TaskStateEntered", enters("Last")),
        (0.3, 11, "TaskScheduled", scheduled()),
        (0.4, 12, "TaskStarted", resource()),
        (0.7, 13, "TaskFailed", failed()),
        (0.7, 14, "ExecutionFailed", json!({ "error": "E", "cause": "c" })),
        (9.0, 0, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (9.1, 16, "TaskScheduled", scheduled()),
    ];
    assert_eq!(audited(&rows, None).violations, Vec::new());
}

/// Branches that are written as one chain, as some emulators do.
#[test]
fn a_chain_through_two_branches_is_told_as_wrong_links() {
    let rows = [
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "ParallelStateEntered", enters("Both")),
        (0.0, 2, "ParallelStateStarted", NONE),
        (0.0, 3, "TaskStateEntered", enters("A")),
        (0.0, 4, "TaskScheduled", scheduled()),
        (0.1, 3, "TaskStateEntered", enters("B")),
        (
            0.1,
            6,
            "TaskScheduled",
            json!({
            "resourceType": "sns", "resource": "publish", "region": "eu-west-1", "parameters": "{}" }),
        ),
        (0.2, 7, "TaskStarted", resource()),
        (0.3, 8, "TaskSucceeded", with(resource(), json!({ "output": "{}" }))),
        (0.3, 9, "TaskStateExited", leaves("A")),
    ];
    assert_eq!(first(&audited(&rows, None)), ("HIS-26", Some(8)));
}

#[test]
fn an_end_of_branches_that_is_missing_is_told_and_not_the_state_that_is_left() {
    let rows = [
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "ParallelStateEntered", enters("Both")),
        (0.0, 2, "ParallelStateStarted", NONE),
        (0.0, 3, "PassStateEntered", enters("A")),
        (0.1, 4, "PassStateExited", leaves("A")),
        (0.1, 5, "ParallelStateExited", leaves("Both")),
    ];
    assert_eq!(first(&audited(&rows, None)), ("HIS-26", Some(6)));
}

#[test]
fn details_under_another_name_are_told_before_what_they_leave_open() {
    let mut rows = history(&[
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "PassStateEntered", enters("A")),
        (0.1, 2, "PassStateExited", leaves("A")),
    ]);
    let details = rows[1].as_object_mut().and_then(|event| event.remove("stateEnteredEventDetails"));
    rows[1]["passStateEnteredEventDetails"] = details.unwrap_or_default();
    let definition = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } });
    let text = json!({ "events": rows }).to_string();
    let report = audit(&text, Some(&definition.to_string())).expect("a history");
    assert_eq!(first(&report), ("HIS-10", Some(2)));
}

#[test]
fn a_map_whose_items_are_not_there_starts_no_iteration() {
    let rows = [
        (0.0, 0, "ExecutionStarted", started()),
        (0.0, 0, "MapStateEntered", enters("Each")),
        (0.0, 2, "MapStateStarted", json!({ "length": 1 })),
        (0.1, 3, "MapIterationStarted", iteration("Each", 0)),
    ];
    let definition = json!({ "StartAt": "Each", "States": { "Each": {
        "Type": "Map", "ItemsPath": "$.absent", "End": true,
        "ItemProcessor": { "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } } } } });
    assert_eq!(first(&audited(&rows, Some(&definition))), ("IO-02", Some(4)));
}

/// A Parallel of a Pass and of a Task that fails; a redrive runs the Task alone.
#[test]
fn what_a_redriven_parallel_comes_to_is_judged() {
    let definition = json!({ "StartAt": "Both", "States": { "Both": { "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "A", "States": { "A": { "Type": "Pass", "Result": 1, "End": true } } },
        { "StartAt": "Work", "States": { "Work": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}, "End": true } } },
    ] } } });
    let output = |name: &str, output: &str| json!({ "name": name, "output": output, "outputDetails": { "truncated": false } });
    let told = |again: &[(f64, u64, &'static str, Value)], after: u64, both: &str| {
        let mut rows = vec![
            (0.0, 0, "ExecutionStarted", started()),
            (0.0, 0, "ParallelStateEntered", enters("Both")),
            (0.0, 2, "ParallelStateStarted", NONE),
            (0.0, 3, "PassStateEntered", enters("A")),
            (0.0, 4, "PassStateExited", output("A", "1")),
            (0.0, 3, "TaskStateEntered", enters("Work")),
            (0.0, 6, "TaskScheduled", scheduled()),
            (0.1, 7, "TaskStarted", resource()),
            (0.3, 8, "TaskFailed", failed()),
            (0.3, 9, "TaskStateAborted", NONE),
            (0.3, 9, "ParallelStateFailed", NONE),
            (0.3, 11, "ExecutionFailed", json!({ "error": "E", "cause": "c" })),
            (9.0, 0, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        ];
        rows.extend_from_slice(again);
        rows.extend([
            (9.1, after, "TaskScheduled", scheduled()),
            (9.2, after + 1, "TaskStarted", resource()),
            (9.3, after + 2, "TaskSucceeded", with(resource(), json!({ "output": "2" }))),
            (9.3, after + 3, "TaskStateExited", output("Work", "2")),
            (9.3, after + 4, "ParallelStateSucceeded", NONE),
            (9.3, after + 4, "ParallelStateExited", output("Both", both)),
            (
                9.3,
                after + 6,
                "ExecutionSucceeded",
                json!({ "output": both, "outputDetails": { "truncated": false } }),
            ),
        ]);
        audited(&rows, Some(&definition))
    };
    let anew = [(9.0, 13, "ParallelStateStarted", NONE), (9.0, 14, "TaskStateEntered", enters("Work"))];
    for (again, after) in [(&anew[..], 15), (&[], 13)] {
        assert_eq!(told(again, after, "[1,2]").violations, Vec::new(), "{after}");
        for wrong in ["[2,1]", "[1]", "[null,2]", "{}"] {
            assert_eq!(first(&told(again, after, wrong)).0, "IO-04", "{wrong} {after}");
        }
    }
}
