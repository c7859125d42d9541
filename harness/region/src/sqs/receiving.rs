//! ReceiveMessage, DeleteMessage, ChangeMessageVisibility and the way to the dead-letter queue (SQS-04 to SQS-07, SQS-11 to
//! SQS-14).

use std::collections::BTreeMap;
use std::time::Duration;

use record::{ApiError, Call};
use serde_json::{Map, Value, json};

use super::api::{invalid, missing, names, number};
use super::digest::{md5_hex, md5_of_attributes};
use super::{Message, queue_name};
use crate::Region;
use crate::conduct::{Alarm, Clock, Delivery};
use crate::refuse::Reply;
use crate::region::{Due, Served};
use crate::request::Request;

impl Region {
    pub(crate) fn default_wait(&self, call: &Call) -> u64 {
        let queue = call.text("QueueUrl").and_then(queue_name).and_then(|name| self.sqs.queues.get(name));
        queue.map_or(0, |queue| queue.attributes.number("ReceiveMessageWaitTimeSeconds"))
    }

    pub(super) fn receive_message(&mut self, call: &Call) -> Served {
        match self.try_receive(call) {
            Ok(Some(messages)) => Served::Reply(Ok(messages)),
            Ok(None) => Served::Later,
            Err(error) => Served::Reply(Err(error)),
        }
    }

    fn try_receive(&mut self, call: &Call) -> Result<Option<Value>, ApiError> {
        let request = Request::of(call);
        let name = self.queue_of(call)?.name.clone();
        let most = number(&request, "MaxNumberOfMessages", 1, 10, "Must be between 1 and 10, if provided.")?
            .unwrap_or(1);
        let wait = number(&request, "WaitTimeSeconds", 0, 20, "Must be >= 0 and <= 20, if provided.")?;
        let hidden =
            number(&request, "VisibilityTimeout", 0, 43_200, "Must be >= 0 and <= 43200, if provided.")?;
        let mut system = names(&request, "AttributeNames")?;
        system.extend(names(&request, "MessageSystemAttributeNames")?);
        let wanted = names(&request, "MessageAttributeNames")?;
        let taken = self.take_messages(&name, usize::try_from(most).unwrap_or(1), hidden);
        if taken.is_empty() {
            let waits = wait.unwrap_or_else(|| self.default_wait(call)) > 0;
            return Ok(if waits { None } else { Some(json!({})) });
        }
        let account = self.place.account.clone();
        let messages: Vec<Value> =
            taken.iter().map(|message| shown(message, &system, &wanted, &account)).collect();
        Ok(Some(json!({ "Messages": messages })))
    }

    /// Takes up to `most` messages for a consumer: counts the receive, hides them, moves used-up ones to the dead-letter queue.
    pub(crate) fn take_messages(&mut self, queue: &str, most: usize, hidden: Option<u64>) -> Vec<Message> {
        let now = self.now;
        let mut taken = Vec::new();
        let mut passed: Vec<String> = Vec::new();
        let mut groups: Vec<String> = Vec::new();
        while taken.len() < most {
            let Some(known) = self.sqs.queues.get_mut(queue) else { break };
            known.tidy(now);
            let fifo = known.fifo;
            let span = hidden.unwrap_or_else(|| known.attributes.number("VisibilityTimeout"));
            let redrive = known.attributes.redrive();
            let ready: Vec<usize> = known
                .ready(now)
                .into_iter()
                .filter(|position| {
                    known.messages.get(*position).is_some_and(|message| !passed.contains(&message.id))
                })
                .collect();
            // Messages of one group may come in one batch, in order; the group is blocked from the first of them on.
            let in_batch = known.messages.iter().position(|message| {
                message.visible <= now
                    && message.group.as_ref().is_some_and(|group| groups.contains(group))
                    && !passed.contains(&message.id)
            });
            let pick = if fifo { 0 } else { self.conduct.picks(ready.len()) };
            let Some(position) = ready.get(pick).or_else(|| ready.first()).copied().or(in_batch) else {
                break;
            };
            let Some(message) = known.messages.get_mut(position) else { break };
            if let Some(redrive) = &redrive
                && self.conduct.dead_letters(message.received, redrive.most)
            {
                let mut dead = known.messages.remove(position);
                self.bury(&mut dead, &redrive.target, queue);
                continue;
            }
            let Some(message) =
                self.sqs.queues.get_mut(queue).and_then(|known| known.messages.get_mut(position))
            else {
                break;
            };
            let delivery = Delivery { received: message.received, fifo };
            message.received += 1;
            message.first_received.get_or_insert(now);
            let handle = self.ids.base64(258);
            message.handles.push(handle);
            let hides = (fifo || !self.conduct.delivers_again(delivery)) && self.conduct.hides(delivery);
            let due = now + Duration::from_secs(if hides { span } else { 0 });
            let alarm = Alarm { clock: Clock::Visibility, from: now, due, nested: false, beats: 0 };
            let due = self.conduct.fires_at(alarm);
            message.visible = due.unwrap_or(record::Time(i64::MAX));
            passed.push(message.id.clone());
            groups.extend(message.group.clone());
            let mut copy = message.clone();
            copy.received = self.conduct.receive_count(message.received);
            taken.push(copy);
            if let Some(due) = due {
                self.timers.set(due.max(now), Due::Visible(queue.to_owned()));
            }
        }
        taken
    }

    fn bury(&mut self, dead: &mut Message, target: &str, source: &str) {
        let now = self.now;
        dead.visible = now;
        dead.handles.clear();
        let source = self.place.arn("sqs", source);
        dead.system.insert("DeadLetterQueueSourceArn".to_owned(), source);
        let Some(name) = queue_name(target).map(str::to_owned) else { return };
        if let Some(queue) = self.sqs.queues.get_mut(&name) {
            if queue.fifo {
                dead.sent = now;
            }
            dead.received = 0;
            dead.first_received = None;
            queue.messages.push(dead.clone());
            self.timers.set(now, Due::Visible(name));
        }
    }

    pub(super) fn delete_message(&mut self, call: &Call) -> Reply {
        let now = self.now;
        let deletes = self.conduct.deletes();
        let queue = self.queue_of(call)?;
        let handle = Request::of(call).text("ReceiptHandle")?.ok_or_else(|| missing("ReceiptHandle"))?;
        if !looks_like_handle(handle) {
            return Err(ApiError::new(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            ));
        }
        let fifo = queue.fifo;
        let Some(message) = queue.by_handle(handle) else { return Ok(json!({})) };
        let latest = message.handles.last().is_some_and(|last| last == handle);
        if fifo && (!latest || message.visible <= now) {
            return Err(invalid("ReceiptHandle", handle, "The receipt handle has expired."));
        }
        // SQS-05: an old handle is answered with success and deletes nothing once a newer one is out.
        if latest && deletes {
            let id = message.id.clone();
            queue.messages.retain(|message| message.id != id);
            let name = queue.name.clone();
            if fifo {
                self.timers.set(now, Due::Visible(name));
            }
        }
        Ok(json!({}))
    }

    pub(super) fn change_visibility(&mut self, call: &Call) -> Reply {
        let now = self.now;
        let request = Request::of(call);
        let handle = request.text("ReceiptHandle")?.ok_or_else(|| missing("ReceiptHandle"))?;
        let queue = self.queue_of(call)?;
        let span =
            number(&request, "VisibilityTimeout", 0, 43_200, "Must be >= 0 and <= 43200, if provided.")?
                .ok_or_else(|| missing("VisibilityTimeout"))?;
        if !looks_like_handle(handle) {
            return Err(ApiError::new(
                "ReceiptHandleIsInvalid",
                format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
            ));
        }
        let name = queue.name.clone();
        let in_flight =
            queue.by_handle(handle).filter(|message| message.visible > now && message.received > 0);
        let Some(message) = in_flight else {
            let text = format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change."
            );
            return Err(ApiError::new("MessageNotInflight", text));
        };
        message.visible = now + Duration::from_secs(span);
        let due = message.visible;
        self.timers.set(due, Due::Visible(name));
        Ok(json!({}))
    }
}

/// One received message with the attributes that were asked for (recording `sqs::test_receive_message_attribute_names_filters`).
fn shown(message: &Message, system: &[&str], wanted: &[&str], account: &str) -> Value {
    let mut all: BTreeMap<String, String> = message.system.clone();
    all.insert("SenderId".to_owned(), format!("AIDA{account}"));
    all.insert("SentTimestamp".to_owned(), message.sent.0.to_string());
    all.insert("ApproximateReceiveCount".to_owned(), message.received.to_string());
    all.insert(
        "ApproximateFirstReceiveTimestamp".to_owned(),
        message.first_received.unwrap_or(message.sent).0.to_string(),
    );
    if !system.contains(&"All") {
        all.retain(|name, _| system.contains(&name.as_str()));
    }
    let matches = |name: &str| {
        wanted.iter().any(|pattern| {
            *pattern == "All"
                || *pattern == ".*"
                || *pattern == name
                || pattern.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    };
    let attributes: Map<String, Value> = message
        .attributes
        .iter()
        .filter(|(name, _)| matches(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut members = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.handles.last(),
        "MD5OfBody": md5_hex(&message.body),
        "Body": message.body,
    });
    if !all.is_empty() {
        members["Attributes"] = json!(all);
    }
    if let Some(md5) = md5_of_attributes(&attributes) {
        members["MD5OfMessageAttributes"] = json!(md5);
        members["MessageAttributes"] = Value::Object(attributes);
    }
    members
}

fn looks_like_handle(handle: &str) -> bool {
    handle.len() >= 40 && handle.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}
