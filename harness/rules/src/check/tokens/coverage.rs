//! Which calls met a token in which state, and what was answered: how much of a token's life a run has tried.
//!
//! It judges nothing. Invariant: a state is named only where the record shows it; a call under way while something else happens to
//! its task counts as made in the state before.

use std::panic::{AssertUnwindSafe, catch_unwind};

use record::CaseRecord;

use crate::check::tokens::closing::{Cause, closings};
use crate::view::{Answer, Bearer, Call, Operation, View};

/// The states of a token that a call can meet.
pub const TOKEN_STATES: [&str; 9] = [
    "open or closing",
    "used",
    "of an earlier attempt",
    "timed out",
    "a sibling failed",
    "stopped",
    "ended",
    "never issued",
    "of no lawful length",
];

/// One SendTask* call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCall {
    /// One of [`TOKEN_STATES`].
    pub state: &'static str,
    /// The operation's name.
    pub call: &'static str,
    /// `200`, the code of the refusal, or `no answer`.
    pub outcome: String,
}

/// The SendTask* calls of a case; none where the record cannot be read.
pub fn token_calls(record: &CaseRecord) -> Vec<TokenCall> {
    let Ok(view) = catch_unwind(AssertUnwindSafe(|| View::new(record))) else { return Vec::new() };
    let told = |operation: &Operation| {
        let call = view.call_of(operation)?;
        let state = state(&view, operation);
        Some(TokenCall { state, call: operation.verb.name(), outcome: outcome(call) })
    };
    view.operations.iter().filter_map(told).collect()
}

fn state(view: &View<'_>, operation: &Operation) -> &'static str {
    let token = match operation.bearer {
        Bearer::Issued(index) => view.tokens.get(index),
        Bearer::Missing | Bearer::Empty | Bearer::TooLong => return "of no lawful length",
        Bearer::Mutated | Bearer::Malformed | Bearer::Redacted => None,
    };
    let Some(token) = token else { return "never issued" };
    let before = closings(view, token).into_iter().filter(|closing| closing.by < operation.begun);
    match before.map(|closing| closing.cause).min() {
        None => "open or closing",
        Some(Cause::Used) => "used",
        Some(Cause::Retried) => "of an earlier attempt",
        Some(Cause::TimedOut) => "timed out",
        Some(Cause::Sibling) => "a sibling failed",
        Some(Cause::Stopped) => "stopped",
        Some(Cause::Ended) => "ended",
    }
}

fn outcome(call: &Call<'_>) -> String {
    match (&call.answer, call.answer.error()) {
        (Answer::Done(_), _) => "200".to_owned(),
        (_, Some(error)) => error.code.clone(),
        _ => "no answer".to_owned(),
    }
}
