//! How long an answer is waited for, and that what never answers is not waited for in full each time: an operation, or, after so
//! many calls of any kind without one answer, the whole target.
//!
//! Invariant: where anything answers, an operation that has answered once keeps the whole patience, however slow it gets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use record::{Call, Operation};
use serde_json::Value;

/// So many calls of an operation have the whole patience, if none of them is answered.
const IN_FULL: u32 = 6;

/// So long the later ones wait.
const SHORT: Duration = Duration::from_secs(3);

/// After so many calls in a row without an answer, a target is mute: each call waits so long only, until one is answered.
const MUTE: [(u32, Duration); 2] = [(48, Duration::from_millis(300)), (16, SHORT)];

/// The patience of a run, shared by its workers.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    whole: Duration,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    /// How many calls of an operation stayed without an answer; `None` once one was answered.
    silent: BTreeMap<Operation, Option<u32>>,
    /// How many calls of any operation, since the last that was answered.
    in_a_row: u32,
}

impl Patience {
    /// `whole` is how long an answer may take beyond a long poll's wait.
    pub(crate) fn new(whole: Duration) -> Self {
        Self { whole, heard: Arc::default() }
    }

    /// How long this call is waited for.
    pub(crate) fn with(&self, call: &Call) -> Duration {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let never =
            heard.silent.get(&call.operation).copied().flatten().is_some_and(|calls| calls >= IN_FULL);
        let usual = long_poll(call) + if never { self.whole.min(SHORT) } else { self.whole };
        let mute = MUTE.into_iter().find(|(calls, _)| heard.in_a_row >= *calls);
        mute.map_or(usual, |(_, short)| usual.min(short))
    }

    /// Whether a call of this operation was answered in time.
    pub(crate) fn learns(&self, operation: Operation, answered: bool) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.in_a_row = if answered { 0 } else { heard.in_a_row.saturating_add(1) };
        let calls = heard.silent.entry(operation).or_insert(Some(0));
        *calls = if answered { None } else { calls.map(|calls| calls + 1) };
    }
}

/// How long the service may hold a call back by its own contract.
fn long_poll(call: &Call) -> Duration {
    match call.operation {
        // "The maximum time the service will hold on to the request before responding is 60 seconds": GetActivityTask, API
        // reference.
        Operation::GetActivityTask => Duration::from_secs(60),
        Operation::ReceiveMessage => {
            // Without the member, the queue's own ReceiveMessageWaitTimeSeconds counts: up to 20 seconds.
            let wait = call.input.get("WaitTimeSeconds").map_or(Some(20), Value::as_u64);
            Duration::from_secs(wait.unwrap_or(0).min(20))
        }
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_that_never_answers_is_given_up_sooner_until_it_answers() {
        let patience = Patience::new(Duration::from_secs(30));
        let call = Call::new(Operation::DescribeExecution, json!({}));
        for _ in 0..IN_FULL {
            assert_eq!(patience.with(&call), Duration::from_secs(30));
            patience.learns(call.operation, false);
        }
        assert_eq!(patience.with(&call), SHORT);
        assert_eq!(patience.with(&Call::new(Operation::StopExecution, json!({}))), Duration::from_secs(30));
        patience.learns(call.operation, true);
        patience.learns(call.operation, false);
        assert_eq!(patience.with(&call), Duration::from_secs(30));
    }

    #[test]
    fn a_target_that_answers_nothing_is_given_up_sooner_until_it_answers() {
        let patience = Patience::new(Duration::from_secs(30));
        let poll = Call::new(Operation::GetActivityTask, json!({}));
        patience.learns(poll.operation, true);
        assert_eq!(patience.with(&poll), Duration::from_secs(90));
        for (calls, short) in MUTE {
            for _ in 0..calls {
                patience.learns(Operation::StopExecution, false);
            }
            assert!(patience.with(&poll) <= short);
        }
        patience.learns(Operation::DescribeExecution, true);
        assert_eq!(patience.with(&poll), Duration::from_secs(90));
    }
}
