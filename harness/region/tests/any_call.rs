//! Service errors, never panics, for anything that a client can send; and the same answers for the same calls.

mod desk;

use desk::Desk;
use proptest::prelude::*;
use record::{Call, Operation};
use serde_json::{Map, Value, json};

/// Members that requests have, right or wrong for the operation.
const MEMBERS: &[&str] = &[
    "stateMachineArn",
    "executionArn",
    "activityArn",
    "name",
    "input",
    "output",
    "taskToken",
    "error",
    "cause",
    "definition",
    "roleArn",
    "maxResults",
    "nextToken",
    "reverseOrder",
    "includeExecutionData",
    "statusFilter",
    "type",
    "publish",
    "tags",
    "resourceArn",
    "mock",
    "context",
    "stateConfiguration",
    "result",
    "errorOutput",
    "retrierRetryCount",
    "mapItemReaderData",
    "inspectionLevel",
    "stateName",
    "variables",
    "clientToken",
    "routingConfiguration",
    "stateMachineVersionArn",
    "stateMachineAliasArn",
    "workerName",
    "mapRunArn",
    "QueueUrl",
    "QueueName",
    "MessageBody",
    "MaxNumberOfMessages",
    "WaitTimeSeconds",
    "VisibilityTimeout",
    "ReceiptHandle",
    "Entries",
    "Attributes",
    "AttributeNames",
    "MessageAttributes",
    "DelaySeconds",
    "MessageGroupId",
    "MessageDeduplicationId",
    "TopicArn",
    "Protocol",
    "Endpoint",
    "Message",
    "Subject",
    "MessageStructure",
    "SubscriptionArn",
    "AttributeName",
    "AttributeValue",
    "FunctionName",
    "Role",
    "Handler",
    "Timeout",
    "Payload",
    "EventSourceArn",
    "BatchSize",
    "UUID",
    "FunctionResponseTypes",
    "Name",
    "Rule",
    "EventPattern",
    "Targets",
    "Ids",
    "State",
];

fn value() -> impl Strategy<Value = Value> {
    let known = vec![
        "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "arn:aws:states:us-east-1:123456789012:stateMachine:m:1",
        "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "arn:aws:iam::123456789012:role/r",
        "https://sqs.us-east-1.amazonaws.com/123456789012/q",
        "arn:aws:sqs:us-east-1:123456789012:q",
        "arn:aws:sns:us-east-1:123456789012:t",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}",
        "{\"Type\":\"Pass\",\"End\":true}",
        "{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::sns:publish\",\"End\":true}",
        "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:123456789012:q\",\"maxReceiveCount\":1}",
        "q",
        "q.fifo",
        "m",
        "e",
        "t",
        "f",
        "a",
        "",
        "All",
        "sqs",
        "STANDARD",
        "EXPRESS",
        "{}",
        "null",
        "RUNNING",
        "DEBUG",
    ];
    let leaf = prop_oneof![
        4 => proptest::sample::select(known).prop_map(Value::from),
        2 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-2_i64..1_200).prop_map(Value::from),
        1 => any::<f64>().prop_map(|n| json!(n)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof![proptest::sample::select(MEMBERS).prop_map(str::to_owned), "[a-zA-Z]{1,8}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((name, inner), 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

fn call() -> impl Strategy<Value = Call> {
    let members = proptest::collection::vec((proptest::sample::select(MEMBERS), value()), 0..9);
    let raw = proptest::option::weighted(0.05, any::<String>());
    (proptest::sample::select(Operation::ALL), members, raw).prop_map(|(operation, members, raw_body)| {
        let input: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Call { operation, input, raw_body }
    })
}

/// A region with one of everything, so that calls find something.
fn furnished() -> Desk {
    let mut desk = Desk::new(3);
    let url = desk.queue("q");
    desk.done("CreateTopic", json!({ "Name": "t" }));
    desk.done("Subscribe", json!({ "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:q" }));
    desk.done("CreateActivity", json!({ "name": "a" }));
    desk.done("CreateFunction", json!({ "FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r" }));
    let definition = json!({ "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": url, "MessageBody": { "TaskToken.$": "$$.Task.Token" } }, "TimeoutSeconds": 50, "End": true } } });
    let machine = desk.machine("m", &definition.to_string());
    desk.done("StartExecution", json!({ "stateMachineArn": machine, "name": "e" }));
    desk
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_are_answered_and_answered_alike(calls in proptest::collection::vec((call(), 0_i64..40_000), 1..40)) {
        let run = |mut desk: Desk| {
            calls.iter().map(|(call, ms)| {
                desk.pass(*ms);
                format!("{:?}", desk.region.call(desk.now, call))
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(furnished()), run(furnished()));
    }
}
