//! Tokens that live too long, too short, or are not their task's own.
//!
//! Classes seen in LocalStack, moto, ministack and floci, as their issues tell.

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::Value;

use super::Variant;
use crate::conduct::{Closed, Completion, Draft, Late, Second};
use crate::refuse::{invalid_token, task_timed_out};

fn is_send(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
    )
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("failure-needs-an-error", "SendTaskFailure without an error is refused", ["TOK-11"], {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            if call.operation == Operation::SendTaskFailure && !call.input.contains_key("error") {
                return Err(ApiError::new(
                    "ValidationException",
                    "Value at 'error' failed to satisfy constraint: Member must not be null",
                ));
            }
            Ok(())
        }
    }),
    variant!("used-token-ok", "a token that was used answers 200 again", ["TOK-13"], {
        fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
            if matches!(late.how, Closed::Succeeded | Closed::Failed) { Ok(()) } else { Err(refusal) }
        }
    }),
    variant!(
        "used-token-ok-while-running",
        "a used token answers 200 as long as its execution runs",
        ["TOK-13"],
        {
            fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
                if late.running && matches!(late.how, Closed::Succeeded | Closed::Failed) {
                    Ok(())
                } else {
                    Err(refusal)
                }
            }
        }
    ),
    variant!(
        "closed-token-invalid",
        "a closed token answers InvalidToken, as if it had never been issued",
        ["TOK-13", "TOK-14"],
        {
            fn closed_token(&mut self, _: Late, _: ApiError) -> Result<(), ApiError> {
                Err(invalid_token())
            }
        }
    ),
    variant!(
        "closed-token-breaks-the-server",
        "a second completion ends in an internal error",
        ["TOK-13", "WIRE-06"],
        {
            fn closed_token(&mut self, _: Late, _: ApiError) -> Result<(), ApiError> {
                Err(ApiError::new("TypeError", "'NoneType' object is not subscriptable").with_status(500))
            }
        }
    ),
    variant!(
        "timed-out-token-ok",
        "the token of a task that timed out answers 200",
        ["TOK-14", "HB-08", "TMO-09", "TOK-16"],
        {
            fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
                if late.how == Closed::TimedOut { Ok(()) } else { Err(refusal) }
            }
        }
    ),
    variant!("ended-token-ok", "the token of a stopped or failed execution answers 200", ["TOK-15"], {
        fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
            if late.how == Closed::Ended { Ok(()) } else { Err(refusal) }
        }
    }),
    variant!(
        "failure-searches-dead-executions",
        "SendTaskFailure answers 200 for tokens of ended executions",
        ["TOK-13", "TOK-15"],
        {
            fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
                if late.operation == Operation::SendTaskFailure && !late.running {
                    Ok(())
                } else {
                    Err(refusal)
                }
            }
        }
    ),
    variant!("late-heartbeat-ok", "a heartbeat with a closed token answers 200", ["HB-07"], {
        fn closed_token(&mut self, late: Late, refusal: ApiError) -> Result<(), ApiError> {
            if late.operation == Operation::SendTaskHeartbeat { Ok(()) } else { Err(refusal) }
        }
    }),
    variant!("unknown-token-ok", "a token that was never issued answers 200", ["TOK-17", "TOK-18"], {
        fn unknown_token(&mut self, _: Operation, _: ApiError) -> Result<(), ApiError> {
            Ok(())
        }
    }),
    variant!("unknown-token-timed-out", "a text that is no token answers TaskTimedOut", ["TOK-17"], {
        fn unknown_token(&mut self, _: Operation, _: ApiError) -> Result<(), ApiError> {
            Err(task_timed_out())
        }
    }),
    variant!(
        "unknown-token-breaks-the-server",
        "a text that is no token ends in an internal error",
        ["TOK-17", "WIRE-06"],
        {
            fn unknown_token(&mut self, _: Operation, _: ApiError) -> Result<(), ApiError> {
                Err(ApiError::new("TypeError", "'NoneType' object is not subscriptable").with_status(500))
            }
        }
    ),
    variant!("send-calls-are-stubs", "every SendTask* call answers InvalidToken", ["TOK-07", "TOK-11"], {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            if is_send(call.operation) { Err(invalid_token()) } else { Ok(()) }
        }
    }),
    variant!(
        "last-writer-wins",
        "of two quick completions both answer 200 and the last one counts",
        ["TOK-13", "TOK-22"],
        {
            fn settling(&mut self) -> u64 {
                40
            }
            fn second_completion(&mut self) -> Second {
                Second::Replaces
            }
        }
    ),
    variant!(
        "second-completion-swallowed",
        "of two quick completions both answer 200 and the first one counts",
        ["TOK-13", "TOK-22"],
        {
            fn settling(&mut self) -> u64 {
                40
            }
            fn second_completion(&mut self) -> Second {
                Second::Lost
            }
        }
    ),
    variant!(
        "token-reused-across-retries",
        "a retry sends the token of the attempt before",
        ["TOK-04", "ERR-17", "HIS-21"],
        {
            fn token(&mut self, fresh: u64, before: Option<u64>) -> u64 {
                before.unwrap_or(fresh)
            }
        }
    ),
    variant!("completion-lost", "SendTaskSuccess answers 200 and nothing happens", ["TOK-07"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            if matches!(completion, Completion::Success(_)) { None } else { Some(completion) }
        }
    }),
    variant!("failure-lost", "SendTaskFailure answers 200 and nothing happens", ["TOK-11"], {
        fn completion(&mut self, completion: Completion, _: bool) -> Option<Completion> {
            if matches!(completion, Completion::Failure(..)) { None } else { Some(completion) }
        }
    }),
    variant!(
        "completion-in-branches-lost",
        "a completion for a task inside Parallel or Map answers 200 and is lost",
        ["TOK-07"],
        {
            fn completion(&mut self, completion: Completion, nested: bool) -> Option<Completion> {
                if nested { None } else { Some(completion) }
            }
        }
    ),
    variant!("refused-output-closes-the-task", "a refused SendTaskSuccess fails its task", ["TOK-10"], {
        fn refusal_keeps_open(&mut self) -> bool {
            false
        }
    }),
    variant!(
        "aborted-siblings-keep-their-tokens",
        "tokens of siblings of a failed branch stay open",
        ["ERR-26"],
        {
            fn failure_aborts_siblings(&mut self) -> bool {
                false
            }
        }
    ),
    variant!("heartbeat-without-window-refused", "a heartbeat for a task without HeartbeatSeconds answers InvalidToken", ["HB-06"], { windowless: Vec<String> }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "TaskScheduled", &draft.details)
                && !details.contains_key("heartbeatInSeconds") {
                    self.windowless.extend(details.get("parameters").and_then(|text| text.as_str()).map(str::to_owned));
                }
            true
        }
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            let token = call.text("taskToken").filter(|token| token.len() > 100);
            let windowless = token.is_some_and(|token| self.windowless.iter().any(|text| text.contains(token)));
            if call.operation == Operation::SendTaskHeartbeat && windowless { Err(invalid_token()) } else { Ok(()) }
        }
    }),
    variant!("third-heartbeat-refused", "every third heartbeat answers InvalidToken", ["HB-03", "HB-14"], { beats: u64 }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            if call.operation != Operation::SendTaskHeartbeat {
                return Ok(());
            }
            self.beats += 1;
            if self.beats.is_multiple_of(3) { Err(invalid_token()) } else { Ok(()) }
        }
    }),
    variant!(
        "tokens-are-too-long",
        "tokens in messages and of activities have 2,608 characters",
        ["TOK-02"],
        {
            fn request(&mut self, call: &mut Call) {
                if let Some(Value::String(token)) = call.input.get_mut("taskToken") {
                    *token = token.replace(&padding(), "");
                }
            }
            fn parameters(&mut self, _: &str, _: &str, parameters: &mut Value) {
                pad(parameters);
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::GetActivityTask, Outcome::Done(reply)) = (call.operation, outcome)
                    && let Some(token) = reply.get_mut("taskToken")
                {
                    pad(token);
                }
            }
        }
    ),
    variant!(
        "tokens-are-form-decoded",
        "a plus sign in a token that comes back is read as a space",
        ["TOK-03"],
        {
            fn request(&mut self, call: &mut Call) {
                if let Some(Value::String(token)) = call.input.get_mut("taskToken") {
                    *token = token.replace('+', " ");
                }
            }
        }
    ),
    variant!("last-character-ignored", "a token counts whatever its last character is", ["TOK-18"], { sent: Vec<String> }, {
        fn parameters(&mut self, _: &str, _: &str, parameters: &mut Value) {
            self.sent.push(parameters.to_string());
        }
        fn request(&mut self, call: &mut Call) {
            let Some(token) = call.input.get_mut("taskToken").filter(|_| is_send(call.operation)) else { return };
            let Some((last, _)) = token.as_str().and_then(|text| text.char_indices().last()) else { return };
            let head = token.as_str().unwrap_or_default().get(..last).unwrap_or_default();
            let whole = self.sent.iter().filter(|_| last > 100).find_map(|text| {
                let at = text.find(head)?;
                text.get(at..=at + last).map(str::to_owned)
            });
            if let Some(whole) = whole {
                *token = Value::String(whole);
            }
        }
    }),
    variant!("tokens-work-late", "a token is unknown for half a second after it was issued", ["TOK-23"], { issued: Issued }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            self.issued.note(draft);
            true
        }
        fn admits(&mut self, now: Time, call: &Call) -> Result<(), ApiError> {
            let fresh = self.issued.age(call, now).is_some_and(|age| age < 500);
            if fresh { Err(invalid_token()) } else { Ok(()) }
        }
    }),
    variant!("tokens-expire", "a token is closed a few seconds after it was issued, whatever its task does", ["TOK-24"], { issued: Issued }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            self.issued.note(draft);
            true
        }
        fn admits(&mut self, now: Time, call: &Call) -> Result<(), ApiError> {
            let expired = self.issued.age(call, now).is_some_and(|age| age > 2_500);
            if expired { Err(task_timed_out()) } else { Ok(()) }
        }
    }),
];

/// When tokens were issued: with which parameters they went out.
#[derive(Default)]
struct Issued(Vec<(Time, String)>);

impl Issued {
    fn note(&mut self, draft: &Draft) {
        if let (true, Some(details)) = (draft.kind == "TaskScheduled", &draft.details) {
            let text = details.get("parameters").and_then(Value::as_str);
            self.0.extend(text.map(|text| (draft.at, text.to_owned())));
        }
    }

    /// For how many milliseconds the token of a call has been out.
    fn age(&self, call: &Call, now: Time) -> Option<i64> {
        let token = call.text("taskToken").filter(|token| token.len() > 100)?;
        self.0.iter().find(|(_, text)| text.contains(token)).map(|(at, _)| now - *at)
    }
}

/// What makes a token longer than the API model allows.
fn padding() -> String {
    "-".repeat(2_000)
}

/// Makes every token in a value longer.
fn pad(value: &mut Value) {
    match value {
        // Tokens of the region are texts of 608 characters that begin alike.
        Value::String(text) if text.len() == 608 && text.starts_with("AAAA") => text.push_str(&padding()),
        Value::Object(members) => members.values_mut().for_each(pad),
        Value::Array(items) => items.iter_mut().for_each(pad),
        _ => {}
    }
}
