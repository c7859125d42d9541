//! The queues of a case and what came out of them: every delivery of every message, by MessageId.

use std::collections::BTreeMap;

use record::{Operation, Time};
use serde_json::Value;

use super::Call;

/// A queue, by its URL.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub struct Queue<'a> {
    /// Its URL.
    pub url: &'a str,
    /// The name at the end of it.
    pub name: &'a str,
    /// Its visibility timeout in seconds; 30 unless set (SQS-04).
    pub visibility: Option<u64>,
    /// The one before the last change, which may still count for up to a minute (SQS-20).
    pub visibility_before: Option<u64>,
    /// Its redrive policy: how many receives, and the name of the dead-letter queue.
    pub dead_letter: Option<(u64, String)>,
    /// The default delay of its messages, in seconds.
    pub delay: u64,
    /// Whether the case made it, so that it was empty and its attributes are known.
    pub made_here: bool,
    /// When it was surely there.
    pub made: Time,
    /// Whether it was purged or deleted.
    pub purged: bool,
    /// Whether a ReceiveMessage may have taken effect without an answer: what it got is hidden, and nobody has it.
    pub unheard: bool,
    /// Indices of the ReceiveMessage calls that were answered.
    pub receives: Vec<usize>,
    /// Whether a Lambda function consumes it too.
    pub consumed_elsewhere: bool,
}

impl Queue<'_> {
    /// Whether it is a FIFO queue.
    pub fn is_fifo(&self) -> bool {
        self.name.rsplit('.').next() == Some("fifo")
    }
}

/// One delivery of a message.
#[derive(Debug)]
pub struct Receipt<'a> {
    /// The ReceiveMessage call.
    pub call: usize,
    /// When it was asked.
    pub begun: Time,
    /// When it was answered.
    pub ended: Time,
    /// The handle to delete it with.
    pub handle: &'a str,
    /// ApproximateReceiveCount, where it was asked for.
    pub count: Option<u64>,
    /// For how many seconds it is hidden from then on, at the most, if known.
    pub hidden: Option<u64>,
    /// For how many seconds it is hidden at the least.
    pub hidden_least: Option<u64>,
}

/// A notification of SNS, as its envelope says.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// SNS's MessageId.
    pub message_id: String,
    /// The topic.
    pub topic: String,
    /// The text that was published.
    pub message: String,
}

/// A message, by queue and MessageId.
#[derive(Debug)]
pub struct Message<'a> {
    /// Index of its queue.
    pub queue: usize,
    /// SQS's MessageId.
    pub id: &'a str,
    /// Its body.
    pub body: &'a str,
    /// The body as JSON, if it is JSON.
    pub json: Option<Value>,
    /// The whole message as it was received first.
    pub wire: &'a Value,
    /// SNS's envelope, if the body is one.
    pub envelope: Option<Envelope>,
    /// Its deliveries in the order in which they were asked for.
    pub receipts: Vec<Receipt<'a>>,
    /// Deletions: when asked, when answered, with which handle, and whether confirmed.
    pub deletions: Vec<Deletion<'a>>,
    /// Whether its visibility was changed, so that nothing is known of when it comes back.
    pub visibility_changed: bool,
}

/// A deletion of a message.
#[derive(Debug)]
pub struct Deletion<'a> {
    /// When it was asked.
    pub begun: Time,
    /// When it was answered.
    pub ended: Time,
    /// With which handle.
    pub handle: &'a str,
    /// Whether it was confirmed.
    pub done: bool,
}

impl Message<'_> {
    /// The text that a notification or a plain message carries.
    pub fn text(&self) -> &str {
        self.envelope.as_ref().map_or(self.body, |envelope| envelope.message.as_str())
    }

    /// When it was first delivered.
    pub fn first(&self) -> Option<&Receipt<'_>> {
        self.receipts.first()
    }
}

/// Reads queues and messages.
pub(super) fn queues<'a>(calls: &[Call<'a>]) -> (Vec<Queue<'a>>, Vec<Message<'a>>) {
    let mut reading = Reading::default();
    for call in calls {
        if let Some(url) = url_of(call) {
            reading.call(url, call);
        }
    }
    for call in calls.iter().filter(|call| call.operation == Operation::CreateEventSourceMapping) {
        let source = call.text("EventSourceArn").and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
        for queue in reading.queues.iter_mut().filter(|queue| queue.name == source) {
            queue.consumed_elsewhere = true;
        }
    }
    (reading.queues, reading.messages)
}

/// The queue that a call is about.
fn url_of<'a>(call: &Call<'a>) -> Option<&'a str> {
    match call.operation {
        Operation::CreateQueue => call.answer.done()?.get("QueueUrl")?.as_str(),
        Operation::ReceiveMessage
        | Operation::DeleteMessage
        | Operation::DeleteMessageBatch
        | Operation::ChangeMessageVisibility
        | Operation::ChangeMessageVisibilityBatch
        | Operation::SetQueueAttributes
        | Operation::GetQueueAttributes
        | Operation::SendMessage
        | Operation::SendMessageBatch
        | Operation::PurgeQueue
        | Operation::DeleteQueue => call.entry_text("QueueUrl"),
        _ => None,
    }
}

/// Queues and messages as far as the calls have been read.
#[derive(Default)]
struct Reading<'a> {
    queues: Vec<Queue<'a>>,
    by_url: BTreeMap<&'a str, usize>,
    messages: Vec<Message<'a>>,
    by_id: BTreeMap<(usize, &'a str), usize>,
    by_handle: BTreeMap<(usize, &'a str), usize>,
}

impl<'a> Reading<'a> {
    fn call(&mut self, url: &'a str, call: &Call<'a>) {
        let index = *self.by_url.entry(url).or_insert_with(|| {
            let name = url.rsplit('/').next().unwrap_or(url);
            self.queues.push(Queue { url, name, ..Queue::default() });
            self.queues.len() - 1
        });
        let Some(queue) = self.queues.get_mut(index) else { return };
        match call.operation {
            Operation::CreateQueue if !queue.made_here => queue.create(call),
            Operation::SetQueueAttributes => queue.set(call),
            Operation::PurgeQueue | Operation::DeleteQueue => queue.purged = true,
            Operation::ReceiveMessage => self.receive(index, call),
            Operation::DeleteMessage => {
                if let Some(handle) = call.entry_text("ReceiptHandle") {
                    self.delete(index, handle, call);
                }
            }
            Operation::DeleteMessageBatch => {
                let entries = call.entry.call.input.get("Entries").and_then(Value::as_array);
                for handle in entries.into_iter().flatten().filter_map(|entry| text(entry, "ReceiptHandle")) {
                    self.delete(index, handle, call);
                }
            }
            Operation::ChangeMessageVisibility => {
                let handle = call.entry_text("ReceiptHandle");
                if let Some(message) = handle.and_then(|handle| self.with_handle(index, handle)) {
                    message.visibility_changed = true;
                }
            }
            Operation::ChangeMessageVisibilityBatch => {
                for message in self.messages.iter_mut().filter(|message| message.queue == index) {
                    message.visibility_changed = true;
                }
            }
            _ => {}
        }
    }

    fn with_handle(&mut self, queue: usize, handle: &str) -> Option<&mut Message<'a>> {
        self.by_handle.get(&(queue, handle)).and_then(|message| self.messages.get_mut(*message))
    }

    fn receive(&mut self, index: usize, call: &Call<'a>) {
        let Some(queue) = self.queues.get_mut(index) else { return };
        let Some(reply) = call.answer.done() else {
            queue.unheard |= call.answer.is_open_ended();
            return;
        };
        queue.receives.push(call.index);
        let (hidden, hidden_least) = queue.hides(call);
        for wire in reply.get("Messages").and_then(Value::as_array).into_iter().flatten() {
            let (Some(id), Some(body)) = (text(wire, "MessageId"), text(wire, "Body")) else { continue };
            let handle = text(wire, "ReceiptHandle").unwrap_or_default();
            let message = *self.by_id.entry((index, id)).or_insert_with(|| {
                self.messages.push(read(index, id, body, wire));
                self.messages.len() - 1
            });
            self.by_handle.insert((index, handle), message);
            if let Some(message) = self.messages.get_mut(message) {
                let count = wire.get("Attributes").and_then(|a| a.get("ApproximateReceiveCount"));
                message.receipts.push(Receipt {
                    call: call.index,
                    begun: call.begun,
                    ended: call.ended,
                    handle,
                    count: count.and_then(number),
                    hidden,
                    hidden_least,
                });
            }
        }
    }

    fn delete(&mut self, queue: usize, handle: &'a str, call: &Call<'a>) {
        if let Some(message) = self.with_handle(queue, handle) {
            let done = call.answer.done().is_some();
            message.deletions.push(Deletion { begun: call.begun, ended: call.ended, handle, done });
        }
    }
}

impl Queue<'_> {
    fn create(&mut self, call: &Call<'_>) {
        self.made_here = true;
        self.made = call.ended;
        self.visibility = Some(attribute(call, "VisibilityTimeout").and_then(number).unwrap_or(30));
        self.delay = attribute(call, "DelaySeconds").and_then(number).unwrap_or(0);
        self.dead_letter = attribute(call, "RedrivePolicy").and_then(policy);
    }

    fn set(&mut self, call: &Call<'_>) {
        if let Some(seconds) = attribute(call, "VisibilityTimeout").and_then(number)
            && call.answer.done().is_some()
        {
            self.visibility_before = self.visibility;
            self.visibility = Some(seconds);
        }
        if let Some(redrive) = attribute(call, "RedrivePolicy") {
            self.dead_letter = call.answer.done().and_then(|_| policy(redrive));
        }
        if attribute(call, "DelaySeconds").is_some() {
            self.delay = 0;
        }
    }

    /// For how many seconds a receive hides what it gets, at most and at least.
    fn hides(&self, receive: &Call<'_>) -> (Option<u64>, Option<u64>) {
        if let Some(seconds) = receive.input.get("VisibilityTimeout") {
            return (number(seconds), number(seconds));
        }
        let before = self.visibility_before;
        (
            self.visibility.map(|seconds| seconds.max(before.unwrap_or(0))),
            self.visibility.map(|seconds| seconds.min(before.unwrap_or(seconds))),
        )
    }
}

fn read<'a>(queue: usize, id: &'a str, body: &'a str, wire: &'a Value) -> Message<'a> {
    let json: Option<Value> = serde_json::from_str(body).ok();
    let envelope =
        json.as_ref().filter(|json| json.get("Type").and_then(Value::as_str) == Some("Notification"));
    let envelope = envelope.and_then(|json| {
        Some(Envelope {
            message_id: text(json, "MessageId")?.to_owned(),
            topic: text(json, "TopicArn")?.to_owned(),
            message: text(json, "Message")?.to_owned(),
        })
    });
    Message {
        queue,
        id,
        body,
        json,
        wire,
        envelope,
        receipts: Vec::new(),
        deletions: Vec::new(),
        visibility_changed: false,
    }
}

fn text<'v>(value: &'v Value, member: &str) -> Option<&'v str> {
    value.get(member).and_then(Value::as_str)
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn attribute<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c Value> {
    call.input.get("Attributes").and_then(|attributes| attributes.get(name))
}

fn policy(value: &Value) -> Option<(u64, String)> {
    let parsed;
    let policy = match value {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text).ok()?;
            &parsed
        }
        other => other,
    };
    let most = number(policy.get("maxReceiveCount")?)?;
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str)?.rsplit(':').next()?;
    Some((most, target.to_owned()))
}
