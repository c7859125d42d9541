//! How many actors are busy at once: a plan begins only when there is room, and one that waits for a timer, or for what may never
//! come, takes none. So all timers of a run pass at the same time, and only the target's own speed is left.
//!
//! Who wakes up goes on at once, room or not: a worker that is late would make another plan of it.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The room of a run.
pub(crate) struct Slots {
    room: usize,
    busy: Mutex<usize>,
    freed: Notify,
}

impl Slots {
    /// Room for so many.
    pub(crate) fn new(room: usize) -> Self {
        Self { room: room.max(1), busy: Mutex::new(0), freed: Notify::new() }
    }

    /// Waits for room and takes it, until the value is dropped.
    pub(crate) async fn enter(&self) -> Room<'_> {
        loop {
            let freed = self.freed.notified();
            if self.change(|busy| {
                *busy < self.room && {
                    *busy += 1;
                    true
                }
            }) {
                return Room(self);
            }
            freed.await;
        }
    }

    /// Takes room that may not be there.
    pub(crate) fn press(&self, many: usize) {
        self.change(|busy| *busy += many);
    }

    /// Waits for something, leaving room for others.
    pub(crate) async fn idle<T>(&self, wait: impl Future<Output = T>) -> T {
        self.leave(1);
        let waited = wait.await;
        self.press(1);
        waited
    }

    /// Gives room back.
    pub(crate) fn leave(&self, many: usize) {
        self.change(|busy| *busy = busy.saturating_sub(many));
        for _ in 0..many {
            self.freed.notify_one();
        }
    }

    fn change<T>(&self, how: impl FnOnce(&mut usize) -> T) -> T {
        how(&mut self.busy.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The room of one plan.
pub(crate) struct Room<'a>(&'a Slots);

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.leave(1);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn who_waits_leaves_room_and_who_wakes_takes_it_back_at_once() {
        let slots = Slots::new(1);
        let mut context = Context::from_waker(Waker::noop());
        let first = pin!(slots.enter()).poll(&mut context);
        assert!(first.is_ready());
        let mut second = pin!(slots.enter());
        assert!(second.as_mut().poll(&mut context).is_pending());
        slots.leave(1); // the first waits
        let second = second.poll(&mut context);
        assert!(second.is_ready());
        slots.press(1); // the first wakes up
        let mut third = pin!(slots.enter());
        assert!(third.as_mut().poll(&mut context).is_pending());
        drop(second);
        assert!(third.as_mut().poll(&mut context).is_pending(), "the first is still there");
        drop(first);
        assert!(third.poll(&mut context).is_ready());
    }
}
