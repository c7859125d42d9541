//! The embedded region with a clock around it: calls at the clock's moments, long polls that wait.
//!
//! The region is synchronous; its lock is never held across an await. A poll asks again at the region's next event and
//! after every other call, since either may bring what it waits for, until its patience is over.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::Clock;
use record::{Call, Outcome, Time};
use region::{Answer, Region};
use tokio::sync::Notify;

/// A region and its clock.
pub(crate) struct Live<C> {
    region: Mutex<Region>,
    changed: Notify,
    pub(crate) clock: C,
}

impl<C: Clock> Live<C> {
    pub(crate) fn new(region: Region, clock: C) -> Self {
        Self { region: Mutex::new(region), changed: Notify::new(), clock }
    }

    /// Makes a call and waits for its answer.
    pub(crate) async fn call(&self, call: &Call) -> Outcome {
        let begun = self.clock.now();
        let mut deadline = None;
        loop {
            // Made before asking, so that no change between the answer and the wait is missed.
            let changed = self.changed.notified();
            let now = self.clock.now();
            let (next, patience) = match self.ask(call, now, deadline.is_some_and(|deadline| now >= deadline))
            {
                Asked::Answered(outcome) => {
                    self.changed.notify_waiters();
                    return outcome;
                }
                Asked::Waiting { next, patience } => (next, patience),
            };
            let deadline = *deadline.get_or_insert(begun + patience);
            let until = next.map_or(deadline, |next| next.min(deadline));
            // At least a millisecond, the region's resolution: a due event that leaves nothing to do must not spin.
            let wait = until.since(now).max(Duration::from_millis(1));
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep(wait) => {}
            }
        }
    }

    fn ask(&self, call: &Call, now: Time, is_last: bool) -> Asked {
        // A panic in the region would be a defect of it; the state is still whole enough to answer others.
        let mut region = self.region.lock().unwrap_or_else(PoisonError::into_inner);
        match region.call(now, call) {
            Answer::Now(outcome) => Asked::Answered(outcome),
            Answer::Later if is_last => Asked::Answered(region.give_up(now, call)),
            Answer::Later => Asked::Waiting { next: region.next_event(), patience: region.patience_of(call) },
        }
    }
}

/// What asking the region brought.
enum Asked {
    Answered(Outcome),
    /// A poll goes on: when the region next changes by itself, and how long the poll may last in all.
    Waiting {
        next: Option<Time>,
        patience: Duration,
    },
}
