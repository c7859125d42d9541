//! The operations of Step Functions that the SDK sends.
//!
//! Not here: TestState (the SDK puts `sync-` before the endpoint's host, which no emulator answers at), and members
//! with nested structures (logging, tracing, encryption): those calls take the raw path.

use aws_sdk_sfn::Client;
use record::{Call, Operation, Outcome};

use super::{Inexpressible, operation};

#[expect(clippy::too_many_lines, reason = "one entry an operation")]
pub(super) async fn send(client: &Client, call: &Call) -> Result<Outcome, Inexpressible> {
    match call.operation {
        Operation::CreateStateMachine => operation!(client, call, create_state_machine {
            "name" text set_name,
            "definition" text set_definition,
            "roleArn" text set_role_arn,
            "type" word set_type,
            "tags" tags set_tags,
            "publish" flag set_publish,
            "versionDescription" text set_version_description,
        }),
        Operation::UpdateStateMachine => operation!(client, call, update_state_machine {
            "stateMachineArn" text set_state_machine_arn,
            "definition" text set_definition,
            "roleArn" text set_role_arn,
            "publish" flag set_publish,
            "versionDescription" text set_version_description,
        }),
        Operation::DescribeStateMachine => operation!(client, call, describe_state_machine {
            "stateMachineArn" text set_state_machine_arn,
            "includedData" word set_included_data,
        }),
        Operation::DescribeStateMachineForExecution => {
            operation!(client, call, describe_state_machine_for_execution {
                "executionArn" text set_execution_arn,
                "includedData" word set_included_data,
            })
        }
        Operation::DeleteStateMachine => operation!(client, call, delete_state_machine {
            "stateMachineArn" text set_state_machine_arn,
        }),
        Operation::ListStateMachines => operation!(client, call, list_state_machines {
            "maxResults" whole set_max_results,
            "nextToken" text set_next_token,
        }),
        Operation::ValidateStateMachineDefinition => {
            operation!(client, call, validate_state_machine_definition {
                "definition" text set_definition,
                "type" word set_type,
                "severity" word set_severity,
                "maxResults" whole set_max_results,
            })
        }
        Operation::PublishStateMachineVersion => operation!(client, call, publish_state_machine_version {
            "stateMachineArn" text set_state_machine_arn,
            "revisionId" text set_revision_id,
            "description" text set_description,
        }),
        Operation::ListStateMachineVersions => operation!(client, call, list_state_machine_versions {
            "stateMachineArn" text set_state_machine_arn,
            "maxResults" whole set_max_results,
            "nextToken" text set_next_token,
        }),
        Operation::DeleteStateMachineVersion => operation!(client, call, delete_state_machine_version {
            "stateMachineVersionArn" text set_state_machine_version_arn,
        }),
        Operation::StartExecution => operation!(client, call, start_execution {
            "stateMachineArn" text set_state_machine_arn,
            "name" text set_name,
            "input" text set_input,
            "traceHeader" text set_trace_header,
        }),
        Operation::DescribeExecution => operation!(client, call, describe_execution {
            "executionArn" text set_execution_arn,
            "includedData" word set_included_data,
        }),
        Operation::ListExecutions => operation!(client, call, list_executions {
            "stateMachineArn" text set_state_machine_arn,
            "statusFilter" word set_status_filter,
            "maxResults" whole set_max_results,
            "nextToken" text set_next_token,
            "mapRunArn" text set_map_run_arn,
            "redriveFilter" word set_redrive_filter,
        }),
        Operation::StopExecution => operation!(client, call, stop_execution {
            "executionArn" text set_execution_arn,
            "error" text set_error,
            "cause" text set_cause,
        }),
        Operation::RedriveExecution => operation!(client, call, redrive_execution {
            "executionArn" text set_execution_arn,
            "clientToken" text set_client_token,
        }),
        Operation::GetExecutionHistory => operation!(client, call, get_execution_history {
            "executionArn" text set_execution_arn,
            "maxResults" whole set_max_results,
            "reverseOrder" flag set_reverse_order,
            "nextToken" text set_next_token,
            "includeExecutionData" flag set_include_execution_data,
        }),
        Operation::SendTaskSuccess => operation!(client, call, send_task_success {
            "taskToken" text set_task_token,
            "output" text set_output,
        }),
        Operation::SendTaskFailure => operation!(client, call, send_task_failure {
            "taskToken" text set_task_token,
            "error" text set_error,
            "cause" text set_cause,
        }),
        Operation::SendTaskHeartbeat => operation!(client, call, send_task_heartbeat {
            "taskToken" text set_task_token,
        }),
        Operation::CreateActivity => operation!(client, call, create_activity {
            "name" text set_name,
            "tags" tags set_tags,
        }),
        Operation::DescribeActivity => operation!(client, call, describe_activity {
            "activityArn" text set_activity_arn,
        }),
        Operation::DeleteActivity => operation!(client, call, delete_activity {
            "activityArn" text set_activity_arn,
        }),
        Operation::ListActivities => operation!(client, call, list_activities {
            "maxResults" whole set_max_results,
            "nextToken" text set_next_token,
        }),
        Operation::GetActivityTask => operation!(client, call, get_activity_task {
            "activityArn" text set_activity_arn,
            "workerName" text set_worker_name,
        }),
        Operation::StatesTagResource => operation!(client, call, tag_resource {
            "resourceArn" text set_resource_arn,
            "tags" tags set_tags,
        }),
        Operation::StatesUntagResource => operation!(client, call, untag_resource {
            "resourceArn" text set_resource_arn,
            "tagKeys" words set_tag_keys,
        }),
        Operation::StatesListTagsForResource => operation!(client, call, list_tags_for_resource {
            "resourceArn" text set_resource_arn,
        }),
        _ => Err(Inexpressible),
    }
}
