//! A million executions whose histories are dropped: the memory stays what it was.
//!
//! `cargo bench -p region --bench memory` prints the resident size (Linux) as it goes, and fails if it grows by a tenth.

mod desk;

use std::time::Duration;

use desk::Desk;
use serde_json::json;

const EXECUTIONS: u64 = 1_000_000;
/// How many pass between two looks.
const STRIDE: u64 = 100_000;

/// Resident size in MiB, 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

fn main() {
    let mut desk = Desk::new(&json!({ "TimeoutSeconds": 60 }));
    let mut first = None;
    for done in 1..=EXECUTIONS {
        desk.now = desk.now + Duration::from_millis(10);
        desk.token_case();
        if done % 1000 == 0 {
            desk.region.forget_closed();
        }
        if done % STRIDE == 0 {
            let now = resident();
            println!("{done} executions, {now} MiB");
            let before = *first.get_or_insert(now);
            assert!(now <= before + before / 10 + 2, "memory grew from {before} to {now} MiB");
        }
    }
}
