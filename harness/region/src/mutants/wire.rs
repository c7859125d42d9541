//! Answers of the wrong shape: codes, statuses, timestamps, data where there are none (WIRE).

use record::{ApiError, Call, Operation, Outcome, Service};
use serde_json::{Value, json};

use super::Variant;

fn is_send(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
    )
}

fn states_refusal<'a>(call: &Call, outcome: &'a mut Outcome) -> Option<&'a mut ApiError> {
    match outcome {
        Outcome::Refused(error) if call.operation.service() == Service::States => Some(error),
        _ => None,
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("errors-with-status-500", "errors of Step Functions come with HTTP 500", ["WIRE-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(error) = states_refusal(call, outcome) {
                error.status = 500;
            }
        }
    }),
    variant!("errors-with-status-404", "unknown things come with HTTP 404", ["WIRE-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(error) = states_refusal(call, outcome)
                .filter(|error| error.code.ends_with("DoesNotExist") || error.code == "InvalidToken")
            {
                error.status = 404;
            }
        }
    }),
    variant!(
        "errors-of-other-operations",
        "bad tokens and outputs answer InvalidParameterValue",
        ["WIRE-06"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(error) = states_refusal(call, outcome)
                    .filter(|error| matches!(error.code.as_str(), "InvalidToken" | "InvalidOutput"))
                {
                    "InvalidParameterValue".clone_into(&mut error.code);
                }
            }
        }
    ),
    variant!(
        "encryption-errors-without-a-key",
        "a bad token answers KmsInvalidStateException",
        ["WIRE-08", "TOK-17"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(error) =
                    states_refusal(call, outcome).filter(|error| error.code == "InvalidToken")
                {
                    "KmsInvalidStateException".clone_into(&mut error.code);
                }
            }
        }
    ),
    variant!(
        "refusals-break-the-server",
        "whatever Step Functions refuses ends in an internal error",
        ["TOK-13", "TOK-17", "WIRE-05", "TOK-20"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(error) = states_refusal(call, outcome) {
                    *error = ApiError::new("InternalFailure", "Internal error").with_status(500);
                }
            }
        }
    ),
    variant!("send-answers-have-data", "an accepted SendTask* call answers with data", ["WIRE-04"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (true, Outcome::Done(reply)) = (is_send(call.operation), outcome) {
                *reply = json!({ "status": "ACCEPTED" });
            }
        }
    }),
    variant!("timestamps-are-texts", "dates of executions are ISO 8601 texts", ["WIRE-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::StartExecution | Operation::DescribeExecution, Outcome::Done(reply)) =
                (call.operation, outcome)
            {
                for name in ["startDate", "stopDate"] {
                    if let Some(seconds) = reply.get(name).and_then(Value::as_f64) {
                        reply[name] = json!(record::Time::from_epoch_seconds(seconds).iso());
                    }
                }
            }
        }
    }),
    variant!("timestamps-in-milliseconds", "dates of executions count milliseconds", ["WIRE-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::StartExecution | Operation::DescribeExecution, Outcome::Done(reply)) =
                (call.operation, outcome)
            {
                for name in ["startDate", "stopDate"] {
                    if let Some(seconds) = reply.get(name).and_then(Value::as_f64) {
                        reply[name] = json!(seconds * 1000.0);
                    }
                }
            }
        }
    }),
    variant!("errors-cut-to-fit", "an error that is too long is cut", ["TOK-12"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::SendTaskFailure {
                for (name, most) in [("error", 256), ("cause", 32_768)] {
                    if let Some(Value::String(text)) = call.input.get_mut(name) {
                        *text = text.chars().take(most).collect();
                    }
                }
            }
        }
    }),
    variant!("lengths-unchecked", "a token of any length is looked up", ["TOK-19"], {
        fn request(&mut self, call: &mut Call) {
            if is_send(call.operation)
                && let Some(Value::String(token)) = call.input.get_mut("taskToken")
            {
                *token = if token.is_empty() { "-".to_owned() } else { token.chars().take(2_048).collect() };
            }
        }
    }),
    variant!("start-without-date", "StartExecution answers no start date", ["START-01"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::StartExecution, Outcome::Done(Value::Object(reply))) =
                (call.operation, outcome)
            {
                reply.shift_remove("startDate");
            }
        }
    }),
];
