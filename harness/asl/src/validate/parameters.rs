//! What the optimised integrations are asked for: fields that their API requires, and none that it does not have (DG:connect-*,
//! API models).
//!
//! What it does not do: the types of values, APIs reached by `aws-sdk`, a Task without Parameters, whose input may hold them.
//! Invariant: a field counts as given with or without `.$`; an expression in place of all of them is not judged.

use super::scope::{Checker, Place};
use crate::machine::QueryLanguage;
use crate::resource::Resource;
use serde_json::{Map as Object, Value};

/// An action with the fields that it requires and, if any other is refused, its optional ones.
type Api = (&'static str, &'static str, &'static [&'static str], Option<&'static [&'static str]>);

const APIS: [Api; 17] = [
    (
        "sqs",
        "sendMessage",
        &["QueueUrl", "MessageBody"],
        Some(&[
            "DelaySeconds",
            "MessageAttributes",
            "MessageSystemAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ]),
    ),
    (
        "sns",
        "publish",
        &["Message"],
        Some(&[
            "TopicArn",
            "TargetArn",
            "PhoneNumber",
            "Subject",
            "MessageStructure",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
        ]),
    ),
    (
        "lambda",
        "invoke",
        &["FunctionName"],
        Some(&[
            "Payload",
            "InvocationType",
            "Qualifier",
            "ClientContext",
            "LogType",
            "TenantId",
            "DurableExecutionName",
        ]),
    ),
    ("states", "startExecution", &["StateMachineArn"], Some(&["Input", "Name", "TraceHeader"])),
    ("events", "putEvents", &["Entries"], Some(&["EndpointId"])),
    ("dynamodb", "getItem", &["TableName", "Key"], None),
    ("dynamodb", "putItem", &["TableName", "Item"], None),
    ("dynamodb", "updateItem", &["TableName", "Key"], None),
    ("dynamodb", "deleteItem", &["TableName", "Key"], None),
    ("ecs", "runTask", &["TaskDefinition"], None),
    ("http", "invoke", &["ApiEndpoint", "Method"], None),
    ("apigateway", "invoke", &["ApiEndpoint", "Method"], None),
    ("athena", "startQueryExecution", &["QueryString"], None),
    ("batch", "submitJob", &["JobName", "JobQueue", "JobDefinition"], None),
    ("bedrock", "invokeModel", &["ModelId"], None),
    ("codebuild", "startBuild", &["ProjectName"], None),
    ("glue", "startJobRun", &["JobName"], None),
];

impl Checker {
    pub(super) fn parameters(&mut self, members: &Object<String, Value>, arn: &str, place: &Place) {
        let Some(resource) = Resource::parse(arn) else { return };
        let api = APIS.iter().find(|(service, action, ..)| {
            resource.service == *service && resource.action.eq_ignore_ascii_case(action)
        });
        let name = match place.language {
            QueryLanguage::JsonPath => "Parameters",
            QueryLanguage::JsonAta => "Arguments",
        };
        let place = place.at(name);
        let given = match members.get(name) {
            Some(Value::Object(given)) => given,
            // A request has named fields; that of a function may be anything.
            Some(other) if place.language == QueryLanguage::JsonAta && !resource.action.is_empty() => {
                if !other.as_str().is_some_and(|text| text.starts_with("{%") || text.ends_with("%}")) {
                    self.schema("Expected value of type Object", &place.location);
                }
                return;
            }
            _ => return,
        };
        let Some((_, _, required, optional)) = api else { return };
        self.parameters_required(given, required, &place);
        let Some(optional) = optional else { return };
        for key in given.keys() {
            let field = field(key, place.language);
            if !required.contains(&field) && !optional.contains(&field) {
                let what = format!("The field '{field}' is not supported by Step Functions");
                self.schema(what, &place.location);
            }
        }
    }

    /// The members of a template that have to be there, in their plain form or as a query.
    pub(super) fn parameters_required(
        &mut self,
        given: &Object<String, Value>,
        required: &[&str],
        place: &Place,
    ) {
        for wanted in required {
            if !given.keys().any(|key| field(key, place.language) == *wanted) {
                let what = format!("The field '{wanted}' is required but was missing");
                self.schema(what, &place.location);
            }
        }
    }
}

/// The field that a member of a template gives.
pub(super) fn field(key: &str, language: QueryLanguage) -> &str {
    match language {
        QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
        QueryLanguage::JsonAta => key,
    }
}
