//! TMO: task and machine timeouts, never early and in the end.

use record::Event;
use serde_json::Value;

use super::life::{PATIENCE, patience, seconds, slack};
use super::{CheckRow, Group, Sink};
use crate::view::{Attempt, Effect, Execution, Pattern, Verb, View};

const FIRES: CheckRow =
    ("TMO-01", "task-timeout-fires", "a task that runs longer than TimeoutSeconds fails with States.Timeout");
const NOT_EARLY: CheckRow = (
    "TMO-02",
    "task-timeout-counts-from-the-start-event",
    "TaskTimedOut comes no earlier than TimeoutSeconds after TaskStarted",
);
const NO_DEFAULT: CheckRow = (
    "TMO-03",
    "no-timeout-unless-set",
    "without TimeoutSeconds a task does not time out and TaskScheduled shows none",
);
const NOT_EXTENDED: CheckRow =
    ("TMO-04", "beats-do-not-extend-the-timeout", "heartbeats never extend the total timeout");
const UNCAUGHT: CheckRow = (
    "TMO-05",
    "uncaught-task-timeout-is-failed",
    "an uncaught task timeout ends the execution FAILED with States.Timeout and no cause",
);
const MACHINE: CheckRow = (
    "TMO-06",
    "machine-timeout-is-timed-out",
    "the machine's TimeoutSeconds ends the execution TIMED_OUT, uncaught, not early",
);
const DESCRIBED: CheckRow = (
    "TMO-07",
    "timed-out-has-no-error",
    "a TIMED_OUT execution has a stopDate but no error, cause or output",
);
const PATH: CheckRow = (
    "TMO-08",
    "timeout-path-is-resolved",
    "TimeoutSecondsPath gives the timeout; an unresolved path fails the execution",
);
const CAUGHT: CheckRow = (
    "TMO-10",
    "caught-timeout-has-its-name",
    "a caught timeout passes Error States.Timeout and no or an empty Cause",
);
const SHOWN: CheckRow = (
    "TMO-11",
    "scheduled-event-shows-the-timeout",
    "timeoutInSeconds is the effective value, absent where none is set",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[FIRES, NOT_EARLY, NO_DEFAULT, NOT_EXTENDED, UNCAUGHT], run: tasks },
    Group { checks: &[MACHINE, DESCRIBED], run: machines },
    Group { checks: &[PATH, SHOWN], run: values },
    Group { checks: &[CAUGHT], run: caught },
];

/// What a timed out attempt ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Total,
    Heartbeat,
    Either,
}

/// Which limit a TaskTimedOut event shows; the name alone does not tell.
pub(super) fn limit(view: &View<'_>, attempt: &Attempt, event: &Event) -> Limit {
    if event.text("error") == Some("States.HeartbeatTimeout") {
        return Limit::Heartbeat;
    }
    let (Some(timeout), Some(window)) = (attempt.timeout, attempt.heartbeat) else {
        return if attempt.heartbeat.is_some() { Limit::Heartbeat } else { Limit::Total };
    };
    let events = view.events(attempt);
    let Some(began) = attempt.clock_began(events) else { return Limit::Either };
    if event.at - began < seconds(timeout) - slack(events) {
        return Limit::Heartbeat;
    }
    let last = last_beat(view, attempt);
    match last {
        Some(beat) if event.at.0 < beat + view.offset.least + seconds(window) - slack(events) => Limit::Total,
        _ => Limit::Either,
    }
}

/// When the last accepted heartbeat was sent, by the harness's clock.
pub(super) fn last_beat(view: &View<'_>, attempt: &Attempt) -> Option<i64> {
    let token = attempt.token.and_then(|token| view.tokens.get(token))?;
    view.operations_of(token)
        .filter(|op| op.verb == Verb::Heartbeat && op.effect == Effect::Accepted)
        .map(|op| op.begun.0)
        .max()
}

/// Whether the scope of an attempt was closed around it, so that nothing more is promised.
pub(super) fn cut_short(view: &View<'_>, attempt: &Attempt) -> bool {
    view.events(attempt).iter().skip(attempt.scheduled).any(|event| {
        event.is_terminal()
            || event.kind.ends_with("Aborted")
            || matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed" | "MapIterationFailed")
    })
}

/// When the case last looked at the history that shows the attempt still open.
pub(super) fn looked(view: &View<'_>, attempt: &Attempt) -> Option<i64> {
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
        let slack = slack(events);
        let Some(began) = attempt.clock_began(events) else { continue };
        let beaten = last_beat(view, attempt).is_some();
        let state = attempt.state.clone().unwrap_or_default();
        match attempt.end(events) {
            Some(event) if event.kind.ends_with("TimedOut") => {
                let elapsed = event.at - began;
                let id = Some(event.id);
                match (attempt.timeout, attempt.heartbeat) {
                    (None, None) => {
                        sink.violated_at(
                            NO_DEFAULT,
                            id,
                            format!("state {state} has no timeout but timed out after {elapsed} ms"),
                        );
                    }
                    (Some(timeout), window) => {
                        let due = seconds(timeout) - slack;
                        if window.is_none() {
                            if elapsed < due {
                                sink.violated_at(NOT_EARLY, id, format!("state {state} timed out {elapsed} ms after its start, not {timeout} s"));
                            } else {
                                sink.met(NOT_EARLY);
                            }
                            let error = event.text("error");
                            if error == Some("States.Timeout") {
                                sink.met(FIRES);
                            } else {
                                sink.violated_at(
                                    FIRES,
                                    id,
                                    format!("a total timeout has error {error:?}, not States.Timeout"),
                                );
                            }
                        } else if elapsed >= due && limit(view, attempt, event) == Limit::Total {
                            sink.met(NOT_EARLY);
                            sink.met(FIRES);
                        }
                        if beaten && elapsed >= due {
                            if elapsed > due + PATIENCE {
                                sink.violated_at(
                                    NOT_EXTENDED,
                                    id,
                                    format!(
                                        "with heartbeats state {state} timed out only after {elapsed} ms"
                                    ),
                                );
                            } else {
                                sink.met(NOT_EXTENDED);
                            }
                        }
                        if elapsed > seconds(timeout) + PATIENCE && !beaten {
                            sink.violated_at(
                                FIRES,
                                id,
                                format!("state {state} timed out only after {elapsed} ms, not {timeout} s"),
                            );
                        }
                    }
                    (None, Some(_)) => {}
                }
                uncaught(view, attempt, event, sink);
            }
            Some(event) => {
                if let Some(timeout) = attempt.timeout
                    && event.at - began > seconds(timeout) + PATIENCE
                {
                    let row = if beaten { NOT_EXTENDED } else { FIRES };
                    sink.violated_at(
                        row,
                        Some(event.id),
                        format!(
                            "state {state} has {} {} ms after its start, beyond its timeout of {timeout} s",
                            event.kind,
                            event.at - began
                        ),
                    );
                }
                if attempt.timeout.is_none()
                    && attempt.pattern != Pattern::Request
                    && event.at - began > 60_000
                {
                    sink.met(NO_DEFAULT);
                }
            }
            None => {
                let Some(looked) = looked(view, attempt) else { continue };
                let age = looked - view.offset.latest(began).0;
                if attempt.timeout.is_none() && age > 60_000 {
                    sink.met(NO_DEFAULT);
                }
                if let Some(timeout) = attempt.timeout
                    && age - seconds(timeout) >= patience(view)
                    && !completed(view, attempt)
                    && !cut_short(view, attempt)
                {
                    let row = if beaten { NOT_EXTENDED } else { FIRES };
                    sink.violated(row, format!("state {state} was still waiting {age} ms after its start, with a timeout of {timeout} s"));
                    if beaten {
                        sink.violated(FIRES, format!("state {state} was still waiting {age} ms after its start, with a timeout of {timeout} s"));
                    }
                }
            }
        }
    }
    accepted_late(view, sink);
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
                    format!("an uncaught task timeout ended with error {name:?} and cause {cause:?}"),
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

fn machines(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        if !execution.redrives.is_empty() {
            continue;
        }
        let limit = execution.definition.as_ref().and_then(|definition| definition.timeout());
        if let Some(limit) = limit {
            limited(view, execution, limit, sink);
        } else if execution.definition.is_some()
            && execution.statuses.iter().any(|status| status.status == "TIMED_OUT")
        {
            sink.violated(MACHINE, "the execution is TIMED_OUT though its machine has no TimeoutSeconds");
        }
        for status in
            execution.statuses.iter().filter(|status| status.status == "TIMED_OUT" && !status.listed)
        {
            let has = |member: &str| status.body.get(member).is_some_and(|value| !value.is_null());
            let extra: Vec<&str> =
                ["error", "cause", "output"].into_iter().filter(|member| has(member)).collect();
            let dates = (
                status.body.get("startDate").and_then(Value::as_f64),
                status.body.get("stopDate").and_then(Value::as_f64),
            );
            let early = matches!((dates, limit), ((Some(start), Some(stop)), Some(limit)) if stop - start < limit as f64 - 1.0);
            if !has("stopDate") {
                sink.violated(DESCRIBED, "a TIMED_OUT execution has no stopDate");
            } else if !extra.is_empty() {
                sink.violated(DESCRIBED, format!("a TIMED_OUT execution has {}", extra.join(" and ")));
            } else if early {
                sink.violated(DESCRIBED, "stopDate is before startDate plus the machine's TimeoutSeconds");
            } else {
                sink.met(DESCRIBED);
            }
        }
    }
}

fn limited(view: &View<'_>, execution: &Execution<'_>, limit: u64, sink: &mut Sink) {
    let read = execution.best.or(execution.latest).and_then(|read| view.reads.get(read));
    let events = read.map_or(&[][..], |read| read.history.events.as_slice());
    let due = seconds(limit);
    if let (Some(first), Some(last)) = (events.first(), events.last().filter(|event| event.is_terminal())) {
        let age = last.at - first.at;
        let stopped = last.kind == "ExecutionAborted";
        if last.kind == "ExecutionTimedOut" {
            let named = last.text("error").is_none_or(|error| error == "States.Timeout");
            if age < due - slack(events) {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("TIMED_OUT after {age} ms, before the machine's {limit} s"),
                );
            } else if !named || last.text("cause").is_some_and(|cause| !cause.is_empty()) {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("ExecutionTimedOut has error {:?}", last.text("error")),
                );
            } else if age > due + PATIENCE {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("TIMED_OUT only after {age} ms, with a limit of {limit} s"),
                );
            } else {
                sink.met(MACHINE);
            }
        } else if !stopped && age > due + PATIENCE {
            sink.violated_at(
                MACHINE,
                Some(last.id),
                format!("{} after {age} ms, beyond the machine's {limit} s", last.kind),
            );
        } else if last.kind == "ExecutionFailed"
            && last.text("error") == Some("States.Timeout")
            && age >= due - slack(events)
            && events.iter().all(|event| !event.kind.ends_with("TimedOut"))
        {
            sink.violated_at(
                MACHINE,
                Some(last.id),
                "the machine's timeout ended the execution FAILED, not TIMED_OUT",
            );
        }
        return;
    }
    if execution.closed.is_none()
        && let Some(looked) = execution.last_looked(&view.reads)
        && looked - execution.started - due >= patience(view)
    {
        sink.violated(
            MACHINE,
            format!(
                "still RUNNING {} ms after its start, with a machine timeout of {limit} s",
                looked - execution.started
            ),
        );
    } else if execution.statuses.iter().any(|status| status.status == "TIMED_OUT") {
        sink.met(MACHINE);
    }
}

/// The whole number at a plain path such as `$.a.b`: `None` if the path is not plain, `Some(None)` if it leads nowhere.
#[expect(clippy::option_option, reason = "a path that is not plain and one that leads nowhere differ")]
pub(super) fn plain_path<'v>(path: &str, input: &'v Value) -> Option<Option<&'v Value>> {
    let rest = path.strip_prefix('$')?;
    if rest.is_empty() {
        return Some(Some(input));
    }
    let names: Vec<&str> = rest.strip_prefix('.')?.split('.').collect();
    let plain = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !names.iter().all(plain) {
        return None;
    }
    Some(names.iter().try_fold(input, |value, name| value.get(name)))
}

/// The effective input of a state whose input is not filtered, by its entered event.
pub(super) fn input_of(view: &View<'_>, execution: usize, visit: u64) -> Option<Value> {
    let event = view.history(execution)?.history.get(visit)?;
    serde_json::from_str(event.text("input")?).ok()
}

/// How an unresolved path may be named.
const NAMES: &[&str] = &["States.Runtime", "States.ParameterPathFailure"];

fn values(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt) else { continue };
        if state.jsonata
            || state.json.contains_key("TimeoutSecondsPath") && state.json.contains_key("InputPath")
        {
            continue;
        }
        let expected = if let Some(path) = state.text("TimeoutSecondsPath") {
            let input = attempt.visit.and_then(|visit| input_of(view, attempt.execution, visit));
            let Some(value) =
                input.as_ref().and_then(|input| plain_path(path, input).map(Option::<&Value>::cloned))
            else {
                continue;
            };
            match value {
                None => {
                    sink.violated(
                        PATH,
                        format!(
                            "state {} was scheduled though its TimeoutSecondsPath leads nowhere",
                            state.name
                        ),
                    );
                    continue;
                }
                Some(value) => match value.as_u64().filter(|n| (1..=99_999_999).contains(n)) {
                    Some(number) => Some(number),
                    None => continue,
                },
            }
        } else {
            state.json.get("TimeoutSeconds").and_then(Value::as_u64)
        };
        let row = if state.json.contains_key("TimeoutSecondsPath") { PATH } else { SHOWN };
        if expected == attempt.timeout {
            sink.met(row);
            if expected.is_none() {
                sink.met(NO_DEFAULT);
            }
        } else if expected.is_none() {
            sink.violated(
                NO_DEFAULT,
                format!("state {} has no timeout but TaskScheduled shows {:?}", state.name, attempt.timeout),
            );
        } else {
            sink.violated(
                row,
                format!(
                    "state {}: TaskScheduled shows timeout {:?}, expected {expected:?}",
                    state.name, attempt.timeout
                ),
            );
        }
    }
    for (index, execution) in view.executions.iter().enumerate() {
        let (Some(definition), Some(read)) =
            (&execution.definition, execution.best.and_then(|read| view.reads.get(read)))
        else {
            continue;
        };
        for event in read.history.events.iter().filter(|event| event.kind == "TaskStateEntered") {
            let Some(state) = event.text("name").and_then(|name| definition.states.get(name)) else {
                continue;
            };
            let Some(path) = state.text("TimeoutSecondsPath") else { continue };
            let Some(input) = input_of(view, index, event.id) else { continue };
            let missing = plain_path(path, &input) == Some(None) && !state.json.contains_key("InputPath");
            let Some(last) = read.terminal().filter(|_| missing) else { continue };
            let failed = last.kind == "ExecutionFailed"
                && last.text("error").is_some_and(|error| NAMES.contains(&error));
            sink.expect(PATH, failed, || {
                format!("an unresolved TimeoutSecondsPath ended with {} {:?}", last.kind, last.text("error"))
            });
        }
    }
}

fn caught(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| event.kind.ends_with("TimedOut")) else {
            continue;
        };
        let Some(exit) = attempt.followed.and_then(|index| events.get(index)).filter(|next| next.is_exited())
        else {
            continue;
        };
        let Some(state) = view.state_of(attempt).filter(|state| !state.jsonata) else { continue };
        let Some(output) = exit.text("output").and_then(|text| serde_json::from_str::<Value>(text).ok())
        else {
            continue;
        };
        // All catchers put the error output in the same place, or the place is not known.
        let mut paths: Vec<Option<&Value>> =
            state.catchers().iter().map(|catcher| catcher.get("ResultPath")).collect();
        paths.dedup();
        let [path] = paths.as_slice() else { continue };
        if state.json.contains_key("OutputPath") {
            continue;
        }
        let path = match path {
            None => "$",
            Some(Value::String(path)) => path.as_str(),
            Some(_) => continue,
        };
        let Some(error) = plain_path(path, &output) else { continue };
        let name = error.and_then(|error| error.get("Error")).and_then(Value::as_str);
        let cause = error.and_then(|error| error.get("Cause"));
        let lawful = name == event.text("error") || name == Some("States.Timeout");
        let bare = cause.is_none_or(|cause| cause.as_str() == Some("") || cause.is_null());
        sink.expect(CAUGHT, lawful && bare, || {
            format!("a caught timeout passed Error {name:?} and Cause {cause:?}")
        });
    }
}
