//! Notifications that are lost, reworded, or unwrapped (SNS, E2E).

use asl::TaskFailure;
use serde_json::{Value, json};

use super::Variant;

pub(super) const VARIANTS: &[Variant] = &[
    variant!("notification-lost", "a published message reaches no subscriber", ["E2E-01"], {
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
    variant!("unknown-topic-ok", "a publish to an unknown topic succeeds", ["SNS-05", "E2E-05"], {
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
];
