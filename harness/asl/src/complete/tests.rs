use crate::{Exit, Failure, Inputs, Variables, check_result, complete, parse};
use serde_json::{Value, json};

fn leave(fields: &Value, input: &Value, result: &Value) -> Result<Exit, Failure> {
    leave_with(&[("n".to_owned(), json!(1))].into_iter().collect(), fields, input, result)
}

fn leave_with(variables: &Variables, fields: &Value, input: &Value, result: &Value) -> Result<Exit, Failure> {
    let mut task = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true});
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let machine = parse(&json!({"StartAt": "s", "States": {"s": task}}).to_string()).unwrap();
    complete(
        machine.find("s").unwrap(),
        &Inputs { input, context: &json!({}), variables, event_id: 2 },
        result,
    )
}

#[test]
fn result_selector_comes_before_result_path_and_output_path_after() {
    let fields = json!({"ResultSelector": {"only.$": "$.Payload.x"}, "ResultPath": "$.r", "OutputPath": "$.r.only", "Assign": {"v.$": "$.only"}});
    let exit = leave(&fields, &json!({"a": 1}), &json!({"Payload": {"x": [1]}})).unwrap();
    assert_eq!(exit.output, json!([1]));
    assert_eq!(exit.assigned["v"], json!([1]));
}

#[test]
fn result_path_works_on_the_raw_input() {
    let exit =
        leave(&json!({"InputPath": "$.part", "ResultPath": "$.r"}), &json!({"part": {"x": 1}}), &json!("R"))
            .unwrap();
    assert_eq!(exit.output, json!({"part": {"x": 1}, "r": "R"}));
}

#[test]
fn jsonata_sees_the_result() {
    let fields = json!({"QueryLanguage": "JSONata", "Output": {"r": "{% $states.result.Payload %}", "n": "{% $n %}"}, "Assign": {"n": "{% $states.result.k + $n %}"}});
    let exit = leave(&fields, &json!({}), &json!({"Payload": [1], "k": 4})).unwrap();
    assert_eq!(exit.output, json!({"r": [1], "n": 1}));
    assert_eq!(exit.assigned["n"], json!(5));
    assert_eq!(
        leave(&json!({"QueryLanguage": "JSONata"}), &json!({}), &json!("R")).unwrap().output,
        json!("R")
    );
}

#[test]
fn an_output_path_that_leads_nowhere_is_a_runtime_error() {
    let failure = leave(&json!({"OutputPath": "$.no.such"}), &json!({}), &json!({})).unwrap_err();
    assert_eq!(failure.error, "States.Runtime");
    assert!(failure.cause.unwrap().ends_with("Invalid path '$.no.such' : Missing property in path $['no']"));
}

#[test]
fn a_result_over_the_limit_names_the_service_or_the_arn() {
    let large = json!("x".repeat(crate::DATA_LIMIT));
    for (resource, who) in [
        ("arn:aws:states:::lambda:invoke", "lambda"),
        ("arn:aws:lambda:::function:f", "arn:aws:lambda:::function:f"),
    ] {
        let machine = parse(
            &json!({"StartAt": "s", "States": {"s": {"Type": "Task", "Resource": resource, "End": true}}})
                .to_string(),
        )
        .unwrap();
        let failure = check_result(machine.find("s").unwrap(), &large).unwrap_err();
        assert!(failure.cause.unwrap().starts_with(&format!("The state/task '{who}' returned a result")));
    }
}

#[test]
fn merged_output_over_the_limit_fails() {
    let half = json!("x".repeat(140_000));
    assert_eq!(
        leave(&json!({"ResultPath": "$.r"}), &json!({"a": half}), &half).unwrap_err().error,
        "States.DataLimitExceeded"
    );
}

#[test]
fn all_variables_in_reach_hold_ten_mebibytes() {
    let assign = |kept: usize, name: &str| {
        let variables = (0..41).map(|index| (format!("v{index}"), json!("x".repeat(kept))));
        leave_with(
            &variables.collect(),
            &json!({"Assign": {name: "$"}}),
            &json!({}),
            &json!("x".repeat(200_000)),
        )
    };
    assert!(assign(240_000, "new.$").is_ok_and(|exit| exit.sourced));
    let failure = assign(255_000, "new.$").unwrap_err();
    assert_eq!((failure.error.as_str(), failure.sourced), ("States.DataLimitExceeded", false));
    assert!(assign(255_000, "v0.$").is_ok());
}

#[test]
fn a_variable_nests_no_deeper_than_a_value_may() {
    let deep = (0..600).fold(Value::Null, |inner, _| json!([inner]));
    assert!(leave(&json!({"Assign": {"v.$": "$"}, "ResultPath": null}), &json!({}), &deep).is_err());
}
