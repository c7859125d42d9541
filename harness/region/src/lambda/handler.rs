//! What functions do: they obey their event.
//!
//! The part of `Handler` before the first dot names the behaviour:
//! - `echo` returns its event;
//! - `sample` is the consumer of AWS's callback sample: SendTaskSuccess for each record, the first error fails the batch;
//! - anything else obeys: each record's body (or the event itself) is an instruction.
//!
//! An instruction: `TaskToken` and `Do` (`success` by default, `failure`, `heartbeat`, `silence`), with `Output`, `Error`,
//! `Cause`, `Times`; `Throw` (a message, or `{errorType, errorMessage}`); `Return` (what the function gives, instead of its
//! own report); `RunSeconds`. An answer `TaskTimedOut`, or `TaskDoesNotExist`, counts as "already answered" (ESM-09); any other error, and a body that
//! is no instruction, fails its record alone: it is listed in `batchItemFailures`.

use record::{ApiError, Call, Operation};
use serde_json::{Map, Value, json};

use super::{Invoked, Raised};
use crate::Region;
use crate::region::Served;

impl Region {
    /// Runs a function on an event; what it asks of other services happens now.
    pub(crate) fn run_function(&mut self, name: &str, event: &Value) -> Invoked {
        let Some(function) = self.lambda.functions.get(name).cloned() else {
            let raised = Raised {
                kind: "ResourceNotFoundException".to_owned(),
                message: format!("Function not found: {name}"),
            };
            return Invoked { result: Err(raised), millis: 0 };
        };
        let seconds = longest_run(event);
        if seconds > function.timeout as f64 {
            let message = format!("{} Task timed out after {}.00 seconds", self.now.iso(), function.timeout);
            let raised = Raised { kind: "Sandbox.Timedout".to_owned(), message };
            return Invoked { result: Err(raised), millis: function.timeout * 1000 };
        }
        let millis = (seconds * 1000.0) as u64;
        let result = match function.handler.split('.').next().unwrap_or_default() {
            "echo" => Ok(event.clone()),
            "sample" => self.run_sample(event),
            _ => self.run_obedient(event),
        };
        Invoked { result, millis }
    }

    fn run_sample(&mut self, event: &Value) -> Result<Value, Raised> {
        for record in records(event) {
            let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
            let body: Value =
                serde_json::from_str(body).map_err(|why| raised("SyntaxError", &why.to_string()))?;
            let input = json!({ "taskToken": body.get("TaskToken"), "output": "\"Callback task completed successfully.\"" });
            self.ask(Operation::SendTaskSuccess, input)
                .map_err(|error| raised(&error.code, &error.message))?;
        }
        Ok(Value::Null)
    }

    fn run_obedient(&mut self, event: &Value) -> Result<Value, Raised> {
        let all = records(event);
        if all.is_empty() {
            self.obey(event)?;
            return Ok(event.get("Return").cloned().unwrap_or(Value::Null));
        }
        let (mut failures, mut answer) = (Vec::new(), None);
        for record in all {
            let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
            let Ok(instruction @ Value::Object(_)) = serde_json::from_str::<Value>(body) else {
                failures.push(json!({ "itemIdentifier": record.get("messageId") }));
                continue;
            };
            answer = answer.or_else(|| instruction.get("Return").cloned());
            let throws = instruction.get("ThrowBatch").is_some();
            match self.obey(&instruction) {
                Ok(()) => {}
                Err(raised) if throws => return Err(raised),
                Err(_) => failures.push(json!({ "itemIdentifier": record.get("messageId") })),
            }
        }
        Ok(answer.unwrap_or_else(|| json!({ "batchItemFailures": failures })))
    }

    fn obey(&mut self, instruction: &Value) -> Result<(), Raised> {
        if let Some(throw) = instruction.get("Throw").or_else(|| instruction.get("ThrowBatch")) {
            let kind = throw.get("errorType").and_then(Value::as_str).unwrap_or("Error");
            let message =
                throw.get("errorMessage").and_then(Value::as_str).or(throw.as_str()).unwrap_or_default();
            return Err(raised(kind, message));
        }
        let Some(token) = instruction.get("TaskToken").and_then(Value::as_str) else { return Ok(()) };
        let mut input = Map::from_iter([("taskToken".to_owned(), json!(token))]);
        let operation = match instruction.get("Do").and_then(Value::as_str).unwrap_or("success") {
            "silence" => return Ok(()),
            "heartbeat" => Operation::SendTaskHeartbeat,
            "failure" => {
                for (from, to) in [("Error", "error"), ("Cause", "cause")] {
                    if let Some(text) = instruction.get(from).filter(|text| !text.is_null()) {
                        input.insert(to.to_owned(), text.clone());
                    }
                }
                Operation::SendTaskFailure
            }
            _ => {
                let output = instruction
                    .get("Output")
                    .cloned()
                    .unwrap_or_else(|| json!("Callback task completed successfully."));
                input.insert("output".to_owned(), json!(output.to_string()));
                Operation::SendTaskSuccess
            }
        };
        let times = instruction.get("Times").and_then(Value::as_u64).unwrap_or(1).min(100);
        for _ in 0..times {
            match self.ask(operation, Value::Object(input.clone())) {
                Ok(_) => {}
                Err(error) if matches!(error.code.as_str(), "TaskTimedOut" | "TaskDoesNotExist") => {}
                Err(error) => return Err(raised(&error.code, &error.message)),
            }
        }
        Ok(())
    }

    /// A call that a function makes.
    fn ask(&mut self, operation: Operation, input: Value) -> Result<Value, ApiError> {
        match self.serve(&Call::new(operation, input)) {
            Served::Reply(reply) => reply,
            Served::Later => Ok(json!({})),
        }
    }
}

fn raised(kind: &str, message: &str) -> Raised {
    Raised { kind: kind.to_owned(), message: message.to_owned() }
}

fn records(event: &Value) -> Vec<&Value> {
    event.get("Records").and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default()
}

/// How long the function runs: the longest `RunSeconds` of its instructions.
fn longest_run(event: &Value) -> f64 {
    let of = |value: &Value| value.get("RunSeconds").and_then(Value::as_f64).unwrap_or(0.0);
    records(event)
        .into_iter()
        .filter_map(|record| serde_json::from_str::<Value>(record.get("body")?.as_str()?).ok())
        .map(|body| of(&body))
        .fold(of(event), f64::max)
        .clamp(0.0, 900.0)
}
