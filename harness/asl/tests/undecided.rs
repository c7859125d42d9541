//! What no document and no recording decides is marked, so that nobody is accused for it; what one does decide is not.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use asl::{Entered, Inputs, Variables, enter, parse};
use serde_json::{Value, json};

/// `fails` or `goes on`, with a question mark where no source says so.
fn told(state: &Value, input: &Value) -> String {
    let definition = json!({ "StartAt": "s", "States": { "s": state, "z": { "Type": "Succeed" } } });
    let machine = parse(&definition.to_string()).expect("the definition parses");
    let (context, variables) =
        (json!({ "Execution": { "Name": "run" }, "State": { "Name": "s" } }), Variables::new());
    let inputs = Inputs { input, context: &context, variables: &variables, event_id: 2 };
    let (what, sourced) = match enter(machine.find("s").expect("the state is there"), &inputs) {
        Ok(Entered::Exit(exit)) => ("goes on", exit.sourced),
        Ok(Entered::Task { sourced, windows_sourced, .. }) => ("goes on", sourced && windows_sourced),
        Ok(_) => ("goes on", true),
        Err(failure) => ("fails", failure.sourced),
    };
    format!("{what}{}", if sourced { "" } else { "?" })
}

fn with(mut state: Value, fields: &Value) -> Value {
    state.as_object_mut().expect("a state").extend(fields.as_object().expect("fields").clone());
    state
}

#[test]
fn texts_that_read_as_numbers_may_be_taken_for_numbers() {
    let processor = json!({ "StartAt": "p", "States": { "p": { "Type": "Pass", "End": true } } });
    let map = json!({ "Type": "Map", "ItemsPath": "$.l", "ItemProcessor": processor, "End": true });
    let wait = json!({ "Type": "Wait", "End": true });
    for (state, field) in [
        (&wait, "SecondsPath"),
        (&map, "MaxConcurrencyPath"),
        (&map, "ToleratedFailureCountPath"),
        (&map, "ToleratedFailurePercentagePath"),
    ] {
        for (value, wanted) in [
            (json!(1), "goes on"),
            (json!("1"), "fails?"),
            (json!("x"), "fails"),
            (json!(""), "fails"),
            (json!(-1), "fails"),
            (json!(null), "fails"),
            (json!([1]), "fails"),
        ] {
            let state = with(state.clone(), &json!({ field: "$.n" }));
            assert_eq!(told(&state, &json!({ "n": value, "l": [] })), wanted, "{field} {value}");
        }
        let state = with(state.clone(), &json!({ field: "$.none" }));
        assert_eq!(told(&state, &json!({ "l": [] })), "fails", "{field}");
    }
}

#[test]
fn limits_of_a_task_beyond_those_of_the_plain_field() {
    for field in ["TimeoutSecondsPath", "HeartbeatSecondsPath"] {
        let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", field: "$.n", "End": true });
        for (value, wanted) in [
            (json!(1), "goes on"),
            (json!(99_999_999), "goes on"),
            (json!(100_000_000), "goes on?"),
            (json!(0), "fails?"),
            (json!(-1), "fails?"),
            (json!("x"), "fails"),
        ] {
            assert_eq!(told(&state, &json!({ "n": value })), wanted, "{field} {value}");
        }
    }
}

#[test]
fn times_that_java_takes_and_the_specification_does_not() {
    for (time, wanted) in [
        ("2024-01-01T00:00:00Z", "goes on"),
        ("2024-01-01T00:00:00.123456+05:30", "goes on"),
        ("2024-01-01t00:00:00Z", "fails?"),
        ("2024-01-01T00:00:00z", "fails?"),
        ("2024-01-01T00:00Z", "fails?"),
        ("2024-01-01T00:00:00", "fails"),
        ("2024-01-01", "fails"),
        ("soon", "fails"),
    ] {
        let state = json!({ "Type": "Wait", "TimestampPath": "$.t", "End": true });
        assert_eq!(told(&state, &json!({ "t": time })), wanted, "{time}");
    }
}

#[test]
fn a_query_below_nothing_and_members_of_the_context_that_come_and_go() {
    for (path, wanted) in [
        ("$.none", "fails"),
        ("$.none[*]", "fails?"),
        ("$.none.x[0:1].y", "fails?"),
        ("$.l[*].none", "goes on"),
        ("$$.Execution.Nonsense", "fails"),
        ("$$.State.RetryCount", "fails?"),
        ("$$.Map.Item.Source", "fails?"),
        ("$$.Map.Item.Index", "fails?"),
        ("$$.Task.Token", "fails?"),
    ] {
        for field in [
            json!({ "InputPath": path }),
            json!({ "Parameters": { "x.$": path } }),
            json!({ "OutputPath": path }),
        ] {
            let state = with(json!({ "Type": "Pass", "End": true }), &field);
            assert_eq!(told(&state, &json!({ "l": [{}] })), wanted, "{field}");
        }
    }
}

#[test]
fn results_beyond_the_end_of_a_list() {
    for (path, wanted) in
        [("$.l[0]", "goes on"), ("$.l[1]", "fails?"), ("$.n.x", "fails"), ("$.l.x", "fails")]
    {
        let state = json!({ "Type": "Pass", "Result": 1, "ResultPath": path, "End": true });
        assert_eq!(told(&state, &json!({ "l": [0], "n": 1 })), wanted, "{path}");
    }
}

#[test]
fn arguments_of_functions_of_which_the_guide_does_not_speak() {
    for (call, wanted) in [
        ("States.ArrayRange(1, 9, 2)", "goes on"),
        ("States.ArrayRange(9, 1, -2)", "goes on?"),
        ("States.Hash('x', 'MD5')", "goes on"),
        ("States.Hash($.n, 'MD5')", "goes on?"),
        ("States.MathAdd(1, 1.4)", "goes on"),
        ("States.MathAdd(1, 1.5)", "goes on?"),
        ("States.Array(States.Hash($.n, 'MD5'))", "goes on?"),
        ("States.Format('{}', $.n)", "goes on"),
        ("States.Format('{}', $.big)", "goes on?"),
    ] {
        let state = json!({ "Type": "Pass", "Parameters": { "x.$": call }, "End": true });
        assert_eq!(told(&state, &json!({ "n": 1, "big": 1e300 })), wanted, "{call}");
    }
}

#[test]
fn a_map_over_the_members_of_an_object() {
    let map = |config: Value| {
        json!({ "Type": "Map", "ItemProcessor": { "ProcessorConfig": config, "StartAt": "p",
            "States": { "p": { "Type": "Pass", "End": true } } }, "End": true })
    };
    let distributed = map(json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }));
    assert_eq!(told(&distributed, &json!({ "a": 1 })), "fails?");
    assert_eq!(told(&distributed, &json!("a")), "fails");
    assert_eq!(told(&map(json!({ "Mode": "INLINE" })), &json!({ "a": 1 })), "fails");
}

#[test]
fn the_output_of_a_choice_whose_rule_has_none() {
    let choice = |rule: Value| json!({ "Type": "Choice", "QueryLanguage": "JSONata", "Output": 1, "Choices": [with(rule, &json!({ "Next": "z" }))], "Default": "z" });
    assert_eq!(told(&choice(json!({ "Condition": true })), &json!({})), "goes on?");
    assert_eq!(told(&choice(json!({ "Condition": true, "Output": 2 })), &json!({})), "goes on");
    assert_eq!(told(&choice(json!({ "Condition": false })), &json!({})), "goes on");
}

#[test]
fn what_only_the_execution_itself_knows() {
    let choice = |rule: Value| json!({ "Type": "Choice", "Choices": [with(rule, &json!({ "Next": "z" }))], "Default": "z" });
    for (state, wanted) in [
        (choice(json!({ "Variable": "$$.Execution.Name", "StringEquals": "other" })), "goes on?"),
        (choice(json!({ "Variable": "$.n", "StringEqualsPath": "$$.Execution.Name" })), "goes on?"),
        (choice(json!({ "Variable": "$$.Execution.Name", "IsPresent": true })), "goes on"),
        (choice(json!({ "Variable": "$$.State.Name", "StringEquals": "s" })), "goes on"),
        (json!({ "Type": "Pass", "Parameters": { "x.$": "$$.Execution.Name" }, "End": true }), "goes on"),
        (
            json!({ "Type": "Pass", "Parameters": { "x.$": "States.Format('{}-{}', $.n, $$.Execution.Name)" }, "End": true }),
            "goes on",
        ),
        (
            json!({ "Type": "Pass", "Parameters": { "x.$": "States.ArrayContains($.l, $$.Execution.Name)" }, "End": true }),
            "goes on?",
        ),
        (
            json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.context.Execution.Name & '!' %}", "End": true }),
            "goes on",
        ),
        (
            json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.context.Execution.Name = 'x' %}", "End": true }),
            "goes on?",
        ),
    ] {
        assert_eq!(told(&state, &json!({ "n": "a", "l": [] })), wanted, "{state}");
    }
}
