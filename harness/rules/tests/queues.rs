//! Queues and topics without any workflow: what was sent comes once, as it was sent; settings are as set; and the lawful
//! cases beside.

#![expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]

mod case;

use case::{Case, QUEUE, done, refused, unknown};
use record::Operation::{
    ChangeMessageVisibility, CreateEventSourceMapping, CreateFunction, CreateQueue, CreateTopic,
    DeleteMessage, GetActivityTask, GetEventSourceMapping, GetQueueAttributes, ListSubscriptionsByTopic,
    Publish, ReceiveMessage, SendMessage, SendMessageBatch, SetQueueAttributes, Subscribe,
};
use serde_json::{Value, json};

const FIFO: &str = "http://localhost/123456789012/work.fifo";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:news";
const NEWS: &str = "http://localhost/123456789012/heard";

fn with_queue(attributes: Value) -> Case {
    let mut case = Case::new();
    let name = if attributes.get("FifoQueue").is_some() { "work.fifo" } else { "work" };
    let url = format!("http://localhost/123456789012/{name}");
    case.call(
        CreateQueue,
        json!({"QueueName": name, "Attributes": attributes}),
        done(json!({ "QueueUrl": url })),
    );
    case
}

fn send(case: &mut Case, body: &str, id: &str) {
    case.call(SendMessage, json!({"QueueUrl": QUEUE, "MessageBody": body}), done(json!({ "MessageId": id })));
}

fn message(id: &str, body: &str, handle: &str) -> Value {
    json!({"MessageId": id, "ReceiptHandle": handle, "Body": body})
}

fn receive(case: &mut Case, url: &str, messages: Value) {
    let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
    let reply = if messages == json!([]) { json!({}) } else { json!({ "Messages": messages }) };
    case.call(ReceiveMessage, input, done(reply));
}

#[test]
fn nothing_comes_that_nobody_sent() {
    let come = |id: &str| {
        let mut case = with_queue(json!({}));
        send(&mut case, "one", "m-1");
        receive(&mut case, QUEUE, json!([message(id, "other", "h")]));
        case
    };
    come("m-9").breaks("SQS-01");
    // A send whose answer was lost may have sent it.
    let mut case = with_queue(json!({}));
    case.call(SendMessage, json!({"QueueUrl": QUEUE, "MessageBody": "one"}), unknown());
    receive(&mut case, QUEUE, json!([message("m-9", "one", "h")]));
    case.is_lawful();
}

#[test]
fn two_sends_have_two_ids() {
    let twice = |second: &str| {
        let mut case = with_queue(json!({}));
        send(&mut case, "one", "m-1");
        send(&mut case, "one", second);
        case
    };
    twice("m-1").breaks("SQS-01");
    twice("m-2").is_lawful();
}

#[test]
fn an_accepted_message_is_lost_only_after_every_patience() {
    let polled = |ms: i64| {
        let mut case = with_queue(json!({}));
        send(&mut case, "one", "m-1");
        case.wait(ms);
        receive(&mut case, QUEUE, json!([]));
        case
    };
    polled(40_000).breaks("SQS-03");
    polled(20_000).is_lawful();
}

#[test]
fn digests_are_those_of_the_bodies() {
    let digest = |md5: &str| {
        let mut case = with_queue(json!({}));
        let reply = json!({"MessageId": "m-1", "MD5OfMessageBody": md5});
        case.call(SendMessage, json!({"QueueUrl": QUEUE, "MessageBody": "hello"}), done(reply));
        case
    };
    digest("5d41402abc4b2a76b9719d911017c592").is_lawful();
    digest("d41d8cd98f00b204e9800998ecf8427e").breaks("SQS-03");
    let entry = json!({"Id": "a", "MessageBody": "hello"});
    let mut case = with_queue(json!({}));
    case.call(
        SendMessageBatch,
        json!({"QueueUrl": QUEUE, "Entries": [entry]}),
        done(json!({"Successful": [{"Id": "a", "MessageId": "m-1"}], "Failed": []})),
    );
    case.breaks("SQS-03");
}

/// Three messages are received and deleted; so many come again, so often, and are deleted each time.
fn received_and_deleted(back: usize, times: u32) -> Case {
    let mut case = with_queue(json!({"VisibilityTimeout": "2"}));
    let ids = ["m-1", "m-2", "m-3"];
    for id in ids {
        send(&mut case, id, id);
    }
    let come = |round: u32, count: usize| {
        json!(ids.iter().take(count).map(|id| message(id, id, &format!("{id}-{round}"))).collect::<Vec<_>>())
    };
    for round in 0..=times {
        let count = if round == 0 { ids.len() } else { back };
        receive(&mut case, QUEUE, come(round, count));
        for id in ids.iter().take(count) {
            let input = json!({"QueueUrl": QUEUE, "ReceiptHandle": format!("{id}-{round}")});
            case.call(DeleteMessage, input, done(json!({})));
        }
        case.wait(3000);
    }
    case
}

#[test]
fn deleted_messages_may_come_once_more_and_not_again_and_again() {
    received_and_deleted(1, 1).is_lawful();
    received_and_deleted(3, 1).is_lawful();
    received_and_deleted(3, 2).breaks("SQS-05");
}

#[test]
fn a_lawful_deletion_is_not_refused_and_a_late_one_may_be() {
    let deleted = |after: i64| {
        let mut case = with_queue(json!({"VisibilityTimeout": "2"}));
        send(&mut case, "one", "m-1");
        receive(&mut case, QUEUE, json!([message("m-1", "one", "h-1")]));
        case.wait(after);
        let input = json!({"QueueUrl": QUEUE, "ReceiptHandle": "h-1"});
        case.call(DeleteMessage, input, refused("ReceiptHandleIsInvalid"));
        case
    };
    deleted(100).breaks("SQS-05");
    deleted(5000).is_lawful();
}

#[test]
fn a_message_that_is_visible_again_cannot_be_changed() {
    let changed = |outcome: record::Outcome| {
        let mut case = with_queue(json!({}));
        send(&mut case, "one", "m-1");
        receive(&mut case, QUEUE, json!([message("m-1", "one", "h-1")]));
        let change =
            |seconds: u64| json!({"QueueUrl": QUEUE, "ReceiptHandle": "h-1", "VisibilityTimeout": seconds});
        case.call(ChangeMessageVisibility, change(0), done(json!({})));
        case.call(ChangeMessageVisibility, change(9), outcome);
        case
    };
    changed(refused("MessageNotInflight")).is_lawful();
    changed(done(json!({}))).breaks("SQS-06");
}

#[test]
fn a_setting_shows_at_once_and_a_change_after_a_minute() {
    let shown = |value: &str, changed: Option<i64>| {
        let mut case = with_queue(json!({"VisibilityTimeout": "7"}));
        if let Some(wait) = changed {
            let input = json!({"QueueUrl": QUEUE, "Attributes": {"VisibilityTimeout": "9"}});
            case.call(SetQueueAttributes, input, done(json!({}))).wait(wait);
        }
        let reply = json!({"Attributes": {"VisibilityTimeout": value}});
        case.call(
            GetQueueAttributes,
            json!({"QueueUrl": QUEUE, "AttributeNames": ["VisibilityTimeout"]}),
            done(reply),
        );
        case
    };
    shown("7", None).is_lawful();
    shown("30", None).breaks("SQS-04");
    shown("7", Some(1000)).is_lawful();
    shown("9", Some(1000)).is_lawful();
    shown("7", Some(61_000)).breaks("SQS-04");
}

fn fifo_send(case: &mut Case, body: &str, group: Option<&str>, key: &str, outcome: record::Outcome) {
    let mut input = json!({"QueueUrl": FIFO, "MessageBody": body, "MessageDeduplicationId": key});
    if let Some(group) = group {
        input["MessageGroupId"] = json!(group);
    }
    case.call(SendMessage, input, outcome);
}

#[test]
fn a_duplicate_is_taken_under_any_id_and_delivered_once() {
    let sent = |second: &str, come: Value| {
        let mut case = with_queue(json!({"FifoQueue": "true"}));
        fifo_send(&mut case, "x", Some("g"), "k", done(json!({"MessageId": "m-1"})));
        fifo_send(&mut case, "x", Some("g"), "k", done(json!({ "MessageId": second })));
        receive(&mut case, FIFO, come);
        case
    };
    let both = json!([message("m-1", "x", "h-1"), message("m-2", "x", "h-2")]);
    sent("m-1", json!([message("m-1", "x", "h-1")])).is_lawful();
    sent("m-2", json!([message("m-1", "x", "h-1")])).is_lawful();
    sent("m-2", both).breaks("SQS-16");
    let mut case = with_queue(json!({"FifoQueue": "true"}));
    fifo_send(&mut case, "x", None, "k", done(json!({"MessageId": "m-1"})));
    case.breaks("SQS-16");
}

#[test]
fn a_group_waits_for_its_message_and_another_does_not() {
    let come = |group: &str, second: &str| {
        let mut case = with_queue(json!({"FifoQueue": "true"}));
        fifo_send(&mut case, "1", Some("g"), "k1", done(json!({"MessageId": "m-1"})));
        fifo_send(&mut case, "2", Some(group), "k2", done(json!({"MessageId": "m-2"})));
        let (first, last) = if second == "m-2" { ("m-1", "m-2") } else { ("m-2", "m-1") };
        receive(&mut case, FIFO, json!([message(first, &first[2..], "h-1")]));
        receive(&mut case, FIFO, json!([message(last, &last[2..], "h-2")]));
        case
    };
    come("other", "m-2").is_lawful();
    come("other", "m-1").is_lawful();
    come("g", "m-2").breaks("SQS-18");
    // Both of one group in one answer, in their order.
    let mut case = with_queue(json!({"FifoQueue": "true"}));
    fifo_send(&mut case, "1", Some("g"), "k1", done(json!({"MessageId": "m-1"})));
    fifo_send(&mut case, "2", Some("g"), "k2", done(json!({"MessageId": "m-2"})));
    receive(&mut case, FIFO, json!([message("m-1", "1", "h-1"), message("m-2", "2", "h-2")]));
    case.is_lawful();
}

fn subscribed(attributes: Value) -> Case {
    let mut case = Case::new();
    case.call(CreateQueue, json!({"QueueName": "heard"}), done(json!({ "QueueUrl": NEWS })));
    case.call(CreateTopic, json!({"Name": "news"}), done(json!({ "TopicArn": TOPIC })));
    let mut input =
        json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:123456789012:heard"});
    if attributes.is_object() {
        input["Attributes"] = attributes;
    }
    case.call(Subscribe, input, done(json!({"SubscriptionArn": format!("{TOPIC}:1")})));
    case
}

fn envelope(id: &str, text: &str, subject: Option<&str>) -> String {
    let mut envelope = json!({
        "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": text,
        "Timestamp": "2026-09-22T00:00:00.000Z", "SignatureVersion": "1", "Signature": "s",
        "SigningCertURL": "https://c", "UnsubscribeURL": "https://u"
    });
    if let Some(subject) = subject {
        envelope["Subject"] = json!(subject);
    }
    envelope.to_string()
}

#[test]
fn what_is_published_arrives_as_it_was() {
    let heard = |attributes: Value, bodies: &[String]| {
        let mut case = subscribed(attributes);
        let input = json!({"TopicArn": TOPIC, "Message": "all is well", "Subject": "news"});
        case.call(Publish, input, done(json!({"MessageId": "n-1"})));
        case.wait(40_000);
        let come =
            bodies.iter().enumerate().map(|(n, body)| message(&format!("m-{n}"), body, &format!("h-{n}")));
        let come: Vec<Value> = come.collect();
        receive(&mut case, NEWS, json!(come));
        case
    };
    let raw = json!({"RawMessageDelivery": "true"});
    let well = |subject| envelope("n-1", "all is well", subject);
    heard(Value::Null, &[well(Some("news"))]).is_lawful();
    // At least once.
    heard(Value::Null, &[well(Some("news")), well(Some("news"))]).is_lawful();
    heard(Value::Null, &[well(None)]).breaks("SNS-02");
    heard(Value::Null, &[envelope("n-2", "all is well", Some("news"))]).breaks("SNS-01");
    heard(Value::Null, &["all is well".to_owned()]).breaks("SNS-02");
    heard(Value::Null, &[]).breaks("SNS-03");
    heard(raw.clone(), &["all is well".to_owned()]).is_lawful();
    heard(raw, &[well(Some("news"))]).breaks("SNS-02");
}

#[test]
fn a_subscription_is_listed_after_a_while() {
    let listed = |wait: i64| {
        let mut case = subscribed(Value::Null);
        case.wait(wait);
        case.call(ListSubscriptionsByTopic, json!({ "TopicArn": TOPIC }), done(json!({"Subscriptions": []})));
        case
    };
    listed(100).is_lawful();
    listed(5000).breaks("SNS-09");
}

#[test]
fn a_mapping_leaves_creating_within_a_minute() {
    let shown = |state: &str, wait: i64| {
        let source = "arn:aws:sqs:eu-west-1:123456789012:work";
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        let mapping = |state: &str| json!({"UUID": "u", "EventSourceArn": source, "FunctionArn": function, "BatchSize": 10, "MaximumBatchingWindowInSeconds": 0, "State": state});
        let mut case = with_queue(json!({}));
        case.call(
            CreateFunction,
            json!({"FunctionName": "f", "Timeout": 5}),
            done(json!({"FunctionName": "f", "FunctionArn": function, "Timeout": 5})),
        );
        case.call(
            CreateEventSourceMapping,
            json!({"FunctionName": "f", "EventSourceArn": source}),
            done(mapping("Creating")),
        );
        case.wait(wait);
        case.call(GetEventSourceMapping, json!({"UUID": "u"}), done(mapping(state)));
        case
    };
    shown("Creating", 1000).is_lawful();
    shown("Enabled", 61_000).is_lawful();
    shown("Creating", 61_000).breaks("ESM-12");
}

#[test]
fn an_empty_poll_of_an_activity_takes_a_minute() {
    let polled = |ms: i64| {
        let mut case = Case::new();
        case.at(
            0,
            ms,
            GetActivityTask,
            json!({"activityArn": "arn:aws:states:us-east-1:123456789012:activity:a"}),
            done(json!({ "taskToken": null })),
        );
        case
    };
    polled(60_000).is_lawful();
    polled(5000).breaks("ACT-01");
}

#[test]
fn a_number_beyond_its_bounds_is_refused_and_one_at_the_edge_may_be_taken() {
    let sent = |delay: i64, outcome: record::Outcome| {
        let mut case = with_queue(json!({}));
        case.call(
            SendMessage,
            json!({"QueueUrl": QUEUE, "MessageBody": "x", "DelaySeconds": delay}),
            outcome,
        );
        case
    };
    sent(900, done(json!({"MessageId": "m-1"}))).is_lawful();
    sent(901, done(json!({"MessageId": "m-1"}))).breaks("SQS-15");
    sent(901, refused("InvalidParameterValue")).is_lawful();
    sent(-1, done(json!({"MessageId": "m-1"}))).breaks("SQS-15");
    for (name, edge, beyond, rule) in [
        ("DelaySeconds", "900", "901", "SQS-15"),
        ("VisibilityTimeout", "43200", "43201", "SQS-04"),
        ("MessageRetentionPeriod", "60", "59", "SQS-03"),
        ("MaximumMessageSize", "1024", "1023", "SQS-08"),
        ("ReceiveMessageWaitTimeSeconds", "20", "21", "SQS-07"),
    ] {
        with_queue(json!({ name: edge })).is_lawful();
        with_queue(json!({ name: beyond })).breaks(rule);
    }
}
