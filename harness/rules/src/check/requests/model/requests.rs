//! What a request of each operation may hold: the input structures of the API model.
//!
//! Inputs and outputs of executions are left out: they are measured in bytes by rules of their own. So is the longest
//! definition, which the size of the request may refuse first.

use record::Operation as Api;

use super::Kind::{List, Text, Whole, Word};
use super::{ARN_LENGTH, CAUSE, ERROR, Kind, Member, NAME, STATUS, TYPE, may, must};

const ANY: usize = usize::MAX;
/// An ARN by its length alone: its form is another rule's.
const LONG_ENOUGH: Kind = Text(1, ARN_LENGTH);
const DEFINITION: Kind = Text(1, ANY);
const DATA: Kind = Text(0, ANY);
const PAGE_SIZE: Member = may("maxResults", Whole(0, 1000));
const PAGE: Member = may("nextToken", Text(1, 1024));
const INCLUDED: Member = may("includedData", Word(&["ALL_DATA", "METADATA_ONLY"]));
const TOKEN: Member = must("taskToken", Text(1, 2048));

/// The members of an operation's request that the model constrains.
pub(in crate::check) fn members(operation: Api) -> &'static [Member] {
    match operation {
        Api::CreateStateMachine => members![
            must("name", NAME),
            must("definition", DEFINITION),
            must("roleArn", LONG_ENOUGH),
            may("type", TYPE),
            may("versionDescription", Text(0, 256)),
        ],
        Api::UpdateStateMachine => members![
            must("stateMachineArn", LONG_ENOUGH),
            may("definition", DEFINITION),
            may("roleArn", LONG_ENOUGH),
            may("versionDescription", Text(0, 256)),
        ],
        Api::DescribeStateMachine => members![must("stateMachineArn", LONG_ENOUGH), INCLUDED],
        Api::DescribeStateMachineForExecution | Api::DescribeExecution => {
            members![must("executionArn", LONG_ENOUGH), INCLUDED]
        }
        Api::DeleteStateMachine => members![must("stateMachineArn", LONG_ENOUGH)],
        Api::ListStateMachines | Api::ListActivities => members![PAGE_SIZE, PAGE],
        Api::ValidateStateMachineDefinition => members![
            must("definition", Text(0, ANY)),
            may("type", TYPE),
            may("severity", Word(&["ERROR", "WARNING"])),
            may("maxResults", Whole(0, 100)),
        ],
        Api::PublishStateMachineVersion => {
            members![must("stateMachineArn", LONG_ENOUGH), may("description", Text(0, 256))]
        }
        Api::ListStateMachineVersions | Api::ListStateMachineAliases => {
            members![must("stateMachineArn", LONG_ENOUGH), PAGE_SIZE, PAGE]
        }
        Api::DeleteStateMachineVersion => members![must("stateMachineVersionArn", Text(1, 2000))],
        Api::CreateStateMachineAlias => {
            members![
                must("name", NAME),
                must("routingConfiguration", List(&[])),
                may("description", Text(0, 256))
            ]
        }
        Api::DescribeStateMachineAlias | Api::DeleteStateMachineAlias => {
            members![must("stateMachineAliasArn", LONG_ENOUGH)]
        }
        Api::TestState => members![
            must("definition", DEFINITION),
            may("roleArn", LONG_ENOUGH),
            may("inspectionLevel", Word(&["INFO", "DEBUG", "TRACE"])),
        ],
        Api::StartExecution => {
            members![
                must("stateMachineArn", LONG_ENOUGH),
                may("name", NAME),
                may("traceHeader", Text(0, 256))
            ]
        }
        Api::ListExecutions => members![
            may("stateMachineArn", LONG_ENOUGH),
            may("statusFilter", STATUS),
            PAGE_SIZE,
            may("nextToken", Text(1, 3096)),
            may("mapRunArn", Text(1, 2000)),
            may("redriveFilter", Word(&["REDRIVEN", "NOT_REDRIVEN"])),
        ],
        Api::StopExecution => {
            members![must("executionArn", LONG_ENOUGH), may("error", ERROR), may("cause", CAUSE)]
        }
        Api::RedriveExecution => members![must("executionArn", LONG_ENOUGH), may("clientToken", Text(1, 64))],
        Api::GetExecutionHistory => members![must("executionArn", LONG_ENOUGH), PAGE_SIZE, PAGE],
        Api::SendTaskSuccess => members![TOKEN, must("output", DATA)],
        Api::SendTaskFailure => members![TOKEN, may("error", ERROR), may("cause", CAUSE)],
        Api::SendTaskHeartbeat => members![TOKEN],
        Api::CreateActivity => members![must("name", NAME)],
        Api::DescribeActivity | Api::DeleteActivity => members![must("activityArn", LONG_ENOUGH)],
        Api::GetActivityTask => members![must("activityArn", LONG_ENOUGH), may("workerName", NAME)],
        Api::StatesTagResource => members![must("resourceArn", LONG_ENOUGH), must("tags", List(&[]))],
        Api::StatesUntagResource => members![must("resourceArn", LONG_ENOUGH), must("tagKeys", List(&[]))],
        Api::StatesListTagsForResource => members![must("resourceArn", LONG_ENOUGH)],
        _ => members![],
    }
}
