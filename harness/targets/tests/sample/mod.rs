//! A small callback workflow, driven on any target: queue, token, answer, topic, history.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::time::Duration;

use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

pub(crate) async fn ask(target: &dyn engine::Target, operation: Operation, input: Value) -> Value {
    match target.call(Call::new(operation, input)).await {
        Outcome::Done(reply) => reply,
        other => panic!("{operation}: {other:?}"),
    }
}

pub(crate) fn text<'a>(reply: &'a Value, member: &str) -> &'a str {
    reply.get(member).and_then(Value::as_str).unwrap_or_else(|| panic!("no {member} in {reply}"))
}

/// Starts the callback workflow, answers its token and gives the types of its history.
pub(crate) async fn callback_workflow(target: &dyn engine::Target) -> Vec<String> {
    let queue = ask(target, Operation::CreateQueue, json!({"QueueName": "work"})).await;
    let url = text(&queue, "QueueUrl");
    let topic = ask(target, Operation::CreateTopic, json!({"Name": "news"})).await;
    let definition = json!({
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}},
                "Next": "Tell"
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {"TopicArn": text(&topic, "TopicArn"), "Message": "done"},
                "End": true
            }
        }
    });
    let machine = ask(
        target,
        Operation::CreateStateMachine,
        json!({"name": "sample", "definition": definition.to_string(), "roleArn": "arn:aws:iam::123456789012:role/r"}),
    )
    .await;
    let started =
        ask(target, Operation::StartExecution, json!({"stateMachineArn": text(&machine, "stateMachineArn")}))
            .await;
    let received =
        ask(target, Operation::ReceiveMessage, json!({"QueueUrl": url, "WaitTimeSeconds": 5})).await;
    let body: Value = serde_json::from_str(text(&received["Messages"][0], "Body")).unwrap();
    ask(target, Operation::SendTaskSuccess, json!({"taskToken": body["token"], "output": "{\"ok\":true}"}))
        .await;
    for _ in 0..1000 {
        let execution = json!({"executionArn": text(&started, "executionArn")});
        let described = ask(target, Operation::DescribeExecution, execution.clone()).await;
        if text(&described, "status") != "RUNNING" {
            assert_eq!(text(&described, "status"), "SUCCEEDED");
            let history = ask(target, Operation::GetExecutionHistory, execution).await;
            let events = history["events"].as_array().unwrap();
            return events.iter().map(|event| text(event, "type").to_owned()).collect();
        }
        target.clock().sleep(Duration::from_millis(20)).await;
    }
    panic!("still running")
}

pub(crate) const EXPECTED: [&str; 13] = [
    "ExecutionStarted",
    "TaskStateEntered",
    "TaskScheduled",
    "TaskStarted",
    "TaskSubmitted",
    "TaskSucceeded",
    "TaskStateExited",
    "TaskStateEntered",
    "TaskScheduled",
    "TaskStarted",
    "TaskSucceeded",
    "TaskStateExited",
    "ExecutionSucceeded",
];
