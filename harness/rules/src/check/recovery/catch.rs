//! ERR-05, ERR-09, HB-11: a failure that is not tried again is caught by the first Catcher that takes it, or fails its scope.

use record::Event;
use serde_json::Value;

use super::error_equals::{BY_NAME, met_by_refusal, names_timeout, wrongly_taken};
use super::failure::UNCAUGHT;
use super::rescue::{Failure, Taker, Then};
use super::retry::{BOUND, RETRY_FIRST, ZERO, is_zero};
use crate::check::{Check, Sink};

pub(super) const ORDER: Check =
    Check::of("ERR-05", "first-matching-catcher-decides", "catchers are tried in array order");
pub(super) const EXITS: Check = Check::of(
    "ERR-09",
    "caught-error-exits-the-state",
    "a caught error exits the state before the next is entered",
);
pub(super) const BEAT_ORDER: Check = Check::of(
    "HB-11",
    "first-of-both-timeout-names-decides",
    "with both names in different catchers the first in order decides",
);

/// What must become of a failure that no retrier takes any more.
struct Expected {
    then: Then,
    /// The check by which a Catcher takes it.
    by: Option<Check>,
    /// A retrier took it before.
    exhausted: bool,
    /// That retrier allows no retry at all.
    zero: bool,
}

impl Expected {
    /// None where no source decides it.
    fn of(failure: &Failure<'_>, retrier: Option<usize>) -> Option<Self> {
        let catchers = failure.state.catchers();
        let (then, by) = match failure.taker(catchers) {
            Taker::Open => return None,
            Taker::Nobody => (Then::Fail, None),
            Taker::One(index, by) => {
                let next =
                    catchers.get(index).and_then(|catcher| catcher.get("Next")).and_then(Value::as_str);
                (Then::Catch(next.map(str::to_owned)), Some(by))
            }
        };
        let zero = retrier.and_then(|index| failure.state.retriers().get(index)).is_some_and(is_zero);
        Some(Self { then, by, exhausted: retrier.is_some(), zero })
    }
}

/// A failure that no retrier takes, or whose retrier, at this index, is used up.
pub(super) fn given_up(failure: &Failure<'_>, retrier: Option<usize>, sink: &mut Sink) {
    let Some(expected) = Expected::of(failure, retrier) else { return };
    let fails = expected.then == Then::Fail;
    let Some((then, next)) = &failure.seen else {
        if !fails || failure.state.inside.is_empty() {
            failure.unfollowed(0.0, expected.by.unwrap_or(UNCAUGHT), "an exit or an end", sink);
        }
        return;
    };
    followed(failure, &expected, then, next, sink);
    if next.is_entered() && !fails {
        let message =
            format!("state {} is left after a caught error without an exit event", failure.state.name);
        sink.violated_at(EXITS, Some(next.id), message);
    }
}

/// Compares what follows with what must.
fn followed(failure: &Failure<'_>, expected: &Expected, then: &Then, next: &Event, sink: &mut Sink) {
    let Failure { state, error, timed_out, .. } = *failure;
    let Expected { by, exhausted, zero, .. } = *expected;
    let broken =
        match (&expected.then, then) {
            (_, Then::Retry) if zero => ZERO,
            (_, Then::Retry) if exhausted => BOUND,
            (_, Then::Retry) => wrongly_taken(state.retriers(), error, timed_out),
            (Then::Fail, Then::Catch(_)) => wrongly_taken(state.catchers(), error, timed_out),
            (Then::Catch(_), Then::Fail) if exhausted && by == Some(BY_NAME) => RETRY_FIRST,
            (Then::Catch(_), Then::Fail) => by.unwrap_or(UNCAUGHT),
            (Then::Catch(Some(wanted)), Then::Catch(Some(got))) if wanted != got => {
                if has_both_names(failure) { BEAT_ORDER } else { ORDER }
            }
            (Then::Catch(_), Then::Catch(_)) => return caught(failure, expected, sink),
            (Then::Fail | Then::Retry, _) => {
                if zero {
                    sink.met(ZERO);
                }
                return met_by_refusal(state, error, timed_out, sink);
            }
        };
    let message = format!(
        "state {}: after {error:?} expected {}, saw {then} ({})",
        state.name, expected.then, next.kind
    );
    sink.violated_at(broken, Some(next.id), message);
}

/// The right Catcher took it.
fn caught(failure: &Failure<'_>, expected: &Expected, sink: &mut Sink) {
    let several = failure.state.catchers().len() > 1;
    let met = [
        (expected.by, true),
        (Some(EXITS), true),
        (Some(RETRY_FIRST), expected.exhausted),
        (Some(ZERO), expected.zero),
        (Some(ORDER), several),
        (Some(BEAT_ORDER), several && has_both_names(failure)),
    ];
    for check in met.into_iter().filter(|(_, is_met)| *is_met).filter_map(|(check, _)| check) {
        sink.met(check);
    }
    if several {
        met_by_refusal(failure.state, failure.error, failure.timed_out, sink);
    }
}

/// Whether a timeout meets Catchers that name it in several ways.
fn has_both_names(failure: &Failure<'_>) -> bool {
    failure.timed_out.is_some() && failure.state.catchers().iter().filter(|c| names_timeout(c)).count() > 1
}
