//! One seed, one record: whatever the number of workers, byte for byte.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use engine::Options;
use record::RunEvent;

fn recorded(jobs: usize, seed: u64) -> Vec<String> {
    let options = Options { jobs, seed, cases: Some(60), ..Options::default() };
    let (mut events, _) = embedded::run("embedded", &options);
    for event in &mut events {
        if let RunEvent::Finished { elapsed_s, .. } = event {
            *elapsed_s = 0.0;
        }
    }
    events.iter().map(|event| serde_json::to_string(event).expect("an event is JSON")).collect()
}

#[test]
fn one_worker_and_two_record_the_same_bytes() {
    assert_eq!(recorded(1, 7), recorded(2, 7));
}

#[test]
fn another_seed_records_something_else() {
    assert_ne!(recorded(2, 7), recorded(2, 8));
}
