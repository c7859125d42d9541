//! What happens by itself, in the order of its moments; things of one moment in the order in which they were set.

use std::collections::BTreeMap;

use record::Time;

/// The place of a timer; good for cancelling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    due: Time,
    sequence: u64,
}

/// Pending timers with what each does.
#[derive(Debug)]
pub(crate) struct Timers<T> {
    pending: BTreeMap<TimerKey, T>,
    sequence: u64,
}

impl<T> Timers<T> {
    pub(crate) fn new() -> Self {
        Self { pending: BTreeMap::new(), sequence: 0 }
    }

    pub(crate) fn set(&mut self, due: Time, what: T) -> TimerKey {
        self.sequence += 1;
        let key = TimerKey { due, sequence: self.sequence };
        self.pending.insert(key, what);
        key
    }

    pub(crate) fn cancel(&mut self, key: TimerKey) {
        self.pending.remove(&key);
    }

    /// Whether this timer is still to fire, at this moment.
    pub(crate) fn is_due_at(&self, key: TimerKey, now: Time) -> bool {
        key.due == now && self.pending.contains_key(&key)
    }

    pub(crate) fn next(&self) -> Option<Time> {
        self.pending.keys().next().map(|key| key.due)
    }

    /// Takes the first timer that is due by `now`.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<(Time, T)> {
        if self.next()? > now {
            return None;
        }
        self.pending.pop_first().map(|(key, what)| (key.due, what))
    }
}
