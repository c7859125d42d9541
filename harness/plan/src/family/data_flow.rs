//! How data go in and out of a callback Task: paths, templates, the context object, JSONata (IO).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{SEND_AND_WAIT, callback, machine, one, pass, shared, with};
use crate::generate::{Draft, Draw};
use crate::payload;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "data-flow", fixed: flows, drawn: any_flow },
        Family { name: "context", fixed: contexts, drawn: super::nothing },
        Family { name: "message-body", fixed: bodies, drawn: super::nothing },
        Family { name: "jsonata", fixed: jsonata, drawn: super::nothing },
    ]
}

fn flow(about: &str, members: Value, input: Value, output: &Value) -> Draft {
    // `null` is a value of a path, not its absence.
    let mut state = with(callback(), json!({"Next": "After"}));
    if let (Value::Object(state), Value::Object(members)) = (&mut state, members) {
        state.extend(members);
    }
    let definition = machine([("Wait for callback", state), ("After", pass())]);
    Draft::new(
        about,
        vec![shared("flow", definition)],
        vec![Step::start(1, "flow", input), Step::take(1, 1), Step::succeed("1.1", output), Step::settle(1)],
    )
}

fn flows() -> Vec<Draft> {
    let input = json!({"a": {"b": [1, 2, {"c": "d"}]}, "n": 7});
    let output = json!({"x": {"y": [true, null]}, "z": "é😀"});
    vec![
        flow("the result replaces the input", json!({}), input.clone(), &output),
        flow("the result goes beside the input", json!({"ResultPath": "$.result"}), input.clone(), &output),
        flow(
            "the result goes deep into the input",
            json!({"ResultPath": "$.a.new.result"}),
            input.clone(),
            &output,
        ),
        flow("the result is dropped", json!({"ResultPath": null}), input.clone(), &output),
        flow(
            "a selector, then a place",
            json!({"ResultSelector": {"picked.$": "$.x.y[0]", "fixed": 1, "whole.$": "$"}, "ResultPath": "$.result"}),
            input.clone(),
            &output,
        ),
        flow(
            "an output path",
            json!({"ResultPath": "$.result", "OutputPath": "$.result.x"}),
            input.clone(),
            &output,
        ),
        flow("no output", json!({"OutputPath": null}), input.clone(), &output),
        flow(
            "an input path before the template; the result goes into the raw input",
            json!({"InputPath": "$.a", "ResultPath": "$.result", "Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "part.$": "$.b[2].c", "all.$": "$"}}}),
            input.clone(),
            &output,
        ),
        flow(
            "no input for the template",
            json!({"InputPath": null, "Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "all.$": "$"}}}),
            input.clone(),
            &output,
        ),
        Draft::new(
            "a path of the template leads nowhere; nothing catches it",
            vec![shared(
                "flow",
                machine([
                    (
                        "Wait for callback",
                        with(
                            callback(),
                            json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody.$": "$.missing.part"}, "Next": "After", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}]}),
                        ),
                    ),
                    ("After", pass()),
                ]),
            )],
            vec![Step::start(1, "flow", input.clone()), Step::settle(1)],
        ),
        Draft::new(
            "an output path leads nowhere",
            vec![shared("flow", one(json!({"OutputPath": "$.missing"})))],
            vec![
                Step::start(1, "flow", input),
                Step::take(1, 1),
                Step::succeed("1.1", &output),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "a result placed into an input that is no object",
            vec![shared(
                "into-text",
                machine([
                    ("Text", json!({"Type": "Pass", "Result": "a text", "Next": "Wait for callback"})),
                    ("Wait for callback", with(callback(), json!({"ResultPath": "$.x"}))),
                ]),
            )],
            vec![
                Step::start(1, "into-text", json!({})),
                Step::take(1, 1),
                Step::succeed("1.1", &json!(1)),
                Step::settle(1),
            ],
        ),
    ]
}

fn any_flow() -> Vec<Draw> {
    let place = proptest::sample::select(vec![
        json!("$"),
        json!("$.r"),
        json!("$.data.r"),
        json!("$.r.s.t"),
        Value::Null,
    ]);
    let selector = proptest::sample::select(vec![
        Value::Null,
        json!({"all.$": "$"}),
        json!({"nested": {"all.$": "$", "list": [{"x.$": "$"}, 1]}, "name.$": "$$.State.Name"}),
    ]);
    vec![
        (payload::object(), payload::json(), place, selector)
            .prop_map(|(data, output, place, selector)| {
                let mut members = json!({});
                if let Some(members) = members.as_object_mut()
                    && !selector.is_null() {
                        members.insert("ResultSelector".to_owned(), selector);
                    }
                // `null` is a value of ResultPath, not its absence.
                let state = with(callback(), with(members, json!({"Next": "After"})));
                let mut state = state;
                if let Some(members) = state.as_object_mut() {
                    members.insert("ResultPath".to_owned(), place);
                    members.insert(
                        "Parameters".to_owned(),
                        json!({"QueueUrl.$": "$.queue", "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "data.$": "$.data"}}),
                    );
                }
                Draft::new(
                    "any data through any selector to any place",
                    vec![shared("flow", machine([("Wait for callback", state), ("After", pass())]))],
                    vec![
                        Step::start(1, "flow", json!({"data": data})),
                        Step::take(1, 1),
                        Step::succeed("1.1", &output),
                        Step::settle(1),
                    ],
                )
            })
            .boxed(),
    ]
}

fn contexts() -> Vec<Draft> {
    let state = with(
        callback(),
        json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {
            "TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "Context.$": "$$"
        }}, "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 1}]}),
    );
    let outside = machine([
        ("Look", json!({"Type": "Pass", "Parameters": {"token.$": "$$.Task.Token"}, "Next": "After"})),
        ("After", pass()),
    ]);
    let members = with(
        callback(),
        json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {
            "TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "Id.$": "$$.Execution.Id", "Input.$": "$$.Execution.Input",
            "RoleArn.$": "$$.Execution.RoleArn", "StartTime.$": "$$.Execution.StartTime", "EnteredTime.$": "$$.State.EnteredTime",
            "State.$": "$$.State.Name", "RetryCount.$": "$$.State.RetryCount", "Machine.$": "$$.StateMachine.Id", "MachineName.$": "$$.StateMachine.Name",
            "nothing": null
        }}}),
    );
    let later = machine([
        ("First", json!({"Type": "Wait", "Seconds": 3, "Next": "Wait for callback"})),
        ("Wait for callback", members),
    ]);
    vec![
        Draft::new(
            "every member of the context object, in a state that is entered some seconds after the start",
            vec![shared("later", later)],
            vec![
                Step::start(1, "later", json!({"n": 1})),
                Step::Until { exec: 1, event: "TaskScheduled".to_owned(), count: 1, after_ms: 3000 },
                Step::take(1, 1),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "the whole context object in the message, also of a second attempt",
            vec![shared("context", machine([("Wait for callback", state)]))],
            vec![
                Step::start(1, "context", json!({"n": 1})),
                Step::take(1, 1),
                Step::fail("1.1", "Again"),
                Step::take(1, 2),
                Step::succeed("1.2", &json!({})),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "the token outside a callback Task",
            vec![shared("outside", outside)],
            vec![Step::start(1, "outside", json!({})), Step::settle(1)],
        ),
    ]
}

fn bodies() -> Vec<Draft> {
    let body = |body: Value| {
        one(json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": body}}))
    };
    let run = |about: &str, definition: Value, input: Value| {
        Draft::new(
            about,
            vec![shared("body", definition)],
            vec![
                Step::start(1, "body", input),
                Step::take(1, 1),
                Step::succeed("1.1", &json!("found")),
                Step::settle(1),
            ],
        )
    };
    let unanswered = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "MessageBody": {"Execution.$": "$$.Execution.Name"}
        },
        "End": true
    });
    let deep = json!({"Execution.$": "$$.Execution.Name", "headers": [{"inner": {"TaskToken.$": "$$.Task.Token"}}, ["x", 1, null, true, 0.5]], "empty": {}, "none": []});
    let attributes = with(
        callback(),
        json!({"Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"},
            "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "callback"}, "n": {"DataType": "Number", "StringValue": "7"}}
        }}),
    );
    vec![
        Draft::new(
            "a message that asks for no answer",
            vec![shared("send", machine([("Send", unanswered)]))],
            vec![
                Step::start(1, "send", json!({})),
                Step::settle(1),
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 6000 },
            ],
        ),
        run("the token deep inside the message", body(deep), json!({})),
        run(
            "data of the input beside the token",
            body(
                json!({"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "data.$": "$.data"}),
            ),
            json!({"data": {"text": "é漢😀\u{2028}\"\\/", "list": [1, 2.5, {}], "nothing": null}}),
        ),
        run(
            "intrinsic functions beside the token",
            body(json!({"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "made": {
                "format.$": "States.Format('{} is {} and \\'{}\\'', $.text, $.n, $.text)",
                "read.$": "States.StringToJson($.json)",
                "written.$": "States.ArrayLength(States.Array($.n, $.text, $.list, 1.5, true, null))",
                "parts.$": "States.ArrayPartition($.list, 2)",
                "has.$": "States.ArrayContains($.list, 2)",
                "range.$": "States.ArrayRange(1, 9, 2)",
                "item.$": "States.ArrayGetItem($.list, 1)",
                "unique.$": "States.ArrayUnique($.list)",
                "encoded.$": "States.Base64Encode($.text)",
                "decoded.$": "States.Base64Decode('w6kg8J+YgA==')",
                "hash.$": "States.Hash('text', 'SHA-256')",
                "merged.$": "States.JsonMerge($.left, $.right, false)",
                "sum.$": "States.MathAdd($.n, -8)",
                "words.$": "States.StringSplit('a,b;;c', ',;')"
            }})),
            json!({"text": "é 😀", "n": 7, "list": [1, 2, 2, 3, 1], "json": "{\"a\": [null, 0.5]}", "left": {"a": 1, "b": {"c": 1}}, "right": {"b": {"d": 2}}}),
        ),
        run("message attributes beside the token", machine([("Wait for callback", attributes)]), json!({})),
    ]
}

fn jsonata() -> Vec<Draft> {
    let state = json!({
        "Type": "Task",
        "Resource": SEND_AND_WAIT,
        "Arguments": {
            "QueueUrl": "{% $states.input.queue %}",
            "MessageBody": {
                "TaskToken": "{% $states.context.Task.Token %}",
                "Execution": "{% $states.context.Execution.Name %}",
                "sum": "{% $sum($states.input.numbers) %}"
            }
        },
        "Output": "{% {'told': $states.result, 'n': $count($states.input.numbers)} %}",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "{% {'why': $states.errorOutput.Error} %}"}],
        "Next": "After"
    });
    let definition = with(
        machine([("Wait for callback", state), ("After", pass()), ("Caught", pass())]),
        json!({"QueryLanguage": "JSONata"}),
    );
    let run = |about: &str, told: Step| {
        Draft::new(
            about,
            vec![shared("jsonata", definition.clone())],
            vec![
                Step::start(1, "jsonata", json!({"numbers": [1, 2, 3]})),
                Step::take(1, 1),
                told,
                Step::settle(1),
            ],
        )
        .needing("jsonata")
    };
    vec![
        run("the token by JSONata, told a success", Step::succeed("1.1", &json!({"ok": [1]}))),
        run("the token by JSONata, told a failure", Step::fail("1.1", "Custom.Error")),
    ]
}
