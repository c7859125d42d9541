//! How exact a date is, and how long the suite waits before it calls a thing missing. All spans are milliseconds.
//!
//! Invariant: what a timer does too early is measured with an allowance of at most [`APART`], what it does too late only after
//! [`HANG`] or [`PATIENCE`]: AWS promises that no timer is early, and no latency.

use record::Event;

use crate::view::View;

/// So much may two clocks of the service differ, where each wrote one of two dates (an allowance of at most 1 s); also the slack of
/// dates that are cut to whole seconds.
pub(crate) const APART: i64 = 1_000;

/// So long may that take which AWS does at once: the start of a branch, the end of an iteration that is through.
pub(crate) const AT_ONCE: i64 = 4_000;

/// So long after the harness gave up waiting, or ever after ([`PATIENCE`]), what AWS promises must have happened.
pub(crate) const HANG: i64 = 10_000;

/// So long after it was due, in milliseconds, whatever AWS promises must be seen, also where nobody waited for it.
pub const PATIENCE: i64 = 30_000;

/// So many empty pages in a row may a list have before it counts as one without end.
pub const MOST_EMPTY_PAGES: usize = 10;

/// How long after a thing was due the case must have looked again before its absence is a violation.
pub(crate) fn patience(view: &View<'_>) -> i64 {
    if view.hung() { HANG } else { PATIENCE }
}

/// Milliseconds of a number of seconds.
pub(crate) fn seconds(seconds: u64) -> i64 {
    // Far beyond any timer, and small enough to be added to.
    i64::try_from(seconds.min(1 << 50)).unwrap_or(1 << 50).saturating_mul(1000)
}

/// How early a timer of so many milliseconds may be by the timestamps of a history.
pub(crate) fn slack(events: &[Event], bound: i64) -> i64 {
    if !events.is_empty() && events.iter().all(|event| event.at.0 % 1000 == 0) { APART } else { early(bound) }
}

/// How early a timer of so many milliseconds may be by dates that several clocks wrote.
pub(crate) fn early(bound: i64) -> i64 {
    (bound / 4).clamp(0, APART)
}
