//! Queues that hide too little, too long, or count wrong (SQS).

use record::{Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Alarm, Clock, Delivery};

pub(super) const VARIANTS: &[Variant] = &[
    variant!("visibility-ignored", "a received message is at once visible again", ["SQS-04"], {
        fn hides(&mut self, _: Delivery) -> bool {
            false
        }
    }),
    variant!("message-never-returns", "a received message never becomes visible again", ["SQS-04"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            (alarm.clock != Clock::Visibility || alarm.due == alarm.from).then_some(alarm.due)
        }
    }),
    variant!("change-zero-ignored", "a change of visibility to 0 changes nothing", ["SQS-06"], {
        fn serves(&mut self, call: &Call) -> u64 {
            let zero = call.input.get("VisibilityTimeout") == Some(&json!(0));
            u64::from(call.operation != Operation::ChangeMessageVisibility || !zero)
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::ChangeMessageVisibility {
                *outcome = Outcome::Done(json!({}));
            }
        }
    }),
    variant!("forbidden-characters-taken", "a message may hold any character", ["SQS-09"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::SendMessage
                && let Some(Value::String(body)) = call.input.get_mut("MessageBody")
            {
                body.retain(|c| c >= ' ');
                if body.is_empty() {
                    body.push('?');
                }
            }
        }
    }),
    variant!("batch-answers-nothing", "a batch is sent and its answer lists nobody", ["SQS-10"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::SendMessageBatch, Outcome::Done(reply)) = (call.operation, outcome) {
                *reply = json!({ "Successful": [], "Failed": [] });
            }
        }
    }),
    variant!("receive-count-stuck", "ApproximateReceiveCount is always 1", ["SQS-04"], {
        fn receive_count(&mut self, _: u64) -> u64 {
            1
        }
    }),
    variant!("dead-letters-never", "no message ever moves to the dead-letter queue", ["SQS-12"], {
        fn dead_letters(&mut self, _: u64, _: u64) -> bool {
            false
        }
    }),
    variant!(
        "dead-letters-late",
        "a message moves to the dead-letter queue three receives late",
        ["SQS-12"],
        {
            fn dead_letters(&mut self, received: u64, most: u64) -> bool {
                received >= most + 3
            }
        }
    ),
    variant!(
        "more-messages-than-asked",
        "a receive gives up to ten messages whatever was asked",
        ["SQS-07"],
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::ReceiveMessage {
                    call.input.insert("MaxNumberOfMessages".to_owned(), json!(10));
                }
            }
        }
    ),
    variant!("body-loses-letters", "letters beyond ASCII in a message become question marks", ["IO-03"], {
        fn stored_body(&mut self, body: &mut String) {
            *body = body.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
        }
    }),
    variant!("failed-batch-deleted", "the batch of a function that failed is deleted", ["ESM-03"], {
        fn failed_batch_returns(&mut self) -> bool {
            false
        }
    }),
    variant!(
        "item-failures-ignored",
        "messages that a function reports as failed are deleted",
        ["ESM-04"],
        {
            fn honours_item_failures(&mut self) -> bool {
                false
            }
        }
    ),
];
