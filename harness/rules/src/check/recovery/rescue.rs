//! What Retry and Catch make of the failures of a visit to a Task state, by the attempts of histories: who takes a failure,
//! and which of the two judges what follows.
//!
//! Visits that a redrive touched are left alone: their counts begin anew (RED-03). Where no source says whether a name takes an
//! error, the rest of the visit accuses nobody.

use std::collections::BTreeMap;
use std::fmt;

use record::Event;
use serde_json::Value;

use super::catch::given_up;
use super::error_equals::{Match, takes};
use super::retry::{Retries, at_most, retried};
use super::{catch, error_equals, retry};
use crate::check::timers::task_timeout::{Limit, cut_short, limit};
use crate::check::{Check, Group, Sink};
use crate::tolerance::patience;
use crate::view::attempt::fails_attempt;
use crate::view::{Attempt, StateView, View};

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[retry::DRAWN], run: retry::drawn },
    Group {
        checks: &[
            retry::RETRY_FIRST,
            retry::DEFAULTS,
            retry::ZERO,
            retry::WAIT,
            retry::JITTER,
            retry::COUNTS,
            retry::BOUND,
            retry::IN_PLACE,
            catch::ORDER,
            catch::EXITS,
            catch::BEAT_ORDER,
            error_equals::BY_NAME,
            error_equals::BY_ALL,
            error_equals::BY_TASK_FAILED,
            error_equals::RUNTIME,
            error_equals::MISSED_BEAT,
            error_equals::TIMEOUT,
        ],
        run: visits,
    },
];

/// What happens after a failure.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Then {
    Retry,
    /// The state was left, to this state where that is known.
    Catch(Option<String>),
    Fail,
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry => f.write_str("a retry"),
            Self::Catch(Some(state)) => write!(f, "the Catcher to {state:?}"),
            Self::Catch(None) => f.write_str("a Catcher"),
            Self::Fail => f.write_str("a failure"),
        }
    }
}

/// A failure of an attempt, and what the history shows after it.
pub(super) struct Failure<'v> {
    view: &'v View<'v>,
    attempt: &'v Attempt,
    pub(super) state: &'v StateView,
    pub(super) events: &'v [Event],
    /// The event that failed the attempt.
    pub(super) event: &'v Event,
    pub(super) error: &'v str,
    /// The limit that it exceeded, if it timed out.
    pub(super) timed_out: Option<Limit>,
    pub(super) seen: Option<(Then, &'v Event)>,
}

/// Who takes a failure.
pub(super) enum Taker {
    /// The one at this index, by this check.
    One(usize, Check),
    Nobody,
    /// No source decides it.
    Open,
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

fn visit(view: &View<'_>, state: &StateView, attempts: &[&Attempt], sink: &mut Sink) {
    at_most(state, attempts.len(), sink);
    let mut retries = Retries::of(state);
    for attempt in attempts {
        let Some(failure) = Failure::of(view, state, attempt) else { continue };
        match failure.taker(state.retriers()) {
            // The counts cannot be known from here on.
            Taker::Open => return,
            Taker::One(index, by) if retries.are_left(index) => {
                retries.count(index);
                if !retried(&failure, &retries, index, by, sink) {
                    return;
                }
            }
            Taker::One(index, _) => return given_up(&failure, Some(index), sink),
            Taker::Nobody => return given_up(&failure, None, sink),
        }
    }
}

impl<'v> Failure<'v> {
    /// None where the attempt did not fail.
    fn of(view: &'v View<'v>, state: &'v StateView, attempt: &'v Attempt) -> Option<Self> {
        let events = view.events(attempt);
        let event = attempt.end(events).filter(|event| fails_attempt(&event.kind))?;
        Some(Self {
            view,
            attempt,
            state,
            events,
            event,
            error: event.text("error").unwrap_or_default(),
            timed_out: event.is_timeout().then(|| limit(view, attempt, event)),
            seen: seen(attempt, events),
        })
    }

    /// The first of these retriers or catchers that takes it.
    pub(super) fn taker(&self, rescuers: &[Value]) -> Taker {
        for (index, rescuer) in rescuers.iter().enumerate() {
            match takes(rescuer, self.error, self.timed_out) {
                Match::Yes(by) => return Taker::One(index, by),
                Match::Maybe => return Taker::Open,
                Match::No => {}
            }
        }
        Taker::Nobody
    }

    /// Nothing came after it: broken if it was due so many seconds after it, and was waited for.
    pub(super) fn unfollowed(&self, wait: f64, by: Check, what: &str, sink: &mut Sink) {
        let Some(read) = self.view.history(self.attempt.execution) else { return };
        if cut_short(self.view, self.attempt) {
            return;
        }
        let waited = read.begun - self.view.offset.latest(self.event.at);
        if waited as f64 - wait * 1000.0 >= patience(self.view) as f64 {
            let message =
                format!("{what} should follow {} but nothing came for {waited} ms", self.event.kind);
            sink.violated_at(by, Some(self.event.id), message);
        }
    }
}

/// What followed a failure.
pub(super) fn seen<'e>(attempt: &Attempt, events: &'e [Event]) -> Option<(Then, &'e Event)> {
    let next = attempt.followed.and_then(|index| events.get(index))?;
    if next.is_scheduled() {
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
