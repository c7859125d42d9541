//! Errors that the interpreter raises, and those that a worker sends under their names: what takes them is judged only
//! where AWS says so, and their texts never.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

/// A Parallel state whose one branch fails to evaluate, and catches it.
fn failing_branch(state: &Value) -> Value {
    let mut inner = state.clone();
    inner["End"] = json!(true);
    let branch = json!({ "StartAt": "p", "States": { "p": inner } });
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "s2" }]);
    machine(
        "JSONata",
        &[json!({ "Type": "Parallel", "Branches": [branch], "Catch": catch }), json!({ "Type": "Succeed" })],
    )
}

fn caught_branch(kind: &str, events: &[(&str, Value)], output: &Value) -> Tale {
    let input = json!({});
    let mut tale = Tale::started(&input)
        .entered("Parallel", "s1", &input)
        .then("ParallelStateStarted", json!(null))
        .entered(kind, "p", &input);
    for (kind, details) in events {
        tale = tale.then(kind, details.clone());
    }
    tale.then("ParallelStateFailed", json!(null))
        .exited("Parallel", "s1", output)
        .entered("Succeed", "s2", output)
        .exited("Succeed", "s2", output)
        .succeeded()
}

#[test]
fn the_words_of_a_failed_evaluation_are_caught_as_aws_wrote_them() {
    let machine = failing_branch(&json!({ "Type": "Pass", "Output": "{% $number('x') %}" }));
    let (error, cause) = ("States.QueryEvaluationError", "Words of AWS.");
    let failed = json!({ "state": "p", "location": "Output", "error": error, "cause": cause });
    let told = |output: &Value| caught_branch("Pass", &[("EvaluationFailed", failed.clone())], output);
    told(&json!({ "Error": error, "Cause": cause })).is_legal(&machine);
    told(&json!({ "Error": "Another", "Cause": cause })).is_illegal(&machine, "ERR-07");
    told(&json!({ "Error": error, "Cause": 7 })).is_illegal(&machine, "ERR-07");
}

fn task(handlers: &Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": RESOURCE,
        "Parameters": { "FunctionName": "f", "Payload": { "token.$": "$$.Task.Token" } },
    });
    task.as_object_mut().unwrap().extend(handlers.as_object().unwrap().clone());
    machine("JSONPath", &[task, json!({ "Type": "Succeed" })])
}

fn parameters(token: &str) -> Value {
    json!({ "FunctionName": "f", "Payload": { "token": token } })
}

#[test]
fn whether_wildcards_take_a_name_of_aws_that_a_worker_sent_is_open() {
    let input = json!({});
    let failed = |error: &str| {
        Tale::started(&input).entered("Task", "s1", &input).waits(&parameters("T")).refused(error)
    };
    for (error, judged) in [("States.Runtime", false), ("States.BranchFailed", false), ("Other", true)] {
        let output = json!({ "Error": error, "Cause": "why" });
        let caught = failed(error)
            .exited("Task", "s1", &output)
            .entered("Succeed", "s2", &output)
            .exited("Succeed", "s2", &output)
            .succeeded();
        let catches = |name: &str| task(&json!({ "Catch": [{ "ErrorEquals": [name], "Next": "s2" }] }));
        caught.is_legal(&catches("States.ALL"));
        if judged {
            caught.is_illegal(&catches("Another"), "ERR-05");
        }
        let retried = failed(error).waits(&parameters("U")).answered(&input).exited("Task", "s1", &input);
        let retried = retried.entered("Succeed", "s2", &input).exited("Succeed", "s2", &input).succeeded();
        let trying =
            |name: &str| task(&json!({ "Retry": [{ "ErrorEquals": [name], "IntervalSeconds": 1 }] }));
        retried.is_legal(&trying("States.ALL"));
        if judged {
            retried.is_illegal(&trying("Another"), "ERR-16");
        }
    }
}

#[test]
fn an_evaluation_may_fail_again_after_less_than_a_second() {
    let retry = json!([{
        "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1, "JitterStrategy": "FULL",
    }]);
    let state = json!({
        "Type": "Task", "Resource": RESOURCE, "Arguments": "{% $number('x') %}", "Retry": retry,
    });
    let machine = machine("JSONata", &[state]);
    let failed = json!({ "state": "s1", "location": "Arguments", "error": "States.QueryEvaluationError", "cause": "Words." });
    let ended = json!({ "error": "States.QueryEvaluationError", "cause": "Words." });
    let told = |ms: u64| {
        Tale::started(&json!({}))
            .entered("Task", "s1", &json!({}))
            .then("EvaluationFailed", failed.clone())
            .after(ms, "EvaluationFailed", failed.clone())
            .then("ExecutionFailed", ended.clone())
    };
    told(300).is_legal(&machine);
    told(0).is_illegal(&machine, "HIS-11");
}

#[test]
fn only_what_is_large_can_exceed_the_limit_of_data() {
    let ends = |result: &Value| {
        let input = json!({});
        Tale::started(&input)
            .entered("Task", "s1", &input)
            .waits(&parameters("T"))
            .answered(result)
            .then("ExecutionFailed", json!({ "error": "States.DataLimitExceeded", "cause": "Words." }))
    };
    let machine = task(&json!({}));
    ends(&json!("small")).is_illegal(&machine, "HIS-29");
    ends(&json!("l".repeat(200_000))).is_legal(&machine);
}
