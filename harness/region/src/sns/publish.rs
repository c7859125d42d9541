//! Publish: who hears a message, in which form, and the order and deduplication of FIFO topics (SNS-03 to SNS-08).

use record::ApiError;
use serde_json::{Map, Value, json};

use super::{MESSAGE_LIMIT, Subscription, invalid};
use crate::Region;
use crate::refuse::Reply;
use crate::request::Request;
use crate::sqs::{Outgoing, is_fifo, queue_name};

/// Where a message stands among those of its topic.
enum Place {
    /// Standard topics have no order.
    Standard,
    /// The next of a FIFO topic.
    Next { sequence: String, deduplication: String },
    /// It was published before: the answer that it gets.
    Known(Value),
}

/// What subscribers are told.
struct Notification<'n> {
    topic: &'n str,
    id: &'n str,
    text: &'n str,
    subject: Option<&'n str>,
    attributes: &'n Map<String, Value>,
    sequence: Option<&'n str>,
}

impl Region {
    pub(super) fn publish_message(&mut self, request: &Request<'_>) -> Reply {
        let arn = request
            .text("TopicArn")?
            .or(request.text("TargetArn")?)
            .ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
        let message = request
            .text("Message")?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| invalid("Empty message"))?;
        let subject = request.text("Subject")?;
        if subject.is_some_and(|s| s.is_empty() || s.chars().count() > 100 || s.chars().any(char::is_control))
        {
            return Err(invalid("Subject"));
        }
        let attributes = request.object("MessageAttributes")?.cloned().unwrap_or_default();
        let size = self.conduct.measure(message) + size_of(&attributes);
        let limit = self.topic(arn)?.attributes.get("MaximumMessageSize");
        if size > limit.and_then(|text| text.parse().ok()).unwrap_or(MESSAGE_LIMIT) {
            return Err(invalid("Message too long"));
        }
        let mut text = match request.text("MessageStructure")? {
            Some("json") => structured(message)?,
            _ => message.to_owned(),
        };
        let id = self.ids.uuid();
        let (sequence, deduplication) = match self.in_sequence(arn, request, &text, &id)? {
            Place::Standard => (None, None),
            Place::Next { sequence, deduplication } => (Some(sequence), Some(deduplication)),
            Place::Known(reply) => return Ok(reply),
        };
        self.conduct.notification(&mut text);
        let group = request.text("MessageGroupId")?.map(str::to_owned);
        let notification = Notification {
            topic: arn,
            id: &id,
            text: &text,
            subject,
            attributes: &attributes,
            sequence: sequence.as_deref(),
        };
        for subscriber in self.topic(arn)?.subscriptions.clone() {
            let (body, attributes) = if subscriber.raw() {
                (text.clone(), attributes.clone())
            } else {
                (self.envelope(&notification, &subscriber.arn), Map::new())
            };
            let outgoing = Outgoing {
                body,
                attributes,
                group: group.clone(),
                deduplication: deduplication.clone(),
                ..Outgoing::default()
            };
            self.notify(&subscriber, &outgoing);
        }
        let mut reply = json!({ "MessageId": id });
        if let Some(sequence) = sequence {
            reply["SequenceNumber"] = json!(sequence);
        }
        Ok(reply)
    }

    /// Where a message stands among those of its FIFO topic.
    fn in_sequence(
        &mut self,
        arn: &str,
        request: &Request<'_>,
        text: &str,
        id: &str,
    ) -> Result<Place, ApiError> {
        let now = self.now;
        let topic = self.topic(arn)?;
        if !topic.fifo {
            return Ok(Place::Standard);
        }
        if request.text("MessageGroupId")?.is_none() {
            return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
        }
        let by_content = topic.attributes.get("ContentBasedDeduplication").is_some_and(|flag| flag == "true");
        let deduplication = match request.text("MessageDeduplicationId")? {
            Some(key) => key.to_owned(),
            None if by_content => {
                use sha2::Digest as _;
                format!("{:x}", sha2::Sha256::digest(text.as_bytes()))
            }
            None => {
                return Err(invalid(
                    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
                ));
            }
        };
        topic.remembered.retain(|_, (at, _)| now.since(*at).as_secs() < 300);
        topic.sequence += 1;
        let sequence = format!("{:020}", 10_000_000_000_000_000_000_u64 + topic.sequence);
        if let Some((_, known)) = topic.remembered.get(&deduplication) {
            return Ok(Place::Known(json!({ "MessageId": known, "SequenceNumber": sequence })));
        }
        topic.remembered.insert(deduplication.clone(), (now, id.to_owned()));
        Ok(Place::Next { sequence, deduplication })
    }

    /// Sends a message to the queue that a subscription names; what cannot be sent goes to its dead-letter queue.
    fn notify(&mut self, subscriber: &Subscription, message: &Outgoing) {
        let Some(queue) = queue_name(&subscriber.endpoint).map(str::to_owned) else { return };
        for _ in 0..self.conduct.notifications() {
            let mut outgoing = message.clone();
            if !is_fifo(&queue) {
                (outgoing.group, outgoing.deduplication) = (None, None);
            }
            if self.put_message(&queue, outgoing.clone()).is_err() {
                self.bury_notification(subscriber, outgoing);
            }
        }
    }

    fn bury_notification(&mut self, subscriber: &Subscription, outgoing: Outgoing) {
        let policy = subscriber
            .attributes
            .get("RedrivePolicy")
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        let target =
            policy.as_ref().and_then(|policy| policy.get("deadLetterTargetArn")).and_then(Value::as_str);
        if let Some(queue) = target.and_then(queue_name).map(str::to_owned) {
            // SNS drops what even its dead-letter queue does not take.
            drop(self.put_message(&queue, outgoing));
        }
    }

    /// The envelope of a notification (recorded).
    fn envelope(&mut self, notification: &Notification<'_>, subscription: &str) -> String {
        let Notification { topic, id, text, subject, attributes, sequence } = *notification;
        let mut envelope = Map::new();
        let mut put = |name: &str, value: Value| envelope.insert(name.to_owned(), value);
        let host = format!("https://sns.{}.amazonaws.com", self.place.region);
        put("Type", json!("Notification"));
        put("MessageId", json!(id));
        if let Some(sequence) = sequence {
            put("SequenceNumber", json!(sequence));
        }
        put("TopicArn", json!(topic));
        if let Some(subject) = subject {
            put("Subject", json!(subject));
        }
        put("Message", json!(text));
        put("Timestamp", json!(self.now.iso()));
        if sequence.is_none() {
            put("SignatureVersion", json!("1"));
            put("Signature", json!(self.ids.base64(256)));
            let certificate = format!("{host}/SimpleNotificationService-{}.pem", self.ids.hex(32));
            put("SigningCertURL", json!(certificate));
        }
        put("UnsubscribeURL", json!(format!("{host}/?Action=Unsubscribe&SubscriptionArn={subscription}")));
        if !attributes.is_empty() {
            put("MessageAttributes", shown(attributes));
        }
        Value::Object(envelope).to_string()
    }
}

/// Message attributes as an envelope shows them.
fn shown(attributes: &Map<String, Value>) -> Value {
    let one = |(name, value): (&String, &Value)| {
        let text = value.get("StringValue").or_else(|| value.get("BinaryValue")).cloned().unwrap_or_default();
        (name.clone(), json!({ "Type": value.get("DataType"), "Value": text }))
    };
    Value::Object(attributes.iter().map(one).collect())
}

/// What message attributes count for in the size of a message.
fn size_of(attributes: &Map<String, Value>) -> usize {
    let one = |(name, value): (&String, &Value)| name.len() + value.to_string().len().saturating_sub(40);
    attributes.iter().map(one).sum()
}

/// `MessageStructure: json`: the text for queues, or the default one.
fn structured(message: &str) -> Result<String, ApiError> {
    let parsed: Value = serde_json::from_str(message)
        .map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
    let default = parsed
        .get("default")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    Ok(parsed.get("sqs").and_then(Value::as_str).unwrap_or(default).to_owned())
}
