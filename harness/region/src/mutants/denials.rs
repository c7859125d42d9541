//! Calls that are throttled or denied, and take effect all the same, or are told so in words of their own (WIRE-07, TOK-27, ERR-22).

use asl::TaskFailure;
use record::{ApiError, Call, Operation, Outcome, Service, Time};
use serde_json::Value;

use super::Variant;

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "throttling-in-words-of-http",
        "one call in twenty to Step Functions is throttled with HTTP 429",
        ["WIRE-07"],
        { calls: u64 },
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                self.calls += u64::from(call.operation.service() == Service::States);
                let throttled = call.operation.service() == Service::States && self.calls.is_multiple_of(20);
                if throttled {
                    return Err(ApiError::new("TooManyRequestsException", "Rate exceeded").with_status(429));
                }
                Ok(())
            }
        }
    ),
    variant!(
        "throttled-calls-count",
        "a SendTaskSuccess that is throttled completes its task",
        ["WIRE-07"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if call.operation == Operation::SendTaskSuccess && outcome.is_done() {
                    *outcome = Outcome::Refused(ApiError::new("ThrottlingException", "Rate exceeded"));
                }
            }
        }
    ),
    variant!(
        "denied-calls-count",
        "a SendTaskSuccess that lacks its permission completes its task and is denied",
        ["TOK-27", "E2E-03"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if call.operation == Operation::SendTaskSuccess && outcome.is_done() {
                    let text = "User is not authorized to perform: states:SendTaskSuccess";
                    *outcome = Outcome::Refused(ApiError::new("AccessDeniedException", text));
                }
            }
        }
    ),
    variant!(
        "denials-close-the-task",
        "a heartbeat that lacks its permission is denied, and its token answers InvalidToken from then on",
        ["TOK-27"],
        { denied: Vec<String> },
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let Some(token) = call.text("taskToken") else { return Ok(()) };
                if self.denied.iter().any(|denied| denied == token) {
                    return Err(crate::refuse::invalid_token());
                }
                if call.operation == Operation::SendTaskHeartbeat && token.len() > 100 {
                    self.denied.push(token.to_owned());
                    let text = "User is not authorized to perform: states:SendTaskHeartbeat";
                    return Err(ApiError::new("AccessDeniedException", text));
                }
                Ok(())
            }
        }
    ),
    variant!(
        "denied-send-lacks-its-service",
        "a send that its queue refuses fails the task with AccessDenied, without the name of the service",
        ["ERR-22"],
        {
            fn service_reply(&mut self, service: &str, reply: &mut Result<Value, TaskFailure>) {
                if let ("sqs", Err(failure)) = (service, reply) {
                    failure.error = Some("AccessDenied".to_owned());
                }
            }
        }
    ),
];
