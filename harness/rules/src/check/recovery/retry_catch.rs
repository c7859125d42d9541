//! ERR-05, ERR-09..18, HB-11: what Retry and Catch make of a failure, how often and after which wait, by the attempts of
//! histories.

use std::collections::BTreeMap;

use record::Event;
use serde_json::Value;

use crate::check::recovery::error_equals::{
    BY_ALL, BY_NAME, BY_TASK_FAILED, MISSED_BEAT, Match, RUNTIME, TIMEOUT, met_by_refusal, names_timeout,
    takes, wrongly_taken,
};
use crate::check::recovery::failure::UNCAUGHT;
use crate::check::timers::task_timeout::{Limit, limit};
use crate::check::{Check, Group, Sink};
use crate::tolerance::{PATIENCE, slack};
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, StateView, View};

const ORDER: Check =
    Check::of("ERR-05", "first-matching-catcher-decides", "catchers are tried in array order");
const EXITS: Check = Check::of(
    "ERR-09",
    "caught-error-exits-the-state",
    "a caught error exits the state before the next is entered",
);
const RETRY_FIRST: Check =
    Check::of("ERR-10", "retry-comes-before-catch", "Catch applies once the matching retrier is exhausted");
const DEFAULTS: Check = Check::of(
    "ERR-11",
    "retry-defaults",
    "a retrier has IntervalSeconds 1, MaxAttempts 3, BackoffRate 2.0 unless it says otherwise",
);
const ZERO: Check =
    Check::of("ERR-12", "max-attempts-zero-never-retries", "MaxAttempts 0 means never retried");
const WAIT: Check = Check::of(
    "ERR-13",
    "retry-waits-long-enough",
    "the wait before retry n is at least Interval x Backoff^(n-1), capped by MaxDelaySeconds",
);
const JITTER: Check = Check::of(
    "ERR-14",
    "jitter-stays-below-the-wait",
    "JitterStrategy FULL waits no longer than without jitter",
);
const COUNTS: Check = Check::of(
    "ERR-15",
    "retrier-counts-over-the-visit",
    "a retrier's count spans the whole visit of the state",
);
const BOUND: Check =
    Check::of("ERR-16", "attempts-are-bounded", "a visit has at most 1 + the sum of MaxAttempts attempts");
const IN_PLACE: Check = Check::of(
    "ERR-18",
    "retry-schedules-without-entering",
    "a retry repeats TaskScheduled without another StateEntered",
);
const BEAT_ORDER: Check = Check::of(
    "HB-11",
    "first-of-both-timeout-names-decides",
    "with both names in different catchers the first in order decides",
);

pub(in crate::check) const GROUPS: &[Group] = &[Group {
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
}];

/// What happens after a failure.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum Then {
    Retry,
    Catch(Option<String>),
    Fail,
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
                    waited(definition, wait, counts[index], event, next, events, sink);
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
    by: Option<Check>,
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

/// What followed a failure.
pub(in crate::check) fn seen<'e>(attempt: &Attempt, events: &'e [Event]) -> Option<(Then, &'e Event)> {
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
    row: Check,
    what: &str,
    sink: &mut Sink,
) {
    let Some(read) = view.history(attempt.execution) else { return };
    if crate::check::timers::task_timeout::cut_short(view, attempt) {
        return;
    }
    let waited = read.begun - view.offset.latest(event.at);
    if waited as f64 - wait * 1000.0 >= crate::tolerance::patience(view) as f64 {
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

fn waited(
    retrier: &Value,
    wait: f64,
    n: u32,
    failed: &Event,
    next: &Event,
    events: &[Event],
    sink: &mut Sink,
) {
    let seen = next.at - failed.at;
    let due = (wait * 1000.0) as i64;
    let text = || format!("retry {n} came after {seen} ms, its wait is {due} ms");
    if retrier.get("JitterStrategy").and_then(Value::as_str) == Some("FULL") {
        sink.expect(JITTER, seen <= due.saturating_add(PATIENCE), text);
        return;
    }
    let defaults =
        retrier.get("IntervalSeconds").is_none() || (n > 1 && retrier.get("BackoffRate").is_none());
    if seen < due - slack(events, due) {
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
