//! `aws-sdk:*`: Step Functions and SQS through the region's own API, everything else held.

use asl::TaskFailure;
use record::{Call, Operation, Service};
use serde_json::{Map, Value, json};

use super::{Dispatched, capital, failure, small};
use crate::Region;
use crate::region::Served;

impl Region {
    pub(super) fn task_calls_sdk(&mut self, service: &str, action: &str, parameters: &Value) -> Dispatched {
        let of = match service {
            "sfn" => Service::States,
            "sqs" => Service::Sqs,
            "sns" => Service::Sns,
            "eventbridge" => Service::Events,
            _ => {
                return Dispatched::Replied(Ok(self.hold(&format!("aws-sdk:{service}"), action, parameters)));
            }
        };
        let Some(operation) = Operation::of(of, &capital(action)) else {
            return Dispatched::Replied(Ok(self.hold(&format!("aws-sdk:{service}"), action, parameters)));
        };
        let mut input = Map::new();
        for (name, value) in parameters.as_object().into_iter().flatten() {
            let name = if of == Service::States { small(name) } else { name.clone() };
            // Recorded: members that are JSON texts take objects, which are written out
            // (`sfn_start_execution_implicit_json_serialisation`).
            let text =
                of == Service::States && ["input", "output", "cause", "definition"].contains(&name.as_str());
            let value = if text && !value.is_string() { json!(value.to_string()) } else { value.clone() };
            input.insert(name, value);
        }
        let call = Call { operation, input, raw_body: None };
        let reply = match self.serve(&call) {
            Served::Reply(reply) => reply,
            Served::Later => Ok(json!({})),
        };
        Dispatched::Replied(
            reply.map(|reply| capital_members(of, &reply)).map_err(|error| self.sdk_failure(service, &error)),
        )
    }

    fn sdk_failure(&mut self, service: &str, error: &record::ApiError) -> TaskFailure {
        let id = self.ids.uuid();
        let name = capital(service);
        let code = if error.code.ends_with("Exception") {
            error.code.clone()
        } else {
            format!("{}Exception", error.code)
        };
        let cause = format!(
            "{} (Service: {name}, Status Code: {}, Request ID: {id}) (SDK Attempt Count: 1)",
            error.message, error.status
        );
        failure(format!("{name}.{code}"), cause)
    }
}

/// Members with capital letters; dates as texts.
fn capital_members(of: Service, value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::Number(seconds) if of == Service::States && name.ends_with("Date") => {
                            json!(
                                record::Time::from_epoch_seconds(seconds.as_f64().unwrap_or_default()).iso()
                            )
                        }
                        other => capital_members(of, other),
                    };
                    (capital(name), value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(|item| capital_members(of, item)).collect()),
        other => other.clone(),
    }
}
