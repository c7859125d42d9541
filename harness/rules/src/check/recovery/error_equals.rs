//! ERR-01..03, ERR-20, HB-09, HB-10: which errors an `ErrorEquals` takes.
//!
//! Pure matching: what is done with a match is for `rescue` to say. Where no source decides, the answer is Maybe, and
//! accuses nobody.

use serde_json::Value;

use crate::check::timers::task_timeout::Limit;
use crate::check::{Check, Sink};
use crate::view::StateView;

pub(super) const BY_NAME: Check = Check::of(
    "ERR-01",
    "names-match-exactly",
    "an error name matches only itself or a wildcard, case included",
);
pub(super) const BY_ALL: Check = Check::of(
    "ERR-02",
    "all-matches-any-error",
    "States.ALL matches any error name, timeouts and nameless failures included",
);
pub(super) const BY_TASK_FAILED: Check = Check::of(
    "ERR-03",
    "task-failed-matches-all-but-timeout",
    "States.TaskFailed matches any error except States.Timeout",
);
pub(super) const RUNTIME: Check = Check::of(
    "ERR-20",
    "runtime-errors-are-not-taken",
    "States.Runtime is neither retried nor caught by States.ALL",
);
pub(super) const MISSED_BEAT: Check = Check::of(
    "HB-09",
    "heartbeat-timeout-matches-missed-beats-only",
    "States.HeartbeatTimeout matches a missed heartbeat and no total timeout",
);
pub(super) const TIMEOUT: Check = Check::of(
    "HB-10",
    "timeout-matches-both",
    "States.Timeout matches a total timeout and a missed heartbeat",
);

/// Whether an `ErrorEquals` takes an error, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Match {
    Yes(Check),
    No,
    Maybe,
}

pub(super) fn takes(rescuer: &Value, error: &str, timed_out: Option<Limit>) -> Match {
    let names = rescuer.get("ErrorEquals").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut maybe = false;
    for name in names.iter().filter_map(Value::as_str) {
        let found = match (name, timed_out) {
            ("States.Timeout", Some(_)) => Match::Yes(TIMEOUT),
            ("States.HeartbeatTimeout", Some(Limit::Heartbeat)) => Match::Yes(MISSED_BEAT),
            ("States.TaskFailed", Some(Limit::Total)) => Match::No,
            //
            ("States.HeartbeatTimeout", Some(Limit::Either)) | ("States.TaskFailed", Some(_)) => Match::Maybe,
            ("States.ALL", _) => match error {
                "States.Runtime" => Match::No,
                "States.DataLimitExceeded" => Match::Maybe,
                _ => Match::Yes(BY_ALL),
            },
            // Of a failure without a name it is only recorded that States.ALL takes it.
            ("States.TaskFailed", None) if error.is_empty() => Match::Maybe,
            ("States.TaskFailed", None) => match error {
                // Nothing says whether it matches a failure without a name.
                ""
                | "States.Timeout"
                | "States.HeartbeatTimeout"
                | "States.Runtime"
                | "States.DataLimitExceeded" => Match::Maybe,
                _ => Match::Yes(BY_TASK_FAILED),
            },
            // A failure that borrows a timeout's name: nothing says which rule it follows.
            (own, None) if own == error && error.starts_with("States.") => Match::Maybe,
            ("States.Timeout", None) if error == "States.HeartbeatTimeout" => Match::Maybe,
            (own, _) if own == error && timed_out.is_none() => Match::Yes(BY_NAME),
            _ => Match::No,
        };
        match found {
            Match::Yes(_) => return found,
            Match::Maybe => maybe = true,
            Match::No => {}
        }
    }
    if maybe { Match::Maybe } else { Match::No }
}

/// Met: names that had to leave this error alone did.
pub(super) fn met_by_refusal(state: &StateView, error: &str, timed_out: Option<Limit>, sink: &mut Sink) {
    for rescuer in state.catchers().iter().chain(state.retriers()) {
        for name in rescuer
            .get("ErrorEquals")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            match (name, timed_out) {
                ("States.HeartbeatTimeout", Some(Limit::Total)) => sink.met(MISSED_BEAT),
                ("States.TaskFailed", Some(Limit::Total)) => sink.met(BY_TASK_FAILED),
                (own, _)
                    if !own.starts_with("States.") && own.eq_ignore_ascii_case(error) && own != error =>
                {
                    sink.met(BY_NAME);
                }
                _ => {}
            }
        }
    }
}

pub(super) fn names_timeout(rescuer: &Value) -> bool {
    let names = rescuer.get("ErrorEquals").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .any(|name| matches!(name.as_str(), Some("States.Timeout" | "States.HeartbeatTimeout")))
}

/// The rule that a match which must not be breaks.
pub(super) fn wrongly_taken(rescuers: &[Value], error: &str, timed_out: Option<Limit>) -> Check {
    let names: Vec<&str> = rescuers
        .iter()
        .filter_map(|rescuer| rescuer.get("ErrorEquals").and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if timed_out == Some(Limit::Total) && names.contains(&"States.HeartbeatTimeout") {
        MISSED_BEAT
    } else if timed_out.is_some() && names.contains(&"States.TaskFailed") {
        BY_TASK_FAILED
    } else if error == "States.Runtime" {
        RUNTIME
    } else {
        BY_NAME
    }
}
