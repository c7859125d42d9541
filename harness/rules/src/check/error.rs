//! ERR and HB-09..11: which failures Retry and Catch take, how often and after which wait, by the attempts of histories.

use std::collections::BTreeMap;

use record::Event;
use serde_json::Value;

use super::life::{PATIENCE, slack};
use super::timeout::{Limit, limit, plain_path};
use super::{CheckRow, Group, Sink};
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, Effect, Pattern, StateView, Verb, View, same_json};

const BY_NAME: CheckRow =
    ("ERR-01", "names-match-exactly", "an error name matches only itself or a wildcard, case included");
const BY_ALL: CheckRow = (
    "ERR-02",
    "all-matches-any-error",
    "States.ALL matches any error name, timeouts and nameless failures included",
);
const BY_TASK_FAILED: CheckRow = (
    "ERR-03",
    "task-failed-matches-all-but-timeout",
    "States.TaskFailed matches any error except States.Timeout",
);
const RESERVED: CheckRow = (
    "ERR-04",
    "reserved-names-pass-or-are-refused",
    "a failure with a reserved name passes as given or is refused (A-11)",
);
const ORDER: CheckRow = ("ERR-05", "first-matching-catcher-decides", "catchers are tried in array order");
const UNCAUGHT: CheckRow = (
    "ERR-06",
    "uncaught-error-fails-the-execution",
    "without a match the task's error and cause fail the execution",
);
const PLACED: CheckRow = (
    "ERR-07",
    "error-output-is-placed",
    "the error output has Error and Cause and stands where ResultPath says",
);
const NAMELESS: CheckRow = (
    "ERR-08",
    "nameless-failure-passes-blank",
    "a failure without error passes null, absent or empty (A-09)",
);
const EXITS: CheckRow =
    ("ERR-09", "caught-error-exits-the-state", "a caught error exits the state before the next is entered");
const RETRY_FIRST: CheckRow =
    ("ERR-10", "retry-comes-before-catch", "Catch applies once the matching retrier is exhausted");
const DEFAULTS: CheckRow = (
    "ERR-11",
    "retry-defaults",
    "a retrier has IntervalSeconds 1, MaxAttempts 3, BackoffRate 2.0 unless it says otherwise",
);
const ZERO: CheckRow = ("ERR-12", "max-attempts-zero-never-retries", "MaxAttempts 0 means never retried");
const WAIT: CheckRow = (
    "ERR-13",
    "retry-waits-long-enough",
    "the wait before retry n is at least Interval x Backoff^(n-1), capped by MaxDelaySeconds",
);
const JITTER: CheckRow =
    ("ERR-14", "jitter-stays-below-the-wait", "JitterStrategy FULL waits no longer than without jitter");
const COUNTS: CheckRow =
    ("ERR-15", "retrier-counts-over-the-visit", "a retrier's count spans the whole visit of the state");
const BOUND: CheckRow =
    ("ERR-16", "attempts-are-bounded", "a visit has at most 1 + the sum of MaxAttempts attempts");
const IN_PLACE: CheckRow = (
    "ERR-18",
    "retry-schedules-without-entering",
    "a retry repeats TaskScheduled without another StateEntered",
);
const RUNTIME: CheckRow =
    ("ERR-20", "runtime-errors-are-not-taken", "States.Runtime is neither retried nor caught by States.ALL");
const TOO_LARGE: CheckRow = (
    "ERR-21",
    "data-limit-is-terminal-or-caught",
    "States.DataLimitExceeded fails the execution; of a task result it may be caught (A-20)",
);
const DENIED: CheckRow = (
    "ERR-22",
    "missing-permission-fails-the-task",
    "a task without permission fails with States.Permissions or a service error (A-15)",
);
const SERVICE: CheckRow = (
    "ERR-23",
    "service-errors-carry-their-service",
    "errors of optimized integrations are named Service.Exception",
);
const DESCRIBED: CheckRow = (
    "ERR-24",
    "describe-repeats-the-error",
    "DescribeExecution's error and cause are those of ExecutionFailed",
);
const SIBLINGS: CheckRow = (
    "ERR-26",
    "failed-branch-aborts-its-siblings",
    "after a branch failed no sibling task of it ends with success",
);
const MISSED_BEAT: CheckRow = (
    "HB-09",
    "heartbeat-timeout-matches-missed-beats-only",
    "States.HeartbeatTimeout matches a missed heartbeat and no total timeout",
);
const TIMEOUT: CheckRow =
    ("HB-10", "timeout-matches-both", "States.Timeout matches a total timeout and a missed heartbeat");
const BEAT_ORDER: CheckRow = (
    "HB-11",
    "first-of-both-timeout-names-decides",
    "with both names in different catchers the first in order decides",
);

pub(super) const GROUPS: &[Group] = &[
    Group {
        checks: &[
            BY_NAME,
            BY_ALL,
            BY_TASK_FAILED,
            ORDER,
            RETRY_FIRST,
            DEFAULTS,
            ZERO,
            WAIT,
            JITTER,
            COUNTS,
            BOUND,
            IN_PLACE,
            RUNTIME,
            MISSED_BEAT,
            TIMEOUT,
            BEAT_ORDER,
            EXITS,
        ],
        run: visits,
    },
    Group { checks: &[UNCAUGHT, SERVICE, DENIED, TOO_LARGE], run: failures },
    Group { checks: &[PLACED, NAMELESS], run: outputs },
    Group { checks: &[RUNTIME], run: runtime },
    Group { checks: &[RESERVED], run: reserved },
    Group { checks: &[DESCRIBED], run: described },
    Group { checks: &[SIBLINGS], run: siblings },
];

/// Whether an `ErrorEquals` takes an error, and by which rule.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Match {
    Yes(CheckRow),
    No,
    Maybe,
}

/// What happens after a failure.
#[derive(Clone, Debug, PartialEq)]
enum Then {
    Retry,
    Catch(Option<String>),
    Fail,
}

fn takes(rescuer: &Value, error: &str, timed_out: Option<Limit>) -> Match {
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

fn visits(view: &View<'_>, sink: &mut Sink) {
    let mut visits: BTreeMap<(usize, u64), Vec<&Attempt>> = BTreeMap::new();
    for attempt in &view.attempts {
        if let Some(visit) = attempt.visit {
            visits.entry((attempt.execution, visit)).or_default().push(attempt);
        }
    }
    for attempts in visits.values() {
        let Some(state) = attempts.first().and_then(|attempt| view.state_of(attempt)) else { continue };
        let redriven = attempts.first().is_some_and(|attempt| {
            view.events(attempt).iter().any(|event| event.kind == "ExecutionRedriven")
        });
        if !redriven {
            visit(view, state, attempts, sink);
        }
    }
}

fn number(retrier: &Value, member: &str, default: f64) -> f64 {
    retrier.get(member).and_then(Value::as_f64).unwrap_or(default)
}

fn visit(view: &View<'_>, state: &StateView, attempts: &[&Attempt], sink: &mut Sink) {
    let retriers = state.retriers();
    let mut counts = vec![0_u32; retriers.len()];
    let most: f64 = 1.0 + retriers.iter().map(|retrier| number(retrier, "MaxAttempts", 3.0)).sum::<f64>();
    if attempts.len() as f64 > most {
        let row = if retriers.iter().any(|r| number(r, "MaxAttempts", 3.0) == 0.0) && most < 1.5 {
            ZERO
        } else {
            BOUND
        };
        sink.violated(
            row,
            format!("state {}: {} attempts, at most {most} are allowed", state.name, attempts.len()),
        );
    } else if !retriers.is_empty() {
        sink.met(BOUND);
    }
    for attempt in attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| fails_attempt(&event.kind)) else { continue };
        let timed_out = event.kind.ends_with("TimedOut").then(|| limit(view, attempt, event));
        let error = event.text("error").unwrap_or_default();
        // Which retrier takes it.
        let mut retrier = None;
        let mut sure = true;
        for (index, candidate) in retriers.iter().enumerate() {
            match takes(candidate, error, timed_out) {
                Match::Yes(row) => {
                    retrier = Some((index, row));
                    break;
                }
                Match::Maybe => {
                    sure = false;
                    break;
                }
                Match::No => {}
            }
        }
        if !sure {
            return; // the counts cannot be known from here on
        }
        let seen = seen(attempt, events);
        let allowed = retrier.and_then(|(index, row)| {
            let max = retriers.get(index).map_or(3.0, |retrier| number(retrier, "MaxAttempts", 3.0));
            (f64::from(counts[index]) < max).then_some((index, row))
        });
        let exhausted = retrier.is_some() && allowed.is_none();
        if let Some((index, row)) = allowed {
            let Some(definition) = retriers.get(index) else { continue };
            counts[index] += 1;
            let wait = wait(definition, counts[index]);
            match seen {
                Some((Then::Retry, next)) => {
                    sink.met(row);
                    sink.met(RETRY_FIRST);
                    sink.met(IN_PLACE);
                    if retriers.len() > 1 && counts.iter().filter(|count| **count > 0).count() > 1 {
                        sink.met(COUNTS);
                    }
                    if definition.get("MaxAttempts").is_none() || definition.get("BackoffRate").is_none() {
                        sink.met(DEFAULTS);
                    }
                    waited(definition, wait, counts[index], event, next, slack(events), sink);
                }
                Some((then, next)) => {
                    let text = format!(
                        "state {}: {error:?} should be retried (retry {} of its retrier), but {} follows",
                        state.name, counts[index], next.kind
                    );
                    let re_entered = next.is_entered() && next.text("name") == Some(state.name.as_str());
                    let rule = if re_entered {
                        IN_PLACE
                    } else if counts[index] == 1 {
                        if matches!(then, Then::Catch(_)) && row == BY_NAME { RETRY_FIRST } else { row }
                    } else if definition.get("MaxAttempts").is_none() {
                        DEFAULTS
                    } else {
                        COUNTS
                    };
                    sink.violated_at(rule, Some(next.id), text.clone());
                    if matches!(then, Then::Catch(_)) && rule != RETRY_FIRST && !re_entered {
                        sink.violated_at(RETRY_FIRST, Some(next.id), text);
                    }
                    return;
                }
                None => {
                    nothing_follows(
                        view,
                        attempt,
                        event,
                        wait,
                        if counts[index] == 1 { row } else { COUNTS },
                        "a retry",
                        sink,
                    );
                    return;
                }
            }
            continue;
        }
        // No retrier takes it any more: the catchers.
        let mut expected = Then::Fail;
        let mut by = None;
        for catcher in state.catchers() {
            match takes(catcher, error, timed_out) {
                Match::Yes(row) => {
                    expected = Then::Catch(catcher.get("Next").and_then(Value::as_str).map(str::to_owned));
                    by = Some(row);
                    break;
                }
                Match::Maybe => return,
                Match::No => {}
            }
        }
        let Some((then, next)) = seen else {
            if !matches!(expected, Then::Fail) || state.inside.is_empty() {
                nothing_follows(view, attempt, event, 0.0, by.unwrap_or(UNCAUGHT), "an exit or an end", sink);
            }
            return;
        };
        judge_end(
            state,
            error,
            timed_out,
            &expected,
            by,
            &then,
            next,
            exhausted,
            retrier.map(|(index, _)| index),
            sink,
        );
        if next.is_entered() && !matches!(expected, Then::Fail) {
            sink.violated_at(
                EXITS,
                Some(next.id),
                format!("state {} is left after a caught error without an exit event", state.name),
            );
        }
        return;
    }
}

#[expect(clippy::too_many_arguments, reason = "one decision over everything that is known of it")]
fn judge_end(
    state: &StateView,
    error: &str,
    timed_out: Option<Limit>,
    expected: &Then,
    by: Option<CheckRow>,
    then: &Then,
    next: &Event,
    exhausted: bool,
    retrier: Option<usize>,
    sink: &mut Sink,
) {
    let id = Some(next.id);
    let text =
        format!("state {}: after {error:?} expected {expected:?}, saw {then:?} ({})", state.name, next.kind);
    let zero = retrier
        .and_then(|index| state.retriers().get(index))
        .is_some_and(|retrier| number(retrier, "MaxAttempts", 3.0) == 0.0);
    match (expected, then) {
        (Then::Retry, _) => {} // judged before
        (_, Then::Retry) => {
            let row = if zero {
                ZERO
            } else if exhausted {
                BOUND
            } else {
                wrongly_taken(state.retriers(), error, timed_out)
            };
            sink.violated_at(row, id, text);
        }
        (Then::Fail, Then::Fail) => {
            if zero {
                sink.met(ZERO);
            }
            met_by_refusal(state, error, timed_out, sink);
        }
        (Then::Fail, Then::Catch(_)) => {
            sink.violated_at(wrongly_taken(state.catchers(), error, timed_out), id, text);
        }
        (Then::Catch(_), Then::Fail) => {
            let row = if exhausted && by == Some(BY_NAME) { RETRY_FIRST } else { by.unwrap_or(UNCAUGHT) };
            sink.violated_at(row, id, text);
        }
        (Then::Catch(wanted), Then::Catch(got)) => {
            if let (Some(wanted), Some(got)) = (wanted, got)
                && wanted != got
            {
                let both =
                    timed_out.is_some() && state.catchers().iter().filter(|c| names_timeout(c)).count() > 1;
                sink.violated_at(if both { BEAT_ORDER } else { ORDER }, id, text);
                return;
            }
            if let Some(by) = by {
                sink.met(by);
            }
            sink.met(EXITS);
            if exhausted {
                sink.met(RETRY_FIRST);
            }
            if zero {
                sink.met(ZERO);
            }
            if state.catchers().len() > 1 {
                sink.met(ORDER);
                if timed_out.is_some() && state.catchers().iter().filter(|c| names_timeout(c)).count() > 1 {
                    sink.met(BEAT_ORDER);
                }
                met_by_refusal(state, error, timed_out, sink);
            }
        }
    }
}

/// Met: names that had to leave this error alone did.
fn met_by_refusal(state: &StateView, error: &str, timed_out: Option<Limit>, sink: &mut Sink) {
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

fn names_timeout(rescuer: &Value) -> bool {
    let names = rescuer.get("ErrorEquals").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .any(|name| matches!(name.as_str(), Some("States.Timeout" | "States.HeartbeatTimeout")))
}

/// The rule that a match which must not be breaks.
fn wrongly_taken(rescuers: &[Value], error: &str, timed_out: Option<Limit>) -> CheckRow {
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

/// What followed a failure.
fn seen<'e>(attempt: &Attempt, events: &'e [Event]) -> Option<(Then, &'e Event)> {
    let next = attempt.followed.and_then(|index| events.get(index))?;
    if next.kind.ends_with("Scheduled") {
        return Some((Then::Retry, next));
    }
    if next.is_exited() {
        let entered = events.iter().find(|event| event.previous == next.id && event.is_entered());
        return Some((Then::Catch(entered.and_then(|event| event.text("name")).map(str::to_owned)), next));
    }
    if next.is_entered() {
        return Some((Then::Catch(next.text("name").map(str::to_owned)), next));
    }
    Some((Then::Fail, next))
}

/// A failure after which nothing came for too long.
fn nothing_follows(
    view: &View<'_>,
    attempt: &Attempt,
    event: &Event,
    wait: f64,
    row: CheckRow,
    what: &str,
    sink: &mut Sink,
) {
    let Some(read) = view.history(attempt.execution) else { return };
    if super::timeout::cut_short(view, attempt) {
        return;
    }
    let waited = read.begun - view.offset.latest(event.at);
    if waited as f64 - wait * 1000.0 >= super::life::patience(view) as f64 {
        sink.violated_at(
            row,
            Some(event.id),
            format!("{what} should follow {} but nothing came for {waited} ms", event.kind),
        );
    }
}

/// The wait before the n-th retry of a retrier, in seconds, without jitter.
fn wait(retrier: &Value, n: u32) -> f64 {
    let interval = number(retrier, "IntervalSeconds", 1.0);
    let rate = number(retrier, "BackoffRate", 2.0);
    let wait = interval * rate.powi(i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX));
    retrier.get("MaxDelaySeconds").and_then(Value::as_f64).map_or(wait, |most| wait.min(most))
}

fn waited(retrier: &Value, wait: f64, n: u32, failed: &Event, next: &Event, slack: i64, sink: &mut Sink) {
    let seen = next.at - failed.at;
    let due = (wait * 1000.0) as i64;
    let text = || format!("retry {n} came after {seen} ms, its wait is {due} ms");
    if retrier.get("JitterStrategy").and_then(Value::as_str) == Some("FULL") {
        sink.expect(JITTER, seen <= due.saturating_add(PATIENCE), text);
        return;
    }
    let defaults =
        retrier.get("IntervalSeconds").is_none() || (n > 1 && retrier.get("BackoffRate").is_none());
    if seen < due - slack {
        sink.violated_at(if defaults { DEFAULTS } else { WAIT }, Some(next.id), text());
        if defaults {
            sink.violated_at(WAIT, Some(next.id), text());
        }
    } else if seen > due.saturating_add(PATIENCE) {
        sink.violated_at(WAIT, Some(next.id), text());
    } else {
        sink.met(WAIT);
    }
}

fn failures(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| fails_attempt(&event.kind)) else { continue };
        let error = event.text("error");
        if let Some(next) =
            attempt.followed.and_then(|index| events.get(index)).filter(|e| e.kind == "ExecutionFailed")
        {
            let same = next.text("error") == error && next.text("cause") == event.text("cause");
            if same {
                sink.met(UNCAUGHT);
            } else {
                sink.violated_at(
                    UNCAUGHT,
                    Some(next.id),
                    format!(
                        "{} has error {error:?}, ExecutionFailed has {:?} or another cause",
                        event.kind,
                        next.text("error")
                    ),
                );
            }
        }
        // A request that its service refused: no token was answered.
        let answered = attempt.token.and_then(|token| view.tokens.get(token)).is_some_and(|token| {
            view.operations_of(token).any(|op| op.verb != Verb::Heartbeat && op.effect != Effect::Rejected)
        });
        let answered = answered || view.answered_elsewhere && attempt.pattern == Pattern::Callback;
        let service =
            ["sqs", "sns"].into_iter().find(|service| attempt.resource.starts_with(&format!("{service}:")));
        if let Some(service) = service
            && !answered
            && attempt.submitted.is_none()
            && !event.kind.ends_with("TimedOut")
        {
            let name = error.unwrap_or_default();
            let prefix = format!("{}.", service.to_ascii_uppercase());
            if name == "States.Permissions"
                || name.contains("AccessDenied")
                || name.contains("AuthorizationError")
            {
                sink.observed(DENIED, format!("A-15: a missing permission is named {name}"));
            }
            if name == "States.DataLimitExceeded" {
                sink.met(TOO_LARGE);
            } else {
                let lawful =
                    name.starts_with(&prefix) && name.len() > prefix.len() || name == "States.Permissions";
                sink.expect(SERVICE, lawful || name == "States.Runtime", || {
                    format!("a failed {} is named {name:?}, not {prefix}…", attempt.resource)
                });
            }
        }
        if error == Some("States.DataLimitExceeded") {
            let next = attempt.followed.and_then(|index| events.get(index));
            match next.map(|next| next.kind.as_str()) {
                Some("ExecutionFailed") => {
                    sink.observed(TOO_LARGE, "A-20: a result that is too large fails the execution");
                }
                Some(kind) if kind.ends_with("StateExited") => {
                    sink.observed(TOO_LARGE, "A-20: a result that is too large is caught");
                }
                _ => {}
            }
        }
    }
    for last in view.reads.iter().filter_map(|read| read.terminal()) {
        if last.kind == "ExecutionFailed" && last.text("error") == Some("States.DataLimitExceeded") {
            sink.observed(TOO_LARGE, "A-20: data beyond the limit fail the execution");
        }
    }
}

fn outputs(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let events = view.events(attempt);
        let Some(event) = attempt.end(events).filter(|event| fails_attempt(&event.kind)) else { continue };
        let Some(exit) = attempt.followed.and_then(|index| events.get(index)).filter(|e| e.is_exited())
        else {
            continue;
        };
        let Some(state) =
            view.state_of(attempt).filter(|state| !state.jsonata && !state.json.contains_key("OutputPath"))
        else {
            continue;
        };
        let Some(Then::Catch(Some(target))) = seen(attempt, events).map(|(then, _)| then) else { continue };
        let mut places =
            state.catchers().iter().filter(|c| c.get("Next").and_then(Value::as_str) == Some(&target));
        let Some(catcher) = places.next() else { continue };
        if places.any(|other| other.get("ResultPath") != catcher.get("ResultPath"))
            || catcher.get("Assign").is_some()
        {
            continue;
        }
        let read = |text: Option<&str>| text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(output) = read(exit.text("output")) else { continue };
        let input = attempt
            .visit
            .and_then(|visit| events.iter().find(|e| e.id == visit))
            .and_then(|e| read(e.text("input")));
        let path = match catcher.get("ResultPath") {
            None => "$",
            Some(Value::String(path)) => path.as_str(),
            Some(_) => {
                if let Some(input) = &input {
                    sink.expect(PLACED, same_json(input, &output), || {
                        "a catcher with ResultPath null changed the input".to_owned()
                    });
                }
                continue;
            }
        };
        let Some(found) = plain_path(path, &output) else { continue };
        let id = Some(exit.id);
        let Some(Value::Object(members)) = found else {
            sink.violated_at(
                PLACED,
                id,
                format!("no error output at {path} of what state {} passed on", state.name),
            );
            continue;
        };
        let extra = members.keys().find(|key| !matches!(key.as_str(), "Error" | "Cause"));
        if let Some(extra) = extra {
            sink.violated_at(PLACED, id, format!("the error output has a member {extra}"));
            continue;
        }
        let blank =
            |value: Option<&Value>| value.is_none_or(|value| value.is_null() || value.as_str() == Some(""));
        let error = members.get("Error");
        let fits = match event.text("error") {
            Some(name) if !name.is_empty() => {
                error.and_then(Value::as_str) == Some(name)
                    || (event.kind.ends_with("TimedOut")
                        && matches!(
                            error.and_then(Value::as_str),
                            Some("States.Timeout" | "States.HeartbeatTimeout")
                        ))
            }
            _ => blank(error),
        };
        let cause_fits = match event.text("cause") {
            Some(cause) if !cause.is_empty() => members.get("Cause").and_then(Value::as_str) == Some(cause),
            _ => blank(members.get("Cause")),
        };
        if event.text("error").is_none() && event.text("cause").is_none() {
            if fits && cause_fits {
                let how = match error {
                    None => "absent",
                    Some(Value::Null) => "null",
                    Some(_) => "empty",
                };
                sink.observed(NAMELESS, format!("A-09: the Error of a nameless failure is {how}"));
            } else {
                sink.violated_at(NAMELESS, id, format!("a nameless failure passed Error {error:?}"));
            }
        }
        if !(fits && cause_fits) {
            sink.violated_at(
                PLACED,
                id,
                format!(
                    "the error output has Error {error:?}, the task failed with {:?}",
                    event.text("error")
                ),
            );
            continue;
        }
        // What stands beside the error output is the input.
        if path != "$"
            && let (Some(Value::Object(input)), Value::Object(output)) = (&input, &output)
        {
            let place = path.trim_start_matches("$.").split('.').next().unwrap_or_default();
            let kept = input
                .iter()
                .filter(|(key, _)| *key != place)
                .all(|(key, value)| output.get(key).is_some_and(|o| same_json(o, value)));
            let grown = output.keys().any(|key| key != place && !input.contains_key(key));
            sink.expect(PLACED, kept && !grown, || {
                format!("a catcher with ResultPath {path} did not keep the input beside it")
            });
        } else {
            sink.met(PLACED);
        }
    }
}

/// Errors that come of the state itself, before any task is scheduled.
fn runtime(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let Some(read) = execution.best.and_then(|read| view.reads.get(read)) else { continue };
        let Some(definition) = &execution.definition else { continue };
        let events = &read.history.events;
        for event in events
            .iter()
            .filter(|event| event.kind == "ExecutionFailed" && event.text("error") == Some("States.Runtime"))
        {
            let entered = events.iter().find(|other| other.id == event.previous && other.is_entered());
            let state =
                entered.and_then(|entered| entered.text("name")).and_then(|name| definition.states.get(name));
            if state.is_some_and(|state| !state.catchers().is_empty() || !state.retriers().is_empty()) {
                sink.met(RUNTIME);
            }
        }
        for exit in events.iter().filter(|event| event.kind == "TaskStateExited") {
            let from = events.iter().find(|other| other.id == exit.previous);
            if from.is_some_and(|from| from.kind == "TaskStateEntered")
                && exit.text("output").is_some_and(|output| output.contains("\"States.Runtime\""))
            {
                sink.violated_at(RUNTIME, Some(exit.id), "States.Runtime was caught");
            }
        }
    }
}

fn reserved(view: &View<'_>, sink: &mut Sink) {
    for operation in view.operations.iter().filter(|op| op.verb == Verb::Failure) {
        let Some(call) = view.call_of(operation) else { continue };
        if !call.text("error").is_some_and(|error| error.starts_with("States.")) {
            continue;
        }
        match (operation.effect, call.answer.code()) {
            (Effect::Accepted, _) => sink.observed(RESERVED, "A-11: a reserved name is taken as given"),
            (_, Some("ValidationException")) => sink.observed(RESERVED, "A-11: a reserved name is refused"),
            _ => {}
        }
    }
}

fn described(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let Some(event) =
            execution.best.and_then(|read| view.reads.get(read)).and_then(|read| read.terminal())
        else {
            continue;
        };
        if event.kind != "ExecutionFailed" {
            continue;
        }
        for status in execution.statuses.iter().filter(|status| status.status == "FAILED" && !status.listed) {
            for member in ["error", "cause"] {
                let shown = status.body.get(member).and_then(Value::as_str);
                sink.expect(DESCRIBED, shown == event.text(member), || {
                    format!(
                        "DescribeExecution has {member} {shown:?}, ExecutionFailed has {:?}",
                        event.text(member)
                    )
                });
            }
        }
    }
}

fn siblings(view: &View<'_>, sink: &mut Sink) {
    for attempt in &view.attempts {
        let Some(state) = view.state_of(attempt).filter(|state| state.inside.len() == 1) else { continue };
        let around = state.inside.first();
        let events = view.events(attempt);
        let failed = events
            .iter()
            .enumerate()
            .skip(attempt.scheduled)
            .find(|(_, event)| matches!(event.kind.as_str(), "ParallelStateFailed" | "MapStateFailed"));
        let Some((failed, event)) = failed else { continue };
        let _ = around;
        match attempt.ended {
            Some(ended)
                if ended > failed && events.get(ended).is_some_and(|end| end.kind.ends_with("Succeeded")) =>
            {
                sink.violated_at(
                    SIBLINGS,
                    Some(event.id),
                    format!("state {} succeeded after its Parallel or Map had failed", state.name),
                );
            }
            None => sink.met(SIBLINGS),
            Some(_) => {}
        }
    }
}
