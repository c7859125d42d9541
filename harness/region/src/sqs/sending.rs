//! SendMessage, and every other way into a queue (SQS-08, SQS-09, SQS-15 to SQS-17).

use std::collections::BTreeMap;
use std::time::Duration;

use record::{ApiError, Call};
use serde_json::{Map, Value, json};

use super::api::{invalid, missing, number};
use super::digest::{md5_hex, md5_of_attributes};
use super::{Message, Outgoing, Sent, no_queue};
use crate::Region;
use crate::conduct::{Alarm, Clock};
use crate::refuse::Reply;
use crate::region::Due;
use crate::request::Request;

impl Region {
    pub(super) fn read_outgoing(members: &Map<String, Value>) -> Result<Outgoing, ApiError> {
        let request = Request(members);
        let body = request
            .text("MessageBody")?
            .filter(|body| !body.is_empty())
            .ok_or_else(|| missing("MessageBody"))?;
        let attributes = request.object("MessageAttributes")?.cloned().unwrap_or_default();
        let mut system = BTreeMap::new();
        if let Some(trace) =
            request.object("MessageSystemAttributes")?.and_then(|all| all.get("AWSTraceHeader"))
        {
            let text = trace.get("StringValue").and_then(Value::as_str).unwrap_or_default();
            system.insert("AWSTraceHeader".to_owned(), text.to_owned());
        }
        Ok(Outgoing {
            body: body.to_owned(),
            attributes,
            system,
            delay: number(&request, "DelaySeconds", 0, 900, "DelaySeconds must be >= 0 and <= 900.")?,
            group: request.text("MessageGroupId")?.map(str::to_owned),
            deduplication: request.text("MessageDeduplicationId")?.map(str::to_owned),
        })
    }

    pub(super) fn send_message(&mut self, call: &Call) -> Reply {
        let name = self.queue_of(call)?.name.clone();
        let outgoing = Self::read_outgoing(&call.input)?;
        let sent = self.put_message(&name, outgoing)?;
        Ok(sent_members(&sent))
    }
    /// Puts a message into a queue, from wherever it comes.
    pub(crate) fn put_message(&mut self, queue: &str, mut outgoing: Outgoing) -> Result<Sent, ApiError> {
        let now = self.now;
        let size = self.conduct.measure(&outgoing.body) + attributes_size(&outgoing.attributes);
        let known = self.sqs.queues.get_mut(queue).ok_or_else(no_queue)?;
        known.tidy(now);
        let most = known.attributes.number("MaximumMessageSize");
        if size as u64 > most {
            let text = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
            );
            return Err(ApiError::new("InvalidParameterValue", text));
        }
        if !outgoing.body.chars().all(is_allowed) {
            return Err(ApiError::new(
                "InvalidMessageContents",
                "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
            ));
        }
        check_attributes(&outgoing.attributes)?;
        let mut key = None;
        if known.fifo {
            let Some(group) = &outgoing.group else { return Err(missing("MessageGroupId")) };
            if outgoing.delay.is_some_and(|delay| delay > 0) {
                return Err(invalid(
                    "DelaySeconds",
                    "1",
                    "The request include parameter that is not valid for this queue type.",
                ));
            }
            let id = match &outgoing.deduplication {
                Some(id) => id.clone(),
                None if known.attributes.is("ContentBasedDeduplication") => {
                    use sha2::Digest as _;
                    format!("{:x}", sha2::Sha256::digest(outgoing.body.as_bytes()))
                }
                None => {
                    let text = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly";
                    return Err(ApiError::new("InvalidParameterValue", text));
                }
            };
            outgoing.system.insert("MessageGroupId".to_owned(), group.clone());
            outgoing.system.insert("MessageDeduplicationId".to_owned(), id.clone());
            // High-throughput queues deduplicate within a group (recording `sqs::test_fifo_high_throughput_ordering`).
            let per_group = known
                .attributes
                .shown()
                .get("DeduplicationScope")
                .is_some_and(|scope| scope == "messageGroup");
            let remembered = if per_group { format!("{group}\u{0}{id}") } else { id };
            if let Some((_, sent)) = known.remembered.get(&remembered) {
                return Ok(sent.clone());
            }
            key = Some(remembered);
        } else if outgoing.deduplication.is_some() {
            return Err(invalid(
                "MessageDeduplicationId",
                "given",
                "The request include parameter that is not valid for this queue type.",
            ));
        } else if let Some(group) = &outgoing.group {
            outgoing.system.insert("MessageGroupId".to_owned(), group.clone());
        }
        let delay = outgoing.delay.unwrap_or_else(|| known.attributes.number("DelaySeconds"));
        let sequence = if known.fifo { Some(known.next_sequence()) } else { None };
        let group = if known.fifo { outgoing.group.clone() } else { None };
        let id = self.ids.uuid();
        let sent = Sent {
            id: id.clone(),
            md5: md5_hex(&outgoing.body),
            md5_attributes: md5_of_attributes(&outgoing.attributes),
            sequence: sequence.clone(),
        };
        let due = now + Duration::from_secs(delay);
        let due = self
            .conduct
            .fires_at(Alarm { clock: Clock::Delay, from: now, due, nested: false, beats: 0 })
            .unwrap_or(due);
        self.conduct.stored_body(&mut outgoing.body);
        if let Some(sequence) = &sequence {
            outgoing.system.insert("SequenceNumber".to_owned(), sequence.clone());
        }
        if let Some(known) = self.sqs.queues.get_mut(queue) {
            if let Some(key) = key {
                known.remembered.insert(key, (now, sent.clone()));
            }
            known.messages.push(Message {
                id,
                body: outgoing.body,
                attributes: outgoing.attributes,
                system: outgoing.system,
                sent: now,
                visible: due,
                received: 0,
                first_received: None,
                handles: Vec::new(),
                group,
            });
        }
        self.timers.set(due.max(now), Due::Visible(queue.to_owned()));
        Ok(sent)
    }
}

pub(super) fn sent_members(sent: &Sent) -> Value {
    let mut members = json!({ "MessageId": sent.id, "MD5OfMessageBody": sent.md5 });
    if let Some(md5) = &sent.md5_attributes {
        members["MD5OfMessageAttributes"] = json!(md5);
    }
    if let Some(sequence) = &sent.sequence {
        members["SequenceNumber"] = json!(sequence);
    }
    members
}
fn attributes_size(attributes: &Map<String, Value>) -> usize {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map_or(0, str::len);
    attributes
        .iter()
        .map(|(name, value)| {
            name.len()
                + text(value.get("DataType"))
                + text(value.get("StringValue"))
                + text(value.get("BinaryValue"))
        })
        .sum()
}

fn check_attributes(attributes: &Map<String, Value>) -> Result<(), ApiError> {
    if attributes.len() > 10 {
        return Err(ApiError::new(
            "InvalidParameterValue",
            "Number of message attributes exceeds the allowed maximum [10].",
        ));
    }
    for (name, value) in attributes {
        let kind = value.get("DataType").and_then(Value::as_str).unwrap_or_default();
        if !["String", "Number", "Binary"]
            .iter()
            .any(|known| kind == *known || kind.starts_with(&format!("{known}.")))
        {
            let text = format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            );
            return Err(ApiError::new("InvalidParameterValue", text));
        }
        let empty = |member: &str| value.get(member).and_then(Value::as_str).is_none_or(str::is_empty);
        if empty("StringValue") && empty("BinaryValue") {
            let text = format!(
                "The message attribute '{name}' must contain a non-empty message attribute value for type '{kind}'."
            );
            return Err(ApiError::new("InvalidParameterValue", text));
        }
    }
    Ok(())
}

/// SQS-09.
fn is_allowed(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
