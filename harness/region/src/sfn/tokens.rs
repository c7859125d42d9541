//! SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat (TOK, HB).

use record::{ApiError, Call, Operation};
use serde_json::{Value, json};

use crate::Region;
use crate::conduct::{Completion, Late};
use crate::execution::UNKNOWN_CLOSED;
use crate::refuse::{Reply, constraint, invalid_token, task_timed_out};
use crate::request::{Request, within};

/// The longest token (TOK-02).
const TOKEN_LIMIT: usize = 2_048;
/// The longest output in bytes (TOK-09).
const OUTPUT_LIMIT: usize = 262_144;

/// What a token text names.
enum Found {
    /// An open task.
    Open(u64),
    /// Nothing that can be answered, and the conduct answers so.
    Settled(Result<(), ApiError>),
}

impl Region {
    pub(super) fn send_task_success(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let token = request.required("taskToken", 1, TOKEN_LIMIT)?;
        let output =
            request.text("output")?.ok_or_else(|| constraint("output", "null", "Member must not be null"))?;
        if self.conduct.measure(output) > OUTPUT_LIMIT {
            let refusal = within("output", "***", usize::MAX, 0, OUTPUT_LIMIT);
            self.spoil(token);
            return refusal.map(|()| json!({}));
        }
        let found = self.find_token(call.operation, token);
        if let (Err(why), true) = (serde_json::from_str::<Value>(output), self.conduct.refuses_bad_output()) {
            self.spoil(token);
            return Err(ApiError::new(
                "InvalidOutput",
                format!("Invalid Output: '{}'", crate::json_fault::describe(output, &why)),
            ));
        }
        self.answer_token(call.operation, found, Completion::Success(output.to_owned()))
    }

    pub(super) fn send_task_failure(&mut self, call: &Call) -> Reply {
        let request = Request::of(call);
        let token = request.required("taskToken", 1, TOKEN_LIMIT)?;
        let limits = request
            .text_within("error", 0, 256)
            .and_then(|error| Ok((error, request.text_within("cause", 0, 32_768)?)));
        let (error, cause) = match limits {
            Ok((error, cause)) => (error.map(str::to_owned), cause.map(str::to_owned)),
            Err(refusal) => {
                self.spoil(token);
                return Err(refusal);
            }
        };
        let found = self.find_token(call.operation, token);
        self.answer_token(call.operation, found, Completion::Failure(error, cause))
    }

    pub(super) fn send_task_heartbeat(&mut self, call: &Call) -> Reply {
        let token = Request::of(call).required("taskToken", 1, TOKEN_LIMIT)?;
        match self.find_token(call.operation, token) {
            Found::Settled(answer) => answer.map(|()| json!({})),
            Found::Open(serial) => {
                self.beat(serial);
                Ok(json!({}))
            }
        }
    }

    fn find_token(&mut self, operation: Operation, token: &str) -> Found {
        let Some(serial) = self.ids.serial_of(token) else {
            return Found::Settled(self.conduct.unknown_token(operation, invalid_token()));
        };
        let (how, running, nested) = match self.issued.get(&serial) {
            Some(issued) => match issued.closed {
                None => return Found::Open(serial),
                Some(how) => (how, self.runs(issued.execution), issued.strand != crate::execution::ROOT),
            },
            None => (UNKNOWN_CLOSED, false, false),
        };
        Found::Settled(self.conduct.closed_token(Late { operation, how, running, nested }, task_timed_out()))
    }

    fn answer_token(&mut self, operation: Operation, found: Found, completion: Completion) -> Reply {
        match found {
            Found::Settled(answer) => answer.map(|()| json!({})),
            Found::Open(serial) if self.accept(serial, completion) => Ok(json!({})),
            Found::Open(_) => {
                let late = Late { operation, how: UNKNOWN_CLOSED, running: true, nested: false };
                self.conduct.closed_token(late, task_timed_out()).map(|()| json!({}))
            }
        }
    }

    /// Lets a refused call close its task, for a conduct in which it does.
    fn spoil(&mut self, token: &str) {
        if self.conduct.refusal_keeps_open() {
            return;
        }
        let serial = self
            .ids
            .serial_of(token)
            .filter(|serial| self.issued.get(serial).is_some_and(|i| i.closed.is_none()));
        if let Some(serial) = serial {
            self.accept(serial, Completion::Failure(Some("States.TaskFailed".to_owned()), None));
        }
    }
}
