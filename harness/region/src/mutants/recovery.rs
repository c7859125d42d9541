//! Retry and Catch, not to the letter.

use asl::{Recovery, TaskFailure};
use record::Time;
use serde_json::Value;

use super::Variant;
use crate::conduct::{Alarm, Clock};

pub(super) const VARIANTS: &[Variant] = &[
    variant!("retry-ignored", "Retry is never used", ["ERR-10"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if matches!(recovery, Recovery::Retry { .. }) {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
    variant!("retry-once-more", "an exhausted retrier is used once more", ["ERR-16"], { done: bool }, {
        fn recovery(&mut self, _: &TaskFailure, retries: u64, recovery: &mut Recovery) {
            if retries > 0 && !matches!(recovery, Recovery::Retry { .. }) && !std::mem::replace(&mut self.done, true) {
                *recovery = Recovery::Retry { retrier: 0, after_ms_max: 1_000, jitter: false };
            } else {
                self.done = false;
            }
        }
    }),
    variant!("retry-once-less", "a retrier stops one attempt too early", ["ERR-11"], {
        fn recovery(&mut self, failure: &TaskFailure, retries: u64, recovery: &mut Recovery) {
            if retries > 1 && matches!(recovery, Recovery::Retry { .. }) {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
    variant!("retry-at-once", "a retry does not wait", ["ERR-13"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            Some(if alarm.clock == Clock::Retry { alarm.from } else { alarm.due })
        }
    }),
    variant!("retry-without-backoff", "every retry waits one second", ["ERR-13"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Retry { after_ms_max, .. } = recovery {
                *after_ms_max = (*after_ms_max).min(1_000);
            }
        }
    }),
    variant!("catch-ignored", "Catch is never used", ["ERR-02", "E2E-02"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if matches!(recovery, Recovery::Caught { .. }) {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
    variant!(
        "missed-heartbeat-not-caught",
        "a missed heartbeat fails the execution whatever Catch says",
        ["HB-09", "HB-10"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if failure.origin == asl::Origin::MissedHeartbeat {
                    *recovery = Recovery::Uncaught(failure.clone());
                }
            }
        }
    ),
    variant!(
        "timeout-not-caught",
        "a timeout fails the execution whatever Catch says",
        ["TMO-10", "HB-10"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if failure.error.as_deref() == Some("States.Timeout") {
                    *recovery = Recovery::Uncaught(failure.clone());
                }
            }
        }
    ),
    variant!(
        "nameless-failure-not-caught",
        "a failure without a name fails the execution whatever Catch says",
        ["ERR-02"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if failure.error.is_none() {
                    *recovery = Recovery::Uncaught(failure.clone());
                }
            }
        }
    ),
    variant!("caught-error-replaces-the-input", "a catcher's ResultPath is ignored", ["ERR-07"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Caught { exit, .. } = recovery {
                exit.output = failure.error_output();
            }
        }
    }),
    variant!("caught-error-is-lost", "a catcher hands on nothing", ["ERR-07"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Caught { exit, .. } = recovery {
                exit.output = Value::Object(serde_json::Map::new());
            }
        }
    }),
];
