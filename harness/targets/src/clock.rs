//! The two clocks: tokio's paused time for the embedded region, and the machine's.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{BoxFuture, Clock};
use record::Time;
use tokio::time::Instant;

/// Virtual time: it moves only when every task of the runtime waits. The runtime must have been started paused
/// (`tokio::runtime::Builder::start_paused`); on another runtime this clock runs at the pace of the machine's.
#[derive(Debug)]
pub struct VirtualClock {
    start: Time,
    base: OnceLock<Instant>,
}

impl VirtualClock {
    /// A clock that shows `start` when it is first read.
    pub fn starting_at(start: Time) -> Self {
        Self { start, base: OnceLock::new() }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Time {
        self.start + self.base.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(span))
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Time {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(span))
    }

    fn is_virtual(&self) -> bool {
        false
    }
}
