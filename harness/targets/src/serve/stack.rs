//! A stack of `fixtures/sample/template.yaml` as the served region plays it: made by ordinary calls before the first client comes.
//!
//! No template is read and no other stack can be made. Names are as CloudFormation would give them: the stack's, the
//! resource's, and an end that nobody else has.

use engine::Clock;
use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use crate::TargetError;
use crate::live::Live;

/// Which stack is played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its name.
    pub name: String,
    /// Whether a function of it consumes its queue.
    pub has_consumer: bool,
}

/// The stack, once it is there: what DescribeStacks shows of it.
pub(super) struct Stack {
    name: String,
    shown: Value,
}

const CALLBACK: &str = include_str!("../../../../fixtures/sample/machines/callback.asl.json");
const NAMED: &str = include_str!("../../../../fixtures/sample/machines/named.asl.json");

/// The answer to DescribeStacks.
pub(super) fn described(stack: Option<&Stack>, call: &Call) -> Outcome {
    let asked = call.text("StackName");
    match (stack, asked) {
        (Some(stack), None) => Outcome::Done(json!({ "Stacks": [stack.shown] })),
        (Some(stack), Some(name)) if name == stack.name => Outcome::Done(json!({ "Stacks": [stack.shown] })),
        (None, None) => Outcome::Done(json!({ "Stacks": [] })),
        (_, Some(name)) => {
            Outcome::Refused(ApiError::new("ValidationError", format!("Stack with id {name} does not exist")))
        }
    }
}

/// Makes what the template holds.
pub(super) async fn deploy<C: Clock>(sample: &Sample, live: &Live<C>) -> Result<Stack, TargetError> {
    Deployment { sample, live }.whole().await.map_err(|why| {
        TargetError::usage(
            format!("the stack {} cannot be played: {why}", sample.name),
            "give it another name",
        )
    })
}

struct Deployment<'a, C> {
    sample: &'a Sample,
    live: &'a Live<C>,
}

impl<C: Clock> Deployment<'_, C> {
    async fn whole(&self) -> Result<Stack, String> {
        let name = &self.sample.name;
        let (dead, dead_arn) = self.queue("DeadLetterQueue", json!({})).await?;
        let redrive = json!({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5}).to_string();
        let (queue, queue_arn) = self.queue("Queue", json!({ "RedrivePolicy": redrive })).await?;
        let (news, news_arn) = self.queue("NotificationQueue", json!({})).await?;
        let topic = json!({ "Name": self.physical("Topic") });
        let topic = self.made(Operation::CreateTopic, topic, "/TopicArn").await?;
        let subscription = json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": news_arn});
        self.made(Operation::Subscribe, subscription, "/SubscriptionArn").await?;
        let account = self.made(Operation::GetCallerIdentity, json!({}), "/Account").await?;
        let role = format!("arn:aws:iam::{account}:role/{}", self.physical("StateMachineRole"));
        let mut outputs = json!({
            "StateMachineRoleArn": role, "QueueUrl": queue, "QueueArn": queue_arn, "DeadLetterQueueUrl": dead,
            "TopicArn": topic, "NotificationQueueUrl": news
        });
        for (key, name, definition) in [
            ("StateMachineArn", format!("{name}-Callback"), CALLBACK),
            ("NamedStateMachineArn", format!("{name}-Named"), NAMED),
        ] {
            let definition = definition.replace("${QueueUrl}", &queue).replace("${TopicArn}", &topic);
            let machine = json!({"name": name, "roleArn": role, "definition": definition});
            outputs[key] =
                json!(self.made(Operation::CreateStateMachine, machine, "/stateMachineArn").await?);
        }
        if self.sample.has_consumer {
            let function = json!({"FunctionName": self.physical("Function"), "Role": role});
            let function = self.made(Operation::CreateFunction, function, "/FunctionName").await?;
            let mapping = json!({"FunctionName": function, "EventSourceArn": queue_arn});
            outputs["EventSourceMappingId"] =
                json!(self.made(Operation::CreateEventSourceMapping, mapping, "/UUID").await?);
            outputs["FunctionName"] = json!(function);
        }
        let outputs = outputs.as_object().into_iter().flatten();
        let outputs: Vec<Value> =
            outputs.map(|(key, value)| json!({"OutputKey": key, "OutputValue": value})).collect();
        let shown = json!({
            "StackName": name, "StackId": format!("arn:aws:cloudformation:us-east-1:{account}:stack/{name}/0"),
            "CreationTime": self.live.clock.now().iso(), "StackStatus": "CREATE_COMPLETE", "Outputs": outputs
        });
        Ok(Stack { name: name.clone(), shown })
    }

    /// Its URL and its ARN.
    async fn queue(&self, resource: &str, attributes: Value) -> Result<(String, String), String> {
        let queue = json!({"QueueName": self.physical(resource), "Attributes": attributes});
        let url = self.made(Operation::CreateQueue, queue, "/QueueUrl").await?;
        let asked = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
        let arn = self.made(Operation::GetQueueAttributes, asked, "/Attributes/QueueArn").await?;
        Ok((url, arn))
    }

    /// Makes a call that cannot fail in a region where there is nothing yet, and gives the member of its reply.
    async fn made(&self, operation: Operation, input: Value, member: &str) -> Result<String, String> {
        match self.live.call(&Call::new(operation, input)).await {
            Outcome::Done(reply) => reply
                .pointer(member)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("{operation} gave no {member}")),
            Outcome::Refused(error) => Err(format!("{operation}: {error}")),
            Outcome::Unknown(why) => Err(format!("{operation}: {why}")),
        }
    }

    /// A name as CloudFormation gives it.
    fn physical(&self, resource: &str) -> String {
        format!("{}-{resource}-PLAYED", self.sample.name)
    }
}
