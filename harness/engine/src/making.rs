//! What calls make that has to be removed again.

use record::{Call, Operation};
use serde_json::json;

use crate::leftovers::TAG;

/// A kind of thing that a call makes. Removed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Making {
    Execution,
    Machine,
    Mapping,
    Function,
    Activity,
    Topic,
    Queue,
}

impl Making {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Execution,
        Self::Machine,
        Self::Mapping,
        Self::Function,
        Self::Activity,
        Self::Topic,
        Self::Queue,
    ];

    /// What an operation makes, if anything.
    pub(crate) fn of(operation: Operation) -> Option<Self> {
        Some(match operation {
            Operation::StartExecution => Self::Execution,
            Operation::CreateStateMachine => Self::Machine,
            Operation::CreateEventSourceMapping => Self::Mapping,
            Operation::CreateFunction => Self::Function,
            Operation::CreateActivity => Self::Activity,
            Operation::CreateTopic => Self::Topic,
            Operation::CreateQueue => Self::Queue,
            _ => return None,
        })
    }

    /// The ledger's word for it. Executions go with their machine, mappings are found by their function.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Self::Execution | Self::Mapping => None,
            Self::Function => Some("function"),
            Self::Machine => Some("machine"),
            Self::Activity => Some("activity"),
            Self::Topic => Some("topic"),
            Self::Queue => Some("queue"),
        }
    }

    /// The name that a call is about to give it.
    pub(crate) fn name(self, call: &Call) -> Option<&str> {
        call.text(match self {
            Self::Execution | Self::Machine | Self::Activity => "name",
            Self::Function | Self::Mapping => "FunctionName",
            Self::Topic => "Name",
            Self::Queue => "QueueName",
        })
    }

    /// Tags what a call is about to make, unless the call has tags of its own or is no ordinary one.
    pub(crate) fn tag(self, call: &mut Call, run: &str) {
        let (member, tags) = match self {
            Self::Execution | Self::Mapping => return,
            Self::Function => ("Tags", json!({ TAG: run })),
            Self::Machine | Self::Activity => ("tags", json!([{"key": TAG, "value": run}])),
            Self::Topic => ("Tags", json!([{"Key": TAG, "Value": run}])),
            Self::Queue => ("tags", json!({ TAG: run })),
        };
        let tagged = call.input.keys().any(|name| name.eq_ignore_ascii_case("tags"));
        if call.raw_body.is_none() && !tagged {
            call.input.insert(member.to_owned(), tags);
        }
    }

    /// What holds its ARN or URL in the reply that made it and in the call that removes it.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Execution => "executionArn",
            Self::Machine => "stateMachineArn",
            Self::Mapping => "UUID",
            Self::Function => "FunctionName",
            Self::Activity => "activityArn",
            Self::Topic => "TopicArn",
            Self::Queue => "QueueUrl",
        }
    }

    /// The operation that removes it.
    pub(crate) fn removal(self) -> Operation {
        match self {
            Self::Execution => Operation::StopExecution,
            Self::Machine => Operation::DeleteStateMachine,
            Self::Mapping => Operation::DeleteEventSourceMapping,
            Self::Function => Operation::DeleteFunction,
            Self::Activity => Operation::DeleteActivity,
            Self::Topic => Operation::DeleteTopic,
            Self::Queue => Operation::DeleteQueue,
        }
    }
}
