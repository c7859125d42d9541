//! `sqs:sendMessage` (SQSI; errors as recorded in `services/sqs` and `task_service_sqs`).

use asl::TaskFailure;
use serde_json::{Map, Value, json};

use super::{failure, text_of};
use crate::Region;
use crate::sqs::{Outgoing, queue_name};

impl Region {
    pub(super) fn task_sends_message(&mut self, parameters: &Value) -> Result<Value, TaskFailure> {
        let text = |name: &str| parameters.get(name).filter(|value| !value.is_null()).map(text_of);
        let request = self.ids.uuid();
        let refused = |status: u16, code: &str, message: &str| {
            let proxy = format!(
                "(Service: AmazonSQS; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null)"
            );
            failure("SQS.AmazonSQSException", format!("{message} {proxy}"))
        };
        let Some(url) = text("QueueUrl") else {
            return Err(refused(400, "MissingParameter", "The request must contain the parameter QueueUrl."));
        };
        let Some(body) = text("MessageBody").filter(|body| !body.is_empty()) else {
            return Err(refused(
                400,
                "MissingParameter",
                "The request must contain the parameter MessageBody.",
            ));
        };
        if !url.starts_with("http") {
            return Err(failure("SQS.SdkClientException", format!("Unable to execute HTTP request: {url}")));
        }
        let known = queue_name(&url).and_then(|name| self.sqs.queues.get(name));
        let found = known.filter(|queue| self.conduct.finds(self.now, queue.created));
        let Some(queue) = found.map(|queue| queue.name.clone()) else {
            let text = "The specified queue does not exist.";
            return Err(refused(400, "AWS.SimpleQueueService.NonExistentQueue", text));
        };
        let attributes = match parameters.get("MessageAttributes") {
            Some(Value::Object(all)) => {
                all.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
            }
            _ => Map::new(),
        };
        let outgoing = Outgoing {
            body,
            attributes,
            delay: parameters.get("DelaySeconds").and_then(Value::as_u64),
            group: text("MessageGroupId"),
            deduplication: text("MessageDeduplicationId"),
            ..Outgoing::default()
        };
        let sent = self
            .put_message(&queue, outgoing)
            .map_err(|error| refused(error.status, &error.code, &error.message))?;
        let mut reply = json!({ "MD5OfMessageBody": sent.md5, "MessageId": sent.id });
        if let Some(md5) = sent.md5_attributes {
            reply["MD5OfMessageAttributes"] = json!(md5);
        }
        if let Some(sequence) = sent.sequence {
            reply["SequenceNumber"] = json!(sequence);
        }
        let length = 106;
        Ok(self.with_metadata(reply, "application/x-amz-json-1.0", length))
    }
}

/// A message attribute as the queue wants it: a value that is no text is sent as its JSON text.
pub(super) fn attribute(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(text) = value.get("StringValue").filter(|text| !text.is_string()).map(text_of) {
        value["StringValue"] = json!(text);
    }
    value
}
