//! Stops and redrives that reach too far, or not far enough (STOP, RED).

use std::collections::BTreeSet;

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "stop-recalls-the-message",
        "a message that a stopped execution has sent is never delivered",
        ["STOP-04"],
        { stopped: BTreeSet<String> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let Outcome::Done(reply) = outcome else { return };
                if call.operation == Operation::StopExecution {
                    let name = call.text("executionArn").and_then(|arn| arn.rsplit(':').next());
                    self.stopped.extend(name.map(str::to_owned));
                } else if call.operation == Operation::ReceiveMessage
                    && let Some(messages) = reply.get_mut("Messages").and_then(Value::as_array_mut)
                {
                    messages.retain(|message| {
                        let body = message.get("Body").and_then(Value::as_str).unwrap_or_default();
                        !self.stopped.iter().any(|name| body.contains(name.as_str()))
                    });
                }
            }
        }
    ),
    variant!(
        "late-success-is-written-down",
        "a SendTaskSuccess after a stop leaves TaskSucceeded behind ExecutionAborted",
        ["STOP-06", "HIS-06"],
        { sent: BTreeSet<String> },
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::SendTaskSuccess {
                    self.sent.extend(call.text("taskToken").map(str::to_owned));
                }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let (Operation::GetExecutionHistory, Outcome::Done(reply)) = (call.operation, outcome) else { return };
                let Some(events) = reply.get_mut("events").and_then(Value::as_array_mut) else { return };
                let Some(last) = events.last().filter(|last| last["type"] == "ExecutionAborted") else { return };
                let answered = events.iter().any(|event| {
                    let parameters = event["taskScheduledEventDetails"]["parameters"].as_str().unwrap_or_default();
                    self.sent.iter().any(|token| parameters.contains(token.as_str()))
                });
                if answered {
                    let id = last["id"].as_u64().unwrap_or_default();
                    let late = json!({
                        "id": id + 1, "previousEventId": id, "timestamp": last["timestamp"], "type": "TaskSucceeded",
                        "taskSucceededEventDetails": {
                            "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken",
                            "output": "null", "outputDetails": { "truncated": false }
                        }
                    });
                    events.push(late);
                }
            }
        }
    ),
    variant!("client-tokens-ignored", "RedriveExecution does not look at its clientToken", ["RED-04"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::RedriveExecution {
                call.input.shift_remove("clientToken");
            }
        }
    }),
    variant!("redrive-is-swallowed", "RedriveExecution answers 200 and does nothing", ["RED-05"], { now: Time }, {
        fn admits(&mut self, now: Time, _: &Call) -> Result<(), ApiError> {
            self.now = now;
            Ok(())
        }
        fn serves(&mut self, call: &Call) -> u64 {
            u64::from(call.operation != Operation::RedriveExecution)
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::RedriveExecution {
                *outcome = Outcome::Done(json!({ "redriveDate": self.now.0 as f64 / 1000.0 }));
            }
        }
    }),
];
