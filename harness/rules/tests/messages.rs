//! Messages that histories and descriptions tell of: digests, lost ones, bare ones; and the lawful cases beside them.

mod case;

use case::{Case, History, QUEUE, T0, TOKEN, done, one, unknown};
use record::Operation;
use serde_json::{Value, json};

const SECOND: &str = "AQC0ssecondtokenofthesamevisitxxyyzz00112233445566778899aabbcc==";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:news";

/// The body that [`Case::parked`] receives has this digest.
const DIGEST: &str = "4c499b0ecdc14d473bb66bd2999811c1";

fn submitted_with(reply: Value) -> Case {
    let mut case = Case::parked(&one(json!({})));
    let mut history = History::started();
    history.entered(25, "Wait", r#"{"a":1}"#).scheduled(26, TOKEN, json!({})).submitted_with(27, reply);
    case.history(&history);
    case
}

#[test]
fn the_digest_of_a_submission_is_that_of_the_received_body() {
    submitted_with(json!({"MessageId": "m-1", "MD5OfMessageBody": DIGEST})).is_lawful();
    submitted_with(json!({"MessageId": "m-1", "MD5OfMessageBody": DIGEST})).meets("HIS-18");
    let other = json!({"MessageId": "m-1", "MD5OfMessageBody": "d41d8cd98f00b204e9800998ecf8427e"});
    submitted_with(other.clone()).breaks("HIS-18");
    // Tokens are replaced in stored records: such a body has no digest any more.
    let stored = submitted_with(other);
    let mut case = Case::new();
    case.record = record::Redaction::of(&stored.record, &[TOKEN.to_owned()], rules::view::derives)
        .record(&stored.record);
    case.is_lawful();
}

#[test]
fn the_described_output_is_that_of_the_last_event() {
    let described = |output: &str| {
        let mut case = Case::parked(&one(json!({})));
        case.success(TOKEN, r#"{"done":1}"#, done(json!({})));
        let mut history = History::parked(json!({}));
        history.succeeded(45, r#"{"done":1}"#).exited(45, "Wait", r#"{"done":1}"#);
        history.execution_succeeded(45, r#"{"done":1}"#);
        case.history(&history);
        case.describe("SUCCEEDED", json!({"output": output, "stopDate": (T0 + 45) as f64 / 1000.0}));
        case
    };
    described(r#"{ "done": 1.0 }"#).is_lawful();
    described(r#"{"done":1}"#).meets("HIS-12");
    described(r#"{"done":2}"#).breaks("HIS-12");
}

/// The first attempt failed and was retried; nothing more came of the second than its start.
fn second_attempt(polled: i64, receive: record::Outcome) -> Case {
    let mut case = Case::parked(&one(
        json!({"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]}),
    ));
    case.failure(TOKEN, "E", done(json!({})));
    case.wait(polled).call(Operation::ReceiveMessage, json!({"QueueUrl": QUEUE}), receive);
    let mut history = History::parked(json!({}));
    history.failed(45, "E").scheduled(1045, SECOND, json!({}));
    case.history(&history);
    case
}

#[test]
fn a_retry_that_hands_out_nothing_is_caught_once_patience_is_over() {
    second_attempt(40_000, done(json!({}))).breaks("ERR-17");
    second_attempt(20_000, done(json!({}))).is_lawful();
    second_attempt(20_000, done(json!({}))).hung().breaks("ERR-17");
    // A receive whose answer was lost may have taken the message.
    let mut case = second_attempt(20_000, unknown());
    case.wait(20_000).call(Operation::ReceiveMessage, json!({"QueueUrl": QUEUE}), done(json!({})));
    case.is_lawful();
    // So may a message that cannot be told apart.
    let stray = json!({"MessageId": "m-9", "ReceiptHandle": "h-9", "Body": "{}"});
    let mut case = second_attempt(40_000, done(json!({"Messages": [stray]})));
    case.record.entries.retain(|entry| entry.outcome.is_done());
    assert!(!case.judge().iter().any(|f| f.rule == "ERR-17" && f.kind == record::FindingKind::Violated));
}

/// A workflow that publishes; what the queue behind the topic receives.
fn published(attributes: &Value, body: &str) -> Case {
    let queue = QUEUE.replace("work", "news");
    let definition = json!({"StartAt": "Tell", "States": {"Tell": {
        "Type": "Task", "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": TOPIC, "Message": "all is well"}, "End": true
    }}});
    let mut case = Case::new();
    case.call(Operation::CreateQueue, json!({"QueueName": "news"}), done(json!({"QueueUrl": queue})));
    case.call(Operation::CreateTopic, json!({"Name": "news"}), done(json!({"TopicArn": TOPIC})));
    case.call(
        Operation::Subscribe,
        json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:123456789012:news", "Attributes": attributes}),
        done(json!({"SubscriptionArn": format!("{TOPIC}:1")})),
    );
    case.create(&definition).start(r#"{"a":1}"#);
    let mut history = History::started();
    history.entered(25, "Tell", r#"{"a":1}"#);
    let parameters = json!({"TopicArn": TOPIC, "Message": "all is well"}).to_string();
    history.push(26, "TaskScheduled", json!({"taskScheduledEventDetails": {"resourceType": "sns", "resource": "publish", "region": "eu-west-1", "parameters": parameters}}));
    case.history(&history);
    case.call(
        Operation::ReceiveMessage,
        json!({"QueueUrl": queue}),
        done(json!({"Messages": [{"MessageId": "m-1", "ReceiptHandle": "h", "Body": body}]})),
    );
    case
}

#[test]
fn a_published_text_arrives_in_an_envelope_unless_asked_otherwise() {
    published(&json!({}), "all is well").breaks("SNS-02");
    published(&json!({"RawMessageDelivery": "true"}), "all is well").is_lawful();
    published(&json!({}), "something that nobody published").is_lawful();
}
