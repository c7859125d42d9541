//! The queue itself: redelivery, visibility, receipt handles, the dead-letter queue, plain sends (SQS, E2E-08).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::definition::{callback, machine, shared, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "redelivery", fixed: redeliveries, drawn: super::nothing },
        Family { name: "delayed-message", fixed: delayed, drawn: super::nothing },
        Family { name: "dead-letter", fixed: dead_letters, drawn: super::nothing },
        Family { name: "queue", fixed: queues, drawn: super::nothing },
    ]
}

fn receive(members: Value, name: &str) -> Step {
    let mut input = json!({"QueueUrl": "${queue}", "MessageSystemAttributeNames": ["All"], "MaxNumberOfMessages": 10, "WaitTimeSeconds": 2});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::bind(Operation::ReceiveMessage, input, name)
}

fn redeliveries() -> Vec<Draft> {
    let tell = |bind: &str, answer: Value| {
        let _ = bind;
        Step::Tell { token: "1.1".to_owned(), answer: crate::Answer::Success(answer.to_string()) }
    };
    vec![
        Draft::new(
            "a message not deleted comes again; answered twice, one effect",
            vec![plain()],
            vec![
                Step::call(
                    Operation::SetQueueAttributes,
                    json!({"QueueUrl": "${queue}", "Attributes": {"VisibilityTimeout": "1"}}),
                ),
                Step::start(1, "plain", json!({})),
                Step::Take { exec: 1, tokens: 1, delete: false },
                tell("a", json!({"n": 1})),
                Step::settle(1),
                Step::Sleep { ms: 1200 },
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 34_000 },
                tell("b", json!({"n": 2})),
                Step::call(Operation::GetExecutionHistory, json!({"executionArn": "${exec:1}"})),
            ],
        ),
        Draft::new(
            "a message not deleted comes back after the timeout of its receive",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                receive(json!({"VisibilityTimeout": 1, "WaitTimeSeconds": 10}), "first"),
                Step::Sleep { ms: 1200 },
                // Passed in full only where the message never comes.
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 34_000 },
                Step::succeed("1.1", &json!("at last")),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "a received message stays hidden from others",
            vec![plain()],
            std::iter::once(Step::start(1, "plain", json!({})))
                .chain((1..=9).map(|number| {
                    let wait = [10, 1, 1, 1, 1].get(number - 1).unwrap_or(&0);
                    receive(
                        json!({"VisibilityTimeout": 20, "WaitTimeSeconds": wait}),
                        &format!("look-{number}"),
                    )
                }))
                .chain([Step::succeed("1.1", &json!("once")), Step::settle(1)])
                .collect(),
        ),
        Draft::new(
            "a message made visible at once is received by a second worker",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                receive(json!({"VisibilityTimeout": 30, "WaitTimeSeconds": 10}), "first"),
                Step::call(
                    Operation::ChangeMessageVisibility,
                    json!({"QueueUrl": "${queue}", "ReceiptHandle": "${bind:first.Messages.0.ReceiptHandle}", "VisibilityTimeout": 0}),
                ),
                receive(json!({}), "second"),
                Step::call(
                    Operation::DeleteMessage,
                    json!({"QueueUrl": "${queue}", "ReceiptHandle": "${bind:first.Messages.0.ReceiptHandle}"}),
                ),
                Step::call(
                    Operation::DeleteMessage,
                    json!({"QueueUrl": "${queue}", "ReceiptHandle": "${bind:second.Messages.0.ReceiptHandle}"}),
                ),
                receive(json!({"WaitTimeSeconds": 0}), "third"),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
    ]
}

fn delayed() -> Vec<Draft> {
    let state = with(
        callback(),
        json!({"TimeoutSeconds": 1, "Parameters": {
            "QueueUrl.$": "$$.Execution.Input.queue",
            "DelaySeconds": 3,
            "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"}
        }}),
    );
    vec![Draft::new(
        "a message delayed beyond the timeout of its task",
        vec![shared("delayed", machine([("Wait for callback", state)]))],
        vec![
            Step::start(1, "delayed", json!({})),
            Step::settle_after(1, 1000),
            Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 6000 },
            Step::succeed("1.1", &json!("too late")),
        ],
    )]
}

fn dead_letters() -> Vec<Draft> {
    vec![
        Draft::new(
            "received once too often, answered from the dead-letter queue",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                receive(json!({"VisibilityTimeout": 1, "WaitTimeSeconds": 10}), "first"),
                Step::Sleep { ms: 1300 },
                // A message moves when somebody asks for it in vain, whenever it has become visible again.
                Step::Together(vec![
                    vec![receive(json!({"WaitTimeSeconds": 9}), "none")],
                    vec![Step::Drain { queue: "dead-letter".to_owned(), messages: 1, wait_ms: 12_000 }],
                ]),
                Step::succeed("1.1", &json!("from the dead-letter queue")),
                Step::settle(1),
            ],
        )
        .dead_letter_after(1),
    ]
}

fn queues() -> Vec<Draft> {
    let send =
        |body: &str| Step::call(Operation::SendMessage, json!({"QueueUrl": "${queue}", "MessageBody": body}));
    vec![Draft::new(
        "plain sends and receives",
        Vec::new(),
        vec![
            send("one"),
            send("{\"two\": \"é😀\"}"),
            Step::call(
                Operation::SendMessageBatch,
                json!({"QueueUrl": "${queue}", "Entries": [{"Id": "a", "MessageBody": "three"}, {"Id": "b", "MessageBody": "four"}]}),
            ),
            Step::call(
                Operation::SendMessageBatch,
                json!({"QueueUrl": "${queue}", "Entries": [{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}]}),
            ),
            Step::call(Operation::SendMessageBatch, json!({"QueueUrl": "${queue}", "Entries": []})),
            Step::call(
                Operation::SendMessageBatch,
                json!({"QueueUrl": "${queue}", "Entries": (0..11).map(|n| json!({"Id": n.to_string(), "MessageBody": "x"})).collect::<Vec<_>>()}),
            ),
            receive(json!({"MaxNumberOfMessages": 1, "VisibilityTimeout": 1}), "one"),
            Step::call(
                Operation::ReceiveMessage,
                json!({"QueueUrl": "${queue}", "MaxNumberOfMessages": 11, "VisibilityTimeout": 1}),
            ),
            Step::call(
                Operation::ReceiveMessage,
                json!({"QueueUrl": "${queue}", "WaitTimeSeconds": 21, "VisibilityTimeout": 1}),
            ),
            Step::call(Operation::SendMessage, json!({"QueueUrl": "${queue}-nowhere", "MessageBody": "x"})),
            send("\u{1}"),
            send("a\u{b}b"),
            send("a\u{fffe}"),
            send("\u{ffff}b"),
            send("\t\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}\r\n"),
            Step::Drain { queue: "queue".to_owned(), messages: 5, wait_ms: 34_000 },
            Step::call(
                Operation::GetQueueAttributes,
                json!({"QueueUrl": "${queue}", "AttributeNames": ["All"]}),
            ),
        ],
    )]
}
