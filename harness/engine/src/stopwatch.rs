//! How long a run takes on the machine's clock: the one thing that is measured, not judged.

use std::time::Duration;

/// Runs from its making on.
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the elapsed time of a run is for people; no rule sees it")]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
