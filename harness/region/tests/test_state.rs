//! TestState (TST-01 to TST-05; M:TestStateInput, M:InspectionData, M:MockInput, M:TestStateConfiguration).

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

use proptest::prelude::*;
use record::{Call, Operation, Outcome, Time};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

/// The answer, or the code of the refusal.
fn ask(fields: &Value) -> Value {
    let mut input = fields.clone();
    for member in ["definition", "input", "variables", "context"] {
        if let Some(value) = input.get(member).filter(|value| !value.is_string()) {
            input[member] = json!(value.to_string());
        }
    }
    let mut region = Region::new(1, Time(1_700_000_000_000), Options::default());
    match region.call(region.now(), &Call::new(Operation::TestState, input)) {
        Answer::Now(Outcome::Done(reply)) => reply,
        Answer::Now(Outcome::Refused(error)) => json!(error.code),
        other => panic!("{other:?}"),
    }
}

fn with(mut whole: Value, fields: &Value) -> Value {
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    whole
}

fn task(fields: &Value) -> Value {
    let resource = "arn:aws:states:::lambda:invoke";
    with(
        json!({ "Type": "Task", "Resource": resource, "Parameters": { "FunctionName": "f" }, "End": true }),
        fields,
    )
}

fn map(fields: &Value) -> Value {
    let processor = json!({
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "i", "States": { "i": { "Type": "Pass", "End": true } },
    });
    with(json!({ "Type": "Map", "ItemProcessor": processor, "End": true }), fields)
}

fn parallel() -> Value {
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Pass", "End": true } } });
    json!({ "Type": "Parallel", "Branches": [branch("a"), branch("b")], "End": true })
}

/// What the inspection shows, its texts read as JSON.
fn inspected(fields: &Value) -> Value {
    let reply = ask(&with(fields.clone(), &json!({ "inspectionLevel": "DEBUG" })));
    let mut shown = reply["inspectionData"].clone();
    for (_, value) in shown.as_object_mut().unwrap_or_else(|| panic!("{reply}")) {
        if let Some(text) = value.as_str() {
            *value = serde_json::from_str(text).unwrap();
        }
    }
    shown
}

#[test]
fn a_definition_that_could_not_be_created_is_refused() {
    let pass = json!({ "Type": "Pass", "End": true });
    let machine = json!({ "StartAt": "p", "States": { "p": { "Type": "Pass", "Next": "q" }, "q": pass } });
    for (name, fields, wanted) in [
        ("a state", json!({ "definition": pass }), "SUCCEEDED"),
        (
            "a state that goes on",
            json!({ "definition": { "Type": "Pass", "Next": "anywhere" } }),
            "SUCCEEDED",
        ),
        (
            "a catcher that goes on",
            json!({
                "definition": task(&json!({ "Catch": [{ "ErrorEquals": ["E"], "Next": "anywhere" }] })),
                "mock": { "result": "1", "fieldValidationMode": "NONE" },
            }),
            "SUCCEEDED",
        ),
        ("a state of a machine", json!({ "definition": machine, "stateName": "p" }), "SUCCEEDED"),
        ("a machine without a name", json!({ "definition": machine }), "ValidationException"),
        (
            "a name that is not there",
            json!({ "definition": machine, "stateName": "r" }),
            "ValidationException",
        ),
        ("a name without a machine", json!({ "definition": pass, "stateName": "p" }), "InvalidDefinition"),
        (
            "a machine with a fault elsewhere",
            json!({ "definition": with(machine, &json!({ "StartAt": "r" })), "stateName": "p" }),
            "InvalidDefinition",
        ),
        ("no JSON", json!({ "definition": "{" }), "InvalidDefinition"),
        ("a list", json!({ "definition": [] }), "InvalidDefinition"),
        ("no type", json!({ "definition": { "End": true } }), "InvalidDefinition"),
        ("no way on", json!({ "definition": { "Type": "Pass" } }), "InvalidDefinition"),
        (
            "a stray field",
            json!({ "definition": with(pass.clone(), &json!({ "Foo": 1 })) }),
            "InvalidDefinition",
        ),
        (
            "a branch that leads nowhere",
            json!({ "definition": {
                "Type": "Parallel", "End": true,
                "Branches": [{ "StartAt": "a", "States": { "a": { "Type": "Pass", "Next": "b" } } }],
            } }),
            "InvalidDefinition",
        ),
        ("an input that is no JSON", json!({ "definition": pass, "input": "{" }), "InvalidExecutionInput"),
        ("an unknown level", json!({ "definition": pass, "inspectionLevel": "ALL" }), "ValidationException"),
        ("variables in a list", json!({ "definition": pass, "variables": [] }), "ValidationException"),
    ] {
        let reply = ask(&fields);
        assert_eq!(reply.as_str().or_else(|| reply["status"].as_str()), Some(wanted), "{name}: {reply}");
    }
}

#[test]
fn a_mock_is_an_answer_that_the_state_could_get() {
    let start = json!({
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": { "StateMachineArn": "arn" }, "End": true,
    });
    let result = |value: Value| json!({ "result": value.to_string() });
    let in_mode =
        |value: Value, mode: &str| json!({ "result": value.to_string(), "fieldValidationMode": mode });
    let started = json!({ "ExecutionArn": "arn", "StartDate": "2026-01-01T00:00:00Z" });
    let refused = "ValidationException";
    for (name, state, mock, wanted) in [
        ("a result", task(&json!({})), result(json!({ "Payload": 1, "other": 2 })), "SUCCEEDED"),
        ("an error", task(&json!({})), json!({ "errorOutput": { "error": "E", "cause": "c" } }), "FAILED"),
        ("nothing", task(&json!({})), json!({}), refused),
        ("both", task(&json!({})), json!({ "result": "{}", "errorOutput": { "error": "E" } }), refused),
        ("no JSON", task(&json!({})), json!({ "result": "{" }), refused),
        ("an error without a name", task(&json!({})), json!({ "errorOutput": { "cause": "c" } }), refused),
        ("an unknown mode", task(&json!({})), in_mode(json!({}), "LAX"), refused),
        ("an answer that is no object", task(&json!({})), result(json!([])), refused),
        ("a status of text", task(&json!({})), result(json!({ "StatusCode": "200" })), refused),
        (
            "a status of text, unchecked",
            task(&json!({})),
            in_mode(json!({ "StatusCode": "200" }), "NONE"),
            "SUCCEEDED",
        ),
        ("a started execution", start.clone(), result(started), "SUCCEEDED"),
        ("no date", start.clone(), result(json!({ "ExecutionArn": "arn" })), refused),
        (
            "no date where none is asked for",
            start.clone(),
            in_mode(json!({ "ExecutionArn": "arn" }), "PRESENT"),
            "SUCCEEDED",
        ),
        ("a number of an ARN", start, in_mode(json!({ "ExecutionArn": 5 }), "PRESENT"), refused),
        ("outputs of all branches", parallel(), result(json!([1, 2])), "SUCCEEDED"),
        ("outputs of some branches", parallel(), result(json!([1])), refused),
        ("an output that is no list", parallel(), result(json!({})), refused),
        ("outputs of items", map(&json!({})), result(json!([1])), "SUCCEEDED"),
        ("no list of items", map(&json!({})), result(json!({ "a": 1 })), refused),
        (
            "what a writer tells",
            map(
                &json!({ "ResultWriter": { "Resource": "arn:aws:states:::s3:putObject", "Parameters": { "Bucket": "b" } } }),
            ),
            result(json!({ "MapRunArn": "arn" })),
            "SUCCEEDED",
        ),
        ("a mock of a Pass", json!({ "Type": "Pass", "End": true }), result(json!(1)), refused),
    ] {
        let reply = ask(&json!({ "definition": state, "input": [1], "mock": mock }));
        assert_eq!(reply.as_str().or_else(|| reply["status"].as_str()), Some(wanted), "{name}: {reply}");
    }
    for state in [task(&json!({})), parallel(), map(&json!({}))] {
        assert_eq!(ask(&json!({ "definition": state })), refused, "without a mock");
    }
    let secrets =
        json!({ "definition": task(&json!({})), "revealSecrets": true, "mock": { "result": "{}" } });
    assert_eq!(ask(&secrets), refused);
}

#[test]
fn the_configuration_is_of_the_state() {
    let fails = json!({ "errorOutput": { "error": "E" } });
    for (name, state, mock, configuration, wanted) in [
        ("a state of a branch", parallel(), fails.clone(), json!({ "errorCausedByState": "b" }), "FAILED"),
        (
            "a state of an item",
            map(&json!({})),
            fails.clone(),
            json!({ "errorCausedByState": "i" }),
            "FAILED",
        ),
        (
            "no such state",
            parallel(),
            fails.clone(),
            json!({ "errorCausedByState": "c" }),
            "ValidationException",
        ),
        (
            "no state inside",
            task(&json!({})),
            fails.clone(),
            json!({ "errorCausedByState": "a" }),
            "ValidationException",
        ),
        (
            "no error",
            parallel(),
            json!({ "result": "[1, 2]" }),
            json!({ "errorCausedByState": "a" }),
            "ValidationException",
        ),
        (
            "fewer than no retries",
            task(&json!({})),
            fails.clone(),
            json!({ "retrierRetryCount": -1 }),
            "ValidationException",
        ),
        (
            "retries of text",
            task(&json!({})),
            fails,
            json!({ "retrierRetryCount": "1" }),
            "SerializationException",
        ),
    ] {
        let reply = ask(&json!({
            "definition": state, "input": [1], "mock": mock, "stateConfiguration": configuration,
        }));
        assert_eq!(reply.as_str().or_else(|| reply["status"].as_str()), Some(wanted), "{name}: {reply}");
    }
}

#[test]
fn a_failure_is_retried_caught_or_final() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 3, "MaxAttempts": 2, "BackoffRate": 2.0 }]);
    let catch =
        json!([{ "ErrorEquals": ["F"], "Next": "x" }, { "ErrorEquals": ["States.ALL"], "Next": "y" }]);
    let state = task(&json!({ "Retry": retry, "Catch": catch }));
    for (error, retries, status, next, details) in [
        ("E", 0, "RETRIABLE", None, json!({ "retryIndex": 0, "retryBackoffIntervalSeconds": 3 })),
        ("E", 1, "RETRIABLE", None, json!({ "retryIndex": 0, "retryBackoffIntervalSeconds": 6 })),
        ("E", 2, "CAUGHT_ERROR", Some("y"), json!({ "retryIndex": 0, "catchIndex": 1 })),
        ("F", 0, "CAUGHT_ERROR", Some("x"), json!({ "catchIndex": 0 })),
        ("States.Runtime", 0, "FAILED", None, json!(null)),
    ] {
        let reply = ask(&json!({
            "definition": state, "inspectionLevel": "DEBUG", "mock": { "errorOutput": { "error": error, "cause": "c" } },
            "stateConfiguration": { "retrierRetryCount": retries },
        }));
        assert_eq!((&reply["status"], reply["nextState"].as_str()), (&json!(status), next), "{reply}");
        assert_eq!((&reply["error"], &reply["cause"]), (&json!(error), &json!("c")));
        assert_eq!(reply["inspectionData"]["errorDetails"], details, "{error} {retries}");
        assert_eq!(reply.get("output").is_some(), status == "CAUGHT_ERROR");
    }
}

#[test]
fn the_inspection_shows_every_stage() {
    let pass = json!({
        "Type": "Pass", "InputPath": "$.in", "Parameters": { "n.$": "$.n" }, "ResultPath": "$.out",
        "Assign": { "v.$": "$.n" }, "Next": "x",
    });
    let input = json!({ "in": { "n": 1 } });
    assert_eq!(
        inspected(&json!({ "definition": pass, "input": input, "variables": { "w": 2 } })),
        json!({
            "input": input, "afterInputPath": { "n": 1 }, "afterParameters": { "n": 1 }, "result": { "n": 1 },
            "afterResultPath": { "in": { "n": 1 }, "out": { "n": 1 } }, "variables": { "w": 2, "v": 1 },
        })
    );
    let state = json!({
        "Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Arguments": { "FunctionName": "{% $f %}" }, "Assign": { "r": "{% $states.result.Payload %}" },
    });
    assert_eq!(
        inspected(&json!({
            "definition": state, "variables": { "f": "g" }, "mock": { "result": "{\"Payload\": 5}" },
        })),
        json!({
            "input": {}, "afterArguments": { "FunctionName": "g" }, "result": { "Payload": 5 },
            "variables": { "f": "g", "r": 5 },
        })
    );
    let info = ask(&json!({ "definition": pass, "input": input }));
    assert_eq!(info, json!({ "output": info["output"], "status": "SUCCEEDED", "nextState": "x" }));
}

#[test]
fn the_inspection_shows_what_becomes_of_items() {
    let state = map(&json!({
        "ItemsPath": "$.all", "ItemSelector": { "i.$": "$$.Map.Item.Value" },
        "ItemBatcher": { "MaxItemsPerBatch": 2 }, "MaxConcurrency": 3, "ToleratedFailurePercentage": 50,
    }));
    let input = json!({ "all": [1, 2, 3] });
    let item = |number: u8| json!({ "i": number });
    assert_eq!(
        inspected(&json!({ "definition": state, "input": input, "mock": { "result": "[1, 2]" } })),
        json!({
            "input": input, "afterInputPath": input, "afterItemsPath": [1, 2, 3],
            "afterItemSelector": [item(1), item(2), item(3)],
            "afterItemBatcher": [{ "Items": [item(1), item(2)] }, { "Items": [item(3)] }],
            "maxConcurrency": 3, "toleratedFailurePercentage": 50.0,
        })
    );
    for (failed, status) in [(0, "SUCCEEDED"), (1, "SUCCEEDED"), (2, "FAILED")] {
        let configuration = json!({ "mapIterationFailureCount": failed });
        let reply = ask(&json!({
            "definition": state, "input": input, "mock": { "result": "[1, 2]" }, "stateConfiguration": configuration,
        }));
        assert_eq!(reply["status"], status, "{failed} of 2 batches");
    }
}

#[test]
fn the_data_behind_a_reader_can_be_given() {
    let get = "arn:aws:states:::s3:getObject";
    for (name, config, data, wanted) in [
        ("JSON", json!({ "InputType": "JSON" }), "[1, 2, 3]", json!([1, 2, 3])),
        (
            "a part of it",
            json!({ "InputType": "JSON", "ItemsPointer": "/a/b" }),
            "{\"a\": {\"b\": [4]}}",
            json!([4]),
        ),
        (
            "lines",
            json!({ "InputType": "JSONL" }),
            "{\"a\": 1}\n\n{\"a\": 2}\n",
            json!([{ "a": 1 }, { "a": 2 }]),
        ),
        (
            "a table",
            json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" }),
            "a,b\n1,\"x,y\"\n",
            json!([{ "a": "1", "b": "x,y" }]),
        ),
        (
            "a table without a head",
            json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["c"], "CSVDelimiter": "PIPE" }),
            "1|2\n3|4",
            json!([{ "c": "1" }, { "c": "3" }]),
        ),
        ("at most two", json!({ "InputType": "JSON", "MaxItems": 2 }), "[1, 2, 3]", json!([1, 2])),
    ] {
        let state = map(&json!({
            "ItemReader": { "Resource": get, "Parameters": { "Bucket": "b", "Key": "k" }, "ReaderConfig": config },
            "ItemBatcher": { "MaxItemsPerBatch": 10 },
        }));
        let test = json!({
            "definition": state, "mock": { "result": "[1]" }, "stateConfiguration": { "mapItemReaderData": data },
        });
        assert_eq!(inspected(&test)["afterItemBatcher"][0]["Items"], wanted, "{name}");
        let broken = with(test, &json!({ "stateConfiguration": { "mapItemReaderData": "{" } }));
        if !name.contains("table") {
            assert_eq!(ask(&broken)["error"], "States.ItemReaderFailed", "{name}");
        }
    }
}

proptest! {
    #[test]
    fn any_data_is_read_or_is_a_failure_of_the_reader(
        data in "[a-c,|\"\\[\\]{}:\r\n0-9é]{0,40}", kind in proptest::sample::select(&["CSV", "JSON", "JSONL", "PARQUET"][..]),
    ) {
        let config = json!({ "InputType": kind, "CSVHeaderLocation": "FIRST_ROW" });
        let state = map(&json!({ "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" }, "ReaderConfig": config,
        } }));
        let reply = ask(&json!({
            "definition": state, "mock": { "result": "[1]" }, "stateConfiguration": { "mapItemReaderData": data },
        }));
        prop_assert!(reply["status"] == "SUCCEEDED" || reply["error"] == "States.ItemReaderFailed", "{}", reply);
    }
}
