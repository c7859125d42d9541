//! The operations of SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use record::{ApiError, Call, Operation};
use serde_json::{Map, Value, json};

use super::attributes::Attributes;
use super::digest::{md5_hex, md5_of_attributes};
use super::{Message, Outgoing, Queue, Sent, is_fifo, no_queue, queue_name};
use crate::Region;
use crate::conduct::{Alarm, Clock, Delivery};
use crate::refuse::Reply;
use crate::region::{Due, Served};
use crate::request::Request;

fn invalid(name: &str, value: &str, reason: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterValue",
        format!("Value {value} for parameter {name} is invalid. Reason: {reason}"),
    )
}

fn missing(name: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {name}."))
}

/// A number that SQS itself checks, with its own words.
fn number(
    request: &Request<'_>,
    name: &str,
    min: i64,
    max: i64,
    reason: &str,
) -> Result<Option<u64>, ApiError> {
    let Some(value) = request.get(name) else { return Ok(None) };
    let number =
        value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok())).ok_or_else(|| {
            ApiError::new("SerializationException", format!("Expected a whole number for {name}"))
        })?;
    if !(min..=max).contains(&number) {
        return Err(invalid(name, &number.to_string(), reason));
    }
    Ok(u64::try_from(number).ok())
}

fn names<'a>(request: &Request<'a>, member: &str) -> Result<Vec<&'a str>, ApiError> {
    Ok(request.list(member)?.into_iter().flatten().filter_map(Value::as_str).collect())
}

impl Region {
    pub(crate) fn serve_sqs(&mut self, call: &Call) -> Served {
        use Operation as O;
        Served::Reply(match call.operation {
            O::CreateQueue => self.create_queue(call),
            O::DeleteQueue => self.delete_queue(call),
            O::GetQueueUrl => self.get_queue_url(call),
            O::GetQueueAttributes => self.get_queue_attributes(call),
            O::SetQueueAttributes => self.set_queue_attributes(call),
            O::ListQueues => self.list_queues(call),
            O::SendMessage => self.send_message(call),
            O::SendMessageBatch => self.send_message_batch(call),
            O::ReceiveMessage => return self.receive_message(call),
            O::DeleteMessage => self.delete_message(call),
            O::DeleteMessageBatch => self.each_entry(call, Operation::DeleteMessage),
            O::ChangeMessageVisibility => self.change_visibility(call),
            O::ChangeMessageVisibilityBatch => self.each_entry(call, Operation::ChangeMessageVisibility),
            O::PurgeQueue => self.purge_queue(call),
            O::TagQueue => self.tag_queue(call),
            O::ListQueueTags => self.queue_of(call).map(|queue| json!({ "Tags": queue.tags })),
            _ => Err(ApiError::new("UnknownOperationException", "")),
        })
    }

    fn queue_of(&mut self, call: &Call) -> Result<&mut Queue, ApiError> {
        let now = self.now;
        let url = Request::of(call).text("QueueUrl")?.ok_or_else(|| missing("QueueUrl"))?;
        let queue = queue_name(url).and_then(|name| self.sqs.queues.get_mut(name)).ok_or_else(no_queue)?;
        queue.tidy(now);
        Ok(queue)
    }

    fn create_queue(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let name = request.text("QueueName")?.ok_or_else(|| missing("QueueName"))?;
        let base = name.strip_suffix(".fifo").unwrap_or(name);
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if base.is_empty() || name.len() > 80 || !base.chars().all(allowed) {
            let text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            return Err(ApiError::new("InvalidParameterValue", text));
        }
        let empty = Map::new();
        let given = request.object("Attributes")?.unwrap_or(&empty);
        let fifo = given.get("FifoQueue").is_some_and(|flag| flag == "true" || flag == &json!(true));
        if fifo != is_fifo(name) {
            return Err(ApiError::new(
                "InvalidParameterValue",
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
            ));
        }
        let mut attributes = Attributes::default();
        attributes.set(given, fifo, true)?;
        if self.sqs.deleted.get(name).is_some_and(|free| *free > self.now) {
            let text = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
            return Err(ApiError::new("QueueDeletedRecently", text));
        }
        self.check_redrive(&attributes, fifo)?;
        if let Some(known) = self.sqs.queues.get(name) {
            let shown = known.attributes.shown();
            let differs = given.keys().any(|key| shown.get(key) != attributes.shown().get(key));
            if differs {
                let text = "A queue already exists with the same name and a different value for attribute(s)";
                return Err(ApiError::new("QueueNameExists", text));
            }
            return Ok(json!({ "QueueUrl": known.url }));
        }
        let tags = request.object("tags")?.or(request.object("Tags")?).unwrap_or(&empty);
        let tags =
            tags.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let url = self.place.queue_url(name);
        let queue = Queue {
            name: name.to_owned(),
            arn: self.place.arn("sqs", name),
            url: url.clone(),
            fifo,
            attributes,
            tags,
            created: self.now,
            modified: self.now,
            purged: None,
            messages: Vec::new(),
            remembered: BTreeMap::new(),
            sequence: 0,
        };
        self.sqs.queues.insert(name.to_owned(), queue);
        Ok(json!({ "QueueUrl": url }))
    }

    /// SQS-13: a dead-letter queue has the type of its source, and exists.
    fn check_redrive(&self, attributes: &Attributes, fifo: bool) -> Result<(), ApiError> {
        let Some(redrive) = attributes.redrive() else { return Ok(()) };
        let target = queue_name(&redrive.target).and_then(|name| self.sqs.queues.get(name));
        let reason = match target {
            None => "Dead letter target does not exist.",
            Some(target) if target.fifo != fifo => {
                "Dead-letter queue must be same type of queue as the source."
            }
            Some(_) => return Ok(()),
        };
        Err(invalid("RedrivePolicy", &redrive.target, reason))
    }

    fn delete_queue(&mut self, call: &Call) -> Reply {
        let free = self.now + Duration::from_secs(60);
        let name = self.queue_of(call)?.name.clone();
        self.sqs.queues.remove(&name);
        self.sqs.deleted.insert(name, free);
        Ok(json!({}))
    }

    fn get_queue_url(&mut self, call: &Call) -> Reply {
        let name = Request::of(call).text("QueueName")?.ok_or_else(|| missing("QueueName"))?;
        self.sqs.queues.get(name).map(|queue| json!({ "QueueUrl": queue.url })).ok_or_else(no_queue)
    }

    fn list_queues(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let prefix = request.text("QueueNamePrefix")?.unwrap_or_default();
        let most = number(&request, "MaxResults", 1, 1_000, "Must be between 1 and 1000, if provided.")?;
        let all: Vec<&str> =
            self.sqs.queues.values().filter(|q| q.name.starts_with(prefix)).map(|q| q.url.as_str()).collect();
        let start = match request.text("NextToken")? {
            None => 0,
            Some(token) => self.page_start("queues", prefix, token)?,
        };
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(1_000);
        let page: Vec<&str> = all.iter().skip(start).take(most).copied().collect();
        let end = start + page.len();
        let mut reply = if page.is_empty() { json!({}) } else { json!({ "QueueUrls": page }) };
        if end < all.len() {
            reply["NextToken"] = json!(self.page_token("queues", prefix, end));
        }
        Ok(reply)
    }

    fn get_queue_attributes(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let asked = names(&request, "AttributeNames")?;
        let now = self.now;
        let queue = self.queue_of(call)?;
        let mut all = queue.attributes.shown();
        let (visible, in_flight, delayed) = queue.counts(now);
        all.insert("QueueArn".to_owned(), queue.arn.clone());
        all.insert("ApproximateNumberOfMessages".to_owned(), visible.to_string());
        all.insert("ApproximateNumberOfMessagesNotVisible".to_owned(), in_flight.to_string());
        all.insert("ApproximateNumberOfMessagesDelayed".to_owned(), delayed.to_string());
        all.insert("CreatedTimestamp".to_owned(), queue.created.0.div_euclid(1000).to_string());
        all.insert("LastModifiedTimestamp".to_owned(), queue.modified.0.div_euclid(1000).to_string());
        if queue.fifo {
            all.insert("FifoQueue".to_owned(), "true".to_owned());
        }
        if !asked.contains(&"All") {
            all.retain(|name, _| asked.contains(&name.as_str()));
        }
        Ok(if all.is_empty() { json!({}) } else { json!({ "Attributes": all }) })
    }

    fn set_queue_attributes(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let given = request.object("Attributes")?.ok_or_else(|| missing("Attributes"))?;
        let now = self.now;
        let queue = self.queue_of(call)?;
        let (name, fifo) = (queue.name.clone(), queue.fifo);
        let mut attributes = queue.attributes.clone();
        attributes.set(given, fifo, false)?;
        self.check_redrive(&attributes, fifo)?;
        if let Some(queue) = self.sqs.queues.get_mut(&name) {
            queue.attributes = attributes;
            queue.modified = now;
        }
        Ok(json!({}))
    }

    fn tag_queue(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let tags = request.object("Tags")?.ok_or_else(|| missing("Tags"))?;
        let queue = self.queue_of(call)?;
        for (key, value) in tags {
            queue.tags.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
        }
        Ok(json!({}))
    }

    fn purge_queue(&mut self, call: &Call) -> Reply {
        let now = self.now;
        let queue = self.queue_of(call)?;
        if queue.purged.is_some_and(|at| now.since(at) < Duration::from_secs(60)) {
            let text =
                format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", queue.name);
            return Err(ApiError::new("PurgeQueueInProgress", text));
        }
        queue.purged = Some(now);
        queue.messages.clear();
        Ok(json!({}))
    }

    fn read_outgoing(members: &Map<String, Value>) -> Result<Outgoing, ApiError> {
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

    fn send_message(&mut self, call: &Call) -> Reply {
        let name = self.queue_of(call)?.name.clone();
        let outgoing = Self::read_outgoing(&call.input)?;
        let sent = self.put_message(&name, outgoing)?;
        Ok(sent_members(&sent))
    }

    fn send_message_batch(&mut self, call: &Call) -> Reply {
        let name = self.queue_of(call)?.name.clone();
        let entries = batch_entries(call)?;
        let total: usize =
            entries.iter().filter_map(|(_, entry)| entry.get("MessageBody")?.as_str()).map(str::len).sum();
        if total > 1_048_576 {
            let text =
                format!("Batch requests cannot be longer than 1048576 bytes. You have sent {total} bytes.");
            return Err(ApiError::new("BatchRequestTooLong", text));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, entry) in entries {
            match Self::read_outgoing(entry).and_then(|outgoing| self.put_message(&name, outgoing)) {
                Ok(sent) => {
                    let mut members = sent_members(&sent);
                    members["Id"] = json!(id);
                    successful.push(members);
                }
                Err(error) => failed.push(failed_entry(id, &error)),
            }
        }
        Ok(batch_result(&successful, &failed))
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

    pub(crate) fn default_wait(&self, call: &Call) -> u64 {
        let queue = call.text("QueueUrl").and_then(queue_name).and_then(|name| self.sqs.queues.get(name));
        queue.map_or(0, |queue| queue.attributes.number("ReceiveMessageWaitTimeSeconds"))
    }

    fn receive_message(&mut self, call: &Call) -> Served {
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

    fn delete_message(&mut self, call: &Call) -> Reply {
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

    fn change_visibility(&mut self, call: &Call) -> Reply {
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

    fn each_entry(&mut self, call: &Call, operation: Operation) -> Reply {
        self.queue_of(call)?;
        let url = call.input.get("QueueUrl").cloned().unwrap_or_default();
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (id, entry) in batch_entries(call)? {
            let mut input = entry.clone();
            input.insert("QueueUrl".to_owned(), url.clone());
            let one = Call { operation, input, raw_body: None };
            let reply = if operation == Operation::DeleteMessage {
                self.delete_message(&one)
            } else {
                self.change_visibility(&one)
            };
            match reply {
                Ok(_) => successful.push(json!({ "Id": id })),
                Err(error) => failed.push(failed_entry(id, &error)),
            }
        }
        Ok(batch_result(&successful, &failed))
    }
}

fn sent_members(sent: &Sent) -> Value {
    let mut members = json!({ "MessageId": sent.id, "MD5OfMessageBody": sent.md5 });
    if let Some(md5) = &sent.md5_attributes {
        members["MD5OfMessageAttributes"] = json!(md5);
    }
    if let Some(sequence) = &sent.sequence {
        members["SequenceNumber"] = json!(sequence);
    }
    members
}

fn failed_entry(id: &str, error: &ApiError) -> Value {
    json!({ "Id": id, "SenderFault": true, "Code": error.code, "Message": error.message })
}

fn batch_result(successful: &[Value], failed: &[Value]) -> Value {
    let mut reply = json!({});
    if !successful.is_empty() || failed.is_empty() {
        reply["Successful"] = json!(successful);
    }
    if !failed.is_empty() {
        reply["Failed"] = json!(failed);
    }
    reply
}

/// One entry of a batch: its id and its members.
type BatchEntry<'a> = (&'a str, &'a Map<String, Value>);

/// The entries of a batch, checked as SQS-10 says.
fn batch_entries(call: &Call) -> Result<Vec<BatchEntry<'_>>, ApiError> {
    let entries = Request::of(call).list("Entries")?.map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        return Err(ApiError::new("EmptyBatchRequest", "There should be at least one entry in the request."));
    }
    if entries.len() > 10 {
        let text = format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
        return Err(ApiError::new("TooManyEntriesInBatchRequest", text));
    }
    let mut seen: Vec<BatchEntry<'_>> = Vec::new();
    for entry in entries {
        let Some(entry) = entry.as_object() else {
            return Err(ApiError::new("SerializationException", "An entry is an object"));
        };
        let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            let text = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(ApiError::new("InvalidBatchEntryId", text));
        }
        if seen.iter().any(|(known, _)| *known == id) {
            return Err(ApiError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
        seen.push((id, entry));
    }
    Ok(seen)
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
