//! Other ways by which a token comes to its worker: the SDK integration, topics, FIFO queues, nested executions, tokens deep
//! inside a message (TOK-01, TOK-02, SQSI, HIS).
//!
//! No rule is about a carrier alone: what holds of the callback holds whatever carried the token.

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::plain;
use crate::definition::{PUBLISH, callback, machine, own, shared, with};
use crate::generate::Draft;
use crate::{MachineSpec, Step};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "carrier", fixed: carriers, drawn: super::nothing },
        Family { name: "carrier-fifo", fixed: fifo, drawn: super::nothing },
        Family { name: "carrier-fifo-duplicates", fixed: deduplicated, drawn: super::nothing },
        Family { name: "nested", fixed: nested, drawn: super::nothing },
        Family { name: "deep-token", fixed: deep, drawn: super::nothing },
    ]
}

fn task(resource: &str, parameters: &Value) -> Value {
    json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true})
}

fn heard() -> Step {
    Step::Drain { queue: "notifications".to_owned(), messages: 1, wait_ms: 12_000 }
}

/// Token and execution as the text of a JSON object.
const AS_TEXT: &str =
    r#"States.Format('\{"TaskToken":"{}","Execution":"{}"\}', $$.Task.Token, $$.Execution.Name)"#;

fn carriers() -> Vec<Draft> {
    let sdk = task(
        "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
        &json!({"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody.$": AS_TEXT}),
    );
    let sdk = || shared("by-sdk", machine([("Send by the SDK", sdk.clone())]));
    let publish = task(
        &format!("{PUBLISH}.waitForTaskToken"),
        &json!({
            "TopicArn.$": "$$.Execution.Input.topic",
            "Message": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"}
        }),
    );
    let publish = || shared("by-topic", machine([("Publish and wait", publish.clone())]));
    let queued = |about: &str, answer: Step| {
        let steps = vec![Step::start(1, "by-sdk", json!({})), Step::take(1, 1), answer, Step::settle(1)];
        Draft::new(about, vec![sdk()], steps).needing("aws-sdk").needing("format").in_core()
    };
    let published = |about: &str, answer: Step| {
        let start = Step::start(1, "by-topic", json!({"topic": "${topic}"}));
        Draft::new(about, vec![publish()], vec![start, heard(), answer, Step::settle(1)])
            .with_topic()
            .needing("sns")
            .in_core()
    };
    vec![
        queued("sent by the SDK integration, told a success", Step::succeed("1.1", &json!({"by": "sdk"}))),
        queued("sent by the SDK integration, told a failure", Step::fail("1.1", "Sdk")),
        published("published to a topic, told a success", Step::succeed("1.1", &json!(["by topic"]))),
        published("published to a topic, told a failure", Step::fail("1.1", "Topic")),
    ]
}

fn fifo() -> Vec<Draft> {
    let state = with(
        callback(),
        json!({"Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "MessageGroupId": "workers",
            "MessageDeduplicationId.$": "$$.Execution.Name",
            "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"}
        }}),
    );
    let start = |exec| Step::start(exec, "in-order", json!({"queue": "${bind:fifo.QueueUrl}"}));
    let url = "${bind:fifo.QueueUrl}";
    let twice = || {
        Step::call(
            Operation::SendMessage,
            json!({"QueueUrl": url, "MessageBody": "once", "MessageGroupId": "others", "MessageDeduplicationId": "the-same"}),
        )
    };
    let receive = || {
        Step::call(
            Operation::ReceiveMessage,
            json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 4, "MessageSystemAttributeNames": ["All"]}),
        )
    };
    vec![
        Draft::new(
            "a FIFO queue with a group and deduplication",
            vec![shared("in-order", machine([("Wait for callback", state)]))],
            vec![
                Step::bind(
                    Operation::CreateQueue,
                    json!({"QueueName": "sfnconf-${run}-o.fifo", "Attributes": {"FifoQueue": "true"}}),
                    "fifo",
                ),
                start(1),
                Step::Until { exec: 1, event: "TaskScheduled".to_owned(), count: 1, after_ms: 0 },
                start(2),
                Step::Until { exec: 2, event: "TaskScheduled".to_owned(), count: 1, after_ms: 0 },
                twice(),
                twice(),
                receive(),
                receive(),
                Step::succeed("2.1", &json!(2)),
                Step::succeed("1.1", &json!(1)),
                Step::settle(1),
                Step::settle(2),
            ],
        )
        .in_core(),
    ]
}

/// Two executions send under one deduplication id: the second waits in vain.
fn deduplicated() -> Vec<Draft> {
    let state = with(
        callback(),
        json!({"TimeoutSeconds": 8, "Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "MessageGroupId": "workers",
            "MessageDeduplicationId": "the-same",
            "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"}
        }}),
    );
    let url = "${bind:fifo.QueueUrl}";
    let start = |exec| Step::start(exec, "same-id", json!({ "queue": url }));
    let receive = |wait: u32, name: &str| {
        Step::bind(
            Operation::ReceiveMessage,
            json!({"QueueUrl": url, "WaitTimeSeconds": wait, "MessageSystemAttributeNames": ["All"]}),
            name,
        )
    };
    vec![Draft::new(
        "two tasks with one deduplication id: the message of the second never comes",
        vec![shared("same-id", machine([("Wait for callback", state)]))],
        vec![
            Step::bind(
                Operation::CreateQueue,
                json!({"QueueName": "sfnconf-${run}-d.fifo", "Attributes": {"FifoQueue": "true"}}),
                "fifo",
            ),
            start(1),
            receive(5, "first"),
            Step::call(
                Operation::DeleteMessage,
                json!({"QueueUrl": url, "ReceiptHandle": "${bind:first.Messages.0.ReceiptHandle}"}),
            ),
            start(2),
            receive(2, "second"),
            Step::succeed("1.1", &json!("the first")),
            Step::settle(1),
            Step::settle_after(2, 8000),
        ],
    )]
}

fn nested() -> Vec<Draft> {
    let parent = |pattern: &str| {
        let parameters = json!({
            "StateMachineArn": "${machine:plain}",
            "Input": {"queue.$": "$$.Execution.Input.queue", "parent.$": "$$.Execution.Name"}
        });
        let resource = format!("arn:aws:states:::states:startExecution{pattern}");
        own("parent", machine([("Run another", task(&resource, &parameters))]))
    };
    let child = || {
        let send = task(
            "arn:aws:states:::sqs:sendMessage",
            &json!({
                "QueueUrl.$": "$.queue",
                "MessageBody": {"TaskToken.$": "$.TaskToken", "Execution.$": "$.parent"}
            }),
        );
        own("plain", machine([("Hand on", send)]))
    };
    let waiting = || {
        let parameters = json!({
            "StateMachineArn": "${machine:plain}",
            "Input": {
                "queue.$": "$$.Execution.Input.queue", "parent.$": "$$.Execution.Name",
                "TaskToken.$": "$$.Task.Token"
            }
        });
        let resource = "arn:aws:states:::states:startExecution.waitForTaskToken";
        own("parent", machine([("Run another", task(resource, &parameters))]))
    };
    let run = |about: &str, machines: Vec<(String, MachineSpec)>, answer: Step| {
        let steps = vec![Step::start(1, "parent", json!({})), Step::take(1, 1), answer, Step::settle(1)];
        Draft::new(about, machines, steps).needing("nested").in_core()
    };
    vec![
        run(
            "an execution waits for another's callback",
            vec![plain(), parent(".sync:2")],
            Step::succeed("1.1", &json!({"deep": 1})),
        ),
        run(
            "an execution waits for another, whose callback fails",
            vec![plain(), parent(".sync:2")],
            Step::fail("1.1", "Deep"),
        ),
        run(
            "another execution hands the token on",
            vec![child(), waiting()],
            Step::succeed("1.1", &json!("handed on")),
        ),
        run(
            "another execution hands the token on, told a failure",
            vec![child(), waiting()],
            Step::fail("1.1", "HandedOn"),
        ),
    ]
}

fn deep() -> Vec<Draft> {
    let body = |body: Value, about: &str| {
        let parameters = json!({"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": body});
        let state = with(callback(), json!({"Parameters": parameters}));
        let steps = vec![
            Step::start(1, "deep", json!({})),
            Step::take(1, 1),
            Step::succeed("1.1", &json!({"found": true})),
            Step::settle(1),
        ];
        Draft::new(about, vec![shared("deep", machine([("Wait for callback", state)]))], steps).in_core()
    };
    vec![
        body(
            json!({"a": [{"b": {"c": [{"headers": {"x-task-token": {"TaskToken.$": "$$.Task.Token"}}}]}}], "Execution.$": "$$.Execution.Name"}),
            "the token deep inside arrays and objects",
        ),
        body(
            json!({"Execution.$": "$$.Execution.Name", "inner": {"payload.$": AS_TEXT}}),
            "the token inside a text that is JSON itself",
        )
        .needing("format"),
    ]
}
