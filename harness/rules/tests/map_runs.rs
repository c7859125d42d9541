//! A distributed Map: its history holds one Map Run, and what comes of the run's end is decided by the definition.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{Tale, machine};

const ERROR: &str = "States.ExceedToleratedFailureThreshold";

/// A distributed Map over three items, whose members are completed by these.
fn map(members: &Value) -> Value {
    let processor = json!({
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "w", "States": { "w": { "Type": "Pass", "End": true } },
    });
    let mut state = json!({ "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor });
    for (name, value) in members.as_object().unwrap() {
        state[name] = value.clone();
    }
    state
}

fn input() -> Value {
    json!({ "items": [1, 2, 3], "kept": true })
}

fn begun() -> Tale {
    Tale::started(&input()).entered("Map", "s1", &input())
}

/// The ARN of a Map Run that began as this event.
fn arn(event: usize) -> Value {
    let arn =
        format!("arn:aws:states:eu-west-1:123456789012:mapRun:m/s1:6f1c0f5c-4a3a-4c83-9e2c-{event:012}");
    json!({ "mapRunArn": arn })
}

fn run(tale: Tale) -> Tale {
    let event = tale.events().len() + 2;
    tale.then("MapStateStarted", json!({ "length": 3 })).then("MapRunStarted", arn(event))
}

fn succeeds(tale: Tale) -> Tale {
    tale.then("MapRunSucceeded", json!(null)).then("MapStateSucceeded", json!(null))
}

fn broken(tale: Tale, error: &str) -> Tale {
    tale.then("MapRunFailed", json!({ "error": error, "cause": "too many items failed" }))
}

fn fails(tale: Tale, error: &str) -> Tale {
    broken(tale, error)
        .then("MapStateFailed", json!(null))
        .then("ExecutionFailed", json!({ "error": error, "cause": "too many items failed" }))
}

/// The failure is caught: the Map is left with this output, to this state.
fn caught(error: &str, output: &Value, next: &str) -> Tale {
    broken(run(begun()), error)
        .then("MapStateFailed", json!(null))
        .exited("Map", "s1", output)
        .passed(next, output)
        .succeeded()
}

fn then_passes(map: Value) -> Value {
    let end = json!({ "Type": "Pass", "End": true });
    let mut machine = machine("JSONPath", &[map, end.clone(), end.clone()]);
    machine["States"]["s2"] = end;
    machine
}

#[test]
fn a_result_that_is_not_known_may_be_anything_where_it_is_put() {
    let with =
        |output: &Value| succeeds(run(begun())).exited("Map", "s1", output).passed("s2", output).succeeded();
    let at = then_passes(map(&json!({ "ResultPath": "$.done" })));
    with(&json!({ "items": [1, 2, 3], "kept": true, "done": [7, 8, 9] })).is_legal(&at);
    with(&json!({ "items": [1, 2, 3], "kept": false, "done": [7, 8, 9] })).is_illegal(&at, "IO-06");
    with(&json!([7, 8, 9])).is_illegal(&at, "IO-06");
    let discarded = then_passes(map(&json!({ "ResultPath": null })));
    with(&input()).is_legal(&discarded);
    with(&json!([7, 8, 9])).is_illegal(&discarded, "HIS-29");
    let selected = then_passes(map(&json!({ "ResultSelector": { "n.$": "States.ArrayLength($)" } })));
    with(&json!({ "n": 3 })).is_legal(&selected);
}

#[test]
fn a_failed_run_ends_the_execution_unless_a_catcher_matches() {
    let names = |names: &[&str]| {
        then_passes(map(
            &json!({ "Catch": [{ "ErrorEquals": names, "Next": "s3", "ResultPath": "$.error" }] }),
        ))
    };
    let mut output = input();
    output["error"] = json!({ "Error": ERROR, "Cause": "too many items failed" });
    for matching in [&["States.ALL"], &[ERROR], &["States.TaskFailed"]] {
        caught(ERROR, &output, "s3").is_legal(&names(matching));
        fails(run(begun()), ERROR).is_illegal(&names(matching), "ERR-05");
    }
    fails(run(begun()), ERROR).is_legal(&names(&["States.ItemReaderFailed"]));
    caught(ERROR, &output, "s3").is_illegal(&names(&["States.ItemReaderFailed"]), "ERR-06");
    caught(ERROR, &output, "s2").is_illegal(&names(&["States.ALL"]), "HIS-13");
    let mut other = output.clone();
    other["kept"] = json!(null);
    caught(ERROR, &other, "s3").is_illegal(&names(&["States.ALL"]), "ERR-07");
}

#[test]
fn a_failed_run_is_tried_again_as_often_as_its_retry_says() {
    let retried = then_passes(map(
        &json!({ "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1 }] }),
    ));
    let again = || run(broken(run(begun()), ERROR));
    fails(again(), ERROR).is_legal(&retried);
    succeeds(again()).exited("Map", "s1", &json!([])).passed("s2", &json!([])).succeeded().is_legal(&retried);
    fails(run(begun()), ERROR).is_illegal(&retried, "ERR-10");
    fails(run(broken(again(), ERROR)), ERROR).is_illegal(&retried, "ERR-16");
    fails(again(), ERROR).is_illegal(&then_passes(map(&json!({}))), "START-22");
}

#[test]
fn its_items_are_counted_and_run_as_executions_of_their_own() {
    let machine = then_passes(map(&json!({})));
    let left = |tale: Tale| tale.exited("Map", "s1", &json!([])).passed("s2", &json!([])).succeeded();
    let bare = begun().then("MapStateStarted", json!({ "length": 3 })).then("MapStateSucceeded", json!(null));
    left(bare).is_illegal(&machine, "HIS-26");
    let five = begun().then("MapStateStarted", json!({ "length": 5 })).then("MapRunStarted", arn(4));
    left(succeeds(five)).is_illegal(&machine, "HIS-29");
}

#[test]
fn a_retry_begins_a_new_run_and_a_redrive_goes_on_with_the_old_one() {
    let retried = then_passes(map(
        &json!({ "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1 }] }),
    ));
    let again = |event| {
        let tale = broken(run(begun()), ERROR).then("MapStateStarted", json!({ "length": 3 }));
        fails(tale.then("MapRunStarted", arn(event)), ERROR)
    };
    again(7).is_legal(&retried);
    again(4).is_illegal(&retried, "HIS-26");
    let redriven = |event| {
        let mut details = arn(event);
        details["redriveCount"] = json!(1);
        let tale = fails(run(begun()), ERROR).then("ExecutionRedriven", json!({ "redriveCount": 1 }));
        let tale = succeeds(tale.then("MapRunRedriven", details));
        tale.exited("Map", "s1", &json!([])).passed("s2", &json!([])).succeeded()
    };
    redriven(4).is_legal(&then_passes(map(&json!({}))));
    redriven(5).is_illegal(&then_passes(map(&json!({}))), "HIS-26");
    let nonsense = begun()
        .then("MapStateStarted", json!({ "length": 3 }))
        .then("MapRunStarted", json!({ "mapRunArn": "arn:aws:states:eu-west-1:123456789012:execution:m:x" }));
    succeeds(nonsense)
        .exited("Map", "s1", &json!([]))
        .passed("s2", &json!([]))
        .succeeded()
        .is_illegal(&then_passes(map(&json!({}))), "HIS-26");
}
