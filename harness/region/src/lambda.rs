//! Lambda: functions with built-in handlers, direct invocation, and event source mappings of queues (ESM).
//!
//! `handler` is what functions do, `mapping` is how queues call them.

mod handler;
mod mapping;

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation};
use serde_json::{Value, json};

pub(crate) use mapping::{Batch, Mapping};

use crate::Region;
use crate::refuse::Reply;
use crate::request::Request;

/// Functions and mappings.
#[derive(Debug, Default)]
pub(crate) struct Lambda {
    /// By name.
    pub(crate) functions: BTreeMap<String, Function>,
    /// By UUID.
    pub(crate) mappings: BTreeMap<String, Mapping>,
}

/// A function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) handler: String,
    pub(crate) timeout: u64,
    pub(crate) configuration: Value,
}

/// An error that a function raises, as Lambda shows it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raised {
    pub(crate) kind: String,
    pub(crate) message: String,
}

/// What an invocation gives, and how long it took.
#[derive(Clone, Debug)]
pub(crate) struct Invoked {
    pub(crate) result: Result<Value, Raised>,
    pub(crate) millis: u64,
}

/// The name in a function's name, ARN or partial ARN.
pub(crate) fn function_name(of: &str) -> &str {
    let rest = of.split_once(":function:").map_or(of, |(_, rest)| rest);
    rest.split(':').next().unwrap_or(rest)
}

pub(crate) fn not_found(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("Function not found: {arn}")).with_status(404)
}

pub(crate) fn invalid(what: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", what)
}

impl Region {
    pub(crate) fn serve_lambda(&mut self, call: &Call) -> Reply {
        use Operation as O;
        let request = Request::of(call);
        match call.operation {
            O::CreateFunction => self.create_function(&request),
            O::GetFunction => {
                let name = function_name(request.required("FunctionName", 1, 170)?);
                let function = self.function(name)?;
                Ok(json!({ "Configuration": function.configuration, "Code": { "RepositoryType": "S3" } }))
            }
            O::DeleteFunction => {
                let name = function_name(request.required("FunctionName", 1, 170)?).to_owned();
                self.function(&name)?;
                self.lambda.functions.remove(&name);
                Ok(json!({}))
            }
            O::Invoke => self.invoke_directly(&request),
            O::CreateEventSourceMapping => self.create_mapping(&request),
            O::GetEventSourceMapping => self.mapping_of(&request).map(Mapping::shown),
            O::UpdateEventSourceMapping => self.update_mapping(&request),
            O::DeleteEventSourceMapping => self.delete_mapping(&request),
            O::ListEventSourceMappings => self.list_mappings(&request),
            _ => Err(ApiError::new("UnknownOperationException", "")),
        }
    }

    pub(crate) fn function_arn(&self, name: &str) -> String {
        self.place.arn("lambda", &format!("function:{name}"))
    }

    pub(crate) fn function(&self, name: &str) -> Result<&Function, ApiError> {
        self.lambda.functions.get(name).ok_or_else(|| not_found(&self.function_arn(name)))
    }

    fn create_function(&mut self, request: &Request<'_>) -> Reply {
        let name = function_name(request.required("FunctionName", 1, 140)?).to_owned();
        let role = request.required("Role", 1, 2_048)?;
        let handler = request.text("Handler")?.unwrap_or("obey.handler").to_owned();
        let timeout = request.number("Timeout", 1, 900)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(3);
        if self.lambda.functions.contains_key(&name) {
            let text = format!("Function already exist: {name}");
            return Err(ApiError::new("ResourceConflictException", text).with_status(409));
        }
        let configuration = json!({
            "FunctionName": name,
            "FunctionArn": self.function_arn(&name),
            "Runtime": request.text("Runtime")?.unwrap_or("nodejs22.x"),
            "Role": role,
            "Handler": handler,
            "Timeout": timeout,
            "MemorySize": request.number("MemorySize", 128, 10_240)?.unwrap_or(128),
            "LastModified": self.now.iso().replace('Z', "+0000"),
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Environment": request.object("Environment")?,
        });
        let function = Function { handler, timeout, configuration: configuration.clone() };
        self.lambda.functions.insert(name, function);
        Ok(configuration)
    }

    /// The Invoke operation. The reply has the payload as Lambda's body, and `FunctionError` where the function raised.
    fn invoke_directly(&mut self, request: &Request<'_>) -> Reply {
        let name = function_name(request.required("FunctionName", 1, 170)?).to_owned();
        let event = match request.get("Payload") {
            None => Value::Null,
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| {
                ApiError::new("InvalidRequestContentException", "Could not parse request body into json")
            })?,
            Some(other) => other.clone(),
        };
        self.function(&name)?;
        let invoked = self.run_function(&name, &event);
        let mut reply = json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST" });
        match invoked.result {
            Ok(value) => reply["Payload"] = json!(value.to_string()),
            Err(raised) => {
                reply["FunctionError"] = json!("Unhandled");
                reply["Payload"] = json!(raised.shown().to_string());
            }
        }
        Ok(reply)
    }
}

impl Raised {
    /// The payload of a failed invocation.
    pub(crate) fn shown(&self) -> Value {
        json!({ "errorMessage": self.message, "errorType": self.kind, "trace": [] })
    }
}
