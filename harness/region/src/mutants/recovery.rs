//! Retry and Catch, not to the letter.

use asl::{Origin, Recovery, TaskFailure};
use record::Time;
use serde_json::Value;

use super::Variant;
use crate::conduct::{Alarm, Clock, Draft};

pub(super) const VARIANTS: &[Variant] = &[
    variant!("retry-ignored", "Retry is never used", ["ERR-10"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if matches!(recovery, Recovery::Retry { .. }) {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
    variant!("retry-once-more", "an exhausted retrier is used once more", ["ERR-16", "ERR-19"], { done: bool }, {
        fn recovery(&mut self, _: &TaskFailure, retries: u64, recovery: &mut Recovery) {
            if retries > 0 && !matches!(recovery, Recovery::Retry { .. }) && !std::mem::replace(&mut self.done, true) {
                *recovery = Recovery::Retry { retrier: 0, after_ms_max: 1_000, jitter: false };
            } else {
                self.done = false;
            }
        }
    }),
    variant!("retry-once-less", "a retrier stops one attempt too early", ["ERR-11", "ERR-15"], {
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
    variant!("retry-interval-is-one", "IntervalSeconds of more than one is taken as one", ["ERR-13"], {
        fn recovery(&mut self, _: &TaskFailure, retries: u64, recovery: &mut Recovery) {
            if let Recovery::Retry { after_ms_max, .. } = recovery {
                *after_ms_max = (*after_ms_max).min(1_000 << retries.saturating_sub(1).min(20));
            }
        }
    }),
    variant!("retry-without-backoff", "every retry waits one second", ["ERR-13"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Retry { after_ms_max, .. } = recovery {
                *after_ms_max = (*after_ms_max).min(1_000);
            }
        }
    }),
    variant!(
        "catch-ignored",
        "Catch is never used",
        ["ERR-02", "E2E-02", "E2E-04", "ERR-01", "ERR-03", "ERR-05"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if matches!(recovery, Recovery::Caught { .. }) {
                    *recovery = Recovery::Uncaught(failure.clone());
                }
            }
        }
    ),
    variant!(
        "missed-heartbeat-not-caught",
        "a missed heartbeat fails the execution whatever Catch says",
        ["HB-09", "HB-10"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if failure.origin == Origin::MissedHeartbeat {
                    *recovery = Recovery::Uncaught(failure.clone());
                }
            }
        }
    ),
    variant!("timeout-not-caught", "a timeout fails the execution whatever Catch says", ["HB-10"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if failure.error.as_deref() == Some("States.Timeout") {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
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
    variant!("caught-error-replaces-the-input", "a catcher's ResultPath is ignored", ["ERR-07", "HIS-29"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Caught { exit, .. } = recovery {
                exit.output = failure.error_output();
            }
        }
    }),
    variant!("caught-error-is-lost", "a catcher hands on nothing", ["ERR-07", "E2E-07"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Caught { exit, .. } = recovery {
                exit.output = Value::Object(serde_json::Map::new());
            }
        }
    }),
    variant!(
        "nameless-failure-gets-a-name",
        "a caught failure without a name is handed on with one",
        ["ERR-08"],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if let (Recovery::Caught { exit, .. }, None, None) =
                    (recovery, &failure.error, &failure.cause)
                {
                    reword(&mut exit.output, "\"Error\":null", "\"Error\":\"UnknownError\"");
                }
            }
        }
    ),
    variant!(
        "caught-error-leaves-no-exit",
        "a state whose failure was caught is left without TaskStateExited",
        ["ERR-09"],
        { failed: u64, dropped: Option<(u64, u64)> },
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                let dropped = self.dropped.take();
                if let Some((id, previous)) = dropped.filter(|(id, _)| *id == draft.previous) {
                    draft.previous = if draft.id == id { previous } else { draft.previous };
                }
                let failure = matches!(draft.kind.as_str(), "TaskFailed" | "TaskTimedOut");
                let caught = draft.kind == "TaskStateExited" && draft.previous == self.failed;
                self.failed = if failure { draft.id } else { 0 };
                if caught {
                    self.dropped = Some((draft.id, draft.previous));
                }
                !caught
            }
        }
    ),
    variant!("jitter-has-no-bound", "a retry with jitter may come two minutes late", ["ERR-14"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Retry { after_ms_max, jitter, .. } = recovery
                && std::mem::take(jitter)
            {
                *after_ms_max += 120_000;
            }
        }
    }),
    variant!("missed-heartbeat-not-retried", "a missed heartbeat is never retried", ["HB-09", "HB-10"], {
        fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if failure.origin == Origin::MissedHeartbeat && matches!(recovery, Recovery::Retry { .. }) {
                *recovery = Recovery::Uncaught(failure.clone());
            }
        }
    }),
    variant!("jitter-is-not-drawn", "a retry with jitter always waits its full time", ["ERR-14"], {
        fn recovery(&mut self, _: &TaskFailure, _: u64, recovery: &mut Recovery) {
            if let Recovery::Retry { jitter, .. } = recovery {
                *jitter = false;
            }
        }
    }),
    variant!("retry-enters-again", "a retry enters its state anew", ["ERR-18"], {
        fn retry_enters_again(&mut self) -> bool {
            true
        }
    }),
    variant!(
        "runtime-errors-are-caught",
        "States.ALL catches States.Runtime",
        ["ERR-20", "IO-02", "TMO-08"],
        {
            fn seen(&mut self, failure: &mut TaskFailure) {
                if failure.error.as_deref() == Some("States.Runtime") {
                    failure.error = Some("Runtime".to_owned());
                    failure.origin = Origin::Work;
                }
            }
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                match recovery {
                    Recovery::Caught { exit, .. } if failure.error.as_deref() == Some("States.Runtime") => {
                        reword(&mut exit.output, "\"Error\":\"Runtime\"", "\"Error\":\"States.Runtime\"");
                    }
                    Recovery::Uncaught(left) => left.clone_from(failure),
                    _ => {}
                }
            }
        }
    ),
    variant!(
        "data-limit-is-caught",
        "States.ALL catches an output of the state that is too large",
        ["ERR-21"],
        {
            fn seen(&mut self, failure: &mut TaskFailure) {
                if failure.error.as_deref() == Some("States.DataLimitExceeded") {
                    failure.origin = Origin::Work;
                }
            }
        }
    ),
];

/// Changes a part of the text of a JSON value.
fn reword(value: &mut Value, old: &str, new: &str) {
    if let Ok(changed) = serde_json::from_str(&value.to_string().replace(old, new)) {
        *value = changed;
    }
}
