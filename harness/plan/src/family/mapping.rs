//! Functions that consume the queue, and functions that tasks invoke (ESM, TOK-02).
//!
//! The function obeys its messages; the harness answers no token itself.

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::definition::{callback, machine, own, with};
use crate::generate::Draft;
use crate::{FunctionSpec, MachineSpec, MappingSpec, Step};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "mapping", fixed: mappings, drawn: super::nothing },
        Family { name: "mapping-settings", fixed: settings, drawn: super::nothing },
        Family { name: "function-task", fixed: tasks, drawn: super::nothing },
    ]
}

/// A callback whose message carries this order to the function.
fn ordering(order: Value) -> (String, MachineSpec) {
    let mut body = json!({"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"});
    if let (Value::Object(body), Value::Object(order)) = (&mut body, order) {
        body.extend(order);
    }
    let parameters = json!({"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": body});
    let state = with(callback(), json!({"Parameters": parameters, "TimeoutSeconds": 40}));
    own("ordering", machine([("Wait for callback", state)]))
}

/// A function of five seconds behind the queue: room for a cold start.
fn behind_the_queue(window: u32, partial: bool) -> FunctionSpec {
    FunctionSpec { timeout: 5, visibility: 6, mapping: Some(MappingSpec { window, partial }) }
}

fn consumed(about: &str, spec: FunctionSpec, order: Value, between: Vec<Step>, seen: Vec<Step>) -> Draft {
    let mut steps: Vec<Step> = (1..=3).map(|exec| Step::start(exec, "ordering", json!({}))).collect();
    steps.extend(between);
    steps.extend((1..=3).map(|exec| Step::settle_after(exec, 40_000)));
    steps.extend(seen);
    Draft::new(about, vec![ordering(order)], steps)
        .with_function(spec)
        .dead_letter_after(1)
        .needing("event-source-mapping")
}

fn mappings() -> Vec<Draft> {
    let poison =
        |body: &str| Step::call(Operation::SendMessage, json!({"QueueUrl": "${queue}", "MessageBody": body}));
    let dead =
        |messages: u32, wait_ms: u64| Step::Drain { queue: "dead-letter".to_owned(), messages, wait_ms };
    vec![
        consumed(
            "a function answers three executions, each token twice; no message comes back",
            behind_the_queue(0, true),
            json!({"Times": 2}),
            Vec::new(),
            vec![dead(2, 10_000)],
        ),
        consumed(
            "a bad record among good ones comes back alone",
            behind_the_queue(2, true),
            json!({}),
            vec![poison("this is no instruction")],
            vec![dead(1, 46_000), dead(1, 2000)],
        ),
        consumed(
            "a record that fails the function brings the whole batch back",
            behind_the_queue(2, false),
            json!({}),
            vec![poison("{\"ThrowBatch\": \"poison\"}")],
            vec![dead(1, 46_000), dead(3, 8000)],
        ),
        consumed(
            "the function says that nothing failed",
            behind_the_queue(1, true),
            json!({"Return": {"batchItemFailures": []}}),
            Vec::new(),
            vec![dead(1, 2000)],
        ),
        consumed(
            "the function says null",
            behind_the_queue(1, true),
            json!({"Return": null}),
            Vec::new(),
            vec![dead(1, 2000)],
        ),
        consumed(
            "the function names a message that was not in the batch",
            behind_the_queue(1, true),
            json!({"Return": {"batchItemFailures": [{"itemIdentifier": "nobody"}]}}),
            Vec::new(),
            vec![dead(1, 46_000), dead(2, 3000)],
        ),
        consumed(
            "the function answers with failure",
            behind_the_queue(0, true),
            json!({"Do": "failure", "Error": "Told", "Cause": "by the function"}),
            Vec::new(),
            vec![dead(1, 2000)],
        ),
        consumed(
            "the function throws, and a worker answers from the dead-letter queue",
            behind_the_queue(0, false),
            json!({"ThrowBatch": {"errorType": "Boom", "errorMessage": "as told"}}),
            vec![
                dead(3, 20_000),
                Step::succeed("1.1", &json!("from the dead-letter queue")),
                Step::fail("2.1", "Dead"),
                Step::succeed("3.1", &json!(3)),
            ],
            Vec::new(),
        ),
    ]
}

fn settings() -> Vec<Draft> {
    let map = |members: Value| {
        let mut input =
            json!({"FunctionName": "${function}", "EventSourceArn": "${queue-arn}", "Enabled": false});
        if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
            input.extend(members);
        }
        Step::call(Operation::CreateEventSourceMapping, input)
    };
    let draft = |about: &str, visibility: u32, steps: Vec<Step>| {
        Draft::new(about, Vec::new(), steps)
            .with_function(FunctionSpec { timeout: 5, visibility, mapping: None })
            .needing("event-source-mapping")
    };
    vec![
        draft(
            "batch sizes without and with a window",
            6,
            vec![
                map(json!({"BatchSize": 11})),
                map(json!({"BatchSize": 0})),
                map(json!({"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1})),
                map(json!({"BatchSize": 11, "MaximumBatchingWindowInSeconds": 1})),
            ],
        ),
        draft(
            "a mapping that is changed, read and listed",
            6,
            vec![
                Step::bind(
                    Operation::CreateEventSourceMapping,
                    json!({
                        "FunctionName": "${function}", "EventSourceArn": "${queue-arn}", "Enabled": false,
                        "MaximumBatchingWindowInSeconds": 3, "FunctionResponseTypes": ["ReportBatchItemFailures"]
                    }),
                    "mapping",
                ),
                Step::call(
                    Operation::UpdateEventSourceMapping,
                    json!({"UUID": "${bind:mapping.UUID}", "BatchSize": 7, "MaximumBatchingWindowInSeconds": 5}),
                ),
                Step::Sleep { ms: 2000 },
                Step::call(Operation::GetEventSourceMapping, json!({"UUID": "${bind:mapping.UUID}"})),
                Step::call(Operation::ListEventSourceMappings, json!({"EventSourceArn": "${queue-arn}"})),
                Step::call(Operation::DeleteEventSourceMapping, json!({"UUID": "${bind:mapping.UUID}"})),
            ],
        ),
        draft("a function that may take longer than the queue hides", 4, vec![map(json!({"BatchSize": 1}))]),
    ]
}

/// The function as the target of a task, told to answer, to stay silent or to fail.
fn tasks() -> Vec<Draft> {
    let told = |about: &str, order: Value, members: Value, after_ms: u64| {
        let mut payload = json!({"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"});
        if let (Value::Object(payload), Value::Object(order)) = (&mut payload, order) {
            payload.extend(order);
        }
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "${function}", "Payload": payload}, "End": true
        });
        let machine = own("invoking", machine([("Invoke and wait", with(state, members))]));
        Draft::new(
            about,
            vec![machine],
            vec![Step::start(1, "invoking", json!({})), Step::settle_after(1, after_ms)],
        )
        .with_function(FunctionSpec { timeout: 5, visibility: 30, mapping: None })
        .needing("lambda")
    };
    let limit = json!({"TimeoutSeconds": 20});
    vec![
        told(
            "the invoked function answers three times",
            json!({"Times": 3, "Output": {"n": 1}}),
            limit.clone(),
            20_000,
        ),
        told(
            "the invoked function answers with failure",
            json!({"Do": "failure", "Error": "Told"}),
            limit.clone(),
            20_000,
        ),
        told(
            "the invoked function says nothing",
            json!({"Do": "silence"}),
            json!({"TimeoutSeconds": 8}),
            8000,
        ),
        told(
            "the invoked function throws",
            json!({"Throw": {"errorType": "Boom", "errorMessage": "as told"}}),
            limit,
            20_000,
        ),
    ]
}
