//! Queues that hide too little, too long, or count wrong (SQS).

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Alarm, Clock, Delivery};
use crate::sqs::md5_hex;

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
    variant!("noncharacters-taken", "a message may hold U+FFFE and U+FFFF", ["SQS-09"], {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::SendMessage, Some(Value::String(body))) =
                (call.operation, call.input.get_mut("MessageBody"))
            {
                *body = body.replace(['\u{fffe}', '\u{ffff}'], "?");
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
        ["ESM-04", "ESM-05"],
        {
            fn honours_item_failures(&mut self) -> bool {
                false
            }
        }
    ),
    variant!("sends-doubled", "a message that is sent by itself is there twice", ["SQS-01"], {
        fn serves(&mut self, call: &Call) -> u64 {
            if call.operation == Operation::SendMessage { 2 } else { 1 }
        }
    }),
    variant!("sends-lost", "a message that is sent by itself is never there", ["SQS-03"], { sent: u64 }, {
        fn serves(&mut self, call: &Call) -> u64 {
            u64::from(call.operation != Operation::SendMessage)
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::SendMessage, Some(body)) = (call.operation, call.text("MessageBody")) {
                self.sent += 1;
                let id = format!("00000000-0000-4000-8000-{:012}", self.sent);
                *outcome = Outcome::Done(json!({ "MessageId": id, "MD5OfMessageBody": md5_hex(body) }));
            }
        }
    }),
    variant!("attributes-lost", "messages are kept without their attributes", ["SQS-03"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::SendMessage {
                call.input.shift_remove("MessageAttributes");
            }
        }
    }),
    variant!("digest-of-nothing", "the digest of every received body is that of an empty one", ["SQS-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let Outcome::Done(reply) = outcome else { return };
            let messages = reply.get_mut("Messages").and_then(Value::as_array_mut);
            for message in
                messages.into_iter().flatten().filter(|_| call.operation == Operation::ReceiveMessage)
            {
                message["MD5OfBody"] = json!(md5_hex(""));
            }
        }
    }),
    variant!("deletions-refused", "no message can be deleted", ["SQS-05"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::DeleteMessage {
                *outcome = Outcome::Refused(ApiError::new("ReceiptHandleIsInvalid", "Not valid"));
            }
        }
    }),
    variant!("longer-visibility-ignored", "a visibility timeout is never made longer", ["SQS-06"], {
        fn serves(&mut self, call: &Call) -> u64 {
            let zero = call.input.get("VisibilityTimeout") == Some(&json!(0));
            u64::from(call.operation != Operation::ChangeMessageVisibility || zero)
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::ChangeMessageVisibility {
                *outcome = Outcome::Done(json!({}));
            }
        }
    }),
    variant!("first-receive-counts-two", "ApproximateReceiveCount begins at 2", ["SQS-11"], {
        fn receive_count(&mut self, received: u64) -> u64 {
            received + 1
        }
    }),
    variant!(
        "settings-forgotten",
        "a queue is made without the settings that were given",
        ["SQS-04", "SQS-15", "ESM-06"],
        {
            fn request(&mut self, call: &mut Call) {
                if let (Operation::CreateQueue, Some(Value::Object(all))) =
                    (call.operation, call.input.get_mut("Attributes"))
                {
                    all.retain(|name, _| name == "FifoQueue" || name == "RedrivePolicy");
                }
            }
        }
    ),
    variant!(
        "queue-visibility-is-shown-only",
        "the VisibilityTimeout that a queue is made with is shown, and half a minute counts",
        ["SQS-04"],
        { made: BTreeMap<String, Value> },
        {
            fn request(&mut self, call: &mut Call) {
                let name = call.text("QueueName").map(str::to_owned);
                if let (Operation::CreateQueue, Some(name), Some(Value::Object(all))) =
                    (call.operation, name, call.input.get_mut("Attributes"))
                {
                    self.made.extend(all.shift_remove("VisibilityTimeout").map(|set| (name, set)));
                }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let name = call.text("QueueUrl").and_then(|url| url.rsplit('/').next()).unwrap_or_default();
                if let (Operation::GetQueueAttributes, Outcome::Done(reply), Some(set)) =
                    (call.operation, outcome, self.made.get(name))
                    && let Some(shown) = reply.pointer_mut("/Attributes/VisibilityTimeout")
                {
                    *shown = set.clone();
                }
            }
        }
    ),
    variant!("unknown-queue-takes-all", "a send to a queue that is not there succeeds", ["SQS-20"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let unknown = outcome.refusal().is_some_and(|error| error.code == "QueueDoesNotExist");
            if unknown && call.operation == Operation::SendMessage {
                let id = "00000000-0000-4000-8000-000000000000";
                let body = call.text("MessageBody").unwrap_or_default();
                *outcome = Outcome::Done(json!({ "MessageId": id, "MD5OfMessageBody": md5_hex(body) }));
            }
        }
    }),
    variant!("fifo-delivers-duplicates", "a FIFO queue forgets deduplication ids", ["SQS-16"], { sent: u64 }, {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::SendMessage, Some(Value::String(id))) =
                (call.operation, call.input.get_mut("MessageDeduplicationId"))
            {
                self.sent += 1;
                id.push_str(&self.sent.to_string());
            }
        }
    }),
    variant!("tasks-are-not-deduplicated", "what tasks send to a FIFO queue is never a duplicate", ["SQS-16"], { sent: u64 }, {
        fn parameters(&mut self, _: &str, _: &str, parameters: &mut Value) {
            if let Some(Value::String(id)) = parameters.get_mut("MessageDeduplicationId") {
                self.sent += 1;
                id.push_str(&self.sent.to_string());
            }
        }
    }),
    variant!(
        "numbers-of-queues-unbounded",
        "numbers beyond their bounds count as the bound",
        ["SQS-15", "SQS-04", "SQS-03", "SQS-08", "SQS-07"],
        {
            fn request(&mut self, call: &mut Call) {
                for (name, least, most) in [
                    ("DelaySeconds", 0, 900),
                    ("VisibilityTimeout", 0, 43_200),
                    ("MessageRetentionPeriod", 60, 1_209_600),
                    ("MaximumMessageSize", 1_024, 1_048_576),
                    ("ReceiveMessageWaitTimeSeconds", 0, 20),
                ] {
                    if let Some(number) = call.input.get(name).and_then(Value::as_i64) {
                        call.input.insert(name.to_owned(), json!(number.clamp(least, most)));
                    }
                    if let Some(Value::String(text)) =
                        call.input.get_mut("Attributes").and_then(|all| all.get_mut(name))
                        && let Ok(number) = text.parse::<i64>()
                    {
                        *text = number.clamp(least, most).to_string();
                    }
                }
            }
        }
    ),
    variant!("fifo-sends-without-group", "a FIFO queue takes messages of no group", ["SQS-16"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::SendMessage && call.input.contains_key("MessageDeduplicationId") {
                call.input.entry("MessageGroupId").or_insert_with(|| json!("nobody"));
            }
        }
    }),
    variant!("fifo-groups-run-free", "a FIFO queue gives the next of a group at once", ["SQS-18"], { sent: u64 }, {
        fn request(&mut self, call: &mut Call) {
            if let (Operation::SendMessage, Some(Value::String(group))) =
                (call.operation, call.input.get_mut("MessageGroupId"))
            {
                self.sent += 1;
                group.push_str(&self.sent.to_string());
            }
        }
    }),
    variant!(
        "fifo-answers-backwards",
        "a FIFO queue hands out the messages of one answer last first",
        ["SQS-18"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let fifo = call.text("QueueUrl").is_some_and(crate::sqs::is_fifo);
                if let (Operation::ReceiveMessage, true, Outcome::Done(reply)) =
                    (call.operation, fifo, outcome)
                    && let Some(messages) = reply.get_mut("Messages").and_then(Value::as_array_mut)
                {
                    messages.reverse();
                }
            }
        }
    ),
    variant!(
        "content-deduplicates-nothing",
        "content-based deduplication lets equal bodies through",
        ["SQS-17"],
        { sent: u64 },
        {
            fn request(&mut self, call: &mut Call) {
                let keyed = call.input.contains_key("MessageDeduplicationId");
                if call.operation == Operation::SendMessage && call.input.contains_key("MessageGroupId") && !keyed {
                    self.sent += 1;
                    call.input.insert("MessageDeduplicationId".to_owned(), json!(self.sent.to_string()));
                }
            }
        }
    ),
    variant!("dead-letter-queue-of-any-type", "a dead-letter queue may be of the other type", ["SQS-13"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let refused = outcome.refusal().is_some_and(|error| error.message.contains("RedrivePolicy"));
            if refused && call.operation == Operation::SetQueueAttributes {
                *outcome = Outcome::Done(json!({}));
            }
        }
    }),
    variant!("mapping-forgets-its-batch-size", "a mapping has the default batch size", ["ESM-02"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::UpdateEventSourceMapping {
                call.input.shift_remove("BatchSize");
            }
        }
    }),
    variant!("mapping-stays-in-creation", "a mapping is never shown as Enabled", ["ESM-12"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::GetEventSourceMapping, Outcome::Done(reply)) = (call.operation, outcome) {
                reply["State"] = json!("Creating");
            }
        }
    }),
    variant!("dead-letters-are-dead", "a token that was read from a dead-letter queue answers InvalidToken", ["SQS-14"], { targets: Vec<String>, bodies: Vec<String> }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            let policy = call.input.get("Attributes").and_then(|all| all.get("RedrivePolicy")?.as_str());
            let policy: Option<Value> = policy.and_then(|text| serde_json::from_str(text).ok());
            let target = policy.and_then(|policy| policy.get("deadLetterTargetArn")?.as_str()?.rsplit(':').next().map(str::to_owned));
            self.targets.extend(target);
            let token = call.text("taskToken").filter(|token| token.len() > 100);
            let dead = token.is_some_and(|token| self.bodies.iter().any(|body| body.contains(token)));
            if dead { Err(crate::refuse::invalid_token()) } else { Ok(()) }
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let queue = call.text("QueueUrl").and_then(|url| url.rsplit('/').next()).unwrap_or_default();
            if let (Operation::ReceiveMessage, Outcome::Done(reply)) = (call.operation, outcome)
                && self.targets.iter().any(|target| target == queue)
            {
                let messages = reply.get("Messages").and_then(Value::as_array);
                let bodies = messages.into_iter().flatten().filter_map(|message| message.get("Body")?.as_str());
                self.bodies.extend(bodies.map(str::to_owned));
            }
        }
    }),
];
