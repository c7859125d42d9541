//! A deployed sample: a CloudFormation stack of `fixtures/sample/template.yaml`, found by its name.
//!
//! A run gives the stack's role to every machine that it makes, and runs the sample's own plans on the stack's machine, queue
//! and topic. One plan at a time has these, and leaves the queues empty. Where a function of the stack consumes the queue, no
//! other worker would get its messages: then only the role is used.
//!
//! It makes nothing and removes nothing: what belongs to the stack is in no ledger.

use std::fmt;

use futures_util::future::join;
use plan::Plan;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::leftovers::patient;
use crate::{EngineError, Target};

/// A stack that is whole, with what it put out.
#[derive(Debug)]
pub struct Stack {
    name: String,
    role: String,
    machine: String,
    queue: String,
    topic: String,
    notifications: String,
    /// The function that consumes the queue, if there is one.
    consumer: Option<String>,
    turn: Mutex<()>,
}

/// What a stack can be used in: it was made, or changed, or brought back to what it was before a change.
const WHOLE: [&str; 5] = [
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
];

/// The attribute of a queue that counts what was received and neither deleted nor given back.
const IN_FLIGHT: &str = "ApproximateNumberOfMessagesNotVisible";

/// As many receives empty a queue, or it is somebody else's.
const RECEIVES: usize = 100;

impl Stack {
    /// Reads a stack's outputs, and takes it over unless somebody is using it.
    pub async fn open(target: &dyn Target, name: &str) -> Result<Self, EngineError> {
        let unusable = |why: String| EngineError::Stack { name: name.to_owned(), why };
        let outcome = patient(target, Call::new(Operation::DescribeStacks, json!({"StackName": name}))).await;
        let stack = Self::of(name, &outcome).map_err(unusable)?;
        if stack.consumer.is_none() {
            stack.unused(target).await.map_err(unusable)?;
            stack.empty(target).await;
        }
        Ok(stack)
    }

    /// The stack that an answer to DescribeStacks shows. The error ends with the remedy.
    fn of(name: &str, described: &Outcome) -> Result<Self, String> {
        let reply = match described {
            Outcome::Done(reply) => reply,
            Outcome::Refused(error) if error.message.contains("does not exist") => {
                return Err(format!(
                    "it is not there; deploy fixtures/sample/template.yaml as `{name}`, or give the name of a stack that is"
                ));
            }
            Outcome::Refused(error) => {
                return Err(format!(
                    "{error}; allow cloudformation:DescribeStacks on it, or run without --stack"
                ));
            }
            Outcome::Unknown(why) => {
                return Err(format!(
                    "{why}; see whether the target offers CloudFormation, or run without --stack"
                ));
            }
        };
        let stack = reply.pointer("/Stacks/0").unwrap_or(&Value::Null);
        let status = stack.get("StackStatus").and_then(Value::as_str).unwrap_or("in no status");
        if !WHOLE.contains(&status) {
            return Err(if status.ends_with("_IN_PROGRESS") {
                format!("it is {status}; wait until that is over, then run again")
            } else {
                format!("it is {status}; see its events, delete it and deploy it again")
            });
        }
        let outputs = stack.get("Outputs").and_then(Value::as_array);
        let find = |key: &str| {
            let named = |output: &&Value| output.get("OutputKey").is_some_and(|known| known == key);
            outputs?.iter().find(named)?.get("OutputValue")?.as_str().map(str::to_owned)
        };
        let must = |key: &str| {
            find(key).ok_or_else(|| {
                format!("it has no output `{key}`; deploy fixtures/sample/template.yaml as it is here")
            })
        };
        Ok(Self {
            name: name.to_owned(),
            role: must("StateMachineRoleArn")?,
            machine: must("NamedStateMachineArn")?,
            queue: must("QueueUrl")?,
            topic: must("TopicArn")?,
            notifications: must("NotificationQueueUrl")?,
            consumer: find("FunctionName"),
            turn: Mutex::default(),
        })
    }

    /// The role of its machines.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Whether a plan runs on it.
    pub(crate) fn suits(&self, plan: &Plan) -> bool {
        self.consumer.is_none() && plan.is_the_sample()
    }

    /// Waits until no other plan has it.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(crate) fn machine(&self) -> &str {
        &self.machine
    }

    /// Its places under the names that plans give them.
    pub(crate) fn places(&self) -> [(String, String); 3] {
        [("queue", &self.queue), ("topic", &self.topic), ("notifications", &self.notifications)]
            .map(|(place, value)| (place.to_owned(), value.clone()))
    }

    /// The calls whose answers say what it consists of.
    pub(crate) fn descriptions(&self) -> [Call; 2] {
        [
            Call::new(Operation::DescribeStateMachine, json!({"stateMachineArn": self.machine})),
            Call::new(Operation::ListSubscriptionsByTopic, json!({"TopicArn": self.topic})),
        ]
    }

    /// Throws away what its queues hold.
    pub(crate) async fn empty(&self, target: &dyn Target) {
        join(empty(target, &self.queue), empty(target, &self.notifications)).await;
    }

    /// An execution that somebody else started would be answered by the run's workers, and a message in flight would come back
    /// among the run's own.
    async fn unused(&self, target: &dyn Target) -> Result<(), String> {
        let input = json!({"stateMachineArn": self.machine, "statusFilter": "RUNNING"});
        let outcome = patient(target, Call::new(Operation::ListExecutions, input)).await;
        let list = outcome.reply().and_then(|reply| reply.get("executions")?.as_array());
        let running = list.map_or(0, Vec::len);
        let mut in_flight = 0;
        for queue in [&self.queue, &self.notifications] {
            let input = json!({"QueueUrl": queue, "AttributeNames": [IN_FLIGHT]});
            let outcome = patient(target, Call::new(Operation::GetQueueAttributes, input)).await;
            let count =
                outcome.reply().and_then(|reply| reply.pointer("/Attributes")?.get(IN_FLIGHT)?.as_str());
            in_flight += count.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
        }
        if running == 0 && in_flight == 0 {
            return Ok(());
        }
        Err(format!(
            "it is in use, by a killed run perhaps: {running} executions of its machine are running, {in_flight} messages in flight; wait a minute, or stop them"
        ))
    }
}

async fn empty(target: &dyn Target, queue: &str) {
    let receive = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
    for _ in 0..RECEIVES {
        let outcome = patient(target, Call::new(Operation::ReceiveMessage, receive.clone())).await;
        let messages = outcome.reply().and_then(|reply| reply.get("Messages")?.as_array());
        let Some(messages) = messages.filter(|messages| !messages.is_empty()) else { break };
        for message in messages {
            let delete = json!({"QueueUrl": queue, "ReceiptHandle": message.get("ReceiptHandle")});
            patient(target, Call::new(Operation::DeleteMessage, delete)).await;
        }
    }
}

/// What a run makes of it.
impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stack {}: its role for every machine, ", self.name)?;
        match &self.consumer {
            None => f.write_str("its machine, queue and topic for the plans of the sample"),
            Some(function) => write!(
                f,
                "no more: {function} consumes its queue, so the plans of the sample make their own (deploy it with Consumer=none to have them run on it)"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use record::ApiError;

    use super::*;

    fn described(status: &str, without: &str, more: &[(&str, &str)]) -> Outcome {
        let own = [
            ("StateMachineRoleArn", "arn:aws:iam::1:role/r"),
            ("NamedStateMachineArn", "arn:aws:states:eu-west-1:1:stateMachine:m"),
            ("QueueUrl", "https://q"),
            ("TopicArn", "arn:aws:sns:eu-west-1:1:t"),
            ("NotificationQueueUrl", "https://n"),
        ];
        let outputs: Vec<Value> = own
            .iter()
            .chain(more)
            .filter(|(key, _)| *key != without)
            .map(|(key, value)| json!({"OutputKey": key, "OutputValue": value}))
            .collect();
        Outcome::Done(json!({"Stacks": [{"StackName": "s", "StackStatus": status, "Outputs": outputs}]}))
    }

    fn refused(message: &str) -> Outcome {
        Outcome::Refused(ApiError::new("ValidationError", message))
    }

    #[test]
    fn a_whole_stack_gives_its_role_and_its_places() {
        let stack = Stack::of("s", &described("UPDATE_ROLLBACK_COMPLETE", "", &[])).unwrap();
        assert_eq!(stack.role(), "arn:aws:iam::1:role/r");
        assert!(stack.places().contains(&("queue".to_owned(), "https://q".to_owned())));
        assert!(stack.to_string().contains("its machine, queue and topic"), "{stack}");
    }

    #[test]
    fn a_stack_that_cannot_be_used_is_told_with_the_remedy() {
        for (outcome, why, remedy) in [
            (refused("Stack with id s does not exist"), "not there", "deploy fixtures/sample/template.yaml"),
            (refused("not authorized"), "not authorized", "allow cloudformation:DescribeStacks"),
            (Outcome::Unknown("HTTP 502".to_owned()), "HTTP 502", "run without --stack"),
            (described("CREATE_IN_PROGRESS", "", &[]), "CREATE_IN_PROGRESS", "wait"),
            (described("ROLLBACK_COMPLETE", "", &[]), "ROLLBACK_COMPLETE", "deploy it again"),
            (described("CREATE_COMPLETE", "TopicArn", &[]), "no output `TopicArn`", "template.yaml"),
            (Outcome::Done(json!({"Stacks": ""})), "in no status", "deploy it again"),
        ] {
            let said = Stack::of("s", &outcome).unwrap_err();
            let (told, advice) = said.rsplit_once("; ").unwrap();
            assert!(told.contains(why) && advice.contains(remedy), "{said}");
        }
    }

    #[test]
    fn only_plans_of_the_sample_run_on_it_and_none_where_a_function_consumes_the_queue() {
        let plans = plan::generate(plan::Profile::Smoke, 1, None);
        let on = |stack: &Stack| -> Vec<String> {
            plans.iter().filter(|plan| stack.suits(plan)).map(|plan| plan.name.clone()).collect()
        };
        let stack = Stack::of("s", &described("CREATE_COMPLETE", "", &[])).unwrap();
        let names = on(&stack);
        assert!(names.len() >= 4 && names.iter().all(|name| name.starts_with("sample-")), "{names:?}");
        let consumed =
            Stack::of("s", &described("CREATE_COMPLETE", "", &[("FunctionName", "worker")])).unwrap();
        assert!(on(&consumed).is_empty());
        assert!(consumed.to_string().contains("worker consumes its queue"), "{consumed}");
    }
}
