//! Clocks that run wrong: timeouts and heartbeats ignored, early, or counted from elsewhere.

use record::{Call, Operation, Outcome, Time};

use super::Variant;
use crate::conduct::{Alarm, Clock, Draft};

/// A moment between the start of a timer and its due time.
fn at(alarm: Alarm, tenths: i64) -> Time {
    Time(alarm.from.0 + (alarm.due.0 - alarm.from.0) * tenths / 10)
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("timeout-ignored", "TimeoutSeconds of a task is never enforced", ["TMO-01"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            (alarm.clock != Clock::Timeout).then_some(alarm.due)
        }
    }),
    variant!("timeout-early", "a task times out at six tenths of its time", ["TMO-02"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            Some(if alarm.clock == Clock::Timeout { at(alarm, 6) } else { alarm.due })
        }
    }),
    variant!("timeout-doubled", "a task times out after twice its time and a minute", ["TMO-01"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            Some(if alarm.clock == Clock::Timeout { Time(at(alarm, 20).0 + 90_000) } else { alarm.due })
        }
    }),
    variant!("machine-timeout-ignored", "TimeoutSeconds of the machine is never enforced", ["TMO-06"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            (alarm.clock != Clock::Machine).then_some(alarm.due)
        }
    }),
    variant!("machine-timeout-early", "the machine times out at half of its time", ["TMO-06"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            Some(if alarm.clock == Clock::Machine { at(alarm, 5) } else { alarm.due })
        }
    }),
    variant!("machine-timeout-fails", "a machine that times out is FAILED", ["HIS-07"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome)
                && reply.get("status").is_some_and(|status| status == "TIMED_OUT")
            {
                reply["status"] = "FAILED".into();
            }
        }
    }),
    variant!(
        "task-timeout-times-the-machine-out",
        "an uncaught task timeout ends the execution as TIMED_OUT",
        ["DESC-04", "HIS-07"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome)
                    && reply.get("error").is_some_and(|error| error == "States.Timeout")
                {
                    reply["status"] = "TIMED_OUT".into();
                }
            }
        }
    ),
    variant!(
        "default-timeout",
        "a task without TimeoutSeconds times out after 60 seconds",
        ["TMO-03", "E2E-09"],
        {
            fn default_timeout(&mut self) -> Option<u64> {
                Some(60)
            }
        }
    ),
    variant!("timeout-has-a-cause", "a timeout comes with a cause", ["TMO-05", "TMO-10"], {
        fn timeout_error(&mut self, _: Clock) -> (String, Option<String>) {
            ("States.Timeout".to_owned(), Some("Task timed out waiting for callback".to_owned()))
        }
    }),
    variant!("timeout-renamed", "a timeout is called States.TaskFailed", ["TMO-01"], {
        fn timeout_error(&mut self, clock: Clock) -> (String, Option<String>) {
            let name = if clock == Clock::Timeout { "States.TaskFailed" } else { "States.Timeout" };
            (name.to_owned(), None)
        }
    }),
    variant!(
        "heartbeat-timeout-renamed",
        "a missed heartbeat is called HeartbeatTimeout",
        ["HB-02", "HB-11"],
        {
            fn timeout_error(&mut self, clock: Clock) -> (String, Option<String>) {
                let name = if clock == Clock::Heartbeat { "HeartbeatTimeout" } else { "States.Timeout" };
                (name.to_owned(), None)
            }
        }
    ),
    variant!("heartbeat-never-missed", "HeartbeatSeconds is never enforced", ["HB-01"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            (alarm.clock != Clock::Heartbeat).then_some(alarm.due)
        }
    }),
    variant!("heartbeat-missed-early", "a heartbeat is missed at four tenths of its window", ["HB-05"], {
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            Some(if alarm.clock == Clock::Heartbeat { at(alarm, 4) } else { alarm.due })
        }
    }),
    variant!(
        "heartbeat-bounds-the-whole-wait",
        "heartbeats are accepted and count for nothing",
        ["HB-03"],
        {
            fn heartbeat_counts(&mut self, _: u64) -> bool {
                false
            }
        }
    ),
    variant!(
        "only-the-first-heartbeat-counts",
        "the second heartbeat and later ones count for nothing",
        ["HB-03"],
        {
            fn heartbeat_counts(&mut self, beats: u64) -> bool {
                beats < 2
            }
        }
    ),
    variant!("heartbeat-extends-the-timeout", "a heartbeat also starts the total time anew", ["TMO-04"], {
        fn heartbeat_extends_timeout(&mut self) -> bool {
            true
        }
    }),
    variant!(
        "heartbeat-ends-supervision",
        "after one heartbeat the window is never watched again",
        ["HB-01"],
        {
            fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
                (alarm.clock != Clock::Heartbeat || alarm.beats == 0).then_some(alarm.due)
            }
        }
    ),
    variant!("heartbeat-event-in-history", "a heartbeat leaves an event", ["HB-04", "HIS-28"], {
        fn heartbeat_event(&mut self) -> Option<&'static str> {
            Some("TaskStarted")
        }
    }),
    variant!("timestamps-go-back", "some events carry an earlier time than the one before", ["HIS-08"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if draft.kind == "TaskSubmitted" {
                draft.at = Time(draft.at.0 - 5_000);
            }
            true
        }
    }),
    variant!("window-is-not-shown", "TaskScheduled shows no heartbeatInSeconds", ["HB-12"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "TaskScheduled", draft.details.as_mut()) {
                details.shift_remove("heartbeatInSeconds");
            }
            true
        }
    }),
    variant!(
        "wide-window-stops-the-clock",
        "a task whose window by path is not below its timeout is not timed at all",
        ["HB-13"],
        { wide: bool },
        {
            fn event(&mut self, draft: &mut Draft) -> bool {
                if let (true, Some(details)) = (draft.kind == "TaskScheduled", &draft.details) {
                    let limit = |name: &str| details.get(name).and_then(serde_json::Value::as_u64);
                    let both = limit("heartbeatInSeconds").zip(limit("timeoutInSeconds"));
                    self.wide = both.is_some_and(|(window, timeout)| window >= timeout);
                }
                true
            }
            fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
                let stopped = self.wide && matches!(alarm.clock, Clock::Timeout | Clock::Heartbeat);
                (!stopped).then_some(alarm.due)
            }
        }
    ),
];
