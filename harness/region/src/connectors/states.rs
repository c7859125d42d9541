//! `states:startExecution` in its three patterns (recorded).

use asl::{Pattern, Resource};
use record::{Call, Operation};
use serde_json::{Map, Value, json};

use super::{Caller, Dispatched, failure, text_of};
use crate::Region;
use crate::execution::Parent;

impl Region {
    pub(super) fn task_starts_execution(
        &mut self,
        caller: Caller,
        resource: &Resource,
        parameters: &Value,
    ) -> Dispatched {
        let mut input = Map::new();
        let member = |name: &str| parameters.get(name).filter(|value| !value.is_null());
        if let Some(arn) = member("StateMachineArn") {
            input.insert("stateMachineArn".to_owned(), json!(text_of(arn)));
        }
        if let Some(name) = member("Name") {
            input.insert("name".to_owned(), json!(text_of(name)));
        }
        if let Some(given) = member("Input") {
            input.insert("input".to_owned(), json!(text_of(given)));
        }
        let call = Call { operation: Operation::StartExecution, input, raw_body: None };
        let started = match self.start_execution(&call) {
            Ok(started) => started,
            Err(error) => {
                let id = self.ids.uuid();
                let cause = format!(
                    "{} (Service: AWSStepFunctions; Status Code: {}; Error Code: {}; Request ID: {id}; Proxy: null)",
                    error.message, error.status, error.code
                );
                return Dispatched::Replied(Err(failure(
                    format!("StepFunctions.{}Exception", error.code),
                    cause,
                )));
            }
        };
        let arn = started.get("executionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
        let date = started.get("startDate").and_then(Value::as_f64).unwrap_or_default();
        let reply = json!({ "ExecutionArn": arn, "StartDate": (date * 1000.0).round() as i64 });
        let reply = self.with_metadata(reply, "application/x-amz-json-1.0", 161);
        if !matches!(resource.pattern, Pattern::Sync | Pattern::Sync2) {
            return Dispatched::Replied(Ok(reply));
        }
        self.submit(caller.execution, caller.strand, caller.serial, reply);
        let child = self.execution_ids.get(&arn).copied();
        if let Some(known) = child.and_then(|id| self.executions.get_mut(&id)) {
            known.parent = Some(Parent::Task {
                execution: caller.execution,
                strand: caller.strand,
                serial: caller.serial,
            });
        }
        Dispatched::Waits(child)
    }
}
