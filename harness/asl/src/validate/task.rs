//! Task states: the resource and the time limits (DEF-11 to DEF-13, DEF-17 to DEF-19).

use super::numbers::MAX_SECONDS;
use super::scope::{Checker, Place};
use crate::machine::MachineType;
use crate::resource::{Pattern, Resource};
use serde_json::{Map as Object, Value};

/// The optimised integrations of the guide (DG:connect-to-resource), each with whether it has `.sync` and `.waitForTaskToken`.
const INTEGRATIONS: &[(&str, bool, bool)] = &[
    ("apigateway", false, true),
    ("athena", true, false),
    ("batch", true, false),
    ("bedrock", true, true),
    ("codebuild", true, false),
    ("databrew", true, false),
    ("dynamodb", false, false),
    ("ecs", true, true),
    ("eks", true, true),
    ("elasticmapreduce", true, false),
    ("emr-containers", true, false),
    ("emr-serverless", true, false),
    ("events", false, true),
    ("glue", true, false),
    ("http", false, false),
    ("lambda", false, true),
    ("mediaconvert", true, false),
    ("sagemaker", true, false),
    ("sns", false, true),
    ("sqs", false, true),
    ("states", true, true),
];

impl Checker {
    pub(super) fn task(&mut self, members: &Object<String, Value>, place: &Place) {
        if self.required(members, &["Resource"], &place.location) {
            let location = format!("{}/Resource", place.location);
            match members.get("Resource").and_then(Value::as_str) {
                Some(arn) => {
                    self.resource(arn, place.kind, &location);
                    self.parameters(members, arn, place);
                }
                None => self.schema("Expected value of type String", &location),
            }
        }
        self.exclusive(members, &["TimeoutSeconds", "TimeoutSecondsPath"], place);
        self.exclusive(members, &["HeartbeatSeconds", "HeartbeatSecondsPath"], place);
        let timeout = self.integer(members, "TimeoutSeconds", 1, MAX_SECONDS, place);
        let heartbeat = self.integer(members, "HeartbeatSeconds", 1, MAX_SECONDS, place);
        if let (Some(timeout), Some(heartbeat)) = (timeout, heartbeat)
            && heartbeat >= timeout
        {
            self.schema(
                "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'",
                &format!("{}/HeartbeatSeconds", place.location),
            );
        }
    }

    fn resource(&mut self, arn: &str, kind: MachineType, location: &str) {
        let Some(resource) = Resource::parse(arn) else {
            self.schema("Value is not a valid resource ARN", location);
            return;
        };
        if resource.is_function() {
            if arn.ends_with(".waitForTaskToken") || arn.contains(".sync") {
                self.schema("Value is not a valid resource ARN", location);
            }
            return;
        }
        if resource.is_activity() {
            if kind == MachineType::Express {
                self.schema("Express state machine does not support Activity ARN", location);
            }
            return;
        }
        if !is_offered(&resource) {
            let what = format!(
                "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
            );
            self.schema(what, location);
        } else if kind == MachineType::Express {
            // Recorded: express, illegal-callbacks; the first text really ends with a blank.
            match resource.pattern {
                Pattern::WaitForTaskToken => {
                    self.schema(
                        "Express state machine does not support '.waitForTaskToken' service integration ",
                        location,
                    );
                }
                Pattern::Sync | Pattern::Sync2 => {
                    self.schema(
                        "Express state machine does not support '.sync' service integration",
                        location,
                    );
                }
                Pattern::RequestResponse => {}
            }
        }
    }
}

/// The actions of the integrations whose pages of the guide (DG:connect-*) list them all; those of others are not judged.
const ACTIONS: &[(&str, &[&str])] = &[
    ("apigateway", &["invoke"]),
    ("batch", &["submitJob"]),
    ("databrew", &["startJobRun"]),
    ("dynamodb", &["getItem", "putItem", "updateItem", "deleteItem"]),
    ("ecs", &["runTask"]),
    ("events", &["putEvents"]),
    ("glue", &["startJobRun"]),
    ("http", &["invoke"]),
    ("lambda", &["invoke"]),
    ("mediaconvert", &["createJob"]),
    ("sns", &["publish"]),
    ("sqs", &["sendMessage"]),
    ("states", &["startExecution"]),
];

/// Whether the integration exists and has the action and the pattern.
fn is_offered(resource: &Resource) -> bool {
    if resource.service.starts_with("aws-sdk:") {
        return matches!(resource.pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken);
    }
    let actions = ACTIONS.iter().find(|(service, _)| *service == resource.service);
    // Whether AWS minds the case of letters is not recorded.
    if actions.is_some_and(|(_, actions)| {
        !actions.iter().any(|action| action.eq_ignore_ascii_case(&resource.action))
    }) {
        return false;
    }
    INTEGRATIONS.iter().find(|(service, _, _)| *service == resource.service).is_some_and(
        |(service, sync, token)| match resource.pattern {
            Pattern::RequestResponse => true,
            Pattern::Sync => *sync,
            Pattern::Sync2 => *service == "states",
            Pattern::WaitForTaskToken => *token,
        },
    )
}
