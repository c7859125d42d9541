//! SQS: numbers beyond the bounds of the API are refused: delays, visibility timeouts, retention, sizes, waits.
//!
//! What a lawful number does is `settings`, `delivery` and `direct_sends`. Invariant: any refusal of the client's fault will do; the
//! model names no code that all of these share.

use record::Operation as Api;
use serde_json::Value;

use crate::check::{Check, Group, Sink};
use crate::view::{Call, View};

const DELAY: Check = Check::of("SQS-15", "delays-are-bounded", "a DelaySeconds outside 0 to 900 is refused");
const VISIBILITY: Check = Check::of(
    "SQS-04",
    "visibility-is-bounded",
    "a VisibilityTimeout outside 0 to 43,200 seconds is refused",
);
const RETENTION: Check = Check::of(
    "SQS-03",
    "retention-is-bounded",
    "a MessageRetentionPeriod outside 60 to 1,209,600 seconds is refused",
);
const SIZE: Check = Check::of(
    "SQS-08",
    "maximum-size-is-bounded",
    "a MaximumMessageSize outside 1,024 to 1,048,576 bytes is refused",
);
const WAIT: Check =
    Check::of("SQS-07", "waits-are-bounded", "a ReceiveMessageWaitTimeSeconds outside 0 to 20 is refused");

pub(in crate::check) const GROUPS: &[Group] =
    &[Group { checks: &[DELAY, VISIBILITY, RETENTION, SIZE, WAIT], run: bounded }];

/// A number of a queue's settings, or of one request about its messages, with its least and its greatest value.
const BOUNDS: &[(&str, Check, i64, i64)] = &[
    ("DelaySeconds", DELAY, 0, 900),
    ("VisibilityTimeout", VISIBILITY, 0, 43_200),
    ("MessageRetentionPeriod", RETENTION, 60, 1_209_600),
    ("MaximumMessageSize", SIZE, 1_024, 1_048_576),
    ("ReceiveMessageWaitTimeSeconds", WAIT, 0, 20),
];

const TAKES_NUMBERS: [Api; 5] = [
    Api::SendMessage,
    Api::ReceiveMessage,
    Api::ChangeMessageVisibility,
    Api::CreateQueue,
    Api::SetQueueAttributes,
];

fn bounded(view: &View<'_>, sink: &mut Sink) {
    for call in
        TAKES_NUMBERS.into_iter().flat_map(|api| view.calls_of(api)).filter(|call| call.was_looked_at())
    {
        for (name, row, least, most) in BOUNDS {
            let Some(given) = number(call, name).filter(|given| !(*least..=*most).contains(given)) else {
                continue;
            };
            sink.expect(*row, call.answer.refused().is_some_and(|error| error.status < 500), || {
                format!("{name} {given} answered {}", call.answer.says())
            });
        }
    }
}

/// A number as requests give it by itself, or as text among the attributes of a queue.
fn number(call: &Call<'_>, name: &str) -> Option<i64> {
    let attribute = call.input.get("Attributes").and_then(|all| all.get(name));
    attribute
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .or_else(|| call.input.get(name).and_then(Value::as_i64))
}
