//! One request: an operation and its input as AWS's API model names it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Operation;

/// A request to a target. Member names and shapes are those of the AWS API model's JSON form, for every service
/// (SNS and STS too: an adapter turns them into the query protocol, and Lambda's into REST).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is asked.
    pub operation: Operation,
    /// The members of the request.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// A body to send as it is, instead of `input`: for requests that no SDK would write (JSON 1.0 services only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_body: Option<String>,
}

impl Call {
    /// A call with this input. Anything but a JSON object counts as no members.
    pub fn new(operation: Operation, input: Value) -> Self {
        let input = match input {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Self { operation, input, raw_body: None }
    }

    /// A call whose body is sent as written.
    pub fn raw(operation: Operation, body: impl Into<String>) -> Self {
        Self { operation, input: Map::new(), raw_body: Some(body.into()) }
    }

    /// A string member of the input.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }
}
