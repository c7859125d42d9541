//! Notifications that are lost, reworded, or unwrapped (SNS, E2E).

use asl::TaskFailure;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use super::Variant;

pub(super) const VARIANTS: &[Variant] = &[
    variant!("notification-lost", "a published message reaches no subscriber", ["E2E-01", "SNS-03"], {
        fn notifications(&mut self) -> u64 {
            0
        }
    }),
    variant!("notification-reworded", "a notification carries another text", ["SNS-01", "SNS-06"], {
        fn notification(&mut self, text: &mut String) {
            text.push_str(" (via region)");
        }
    }),
    variant!(
        "notification-without-envelope",
        "a notification arrives raw though nobody asked for it",
        ["SNS-02"],
        {
            fn stored_body(&mut self, body: &mut String) {
                let envelope: Option<Value> = serde_json::from_str(body).ok();
                if let Some(text) = envelope
                    .filter(|e| e.get("TopicArn").is_some())
                    .and_then(|e| e.get("Message")?.as_str().map(str::to_owned))
                {
                    *body = text;
                }
            }
        }
    ),
    variant!(
        "publish-names-another-message",
        "the task's output names a message that nobody receives",
        ["SNS-01"],
        {
            fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
                if let ("sns", Ok(reply)) = (service, reply) {
                    reply["MessageId"] = json!("00000000-0000-4000-8000-000000000000");
                }
            }
        }
    ),
    variant!("unknown-topic-ok", "a publish to an unknown topic succeeds", ["SNS-05"], {
        fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
            if service == "sns" && reply.is_err() {
                *reply = Ok(json!({ "MessageId": "00000000-0000-4000-8000-000000000000" }));
            }
        }
    }),
    variant!("unknown-topic-renamed", "an unknown topic fails the task with States.Runtime", ["SNS-05"], {
        fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
            if let ("sns", Err(failure)) = (service, reply) {
                failure.error = Some("States.TaskFailed".to_owned());
            }
        }
    }),
    variant!("raw-delivery-ignored", "a subscription with raw delivery gets envelopes", ["SNS-02"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::Subscribe {
                call.input.shift_remove("Attributes");
            }
        }
    }),
    variant!("subject-lost", "a notification has no Subject", ["SNS-02"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::Publish {
                call.input.shift_remove("Subject");
            }
        }
    }),
    variant!("subject-of-any-length", "a Subject of two lines is published", ["SNS-07"], {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::Publish, Some(Value::String(subject))) =
                (call.operation, call.input.get_mut("Subject"))
            {
                *subject = subject.replace('\n', " ");
            }
        }
    }),
    variant!("notification-of-any-size", "a message of more than 1 MiB is published", ["SNS-04"], {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::Publish, Some(Value::String(text))) =
                (call.operation, call.input.get_mut("Message"))
            {
                text.truncate(if text.is_ascii() { 100_000 } else { text.len() });
            }
        }
    }),
    variant!("fifo-topic-without-group", "a FIFO topic takes texts of no group", ["SNS-08"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::Publish && call.input.contains_key("MessageDeduplicationId") {
                call.input.entry("MessageGroupId").or_insert_with(|| json!("nobody"));
            }
        }
    }),
    variant!("fifo-topic-delivers-duplicates", "a FIFO topic forgets deduplication ids", ["SNS-08"], { sent: u64 }, {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::Publish, Some(Value::String(id))) =
                (call.operation, call.input.get_mut("MessageDeduplicationId"))
            {
                self.sent += 1;
                id.push_str(&self.sent.to_string());
            }
        }
    }),
    variant!("subscription-unlisted", "a topic lists no subscription", ["SNS-09"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::ListSubscriptionsByTopic {
                *outcome = Outcome::Done(json!({ "Subscriptions": [] }));
            }
        }
    }),
];
