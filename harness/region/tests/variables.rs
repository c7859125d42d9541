//! Variables in the scopes of a machine, and how much they hold (DG:workflow-variables). The error of what is too much is ours.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod desk;

use desk::Desk;
use serde_json::{Value, json};

/// The output of a machine of these states that starts with `a`, or its error.
fn end(states: &Value, input: &Value) -> Result<Value, String> {
    let mut desk = Desk::new(1);
    let machine = desk.machine("m", &json!({ "StartAt": "a", "States": states }).to_string());
    let execution = desk.start(&machine, input);
    for _ in 0..100 {
        if desk.status(&execution) != "RUNNING" {
            break;
        }
        desk.pass(1000);
    }
    let end = desk.done("DescribeExecution", json!({ "executionArn": execution }));
    match end["output"].as_str() {
        Some(text) => Ok(serde_json::from_str(text).unwrap()),
        None => Err(end["error"].as_str().unwrap_or_default().to_owned()),
    }
}

fn failing(error: &str) -> Value {
    json!([{ "StartAt": "i", "States": {
        "i": { "Type": "Pass", "Assign": { "inner": 1 }, "Next": "f" }, "f": { "Type": "Fail", "Error": error },
    } }])
}

#[test]
fn each_part_of_a_machine_assigns_in_its_scope() {
    let show = |names: &[&str]| {
        let parameters: serde_json::Map<String, Value> =
            names.iter().map(|name| (format!("{name}.$"), json!(format!("${name}")))).collect();
        json!({ "Type": "Pass", "Parameters": parameters, "End": true })
    };
    let first = |assign: Value| json!({ "Type": "Pass", "Assign": assign, "Next": "b" });
    let lost = Err("States.Runtime".to_owned());
    for (name, states, wanted) in [
        (
            "a catcher assigns in the scope of its state",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "Branches": failing("E"), "End": true, "Catch": [
                    { "ErrorEquals": ["E"], "Assign": { "why.$": "$.Error", "x": 2 }, "Next": "z" }] },
                "z": show(&["x", "why"]),
            }),
            Ok(json!({ "x": 2, "why": "E" })),
        ),
        (
            "what a failed branch assigned is gone",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "Branches": failing("E"), "End": true,
                    "Catch": [{ "ErrorEquals": ["E"], "Next": "z" }] },
                "z": show(&["inner"]),
            }),
            lost.clone(),
        ),
        (
            "a state that fails assigns nothing",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "Branches": failing("E"), "Assign": { "x": 2 }, "End": true,
                    "Catch": [{ "ErrorEquals": ["E"], "Next": "z" }] },
                "z": show(&["x"]),
            }),
            Ok(json!({ "x": 1 })),
        ),
        (
            "an attempt begins with the variables of the state",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "End": true, "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }],
                    "Branches": [{ "StartAt": "c", "States": {
                        "c": { "Type": "Choice", "Choices": [{ "Variable": "$n", "IsPresent": true, "Next": "s" }], "Default": "d" },
                        "d": { "Type": "Pass", "Assign": { "n": 1 }, "Next": "f" },
                        "f": { "Type": "Fail", "Error": "E" }, "s": { "Type": "Succeed" },
                    } }] },
            }),
            Err("E".to_owned()),
        ),
        (
            "a scope reads those of all scopes around it",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "End": true, "Branches": [{ "StartAt": "c", "States": {
                    "c": { "Type": "Pass", "Assign": { "y.$": "States.MathAdd($x, 1)" }, "Next": "m" },
                    "m": { "Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {
                        "StartAt": "i", "States": { "i": show(&["x", "y"]) } } },
                } }] },
            }),
            Ok(json!([[{ "x": 1, "y": 2 }, { "x": 1, "y": 2 }]])),
        ),
        (
            "an iteration reads nothing of another",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "End": true, "ItemProcessor": {
                    "StartAt": "c", "States": {
                        "c": { "Type": "Choice", "Choices": [{ "Variable": "$n", "IsPresent": true, "Next": "s" }], "Default": "d" },
                        "d": { "Type": "Pass", "Result": "new", "Assign": { "n": 1 }, "End": true },
                        "s": { "Type": "Pass", "Result": "old", "End": true },
                    } } },
            }),
            Ok(json!(["new", "new"])),
        ),
        (
            "a branch reads nothing of another",
            json!({
                "a": first(json!({ "x": 1 })),
                "b": { "Type": "Parallel", "End": true, "Branches": [
                    { "StartAt": "c", "States": { "c": { "Type": "Pass", "Assign": { "n": 1 }, "End": true } } },
                    { "StartAt": "w", "States": { "w": { "Type": "Wait", "Seconds": 5, "Next": "d" }, "d": show(&["n"]) } },
                ] },
            }),
            lost,
        ),
    ] {
        assert_eq!(end(&states, &json!({ "items": [1, 2] })), wanted, "{name}");
    }
}

#[test]
fn an_assign_holds_as_much_as_an_input() {
    let input = json!({ "big": "x".repeat(131_070) });
    for (assign, fits) in [
        (json!({ "v.$": "$.big" }), true),
        (json!({ "v.$": "$.big", "w.$": "$.big" }), true),
        (json!({ "v.$": "$.big", "w.$": "$.big", "u": 1 }), false),
        (json!({ "v.$": "States.Array($.big, $.big)" }), false),
    ] {
        let states = json!({
            "a": { "Type": "Pass", "Assign": assign, "Next": "z" }, "z": { "Type": "Pass", "Result": 1, "End": true },
        });
        let wanted = if fits { Ok(json!(1)) } else { Err("States.DataLimitExceeded".to_owned()) };
        assert_eq!(end(&states, &input), wanted, "{assign}");
    }
}
