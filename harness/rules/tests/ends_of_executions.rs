//! How an execution may end after a failure: with its own error where nothing looks after it, never after a second year, and
//! with the Catcher's output where one does.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

const YEAR_MS: u64 = 366 * 24 * 3600 * 1000;

fn callback(handlers: &Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": RESOURCE,
        "Parameters": { "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } },
    });
    task.as_object_mut().unwrap().extend(handlers.as_object().unwrap().clone());
    machine("JSONPath", &[task, json!({ "Type": "Succeed" })])
}

fn parameters() -> Value {
    json!({ "FunctionName": "f", "Payload": { "token": "T" } })
}

/// A callback whose worker answers with the error `Other` and this cause.
fn failed(cause: &str) -> Tale {
    let details = json!({
        "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "error": "Other", "cause": cause,
    });
    Tale::started(&json!({}))
        .entered("Task", "s1", &json!({}))
        .waits(&parameters())
        .then("TaskFailed", details)
}

fn ended(tale: Tale, error: &str, cause: &str) -> Tale {
    tale.then("ExecutionFailed", json!({ "error": error, "cause": cause }))
}

#[test]
fn an_error_that_neither_retry_nor_catch_looks_after_is_that_of_the_execution() {
    let bare = callback(&json!({}));
    ended(failed("why"), "Other", "why").is_legal(&bare);
    ended(failed("why"), "States.Runtime", "An error occurred.").is_illegal(&bare, "ERR-06");
}

#[test]
fn a_catcher_that_fails_may_replace_the_error() {
    let catching = callback(&json!({
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "s2", "ResultPath": "$.at", "Assign": { "c.$": "$.Nowhere" } }]
    }));
    let cause = "The JSONPath '$.Nowhere' could not be found.";
    ended(failed("why"), "States.Runtime", cause).is_legal(&catching);
}

#[test]
fn a_catcher_that_reads_its_cause_as_json_is_judged_like_any_other() {
    let assign = json!({ "c.$": "States.StringToJson($.Cause)" });
    let catching = callback(&json!({
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "s2", "Assign": assign }]
    }));
    let caught = |error: &str| {
        let output = json!({ "Error": error, "Cause": "{\"m\":[2]}" });
        let exited = json!({
            "name": "s1", "output": output.to_string(), "assignedVariables": { "c": "{\"m\":[2]}" },
        });
        failed("{\"m\":[2]}")
            .then("TaskStateExited", exited)
            .entered("Succeed", "s2", &output)
            .exited("Succeed", "s2", &output)
            .succeeded()
    };
    caught("Other").is_legal(&catching);
    caught("Another").is_illegal(&catching, "ERR-07");
}

#[test]
fn a_failure_without_a_name_may_be_retried_as_one_of_tasks_and_still_has_no_name() {
    let catching = callback(&json!({
        "Retry": [{ "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "s2" }],
    }));
    let nameless = |tale: Tale| {
        let details =
            json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "cause": "why" });
        tale.waits(&parameters()).then("TaskFailed", details)
    };
    let again = json!({ "FunctionName": "f", "Payload": { "token": "another" } });
    for output in [
        json!({ "Error": null, "Cause": "why" }),
        json!({ "Error": "", "Cause": "why" }),
        json!({ "Cause": "why" }),
    ] {
        let first = nameless(Tale::started(&json!({})).entered("Task", "s1", &json!({})));
        let details =
            json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "cause": "why" });
        first
            .waits(&again)
            .then("TaskFailed", details)
            .exited("Task", "s1", &output)
            .entered("Succeed", "s2", &output)
            .exited("Succeed", "s2", &output)
            .succeeded()
            .is_legal(&catching);
    }
}

#[test]
fn only_a_choice_finds_no_choice() {
    let waiting = machine("JSONPath", &[json!({ "Type": "Wait", "Seconds": 1 })]);
    let tale = Tale::started(&json!({})).entered("Wait", "s1", &json!({}));
    ended(tale, "States.NoChoiceMatched", "No choice.").is_illegal(&waiting, "HIS-22");
    let choosing = json!({
        "StartAt": "s1",
        "States": {
            "s1": { "Type": "Choice", "Choices": [{ "Variable": "$.n", "IsPresent": true, "Next": "s2" }] },
            "s2": { "Type": "Succeed" },
        }
    });
    let tale = Tale::started(&json!({})).entered("Choice", "s1", &json!({}));
    ended(tale, "States.NoChoiceMatched", "No choice.").is_legal(&choosing);
}

#[test]
fn a_task_that_waits_for_no_token_may_fail_when_it_asks_for_one() {
    let asking = machine(
        "JSONPath",
        &[json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": { "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } },
        })],
    );
    let cause = "An error occurred while executing the state 's1' (entered at the event id #2). Invalid path '$.Task.Token'";
    let tale = Tale::started(&json!({})).entered("Task", "s1", &json!({}));
    ended(tale, "States.Runtime", cause).is_legal(&asking);
}

#[test]
fn no_execution_sees_its_second_year() {
    let machine = callback(&json!({}));
    let succeeds_after = |ms: u64| {
        let output = json!({ "name": "s1", "output": "1" });
        let answered =
            json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "output": "1" });
        Tale::started(&json!({}))
            .entered("Task", "s1", &json!({}))
            .waits(&parameters())
            .after(ms, "TaskSucceeded", answered)
            .then("TaskStateExited", output)
            .entered("Succeed", "s2", &json!(1))
            .exited("Succeed", "s2", &json!(1))
            .succeeded()
    };
    succeeds_after(YEAR_MS - 60_000).is_legal(&machine);
    succeeds_after(2 * YEAR_MS).is_illegal(&machine, "TMO-06");
}

#[test]
fn credentials_that_nobody_gave_are_not_used() {
    let machine = callback(&json!({}));
    let shown = |more: &Value| {
        let mut scheduled = json!({
            "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": "eu-west-1",
            "parameters": parameters().to_string(),
        });
        scheduled.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Tale::started(&json!({})).entered("Task", "s1", &json!({})).then("TaskScheduled", scheduled)
    };
    shown(&json!({})).is_legal(&machine);
    let credentials = json!({ "taskCredentials": { "roleArn": "arn:aws:iam::123456789012:role/other" } });
    shown(&credentials).is_illegal(&machine, "HIS-17");
}
