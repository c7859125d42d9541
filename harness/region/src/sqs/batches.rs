//! The batch operations: each entry by itself, the answer in two lists (SQS-10).

use record::{ApiError, Call, Operation};
use serde_json::{Map, Value, json};

use super::sending::sent_members;
use crate::Region;
use crate::refuse::Reply;
use crate::request::Request;

impl Region {
    pub(super) fn send_message_batch(&mut self, call: &Call) -> Reply {
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
    pub(super) fn each_entry(&mut self, call: &Call, operation: Operation) -> Reply {
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
