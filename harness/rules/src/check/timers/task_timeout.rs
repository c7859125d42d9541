//! TMO: task and machine timeouts, never early but eventually.

use record::{Event, Time};

use crate::check::wording::or_none;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{PATIENCE, patience, seconds, slack};
use crate::view::{Attempt, Effect, Pattern, Verb, View};

const FIRES: Check = Check::of(
    "TMO-01",
    "task-timeout-fires",
    "a task that runs longer than TimeoutSeconds fails with States.Timeout",
);
const NOT_EARLY: Check = Check::of(
    "TMO-02",
    "task-timeout-counts-from-the-start-event",
    "TaskTimedOut comes no earlier than TimeoutSeconds after TaskStarted",
);
pub(in crate::check) const NO_DEFAULT: Check = Check::of(
    "TMO-03",
    "no-timeout-unless-set",
    "without TimeoutSeconds a task does not time out and TaskScheduled shows none",
);
const NOT_EXTENDED: Check =
    Check::of("TMO-04", "beats-do-not-extend-the-timeout", "heartbeats never extend the total timeout");
const UNCAUGHT: Check = Check::of(
    "TMO-05",
    "uncaught-task-timeout-is-failed",
    "an uncaught task timeout ends the execution FAILED with States.Timeout and no cause",
);

pub(in crate::check) const GROUPS: &[Group] =
    &[Group { checks: &[FIRES, NOT_EARLY, NO_DEFAULT, NOT_EXTENDED, UNCAUGHT], run: tasks }];

/// A task that ran so long, in milliseconds, without a timeout shows that there is none by default.
const MINUTE: i64 = 60_000;

/// What a timed out attempt ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Limit {
    Total,
    Heartbeat,
    Either,
}

/// Which limit a TaskTimedOut event shows; the name alone does not tell.
pub(in crate::check) fn limit(view: &View<'_>, attempt: &Attempt, event: &Event) -> Limit {
    if event.text("error") == Some("States.HeartbeatTimeout") {
        return Limit::Heartbeat;
    }
    let (Some(timeout), Some(window)) = (attempt.timeout, attempt.heartbeat) else {
        return if attempt.heartbeat.is_some() { Limit::Heartbeat } else { Limit::Total };
    };
    let events = view.events(attempt);
    let Some(began) = attempt.clock_began(events) else { return Limit::Either };
    if event.at - began < seconds(timeout) - slack(events, seconds(timeout)) {
        return Limit::Heartbeat;
    }
    let last = last_beat(view, attempt);
    match last {
        Some(beat)
            if event.at.0 < beat + view.offset.least + seconds(window) - slack(events, seconds(window)) =>
        {
            Limit::Total
        }
        _ => Limit::Either,
    }
}

/// When the last accepted heartbeat was sent, by the harness's clock.
pub(in crate::check) fn last_beat(view: &View<'_>, attempt: &Attempt) -> Option<i64> {
    let token = attempt.token.and_then(|token| view.tokens.get(token))?;
    view.operations_of(token)
        .filter(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted)
        .map(|op| op.begun.0)
        .max()
}

/// Whether the scope of an attempt was closed around it, so that nothing more is promised.
pub(in crate::check) fn cut_short(view: &View<'_>, attempt: &Attempt) -> bool {
    view.events(attempt).iter().skip(attempt.scheduled).any(|event| {
        event.is_terminal()
            || event.kind.ends_with("Aborted")
            || matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed" | "MapIterationFailed")
    })
}

/// When the case last looked at the history that shows the attempt still open.
pub(in crate::check) fn looked(view: &View<'_>, attempt: &Attempt) -> Option<i64> {
    let read = view.history(attempt.execution)?;
    let execution = view.executions.get(attempt.execution)?;
    // A later Describe that shows RUNNING tells the same where there is nothing else to wait for.
    let single = execution.definition.as_ref().is_some_and(|definition| {
        let waits = |state: &crate::view::StateView| {
            state.is_callback() || state.is_activity() || matches!(state.kind(), "Wait" | "Map" | "Parallel")
        };
        definition.states.values().filter(|state| waits(state)).count() == 1
            && definition.states.values().all(|state| state.retriers().is_empty())
    });
    let running =
        execution.statuses.iter().filter(|s| s.status == "RUNNING" && execution.closed.is_none() && single);
    running.map(|status| status.begun.0).chain([read.begun.0]).max()
}

fn completed(view: &View<'_>, attempt: &Attempt) -> bool {
    attempt.token.and_then(|token| view.tokens.get(token)).is_some_and(|token| {
        view.operations_of(token).any(|op| op.verb != Verb::Heartbeat && op.effect == Effect::Accepted)
    })
}

fn tasks(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(began) = attempt.clock_began(events) else { continue };
        let clock = Clock {
            view,
            attempt,
            began,
            state: attempt.state.as_deref().unwrap_or_default(),
            beaten: last_beat(view, attempt).is_some(),
        };
        match attempt.end(events) {
            Some(event) if event.is_timeout() => {
                clock.timed_out(event, sink);
                uncaught(view, attempt, event, sink);
            }
            Some(event) => clock.ended_otherwise(event, sink),
            None => clock.is_open(sink),
        }
    }
    accepted_late(view, sink);
}

/// The clock of one attempt, and what its history shows of it.
struct Clock<'v> {
    view: &'v View<'v>,
    attempt: &'v Attempt,
    began: Time,
    state: &'v str,
    /// Heartbeats were accepted.
    beaten: bool,
}

impl Clock<'_> {
    fn timed_out(&self, event: &Event, sink: &mut Sink) {
        let (state, elapsed, id) = (self.state, event.at - self.began, Some(event.id));
        let Some(timeout) = self.attempt.timeout else {
            if self.attempt.heartbeat.is_none() {
                let message = format!("state {state} has no timeout but timed out after {elapsed} ms");
                sink.violated_at(NO_DEFAULT, id, message);
            }
            return;
        };
        let due = seconds(timeout) - slack(self.view.events(self.attempt), seconds(timeout));
        if self.attempt.heartbeat.is_none() {
            sink.expect_at(NOT_EARLY, id, elapsed >= due, || {
                format!("state {state} timed out {elapsed} ms after its start, not {timeout} s")
            });
            let error = event.text("error");
            sink.expect_at(FIRES, id, error == Some("States.Timeout"), || {
                format!("a total timeout has error {}, not States.Timeout", or_none(error))
            });
        } else if elapsed >= due && limit(self.view, self.attempt, event) == Limit::Total {
            sink.met(NOT_EARLY);
            sink.met(FIRES);
        }
        if self.beaten && elapsed >= due {
            sink.expect_at(NOT_EXTENDED, id, elapsed <= due + PATIENCE, || {
                format!("with heartbeats state {state} timed out only after {elapsed} ms")
            });
        }
        if !self.beaten && elapsed > seconds(timeout) + PATIENCE {
            let message = format!("state {state} timed out only after {elapsed} ms, not {timeout} s");
            sink.violated_at(FIRES, id, message);
        }
    }

    fn ended_otherwise(&self, event: &Event, sink: &mut Sink) {
        let (state, elapsed) = (self.state, event.at - self.began);
        match self.attempt.timeout {
            Some(timeout) if elapsed > seconds(timeout) + PATIENCE => {
                let message = format!(
                    "state {state} has {} {elapsed} ms after its start, beyond its timeout of {timeout} s",
                    event.kind
                );
                sink.violated_at(if self.beaten { NOT_EXTENDED } else { FIRES }, Some(event.id), message);
            }
            None if self.attempt.pattern != Pattern::Request && elapsed > MINUTE => sink.met(NO_DEFAULT),
            _ => {}
        }
    }

    fn is_open(&self, sink: &mut Sink) {
        let Some(looked) = looked(self.view, self.attempt) else { return };
        let age = looked - self.view.offset.latest(self.began).0;
        let Some(timeout) = self.attempt.timeout else {
            if age > MINUTE {
                sink.met(NO_DEFAULT);
            }
            return;
        };
        if age - seconds(timeout) < patience(self.view)
            || completed(self.view, self.attempt)
            || cut_short(self.view, self.attempt)
        {
            return;
        }
        let state = self.state;
        let message = format!(
            "state {state} was still waiting {age} ms after its start, with a timeout of {timeout} s"
        );
        if self.beaten {
            sink.violated(NOT_EXTENDED, message.clone());
        }
        sink.violated(FIRES, message);
    }
}

/// From so long after its timeout on, a task that still takes calls is no longer late but without a timeout.
const LATE: i64 = 10_000;

/// A call that was accepted long after its task must have timed out.
fn accepted_late(view: &View<'_>, sink: &mut Sink) {
    for token in &view.tokens {
        let timeout = match token.attempt.and_then(|attempt| view.attempts.get(attempt)) {
            Some(attempt) => attempt.timeout,
            None => token
                .execution
                .and_then(|execution| view.executions.get(execution)?.definition.as_ref())
                .and_then(|definition| {
                    definition.states.get(token.state.as_ref()?)?.json.get("TimeoutSeconds")?.as_u64()
                }),
        };
        let (Some(timeout), Some(received)) = (timeout, token.received) else { continue };
        if token.activity {
            continue;
        }
        for operation in view.operations_of(token).filter(|op| op.effect == Effect::Accepted) {
            let age = operation.begun - received;
            if age > seconds(timeout) + LATE {
                let row = if last_beat_of(view, token) { NOT_EXTENDED } else { FIRES };
                sink.violated(row, format!("{} answered 200 {age} ms after its token was received, with a timeout of {timeout} s", operation.verb.name()));
            }
        }
    }
}

fn last_beat_of(view: &View<'_>, token: &crate::view::Token) -> bool {
    view.operations_of(token).any(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted)
}

fn uncaught(view: &View<'_>, attempt: &Attempt, event: &Event, sink: &mut Sink) {
    let events = view.events(attempt);
    let Some(next) = attempt.followed.and_then(|index| events.get(index)) else { return };
    let machine_limit =
        view.executions.get(attempt.execution).and_then(|e| e.definition.as_ref()).and_then(|d| d.timeout());
    match next.kind.as_str() {
        "ExecutionFailed" => {
            let name = next.text("error");
            let lawful = name == event.text("error")
                && matches!(name, Some("States.Timeout" | "States.HeartbeatTimeout"));
            let bare = next.text("cause").is_none_or(str::is_empty);
            if lawful && bare {
                sink.met(UNCAUGHT);
            } else {
                let cause = next.text("cause");
                sink.violated_at(
                    UNCAUGHT,
                    Some(next.id),
                    format!(
                        "an uncaught task timeout ended with error {} and cause {}",
                        or_none(name),
                        or_none(cause)
                    ),
                );
            }
        }
        "ExecutionTimedOut" if machine_limit.is_none() => {
            sink.violated_at(
                UNCAUGHT,
                Some(next.id),
                "an uncaught task timeout ended the execution TIMED_OUT, not FAILED",
            );
        }
        _ => {}
    }
}
