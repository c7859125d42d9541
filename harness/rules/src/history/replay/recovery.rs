//! What became of a failure: Retry, Catch, or the end (ERR-05 to ERR-18).

use asl::{Origin, Recovery, State, TaskFailure};
use record::Event;

use super::super::shape::EVENT_LIMIT;
use super::super::times::is_early;
use super::super::trace::{Trace, Visit};
use super::ways::{Tally, Ways};
use super::{Goal, Outcome, Replay, Setting, caught, distributed};

/// What the history shows after a failure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen<'h> {
    /// Another attempt.
    Retried { failed: Option<&'h Event>, again: Option<&'h Event> },
    /// The state was left.
    Left,
    /// The failure left the state; or nothing yet, in a running execution.
    Failed,
}
/// Compares what became of a failure with what must become of it. None where another attempt follows.
pub(super) fn judge(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    setting: &Setting<'_>,
    failures: &[TaskFailure],
    seen: Seen<'_>,
    tally: &mut Tally,
) -> Option<(Goal, Outcome)> {
    let ways = Ways::of(state, setting, failures, tally, !visit.evaluations.is_empty());
    if ways.open_match && !matches!(seen, Seen::Failed) {
        replay.ledger.unjudged(format!("whether wildcards take the error of {:?} is open", visit.name));
    }
    match seen {
        Seen::Retried { failed, again } => {
            retried(replay, visit, state, &ways, failed, again?, tally);
            None
        }
        Seen::Left => Some(caught::left(replay, visit, state, &ways)),
        Seen::Failed => Some(failed(replay, visit, &ways, failures)),
    }
}

/// Another attempt follows: a Retry must allow it, and its wait must be over.
fn retried(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    ways: &Ways,
    failed: Option<&Event>,
    again: &Event,
    tally: &mut Tally,
) {
    let retries = ways.retries(replay, failed, again);
    let Some(way) = retries.first() else {
        if !ways.unevaluated && !ways.open_match {
            not_retried(replay, visit, state, again);
        }
        return;
    };
    if !ways.open_match {
        for rule in ["ERR-10", "ERR-15", "ERR-16", "ERR-18"] {
            replay.ledger.met(rule);
        }
        waited(replay, failed, again, &way.one);
    }
    tally.possible = Vec::new();
    for way in retries {
        if !tally.possible.contains(&way.counts) {
            tally.possible.push(way.counts.clone());
        }
    }
}

/// Another attempt that no Retry allows.
fn not_retried(replay: &mut Replay<'_, '_>, visit: &Visit, state: &State, again: &Event) {
    let message =
        format!("{:?} is tried again; its Retry allows no more attempts for this error", visit.name);
    let mut rules = vec!["ERR-16", "ERR-15"];
    if state.retriers().iter().any(|retrier| retrier.max_attempts == 0) {
        rules.push("ERR-12");
    }
    if state.retriers().is_empty() {
        rules.push("START-22");
    }
    for rule in rules {
        replay.ledger.breach(rule, again, message.clone());
    }
}

/// The failure was not caught; or nothing yet, in a running execution.
fn failed(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    ways: &Ways,
    failures: &[TaskFailure],
) -> (Goal, Outcome) {
    // What the Catcher fails with is the interpreter's.
    if ways.unevaluated {
        return (Goal::Any, Outcome::Open);
    }
    if let Some((end, what)) = end_by(replay.trace, visit, failures) {
        uncaught_in_spite(replay, visit, ways, end, what);
    }
    (Goal::Any, Outcome::Failed(failures.to_vec()))
}

/// A failure that ended the execution, before a redrive took it up again.
pub(super) fn ended(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    setting: &Setting<'_>,
    failures: &[TaskFailure],
    failed: &Event,
    tally: &Tally,
) {
    let ways = Ways::of(state, setting, failures, tally, !visit.evaluations.is_empty());
    let trace = replay.trace;
    let end = trace.events.iter().find(|event| event.id > failed.id && event.is_terminal());
    let by_it = |end: &&Event| end.kind == "ExecutionFailed" && same_error(end, failures);
    if let Some(end) = end.filter(by_it).filter(|_| visit.strand == 0) {
        uncaught_in_spite(replay, visit, &ways, end, "the execution fails");
    }
}

/// A failure ended what is around its state although a Retry or a Catcher takes it.
fn uncaught_in_spite(replay: &mut Replay<'_, '_>, visit: &Visit, ways: &Ways, end: &Event, what: &str) {
    if ways.unevaluated || ways.may_end() {
        return;
    }
    let (rules, why): (&[&'static str], _) = match ways.known.first().map(|way| &way.one) {
        Some(Recovery::Retry { .. }) => (&["ERR-10", "ERR-11", "ERR-16"], "Retry has attempts left"),
        _ => (&["ERR-05", "ERR-06", "HIS-13"], "a Catcher matches"),
    };
    for rule in rules {
        let message = format!("{what} with the error of {:?}, but {why}", visit.name);
        replay.ledger.breach(rule, end, message);
    }
}

/// The event by which the failure of a visit fails what is around its state.
fn end_by<'h>(
    trace: &Trace<'h>,
    visit: &Visit,
    failures: &[TaskFailure],
) -> Option<(&'h Event, &'static str)> {
    // What a state did before a redrive is judged where it happened.
    let is_old = visit.attempts.last().is_none_or(|attempt| attempt.segment != trace.segment);
    if visit.redriven && is_old {
        return None;
    }
    let (end, what) = end_around(trace, visit)?;
    if visit.strand == 0 {
        return same_error(end, failures).then_some((end, what));
    }
    // A failure of the interpreter may be another one to AWS, unless an event names it.
    let of_interpreter =
        |failure: &TaskFailure| failure.origin == Origin::Interpreter && !distributed::is_of_a_run(failure);
    if failures.iter().any(of_interpreter) && visit.failed_evaluation().is_none() {
        return None;
    }
    Some((end, what))
}

/// The event by which what is around the state of a visit fails, if that state is the cause: of the execution, or of a Parallel or
/// Map.
pub(super) fn end_around<'h>(trace: &Trace<'h>, visit: &Visit) -> Option<(&'h Event, &'static str)> {
    let is_last = trace.current(visit.strand).is_some_and(|(_, current)| current.entered == visit.entered);
    if !is_last || trace.events.len() >= EVENT_LIMIT {
        return None;
    }
    let Some((around, round)) = trace.strand(visit.strand)?.home.around() else {
        let last = trace.terminal.and_then(|at| trace.event(at))?;
        return (last.kind == "ExecutionFailed").then_some((last, "the execution fails"));
    };
    let around = trace.visits.get(around)?;
    let next = around.rounds.get(round + 1).map(|next| next.started);
    // Which of the states around write a failure of the interpreter is not recorded.
    let last =
        trace.terminal.filter(|at| trace.event(*at).is_some_and(|last| last.kind == "ExecutionFailed"));
    let end = next.or(around.failed).or(last).and_then(|at| trace.event(at))?;
    let strand = trace.owner.get(&end.previous)?;
    let is_cause = trace.within(visit.strand).contains(strand) && !around.redriven;
    let what = if end.is_terminal() { "the execution fails" } else { "the state around it fails" };
    is_cause.then_some((end, what))
}

fn same_error(last: &Event, failures: &[TaskFailure]) -> bool {
    failures
        .iter()
        .any(|failure| failure.error.as_deref().unwrap_or_default() == last.text("error").unwrap_or_default())
}

/// The wait before a retry (ERR-13); with jitter it may be anything up to that (ERR-14).
fn waited(replay: &mut Replay<'_, '_>, failed: Option<&Event>, again: &Event, recovery: &Recovery) {
    let (Some(failed), Recovery::Retry { after_ms_max, jitter, .. }) = (failed, recovery) else { return };
    replay.ledger.met(if *jitter { "ERR-14" } else { "ERR-13" });
    if is_too_early(replay, Some(failed), again, recovery) {
        let after = again.at - failed.at;
        let message = format!("tried again after {after} ms, the wait is {after_ms_max} ms");
        replay.ledger.breach("ERR-13", again, message);
    }
}

pub(super) fn is_too_early(
    replay: &Replay<'_, '_>,
    failed: Option<&Event>,
    again: &Event,
    recovery: &Recovery,
) -> bool {
    let (Some(failed), Recovery::Retry { after_ms_max, jitter: false, .. }) = (failed, recovery) else {
        return false;
    };
    let bound = i64::try_from(*after_ms_max).unwrap_or(i64::MAX / 4);
    replay.real && is_early(failed.at, again.at, bound)
}
