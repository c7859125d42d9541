//! Nobody is accused for what no document and no recording decides: the text of an error of the interpreter, and whether a function
//! bears an argument. What is documented is compared all the same.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use rules::audit::audit;
use serde_json::{Value, json};
use tale::{RESOURCE, Tale};

/// The rules that a history of one state breaks; `next` are the events after StateEntered, each with its details.
fn broken(state: &Value, next: &[(&str, Value)]) -> Vec<&'static str> {
    let kind = state["Type"].as_str().unwrap();
    let input = json!({ "s": "x", "n": 1 }).to_string();
    let whole = json!({ "truncated": false });
    let started =
        json!({ "input": input, "inputDetails": whole, "roleArn": "arn:aws:iam::123456789012:role/r" });
    let entered = json!({ "input": input, "inputDetails": whole, "name": "s" });
    let mut all = vec![("ExecutionStarted".to_owned(), started), (format!("{kind}StateEntered"), entered)];
    all.extend(next.iter().map(|(kind, details)| ((*kind).to_owned(), details.clone())));
    let events = all.into_iter().enumerate().map(|(at, (kind, details))| {
        let previous = if at < 2 { 0 } else { at };
        let mut event =
            json!({ "id": at + 1, "previousEventId": previous, "type": kind, "timestamp": 1_700_000_000 + at });
        event[record::history::detail_member(&kind).unwrap()] = details;
        event
    });
    let history = json!({ "events": events.collect::<Vec<_>>() }).to_string();
    let definition = json!({ "StartAt": "s", "States": { "s": state } }).to_string();
    for definition in [None, Some(definition.as_str())] {
        let report = audit(&history, definition).unwrap();
        if definition.is_some() || !report.violations.is_empty() {
            return report.violations.into_iter().map(|found| found.rule).collect();
        }
    }
    Vec::new()
}

fn left(state: &Value, output: &Value) -> Vec<&'static str> {
    let (output, whole) = (output.to_string(), json!({ "truncated": false }));
    let exited = json!({ "name": "s", "output": output, "outputDetails": whole });
    let succeeded = json!({ "output": output, "outputDetails": whole });
    broken(state, &[("PassStateExited", exited), ("ExecutionSucceeded", succeeded)])
}

fn failed(state: &Value, error: &str, cause: &str) -> Vec<&'static str> {
    broken(state, &[("ExecutionFailed", json!({ "error": error, "cause": cause }))])
}

fn pass(query: &str) -> Value {
    json!({ "Type": "Pass", "Parameters": { "a.$": query }, "End": true })
}

#[test]
fn an_argument_that_no_document_forbids_may_be_borne_or_not() {
    for call in ["States.Format('{} {}', $.s)", "States.MathAdd($.s, 1)", "States.ArrayRange(1, 9, 0)"] {
        assert_eq!(left(&pass(call), &json!({ "a": 1 })), Vec::<&str>::new(), "{call}");
        for error in ["States.Runtime", "States.IntrinsicFailure"] {
            assert_eq!(failed(&pass(call), error, "any text"), Vec::<&str>::new(), "{call}");
        }
    }
}

#[test]
fn a_path_that_finds_nothing_fails_the_state_in_whatever_words() {
    for query in ["$.no", "$$.Execution.No", "States.Format('{}', $.no)"] {
        assert_ne!(left(&pass(query), &json!({ "a": 1 })), Vec::<&str>::new(), "{query}");
        for cause in
            ["any text", "An error occurred while executing the state 's' (entered at the event id #2). x"]
        {
            assert_eq!(failed(&pass(query), "States.Runtime", cause), Vec::<&str>::new(), "{query}");
        }
    }
}

#[test]
fn a_wait_a_choice_and_a_fail_state_fail_in_whatever_words() {
    let states = [
        json!({ "Type": "Wait", "SecondsPath": "$.no", "End": true }),
        json!({ "Type": "Wait", "TimestampPath": "$.s", "End": true }),
        json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true }),
        json!({ "Type": "Fail", "ErrorPath": "$.no" }),
        json!({ "Type": "Fail", "CausePath": "$.n" }),
        json!({ "Type": "Pass", "InputPath": "$.no", "End": true }),
        json!({ "Type": "Pass", "OutputPath": "$.no", "End": true }),
        json!({ "Type": "Pass", "ResultPath": "$.s.t", "Result": 1, "End": true }),
    ];
    for state in states {
        for error in ["States.Runtime", "States.ParameterPathFailure", "States.ResultPathMatchFailure"] {
            assert_eq!(failed(&state, error, "any text"), Vec::<&str>::new(), "{state}");
        }
    }
}

#[test]
fn what_the_definition_says_is_compared_to_the_letter() {
    let state = json!({ "Type": "Fail", "Error": "E", "Cause": "why" });
    assert_eq!(failed(&state, "E", "why"), Vec::<&str>::new());
    assert!(failed(&state, "E", "another").contains(&"ERR-06"));
    assert!(failed(&state, "F", "why").contains(&"ERR-06"));
    assert_ne!(left(&pass("$.n"), &json!({ "a": 2 })), Vec::<&str>::new());
    assert_ne!(failed(&pass("$.n"), "States.Runtime", "any text"), Vec::<&str>::new());
}

#[test]
fn a_number_that_java_writes_with_an_exponent_may_be_written_so() {
    for (number, texts) in [
        ("1700000000.25", ["1.70000000025E9", "1700000000.25"]),
        ("0.0005", ["5.0E-4", "0.0005"]),
        ("States.StringToJson('[0.0005]')", ["[5.0E-4]", "[0.0005]"]),
    ] {
        for text in texts {
            let format = pass(&format!("States.Format('{{}}', {number})"));
            assert_eq!(left(&format, &json!({ "a": text })), Vec::<&str>::new(), "{number} {text}");
            let string = pass(&format!("States.JsonToString({number})"));
            assert_eq!(left(&string, &json!({ "a": text })), Vec::<&str>::new(), "{number} {text}");
        }
    }
    for number in ["2.5", "1700000000"] {
        let format = pass(&format!("States.Format('{{}}', {number})"));
        assert_eq!(left(&format, &json!({ "a": number })), Vec::<&str>::new(), "{number}");
        assert_ne!(left(&format, &json!({ "a": "7" })), Vec::<&str>::new(), "{number}");
    }
}

#[test]
fn of_a_failure_without_a_name_an_expression_of_its_catcher_may_read_null_or_an_empty_text() {
    let input = json!({});
    let catch = json!([{ "ErrorEquals": ["States.TaskFailed"], "Output": { "e": "{% $states.errorOutput.Error %}" }, "Next": "x" }]);
    let task = json!({ "Type": "Task", "Resource": RESOURCE, "Arguments": { "FunctionName": "f" }, "Catch": catch, "End": true });
    let definition = json!({
        "QueryLanguage": "JSONata", "StartAt": "s1", "States": { "s1": task, "x": { "Type": "Succeed" } },
    });
    let told = |read: Value| {
        let details = json!({ "resourceType": "lambda", "resource": "invoke.waitForTaskToken" });
        let output = json!({ "e": read });
        Tale::started(&input)
            .entered("Task", "s1", &input)
            .waits(&json!({ "FunctionName": "f" }))
            .then("TaskFailed", details)
            .exited("Task", "s1", &output)
            .entered("Succeed", "x", &output)
            .exited("Succeed", "x", &output)
            .succeeded()
    };
    told(json!(null)).is_legal(&definition);
    told(json!("")).is_legal(&definition);
    told(json!("E")).is_illegal(&definition, "ERR-07");
}

#[test]
fn where_only_the_output_of_a_choice_is_undecided_its_way_is_judged() {
    let input = json!({ "n": 9 });
    let choice = json!({
        "Type": "Choice", "Choices": [{ "Condition": "{% $states.input.n > 4 %}", "Next": "x" }], "Default": "y",
        "Output": "{% $states.input %}",
    });
    let end = json!({ "Type": "Succeed" });
    let definition = json!({
        "QueryLanguage": "JSONata", "StartAt": "s1", "States": { "s1": choice, "x": end, "y": end },
    });
    let to = |next: &str, output: &Value| {
        Tale::started(&input)
            .entered("Choice", "s1", &input)
            .exited("Choice", "s1", output)
            .entered("Succeed", next, output)
            .exited("Succeed", next, output)
            .succeeded()
    };
    to("x", &input).is_legal(&definition);
    to("x", &json!(1)).is_legal(&definition);
    to("y", &input).is_illegal(&definition, "HIS-13");
}
