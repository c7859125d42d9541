//! Queues without any workflow: what they keep of messages and settings, and FIFO queues (SQS).
//!
//! The waits are passed in full only where something never comes, or where nothing may come.

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "posted", fixed: posted, drawn: super::nothing },
        Family { name: "in-flight", fixed: in_flight, drawn: super::nothing },
        Family { name: "queue-settings", fixed: settings, drawn: super::nothing },
        Family { name: "queue-bounds", fixed: bounds, drawn: super::nothing },
        Family { name: "fifo", fixed: fifo, drawn: super::nothing },
    ]
}

fn on(queue: &str, members: Value) -> Value {
    let mut input = json!({ "QueueUrl": queue });
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    input
}

fn send(body: &str) -> Step {
    Step::call(Operation::SendMessage, on("${queue}", json!({ "MessageBody": body })))
}

fn receive(queue: &str, members: Value, name: &str) -> Step {
    let mut input = on(
        queue,
        json!({"MaxNumberOfMessages": 10, "WaitTimeSeconds": 2, "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}),
    );
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::bind(Operation::ReceiveMessage, input, name)
}

/// A call about a message that was received as `${bind:PLACE}`.
fn about(op: Operation, queue: &str, place: &str, members: Value) -> Step {
    let mut input = on(queue, json!({ "ReceiptHandle": format!("${{bind:{place}.ReceiptHandle}}") }));
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::call(op, input)
}

fn posted() -> Vec<Draft> {
    let attributes = json!({
        "kind": {"DataType": "String", "StringValue": "größe"},
        "count": {"DataType": "Number", "StringValue": "7"}
    });
    let all = || Step::Drain { queue: "queue".to_owned(), messages: 6, wait_ms: 34_000 };
    vec![
        Draft::new(
            "messages with attributes, of equal bodies, in a batch: each comes once, as it was sent",
            Vec::new(),
            vec![
                Step::call(
                    Operation::SendMessage,
                    on(
                        "${queue}",
                        json!({"MessageBody": "with attributes", "MessageAttributes": attributes}),
                    ),
                ),
                send("twin"),
                send("twin"),
                Step::call(
                    Operation::SendMessageBatch,
                    on(
                        "${queue}",
                        json!({"Entries": [
                            {"Id": "a", "MessageBody": "[1, 2.0, \"drei\"]"},
                            {"Id": "b", "MessageBody": " \t\r\n ", "MessageAttributes": attributes},
                            {"Id": "c", "MessageBody": "late", "DelaySeconds": 1}
                        ]}),
                    ),
                ),
                all(),
            ],
        ),
        Draft::new(
            "messages of no character and of too many",
            Vec::new(),
            vec![
                send(""),
                send("${fill:1048577:x}"),
                send("x"),
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 34_000 },
            ],
        ),
    ]
}

fn in_flight() -> Vec<Draft> {
    let some = || ["one", "two", "three", "four"].map(send);
    let each = |op: Operation, members: &Value| {
        (0..4)
            .map(|n| about(op, "${queue}", &format!("first.Messages.{n}"), members.clone()))
            .collect::<Vec<_>>()
    };
    let mut extended = Vec::from(some());
    extended.push(receive("${queue}", json!({"VisibilityTimeout": 2}), "first"));
    // Shows duplicates, where a queue hands out any.
    extended.push(receive("${queue}", json!({"WaitTimeSeconds": 0, "VisibilityTimeout": 2}), "copies"));
    extended.extend(each(Operation::ChangeMessageVisibility, &json!({"VisibilityTimeout": 5})));
    extended.push(Step::Sleep { ms: 2200 });
    extended.push(receive("${queue}", json!({"WaitTimeSeconds": 1, "VisibilityTimeout": 30}), "hidden"));
    extended.push(Step::Drain { queue: "queue".to_owned(), messages: 4, wait_ms: 8000 });
    let mut deleted = vec![Step::call(
        Operation::SetQueueAttributes,
        on("${queue}", json!({"Attributes": {"VisibilityTimeout": "1"}})),
    )];
    deleted.extend(some());
    for _ in 0..3 {
        deleted.push(Step::Drain { queue: "queue".to_owned(), messages: 4, wait_ms: 1000 });
        deleted.push(Step::Sleep { ms: 1200 });
    }
    let change = |seconds: u32| {
        about(
            Operation::ChangeMessageVisibility,
            "${queue}",
            "first.Messages.0",
            json!({"VisibilityTimeout": seconds}),
        )
    };
    let made = json!({"QueueName": "sfnconf-${run}-v", "Attributes": {"VisibilityTimeout": "120"}});
    let own = "${bind:own.QueueUrl}";
    let briefly = |name: &str| receive(own, json!({"VisibilityTimeout": 1, "WaitTimeSeconds": 20}), name);
    vec![
        Draft::new(
            "the visibility timeout of a receive counts, not the longer one of its queue",
            Vec::new(),
            vec![
                Step::bind(Operation::CreateQueue, made, "own"),
                Step::call(Operation::SendMessage, on(own, json!({"MessageBody": "one"}))),
                briefly("first"),
                briefly("second"),
                briefly("third"),
                about(Operation::DeleteMessage, own, "third.Messages.0", json!({})),
            ],
        ),
        Draft::new(
            "the visibility timeout of a queue counts where a receive names none",
            Vec::new(),
            vec![
                Step::bind(
                    Operation::CreateQueue,
                    json!({"QueueName": "sfnconf-${run}-w", "Attributes": {"VisibilityTimeout": "2"}}),
                    "own",
                ),
                Step::call(Operation::SendMessage, on(own, json!({"MessageBody": "one"}))),
                receive(own, json!({"WaitTimeSeconds": 20}), "first"),
                receive(own, json!({"WaitTimeSeconds": 20}), "second"),
                about(Operation::DeleteMessage, own, "second.Messages.0", json!({})),
            ],
        ),
        Draft::new("messages whose visibility timeout is made longer stay hidden", Vec::new(), extended),
        Draft::new("messages that are deleted do not come back", Vec::new(), deleted),
        Draft::new(
            "a message that was made visible is not in flight",
            Vec::new(),
            vec![
                send("one"),
                receive("${queue}", json!({"VisibilityTimeout": 30}), "first"),
                change(0),
                change(20),
                receive("${queue}", json!({}), "second"),
                about(Operation::DeleteMessage, "${queue}", "second.Messages.0", json!({})),
            ],
        ),
    ]
}

fn settings() -> Vec<Draft> {
    let made = || {
        Step::bind(
            Operation::CreateQueue,
            json!({"QueueName": "sfnconf-${run}-s", "Attributes": {
                "VisibilityTimeout": "7", "DelaySeconds": "1", "MessageRetentionPeriod": "600",
                "MaximumMessageSize": "2048", "ReceiveMessageWaitTimeSeconds": "3"
            }}),
            "set",
        )
    };
    let read = |queue: &str| {
        Step::call(Operation::GetQueueAttributes, on(queue, json!({"AttributeNames": ["All"]})))
    };
    let set = |members: Value| {
        Step::call(
            Operation::SetQueueAttributes,
            on("${bind:set.QueueUrl}", json!({ "Attributes": members })),
        )
    };
    let to = |body: &str| {
        Step::call(Operation::SendMessage, on("${bind:set.QueueUrl}", json!({ "MessageBody": body })))
    };
    vec![
        Draft::new(
            "a queue with settings, one without",
            Vec::new(),
            vec![
                made(),
                read("${bind:set.QueueUrl}"),
                read("${queue}"),
                to("${fill:2049:x}"),
                to("delayed by its queue"),
                receive("${bind:set.QueueUrl}", json!({"WaitTimeSeconds": 5}), "first"),
            ],
        ),
        Draft::new(
            "settings that are changed show after a minute",
            Vec::new(),
            vec![
                made(),
                read("${bind:set.QueueUrl}"),
                set(json!({"VisibilityTimeout": "9", "DelaySeconds": "0"})),
                Step::Sleep { ms: 61_000 },
                read("${bind:set.QueueUrl}"),
            ],
        )
        .needing("patience"),
    ]
}

fn bounds() -> Vec<Draft> {
    let delayed = |seconds: i64| {
        Step::call(
            Operation::SendMessage,
            on("${queue}", json!({"MessageBody": "late", "DelaySeconds": seconds})),
        )
    };
    let hidden = |seconds: i64| {
        Step::call(Operation::ReceiveMessage, on("${queue}", json!({ "VisibilityTimeout": seconds })))
    };
    let set = |name: &str, value: &str| {
        Step::call(Operation::SetQueueAttributes, on("${queue}", json!({"Attributes": {name: value}})))
    };
    let made = |number: usize, name: &str, value: &str| {
        let queue = format!("sfnconf-${{run}}-b{number}");
        Step::call(Operation::CreateQueue, json!({"QueueName": queue, "Attributes": {name: value}}))
    };
    vec![
        Draft::new(
            "numbers of requests beyond their bounds",
            Vec::new(),
            vec![
                delayed(901),
                delayed(-1),
                hidden(43_201),
                hidden(-1),
                send("one"),
                receive("${queue}", json!({"VisibilityTimeout": 30, "WaitTimeSeconds": 20}), "first"),
                about(
                    Operation::ChangeMessageVisibility,
                    "${queue}",
                    "first.Messages.0",
                    json!({"VisibilityTimeout": 43_201}),
                ),
                about(Operation::DeleteMessage, "${queue}", "first.Messages.0", json!({})),
            ],
        ),
        Draft::new(
            "settings of queues beyond their bounds",
            Vec::new(),
            vec![
                set("DelaySeconds", "901"),
                set("VisibilityTimeout", "43201"),
                set("MessageRetentionPeriod", "59"),
                set("MessageRetentionPeriod", "1209601"),
                set("MaximumMessageSize", "1023"),
                set("MaximumMessageSize", "1048577"),
                set("ReceiveMessageWaitTimeSeconds", "21"),
                made(1, "DelaySeconds", "901"),
                made(2, "VisibilityTimeout", "43201"),
                made(3, "MessageRetentionPeriod", "1209601"),
            ],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a list of plans")]
fn fifo() -> Vec<Draft> {
    let url = "${bind:fifo.QueueUrl}";
    let made = |attributes: Value| {
        Step::bind(
            Operation::CreateQueue,
            json!({"QueueName": "sfnconf-${run}-f.fifo", "Attributes": attributes}),
            "fifo",
        )
    };
    let send = |body: &str, members: Value| {
        let mut input = on(url, json!({ "MessageBody": body }));
        if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
            input.extend(members);
        }
        Step::call(Operation::SendMessage, input)
    };
    let keyed = |body: &str, group: &str, key: &str| {
        send(body, json!({"MessageGroupId": group, "MessageDeduplicationId": key}))
    };
    let one = |name: &str| receive(url, json!({"MaxNumberOfMessages": 1, "WaitTimeSeconds": 1}), name);
    let delete = |name: &str| about(Operation::DeleteMessage, url, &format!("{name}.Messages.0"), json!({}));
    vec![
        Draft::new(
            "groups come in order, one message at a time, and no duplicate comes",
            Vec::new(),
            vec![
                made(json!({"FifoQueue": "true", "VisibilityTimeout": "20"})),
                Step::call(Operation::GetQueueAttributes, on(url, json!({"AttributeNames": ["All"]}))),
                send("of no group", json!({"MessageDeduplicationId": "none"})),
                keyed("a1", "a", "1"),
                keyed("a1", "a", "1"),
                keyed("a2", "a", "2"),
                keyed("b1", "b", "3"),
                one("first"),
                one("second"),
                one("third"),
                delete("first"),
                delete("second"),
                one("fourth"),
                delete("fourth"),
                receive(url, json!({"WaitTimeSeconds": 1}), "last"),
            ],
        ),
        Draft::new(
            "messages of a group that come in one answer stand in the order of their sends",
            Vec::new(),
            vec![
                made(json!({"FifoQueue": "true", "VisibilityTimeout": "20"})),
                Step::call(Operation::GetQueueAttributes, on(url, json!({"AttributeNames": ["All"]}))),
                keyed("a1", "a", "1"),
                keyed("a2", "a", "2"),
                keyed("b1", "b", "3"),
                keyed("a3", "a", "4"),
                receive(url, json!({"WaitTimeSeconds": 1}), "first"),
                delete("first"),
                receive(url, json!({"WaitTimeSeconds": 1}), "second"),
            ],
        ),
        Draft::new(
            "deduplication by content looks at bodies",
            Vec::new(),
            vec![
                made(json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"})),
                Step::call(Operation::GetQueueAttributes, on(url, json!({"AttributeNames": ["All"]}))),
                send("the same", json!({"MessageGroupId": "a"})),
                send(
                    "the same",
                    json!({"MessageGroupId": "a", "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "2"}}}),
                ),
                send("another", json!({"MessageGroupId": "b"})),
                one("first"),
                delete("first"),
                one("second"),
                delete("second"),
                receive(url, json!({"WaitTimeSeconds": 1}), "last"),
            ],
        ),
        Draft::new(
            "a FIFO queue serves no standard queue as dead-letter queue",
            Vec::new(),
            vec![
                made(json!({"FifoQueue": "true"})),
                Step::bind(
                    Operation::GetQueueAttributes,
                    on(url, json!({"AttributeNames": ["QueueArn"]})),
                    "arn",
                ),
                Step::call(
                    Operation::CreateQueue,
                    json!({"QueueName": "sfnconf-${run}-p", "Attributes": {
                        "RedrivePolicy": "{\"deadLetterTargetArn\":\"${bind:arn.Attributes.QueueArn}\",\"maxReceiveCount\":3}"
                    }}),
                ),
                Step::call(
                    Operation::SetQueueAttributes,
                    on(
                        "${queue}",
                        json!({"Attributes": {
                            "RedrivePolicy": "{\"deadLetterTargetArn\":\"${bind:arn.Attributes.QueueArn}\",\"maxReceiveCount\":3}"
                        }}),
                    ),
                ),
            ],
        ),
    ]
}
