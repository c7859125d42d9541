//! TOK-07, TOK-11, TOK-21: completions that were accepted and ended nothing.
//!
//! Invariant: silence counts only after every patience, and never where the execution may have been closed in the same
//! moment by something else.

use crate::check::Sink;
use crate::check::tokens::effect::{COMPLETES, FAILS, ONE_EFFECT, WAITS, winner};
use crate::tolerance::{APART, patience};
use crate::view::{Attempt, Effect, Operation, Token, Verb, View};

/// An accepted completion must end its task in the end.
pub(in crate::check) fn not_moved(view: &View<'_>, attempt: &Attempt, token: &Token, sink: &mut Sink) {
    let Some(winner) = winner(view, token) else {
        // Nothing came back, and the task still waits.
        if view.operations_of(token).all(|op| op.verb == Verb::Heartbeat || op.effect == Effect::Rejected) {
            sink.met(WAITS);
        }
        return;
    };
    let Some(execution) = view.executions.get(attempt.execution) else { return };
    // A sibling's failure or a stop may have closed the execution in the same moment.
    let closed_early =
        view.events(attempt).iter().any(|event| event.is_terminal() || event.is_composite_failure());
    let looked = execution.last_looked(&view.reads).unwrap_or_default();
    if looked - winner.ended < patience(view) && !closed_early {
        return;
    }
    let history_is_late =
        view.history(attempt.execution).is_none_or(|read| read.begun - winner.ended < patience(view));
    if history_is_late && !closed_early {
        return;
    }
    if closed_early && view.events(attempt).iter().any(record::Event::is_composite_failure) {
        return;
    }
    if closed_early && ended_meanwhile(view, attempt.execution, winner) {
        return;
    }
    let row = if winner.verb == Verb::Success { COMPLETES } else { FAILS };
    let last = view.events(attempt).last().map_or("no event", |event| event.kind.as_str());
    if closed_early {
        sink.violated(
            ONE_EFFECT,
            format!("{} answered 200 but the execution ended with {last} without it", winner.verb.name()),
        );
    } else {
        sink.violated(
            row,
            format!("{} answered 200 but the task did not end; last event {last}", winner.verb.name()),
        );
    }
}

/// No history shows the token's task: what Describe shows of an execution with nothing else to wait for.
pub(in crate::check) fn without_history(view: &View<'_>, index: usize, token: &Token, sink: &mut Sink) {
    let Some(winner) = winner(view, token) else { return };
    let Some(execution) = token.execution.and_then(|execution| view.executions.get(execution)) else {
        return;
    };
    let Some(definition) = &execution.definition else { return };
    let waiting = definition
        .states
        .values()
        .filter(|state| {
            state.is_callback() || state.is_activity() || matches!(state.kind(), "Wait" | "Map" | "Parallel")
        })
        .count();
    let retried =
        definition.states.values().any(|state| !state.retriers().is_empty() && winner.verb == Verb::Failure);
    let issued =
        view.tokens.iter().enumerate().filter(|(i, t)| *i != index && t.execution == token.execution).count();
    let looked = execution.last_looked(&view.reads).unwrap_or_default();
    if waiting == 1
        && issued == 0
        && !retried
        && execution.closed.is_none()
        && looked - winner.ended >= patience(view)
    {
        let row = if winner.verb == Verb::Success { COMPLETES } else { FAILS };
        sink.violated(row, format!("{} answered 200 but the execution is still RUNNING", winner.verb.name()));
    }
}

/// Whether the execution was ended by something else while this call was answered or just after: then nothing says
/// which of the two AWS would have written down.
fn ended_meanwhile(view: &View<'_>, index: usize, winner: &Operation) -> bool {
    let Some(execution) = view.executions.get(index) else { return false };
    let stopped = execution
        .stops
        .iter()
        .filter_map(|stop| view.calls.get(*stop))
        .any(|stop| stop.begun - winner.ended < APART && winner.begun - stop.ended < APART);
    let timed_out = execution.best.and_then(|best| view.reads.get(best)?.terminal()).is_some_and(|end| {
        end.kind == "ExecutionTimedOut" && view.offset.earliest(end.at) - winner.ended < APART
    });
    // Its executions end with a machine, when they next go on (DEF-30).
    let deleted = execution
        .machine
        .and_then(|machine| view.machines.get(machine)?.deleted)
        .is_some_and(|(asked, _)| asked - winner.ended < APART);
    stopped || timed_out || deleted
}
