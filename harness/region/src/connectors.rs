//! What tasks ask of services: the requests of each integration, and the shape of the answers in the history.
//!
//! Optimised integrations speak as AWS's do (`SQS.…`, `SNS.…` errors, recorded); `aws-sdk:sfn` and `aws-sdk:sqs` call the
//! region's own API; everything else is held where a test can read it.

mod events;
mod lambda;
mod sdk;
mod sns;
mod sqs;
mod states;

pub(crate) use lambda::Run;

use asl::{Resource, TaskFailure};
use serde_json::{Value, json};

use crate::Region;
use crate::execution::{ExecutionId, StrandId};

/// The attempt that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) execution: ExecutionId,
    pub(crate) strand: StrandId,
    pub(crate) serial: u64,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Dispatched {
    /// The service has answered.
    Replied(Result<Value, TaskFailure>),
    /// The answer comes later; a `.sync` task waits for an execution.
    Waits(Option<ExecutionId>),
}

/// A request to a service that the region does not play.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// When it was made.
    pub at: record::Time,
    /// The service, e.g. `ecs` or `aws-sdk:dynamodb`.
    pub service: String,
    /// The action, e.g. `runTask`.
    pub action: String,
    /// The evaluated parameters, the token included where the definition puts it.
    pub parameters: Value,
}

/// A failure with AWS's name and text.
pub(crate) fn failure(error: impl Into<String>, cause: impl Into<String>) -> TaskFailure {
    TaskFailure::new(Some(error.into()), Some(cause.into()))
}

/// A member name with a capital first letter, as integrations have it.
pub(crate) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A member name with a small first letter, as the Step Functions API has it.
pub(crate) fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// A text as it is, any other value as its JSON text (IO-03, SNS-06).
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Region {
    /// Requests of tasks to services that the region does not play, oldest first.
    pub fn held_requests(&self) -> &[Held] {
        &self.held
    }

    pub(crate) fn dispatch_task(
        &mut self,
        caller: Caller,
        resource: &Resource,
        parameters: &Value,
    ) -> Dispatched {
        match (resource.service.as_str(), resource.action.as_str()) {
            ("sqs", "sendMessage") => Dispatched::Replied(self.task_sends_message(parameters)),
            ("sns", "publish") => Dispatched::Replied(self.task_publishes(parameters)),
            ("events", "putEvents") => Dispatched::Replied(self.task_puts_events(caller, parameters)),
            ("states", "startExecution") => self.task_starts_execution(caller, resource, parameters),
            ("lambda", "invoke") => self.task_invokes(caller, parameters),
            ("function", _) => self.task_calls_function(caller, &resource.arn, parameters),
            (service, action) if service.starts_with("aws-sdk:") => {
                let service = service.trim_start_matches("aws-sdk:");
                self.task_calls_sdk(service, action, parameters)
            }
            (service, action) => Dispatched::Replied(Ok(self.hold(service, action, parameters))),
        }
    }

    /// Keeps a request for a test to read and answers as a service that has nothing to say.
    pub(crate) fn hold(&mut self, service: &str, action: &str, parameters: &Value) -> Value {
        self.held.push(Held {
            at: self.now,
            service: service.to_owned(),
            action: action.to_owned(),
            parameters: parameters.clone(),
        });
        self.with_metadata(json!({}), "application/x-amz-json-1.1", 2)
    }

    /// Adds what every answer of an integration has beside its own members (recorded).
    pub(crate) fn with_metadata(&mut self, mut reply: Value, content_type: &str, length: usize) -> Value {
        let id = self.ids.uuid();
        let date = http_date(self.now);
        let length = length.to_string();
        if let Some(members) = reply.as_object_mut() {
            members.insert(
                "SdkHttpMetadata".to_owned(),
                json!({
                    "AllHttpHeaders": {
                        "x-amzn-RequestId": [id],
                        "connection": ["keep-alive"],
                        "Content-Length": [length],
                        "Date": [date],
                        "Content-Type": [content_type],
                    },
                    "HttpHeaders": {
                        "connection": "keep-alive",
                        "Content-Length": length,
                        "Content-Type": content_type,
                        "Date": date,
                        "x-amzn-RequestId": id,
                    },
                    "HttpStatusCode": 200,
                }),
            );
            members.insert("SdkResponseMetadata".to_owned(), json!({ "RequestId": id }));
        }
        reply
    }
}

/// `Thu, 18 Apr 2024 06:37:09 GMT`.
fn http_date(at: record::Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let iso = at.iso();
    let weekday = usize::try_from(at.0.div_euclid(86_400_000).rem_euclid(7)).unwrap_or(0);
    let month = iso.get(5..7).and_then(|m| m.parse::<usize>().ok()).unwrap_or(1);
    let part = |range| iso.get(range).unwrap_or_default();
    format!(
        "{}, {} {} {} {} GMT",
        DAYS.get(weekday).unwrap_or(&"Thu"),
        part(8..10),
        MONTHS.get(month.saturating_sub(1)).unwrap_or(&"Jan"),
        part(0..4),
        part(11..19)
    )
}
