//! A failure inside a Parallel or Map is retried and caught there first; what is around it fails by nothing else, and soon.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

fn callback(members: &Value) -> Value {
    let mut state =
        json!({ "Type": "Task", "Resource": RESOURCE, "Parameters": { "FunctionName": "f" }, "End": true });
    state.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    state
}

/// A Parallel state with one branch, which is this callback.
fn around(inner: &Value) -> Value {
    let branch = json!({ "StartAt": "w", "States": { "w": inner, "x": { "Type": "Succeed" } } });
    machine("JSONPath", &[json!({ "Type": "Parallel", "Branches": [branch] })])
}

fn begun() -> Tale {
    let input = json!({});
    Tale::started(&input)
        .entered("Parallel", "s1", &input)
        .then("ParallelStateStarted", json!(null))
        .entered("Task", "w", &input)
}

fn tried(tale: Tale) -> Tale {
    tale.waits(&json!({ "FunctionName": "f" })).refused("E")
}

fn fails(tale: Tale, error: &str) -> Tale {
    let of_task = tale.events().last().unwrap()["type"] == "TaskFailed";
    let tale = if of_task { tale.then("TaskStateAborted", json!(null)) } else { tale };
    tale.then("ParallelStateFailed", json!(null))
        .then("ExecutionFailed", json!({ "error": error, "cause": "why" }))
}

#[test]
fn a_failed_branch_fails_its_parallel_only_once_retry_and_catch_are_through() {
    fails(tried(begun()), "E").is_legal(&around(&callback(&json!({}))));
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let retried = around(&callback(&json!({ "Retry": retry })));
    fails(tried(begun()), "E").is_illegal(&retried, "ERR-10");
    fails(tried(tried(begun())), "E").is_legal(&retried);
    let catch = |name: &str| json!([{ "ErrorEquals": [name], "Next": "x" }]);
    fails(tried(begun()), "E")
        .is_illegal(&around(&callback(&json!({ "Catch": catch("States.ALL") }))), "ERR-05");
    fails(tried(begun()), "E").is_legal(&around(&callback(&json!({ "Catch": catch("Another") }))));
}

#[test]
fn an_end_before_a_redrive_is_judged_like_the_last_one() {
    let input = json!({});
    let ends = Tale::started(&input).entered("Task", "s1", &input);
    let ended = tried(ends).then("ExecutionFailed", json!({ "error": "E", "cause": "why" }));
    let told = || {
        let tale = Tale::started(&input).entered("Task", "s1", &input);
        tried(tale)
            .then("ExecutionFailed", json!({ "error": "E", "cause": "why" }))
            .then("ExecutionRedriven", json!({ "redriveCount": 1 }))
            .waits(&json!({ "FunctionName": "f" }))
            .answered(&input)
            .exited("Task", "s1", &input)
            .succeeded()
    };
    let plain = machine("JSONPath", &[callback(&json!({}))]);
    ended.is_legal(&plain);
    told().is_legal(&plain);
    let retry = json!([{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }]);
    told().is_illegal(&machine("JSONPath", &[callback(&json!({ "Retry": retry }))]), "ERR-10");
}

#[test]
fn the_context_of_a_redriven_attempt_counts_the_redrive() {
    let parameters = |count: u64| json!({ "FunctionName": "f", "n": count });
    let input = json!({});
    let told = |count: u64| {
        Tale::started(&input)
            .entered("Task", "s1", &input)
            .waits(&parameters(0))
            .refused("E")
            .then("ExecutionFailed", json!({ "error": "E", "cause": "why" }))
            .then("ExecutionRedriven", json!({ "redriveCount": 1 }))
            .waits(&parameters(count))
            .answered(&input)
            .exited("Task", "s1", &input)
            .succeeded()
    };
    let counts = json!({ "FunctionName": "f", "n.$": "$$.Execution.RedriveCount" });
    let machine = machine("JSONPath", &[callback(&json!({ "Parameters": counts }))]);
    told(1).is_legal(&machine);
    told(0).is_illegal(&machine, "IO-01");
}

#[test]
fn a_branch_that_succeeded_does_not_run_again_after_a_redrive() {
    let input = json!({});
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Pass", "Next": format!("{name}-2") }, format!("{name}-2"): callback(&json!({})) } });
    let machine = machine("JSONPath", &[json!({ "Type": "Parallel", "Branches": [branch("a")] })]);
    let first = || {
        Tale::started(&input)
            .entered("Parallel", "s1", &input)
            .then("ParallelStateStarted", json!(null))
            .entered("Pass", "a", &input)
            .exited("Pass", "a", &input)
            .entered("Task", "a-2", &input)
    };
    let redriven =
        |tale: Tale| fails(tried(tale), "E").then("ExecutionRedriven", json!({ "redriveCount": 1 }));
    let ends = |tale: Tale| {
        tale.answered(&input)
            .exited("Task", "a-2", &input)
            .then("ParallelStateSucceeded", json!(null))
            .exited("Parallel", "s1", &json!([{}]))
            .succeeded()
    };
    ends(redriven(first()).waits(&json!({ "FunctionName": "f" }))).is_legal(&machine);
    let over =
        || first().waits(&json!({ "FunctionName": "f" })).answered(&input).exited("Task", "a-2", &input);
    let again = |error: &str| {
        fails(over(), error)
            .then("ExecutionRedriven", json!({ "redriveCount": 1 }))
            .then("ParallelStateStarted", json!(null))
            .entered("Pass", "a", &input)
    };
    again("Custom").is_illegal(&machine, "RED-02");
    let broken = again("States.DataLimitExceeded").breaks(Some(&machine));
    assert!(!broken.contains(&"RED-02"), "{broken:?}");
}

#[test]
fn a_parallel_state_fails_by_what_failed_in_it_or_by_an_error_of_the_interpreter() {
    let input = json!({});
    let branch = json!({ "StartAt": "p", "States": { "p": { "Type": "Pass", "End": true } } });
    let machine = machine("JSONPath", &[json!({ "Type": "Parallel", "Branches": [branch] })]);
    let told = |error: &str| {
        let tale = Tale::started(&input)
            .entered("Parallel", "s1", &input)
            .then("ParallelStateStarted", json!(null))
            .entered("Pass", "p", &input);
        fails(tale, error)
    };
    assert_eq!(told("States.Runtime").breaks(None), Vec::<&str>::new());
    told("Custom").is_illegal(&machine, "HIS-22");
}

#[test]
fn retries_after_a_redrive_count_anew() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let branch = json!({ "StartAt": "w", "States": { "w": callback(&json!({})) } });
    let machine = machine("JSONPath", &[json!({ "Type": "Parallel", "Branches": [branch], "Retry": retry })]);
    let again = |tale: Tale| {
        let tale =
            tale.then("TaskStateAborted", json!(null)).after(1000, "ParallelStateStarted", json!(null));
        tried(tale.entered("Task", "w", &json!({})))
    };
    let redriven = |tale: Tale| tried(tale.then("ExecutionRedriven", json!({ "redriveCount": 1 })));
    let once = || redriven(fails(again(tried(begun())), "E"));
    fails(again(once()), "E").is_legal(&machine);
    fails(again(again(once())), "E").is_illegal(&machine, "ERR-16");
}

#[test]
fn a_timeout_ends_with_the_execution_that_a_redrive_takes_up_again() {
    let input = json!({});
    let scheduled = json!({
        "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": "eu-west-1",
        "parameters": "{\"FunctionName\":\"f\"}", "timeoutInSeconds": 60,
    });
    let of = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
    let told = Tale::started(&input)
        .entered("Task", "s1", &input)
        .then("TaskScheduled", scheduled.clone())
        .then("TaskStarted", of.clone())
        .then("ExecutionAborted", json!({}))
        .after(4_000_000, "ExecutionRedriven", json!({ "redriveCount": 1 }))
        .then("TaskScheduled", scheduled)
        .then("TaskStarted", of)
        .answered(&input)
        .exited("Task", "s1", &input)
        .succeeded();
    assert!(!told.breaks(None).contains(&"TMO-01"), "{:?}", told.breaks(None));
}

#[test]
fn where_a_map_fails_its_other_iterations_are_aborted() {
    let of_two = |aborted: bool| {
        let input = json!([1, 2]);
        let index = |index: u64| json!({ "name": "s1", "index": index });
        let mut tale = Tale::started(&input)
            .entered("Map", "s1", &input)
            .then("MapStateStarted", json!({ "length": 2 }))
            .then("MapIterationStarted", index(0))
            .entered("Task", "w", &json!(1));
        let started = tale.events()[2]["id"].clone();
        tale = tried(tale);
        let failed = tale.events().last().unwrap()["id"].clone();
        let mut events = tale.events().to_vec();
        let mut id = events.len();
        let at = events.last().unwrap()["timestamp"].clone();
        let mut push = |previous: &Value, kind: &str, details: (&str, Value)| {
            id += 1;
            events.push(json!({ "id": id, "previousEventId": previous, "type": kind, "timestamp": at, details.0: details.1 }));
        };
        push(&started, "MapIterationStarted", ("mapIterationStartedEventDetails", index(1)));
        push(&failed, "MapIterationFailed", ("mapIterationFailedEventDetails", index(0)));
        push(&failed, "TaskStateAborted", ("taskStateAbortedEventDetails", Value::Null));
        if aborted {
            push(&failed, "MapIterationAborted", ("mapIterationAbortedEventDetails", index(1)));
        }
        push(&failed, "MapStateFailed", ("mapStateFailedEventDetails", Value::Null));
        let last = json!(events.len());
        let end = json!({ "error": "E", "cause": "why" });
        let id = events.len() + 1;
        events.push(json!({ "id": id, "previousEventId": last, "type": "ExecutionFailed", "timestamp": at, "executionFailedEventDetails": end }));
        let text = json!({ "events": events }).to_string();
        let processor = json!({ "StartAt": "w", "States": { "w": callback(&json!({})) } });
        let definition = machine("JSONPath", &[json!({ "Type": "Map", "ItemProcessor": processor })]);
        let report = rules::audit::audit(&text, Some(&definition.to_string())).unwrap();
        report.violations.iter().map(|found| found.rule).collect::<Vec<_>>()
    };
    assert_eq!(of_two(true), Vec::<&str>::new());
    assert_eq!(of_two(false), ["HIS-26"]);
}
