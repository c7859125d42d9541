//! Requests of tasks: sent never, twice, or not as they stand.

use asl::TaskFailure;
use record::{Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::Draft;

fn is_integration(service: &str) -> bool {
    service == "sqs"
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("activity-starts-by-itself", "an activity task starts when it is scheduled", ["ACT-03"], { scheduled: Time }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            match draft.kind.as_str() {
                "ActivityScheduled" => self.scheduled = draft.at,
                "ActivityStarted" => draft.at = self.scheduled,
                _ => {}
            }
            true
        }
    }),
    variant!("message-never-sent", "the task is started and no message is sent", ["TOK-01"], {
        fn sends(&mut self, service: &str, _: u64) -> u64 {
            u64::from(!is_integration(service))
        }
    }),
    variant!("message-sent-twice", "each attempt sends its message twice", ["START-22"], {
        fn sends(&mut self, service: &str, _: u64) -> u64 {
            if is_integration(service) { 2 } else { 1 }
        }
    }),
    variant!("retry-sends-nothing", "a retry sends no message", ["ERR-17"], {
        fn sends(&mut self, service: &str, attempt: u64) -> u64 {
            u64::from(!(is_integration(service) && attempt > 1))
        }
    }),
    variant!("retry-sends-twice", "a retry sends its message twice", ["START-22"], {
        fn sends(&mut self, service: &str, attempt: u64) -> u64 {
            if is_integration(service) && attempt > 1 { 2 } else { 1 }
        }
    }),
    variant!("body-encoded-twice", "an object body arrives as a string that holds JSON", ["IO-03"], {
        fn parameters(&mut self, service: &str, _: &str, parameters: &mut Value) {
            if let (true, Some(body @ Value::Object(_))) =
                (is_integration(service), parameters.get_mut("MessageBody"))
            {
                *body = json!(json!(body.to_string()).to_string());
            }
        }
    }),
    variant!("body-loses-a-member", "the message lacks a member of the template", ["IO-03"], {
        fn parameters(&mut self, service: &str, _: &str, parameters: &mut Value) {
            if let (true, Some(body)) =
                (is_integration(service), parameters.get_mut("MessageBody").and_then(Value::as_object_mut))
            {
                let name = body.keys().find(|name| !name.to_lowercase().contains("token")).cloned();
                name.and_then(|name| body.shift_remove(&name));
            }
        }
    }),
    variant!(
        "token-garbled-on-the-way",
        "the token in the message is not the one in the history",
        ["TOK-05"],
        {
            fn parameters(&mut self, service: &str, _: &str, parameters: &mut Value) {
                if let (true, Some(body)) = (is_integration(service), parameters.get_mut("MessageBody")) {
                    garble(body);
                }
            }
        }
    ),
    variant!("failed-send-waits", "a send that the queue refuses leaves the task waiting", ["SQSI-02"], {
        fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
            if is_integration(service) && reply.is_err() {
                *reply = Ok(json!({ "MessageId": "00000000-0000-4000-8000-000000000000" }));
            }
        }
    }),
    variant!(
        "service-errors-without-prefix",
        "errors of services lose the prefix of their service",
        ["ERR-23"],
        {
            fn service_reply(&mut self, _: &str, reply: &mut Result<Value, TaskFailure>) {
                if let Err(TaskFailure { error: Some(error), .. }) = reply
                    && let Some((_, name)) = error.split_once('.')
                {
                    *error = name.to_owned();
                }
            }
        }
    ),
    variant!(
        "submitted-names-another-message",
        "TaskSubmitted names a message that nobody receives",
        ["HIS-18"],
        {
            fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
                if let (true, Ok(reply)) = (is_integration(service), reply) {
                    reply["MessageId"] = json!("00000000-0000-4000-8000-000000000000");
                }
            }
        }
    ),
    variant!("submitted-has-a-wrong-digest", "MD5OfMessageBody in TaskSubmitted is wrong", ["HIS-18"], {
        fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
            if let (true, Ok(reply)) = (is_integration(service), reply) {
                reply["MD5OfMessageBody"] = json!("d41d8cd98f00b204e9800998ecf8427e");
            }
        }
    }),
    variant!("activity-task-dropped", "a poll takes two tasks and hands out one", ["ACT-02"], {
        fn serves(&mut self, call: &Call) -> u64 {
            if call.operation == Operation::GetActivityTask { 2 } else { 1 }
        }
    }),
    variant!("activity-input-emptied", "a poller gets an empty object as input", ["ACT-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::GetActivityTask, Outcome::Done(reply)) = (call.operation, outcome)
                && let Some(input) = reply.get_mut("input")
            {
                *input = json!("{}");
            }
        }
    }),
    variant!(
        "send-loses-its-attributes",
        "a task sends its message without MessageAttributes",
        ["SQSI-01"],
        {
            fn parameters(&mut self, service: &str, _: &str, parameters: &mut Value) {
                if let (true, Some(members)) = (is_integration(service), parameters.as_object_mut()) {
                    members.shift_remove("MessageAttributes");
                }
            }
        }
    ),
];

/// Changes a letter in the middle of every long text.
fn garble(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > 300 && text.is_ascii() => {
            let old = text.get(299..300).unwrap_or_default();
            let new = if old == "A" { "B" } else { "A" };
            text.replace_range(299..300, new);
        }
        Value::Object(members) => members.values_mut().for_each(garble),
        Value::Array(items) => items.iter_mut().for_each(garble),
        _ => {}
    }
}
