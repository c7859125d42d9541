//! Lawful variants of a service in bad weather: what was just made is found a moment later, calls break, answers are lost.
//!
//! Throttling and breaking of Step Functions alone are in `lawful`. Invariant: whoever asks again gets what is right.

use std::time::Duration;

use record::{ApiError, Call, Operation, Outcome, Service, Time};
use serde_json::Value;

use super::Variant;

/// How long after its creation a thing is not found: AWS says to wait a second before a new queue is used (SQS, CreateQueue);
/// state machines are created with eventual consistency (DEF-26).
const LATE: Duration = Duration::from_millis(800);

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "found-late",
        "new queues and machines are found most of a second after they were made (DEF-26)",
        [],
        {
            fn finds(&mut self, now: Time, made: Time) -> bool {
                now >= made + LATE
            }
        }
    ),
    variant!(
        "lists-lag",
        "ListExecutions shows executions only 20 s after their start (LIST-04)",
        [],
        { now: Time },
        {
            fn admits(&mut self, now: Time, _: &Call) -> Result<(), ApiError> {
                self.now = now;
                Ok(())
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let now = self.now;
                let lists = call.operation == Operation::ListExecutions;
                if let Outcome::Done(Value::Object(reply)) = outcome
                    && let Some(Value::Array(items)) = reply.get_mut("executions").filter(|_| lists)
                {
                    items.retain(|body| {
                        let started = body["startDate"].as_f64().map(Time::from_epoch_seconds);
                        started.is_some_and(|started| now - started >= 20_000)
                    });
                }
            }
        }
    ),
    variant!("histories-lag", "GetExecutionHistory shows events only a second after they were written", [], { now: Time }, {
        fn admits(&mut self, now: Time, _: &Call) -> Result<(), ApiError> {
            self.now = now;
            Ok(())
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let reads = call.operation == Operation::GetExecutionHistory;
            let (Outcome::Done(Value::Object(reply)), true) = (outcome, reads) else { return };
            let Some(Value::Array(events)) = reply.get_mut("events") else { return };
            let whole = events.len();
            events.retain(|event| {
                let at = event["timestamp"].as_f64().map(Time::from_epoch_seconds);
                event["id"] == 1 || at.is_some_and(|at| self.now - at >= 1_000)
            });
            let forward = call.input.get("reverseOrder") != Some(&Value::Bool(true));
            if forward && events.len() < whole {
                reply.shift_remove("nextToken");
            }
        }
    }),
    variant!("stormy", "one call in twenty breaks, is throttled or finds no service", [], { calls: u64 }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            self.calls += 1;
            if !self.calls.is_multiple_of(20) {
                return Ok(());
            }
            Err(match (self.calls / 20 % 3, call.operation.service()) {
                (0, _) => ApiError::new("InternalFailure", "Internal error").with_status(500),
                (1, _) => ApiError::new("ServiceUnavailable", "Service unavailable").with_status(503),
                (_, Service::Sqs) => ApiError::new("RequestThrottled", "Rate exceeded"),
                (_, Service::Sns) => ApiError::new("Throttling", "Rate exceeded"),
                _ => ApiError::new("ThrottlingException", "Rate exceeded"),
            })
        }
    }),
    variant!("answers-get-lost", "the connection of one call in twenty breaks after the call took effect", [], { calls: u64 }, {
        fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
            self.calls += 1;
            if self.calls.is_multiple_of(20) {
                *outcome = Outcome::Unknown("the connection was reset".to_owned());
            }
        }
    }),
    variant!("requests-get-lost", "the connection of one call in twenty breaks before the call takes effect", [], { calls: u64, lost: bool }, {
        fn serves(&mut self, _: &Call) -> u64 {
            self.calls += 1;
            self.lost = self.calls.is_multiple_of(20);
            u64::from(!self.lost)
        }
        fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
            if std::mem::take(&mut self.lost) {
                *outcome = Outcome::Unknown("the connection was reset".to_owned());
            }
        }
    }),
];
