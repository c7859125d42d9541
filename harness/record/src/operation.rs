//! The API operations that a call can name, by service. Written `service:Name` when stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The AWS services that the callback pattern touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Step Functions: AWS JSON 1.0, signed as `states`.
    States,
    /// SQS: AWS JSON 1.0, signed as `sqs`.
    Sqs,
    /// SNS: the query protocol, signed as `sns`.
    Sns,
    /// Lambda: REST, signed as `lambda`.
    Lambda,
    /// EventBridge: AWS JSON 1.1, signed as `events`.
    Events,
    /// STS: the query protocol, signed as `sts`.
    Sts,
    /// CloudFormation: the query protocol, signed as `cloudformation`.
    CloudFormation,
    /// The Resource Groups Tagging API: AWS JSON 1.1, signed as `tagging`.
    Tagging,
}

impl Service {
    /// The name that SigV4 signs with, also the prefix of stored operation names.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Sqs => "sqs",
            Self::Sns => "sns",
            Self::Lambda => "lambda",
            Self::Events => "events",
            Self::Sts => "sts",
            Self::CloudFormation => "cloudformation",
            Self::Tagging => "tagging",
        }
    }
}

/// A stored operation name that no service here has.
#[derive(Debug, thiserror::Error)]
#[error("unknown operation `{0}`; operations are written `states:StartExecution`")]
pub struct UnknownOperation(pub String);

macro_rules! operations {
    ($($variant:ident = $service:ident $name:literal;)*) => {
        /// One operation of one service. Variants carry a prefix only where two services share a name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names are AWS's own")]
        pub enum Operation { $($variant,)* }

        impl Operation {
            /// Every operation, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The service that offers it.
            pub fn service(self) -> Service { match self { $(Self::$variant => Service::$service,)* } }

            /// AWS's name of it, as in `X-Amz-Target` or `Action`.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
        }
    };
}

operations! {
    CreateStateMachine = States "CreateStateMachine";
    UpdateStateMachine = States "UpdateStateMachine";
    DescribeStateMachine = States "DescribeStateMachine";
    DescribeStateMachineForExecution = States "DescribeStateMachineForExecution";
    DeleteStateMachine = States "DeleteStateMachine";
    ListStateMachines = States "ListStateMachines";
    ValidateStateMachineDefinition = States "ValidateStateMachineDefinition";
    PublishStateMachineVersion = States "PublishStateMachineVersion";
    ListStateMachineVersions = States "ListStateMachineVersions";
    DeleteStateMachineVersion = States "DeleteStateMachineVersion";
    CreateStateMachineAlias = States "CreateStateMachineAlias";
    DescribeStateMachineAlias = States "DescribeStateMachineAlias";
    ListStateMachineAliases = States "ListStateMachineAliases";
    DeleteStateMachineAlias = States "DeleteStateMachineAlias";
    TestState = States "TestState";
    StartExecution = States "StartExecution";
    DescribeExecution = States "DescribeExecution";
    ListExecutions = States "ListExecutions";
    StopExecution = States "StopExecution";
    RedriveExecution = States "RedriveExecution";
    GetExecutionHistory = States "GetExecutionHistory";
    SendTaskSuccess = States "SendTaskSuccess";
    SendTaskFailure = States "SendTaskFailure";
    SendTaskHeartbeat = States "SendTaskHeartbeat";
    CreateActivity = States "CreateActivity";
    DescribeActivity = States "DescribeActivity";
    DeleteActivity = States "DeleteActivity";
    ListActivities = States "ListActivities";
    GetActivityTask = States "GetActivityTask";
    StatesTagResource = States "TagResource";
    StatesUntagResource = States "UntagResource";
    StatesListTagsForResource = States "ListTagsForResource";
    CreateQueue = Sqs "CreateQueue";
    DeleteQueue = Sqs "DeleteQueue";
    GetQueueUrl = Sqs "GetQueueUrl";
    GetQueueAttributes = Sqs "GetQueueAttributes";
    SetQueueAttributes = Sqs "SetQueueAttributes";
    ListQueues = Sqs "ListQueues";
    SendMessage = Sqs "SendMessage";
    SendMessageBatch = Sqs "SendMessageBatch";
    ReceiveMessage = Sqs "ReceiveMessage";
    DeleteMessage = Sqs "DeleteMessage";
    DeleteMessageBatch = Sqs "DeleteMessageBatch";
    ChangeMessageVisibility = Sqs "ChangeMessageVisibility";
    ChangeMessageVisibilityBatch = Sqs "ChangeMessageVisibilityBatch";
    PurgeQueue = Sqs "PurgeQueue";
    TagQueue = Sqs "TagQueue";
    ListQueueTags = Sqs "ListQueueTags";
    CreateTopic = Sns "CreateTopic";
    DeleteTopic = Sns "DeleteTopic";
    ListTopics = Sns "ListTopics";
    GetTopicAttributes = Sns "GetTopicAttributes";
    Subscribe = Sns "Subscribe";
    Unsubscribe = Sns "Unsubscribe";
    SetSubscriptionAttributes = Sns "SetSubscriptionAttributes";
    ListSubscriptionsByTopic = Sns "ListSubscriptionsByTopic";
    Publish = Sns "Publish";
    SnsTagResource = Sns "TagResource";
    SnsListTagsForResource = Sns "ListTagsForResource";
    CreateFunction = Lambda "CreateFunction";
    GetFunction = Lambda "GetFunction";
    DeleteFunction = Lambda "DeleteFunction";
    Invoke = Lambda "Invoke";
    CreateEventSourceMapping = Lambda "CreateEventSourceMapping";
    GetEventSourceMapping = Lambda "GetEventSourceMapping";
    UpdateEventSourceMapping = Lambda "UpdateEventSourceMapping";
    DeleteEventSourceMapping = Lambda "DeleteEventSourceMapping";
    ListEventSourceMappings = Lambda "ListEventSourceMappings";
    PutEvents = Events "PutEvents";
    PutRule = Events "PutRule";
    PutTargets = Events "PutTargets";
    RemoveTargets = Events "RemoveTargets";
    DeleteRule = Events "DeleteRule";
    ListRules = Events "ListRules";
    GetCallerIdentity = Sts "GetCallerIdentity";
    DescribeStacks = CloudFormation "DescribeStacks";
    GetResources = Tagging "GetResources";
}

impl Operation {
    /// The operation of this service by AWS's name of it.
    pub fn of(service: Service, name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|op| op.service() == service && op.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service().signing_name(), self.name())
    }
}

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|op| {
                text.split_once(':').is_some_and(|(service, name)| {
                    service == op.service().signing_name() && name == op.name()
                })
            })
            .ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

impl Serialize for Operation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
