//! `events:putEvents` (recorded in `service-events`).

use asl::TaskFailure;
use record::{Call, Operation};
use serde_json::{Map, Value, json};

use super::{Caller, failure, text_of};
use crate::Region;

impl Region {
    pub(super) fn task_puts_events(
        &mut self,
        caller: Caller,
        parameters: &Value,
    ) -> Result<Value, TaskFailure> {
        // Recorded: the events name the machine and the execution that put them.
        let known = self.executions.get(&caller.execution);
        let origin = known.map(|known| vec![json!(known.machine.arn), json!(known.arn)]).unwrap_or_default();
        let entries: Vec<Value> = parameters
            .get("Entries")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|entry| {
                let mut entry = entry.clone();
                if let Some(detail) = entry
                    .get("Detail")
                    .filter(|detail| !detail.is_null())
                    .map(text_of)
                    .filter(|_| entry.is_object())
                {
                    entry["Detail"] = json!(detail);
                }
                if entry.is_object() {
                    let mut resources =
                        entry.get("Resources").and_then(Value::as_array).cloned().unwrap_or_default();
                    resources.extend(origin.iter().cloned());
                    entry["Resources"] = json!(resources);
                }
                entry
            })
            .collect();
        let input = Map::from_iter([("Entries".to_owned(), json!(entries))]);
        let reply = self.serve_events(&Call { operation: Operation::PutEvents, input, raw_body: None });
        match reply {
            Err(error) => {
                let id = self.ids.uuid();
                let cause = format!(
                    "{} (Service: AmazonEventBridge; Status Code: {}; Error Code: {}; Request ID: {id}; Proxy: null)",
                    error.message, error.status, error.code
                );
                Err(failure("EventBridge.AmazonEventBridgeException", cause))
            }
            Ok(reply) if reply.get("FailedEntryCount").and_then(Value::as_u64).unwrap_or(0) > 0 => {
                Err(failure("EventBridge.FailedEntry", reply.to_string()))
            }
            Ok(reply) => Ok(self.with_metadata(reply, "application/x-amz-json-1.1", 85)),
        }
    }
}
