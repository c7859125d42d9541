//! The kinds of things that a run makes on a target: what they are called, what makes them, what removes them.

use record::{Call, Operation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::leftovers::TAG;

/// A kind of thing that a call makes. Ordered as things are removed: machines before the queues that their executions need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// An execution of a machine.
    Execution,
    /// An event source mapping, from a queue to a function.
    Mapping,
    /// A Lambda function.
    Function,
    /// A rule of EventBridge.
    Rule,
    /// A state machine.
    Machine,
    /// An activity.
    Activity,
    /// A topic of SNS.
    Topic,
    /// A queue of SQS.
    Queue,
}

impl ResourceKind {
    /// All of them, in the order in which they are removed.
    pub(crate) const ALL: [Self; 8] = [
        Self::Execution,
        Self::Mapping,
        Self::Function,
        Self::Rule,
        Self::Machine,
        Self::Activity,
        Self::Topic,
        Self::Queue,
    ];

    /// What an operation makes, if anything.
    pub(crate) fn made_by(operation: Operation) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.making() == operation)
    }

    /// What an operation removes, if anything.
    pub(crate) fn removed_by(operation: Operation) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.removal() == operation)
    }

    /// What an ARN names: its kind and its name.
    pub(crate) fn of_arn(arn: &str) -> Option<(Self, &str)> {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next()?, parts.nth(2)?);
        match service {
            "sqs" => Some((Self::Queue, resource)),
            "sns" if !resource.contains(':') => Some((Self::Topic, resource)),
            "states" => match resource.split_once(':')? {
                ("stateMachine", name) if !name.contains(':') => Some((Self::Machine, name)),
                ("activity", name) => Some((Self::Activity, name)),
                _ => None,
            },
            "events" => Some((Self::Rule, resource.strip_prefix("rule/")?)),
            "lambda" => match resource.split_once(':')? {
                ("function", name) => Some((Self::Function, name)),
                ("event-source-mapping", id) => Some((Self::Mapping, id)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Its name in sentences.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Mapping => "mapping",
            Self::Function => "function",
            Self::Rule => "rule",
            Self::Machine => "machine",
            Self::Activity => "activity",
            Self::Topic => "topic",
            Self::Queue => "queue",
        }
    }

    /// Whether the ledger keeps book of it. Executions go with their machine, mappings are found by their function.
    pub(crate) fn is_booked(self) -> bool {
        !matches!(self, Self::Execution | Self::Mapping)
    }

    /// The name that a call is about to give it.
    pub(crate) fn name(self, call: &Call) -> Option<&str> {
        call.text(match self {
            Self::Execution | Self::Machine | Self::Activity => "name",
            Self::Mapping | Self::Function => "FunctionName",
            Self::Rule | Self::Topic => "Name",
            Self::Queue => "QueueName",
        })
    }

    /// Tags what a call is about to make, unless the call has tags of its own or is no ordinary one.
    pub(crate) fn tag(self, call: &mut Call, run: &str) {
        let (member, tags) = match self {
            Self::Execution | Self::Mapping => return,
            Self::Function => ("Tags", json!({ TAG: run })),
            Self::Machine | Self::Activity => ("tags", json!([{"key": TAG, "value": run}])),
            Self::Rule | Self::Topic => ("Tags", json!([{"Key": TAG, "Value": run}])),
            Self::Queue => ("tags", json!({ TAG: run })),
        };
        let tagged = call.input.keys().any(|name| name.eq_ignore_ascii_case("tags"));
        if call.raw_body.is_none() && !tagged {
            call.input.insert(member.to_owned(), tags);
        }
    }

    /// What holds its ARN, URL or name in the reply that made it and in the call that removes it.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Execution => "executionArn",
            Self::Mapping => "UUID",
            Self::Function => "FunctionName",
            Self::Rule => "Name",
            Self::Machine => "stateMachineArn",
            Self::Activity => "activityArn",
            Self::Topic => "TopicArn",
            Self::Queue => "QueueUrl",
        }
    }

    /// The call that removes one.
    pub(crate) fn removing(self, id: &str) -> Call {
        Call::new(
            self.removal(),
            Value::Object([(self.member().to_owned(), json!(id))].into_iter().collect()),
        )
    }

    /// The operation that makes it.
    fn making(self) -> Operation {
        match self {
            Self::Execution => Operation::StartExecution,
            Self::Mapping => Operation::CreateEventSourceMapping,
            Self::Function => Operation::CreateFunction,
            Self::Rule => Operation::PutRule,
            Self::Machine => Operation::CreateStateMachine,
            Self::Activity => Operation::CreateActivity,
            Self::Topic => Operation::CreateTopic,
            Self::Queue => Operation::CreateQueue,
        }
    }

    /// The operation that removes it.
    fn removal(self) -> Operation {
        match self {
            Self::Execution => Operation::StopExecution,
            Self::Mapping => Operation::DeleteEventSourceMapping,
            Self::Function => Operation::DeleteFunction,
            Self::Rule => Operation::DeleteRule,
            Self::Machine => Operation::DeleteStateMachine,
            Self::Activity => Operation::DeleteActivity,
            Self::Topic => Operation::DeleteTopic,
            Self::Queue => Operation::DeleteQueue,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_kind_and_name() {
        let named = |arn| ResourceKind::of_arn(arn).map(|(kind, name)| (kind.word(), name));
        assert_eq!(named("arn:aws:sqs:eu-west-1:1:q"), Some(("queue", "q")));
        assert_eq!(named("arn:aws:states:eu-west-1:1:stateMachine:m"), Some(("machine", "m")));
        assert_eq!(named("arn:aws:states:eu-west-1:1:stateMachine:m:3"), None);
        assert_eq!(named("arn:aws:states:eu-west-1:1:execution:m:e"), None);
        assert_eq!(named("arn:aws:events:eu-west-1:1:rule/r"), Some(("rule", "r")));
        assert_eq!(named("arn:aws:lambda:eu-west-1:1:function:f"), Some(("function", "f")));
        assert_eq!(named("nonsense"), None);
    }
}
