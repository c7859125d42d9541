//! One callback machine, one queue, and the calls of a token case: start, deliver, answer, read.

use record::{Call, Operation, Outcome, Time};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

pub(crate) struct Desk {
    pub(crate) region: Region,
    pub(crate) now: Time,
    queue: Value,
    machine: Value,
}

impl Desk {
    /// `limits` are the members that end a task: `"TimeoutSeconds": 60`.
    pub(crate) fn new(limits: &Value) -> Self {
        let now = Time(1_700_000_000_000);
        let mut desk = Self {
            region: Region::new(1, now, Options::default()),
            now,
            queue: Value::Null,
            machine: Value::Null,
        };
        desk.queue = desk.ask(Operation::CreateQueue, json!({ "QueueName": "q" }))["QueueUrl"].clone();
        let mut task = json!({
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Parameters": { "QueueUrl": desk.queue, "MessageBody": { "Token.$": "$$.Task.Token", "Input.$": "$" } },
        });
        if let (Some(task), Some(limits)) = (task.as_object_mut(), limits.as_object()) {
            task.extend(limits.clone());
        }
        let definition = json!({ "StartAt": "Wait", "States": { "Wait": task } });
        let input = json!({
            "name": "m", "definition": definition.to_string(), "roleArn": "arn:aws:iam::123456789012:role/r",
        });
        desk.machine = desk.ask(Operation::CreateStateMachine, input)["stateMachineArn"].clone();
        desk
    }

    pub(crate) fn ask(&mut self, operation: Operation, input: Value) -> Value {
        match self.region.call(self.now, &Call::new(operation, input)) {
            Answer::Now(Outcome::Done(reply)) => reply,
            other => panic!("{operation}: {other:?}"),
        }
    }

    /// Starts an execution; its ARN.
    pub(crate) fn start(&mut self) -> Value {
        let input = json!({ "stateMachineArn": self.machine, "input": "{\"n\":1}" });
        self.ask(Operation::StartExecution, input)["executionArn"].clone()
    }

    /// Takes the token out of the queue.
    pub(crate) fn take(&mut self) -> Value {
        let reply = self.ask(Operation::ReceiveMessage, json!({ "QueueUrl": self.queue }));
        let message = &reply["Messages"][0];
        let handle = message["ReceiptHandle"].clone();
        let body: Value =
            serde_json::from_str(message["Body"].as_str().unwrap_or_default()).unwrap_or_default();
        self.ask(Operation::DeleteMessage, json!({ "QueueUrl": self.queue, "ReceiptHandle": handle }));
        body["Token"].clone()
    }

    /// Start, deliver, answer, read the history.
    pub(crate) fn token_case(&mut self) {
        let execution = self.start();
        let token = self.take();
        self.ask(Operation::SendTaskSuccess, json!({ "taskToken": token, "output": "{\"ok\":true}" }));
        let history = self.ask(Operation::GetExecutionHistory, json!({ "executionArn": execution }));
        assert_eq!(history["events"].as_array().map(Vec::len), Some(8));
    }
}
