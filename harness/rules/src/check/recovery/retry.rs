//! ERR-10..16: how often a failed attempt is tried again, and after which wait.

use record::Event;
use serde_json::Value;

use super::error_equals::BY_NAME;
use super::rescue::{Failure, Then};
use crate::check::{Check, Sink};
use crate::tolerance::{PATIENCE, slack};
use crate::view::{StateView, View};

pub(super) const RETRY_FIRST: Check =
    Check::of("ERR-10", "retry-comes-before-catch", "Catch applies once the matching retrier is exhausted");
pub(super) const DEFAULTS: Check = Check::of(
    "ERR-11",
    "retry-defaults",
    "a retrier has IntervalSeconds 1, MaxAttempts 3, BackoffRate 2.0 unless it says otherwise",
);
pub(super) const ZERO: Check =
    Check::of("ERR-12", "max-attempts-zero-never-retries", "MaxAttempts 0 means never retried");
pub(super) const WAIT: Check = Check::of(
    "ERR-13",
    "retry-waits-long-enough",
    "the wait before retry n is at least Interval x Backoff^(n-1), capped by MaxDelaySeconds",
);
pub(super) const JITTER: Check = Check::of(
    "ERR-14",
    "jitter-stays-below-the-wait",
    "JitterStrategy FULL waits no longer than without jitter",
);
pub(super) const DRAWN: Check = Check::of(
    "ERR-14",
    "jitter-is-drawn",
    "of many waits with JitterStrategy FULL one at least is shorter than without jitter",
);
pub(super) const COUNTS: Check = Check::of(
    "ERR-15",
    "retrier-counts-over-the-visit",
    "a retrier's count spans the whole visit of the state",
);
pub(super) const BOUND: Check =
    Check::of("ERR-16", "attempts-are-bounded", "a visit has at most 1 + the sum of MaxAttempts attempts");
pub(super) const IN_PLACE: Check = Check::of(
    "ERR-18",
    "retry-schedules-without-entering",
    "a retry repeats TaskScheduled without another StateEntered",
);

/// How often each retrier of a state was used in one visit.
pub(super) struct Retries<'s> {
    retriers: &'s [Value],
    counts: Vec<u32>,
}

impl<'s> Retries<'s> {
    pub(super) fn of(state: &'s StateView) -> Self {
        Self { retriers: state.retriers(), counts: vec![0; state.retriers().len()] }
    }

    /// Whether this retrier has attempts left.
    pub(super) fn are_left(&self, index: usize) -> bool {
        f64::from(self.times(index)) < self.retriers.get(index).map_or(3.0, most)
    }

    pub(super) fn count(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
    }

    fn times(&self, index: usize) -> u32 {
        self.counts.get(index).copied().unwrap_or_default()
    }

    fn are_mixed(&self) -> bool {
        self.counts.iter().filter(|count| **count > 0).count() > 1
    }
}

fn number(retrier: &Value, member: &str, default: f64) -> f64 {
    retrier.get(member).and_then(Value::as_f64).unwrap_or(default)
}

fn most(retrier: &Value) -> f64 {
    number(retrier, "MaxAttempts", 3.0)
}

/// Whether a retrier allows no retry at all.
pub(super) fn is_zero(retrier: &Value) -> bool {
    most(retrier) == 0.0
}

fn has_full_jitter(retrier: &Value) -> bool {
    retrier.get("JitterStrategy").and_then(Value::as_str) == Some("FULL")
}

/// However the failures follow each other, there are no more attempts than all retriers together allow.
pub(super) fn at_most(state: &StateView, attempts: usize, sink: &mut Sink) {
    let retriers = state.retriers();
    let allowed = 1.0 + retriers.iter().map(most).sum::<f64>();
    if attempts as f64 > allowed {
        let check = if retriers.iter().any(is_zero) && allowed < 1.5 { ZERO } else { BOUND };
        sink.violated(
            check,
            format!("state {}: {attempts} attempts, at most {allowed} are allowed", state.name),
        );
    } else if !retriers.is_empty() {
        sink.met(BOUND);
    }
}

/// A failure that a retrier takes and has attempts left for: false where no attempt follows.
pub(super) fn retried(
    failure: &Failure<'_>,
    used: &Retries<'_>,
    index: usize,
    by: Check,
    sink: &mut Sink,
) -> bool {
    let Some(retrier) = used.retriers.get(index) else { return true };
    let n = used.times(index);
    let wait = wait(retrier, n);
    match &failure.seen {
        Some((Then::Retry, next)) => {
            for check in [by, RETRY_FIRST, IN_PLACE] {
                sink.met(check);
            }
            if used.are_mixed() {
                sink.met(COUNTS);
            }
            if retrier.get("MaxAttempts").is_none() || retrier.get("BackoffRate").is_none() {
                sink.met(DEFAULTS);
            }
            waited(failure, retrier, n, next, sink);
            true
        }
        Some((then, next)) => {
            not_retried(failure, retrier, n, by, (then, next), sink);
            false
        }
        None => {
            failure.unfollowed(wait, if n == 1 { by } else { COUNTS }, "a retry", sink);
            if has_full_jitter(retrier) {
                failure.unfollowed(wait, JITTER, "a retry", sink);
            }
            false
        }
    }
}

/// So many waits of at least so many milliseconds are never all as long as without jitter, though every event be a quarter of a wait
/// late: a chance of one in sixteen million.
const MANY: usize = 12;
const LONG: i64 = 8_000;

/// The waits of a case that were drawn, where one retrier alone makes it certain which they are.
pub(super) fn drawn(view: &View<'_>, sink: &mut Sink) {
    let mut full = Vec::new();
    for again in view.attempts.iter().filter(|attempt| attempt.number > 0) {
        let Some([retrier]) = view.state_of(again).map(StateView::retriers) else { continue };
        let before = view.attempts.iter().find(|attempt| {
            attempt.execution == again.execution
                && attempt.visit == again.visit
                && attempt.number + 1 == again.number
        });
        let events = view.events(again);
        let failed = before.filter(|_| again.visit.is_some()).and_then(|attempt| attempt.end(events));
        let (Some(failed), Some(next)) = (failed, events.get(again.scheduled)) else { continue };
        let number = u32::try_from(again.number).unwrap_or(u32::MAX);
        let due = (wait(retrier, number) * 1000.0) as i64;
        if has_full_jitter(retrier) && due >= LONG {
            full.push(next.at - failed.at >= due - slack(events, due));
        }
    }
    if full.len() >= MANY {
        sink.expect(DRAWN, full.contains(&false), || {
            format!("each of {} waits with full jitter was as long as without", full.len())
        });
    }
}

/// The n-th retry of a retrier is due, but something else follows.
fn not_retried(
    failure: &Failure<'_>,
    retrier: &Value,
    n: u32,
    by: Check,
    (then, next): (&Then, &Event),
    sink: &mut Sink,
) {
    let (name, error) = (&failure.state.name, failure.error);
    let message = format!(
        "state {name}: {error:?} should be retried (retry {n} of its retrier), but {} follows",
        next.kind
    );
    let is_caught = matches!(then, Then::Catch(_));
    let re_entered = next.is_entered() && next.text("name") == Some(name.as_str());
    let check = match n {
        _ if re_entered => IN_PLACE,
        1 if is_caught && by == BY_NAME => RETRY_FIRST,
        1 => by,
        _ if retrier.get("MaxAttempts").is_none() => DEFAULTS,
        _ => COUNTS,
    };
    sink.violated_at(check, Some(next.id), message.clone());
    if is_caught && check != RETRY_FIRST && !re_entered {
        sink.violated_at(RETRY_FIRST, Some(next.id), message);
    }
}

/// The wait before the n-th retry of a retrier, in seconds, without jitter.
fn wait(retrier: &Value, n: u32) -> f64 {
    let interval = number(retrier, "IntervalSeconds", 1.0);
    let rate = number(retrier, "BackoffRate", 2.0);
    let wait = interval * rate.powi(i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX));
    retrier.get("MaxDelaySeconds").and_then(Value::as_f64).map_or(wait, |most| wait.min(most))
}

fn waited(failure: &Failure<'_>, retrier: &Value, n: u32, next: &Event, sink: &mut Sink) {
    let seen = next.at - failure.event.at;
    let due = (wait(retrier, n) * 1000.0) as i64;
    let text = || format!("retry {n} came after {seen} ms, its wait is {due} ms");
    if has_full_jitter(retrier) {
        sink.expect(JITTER, seen <= due.saturating_add(PATIENCE), text);
        return;
    }
    let defaults =
        retrier.get("IntervalSeconds").is_none() || (n > 1 && retrier.get("BackoffRate").is_none());
    if seen < due - slack(failure.events, due) {
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
