//! A Parallel state that a redrive or a retry lets succeed goes on as if it had never failed; waits are judged by what
//! dates can tell.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

fn callback(members: &Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": RESOURCE, "Parameters": { "FunctionName": "f" } });
    state.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    state
}

fn waiting(tale: Tale) -> Tale {
    tale.waits(&json!({ "FunctionName": "f" }))
}

/// A Parallel state of one callback that fails and is redriven; then `next` is entered.
fn redriven(next: &str) -> Tale {
    let input = json!({});
    let tale = Tale::started(&input)
        .entered("Parallel", "s1", &input)
        .then("ParallelStateStarted", json!(null))
        .entered("Task", "w", &input);
    let tale = waiting(tale)
        .refused("Custom")
        .then("ParallelStateFailed", json!(null))
        .then("ExecutionFailed", json!({ "error": "Custom", "cause": "why" }))
        .then("ExecutionRedriven", json!({ "redriveCount": 1 }));
    waiting(tale)
        .answered(&json!(1))
        .exited("Task", "w", &json!(1))
        .then("ParallelStateSucceeded", json!(null))
        .exited("Parallel", "s1", &json!([1]))
        .passed(next, &json!([1]))
        .succeeded()
}

#[test]
fn a_redriven_parallel_that_succeeds_goes_on_to_its_next_state_and_to_no_catcher() {
    let branch = json!({ "StartAt": "w", "States": { "w": callback(&json!({ "End": true })) } });
    let catch = json!([{ "ErrorEquals": ["Another"], "Next": "s3" }]);
    let pass = json!({ "Type": "Pass" });
    let mut machine = machine(
        "JSONPath",
        &[json!({ "Type": "Parallel", "Branches": [branch], "Catch": catch }), pass.clone(), pass],
    );
    machine["States"]["s2"] = json!({ "Type": "Pass", "End": true });
    redriven("s2").is_legal(&machine);
    redriven("s3").is_illegal(&machine, "HIS-13");
}

#[test]
fn a_missed_heartbeat_may_be_caught_by_either_view_of_its_name() {
    let named = |error: &str, names: &str| {
        let input = json!({});
        let output = json!({ "Error": error, "Cause": "" });
        let tale = Tale::started(&input).entered("Task", "s1", &input).then(
            "TaskScheduled",
            json!({
                "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": "eu-west-1",
                "parameters": "{\"FunctionName\":\"f\"}", "heartbeatInSeconds": 5
            }),
        );
        let of = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
        let mut missed = of.clone();
        missed["error"] = json!(error);
        let mut submitted = of.clone();
        submitted["output"] = json!("{\"StatusCode\":200}");
        let tale = tale
            .then("TaskStarted", of)
            .then("TaskSubmitted", submitted)
            .after(5_003, "TaskTimedOut", missed)
            .exited("Task", "s1", &output)
            .passed("s2", &output)
            .succeeded();
        let catch = json!([{ "ErrorEquals": [names], "Next": "s2" }]);
        let state = callback(&json!({ "HeartbeatSeconds": 5, "Catch": catch }));
        (tale, machine("JSONPath", &[state, json!({ "Type": "Pass" })]))
    };
    for name in ["States.TaskFailed", "States.Timeout", "States.HeartbeatTimeout", "States.ALL"] {
        let (tale, machine) = named("States.Timeout", name);
        tale.is_legal(&machine);
    }
    let (tale, machine) = named("States.Timeout", "Custom");
    tale.is_illegal(&machine, "ERR-05");
}

fn scheduled_after(tale: Tale, ms: u64) -> Tale {
    let details = json!({
        "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": "eu-west-1",
        "parameters": "{\"FunctionName\":\"f\"}"
    });
    tale.after(ms, "TaskScheduled", details)
}

/// A callback that fails and is tried again after each of these waits.
fn tried_again(waits: &[u64], retrier: &Value) -> (Tale, Value) {
    let input = json!({});
    let mut tale = waiting(Tale::started(&input).entered("Task", "s1", &input)).refused("Custom");
    for (number, ms) in waits.iter().enumerate() {
        tale = scheduled_after(tale, *ms);
        if number + 1 < waits.len() {
            let of = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
            tale = tale.then("TaskStarted", of).refused("Custom");
        }
    }
    (tale, machine("JSONPath", &[callback(&json!({ "Retry": [retrier] }))]))
}

#[test]
fn a_wait_between_whole_seconds_may_have_been_longer_by_what_was_cut() {
    let retrier = json!({ "ErrorEquals": ["Custom"], "IntervalSeconds": 1, "BackoffRate": 1.5 });
    for (second, early) in [(2_000, false), (1_000, false), (1_003, true), (0, true)] {
        let (tale, machine) = tried_again(&[1_000, second], &retrier);
        assert_eq!(tale.breaks(Some(&machine)).contains(&"ERR-13"), early, "{second}");
    }
}
