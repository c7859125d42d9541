//! Event source mappings: a queue's messages handed to a function in batches (ESM-01 to ESM-14).

use std::time::Duration;

use record::{ApiError, Time};
use serde_json::{Map, Value, json};

use super::{function_name, invalid};
use crate::Region;
use crate::refuse::Reply;
use crate::region::Due;
use crate::request::Request;
use crate::sqs::{Message, md5_hex, queue_name};

/// One mapping.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    uuid: String,
    arn: String,
    queue: String,
    queue_arn: String,
    function: String,
    function_arn: String,
    batch: u64,
    window: u64,
    partial: bool,
    state: &'static str,
    modified: Time,
    scheduled: bool,
}

/// A batch that a function works on.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    mapping: String,
    queue: String,
    /// Message ids.
    messages: Vec<String>,
    /// What the function gave, `None` if it raised.
    result: Option<Value>,
}

impl Mapping {
    pub(crate) fn shown(&self) -> Value {
        json!({
            "UUID": self.uuid,
            "EventSourceMappingArn": self.arn,
            "BatchSize": self.batch,
            "MaximumBatchingWindowInSeconds": self.window,
            "EventSourceArn": self.queue_arn,
            "FunctionArn": self.function_arn,
            "FunctionResponseTypes": if self.partial { json!(["ReportBatchItemFailures"]) } else { json!([]) },
            "LastModified": self.modified.epoch_seconds(),
            "State": self.state,
            "StateTransitionReason": "USER_INITIATED",
        })
    }
}

fn no_mapping() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The resource you requested does not exist.").with_status(404)
}

impl Region {
    pub(super) fn mapping_of(&self, request: &Request<'_>) -> Result<&Mapping, ApiError> {
        self.lambda.mappings.get(request.required("UUID", 1, 100)?).ok_or_else(no_mapping)
    }

    /// ESM-02, ESM-06.
    fn check_mapping(&self, queue: &str, function: &str, batch: u64, window: u64) -> Result<(), ApiError> {
        let known = self.sqs.queues.get(queue).ok_or_else(|| invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."))?;
        let most = if known.fifo { 10 } else { 10_000 };
        if !(1..=most).contains(&batch) {
            return Err(invalid(format!("Maximum batch size for this queue is {most}.")));
        }
        if batch > 10 && window < 1 {
            return Err(invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ));
        }
        if known.fifo && window > 0 {
            return Err(invalid("Batching window is not supported for FIFO queues."));
        }
        let visibility = known.attributes.number("VisibilityTimeout");
        let timeout = self.lambda.functions.get(function).map_or(0, |function| function.timeout);
        if timeout > visibility {
            return Err(invalid(format!(
                "Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
            )));
        }
        Ok(())
    }

    pub(super) fn create_mapping(&mut self, request: &Request<'_>) -> Reply {
        let function = function_name(request.required("FunctionName", 1, 170)?).to_owned();
        let queue_arn =
            request.text("EventSourceArn")?.ok_or_else(|| invalid("EventSourceArn is required"))?.to_owned();
        let batch = request.number("BatchSize", 1, 10_000)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(10);
        let window = request
            .number("MaximumBatchingWindowInSeconds", 0, 300)?
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(0);
        let enabled = request.flag("Enabled")?.unwrap_or(true);
        let queue = queue_name(&queue_arn).unwrap_or_default().to_owned();
        if !queue_arn.contains(":sqs:") {
            return Err(invalid("Unrecognized event source, must be an SQS queue."));
        }
        self.function(&function).map_err(|error| invalid(error.message))?;
        self.check_mapping(&queue, &function, batch, window)?;
        if self.lambda.mappings.values().any(|m| m.queue == queue && m.function == function) {
            let text = format!(
                "An event source mapping with SQS arn (\" {queue_arn} \") and function (\" {function} \") already exists."
            );
            return Err(ApiError::new("ResourceConflictException", text).with_status(409));
        }
        let uuid = self.ids.uuid();
        let mapping = Mapping {
            arn: self.place.arn("lambda", &format!("event-source-mapping:{uuid}")),
            uuid: uuid.clone(),
            queue,
            queue_arn,
            function_arn: self.function_arn(&function),
            function,
            batch,
            window,
            partial: reports_failures(request)?.unwrap_or(false),
            state: if enabled { "Creating" } else { "Disabled" },
            modified: self.now,
            scheduled: false,
        };
        let reply = mapping.shown();
        self.lambda.mappings.insert(uuid.clone(), mapping);
        if enabled {
            self.timers.set(self.now + Duration::from_secs(1), Due::MappingEnabled(uuid));
        }
        Ok(reply)
    }

    pub(super) fn update_mapping(&mut self, request: &Request<'_>) -> Reply {
        let known = self.mapping_of(request)?.clone();
        let batch = request
            .number("BatchSize", 1, 10_000)?
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(known.batch);
        let window = request
            .number("MaximumBatchingWindowInSeconds", 0, 300)?
            .and_then(|n| u64::try_from(n).ok())
            .unwrap_or(known.window);
        let enabled = request.flag("Enabled")?;
        let partial = reports_failures(request)?.unwrap_or(known.partial);
        let function = request
            .text("FunctionName")?
            .map_or_else(|| known.function.clone(), |name| function_name(name).to_owned());
        self.function(&function).map_err(|error| invalid(error.message))?;
        self.check_mapping(&known.queue, &function, batch, window)?;
        let (now, arn) = (self.now, self.function_arn(&function));
        let mut wakes = false;
        let mapping = self.lambda.mappings.get_mut(&known.uuid).ok_or_else(no_mapping)?;
        (mapping.batch, mapping.window, mapping.partial, mapping.function, mapping.function_arn) =
            (batch, window, partial, function, arn);
        mapping.modified = now;
        match enabled {
            Some(false) => mapping.state = "Disabled",
            Some(true) if mapping.state == "Disabled" => {
                mapping.state = "Enabling";
                wakes = true;
            }
            _ => {}
        }
        let reply = mapping.shown();
        if wakes {
            self.timers.set(now + Duration::from_secs(1), Due::MappingEnabled(known.uuid));
        }
        Ok(reply)
    }

    pub(super) fn delete_mapping(&mut self, request: &Request<'_>) -> Reply {
        let uuid = self.mapping_of(request)?.uuid.clone();
        let mut mapping = self.lambda.mappings.remove(&uuid).ok_or_else(no_mapping)?;
        mapping.state = "Deleting";
        Ok(mapping.shown())
    }

    pub(super) fn list_mappings(&mut self, request: &Request<'_>) -> Reply {
        let function = request.text("FunctionName")?.map(function_name);
        let queue = request.text("EventSourceArn")?;
        let found: Vec<Value> = self
            .lambda
            .mappings
            .values()
            .filter(|m| {
                function.is_none_or(|name| m.function == name) && queue.is_none_or(|arn| m.queue_arn == arn)
            })
            .map(Mapping::shown)
            .collect();
        Ok(json!({ "EventSourceMappings": found }))
    }

    pub(crate) fn enable_mapping(&mut self, uuid: &str) {
        let Some(mapping) = self.lambda.mappings.get_mut(uuid) else { return };
        if mapping.state == "Disabled" {
            return;
        }
        mapping.state = "Enabled";
        let queue = mapping.queue.clone();
        self.wake_mappings(&queue);
    }

    /// Something may have become visible in this queue.
    pub(crate) fn wake_mappings(&mut self, queue: &str) {
        let now = self.now;
        let mut due = Vec::new();
        for mapping in self
            .lambda
            .mappings
            .values_mut()
            .filter(|m| m.queue == queue && m.state == "Enabled" && !m.scheduled)
        {
            mapping.scheduled = true;
            due.push((now + Duration::from_secs(mapping.window), mapping.uuid.clone()));
        }
        for (at, uuid) in due {
            self.timers.set(at, Due::Mapping(uuid));
        }
    }

    /// Takes batches from the queue until it gives no more, and runs the function on each.
    pub(crate) fn poll_mapping(&mut self, uuid: &str) {
        for _ in 0..1_000 {
            let Some(mapping) = self.lambda.mappings.get_mut(uuid) else { return };
            mapping.scheduled = false;
            if mapping.state != "Enabled" || !self.lambda.functions.contains_key(&mapping.function) {
                return;
            }
            let mapping = mapping.clone();
            let most = usize::try_from(mapping.batch).unwrap_or(10);
            // Whatever the queue says, a batch is hidden for a second: a failing function must not spin.
            let hidden = self
                .sqs
                .queues
                .get(&mapping.queue)
                .map(|queue| queue.attributes.number("VisibilityTimeout").max(1));
            let messages = self.take_messages(&mapping.queue, most, hidden);
            if messages.is_empty() {
                return;
            }
            let records: Vec<Value> =
                messages.iter().map(|message| self.record(message, &mapping.queue_arn)).collect();
            let invoked = self.run_function(&mapping.function, &json!({ "Records": records }));
            let batch = Batch {
                mapping: uuid.to_owned(),
                queue: mapping.queue,
                messages: messages.into_iter().map(|message| message.id).collect(),
                result: invoked.result.ok(),
            };
            if invoked.millis == 0 {
                self.batch_returned(&batch);
            } else {
                self.timers.set(
                    self.now + Duration::from_millis(invoked.millis),
                    Due::BatchReturned(Box::new(batch)),
                );
            }
        }
    }

    /// Deletes what the function has dealt with; the rest comes back with its visibility timeout.
    pub(crate) fn batch_returned(&mut self, batch: &Batch) {
        let partial = self.lambda.mappings.get(&batch.mapping).is_some_and(|mapping| mapping.partial);
        let mut returned: Vec<String> = match &batch.result {
            None if self.conduct.failed_batch_returns() => batch.messages.clone(),
            None => Vec::new(),
            Some(_) if !partial || !self.conduct.honours_item_failures() => Vec::new(),
            Some(result) => item_failures(result, &batch.messages),
        };
        self.conduct.returned(&batch.messages, &mut returned);
        if let Some(queue) = self.sqs.queues.get_mut(&batch.queue) {
            queue
                .messages
                .retain(|message| !batch.messages.contains(&message.id) || returned.contains(&message.id));
        }
        self.wake_mappings(&batch.queue);
    }

    /// One record of the event (recorded in `lambda-api`).
    fn record(&self, message: &Message, queue_arn: &str) -> Value {
        let attributes: Map<String, Value> = message
            .attributes
            .iter()
            .map(|(name, value)| {
                let mut shown = json!({ "stringListValues": [], "binaryListValues": [], "dataType": value.get("DataType") });
                for (from, to) in [("StringValue", "stringValue"), ("BinaryValue", "binaryValue")] {
                    if let Some(text) = value.get(from) {
                        shown[to] = text.clone();
                    }
                }
                (name.clone(), shown)
            })
            .collect();
        let mut system = json!({
            "ApproximateReceiveCount": message.received.to_string(),
            "SentTimestamp": message.sent.0.to_string(),
            "SenderId": format!("AIDA{}", self.place.account),
            "ApproximateFirstReceiveTimestamp": message.first_received.unwrap_or(message.sent).0.to_string(),
        });
        for (name, text) in &message.system {
            system[name] = json!(text);
        }
        let mut record = json!({
            "messageId": message.id,
            "receiptHandle": message.handles.last(),
            "body": message.body,
            "attributes": system,
            "messageAttributes": attributes,
            "md5OfBody": md5_hex(&message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": self.place.region,
        });
        if let Some(md5) = crate::sqs::md5_of_attributes(&message.attributes) {
            record["md5OfMessageAttributes"] = json!(md5);
        }
        record
    }
}

fn reports_failures(request: &Request<'_>) -> Result<Option<bool>, ApiError> {
    let Some(types) = request.list("FunctionResponseTypes")? else { return Ok(None) };
    Ok(Some(types.iter().any(|kind| kind == "ReportBatchItemFailures")))
}

/// The failed messages of a partial response; all of them if the response is malformed (ESM-05).
fn item_failures(result: &Value, batch: &[String]) -> Vec<String> {
    let list = match result {
        Value::Null => return Vec::new(),
        Value::Object(members) if members.is_empty() => return Vec::new(),
        Value::Object(members) => match members.get("batchItemFailures") {
            Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            _ => return batch.to_vec(),
        },
        _ => return batch.to_vec(),
    };
    let ids: Option<Vec<String>> = list
        .iter()
        .map(|item| {
            item.get("itemIdentifier")
                .and_then(Value::as_str)
                .filter(|id| batch.iter().any(|known| known == id))
                .map(str::to_owned)
        })
        .collect();
    ids.unwrap_or_else(|| batch.to_vec())
}
