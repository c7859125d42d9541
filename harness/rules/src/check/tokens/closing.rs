//! What closes a token, as a case shows it: what surely did and by when, and what else may have.

use record::Time;

use crate::token::{Closer, Interval, Move, Op, Register};
use crate::tolerance::{APART, early, seconds};
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, Effect, Token, Verb, View};

/// Why a token is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::check) enum Cause {
    /// A completion with it was accepted.
    Used,
    /// Its attempt failed and another attempt was made.
    Retried,
    /// Its task timed out.
    TimedOut,
    /// A sibling in Parallel or Map failed.
    Sibling,
    /// Its execution was stopped.
    Stopped,
    /// Its execution ended otherwise.
    Ended,
}

/// A closing that is sure, by then.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Closing {
    pub(in crate::check) by: Time,
    pub(in crate::check) cause: Cause,
    /// The operation that did it.
    pub(in crate::check) operation: Option<usize>,
}

/// What surely closed a token, earliest first.
pub(in crate::check) fn closings(view: &View<'_>, token: &Token) -> Vec<Closing> {
    let mut closings = Vec::new();
    for index in &token.operations {
        let Some(operation) = view.operations.get(*index) else { continue };
        if operation.effect == Effect::Accepted && operation.verb != Verb::Heartbeat {
            closings.push(Closing { by: operation.ended, cause: Cause::Used, operation: Some(*index) });
        }
    }
    let Some(execution) = token.execution.and_then(|execution| view.executions.get(execution)) else {
        return closings;
    };
    if execution.redrives.is_empty() {
        for stop in &execution.stops {
            if let Some(call) = view.calls.get(*stop)
                && call.answer.done().is_some()
            {
                closings.push(Closing { by: call.ended, cause: Cause::Stopped, operation: None });
            }
        }
        if let Some(by) = execution.closed {
            closings.push(Closing { by, cause: Cause::Ended, operation: None });
        }
    }
    // An activity's attempt is paired with its token by elimination only; histories say nothing sure of it.
    let Some(attempt) = token.attempt.and_then(|attempt| view.attempts.get(attempt)) else {
        closings.sort_by_key(|closing| closing.by);
        return closings;
    };
    let shown_by = |index: usize| {
        // The earliest read that shows the event, or the service's own date of it.
        let id = view.events(attempt).get(index).map(|event| event.id)?;
        execution
            .histories
            .iter()
            .filter_map(|read| view.reads.get(*read))
            .filter(|read| read.history.get(id).is_some())
            .map(|read| read.ended)
            .chain(view.events(attempt).get(index).map(|event| Time(view.offset.latest(event.at).0 + APART)))
            .min()
    };
    // Two dates of one closing: the answer's is the surer one.
    let answered = closings.iter().any(|closing| closing.cause == Cause::Used);
    if let Some(index) = attempt.ended
        && let Some(by) = shown_by(index)
        && let Some(event) = view.events(attempt).get(index)
    {
        if event.is_timeout() {
            closings.push(Closing { by, cause: Cause::TimedOut, operation: None });
        } else if !answered && (fails_attempt(&event.kind) || event.kind.ends_with("Succeeded")) {
            closings.push(Closing { by, cause: Cause::Used, operation: None });
        }
        if let Some(next) = attempt.followed
            && view.events(attempt).get(next).is_some_and(record::Event::is_scheduled)
            && let Some(by) = shown_by(next).into_iter().chain(handed_out(view, attempt, next)).min()
        {
            closings.push(Closing { by, cause: Cause::Retried, operation: None });
        }
    } else if attempt.ended.is_none()
        && view.state_of(attempt).is_some_and(|state| !state.inside.is_empty())
        && let Some(failed) = view
            .events(attempt)
            .iter()
            .enumerate()
            .skip(attempt.scheduled)
            .find(|(_, event)| event.is_composite_failure())
            .map(|(index, _)| index)
        && view.state_of(attempt).is_some_and(|state| state.inside.len() == 1)
        && let Some(by) = shown_by(failed)
    {
        closings.push(Closing { by, cause: Cause::Sibling, operation: None });
    }
    closings.sort_by_key(|closing| closing.by);
    closings
}

/// When the token of the attempt that was scheduled by this event was received.
fn handed_out(view: &View<'_>, before: &Attempt, scheduled: usize) -> Option<Time> {
    let next = view
        .attempts
        .iter()
        .find(|attempt| attempt.execution == before.execution && attempt.scheduled == scheduled)?;
    view.tokens.get(next.token?)?.received
}

/// The register of a token: its operations, and everything that may have closed it.
pub(in crate::check) fn register(view: &View<'_>, token: &Token) -> Register {
    let mut register = Register::default();
    for operation in view.operations_of(token) {
        let outcome = match (operation.verb, operation.effect) {
            (Verb::Heartbeat, Effect::Accepted) => Move::Beat,
            (Verb::Heartbeat, Effect::Unknown) => Move::MaybeBeat,
            (_, Effect::Accepted) => Move::Completed,
            (_, Effect::Unknown) => Move::MaybeCompleted,
            (_, Effect::Closed) => Move::RefusedAsClosed,
            (_, Effect::Rejected) => Move::Ignored,
        };
        let span = Interval { from: operation.begun.0, to: operation.ended.0 };
        register.ops.push(Op { span, outcome });
    }
    let mut may =
        |from: i64| register.closers.push(Closer { span: Interval { from, to: i64::MAX }, certain: false });
    let Some(execution) = token.execution.and_then(|execution| view.executions.get(execution)) else {
        may(i64::MIN); // nothing is known of what may close it
        return register;
    };
    let begun = execution.begun.0;
    let Some(definition) = &execution.definition else {
        may(begun);
        return register;
    };
    if view.answered_elsewhere
        || execution.machine.and_then(|m| view.machines.get(m)).is_some_and(|m| m.deleted.is_some())
    {
        may(begun);
    }
    for stop in &execution.stops {
        if let Some(call) = view.calls.get(*stop)
            && (call.answer.done().is_some() || call.answer.is_open_ended())
        {
            may(call.begun.0);
        }
    }
    if let Some(limit) = definition.timeout() {
        may(begun.saturating_add(seconds(limit)));
    }
    let attempt = token.attempt.and_then(|attempt| view.attempts.get(attempt));
    let state = token.state.as_ref().and_then(|state| definition.states.get(state));
    let (timeout, heartbeat) = match (attempt, state) {
        (Some(attempt), _) => (attempt.timeout, attempt.heartbeat),
        (None, Some(state))
            if state.json.get("TimeoutSecondsPath").is_none()
                && state.json.get("HeartbeatSecondsPath").is_none()
                && !state.jsonata =>
        {
            let read = |member: &str| state.json.get(member).and_then(serde_json::Value::as_u64);
            (read("TimeoutSeconds"), read("HeartbeatSeconds"))
        }
        _ => {
            may(begun);
            return register;
        }
    };
    let from = attempt
        .and_then(|attempt| attempt.clock_began(view.events(attempt)))
        .map_or(begun, |at| view.offset.earliest(at).0.max(begun));
    if let Some(timeout) = timeout {
        may(from.saturating_add(seconds(timeout)) - early(seconds(timeout)));
    }
    if let Some(heartbeat) = heartbeat {
        register.heartbeat = Some((from, seconds(heartbeat) - early(seconds(heartbeat))));
    }
    let nested = state.is_none_or(|state| !state.inside.is_empty());
    if nested {
        // A sibling may fail as soon as any other token of the execution may be answered or time out, or at once.
        let failed = attempt.and_then(|attempt| {
            let read = view
                .history(attempt.execution)
                .filter(|read| read.is_whole() && read.terminal().is_some())?;
            let first = read.history.events.iter().find(|event| {
                event.is_terminal()
                    || matches!(
                        event.kind.as_str(),
                        "ParallelStateFailed" | "MapStateFailed" | "TaskStateAborted"
                    )
                    || fails_attempt(&event.kind)
            })?;
            Some(view.offset.earliest(first.at).0 - APART)
        });
        register
            .closers
            .push(Closer { span: Interval { from: failed.unwrap_or(begun), to: i64::MAX }, certain: false });
    }
    register
}
