//! The Step Functions API: state machines, executions, tokens and activities as resources.
//!
//! What executions do is in `execution`; here are the operations around them, by group.

mod activities;
mod describe;
mod executions;
mod history;
mod lists;
mod machines;
mod names;
mod tags;
mod test_state;
mod tokens;
mod versions;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use record::{Call, Operation, Time};
use serde_json::Value;

pub(crate) use describe::{capitalised, described};

use crate::Region;
use crate::execution::{ExecutionId, StrandId};
use crate::region::Served;

/// Everything of Step Functions but executions.
#[derive(Debug, Default)]
pub(crate) struct Sfn {
    /// By ARN.
    pub(crate) machines: BTreeMap<String, Machine>,
    /// By ARN.
    pub(crate) activities: BTreeMap<String, Activity>,
}

/// What an execution runs: one revision of a machine.
#[derive(Debug)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) definition: String,
    pub(crate) machine: asl::Machine,
    pub(crate) role_arn: String,
    #[expect(clippy::struct_field_names, reason = "AWS's name")]
    pub(crate) revision_id: Option<String>,
    pub(crate) logging: Value,
    pub(crate) tracing: Value,
    pub(crate) at: Time,
}

/// `status` of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MachineStatus {
    Active,
    Deleting,
}

/// A state machine.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) status: MachineStatus,
    pub(crate) express: bool,
    pub(crate) created: Time,
    pub(crate) current: Arc<Revision>,
    pub(crate) encryption: Value,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) versions: BTreeMap<u64, Version>,
    pub(crate) next_version: u64,
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// What CreateStateMachine compares: definition, type, logging, tracing, encryption, publish, versionDescription.
    pub(crate) fingerprint: String,
}

/// A published version.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) revision: Arc<Revision>,
    pub(crate) description: Option<String>,
    pub(crate) created: Time,
}

/// An alias: versions with weights.
#[derive(Clone, Debug)]
pub(crate) struct Alias {
    pub(crate) description: Option<String>,
    pub(crate) routes: Vec<(String, u64)>,
    pub(crate) created: Time,
    pub(crate) updated: Time,
}

/// An activity with the tasks that wait for a worker.
#[derive(Debug)]
pub(crate) struct Activity {
    pub(crate) name: String,
    pub(crate) created: Time,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) waiting: VecDeque<(ExecutionId, StrandId, u64)>,
}

impl Region {
    /// A machine that is there, and found by now.
    pub(crate) fn found_machine(&mut self, arn: &str) -> Option<&Machine> {
        let machine = self.sfn.machines.get(arn)?;
        self.conduct.finds(self.now, machine.created).then_some(machine)
    }

    pub(crate) fn serve_states(&mut self, call: &Call) -> Served {
        use Operation as O;
        Served::Reply(match call.operation {
            O::CreateStateMachine => self.create_state_machine(call),
            O::UpdateStateMachine => self.update_state_machine(call),
            O::DescribeStateMachine => self.describe_state_machine(call),
            O::DescribeStateMachineForExecution => self.describe_state_machine_for_execution(call),
            O::DeleteStateMachine => self.delete_state_machine(call),
            O::ListStateMachines => self.list_state_machines(call),
            O::ValidateStateMachineDefinition => machines::validate_state_machine_definition(call),
            O::PublishStateMachineVersion => self.publish_version(call),
            O::ListStateMachineVersions => self.list_versions(call),
            O::DeleteStateMachineVersion => self.delete_version(call),
            O::CreateStateMachineAlias => self.create_alias(call),
            O::DescribeStateMachineAlias => self.describe_alias(call),
            O::ListStateMachineAliases => self.list_aliases(call),
            O::DeleteStateMachineAlias => self.delete_alias(call),
            O::TestState => self.test_state(call),
            O::StartExecution => self.start_execution(call),
            O::DescribeExecution => self.describe_execution(call),
            O::ListExecutions => self.list_executions(call),
            O::StopExecution => self.stop_execution(call),
            O::RedriveExecution => self.redrive_execution(call),
            O::GetExecutionHistory => self.get_execution_history(call),
            O::SendTaskSuccess => self.send_task_success(call),
            O::SendTaskFailure => self.send_task_failure(call),
            O::SendTaskHeartbeat => self.send_task_heartbeat(call),
            O::CreateActivity => self.create_activity(call),
            O::DescribeActivity => self.describe_activity(call),
            O::DeleteActivity => self.delete_activity(call),
            O::ListActivities => self.list_activities(call),
            O::GetActivityTask => return self.get_activity_task(call),
            O::StatesTagResource => self.tag_states(call),
            O::StatesUntagResource => self.untag_states(call),
            O::StatesListTagsForResource => self.list_tags_of_states(call),
            _ => Err(record::ApiError::new("UnknownOperationException", "")),
        })
    }
}
