//! Activities whose tokens or workers are not known (ACT).

use std::collections::BTreeSet;

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Alarm, Clock, Draft};
use crate::refuse::invalid_token;

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "activity-tokens-unknown",
        "SendTask* knows the tokens of messages only, not those that pollers get",
        ["ACT-04"],
        { handed: BTreeSet<String> },
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let known = call.text("taskToken").is_some_and(|token| self.handed.contains(token));
                if known { Err(invalid_token()) } else { Ok(()) }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Operation::GetActivityTask, Outcome::Done(reply)) = (call.operation, outcome) {
                    let token = reply.get("taskToken").and_then(Value::as_str);
                    self.handed.extend(token.map(str::to_owned));
                }
            }
        }
    ),
    variant!(
        "activity-heartbeats-swallowed",
        "a heartbeat for the task of an activity answers 200 and counts for nothing",
        ["HB-03"],
        { handed: BTreeSet<String> },
        {
            fn serves(&mut self, call: &Call) -> u64 {
                let known = call.text("taskToken").is_some_and(|token| self.handed.contains(token));
                u64::from(!(known && call.operation == Operation::SendTaskHeartbeat))
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                match (call.operation, &*outcome) {
                    (Operation::GetActivityTask, Outcome::Done(reply)) => {
                        let token = reply.get("taskToken").and_then(Value::as_str);
                        self.handed.extend(token.map(str::to_owned));
                    }
                    (Operation::SendTaskHeartbeat, _) if self.serves(call) == 0 => {
                        *outcome = Outcome::Done(json!({}));
                    }
                    _ => {}
                }
            }
        }
    ),
    variant!("activity-heartbeat-never-missed", "HeartbeatSeconds is never enforced for activities", ["HB-01"], { activity: bool }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            self.activity = draft.kind.starts_with("Activity");
            true
        }
        fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
            (alarm.clock != Clock::Heartbeat || !self.activity).then_some(alarm.due)
        }
    }),
    variant!("activity-made-anew", "an activity made again has another creationDate", ["ACT-06"], { made: f64 }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::CreateActivity, Outcome::Done(reply)) = (call.operation, outcome) {
                self.made += 1.0;
                if let Some(date) = reply.get("creationDate").and_then(Value::as_f64) {
                    reply["creationDate"] = json!(date + 5.0 * self.made);
                }
            }
        }
    }),
    variant!("worker-is-nameless", "ActivityStarted does not name the worker", ["ACT-05"], {
        fn event(&mut self, draft: &mut Draft) -> bool {
            if let (true, Some(details)) = (draft.kind == "ActivityStarted", draft.details.as_mut()) {
                details.shift_remove("workerName");
            }
            true
        }
    }),
];
