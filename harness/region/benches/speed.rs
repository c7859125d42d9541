//! How fast the region is in virtual time. What is counted: token cases, and heartbeats over a virtual year.
//!
//! `cargo bench -p region --bench speed`; figures are in `ci/SPEED.md`.

mod desk;

use desk::Desk;
use divan::Bencher;
use divan::counter::ItemsCount;
use record::{Operation, Time};
use serde_json::json;

fn main() {
    divan::main();
}

/// Start, deliver, answer, history: eight events and five calls each.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn token_cases(bencher: Bencher<'_, '_>) {
    const CASES: u64 = 2000;
    bencher.counter(ItemsCount::new(CASES)).with_inputs(|| Desk::new(&json!({}))).bench_local_values(
        |mut desk| {
            for _ in 0..CASES {
                desk.token_case();
            }
            desk
        },
    );
}

/// One task kept alive for a virtual year by a heartbeat every `minutes`.
#[divan::bench(args = [1, 10, 60], sample_count = 5, sample_size = 1)]
fn heartbeats_over_a_year(bencher: Bencher<'_, '_>, minutes: i64) {
    const YEAR: i64 = 365 * 24 * 60;
    let beats = (YEAR - 1) / minutes;
    let desk = || Desk::new(&json!({ "HeartbeatSeconds": minutes * 60 + 30 }));
    bencher.counter(ItemsCount::new(beats as u64)).with_inputs(desk).bench_local_values(|mut desk| {
        desk.start();
        let token = desk.take();
        for _ in 0..beats {
            desk.now = Time(desk.now.0 + minutes * 60_000);
            desk.ask(Operation::SendTaskHeartbeat, json!({ "taskToken": token }));
        }
        desk
    });
}
