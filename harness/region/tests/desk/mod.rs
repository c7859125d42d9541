//! A desk to work at: a region, its clock, and the calls that tests make.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and may stop at once"
)]

use record::{ApiError, Call, Operation, Outcome, Service, Time};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

pub(crate) struct Desk {
    pub(crate) region: Region,
    pub(crate) now: Time,
}

impl Desk {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with(seed, Options::default())
    }

    pub(crate) fn with(seed: u64, options: Options) -> Self {
        let now = Time(1_700_000_000_000);
        Self { region: Region::new(seed, now, options), now }
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.now = Time(self.now.0 + ms);
        self.region.advance(self.now);
    }

    pub(crate) fn ask(&mut self, operation: Operation, input: Value) -> Outcome {
        match self.region.call(self.now, &Call::new(operation, input)) {
            Answer::Now(outcome) => outcome,
            Answer::Later => Outcome::Done(json!({})),
        }
    }

    fn named(name: &str) -> Operation {
        let services = [Service::States, Service::Sqs, Service::Sns, Service::Lambda, Service::Events];
        services.into_iter().find_map(|service| Operation::of(service, name)).unwrap()
    }

    pub(crate) fn done(&mut self, name: &str, input: Value) -> Value {
        match self.ask(Self::named(name), input) {
            Outcome::Done(reply) => reply,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub(crate) fn refused(&mut self, name: &str, input: Value) -> ApiError {
        match self.ask(Self::named(name), input) {
            Outcome::Refused(error) => error,
            other => panic!("{name} was not refused: {other:?}"),
        }
    }

    pub(crate) fn queue(&mut self, name: &str) -> String {
        self.done("CreateQueue", json!({ "QueueName": name }))["QueueUrl"].as_str().unwrap().to_owned()
    }

    pub(crate) fn machine(&mut self, name: &str, definition: &str) -> String {
        let input =
            json!({ "name": name, "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/r" });
        self.done("CreateStateMachine", input)["stateMachineArn"].as_str().unwrap().to_owned()
    }

    pub(crate) fn start(&mut self, machine: &str, input: &Value) -> String {
        let input = json!({ "stateMachineArn": machine, "input": input.to_string() });
        self.done("StartExecution", input)["executionArn"].as_str().unwrap().to_owned()
    }

    /// Bodies of up to ten messages, deleted.
    pub(crate) fn receive(&mut self, url: &str) -> Vec<Value> {
        let reply = self.done("ReceiveMessage", json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }));
        let messages = reply["Messages"].as_array().cloned().unwrap_or_default();
        for message in &messages {
            self.done("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] }));
        }
        messages
            .iter()
            .map(|m| serde_json::from_str(m["Body"].as_str().unwrap()).unwrap_or_else(|_| m["Body"].clone()))
            .collect()
    }

    pub(crate) fn status(&mut self, execution: &str) -> String {
        self.done("DescribeExecution", json!({ "executionArn": execution }))["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn history(&mut self, execution: &str) -> Vec<Value> {
        let input = json!({ "executionArn": execution, "maxResults": 1000 });
        self.done("GetExecutionHistory", input)["events"].as_array().cloned().unwrap()
    }

    pub(crate) fn shape(&mut self, execution: &str) -> String {
        let events = self.history(execution);
        let one =
            |e: &Value| format!("{}[{}<-{}]", e["type"].as_str().unwrap(), e["id"], e["previousEventId"]);
        events.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}
