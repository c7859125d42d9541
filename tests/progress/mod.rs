//! How far a run in another process has come.

#![expect(clippy::disallowed_methods, reason = "what is waited for happens in another process")]

use std::path::Path;
use std::time::{Duration, Instant};

/// Waits until a run's directory shows that so many plans have run; most have not then.
pub(crate) fn await_cases(out: &Path, count: usize) {
    let events = out.join("run.jsonl");
    let deadline = Instant::now() + Duration::from_secs(120);
    while std::fs::read_to_string(&events).map_or(0, |text| text.matches(r#""event":"case""#).count()) < count
    {
        assert!(Instant::now() < deadline, "fewer than {count} plans have run in two minutes");
        std::thread::sleep(Duration::from_millis(50));
    }
}
