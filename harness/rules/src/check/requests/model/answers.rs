//! What a 200 answer of each operation holds: the output structures of the API model.

use record::Operation as Api;

use super::Kind::{Arn, Flag, List, Object, Text, Time, Whole, Word};
use super::{CAUSE, ERROR, Member, NAME, STATUS, TYPE, may, must};

const ANY: usize = usize::MAX;
/// Its limit is one of bytes of the value, not of its spelling (IO-10).
const DATA: super::Kind = Text(0, ANY);
const MACHINE: super::Kind = Arn("stateMachine");
const PAGE: Member = may("nextToken", Text(1, 1024));

const DATA_DETAILS: &[Member] = &[may("included", Flag)];
const LOGGING: &[Member] = &[
    may("level", Word(&["ALL", "ERROR", "FATAL", "OFF"])),
    may("includeExecutionData", Flag),
    may("destinations", List(&[])),
];
const TRACING: &[Member] = &[may("enabled", Flag)];
const ENCRYPTION: &[Member] = &[must("type", Word(&["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]))];
const VERSION_ITEM: &[Member] = &[must("stateMachineVersionArn", MACHINE), must("creationDate", Time)];
const ALIAS_ITEM: &[Member] = &[must("stateMachineAliasArn", MACHINE), must("creationDate", Time)];
const ACTIVITY_ITEM: &[Member] =
    &[must("activityArn", Arn("activity")), must("name", NAME), must("creationDate", Time)];
const DESCRIBED_ACTIVITY: &[Member] = &[
    must("activityArn", Arn("activity")),
    must("name", NAME),
    must("creationDate", Time),
    may("encryptionConfiguration", Object(ENCRYPTION)),
];
const MACHINE_ITEM: &[Member] =
    &[must("stateMachineArn", MACHINE), must("name", NAME), must("type", TYPE), must("creationDate", Time)];
const EXECUTION_ITEM: &[Member] = &[
    must("executionArn", Arn("execution")),
    must("stateMachineArn", MACHINE),
    must("name", NAME),
    must("status", STATUS),
    must("startDate", Time),
    may("stopDate", Time),
    may("itemCount", Whole(0, i64::MAX)),
    may("stateMachineVersionArn", MACHINE),
    may("stateMachineAliasArn", MACHINE),
    may("redriveCount", Whole(0, 1000)),
    may("redriveDate", Time),
];
const EXECUTION: &[Member] = &[
    must("executionArn", Arn("execution")),
    must("stateMachineArn", MACHINE),
    may("name", NAME),
    must("status", STATUS),
    must("startDate", Time),
    may("stopDate", Time),
    may("input", DATA),
    may("inputDetails", Object(DATA_DETAILS)),
    may("output", DATA),
    may("outputDetails", Object(DATA_DETAILS)),
    may("traceHeader", Text(0, 256)),
    may("error", ERROR),
    may("cause", CAUSE),
    may("stateMachineVersionArn", MACHINE),
    may("stateMachineAliasArn", MACHINE),
    may("redriveCount", Whole(0, 1000)),
    may("redriveDate", Time),
    may("redriveStatus", Word(&["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"])),
    may("redriveStatusReason", Text(0, 262_144)),
];
const DESCRIBED_MACHINE: &[Member] = &[
    must("stateMachineArn", MACHINE),
    must("name", NAME),
    may("status", Word(&["ACTIVE", "DELETING"])),
    must("definition", Text(1, 1_048_576)),
    must("roleArn", Text(1, 256)),
    must("type", TYPE),
    must("creationDate", Time),
    may("loggingConfiguration", Object(LOGGING)),
    may("tracingConfiguration", Object(TRACING)),
    may("revisionId", Text(0, ANY)),
    may("description", Text(0, 256)),
    may("encryptionConfiguration", Object(ENCRYPTION)),
];
const MACHINE_OF_EXECUTION: &[Member] = &[
    must("stateMachineArn", MACHINE),
    must("name", NAME),
    must("definition", Text(1, 1_048_576)),
    must("roleArn", Text(1, 256)),
    must("updateDate", Time),
    may("loggingConfiguration", Object(LOGGING)),
    may("tracingConfiguration", Object(TRACING)),
    may("revisionId", Text(0, ANY)),
    may("encryptionConfiguration", Object(ENCRYPTION)),
];
const DIAGNOSTIC: &[Member] = &[
    must("severity", Word(&["ERROR", "WARNING"])),
    must("code", Text(0, ANY)),
    must("message", Text(0, ANY)),
    may("location", Text(0, ANY)),
];
const ROUTE: &[Member] = &[must("stateMachineVersionArn", MACHINE), must("weight", Whole(0, 100))];
const TESTED: &[Member] = &[
    may("output", DATA),
    may("error", ERROR),
    may("cause", CAUSE),
    may("inspectionData", Object(&[])),
    may("nextState", NAME),
    may("status", Word(&["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"])),
];

/// The members of an operation's 200 answer. What events hold is judged with histories.
pub(in crate::check) fn members(operation: Api) -> Option<&'static [Member]> {
    Some(match operation {
        Api::CreateStateMachine => members![
            must("stateMachineArn", MACHINE),
            must("creationDate", Time),
            may("stateMachineVersionArn", MACHINE),
        ],
        Api::UpdateStateMachine => members![
            must("updateDate", Time),
            may("revisionId", Text(0, ANY)),
            may("stateMachineVersionArn", MACHINE),
        ],
        Api::DescribeStateMachine => DESCRIBED_MACHINE,
        Api::DescribeStateMachineForExecution => MACHINE_OF_EXECUTION,
        Api::ListStateMachines => members![must("stateMachines", List(MACHINE_ITEM)), PAGE],
        Api::ValidateStateMachineDefinition => members![
            must("result", Word(&["OK", "FAIL"])),
            must("diagnostics", List(DIAGNOSTIC)),
            may("truncated", Flag),
        ],
        Api::PublishStateMachineVersion => VERSION_ITEM,
        Api::ListStateMachineVersions => members![must("stateMachineVersions", List(VERSION_ITEM)), PAGE],
        Api::CreateStateMachineAlias => ALIAS_ITEM,
        Api::DescribeStateMachineAlias => members![
            may("stateMachineAliasArn", MACHINE),
            may("name", NAME),
            may("description", Text(0, 256)),
            may("routingConfiguration", List(ROUTE)),
            may("creationDate", Time),
            may("updateDate", Time),
        ],
        Api::ListStateMachineAliases => members![must("stateMachineAliases", List(ALIAS_ITEM)), PAGE],
        Api::TestState => TESTED,
        // An execution of type EXPRESS has an ARN of that kind.
        Api::StartExecution => members![must("executionArn", Arn("")), must("startDate", Time)],
        Api::DescribeExecution => EXECUTION,
        Api::ListExecutions => {
            members![must("executions", List(EXECUTION_ITEM)), may("nextToken", Text(1, 3096))]
        }
        Api::StopExecution => members![must("stopDate", Time)],
        Api::RedriveExecution => members![must("redriveDate", Time)],
        Api::GetExecutionHistory => members![must("events", List(&[])), PAGE],
        Api::CreateActivity => members![must("activityArn", Arn("activity")), must("creationDate", Time)],
        Api::DescribeActivity => DESCRIBED_ACTIVITY,
        Api::ListActivities => members![must("activities", List(ACTIVITY_ITEM)), PAGE],
        Api::GetActivityTask => members![may("taskToken", Text(0, 2048)), may("input", Text(0, 1_048_576))],
        Api::StatesListTagsForResource => {
            members![may("tags", List(&[may("key", Text(1, 128)), may("value", Text(0, 256))]))]
        }
        _ => return None,
    })
}
