//! A machine that was there before the case: its description says what it runs, and what others do with it accuses nobody.

mod case;

use case::{Case, MACHINE, TOKEN, done, one};
use record::Operation::{DescribeStateMachine, ListSubscriptionsByTopic, ReceiveMessage};
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:news";
const NEWS: &str = "http://localhost/123456789012/news";

fn sample() -> Value {
    let publish = |text: &str| json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": TOPIC, "Message": {"text": text, "execution.$": "$$.Execution.Name"}}, "End": true});
    let mut definition =
        one(json!({"Next": "Good", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}]}));
    definition["States"]["Good"] = publish("all went well");
    definition["States"]["Bad"] = publish("it failed");
    definition
}

/// An execution of it, whose token was answered.
fn answered() -> Case {
    let mut case = Case::new();
    let reply = json!({"stateMachineArn": MACHINE, "name": "m", "type": "STANDARD", "status": "ACTIVE", "definition": sample().to_string(), "roleArn": "arn:aws:iam::123456789012:role/r", "creationDate": 1_700_000_000.0});
    case.call(DescribeStateMachine, json!({ "stateMachineArn": MACHINE }), done(reply));
    let listed = json!({"SubscriptionArn": format!("{TOPIC}:1"), "Owner": "123456789012", "Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:123456789012:news", "TopicArn": TOPIC});
    case.call(
        ListSubscriptionsByTopic,
        json!({ "TopicArn": TOPIC }),
        done(json!({"Subscriptions": [listed]})),
    );
    case.start(r#"{"a":1}"#).receive("m-1", TOKEN, 1).success(TOKEN, "1", done(json!({})));
    case
}

fn hears(case: &mut Case, id: &str, text: &str, execution: &str) {
    let message = json!({"text": text, "execution": execution}).to_string();
    let envelope = json!({"Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Message": message, "Timestamp": "2026-09-21T00:00:00.000Z", "SignatureVersion": "1", "Signature": "s", "SigningCertURL": "u", "UnsubscribeURL": "u"}).to_string();
    let message =
        json!({"MessageId": format!("s-{id}"), "ReceiptHandle": format!("r-{id}"), "Body": envelope});
    case.call(ReceiveMessage, json!({ "QueueUrl": NEWS }), done(json!({ "Messages": [message] })));
}

#[test]
fn its_definition_decides_what_an_outcome_must_notify() {
    let mut case = answered();
    hears(&mut case, "n-1", "all went well", "exec-0001");
    case.is_lawful();
    case.meets("E2E-01");
    let mut case = answered();
    hears(&mut case, "n-1", "it failed", "exec-0001");
    case.breaks("E2E-01");
}

#[test]
fn a_notification_of_somebody_elses_execution_accuses_nobody() {
    let mut case = answered();
    hears(&mut case, "n-1", "all went well", "exec-0001");
    hears(&mut case, "n-2", "it failed", "somebody-elses");
    case.is_lawful();
}

#[test]
fn a_notification_that_never_comes_to_the_queue_that_is_listed_is_lost() {
    let mut case = answered();
    let mut history = case::History::parked(json!({}));
    history.succeeded(55, "1").exited(55, "Wait", "1");
    case.history(&history);
    case.is_lawful();
    case.wait(60_000).call(ReceiveMessage, json!({ "QueueUrl": NEWS }), done(json!({})));
    case.breaks("E2E-01");
}

#[test]
fn a_description_alone_proves_nothing_of_a_creation() {
    let findings = answered().judge();
    assert!(!findings.iter().any(|finding| finding.check == "machine-is-described-as-made"));
}

#[test]
fn a_machine_that_the_case_made_is_known_by_its_creation() {
    let mut case = Case::new();
    case.create(&sample());
    let other = json!({"stateMachineArn": MACHINE, "name": "m", "type": "STANDARD", "status": "ACTIVE", "definition": one(json!({})).to_string(), "roleArn": "arn:aws:iam::123456789012:role/r", "creationDate": 1_790_000_000.0});
    case.call(DescribeStateMachine, json!({ "stateMachineArn": MACHINE }), done(other));
    case.breaks("DEF-01");
}
