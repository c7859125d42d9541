//! A JSONata evaluation that fails: only where the fields can fail, and Retry, Catch or the end take it like any other failure.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

const ERROR: &str = "States.QueryEvaluationError";

fn evaluation_failed(tale: Tale, state: &str) -> Tale {
    let cause = "The JSONata expression '$states.input.n' specified for the field 'Output' returned nothing (undefined).";
    let details = json!({ "error": ERROR, "cause": cause, "location": "Output", "state": state });
    tale.then("EvaluationFailed", details)
}

fn ended(tale: Tale) -> Tale {
    let cause = "The JSONata expression '$states.input.n' specified for the field 'Output' returned nothing (undefined).";
    tale.then("ExecutionFailed", json!({ "error": ERROR, "cause": cause }))
}

/// A callback whose Output is this, and whose Catchers are these.
fn callback(output: &str, catchers: &Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": RESOURCE, "Output": output,
        "Arguments": { "FunctionName": "f", "Payload": { "token": "{% $states.context.Task.Token %}" } },
    });
    if !catchers.is_null() {
        task["Catch"] = catchers.clone();
    }
    machine("JSONata", &[task, json!({ "Type": "Succeed" })])
}

/// The callback was answered, and its Output did not evaluate.
fn answered(input: &Value) -> Tale {
    let parameters = json!({ "FunctionName": "f", "Payload": { "token": "T" } });
    let tale =
        Tale::started(input).entered("Task", "s1", input).waits(&parameters).answered(&json!({ "a": 1 }));
    evaluation_failed(tale, "s1")
}

fn left(tale: Tale, output: &Value) -> Tale {
    tale.exited("Task", "s1", output)
        .entered("Succeed", "s2", output)
        .exited("Succeed", "s2", output)
        .succeeded()
}

fn pass(output: &str) -> Value {
    machine("JSONata", &[json!({ "Type": "Pass", "Output": output })])
}

#[test]
fn an_expression_that_returns_nothing_ends_the_execution() {
    let (input, asking) = (json!({}), pass("{% $states.input.n %}"));
    let tale = || Tale::started(&input).entered("Pass", "s1", &input);
    ended(evaluation_failed(tale(), "s1")).is_legal(&asking);
    tale().exited("Pass", "s1", &json!(1)).succeeded().is_illegal(&asking, "HIS-29");
}

#[test]
fn fields_that_evaluate_do_not_fail() {
    let input = json!({ "n": 1 });
    let tale = || ended(evaluation_failed(Tale::started(&input).entered("Pass", "s1", &input), "s1"));
    tale().is_illegal(&pass("{% $states.input.n + 1 %}"), "HIS-29");
    tale().is_illegal(&pass("without an expression"), "HIS-29");
    // Whether a function of the later chapters fails is not for us to say.
    tale().is_legal(&pass("{% $formatInteger($states.input.n, 'w') %}"));
}

#[test]
fn a_catcher_takes_a_failed_evaluation_by_its_name_or_by_all() {
    let error_output = json!({ "Error": ERROR, "Cause": "The JSONata expression '$states.input.n' specified for the field 'Output' returned nothing (undefined)." });
    for name in [ERROR, "States.ALL"] {
        let catching = callback("{% $states.input.n %}", &json!([{ "ErrorEquals": [name], "Next": "s2" }]));
        left(answered(&json!({})), &error_output).is_legal(&catching);
        ended(answered(&json!({}))).is_illegal(&catching, "ERR-06");
        left(answered(&json!({})), &json!({ "Error": "Other" })).is_illegal(&catching, "ERR-07");
    }
}

#[test]
fn a_catcher_of_another_name_does_not() {
    let catching = callback("{% $states.input.n %}", &json!([{ "ErrorEquals": ["Other"], "Next": "s2" }]));
    ended(answered(&json!({}))).is_legal(&catching);
    left(answered(&json!({})), &json!({ "Error": ERROR })).is_illegal(&catching, "ERR-05");
}

#[test]
fn whether_the_wildcard_of_tasks_takes_it_is_open() {
    let catching =
        callback("{% $states.input.n %}", &json!([{ "ErrorEquals": ["States.TaskFailed"], "Next": "s2" }]));
    ended(answered(&json!({}))).is_legal(&catching);
    left(answered(&json!({})), &json!({ "Error": ERROR })).is_legal(&catching);
}

#[test]
fn an_output_that_evaluates_lets_a_task_go_on() {
    let plain = callback("{% $states.result.a %}", &Value::Null);
    ended(answered(&json!({}))).is_illegal(&plain, "HIS-29");
}

#[test]
fn arguments_may_be_refused_although_they_evaluate() {
    let plain = callback("{% $states.result.a %}", &Value::Null);
    let refused =
        json!({ "error": ERROR, "cause": "The Arguments are not those of the service.", "state": "s1" });
    let tale = Tale::started(&json!({})).entered("Task", "s1", &json!({})).then("EvaluationFailed", refused);
    tale.then(
        "ExecutionFailed",
        json!({ "error": ERROR, "cause": "The Arguments are not those of the service." }),
    )
    .is_legal(&plain);
}

/// The callback is tried again for a failed evaluation, at most once, after two seconds.
fn trying(names: &str, catchers: &Value) -> Value {
    let mut definition = callback("{% $states.input.n %}", catchers);
    definition["States"]["s1"]["Retry"] =
        json!([{ "ErrorEquals": [names], "IntervalSeconds": 2, "MaxAttempts": 1, "JitterStrategy": "NONE" }]);
    definition
}

/// It was answered and evaluated once, and is answered and evaluated again.
fn again(tale: Tale, ms: u64) -> Tale {
    let parameters = json!({ "FunctionName": "f", "Payload": { "token": "T2" } });
    let scheduled = json!({
        "resourceType": "lambda", "resource": "invoke.waitForTaskToken",
        "region": "eu-west-1", "parameters": parameters.to_string(),
    });
    let plain = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
    let submitted = json!({
        "resourceType": "lambda", "resource": "invoke.waitForTaskToken", "output": "{\"StatusCode\":200}",
    });
    tale.after(ms, "TaskScheduled", scheduled)
        .then("TaskStarted", plain)
        .then("TaskSubmitted", submitted)
        .answered(&json!({ "a": 2 }))
}

#[test]
fn a_retrier_tries_a_failed_evaluation_again() {
    for name in [ERROR, "States.ALL"] {
        let once = trying(name, &Value::Null);
        let twice = || evaluation_failed(again(answered(&json!({})), 2000), "s1");
        ended(twice()).is_legal(&once);
        ended(answered(&json!({}))).is_illegal(&once, "ERR-10");
        ended(evaluation_failed(again(answered(&json!({})), 500), "s1")).is_illegal(&once, "ERR-13");
        ended(evaluation_failed(again(twice(), 2000), "s1")).is_illegal(&once, "ERR-15");
        // After its last try it is failed, not done.
        left(twice(), &json!({ "a": 2 })).is_illegal(&once, "ERR-05");
        left(again(answered(&json!({})), 2000), &json!({ "a": 2 })).is_illegal(&once, "HIS-29");
    }
    ended(evaluation_failed(again(answered(&json!({})), 2000), "s1"))
        .is_illegal(&trying("Other", &Value::Null), "ERR-16");
}

#[test]
fn after_the_last_try_a_catcher_takes_it() {
    let catching = trying(ERROR, &json!([{ "ErrorEquals": ["States.ALL"], "Next": "s2" }]));
    let error_output = json!({ "Error": ERROR, "Cause": "The JSONata expression '$states.input.n' specified for the field 'Output' returned nothing (undefined)." });
    let twice = || evaluation_failed(again(answered(&json!({})), 2000), "s1");
    left(twice(), &error_output).is_legal(&catching);
    left(answered(&json!({})), &error_output).is_illegal(&catching, "ERR-10");
    ended(twice()).is_illegal(&catching, "ERR-06");
}
