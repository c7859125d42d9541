//! What became of a failure: Retry, Catch, or the end (ERR-05 to ERR-18).

use asl::{Exit, Origin, QueryLanguage, Recovery, RetryCounts, State, TaskFailure};
use record::Event;
use serde_json::Value;

use super::super::flow::json;
use super::super::shape::EVENT_LIMIT;
use super::super::times::is_early;
use super::super::trace::{Trace, Visit};
use super::{Goal, Outcome, Replay, Setting, Twice, blind, distributed, possible};

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

/// The retries of one visit; a redrive starts anew (RED-03). Where a failure may have been taken in several ways, each leads to
/// counts of its own.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    possible: Vec<RetryCounts>,
    segment: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self { possible: vec![RetryCounts::default()], segment: 0 }
    }
}

impl Tally {
    pub(super) fn segment(&mut self, segment: usize) {
        if segment != self.segment {
            *self = Self { segment, ..Self::default() };
        }
    }

    /// `$$.State.RetryCount`, the same whoever took the failures.
    pub(super) fn total(&self) -> u64 {
        self.possible.first().map_or(0, RetryCounts::total)
    }
}

/// Names that AWS gives to its own errors; whether wildcards match one that a worker sent is open (A-11, A-20, ERR-20).
fn is_reserved(failure: &TaskFailure) -> bool {
    let settled = ["States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed", "States.Permissions"];
    let error = failure.error.as_deref().unwrap_or_default();
    error.starts_with("States.") && !settled.contains(&error)
}

/// A failure as it is, and without a cause as with an empty one.
fn spellings(failure: &TaskFailure) -> impl Iterator<Item = TaskFailure> {
    let empty =
        failure.cause.is_none().then(|| TaskFailure { cause: Some(String::new()), ..failure.clone() });
    std::iter::once(failure.clone()).chain(empty)
}

/// A cause that AWS never gives.
const OTHER_WORDS: &str = "in other words";

/// One thing that may become of a failure.
struct Way {
    one: Recovery,
    two: Recovery,
    counts: RetryCounts,
    failure: TaskFailure,
}

/// Everything that may become of a failure.
struct Ways {
    known: Vec<Way>,
    /// Some Catcher's fields do not evaluate here.
    unevaluated: bool,
    /// Whether the names that AWS reserves end the execution is open (ERR-20).
    open_end: bool,
    /// Whether wildcards take the error is open: that they leave States.Runtime alone is only said of the interpreter's own.
    open_match: bool,
}

impl Ways {
    fn of(state: &State, setting: &Setting<'_>, failures: &[TaskFailure], tally: &Tally) -> Self {
        let (mut known, mut unevaluated) = (Vec::new(), false);
        for before in &tally.possible {
            let recover = |failure: &TaskFailure| {
                setting.twice(|inputs| {
                    let mut counts = before.clone();
                    asl::recover(state, inputs, failure, &mut counts).map(|recovery| (recovery, counts))
                })
            };
            for failure in failures.iter().flat_map(spellings) {
                let mut both = recover(&failure);
                // Texts of the interpreter's own errors are no contract (WIRE-10).
                if failure.origin == Origin::Interpreter && failure.cause.is_some() {
                    both.two =
                        recover(&TaskFailure { cause: Some(OTHER_WORDS.to_owned()), ..failure.clone() }).two;
                }
                match (both.one, both.two) {
                    (Ok((one, counts)), Ok((two, _))) => known.push(Way { one, two, counts, failure }),
                    _ => unevaluated = true,
                }
            }
        }
        let open_end =
            failures.iter().any(|failure| is_reserved(failure) && failure.origin != Origin::Interpreter);
        let open_match =
            open_end && failures.iter().any(|one| one.error.as_deref() == Some("States.Runtime"));
        Self { known, unevaluated, open_end, open_match }
    }

    /// The retries that may be the one seen: those whose wait was over, or all if none was.
    fn retries(&self, replay: &Replay<'_, '_>, failed: Option<&Event>, again: &Event) -> Vec<&Way> {
        let all = || self.known.iter().filter(|way| matches!(way.one, Recovery::Retry { .. }));
        let over: Vec<&Way> = all().filter(|way| !is_too_early(replay, failed, again, &way.one)).collect();
        if over.is_empty() { all().collect() } else { over }
    }

    /// Whether the failure may leave the state uncaught.
    fn may_end(&self) -> bool {
        self.known.is_empty()
            || self.open_end
            || self.known.iter().any(|way| matches!(way.one, Recovery::Uncaught(_)))
    }
}

/// What Retry and Catch may take a failure for: of one without a name it is only recorded that States.ALL takes it;
/// States.TaskFailed may, too.
pub(super) fn views_of(error: Option<String>, cause: Option<String>) -> Vec<TaskFailure> {
    let unnamed = error.is_none().then(|| TaskFailure::new(Some(String::new()), cause.clone()));
    std::iter::once(TaskFailure::new(error, cause)).chain(unnamed).collect()
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
    let ways = Ways::of(state, setting, failures, tally);
    if ways.open_match && !matches!(seen, Seen::Failed) {
        replay.ledger.unjudged(format!("whether wildcards take the error of {:?} is open", visit.name));
    }
    match seen {
        Seen::Retried { failed, again } => {
            retried(replay, visit, state, &ways, failed, again?, tally);
            None
        }
        Seen::Left => Some(left(replay, visit, state, &ways)),
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

/// The state was left after its failure: a Catcher must match.
fn left(replay: &mut Replay<'_, '_>, visit: &Visit, state: &State, ways: &Ways) -> (Goal, Outcome) {
    let Some(exited) = visit.exited.and_then(|at| replay.trace.event(at)) else {
        return (Goal::Any, Outcome::Open);
    };
    if ways.open_match {
        return blind(replay.trace, visit, state);
    }
    if ways.unevaluated {
        replay.ledger.unjudged(format!("the catcher of {:?} does not evaluate here", visit.name));
        return blind(replay.trace, visit, state);
    }
    let caught: Vec<(Twice<Exit>, &TaskFailure)> = ways.known.iter().filter_map(caught_of).collect();
    if caught.is_empty() {
        not_caught(replay, visit, &ways.known, exited);
        return blind(replay.trace, visit, state);
    }
    if !caught.iter().all(|(exits, _)| exits.one.sourced) {
        replay.ledger.unjudged(format!("no source decides the Catcher of {:?}", visit.name));
        return blind(replay.trace, visit, state);
    }
    caught_by(replay, visit, state, &caught, exited)
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
    let ways = Ways::of(state, setting, failures, tally);
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
    if failures.iter().any(of_interpreter) && visit.evaluation.is_none() {
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

fn caught_of(way: &Way) -> Option<(Twice<Exit>, &TaskFailure)> {
    match (&way.one, &way.two) {
        (Recovery::Caught { exit: one, .. }, Recovery::Caught { exit: two, .. }) => {
            Some((Twice { one: one.clone(), two: two.clone() }, &way.failure))
        }
        _ => None,
    }
}

fn not_caught(replay: &mut Replay<'_, '_>, visit: &Visit, ways: &[Way], exited: &Event) {
    match ways.first().map(|way| &way.one) {
        Some(Recovery::Retry { .. }) => {
            for rule in ["ERR-10", "ERR-16"] {
                replay.ledger.breach(
                    rule,
                    exited,
                    format!("{:?} is left after a failure, but Retry has attempts left", visit.name),
                );
            }
        }
        Some(Recovery::Uncaught(_)) => {
            // An exit before the end is one event too many (HIS-22); an exit to another state is a caught failure.
            let goes_on = following(replay, visit).is_some();
            for rule in ["ERR-06", "ERR-05", "HIS-13", "HIS-22"] {
                if rule == "HIS-22" && goes_on {
                    continue;
                }
                replay.ledger.breach(
                    rule,
                    exited,
                    format!("{:?} is left after a failure, but no Catcher matches it", visit.name),
                );
            }
        }
        _ => {}
    }
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

fn is_too_early(replay: &Replay<'_, '_>, failed: Option<&Event>, again: &Event, recovery: &Recovery) -> bool {
    let (Some(failed), Recovery::Retry { after_ms_max, jitter: false, .. }) = (failed, recovery) else {
        return false;
    };
    let bound = i64::try_from(*after_ms_max).unwrap_or(i64::MAX / 4);
    replay.real && is_early(failed.at, again.at, bound)
}

/// A caught failure: the catcher's output and its next state (ERR-05, ERR-07).
fn caught_by(
    replay: &mut Replay<'_, '_>,
    visit: &Visit,
    state: &State,
    caught: &[(Twice<Exit>, &TaskFailure)],
    exited: &Event,
) -> (Goal, Outcome) {
    for rule in ["ERR-05", "ERR-07", "ERR-09"] {
        replay.ledger.met(rule);
    }
    let Some(output) = json(exited, "output") else { return (Goal::Among(possible(state)), Outcome::Open) };
    let mut goals: Vec<String> = caught
        .iter()
        .filter_map(|(exits, _)| match &exits.one.next {
            asl::Next::State(name) => Some(name.clone()),
            asl::Next::End => None,
        })
        .collect();
    goals.dedup();
    let follower = following(replay, visit);
    let next_state = follower.as_ref().map(|(name, _)| name.clone());
    let (mut reason, mut fitted) = (None, false);
    for (exits, failure) in caught {
        let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
        let nameless = is_empty(&failure.error) || is_empty(&failure.cause);
        let fits = replay.holes.fit(&exits.one.output, &exits.two.output, &output).or_else(|what| {
            let bare = |value: &Value| match state.query_language {
                _ if !nameless => value.clone(),
                QueryLanguage::JsonPath => without_empty(value),
                QueryLanguage::JsonAta => blanked(&without_empty(value)),
            };
            replay
                .holes
                .fit(&bare(&exits.one.output), &bare(&exits.two.output), &bare(&output))
                .map_err(|_| what)
        });
        let leads = |name: &String| exits.one.next == asl::Next::State(name.clone());
        match fits {
            Ok(()) if next_state.as_ref().is_none_or(leads) => {
                return replay.leave_caught(visit, exits, output);
            }
            Ok(()) => fitted = true,
            Err(what) => reason = reason.or(Some(what)),
        }
    }
    if let Some(what) = reason.filter(|_| !fitted) {
        for rule in ["ERR-07", "HIS-29"] {
            replay.ledger.breach(rule, exited, format!("output of the Catcher of {:?} {what}", visit.name));
        }
    }
    let other_catcher = |next: &String| state.catchers().iter().any(|catcher| catcher.next == *next);
    if let Some((next, entered)) = follower.filter(|(next, _)| !goals.contains(next) && other_catcher(next)) {
        replay.ledger.breach(
            "ERR-05",
            entered,
            format!(
                "the failure of {:?} leads to {next:?}, its Catcher to {}",
                visit.name,
                goals.join(" or ")
            ),
        );
    }
    (Goal::Among(goals), Outcome::Done(output))
}

/// The state that the strand entered after this visit.
fn following<'h>(replay: &Replay<'_, 'h>, visit: &Visit) -> Option<(String, &'h Event)> {
    let strand = replay.trace.strand(visit.strand)?;
    let mut visits = strand.visits.iter().filter_map(|at| replay.trace.visits.get(*at));
    let next = visits.find(|other| other.entered > visit.entered)?;
    Some((next.name.clone(), replay.trace.event(next.entered)?))
}

impl Replay<'_, '_> {
    fn leave_caught(&mut self, visit: &Visit, exits: &Twice<Exit>, output: Value) -> (Goal, Outcome) {
        if let Some(exited) = visit.exited.and_then(|at| self.trace.event(at)) {
            self.assigned(visit, exited, exits);
        }
        let goal = match &exits.one.next {
            asl::Next::State(name) => Goal::State(name.clone()),
            asl::Next::End => Goal::End,
        };
        (goal, Outcome::Done(output))
    }
}

/// An empty text and null are the same where an expression reads them.
fn blanked(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), blanked(value))).collect()
        }
        Value::Array(items) => items.iter().map(blanked).collect(),
        other => other.clone(),
    }
}

/// An error output without members that say nothing: null, absent and empty are the same (A-09, TMO-10).
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let says_nothing = |name: &str, value: &Value| {
                matches!(name, "Error" | "Cause") && (value.is_null() || value == "")
            };
            members
                .iter()
                .filter(|(name, value)| !says_nothing(name, value))
                .map(|(name, value)| (name.clone(), without_empty(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}
