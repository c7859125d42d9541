//! Failures of fields that the given recordings do not show. The texts are those of LocalStack 2026.3, whose tests compare them
//! with AWS; the one on SecondsPath is also in field reports.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use asl::{Failure, Inputs, Variables, enter, parse};
use serde_json::{Value, json};

fn failure(state: &Value) -> Failure {
    let definition = json!({ "StartAt": "s", "States": { "s": state, "t": { "Type": "Succeed" } } });
    let machine = parse(&definition.to_string()).expect("the definition parses");
    let (input, context) =
        (json!({ "n": 1.5, "s": "x", "less": -1 }), json!({ "Execution": { "Name": "run" } }));
    let variables = Variables::default();
    let inputs = Inputs { input: &input, context: &context, variables: &variables, event_id: 2 };
    enter(machine.find("s").expect("the state is there"), &inputs).expect_err("the state fails")
}

fn cause(state: &Value) -> String {
    failure(state).plain_cause().unwrap_or_default().to_owned()
}

#[test]
fn a_wait_names_the_parameter_that_finds_nothing() {
    for (field, path) in [("SecondsPath", "$.no"), ("TimestampPath", "$.no.such")] {
        assert_eq!(
            cause(&json!({ "Type": "Wait", field: path, "Next": "t" })),
            format!("The {field} parameter does not reference an input value: {path}")
        );
    }
}

#[test]
fn a_fail_state_names_the_field_and_shows_its_input() {
    for field in ["ErrorPath", "CausePath"] {
        assert_eq!(
            cause(&json!({ "Type": "Fail", field: "$.no" })),
            format!(
                "The JSONPath '$.no' specified for the field '{field}' could not be found in the input '{{\"n\":1.5,\"s\":\"x\",\"less\":-1}}'"
            )
        );
    }
}

#[test]
fn a_context_path_was_looked_for_in_the_context_object() {
    assert_eq!(
        cause(&json!({ "Type": "Pass", "Parameters": { "a.$": "$$.Execution.No" }, "End": true })),
        "The JSONPath '$$.Execution.No' specified for the field 'a.$' could not be found in the input '{\"Execution\":{\"Name\":\"run\"}}'"
    );
}

#[test]
fn a_limit_of_items_that_is_no_number_fails_the_reader() {
    let reader = json!({
        "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" },
        "ReaderConfig": { "InputType": "JSON", "MaxItemsPath": "$.n" },
    });
    let processor = json!({
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "p", "States": { "p": { "Type": "Pass", "End": true } },
    });
    let failure =
        failure(&json!({ "Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": true }));
    assert_eq!(failure.error, "States.ItemReaderFailed");
    assert_eq!(
        failure.cause.as_deref(),
        Some("The MaxItemsPath field refers to value '1.5' which is not a valid integer: $.n")
    );
}

#[test]
fn a_function_is_no_result() {
    let state = json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% function($x){ $x } %}", "End": true });
    assert_eq!(
        cause(&state),
        "The JSONata expression 'function($x){ $x }' for the field 'Output' returned an unsupported result type."
    );
}

#[test]
fn what_no_document_says_is_marked_as_such() {
    let pass =
        |call: &str| failure(&json!({ "Type": "Pass", "Parameters": { "a.$": call }, "End": true })).sourced;
    assert!(pass("$.no"));
    assert!(pass("States.Format('{}', $.no)"));
    assert!(!pass("States.Format('{} {}', $.s)"));
    assert!(!pass("States.MathAdd($.s, 1)"));
}
