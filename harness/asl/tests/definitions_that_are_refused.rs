//! Definitions that the States Language or the Developer Guide forbids, written from their text and not from the validator.

mod table;

use serde_json::{Value, json};
use table::{errors_of, hold, with};

fn pass(fields: &Value) -> Value {
    with(json!({ "Type": "Pass", "End": true }), fields)
}

fn task(fields: &Value) -> Value {
    with(json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true }), fields)
}

fn ata(fields: &Value) -> Value {
    with(task(&json!({ "QueryLanguage": "JSONata" })), fields)
}

#[test]
fn of_any_state() {
    hold(
        &[
            ("a type of another case", json!({ "Type": "PASS" }), "SCHEMA at /Type"),
            ("a type that is no text", json!({ "Type": 5 }), "SCHEMA at /Type"),
            ("a comment that is no text", json!({ "Comment": 5 }), "SCHEMA at /Comment"),
            ("a next state that is no text", json!({ "Next": 5, "End": null }), "SCHEMA at /Next"),
            ("an end that is no boolean", json!({ "End": 1, "Next": "z" }), "SCHEMA at /End"),
            ("no way on", json!({ "End": null }), "SCHEMA at "),
            ("no end and no next state", json!({ "End": false }), "SCHEMA at "),
            ("both ways on", json!({ "Next": "z" }), "SCHEMA at "),
            ("a next state that is nowhere", json!({ "Next": "y", "End": null }), "TARGET at /Next"),
            ("a next state of another case", json!({ "Next": "Z", "End": null }), "TARGET at /Next"),
            ("an unknown field", json!({ "Foo": 1 }), "SCHEMA at /Foo"),
            ("a field of another case", json!({ "resultPath": "$" }), "SCHEMA at /resultPath"),
            ("a field of another type of state", json!({ "Retry": [] }), "SCHEMA at /Retry"),
            ("a time limit of a Pass", json!({ "TimeoutSeconds": 5 }), "SCHEMA at /TimeoutSeconds"),
            ("an unknown language", json!({ "QueryLanguage": "JMESPath" }), "SCHEMA at /QueryLanguage"),
            ("an input path that is an object", json!({ "InputPath": {} }), "SCHEMA at /InputPath"),
            ("an output path without its sign", json!({ "OutputPath": "a" }), "SCHEMA at /OutputPath"),
            ("a result path with a filter", json!({ "ResultPath": "$.a[?(@.b)]" }), "SCHEMA at /ResultPath"),
            ("a result path with a slice", json!({ "ResultPath": "$.a[0:2]" }), "SCHEMA at /ResultPath"),
            ("a result path with a wildcard", json!({ "ResultPath": "$.*" }), "SCHEMA at /ResultPath"),
            ("a result path with two indices", json!({ "ResultPath": "$.a[0,1]" }), "SCHEMA at /ResultPath"),
            ("a result path to a variable", json!({ "ResultPath": "$v.a" }), "SCHEMA at /ResultPath"),
            ("a template that is a list", json!({ "Parameters": [] }), "SCHEMA at /Parameters"),
            (
                "a query that is a number",
                json!({ "Parameters": { "a": { "b.$": 1 } } }),
                "SCHEMA at /Parameters",
            ),
            ("a query that is plain text", json!({ "Parameters": { "a.$": "b" } }), "SCHEMA at /Parameters"),
            (
                "an unknown function",
                json!({ "Parameters": { "a.$": "States.Nope($)" } }),
                "SCHEMA at /Parameters",
            ),
            (
                "a function left open",
                json!({ "Parameters": { "a.$": "States.Array(1" } }),
                "SCHEMA at /Parameters",
            ),
            (
                "too many arguments",
                json!({ "Parameters": { "a.$": "States.ArrayLength($, $)" } }),
                "SCHEMA at /Parameters",
            ),
            (
                "too few arguments",
                json!({ "Parameters": { "a.$": "States.MathAdd(1)" } }),
                "SCHEMA at /Parameters",
            ),
        ],
        pass,
    );
}

#[test]
fn of_tasks() {
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    hold(
        &[
            ("no resource", json!({ "Resource": null }), "SCHEMA at "),
            ("an empty resource", json!({ "Resource": "" }), "SCHEMA at /Resource"),
            ("a list of resources", json!({ "Resource": [function] }), "SCHEMA at /Resource"),
            (
                "a machine",
                json!({ "Resource": "arn:aws:states:us-east-1:123456789012:stateMachine:m" }),
                "SCHEMA at /Resource",
            ),
            ("a queue", json!({ "Resource": "arn:aws:sqs:us-east-1:123456789012:q" }), "SCHEMA at /Resource"),
            (
                "an activity without a name",
                json!({ "Resource": "arn:aws:states:us-east-1:123456789012:activity:" }),
                "SCHEMA at /Resource",
            ),
            ("a job of a function", json!({ "Resource": format!("{function}.sync") }), "SCHEMA at /Resource"),
            (
                "an unknown suffix",
                json!({ "Resource": "arn:aws:states:::sqs:sendMessage.waitForToken" }),
                "SCHEMA at /Resource",
            ),
            (
                "a second form of a job that has one",
                json!({ "Resource": "arn:aws:states:::ecs:runTask.sync:2" }),
                "SCHEMA at /Resource",
            ),
            (
                "an integration without an action",
                json!({ "Resource": "arn:aws:states:::sqs" }),
                "SCHEMA at /Resource",
            ),
            ("no time at all", json!({ "TimeoutSeconds": 0 }), "SCHEMA at /TimeoutSeconds"),
            (
                "a heartbeat as long as the time limit",
                json!({ "TimeoutSeconds": 5, "HeartbeatSeconds": 5 }),
                "SCHEMA at /HeartbeatSeconds",
            ),
            ("two time limits", json!({ "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t" }), "SCHEMA at "),
            (
                "a time limit by a function",
                json!({ "TimeoutSecondsPath": "States.MathAdd(1, 2)" }),
                "SCHEMA at /TimeoutSecondsPath",
            ),
            (
                "credentials of text",
                json!({ "Credentials": "arn:aws:iam::123456789012:role/r" }),
                "SCHEMA at /Credentials",
            ),
            ("credentials by a path", json!({ "Credentials": { "RoleArn.$": "$.r" } }), ""),
        ],
        task,
    );
}

#[test]
fn of_retriers_and_catchers() {
    let retry = |more: Value| json!({ "Retry": [with(json!({ "ErrorEquals": ["E"] }), &more)] });
    let catch = |more: Value| json!({ "Catch": [with(json!({ "ErrorEquals": ["E"], "Next": "z" }), &more)] });
    hold(
        &[
            ("retriers in an object", json!({ "Retry": {} }), "SCHEMA at /Retry"),
            ("a retrier of text", json!({ "Retry": ["E"] }), "SCHEMA at /Retry[0]"),
            ("errors of text", retry(json!({ "ErrorEquals": "E" })), "SCHEMA at /Retry[0]/ErrorEquals"),
            ("a stray field of a retrier", retry(json!({ "Next": "z" })), "SCHEMA at /Retry[0]/Next"),
            (
                "a misspelt field of a retrier",
                retry(json!({ "MaxAttempt": 1 })),
                "SCHEMA at /Retry[0]/MaxAttempt",
            ),
            ("a comment on a retrier", retry(json!({ "Comment": "c" })), ""),
            ("a comment that is no text", retry(json!({ "Comment": 1 })), "SCHEMA at /Retry[0]/Comment"),
            ("no interval", retry(json!({ "IntervalSeconds": 0 })), "SCHEMA at /Retry[0]/IntervalSeconds"),
            ("half an attempt", retry(json!({ "MaxAttempts": 0.5 })), "SCHEMA at /Retry[0]/MaxAttempts"),
            (
                "intervals that shrink",
                retry(json!({ "BackoffRate": 0.99 })),
                "SCHEMA at /Retry[0]/BackoffRate",
            ),
            ("a rate of text", retry(json!({ "BackoffRate": "2" })), "SCHEMA at /Retry[0]/BackoffRate"),
            (
                "a longest delay of none",
                retry(json!({ "MaxDelaySeconds": 0 })),
                "SCHEMA at /Retry[0]/MaxDelaySeconds",
            ),
            (
                "jitter that is a flag",
                retry(json!({ "JitterStrategy": true })),
                "SCHEMA at /Retry[0]/JitterStrategy",
            ),
            ("a catcher without a state", catch(json!({ "Next": null })), "SCHEMA at /Catch[0]"),
            ("a catcher with a list of states", catch(json!({ "Next": ["z"] })), "SCHEMA at /Catch[0]/Next"),
            ("a catcher that ends", catch(json!({ "End": true })), "SCHEMA at /Catch[0]/End"),
            ("a catcher that leads nowhere", catch(json!({ "Next": "y" })), "TARGET at /Catch[0]/Next"),
            (
                "a stray field of a catcher",
                catch(json!({ "MaxAttempts": 1 })),
                "SCHEMA at /Catch[0]/MaxAttempts",
            ),
            (
                "a selector of a catcher",
                catch(json!({ "ResultSelector": {} })),
                "SCHEMA at /Catch[0]/ResultSelector",
            ),
            (
                "a result path of a catcher",
                catch(json!({ "ResultPath": "$..a" })),
                "SCHEMA at /Catch[0]/ResultPath",
            ),
            ("a comment on a catcher", catch(json!({ "Comment": "c" })), ""),
            (
                "all errors beside others",
                json!({ "Catch": [{ "ErrorEquals": ["E", "States.ALL"], "Next": "z" }] }),
                "SCHEMA at /Catch[0]/ErrorEquals",
            ),
        ],
        task,
    );
}

#[test]
fn of_waits_ends_and_branches() {
    let branch = json!({ "StartAt": "b", "States": { "b": { "Type": "Succeed" } } });
    let branches =
        |more: Value| json!({ "Type": "Parallel", "End": true, "Branches": [with(branch.clone(), &more)] });
    hold(
        &[
            ("no time", json!({ "Type": "Wait", "End": true }), "SCHEMA at "),
            (
                "two times",
                json!({ "Type": "Wait", "Seconds": 1, "SecondsPath": "$.a", "End": true }),
                "SCHEMA at ",
            ),
            ("a negative time", json!({ "Type": "Wait", "Seconds": -1, "End": true }), "SCHEMA at /Seconds"),
            ("half a second", json!({ "Type": "Wait", "Seconds": 0.5, "End": true }), "SCHEMA at /Seconds"),
            (
                "a day",
                json!({ "Type": "Wait", "Timestamp": "2030-01-01", "End": true }),
                "SCHEMA at /Timestamp",
            ),
            (
                "no zone",
                json!({ "Type": "Wait", "Timestamp": "2030-01-01T00:00:00", "End": true }),
                "SCHEMA at /Timestamp",
            ),
            (
                "a number of a time",
                json!({ "Type": "Wait", "Timestamp": 5, "End": true }),
                "SCHEMA at /Timestamp",
            ),
            (
                "a path that is none",
                json!({ "Type": "Wait", "SecondsPath": "a", "End": true }),
                "SCHEMA at /SecondsPath",
            ),
            (
                "a path that is a number",
                json!({ "Type": "Wait", "TimestampPath": 5, "End": true }),
                "SCHEMA at /TimestampPath",
            ),
            (
                "a wait with a result path",
                json!({ "Type": "Wait", "Seconds": 1, "ResultPath": "$", "End": true }),
                "SCHEMA at /ResultPath",
            ),
            ("a success that goes on", json!({ "Type": "Succeed", "End": true }), "SCHEMA at /End"),
            ("a failure that goes on", json!({ "Type": "Fail", "Next": "z" }), "SCHEMA at /Next"),
            (
                "a failure with an output",
                json!({ "Type": "Fail", "OutputPath": "$" }),
                "SCHEMA at /OutputPath",
            ),
            ("an error of a number", json!({ "Type": "Fail", "Error": 5 }), "SCHEMA at /Error"),
            ("two causes", json!({ "Type": "Fail", "Cause": "c", "CausePath": "$.c" }), "SCHEMA at "),
            (
                "an error by a function that gives a list",
                json!({ "Type": "Fail", "ErrorPath": "States.Array(1)" }),
                "SCHEMA at /ErrorPath",
            ),
            (
                "branches in an object",
                json!({ "Type": "Parallel", "Branches": branch, "End": true }),
                "SCHEMA at /Branches",
            ),
            (
                "a branch of text",
                json!({ "Type": "Parallel", "Branches": ["b"], "End": true }),
                "SCHEMA at /Branches[0]",
            ),
            ("a branch without a start", branches(json!({ "StartAt": null })), "SCHEMA at /Branches[0]"),
            (
                "a branch that starts nowhere",
                branches(json!({ "StartAt": "s" })),
                "TARGET at /Branches[0]/StartAt",
            ),
            ("a branch with a next state", branches(json!({ "Next": "z" })), "SCHEMA at /Branches[0]/Next"),
            ("a branch with a comment", branches(json!({ "Comment": "c" })), ""),
            (
                "a parallel with an item selector",
                json!({ "Type": "Parallel", "Branches": [branch], "ItemSelector": {}, "End": true }),
                "SCHEMA at /ItemSelector",
            ),
        ],
        Value::clone,
    );
}

#[test]
fn of_jsonata() {
    hold(
        &[
            ("a field of the other language", json!({ "ResultPath": "$" }), "SCHEMA at /ResultPath"),
            ("an expression left open", json!({ "Output": "{% 1" }), "SCHEMA at /Output"),
            ("an expression left closed", json!({ "Output": "1 %}" }), "SCHEMA at /Output"),
            ("a broken expression", json!({ "Output": { "a": ["{% (1 %}"] } }), "SCHEMA at /Output"),
            ("a time of plain text", json!({ "TimeoutSeconds": "5" }), "SCHEMA at /TimeoutSeconds"),
            ("a broken time", json!({ "TimeoutSeconds": "{% 1 + %}" }), "SCHEMA at /TimeoutSeconds"),
            (
                "a result before there is one",
                json!({ "Arguments": { "FunctionName": "{% $states.result %}" } }),
                "SCHEMA at /Arguments",
            ),
            (
                "an error outside of a catcher",
                json!({ "Output": "{% $states.errorOutput %}" }),
                "SCHEMA at /Output",
            ),
            ("a variable with a sign", json!({ "Assign": { "a.$": "$.a" } }), "SCHEMA at /Assign"),
        ],
        ata,
    );
    let map = |items: &Value| {
        json!({
            "Type": "Map", "QueryLanguage": "JSONata", "Items": items, "End": true,
            "ItemProcessor": { "StartAt": "i", "States": { "i": { "Type": "Succeed" } } },
        })
    };
    hold(
        &[
            ("items of a number", json!(5), "SCHEMA at /Items"),
            ("items of plain text", json!("abc"), "SCHEMA at /Items"),
            ("items of an object", json!({ "a": 1 }), ""),
        ],
        map,
    );
}

#[test]
fn of_whole_machines() {
    let machine = |fields: Value| {
        let whole = json!({ "StartAt": "s", "States": { "s": { "Type": "Succeed" } } });
        errors_of(&with(whole, &fields))
    };
    for (name, fields, wanted) in [
        ("a comment that is no text", json!({ "Comment": {} }), "SCHEMA at /Comment"),
        ("a version that is a number", json!({ "Version": 1.0 }), "SCHEMA at /Version"),
        ("an unknown field", json!({ "Timeout": 5 }), "SCHEMA at /Timeout"),
        ("no states", json!({ "States": {} }), "SCHEMA at /States"),
        ("states in a list", json!({ "States": [] }), "SCHEMA at /States"),
        ("a start that is nowhere", json!({ "StartAt": "S" }), "TARGET at /StartAt"),
        ("no start", json!({ "StartAt": null }), "SCHEMA at /"),
        ("a language that is no text", json!({ "QueryLanguage": ["JSONata"] }), "SCHEMA at /QueryLanguage"),
        ("a fraction of a time limit", json!({ "TimeoutSeconds": 1.5 }), "SCHEMA at /TimeoutSeconds"),
        (
            "a time limit by an expression",
            json!({ "TimeoutSeconds": "{% 5 %}", "QueryLanguage": "JSONata" }),
            "SCHEMA at /TimeoutSeconds",
        ),
    ] {
        assert_eq!(machine(fields), [wanted], "{name}");
    }
}
