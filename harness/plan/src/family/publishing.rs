//! Topics without any workflow: what is published, who hears it, and how (SNS).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "publishing", fixed: publishing, drawn: super::nothing },
        Family { name: "publishing-fifo", fixed: fifo, drawn: super::nothing },
    ]
}

fn to(topic: &str, message: &str, members: Value) -> Step {
    let mut input = json!({"TopicArn": topic, "Message": message});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::call(Operation::Publish, input)
}

fn heard(messages: u32, wait_ms: u64) -> Step {
    Step::Drain { queue: "notifications".to_owned(), messages, wait_ms }
}

/// What lets a topic send to the queue whose ARN is bound as `arn`.
fn policy(topic: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": "${bind:arn.Attributes.QueueArn}", "Condition": {"ArnEquals": {"aws:SourceArn": topic}}
    }]})
    .to_string()
}

/// A queue of its own that hears a topic.
fn listening(queue: Value, topic: &str, attributes: Value) -> Vec<Step> {
    let url = "${bind:queue.QueueUrl}";
    let mut subscribe = json!({
        "TopicArn": topic, "Protocol": "sqs", "Endpoint": "${bind:arn.Attributes.QueueArn}", "ReturnSubscriptionArn": true
    });
    if attributes.is_object() {
        subscribe["Attributes"] = attributes;
    }
    vec![
        Step::bind(Operation::CreateQueue, queue, "queue"),
        Step::bind(
            Operation::GetQueueAttributes,
            json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]}),
            "arn",
        ),
        Step::call(
            Operation::SetQueueAttributes,
            json!({"QueueUrl": url, "Attributes": {"Policy": policy(topic)}}),
        ),
        Step::call(Operation::Subscribe, subscribe),
    ]
}

fn receive() -> Step {
    Step::call(
        Operation::ReceiveMessage,
        json!({"QueueUrl": "${bind:queue.QueueUrl}", "MaxNumberOfMessages": 10, "WaitTimeSeconds": 5, "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}),
    )
}

fn publishing() -> Vec<Draft> {
    let kind = json!({"kind": {"DataType": "String", "StringValue": "news"}});
    let mut raw = listening(
        json!({"QueueName": "sfnconf-${run}-w"}),
        "${topic}",
        json!({"RawMessageDelivery": "true"}),
    );
    raw.extend([
        to("${topic}", "bare and \"enveloped\", é😀", json!({ "MessageAttributes": kind })),
        receive(),
        heard(1, 34_000),
        Step::Sleep { ms: 1100 },
        Step::call(Operation::ListSubscriptionsByTopic, json!({"TopicArn": "${topic}"})),
    ]);
    vec![
        Draft::new(
            "texts with subject and attributes, and what no topic takes",
            Vec::new(),
            vec![
                to("${topic}", "the first text", json!({})),
                to("${topic}", "the first text", json!({})),
                to("${topic}", "{\"a\": \"second\"}", json!({"Subject": "news", "MessageAttributes": kind})),
                to("${topic}", "of two lines", json!({"Subject": "one\ntwo"})),
                to("${topic}", "of a long subject", json!({"Subject": "${fill:101:s}"})),
                to("${topic}", "${fill:1048577:x}", json!({})),
                to("${topic}-nowhere", "to nobody", json!({})),
                heard(3, 34_000),
            ],
        )
        .with_topic(),
        Draft::new("a subscription with raw delivery beside one without", Vec::new(), raw).with_topic(),
    ]
}

fn fifo() -> Vec<Draft> {
    let topic = "${bind:topic.TopicArn}";
    let mut steps = vec![Step::bind(
        Operation::CreateTopic,
        json!({"Name": "sfnconf-${run}-t.fifo", "Attributes": {"FifoTopic": "true"}}),
        "topic",
    )];
    steps.extend(listening(
        json!({"QueueName": "sfnconf-${run}-l.fifo", "Attributes": {"FifoQueue": "true"}}),
        topic,
        Value::Null,
    ));
    let keyed =
        |text: &str| to(topic, text, json!({"MessageGroupId": "g", "MessageDeduplicationId": "the-same"}));
    steps.extend([
        to(topic, "of no group", json!({"MessageDeduplicationId": "none"})),
        keyed("once"),
        keyed("once"),
        receive(),
    ]);
    vec![Draft::new("a FIFO topic: groups and duplicates", Vec::new(), steps).needing("sns")]
}
