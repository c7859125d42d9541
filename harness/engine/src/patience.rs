//! What passes by itself, and how long the harness waits for things.

use std::time::Duration;

use record::ApiError;

use crate::{Clock, Target};

/// How long something that was just made may still be unknown: a new queue for a second (CreateQueue of the SQS API), a new machine
/// for a short while that AWS gives no number for (DEF-26).
pub(crate) const UNKNOWN_AT_FIRST: Duration = Duration::from_secs(5);

/// Whether an error says that what was asked for is not there.
pub(crate) fn is_not_found(error: &ApiError) -> bool {
    ["NotExist", "NonExistent", "NotFound"].iter().any(|words| error.code.contains(words))
}

/// How long after the plan's own timers a thing may take before the wait is given up: beyond what the rules call a hang
/// (10 s) on the machine's clock; in virtual time patience costs nothing.
pub(crate) fn allowance(clock: &dyn Clock) -> Duration {
    Duration::from_secs(if clock.is_virtual() { 60 } else { 12 })
}

/// The pauses between polls: short at first, then longer.
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(crate) fn new(target: &dyn Target) -> Self {
        if target.traits().is_metered {
            Self { next: Duration::from_millis(500), longest: Duration::from_secs(4) }
        } else if target.clock().is_virtual() {
            Self { next: Duration::from_millis(20), longest: Duration::from_millis(500) }
        } else {
            Self { next: Duration::from_millis(25), longest: Duration::from_millis(500) }
        }
    }

    /// The next pause after a call that took so long: a slow target is asked less often.
    pub(crate) fn after(&mut self, took: Duration) -> Duration {
        self.next().max(took * 3)
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (self.next * 3 / 2).min(self.longest);
        pause
    }
}
