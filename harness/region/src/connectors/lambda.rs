//! `lambda:invoke` and functions by ARN (recorded in `service-lambda`, `service-lambda-arn`, `error-retry-catch`).

use std::time::Duration;

use asl::{Pattern, TaskFailure};
use serde_json::{Value, json};

use super::{Caller, Dispatched, failure, text_of};
use crate::Region;
use crate::lambda::{Invoked, function_name};
use crate::region::Due;

/// A call of a function by a task: whether the answer is wrapped as Invoke's reply.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) caller: Caller,
    pub(crate) function: String,
    pub(crate) event: Value,
    pub(crate) wrapped: bool,
}

impl Region {
    pub(super) fn task_invokes(&mut self, caller: Caller, parameters: &Value) -> Dispatched {
        let named = parameters.get("FunctionName").map(text_of).unwrap_or_default();
        let event = parameters.get("Payload").cloned().unwrap_or_else(|| json!({}));
        self.start_function(caller, &named, event, true)
    }

    pub(super) fn task_calls_function(
        &mut self,
        caller: Caller,
        arn: &str,
        parameters: &Value,
    ) -> Dispatched {
        self.start_function(caller, arn, parameters.clone(), false)
    }

    /// The function runs right after the current step, so that what it asks comes after what the step has written.
    fn start_function(&mut self, caller: Caller, named: &str, event: Value, wrapped: bool) -> Dispatched {
        let name = function_name(named);
        if !self.lambda.functions.contains_key(name) {
            let id = self.ids.uuid();
            let arn = self.function_arn(name);
            let cause = format!(
                "Function not found: {arn}:$LATEST (Service: Lambda, Status Code: 404, Request ID: {id}) (SDK Attempt Count: 1)"
            );
            return Dispatched::Replied(Err(failure("Lambda.ResourceNotFoundException", cause)));
        }
        let run = Run { caller, function: name.to_owned(), event, wrapped };
        self.timers.set(self.now, Due::Runs(Box::new(run)));
        Dispatched::Waits(None)
    }

    /// Runs the function; its answer comes when its time has passed.
    pub(crate) fn run_for_task(&mut self, run: &Run) {
        let Invoked { result, millis } = self.run_function(&run.function, &run.event);
        let reply = match result {
            Err(raised) => Err(failure(raised.kind.clone(), raised.shown().to_string())),
            Ok(value) if !run.wrapped => Ok(value),
            Ok(value) => {
                let length = value.to_string().len();
                let reply = json!({ "ExecutedVersion": "$LATEST", "Payload": value });
                let mut reply = self.with_metadata(reply, "application/json", length);
                reply["StatusCode"] = json!(200);
                Ok(reply)
            }
        };
        if millis == 0 {
            self.function_returned(run.caller, reply);
        } else {
            let due = self.now + Duration::from_millis(millis);
            self.timers.set(due, Due::Returned(run.caller, Box::new(reply)));
        }
    }

    /// The answer of a function that a task called.
    pub(crate) fn function_returned(&mut self, caller: Caller, mut reply: Result<Value, TaskFailure>) {
        let Caller { execution, strand, serial } = caller;
        let Some(pattern) = self.pattern_of(execution, strand, serial) else { return };
        self.conduct.service_reply("lambda", &mut reply);
        match (reply, pattern) {
            (Ok(output), Pattern::WaitForTaskToken) => self.submit(execution, strand, serial, output),
            (reply, _) => self.task_replied(execution, strand, serial, reply),
        }
    }
}
