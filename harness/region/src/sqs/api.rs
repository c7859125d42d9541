//! The operations of SQS, and those on queues as such.

use std::collections::BTreeMap;
use std::time::Duration;

use record::{ApiError, Call, Operation};
use serde_json::{Map, Value, json};

use super::attributes::Attributes;
use super::{Queue, is_fifo, no_queue, queue_name};
use crate::Region;
use crate::refuse::Reply;
use crate::region::Served;
use crate::request::Request;

pub(super) fn invalid(name: &str, value: &str, reason: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterValue",
        format!("Value {value} for parameter {name} is invalid. Reason: {reason}"),
    )
}

pub(super) fn missing(name: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {name}."))
}

/// A number that SQS itself checks, with its own words.
pub(super) fn number(
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

pub(super) fn names<'a>(request: &Request<'a>, member: &str) -> Result<Vec<&'a str>, ApiError> {
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

    /// The queue that a call names, if it is there and found by now.
    pub(super) fn queue_of(&mut self, call: &Call) -> Result<&mut Queue, ApiError> {
        let now = self.now;
        let url = Request::of(call).text("QueueUrl")?.ok_or_else(|| missing("QueueUrl"))?;
        let queue = queue_name(url).and_then(|name| self.sqs.queues.get_mut(name)).ok_or_else(no_queue)?;
        if !self.conduct.finds(now, queue.created) {
            return Err(no_queue());
        }
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
}
