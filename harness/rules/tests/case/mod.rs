//! A tiny builder of records: calls, answers and histories by hand.

#![allow(dead_code, reason = "every test file uses a part of it")]

use md5::{Digest as _, Md5};
use record::{
    ApiError, Awaited, Call, CaseEnd, CaseRecord, Entry, Finding, FindingKind, Operation, Outcome, Time,
};
use serde_json::{Value, json};

/// The first moment of every case.
pub(crate) const T0: i64 = 1_790_000_000_000;
pub(crate) const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:m";
pub(crate) const EXEC: &str = "arn:aws:states:eu-west-1:123456789012:execution:m:exec-0001";
pub(crate) const QUEUE: &str = "http://localhost/123456789012/work";
pub(crate) const TOKEN: &str = "AQC0aabbccddeeffgghhiijjkkllmmnnooppqqrrssttuuvvwwxxyyzz0011==";

pub(crate) struct Case {
    pub record: CaseRecord,
    pub now: i64,
    actor: String,
}

pub(crate) fn done(reply: Value) -> Outcome {
    Outcome::Done(reply)
}

pub(crate) fn refused(code: &str) -> Outcome {
    Outcome::Refused(ApiError::new(code, "text"))
}

pub(crate) fn unknown() -> Outcome {
    Outcome::Unknown("reset".into())
}

impl Case {
    pub(crate) fn new() -> Self {
        let record = CaseRecord {
            plan: "by-hand".into(),
            family: "by-hand".into(),
            entries: Vec::new(),
            end: CaseEnd::Complete,
            faults: Vec::new(),
        };
        Self { record, now: 0, actor: "main".into() }
    }

    /// A call of 10 ms that surely follows the one before.
    pub(crate) fn call(&mut self, operation: Operation, input: Value, outcome: Outcome) -> &mut Self {
        let begun = self.now + 1;
        self.now += 10;
        self.at(begun, self.now, operation, input, outcome)
    }

    /// A call in this span, in milliseconds after the start.
    pub(crate) fn at(
        &mut self,
        begun: i64,
        ended: i64,
        operation: Operation,
        input: Value,
        outcome: Outcome,
    ) -> &mut Self {
        self.record.entries.push(Entry {
            actor: self.actor.clone(),
            begun: Time(T0 + begun),
            ended: Time(T0 + ended),
            call: Call::new(operation, input),
            outcome,
            note: None,
        });
        self.now = self.now.max(ended);
        self
    }

    pub(crate) fn wait(&mut self, ms: i64) -> &mut Self {
        self.now += ms;
        self
    }

    pub(crate) fn hung(&mut self) -> &mut Self {
        self.record.end = CaseEnd::Hung {
            awaited: Awaited::Shown { execution: 1, what: "the end".into() },
            saw: "RUNNING".into(),
        };
        self
    }

    /// Machine, queue and a started execution; the message with the token is received.
    pub(crate) fn parked(definition: &Value) -> Self {
        let mut case = Self::new();
        case.call(Operation::CreateQueue, json!({"QueueName": "work"}), done(json!({"QueueUrl": QUEUE})));
        case.create(definition);
        case.start(r#"{"a":1}"#);
        case.receive("m-1", TOKEN, 1);
        case
    }

    pub(crate) fn create(&mut self, definition: &Value) -> &mut Self {
        let date = (T0 + self.now) as f64 / 1000.0;
        self.call(
            Operation::CreateStateMachine,
            json!({"name": "m", "definition": definition.to_string(), "roleArn": "arn:aws:iam::123456789012:role/r"}),
            done(json!({"stateMachineArn": MACHINE, "creationDate": date})),
        )
    }

    pub(crate) fn start(&mut self, input: &str) -> &mut Self {
        let reply = json!({"executionArn": EXEC, "startDate": (T0 + self.now + 5) as f64 / 1000.0});
        self.call(
            Operation::StartExecution,
            json!({"stateMachineArn": MACHINE, "name": "exec-0001", "input": input}),
            done(reply),
        )
    }

    pub(crate) fn receive(&mut self, id: &str, token: &str, count: u64) -> &mut Self {
        let body = json!({"TaskToken": token, "Execution": "exec-0001"}).to_string();
        let handle = format!("h-{}", self.record.entries.len());
        let message = json!({"MessageId": id, "ReceiptHandle": handle, "Body": body, "Attributes": {"ApproximateReceiveCount": count.to_string()}});
        self.call(
            Operation::ReceiveMessage,
            json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": 10}),
            done(json!({"Messages": [message]})),
        )
    }

    pub(crate) fn success(&mut self, token: &str, output: &str, outcome: Outcome) -> &mut Self {
        self.call(Operation::SendTaskSuccess, json!({"taskToken": token, "output": output}), outcome)
    }

    pub(crate) fn failure(&mut self, token: &str, error: &str, outcome: Outcome) -> &mut Self {
        self.call(
            Operation::SendTaskFailure,
            json!({"taskToken": token, "error": error, "cause": "why"}),
            outcome,
        )
    }

    pub(crate) fn beat(&mut self, token: &str, outcome: Outcome) -> &mut Self {
        self.call(Operation::SendTaskHeartbeat, json!({"taskToken": token}), outcome)
    }

    pub(crate) fn describe(&mut self, status: &str, more: Value) -> &mut Self {
        let mut reply = json!({
            "executionArn": EXEC, "stateMachineArn": MACHINE, "name": "exec-0001", "status": status,
            "startDate": (T0 + 25) as f64 / 1000.0, "input": r#"{"a":1}"#, "inputDetails": {"included": true}
        });
        if let (Value::Object(reply), Value::Object(more)) = (&mut reply, more) {
            reply.extend(more);
            if reply.contains_key("output") {
                reply.entry("outputDetails").or_insert_with(|| json!({"included": true}));
            }
        }
        self.call(Operation::DescribeExecution, json!({"executionArn": EXEC}), done(reply))
    }

    pub(crate) fn history(&mut self, events: &History) -> &mut Self {
        self.call(
            Operation::GetExecutionHistory,
            json!({"executionArn": EXEC, "maxResults": 1000}),
            done(json!({"events": events.events})),
        )
    }

    pub(crate) fn judge(&self) -> Vec<Finding> {
        rules::judge(&self.record)
    }

    /// Asserts that no rule is violated.
    pub(crate) fn is_lawful(&self) {
        let broken: Vec<Finding> =
            self.judge().into_iter().filter(|f| f.kind == FindingKind::Violated).collect();
        assert!(broken.is_empty(), "accused: {broken:#?}");
    }

    /// Asserts that this rule is violated.
    pub(crate) fn breaks(&self, rule: &str) {
        let findings = self.judge();
        let broken: Vec<&Finding> = findings.iter().filter(|f| f.kind == FindingKind::Violated).collect();
        assert!(broken.iter().any(|f| f.rule == rule), "{rule} not broken, but: {broken:#?}");
    }

    /// Asserts that this rule was met, or one of several allowed outcomes observed.
    pub(crate) fn meets(&self, rule: &str) {
        let findings = self.judge();
        let met = findings
            .iter()
            .any(|f| f.rule == rule && matches!(f.kind, FindingKind::Met | FindingKind::Observed));
        let all: Vec<_> =
            findings.iter().filter(|f| f.rule == rule || f.kind == FindingKind::Violated).collect();
        assert!(met, "{rule} not met: {all:#?}");
    }
}

/// A history under construction, each event linked to the one before.
pub(crate) struct History {
    pub events: Vec<Value>,
}

impl History {
    pub(crate) fn started() -> Self {
        let mut history = Self { events: Vec::new() };
        history.push(25, "ExecutionStarted", json!({"executionStartedEventDetails": {"input": r#"{"a":1}"#, "inputDetails": {"truncated": false}, "roleArn": "arn:aws:iam::123456789012:role/r"}}));
        history
    }

    pub(crate) fn push(&mut self, at: i64, kind: &str, details: Value) -> &mut Self {
        let id = self.events.len() as u64 + 1;
        let previous =
            if id <= 2 || matches!(kind, "ExecutionAborted" | "ExecutionTimedOut") { 0 } else { id - 1 };
        let mut event = json!({"timestamp": (T0 + at) as f64 / 1000.0, "type": kind, "id": id, "previousEventId": previous});
        if let (Value::Object(event), Value::Object(details)) = (&mut event, details) {
            event.extend(details);
        }
        self.events.push(event);
        self
    }

    pub(crate) fn entered(&mut self, at: i64, state: &str, input: &str) -> &mut Self {
        self.push(at, "TaskStateEntered", json!({"stateEnteredEventDetails": {"name": state, "input": input, "inputDetails": {"truncated": false}}}))
    }

    pub(crate) fn exited(&mut self, at: i64, state: &str, output: &str) -> &mut Self {
        self.push(at, "TaskStateExited", json!({"stateExitedEventDetails": {"name": state, "output": output, "outputDetails": {"truncated": false}}}))
    }

    pub(crate) fn scheduled(&mut self, at: i64, token: &str, timers: Value) -> &mut Self {
        let parameters =
            json!({"QueueUrl": QUEUE, "MessageBody": {"TaskToken": token, "Execution": "exec-0001"}})
                .to_string();
        let mut details = json!({"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "eu-west-1", "parameters": parameters});
        if let (Value::Object(details), Value::Object(timers)) = (&mut details, timers) {
            details.extend(timers);
        }
        self.push(at, "TaskScheduled", json!({"taskScheduledEventDetails": details}));
        self.push(at, "TaskStarted", json!({"taskStartedEventDetails": {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken"}}))
    }

    pub(crate) fn submitted(&mut self, at: i64, id: &str) -> &mut Self {
        self.submitted_with(at, json!({"MessageId": id, "MD5OfMessageBody": self.digest()}))
    }

    /// The digest of the body that the last scheduled task sends.
    fn digest(&self) -> String {
        let mut sent = self.events.iter().rev().filter_map(|event| event.get("taskScheduledEventDetails"));
        let parameters = sent.next().and_then(|details| details["parameters"].as_str()).unwrap_or("{}");
        let parameters: Value = serde_json::from_str(parameters).unwrap_or_default();
        let bytes = Md5::digest(parameters["MessageBody"].to_string());
        bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    #[expect(clippy::needless_pass_by_value, reason = "made in place by every caller")]
    pub(crate) fn submitted_with(&mut self, at: i64, reply: Value) -> &mut Self {
        let mut output =
            json!({"SdkHttpMetadata": {"HttpStatusCode": 200}, "SdkResponseMetadata": {"RequestId": "r"}});
        if let (Value::Object(output), Value::Object(reply)) = (&mut output, &reply) {
            output.extend(reply.clone());
        }
        let output = output.to_string();
        self.push(at, "TaskSubmitted", json!({"taskSubmittedEventDetails": {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "output": output, "outputDetails": {"truncated": false}}}))
    }

    pub(crate) fn parked(timers: Value) -> Self {
        let mut history = Self::started();
        history.entered(25, "Wait", r#"{"a":1}"#).scheduled(26, TOKEN, timers).submitted(27, "m-1");
        history
    }

    pub(crate) fn succeeded(&mut self, at: i64, output: &str) -> &mut Self {
        self.push(at, "TaskSucceeded", json!({"taskSucceededEventDetails": {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "output": output, "outputDetails": {"truncated": false}}}))
    }

    pub(crate) fn failed(&mut self, at: i64, error: &str) -> &mut Self {
        self.push(at, "TaskFailed", json!({"taskFailedEventDetails": {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "error": error, "cause": "why"}}))
    }

    pub(crate) fn timed_out(&mut self, at: i64) -> &mut Self {
        self.push(at, "TaskTimedOut", json!({"taskTimedOutEventDetails": {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "error": "States.Timeout"}}))
    }

    pub(crate) fn execution_succeeded(&mut self, at: i64, output: &str) -> &mut Self {
        self.push(at, "ExecutionSucceeded", json!({"executionSucceededEventDetails": {"output": output, "outputDetails": {"truncated": false}}}))
    }

    #[expect(clippy::needless_pass_by_value, reason = "made in place by every caller")]
    pub(crate) fn execution_failed(&mut self, at: i64, details: Value) -> &mut Self {
        self.push(at, "ExecutionFailed", json!({"executionFailedEventDetails": details}))
    }
}

/// One callback task with these members.
pub(crate) fn one(members: Value) -> Value {
    let mut state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name"}},
        "End": true
    });
    if let (Value::Object(state), Value::Object(members)) = (&mut state, members) {
        // A test that gives both wants the flaw; one that goes on elsewhere does not.
        if members.get("Next").is_some_and(|next| next != "Wait") {
            state.remove("End");
        }
        state.extend(members);
    }
    json!({"StartAt": "Wait", "States": {"Wait": state}})
}
