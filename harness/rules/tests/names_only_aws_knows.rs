//! Names, ARNs and tokens are not told beside a history: whatever AWS made of them is accepted, as long as it is always the same.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::{RESOURCE, Tale, machine};

fn passes(templates: &[&str]) -> Value {
    let pass = |template: &&str| json!({ "Type": "Pass", "Parameters": { "a.$": template } });
    machine("JSONPath", &templates.iter().map(pass).collect::<Vec<_>>())
}

fn passed(outputs: &[&str]) -> Tale {
    let tale = Tale::started(&json!({}));
    let outputs = outputs.iter().enumerate();
    outputs
        .fold(tale, |tale, (at, output)| tale.passed(&format!("s{}", at + 1), &json!({ "a": output })))
        .succeeded()
}

#[test]
fn a_name_may_hold_the_text_that_follows_it() {
    let numbered = "States.Format('{}-{}', $$.Execution.Name, 1)";
    let machine = passes(&[numbered, "$$.Execution.Name"]);
    passed(&["exec-1-1", "exec-1"]).is_legal(&machine);
    passed(&["exec-1-1", "exec"]).is_illegal(&machine, "IO-06");
    passed(&["exec-1-2", "exec-1"]).is_illegal(&machine, "IO-06");
}

#[test]
fn two_names_in_one_text_are_told_apart_by_later_events() {
    let both = "States.Format('{}-{}', $$.StateMachine.Name, $$.Execution.Name)";
    let machine = passes(&[both, "$$.StateMachine.Name", both]);
    passed(&["my-machine-1", "my-machine", "my-machine-1"]).is_legal(&machine);
    passed(&["my-machine-1", "my-machine", "my-machine"]).is_illegal(&machine, "IO-06");
    let joined = "States.Format('{}{}', $$.StateMachine.Name, $$.Execution.Name)";
    passed(&["my-machine1", "my-machine"]).is_legal(&passes(&[joined, "$$.StateMachine.Name"]));
}

#[test]
fn json_in_a_text_may_have_its_members_in_any_order() {
    let body = "{% $string({'token': $states.context.Task.Token, 'input': $states.input}) %}";
    let task = json!({ "Type": "Task", "Resource": RESOURCE, "Arguments": { "FunctionName": "f", "Payload": body } });
    let machine = machine("JSONata", &[task]);
    let told = |text: &str| {
        let parameters = json!({ "FunctionName": "f", "Payload": text });
        Tale::started(&json!({ "n": 1 })).called("s1", &parameters, &json!({})).succeeded()
    };
    told(r#"{"token":"T","input":{"n":1}}"#).is_legal(&machine);
    told(r#"{"input":{"n":1.0},"token":"T"}"#).is_legal(&machine);
    told(r#"{"input":{"n":2},"token":"T"}"#).is_illegal(&machine, "IO-01");
    told(r#"{"input":{"n":1}}"#).is_illegal(&machine, "IO-01");
}

#[test]
fn an_item_made_of_a_name_is_that_name_inside_its_iteration() {
    let map = json!({
        "Type": "Map",
        "Items": "{% [$states.context.Execution.Name & '-1'] %}",
        "ItemProcessor": { "StartAt": "p", "States": { "p": {
            "Type": "Pass", "Output": "{% $states.context.Map.Item.Value %}", "End": true,
        } } },
    });
    let machine = machine("JSONata", &[map]);
    let told = |output: &str| {
        let (input, item, output) = (json!({}), json!("exec-1-1"), json!(output));
        let iteration = || json!({ "name": "s1", "index": 0 });
        Tale::started(&input)
            .entered("Map", "s1", &input)
            .then("MapStateStarted", json!({ "length": 1 }))
            .then("MapIterationStarted", iteration())
            .entered("Pass", "p", &item)
            .exited("Pass", "p", &output)
            .then("MapIterationSucceeded", iteration())
            .then("MapStateSucceeded", json!(null))
            .exited("Map", "s1", &json!([output]))
            .succeeded()
    };
    told("exec-1-1").is_legal(&machine);
    told("exec-2-1").is_illegal(&machine, "IO-06");
}

#[test]
fn a_token_from_elsewhere_may_be_passed_on_by_any_number_of_tasks() {
    let task = |parent: &str| {
        json!({ "Type": "Task", "Resource": RESOURCE, "Parameters": {
            "FunctionName": "f", "Payload": { "TaskToken.$": "$$.Task.Token", "ParentTaskToken.$": parent },
        } })
    };
    let told = |tokens: [&str; 3], parent: &str| {
        let parameters = |at: usize| json!({ "FunctionName": "f", "Payload": { "TaskToken": tokens[at], "ParentTaskToken": parent } });
        Tale::started(&json!({ "taskToken": "PARENT" }))
            .called("s1", &parameters(0), &json!({ "seen": tokens[0] }))
            .called("s2", &parameters(1), &json!({}))
            .called("s3", &parameters(2), &json!({}))
            .succeeded()
    };
    let machine = machine("JSONPath", &["$$.Execution.Input.taskToken"; 3].map(task));
    told(["T-1", "T-2", "T-3"], "PARENT").is_legal(&machine);
    let own_again = told(["T-1", "T-2", "T-1"], "PARENT");
    own_again.is_illegal(&machine, "TOK-04");
    assert!(own_again.breaks(None).contains(&"TOK-04"));
    assert!(told(["T-1", "T-2", "T-3"], "OTHER").breaks(None).contains(&"TOK-04"));
}

#[test]
fn an_item_of_the_context_may_say_where_it_is_from() {
    let processor = json!({ "StartAt": "p", "States": { "p": {
        "Type": "Pass", "End": true, "Parameters": {
            "item.$": "$$.Map.Item", "map.$": "$$.Map", "text.$": "States.JsonToString($$.Map.Item)",
        },
    } } });
    let machine = machine("JSONPath", &[json!({ "Type": "Map", "ItemProcessor": processor })]);
    let told = |item: &Value| {
        let (input, output) =
            (json!([7]), json!({ "item": item, "map": { "Item": item }, "text": item.to_string() }));
        let iteration = || json!({ "name": "s1", "index": 0 });
        Tale::started(&input)
            .entered("Map", "s1", &input)
            .then("MapStateStarted", json!({ "length": 1 }))
            .then("MapIterationStarted", iteration())
            .entered("Pass", "p", &json!(7))
            .exited("Pass", "p", &output)
            .then("MapIterationSucceeded", iteration())
            .then("MapStateSucceeded", json!(null))
            .exited("Map", "s1", &json!([output]))
            .succeeded()
    };
    told(&json!({ "Index": 0, "Value": 7 })).is_legal(&machine);
    told(&json!({ "Index": 0, "Value": 7, "Source": "STATE_DATA" })).is_legal(&machine);
    told(&json!({ "Index": 0, "Value": 7, "Sauce": "STATE_DATA" })).is_illegal(&machine, "IO-06");
}
