//! The Parameters of optimised integrations: what their API requires is there, and nothing that it does not have (DG:connect-*).

mod table;

use serde_json::{Value, json};
use table::{hold, with};

fn ask(resource: &str, parameters: &Value) -> Value {
    json!({
        "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters, "End": true,
    })
}

#[test]
fn required_fields_are_there_in_either_form() {
    for (resource, whole) in [
        ("sqs:sendMessage", json!({ "QueueUrl": "q", "MessageBody.$": "$" })),
        (
            "sqs:sendMessage.waitForTaskToken",
            json!({ "QueueUrl.$": "$.q", "MessageBody": { "T.$": "$$.Task.Token" } }),
        ),
        ("sns:publish", json!({ "Message.$": "$" })),
        ("lambda:invoke", json!({ "FunctionName": "f" })),
        ("lambda:invoke.waitForTaskToken", json!({ "FunctionName.$": "$.f" })),
        ("states:startExecution", json!({ "StateMachineArn": "arn" })),
        ("states:startExecution.sync:2", json!({ "StateMachineArn": "arn" })),
        ("events:putEvents", json!({ "Entries": [] })),
        ("dynamodb:getItem", json!({ "TableName": "t", "Key": {} })),
        ("dynamodb:putItem", json!({ "TableName": "t", "Item.$": "$" })),
        ("apigateway:invoke.waitForTaskToken", json!({ "ApiEndpoint": "a", "Method": "GET" })),
        ("athena:startQueryExecution.sync", json!({ "QueryString": "q" })),
        ("batch:submitJob.sync", json!({ "JobName": "n", "JobQueue": "q", "JobDefinition": "d" })),
        ("bedrock:invokeModel", json!({ "ModelId": "m" })),
        ("codebuild:startBuild.sync", json!({ "ProjectName": "p" })),
        ("glue:startJobRun", json!({ "JobName.$": "$.j" })),
        ("ecs:runTask.sync", json!({ "TaskDefinition": "d" })),
        ("http:invoke", json!({ "ApiEndpoint": "https://a", "Method": "GET" })),
    ] {
        hold(&[(resource, whole.clone(), "")], |parameters| ask(resource, parameters));
        for name in whole.as_object().into_iter().flat_map(serde_json::Map::keys) {
            let less = with(whole.clone(), &json!({ name: null }));
            hold(&[(resource, less, "SCHEMA at /Parameters")], |parameters| ask(resource, parameters));
        }
    }
}

#[test]
fn fields_that_the_api_has_not_are_refused() {
    for (resource, required, optional, stray) in [
        ("sqs:sendMessage", json!({ "QueueUrl": "q", "MessageBody": "b" }), "DelaySeconds", "messageBody"),
        ("sns:publish", json!({ "Message": "m" }), "TopicArn", "Topic"),
        ("lambda:invoke", json!({ "FunctionName": "f" }), "LogType", "Input"),
        ("states:startExecution", json!({ "StateMachineArn": "a" }), "Name", "Payload"),
        ("events:putEvents", json!({ "Entries": [] }), "EndpointId", "Events"),
    ] {
        for (name, wanted) in [
            (optional.to_owned(), ""),
            (format!("{optional}.$"), ""),
            (stray.to_owned(), "SCHEMA at /Parameters"),
            (format!("{stray}.$"), "SCHEMA at /Parameters"),
        ] {
            let given = with(required.clone(), &json!({ name: "$.x" }));
            hold(&[(resource, given, wanted)], |parameters| ask(resource, parameters));
        }
    }
}

#[test]
fn arguments_in_jsonata_are_an_object_or_an_expression() {
    let state = |arguments: &Value| {
        let resource = "arn:aws:states:::sqs:sendMessage";
        let state = json!({ "Type": "Task", "Resource": resource, "QueryLanguage": "JSONata", "End": true });
        with(state, &json!({ "Arguments": arguments }))
    };
    hold(
        &[
            ("an expression", json!("{% $states.input %}"), ""),
            ("none", json!(null), ""),
            ("all", json!({ "QueueUrl": "{% $q %}", "MessageBody": "b" }), ""),
            ("plain text", json!("q"), "SCHEMA at /Arguments"),
            ("a number", json!(5), "SCHEMA at /Arguments"),
            ("a list", json!(["q"]), "SCHEMA at /Arguments"),
            ("no queue", json!({ "MessageBody": "b" }), "SCHEMA at /Arguments"),
            (
                "a sign of the other language",
                json!({ "QueueUrl.$": "q", "QueueUrl": "q", "MessageBody": "b" }),
                "SCHEMA at /Arguments",
            ),
        ],
        state,
    );
}

#[test]
fn what_cannot_be_known_is_not_refused() {
    let function = json!({ "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f" });
    for (name, state) in [
        ("a function by its ARN", with(ask("x:y", &json!({ "anything": 1 })), &function)),
        ("an input that may hold them", with(ask("sqs:sendMessage", &Value::Null), &json!({}))),
        ("an API of the SDK", ask("aws-sdk:sqs:sendMessage", &json!({ "anything": 1 }))),
    ] {
        hold(&[(name, state, "")], Value::clone);
    }
}
