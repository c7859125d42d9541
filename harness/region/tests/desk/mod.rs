//! A desk to work at: a region, its clock, and the calls that tests make.
#![allow(dead_code, reason = "each test uses a part of it")]

use record::{ApiError, Call, Operation, Outcome, Service, Time};
use region::{Answer, Options, Region};
use serde_json::{Value, json};

pub struct Desk {
    pub region: Region,
    pub now: Time,
}

impl Desk {
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Options::default())
    }

    pub fn with(seed: u64, options: Options) -> Self {
        let now = Time(1_700_000_000_000);
        Self { region: Region::new(seed, now, options), now }
    }

    pub fn pass(&mut self, ms: i64) {
        self.now = Time(self.now.0 + ms);
        self.region.advance(self.now);
    }

    pub fn ask(&mut self, operation: Operation, input: Value) -> Outcome {
        match self.region.call(self.now, &Call::new(operation, input)) {
            Answer::Now(outcome) => outcome,
            Answer::Later => Outcome::Done(json!({})),
        }
    }

    fn named(name: &str) -> Operation {
        let services = [Service::States, Service::Sqs, Service::Sns, Service::Lambda, Service::Events];
        services.into_iter().find_map(|service| Operation::of(service, name)).unwrap()
    }

    pub fn done(&mut self, name: &str, input: Value) -> Value {
        match self.ask(Self::named(name), input) {
            Outcome::Done(reply) => reply,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub fn refused(&mut self, name: &str, input: Value) -> ApiError {
        match self.ask(Self::named(name), input) {
            Outcome::Refused(error) => error,
            other => panic!("{name} was not refused: {other:?}"),
        }
    }

    pub fn queue(&mut self, name: &str) -> String {
        self.done("CreateQueue", json!({ "QueueName": name }))["QueueUrl"].as_str().unwrap().to_owned()
    }

    pub fn machine(&mut self, name: &str, definition: &str) -> String {
        let input = json!({ "name": name, "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/r" });
        self.done("CreateStateMachine", input)["stateMachineArn"].as_str().unwrap().to_owned()
    }

    pub fn start(&mut self, machine: &str, input: &Value) -> String {
        let input = json!({ "stateMachineArn": machine, "input": input.to_string() });
        self.done("StartExecution", input)["executionArn"].as_str().unwrap().to_owned()
    }

    /// Bodies of up to ten messages, deleted.
    pub fn receive(&mut self, url: &str) -> Vec<Value> {
        let reply = self.done("ReceiveMessage", json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }));
        let messages = reply["Messages"].as_array().cloned().unwrap_or_default();
        for message in &messages {
            self.done("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] }));
        }
        messages.iter().map(|m| serde_json::from_str(m["Body"].as_str().unwrap()).unwrap_or(m["Body"].clone())).collect()
    }

    pub fn status(&mut self, execution: &str) -> String {
        self.done("DescribeExecution", json!({ "executionArn": execution }))["status"].as_str().unwrap().to_owned()
    }

    pub fn history(&mut self, execution: &str) -> Vec<Value> {
        let input = json!({ "executionArn": execution, "maxResults": 1000 });
        self.done("GetExecutionHistory", input)["events"].as_array().cloned().unwrap()
    }

    pub fn shape(&mut self, execution: &str) -> String {
        let events = self.history(execution);
        let one = |e: &Value| format!("{}[{}<-{}]", e["type"].as_str().unwrap(), e["id"], e["previousEventId"]);
        events.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}
