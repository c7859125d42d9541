//! Definitions that may be created and definitions that may not, each with the code and place of its only error. The rules
//! are those of the States Language and of the pages of the Developer Guide on each type of state; the codes are those of
//! the API model.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use asl::{MachineType, Severity, parse, validate};
use serde_json::{Value, json};

/// The errors of the machine whose only states are these (and `z`, which ends it), as `CODE at place`.
fn errors(states: &str) -> Vec<String> {
    let mut states: Value = serde_json::from_str(states).unwrap_or_else(|error| panic!("{states}: {error}"));
    let members = states.as_object_mut().expect("states");
    let start = members.keys().next().expect("a state").clone();
    if states.to_string().contains("\"z\"") {
        states["z"] = json!({ "Type": "Succeed" });
    }
    errors_of(&json!({ "StartAt": start, "States": states }))
}

fn errors_of(definition: &Value) -> Vec<String> {
    let found = validate(&definition.to_string(), MachineType::Standard);
    let errors = found.into_iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| format!("{} at {}", one.code, one.location.unwrap_or_default())).collect()
}

#[test]
fn these_may_be_created_and_run() {
    for states in VALID.lines().filter(|row| !row.is_empty()) {
        assert_eq!(errors(states), Vec::<String>::new(), "{states}");
    }
}

#[test]
fn these_are_refused_for_one_reason() {
    let mut wrong = Vec::new();
    for row in INVALID.lines().filter(|row| !row.is_empty()) {
        let (states, wanted) = row.rsplit_once(" ==> ").expect("a row has two sides");
        let wanted = wanted
            .replace("SCHEMA", "SCHEMA_VALIDATION_FAILED")
            .replace("TARGET", "MISSING_TRANSITION_TARGET");
        let found = errors(states);
        if found != [wanted] {
            wrong.push(format!("{row}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn whatever_may_be_created_can_be_parsed() {
    for states in VALID.lines().filter(|row| !row.is_empty()) {
        let states: Value = serde_json::from_str(states).expect("JSON");
        let start = states.as_object().and_then(|states| states.keys().next()).cloned();
        assert!(parse(&json!({ "StartAt": start, "States": states }).to_string()).is_ok(), "{states}");
    }
}

#[test]
fn a_machine_has_fields_of_its_own() {
    let machine = |fields: Value| {
        let mut definition = json!({ "StartAt": "z", "States": { "z": { "Type": "Succeed" } } });
        definition.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        errors_of(&definition)
    };
    for fine in [
        json!({}),
        json!({ "Comment": "c", "Version": "1.0", "TimeoutSeconds": 99_999_999 }),
        json!({ "QueryLanguage": "JSONata" }),
        json!({ "QueryLanguage": "JSONPath" }),
    ] {
        assert_eq!(machine(fine), Vec::<String>::new());
    }
    for (fields, place) in [
        (json!({ "TimeoutSeconds": 0 }), "/TimeoutSeconds"),
        (json!({ "TimeoutSeconds": "5" }), "/TimeoutSeconds"),
        (json!({ "QueryLanguage": "jsonata" }), "/QueryLanguage"),
        (json!({ "TimeoutSecondsPath": "$.x" }), "/TimeoutSecondsPath"),
        (json!({ "StartAt": 5 }), "/StartAt"),
        (json!({ "States": [] }), "/States"),
    ] {
        assert_eq!(machine(fields), [format!("SCHEMA_VALIDATION_FAILED at {place}")]);
    }
}

const VALID: &str = r#"
{"s": {"Type": "Pass", "End": true}}
{"s": {"Type": "Pass", "Next": "s"}, "t": {"Type": "Succeed"}, "s": {"Type": "Pass", "Next": "t"}}
{"s": {"Type": "Pass", "End": false, "Next": "z"}, "z": {"Type": "Succeed"}}
{"s": {"Type": "Pass", "InputPath": null, "OutputPath": null, "ResultPath": null, "Result": null, "End": true}}
{"s": {"Type": "Pass", "InputPath": "$$.Execution.Input", "OutputPath": "$['a b'][0]", "ResultPath": "$.a.b[3]", "End": true}}
{"s": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$$", "c.$": "$v.x", "d.$": "States.Array()", "e": null, "f.g": 1}, "End": true}}
{"s": {"Type": "Pass", "Parameters": {}, "End": true}}
{"s": {"Type": "Pass", "Parameters": {"x": "States.Format", "y": "$.a"}, "End": true}}
{"s": {"Type": "Pass", "Assign": {"x.$": "$.a", "y_2": [1], "ä": 1}, "End": true}}
{"s": {"Type": "Fail"}}
{"s": {"Type": "Fail", "Error": "", "Cause": ""}}
{"s": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', States.ArrayLength($.x))"}}
{"s": {"Type": "Fail", "ErrorPath": "$$.State.Name", "Cause": "$.not.a.path"}}
{"s": {"Type": "Wait", "Seconds": 0, "End": true}}
{"s": {"Type": "Wait", "Seconds": 99999999, "End": true}}
{"s": {"Type": "Wait", "Timestamp": "1999-01-01T00:00:00.5+05:30", "End": true}}
{"s": {"Type": "Wait", "TimestampPath": "$.a[0]", "End": true}}
{"s": {"Type": "Wait", "SecondsPath": "$$.Execution.Input.n", "End": true}}
{"s": {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": "{% $states.input.n %}", "End": true}}
{"s": {"Type": "Wait", "QueryLanguage": "JSONata", "Timestamp": "{% $now() %}", "Assign": {"a": "{% 1 %}"}, "Output": 5, "End": true}}
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "z"}]}, "z": {"Type": "Succeed"}}
{"s": {"Type": "Choice", "Comment": "c", "Choices": [{"Comment": "c", "Not": {"Or": [{"Variable": "$.a", "StringEqualsPath": "$$.State.Name"}]}, "Next": "z", "Assign": {"a": 1}}], "Default": "z", "Assign": {"b": 1}}, "z": {"Type": "Succeed"}}
{"s": {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Condition": "{% true %}", "Next": "z", "Output": {"a": 1}}, {"Condition": false, "Next": "z"}], "Default": "z", "Output": "{% 1 %}"}, "z": {"Type": "Succeed"}}
{"s": {"Type": "Succeed", "InputPath": "$.a", "OutputPath": null}}
{"s": {"Type": "Succeed", "QueryLanguage": "JSONata", "Output": "{% $states.input %}"}}
{"s": {"Type": "Parallel", "Branches": [{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}, "Comment": "c"}], "End": true}}
{"s": {"Type": "Parallel", "Parameters": {"x": 1}, "ResultSelector": {"a.$": "$[0]"}, "ResultPath": "$.p", "Branches": [{"StartAt": "a", "States": {"a": {"Type": "Fail"}}}], "Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["A", "B"], "Next": "z"}, {"ErrorEquals": ["States.ALL"], "ResultPath": null, "Assign": {"e.$": "$.Error"}, "Next": "z"}], "Next": "z"}, "z": {"Type": "Succeed"}}
{"s": {"Type": "Map", "ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}}
{"s": {"Type": "Map", "Iterator": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "Parameters": {"a.$": "$$.Map.Item.Value"}, "MaxConcurrency": 0, "End": true}}
{"s": {"Type": "Map", "ItemsPath": "$.a", "ItemSelector": {"a.$": "$$.Map.Item.Index"}, "MaxConcurrencyPath": "$.m", "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}}
{"s": {"Type": "Map", "Label": "items-2", "ToleratedFailurePercentage": 12.5, "ToleratedFailureCount": 0, "ItemBatcher": {"MaxItemsPerBatch": 10, "BatchInput": {"a.$": "$.b"}}, "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "MaxItems": 5}, "Parameters": {"Bucket": "b", "Key.$": "$.k"}}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}}
{"s": {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% [1] %}", "MaxConcurrency": "{% 2 %}", "ItemSelector": {"a": "{% $states.context.Map.Item.Value %}"}, "ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "Output": "{% $states.result %}", "End": true}}
{"s": {"Type": "Map", "QueryLanguage": "JSONata", "Items": [1, "{% 2 %}"], "ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f:live", "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "HeartbeatSeconds": 1, "TimeoutSeconds": 2, "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws-cn:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h", "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Credentials": {"RoleArn.$": "$.role"}, "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject.waitForTaskToken", "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "QueryLanguage": "JSONata", "Arguments": {"ApiEndpoint": "x", "Method": "GET"}, "TimeoutSeconds": "{% 5 %}", "End": true}}
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 99999999, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 31622400, "JitterStrategy": "NONE"}, {"ErrorEquals": ["A"], "Comment": "c"}], "End": true}}
{"a": {"Type": "Pass", "Assign": {"x": 1}, "Next": "s"}, "s": {"Type": "Parallel", "Branches": [{"StartAt": "b", "States": {"b": {"Type": "Pass", "Assign": {"y": 1}, "End": true}}}, {"StartAt": "c", "States": {"c": {"Type": "Pass", "Assign": {"y": 2}, "End": true}}}], "End": true}}
{"a": {"Type": "Pass", "Assign": {"x": 1}, "Next": "s"}, "s": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "b", "States": {"b": {"Type": "Pass", "Assign": {"x": 1}, "End": true}}}, "End": true}}
{"a": {"Type": "Pass", "Next": "s"}, "s": {"Type": "Parallel", "Assign": {"x.$": "$[0]"}, "Branches": [{"StartAt": "b", "States": {"b": {"Type": "Pass", "Assign": {"x.$": "$"}, "End": true}}}], "End": true}}
"#;

const INVALID: &str = r#"
{"s": {"Type": "pass", "End": true}} ==> SCHEMA at /States/s/Type
{"s": {"End": true}} ==> SCHEMA at /States/s
{"s": 5} ==> SCHEMA at /States/s
{"s": {"Type": "Pass", "Next": "z", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Pass", "End": "true", "Next": "z"}} ==> SCHEMA at /States/s/End
{"s": {"Type": "Pass", "Next": "nowhere"}, "t": {"Type": "Pass", "End": true}} ==> TARGET at /States/s/Next
{"s": {"Type": "Pass", "End": true}, "lost": {"Type": "Pass", "End": true}} ==> TARGET at /States/lost
{"s": {"Type": "Pass", "Next": "t"}, "t": {"Type": "Pass", "Next": "s"}} ==> MISSING_END_STATE at /
{"s": {"Type": "Pass", "Foo": 1, "End": true}} ==> SCHEMA at /States/s/Foo
{"s": {"Type": "Pass", "Resource": "x", "End": true}} ==> SCHEMA at /States/s/Resource
{"s": {"Type": "Pass", "Arguments": {}, "End": true}} ==> SCHEMA at /States/s/Arguments
{"s": {"Type": "Pass", "Output": {}, "End": true}} ==> SCHEMA at /States/s/Output
{"s": {"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$", "End": true}} ==> SCHEMA at /States/s/InputPath
{"s": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + %}", "End": true}} ==> SCHEMA at /States/s/Output
{"s": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.result %}", "End": true}} ==> SCHEMA at /States/s/Output
{"s": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"a": ["{% $states.errorOutput.Error %}"]}, "End": true}} ==> SCHEMA at /States/s/Assign
{"s": {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": "{% $states.result %}", "End": true}} ==> SCHEMA at /States/s/Seconds
{"s": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1", "End": true}} ==> SCHEMA at /States/s/Output
{"s": {"Type": "Pass", "Parameters": "x", "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "Parameters": [1], "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "Parameters": {"a.$": "x"}, "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "Parameters": {"a.$": 5}, "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "Parameters": {"a.$": "States.Nope()"}, "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "Parameters": {"a.$": "States.UUID(1)"}, "End": true}} ==> SCHEMA at /States/s/Parameters
{"s": {"Type": "Pass", "InputPath": "x", "End": true}} ==> SCHEMA at /States/s/InputPath
{"s": {"Type": "Pass", "InputPath": "States.UUID()", "End": true}} ==> SCHEMA at /States/s/InputPath
{"s": {"Type": "Pass", "ResultPath": "$.a[*]", "End": true}} ==> SCHEMA at /States/s/ResultPath
{"s": {"Type": "Pass", "ResultPath": "$$.a", "End": true}} ==> SCHEMA at /States/s/ResultPath
{"s": {"Type": "Pass", "ResultPath": "$..a", "End": true}} ==> SCHEMA at /States/s/ResultPath
{"s": {"Type": "Pass", "Assign": [], "End": true}} ==> SCHEMA at /States/s/Assign
{"s": {"Type": "Pass", "Assign": {"1a": 1}, "End": true}} ==> SCHEMA at /States/s/Assign
{"s": {"Type": "Pass", "Assign": {"a-b": 1}, "End": true}} ==> SCHEMA at /States/s/Assign
{"s": {"Type": "Pass", "Assign": {"states": 1}, "End": true}} ==> SCHEMA at /States/s/Assign
{"s": {"Type": "Succeed", "Next": "z"}} ==> SCHEMA at /States/s/Next
{"s": {"Type": "Fail", "Error": "a", "ErrorPath": "$.a"}} ==> SCHEMA at /States/s
{"s": {"Type": "Fail", "Cause": 5}} ==> SCHEMA at /States/s/Cause
{"s": {"Type": "Fail", "InputPath": "$"}} ==> SCHEMA at /States/s/InputPath
{"s": {"Type": "Fail", "ErrorPath": "States.ArrayLength($.x)"}} ==> SCHEMA at /States/s/ErrorPath
{"s": {"Type": "Fail", "CausePath": "text"}} ==> SCHEMA at /States/s/CausePath
{"s": {"Type": "Wait", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Wait", "Seconds": 1, "Timestamp": "2024-01-01T00:00:00Z", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Wait", "Seconds": -1, "End": true}} ==> SCHEMA at /States/s/Seconds
{"s": {"Type": "Wait", "Seconds": 1.5, "End": true}} ==> SCHEMA at /States/s/Seconds
{"s": {"Type": "Wait", "Seconds": "5", "End": true}} ==> SCHEMA at /States/s/Seconds
{"s": {"Type": "Wait", "Timestamp": "2024-01-01", "End": true}} ==> SCHEMA at /States/s/Timestamp
{"s": {"Type": "Choice", "Choices": []}, "t": {"Type": "Pass", "End": true}, "s": {"Type": "Choice", "Choices": [], "Default": "t"}} ==> SCHEMA at /States/s/Choices
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "a"}], "Default": "z"}} ==> SCHEMA at /States/s/Choices[0]
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": 5, "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]/StringEquals
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringLike": "a", "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]/StringLike
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "a", "IsNull": true, "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]
{"s": {"Type": "Choice", "Choices": [{"StringEquals": "a", "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]
{"s": {"Type": "Choice", "Choices": [{"And": [], "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]/And
{"s": {"Type": "Choice", "Choices": [{"Not": [], "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]/Not
{"s": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.a", "IsNull": true, "Next": "z"}], "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]/And[0]/Next
{"s": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "z"}], "End": true}} ==> SCHEMA at /States/s/End
{"s": {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "z"}]}} ==> SCHEMA at /States/s/Choices[0]
{"s": {"Type": "Parallel", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Parallel", "Branches": [], "End": true}} ==> SCHEMA at /States/s/Branches
{"s": {"Type": "Parallel", "Branches": [{"StartAt": "a", "States": {"a": {"Type": "Pass", "Next": "z"}, "b": {"Type": "Pass", "End": true}}}], "Next": "z"}} ==> TARGET at /States/s/Branches[0]/States/a/Next
{"s": {"Type": "Parallel", "Branches": [{"StartAt": "s", "States": {"s": {"Type": "Pass", "End": true}}}], "End": true}} ==> DUPLICATE_STATE_NAME at /States/s/Branches[0]/States/s
{"s": {"Type": "Map", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Map", "ItemProcessor": {"StartAt": "a", "States": {}}, "End": true}} ==> SCHEMA at /States/s/ItemProcessor/States
{"s": {"Type": "Map", "MaxConcurrency": -1, "ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/MaxConcurrency
{"s": {"Type": "Map", "MaxConcurrency": 1, "MaxConcurrencyPath": "$.a", "ItemProcessor": {"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/ItemProcessor/ProcessorConfig
{"s": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "REMOTE"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/ItemProcessor/ProcessorConfig/Mode
{"s": {"Type": "Map", "ToleratedFailurePercentage": 101, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/ToleratedFailurePercentage
{"s": {"Type": "Map", "Label": "a b", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/Label
{"s": {"Type": "Map", "ItemBatcher": {"MaxItemsPerBatch": 0}, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/ItemBatcher/MaxItemsPerBatch
{"s": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, "StartAt": "a", "States": {"a": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true}}}, "End": true}} ==> SCHEMA at /States/s/ItemProcessor/States/a/Resource
{"s": {"Type": "Task", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Task", "Resource": "nonsense", "End": true}} ==> SCHEMA at /States/s/Resource
{"s": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem.waitForTaskToken", "End": true}} ==> SCHEMA at /States/s/Resource
{"s": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.sync", "End": true}} ==> SCHEMA at /States/s/Resource
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t", "End": true}} ==> SCHEMA at /States/s
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "End": true}} ==> SCHEMA at /States/s/HeartbeatSeconds
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": []}], "End": true}} ==> SCHEMA at /States/s/Retry[0]/ErrorEquals
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"MaxAttempts": 1}], "End": true}} ==> SCHEMA at /States/s/Retry[0]
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}], "End": true}} ==> SCHEMA at /States/s/Retry[0]/ErrorEquals
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}], "End": true}} ==> SCHEMA at /States/s/Retry[0]/BackoffRate
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "full"}], "End": true}} ==> SCHEMA at /States/s/Retry[0]/JitterStrategy
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Catch": [{"ErrorEquals": ["A"]}], "End": true}} ==> SCHEMA at /States/s/Catch[0]
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Catch": [{"ErrorEquals": ["A"], "ResultPath": "$..a", "Next": "z"}], "End": true}} ==> SCHEMA at /States/s/Catch[0]/ResultPath
{"s": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Catch": {}, "End": true}} ==> SCHEMA at /States/s/Catch
"#;

#[test]
fn an_optimised_integration_has_the_actions_of_its_page_in_the_guide() {
    let refused = |resource: &str| {
        let task = json!({ "Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "End": true });
        errors(&json!({ "t": task }).to_string())
    };
    for resource in [
        "dynamodb:query",
        "dynamodb:scan",
        "sqs:receiveMessage",
        "sqs:sendMesage.waitForTaskToken",
        "sns:subscribe",
        "lambda:invokeAsync",
        "ecs:stopTask",
        "states:stopExecution",
    ] {
        assert_eq!(refused(resource), ["SCHEMA_VALIDATION_FAILED at /States/t/Resource"], "{resource}");
    }
    for resource in [
        "dynamodb:updateItem",
        "sqs:sendMessage.waitForTaskToken",
        "ecs:runTask.sync",
        "states:startExecution.sync:2",
        "eks:call",
        "codebuild:stopBuild",
        "aws-sdk:dynamodb:query",
    ] {
        assert_eq!(refused(resource), Vec::<String>::new(), "{resource}");
    }
}

#[test]
fn the_parts_of_a_state_are_of_its_query_language() {
    let query = |language: &str, mut state: Value, part: Value| {
        state["QueryLanguage"] = json!(language);
        state.as_object_mut().expect("a state").extend(part.as_object().expect("a part").clone());
        errors(&json!({ "s": state }).to_string())
    };
    let task = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true });
    let map = json!({
        "Type": "Map", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "i", "States": { "i": { "Type": "Succeed" } },
        },
    });
    let catch =
        |field: &str, value: &str| json!({ "Catch": [{ "ErrorEquals": ["E"], "Next": "z", field: value }] });
    let retry = |seconds: Value| json!({ "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": seconds }] });
    let choice = json!({ "Type": "Choice", "Default": "z" });
    let rule = |mut rule: Value| {
        rule["Next"] = json!("z");
        json!({ "Choices": [rule] })
    };
    let object = || json!({ "Bucket": "b", "Key": "k" });
    let reader = |field: &str, value: Value| json!({ "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", field: value } });
    let bounded = |field: &str, value: &str| {
        json!({ "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject", "Arguments": object(), "ReaderConfig": { field: value },
        } })
    };
    let batcher = |field: &str, value: Value| json!({ "ItemBatcher": { field: value } });
    let condition = || json!({ "Condition": "{% true %}" });
    let with = |field: &str, value: Value| {
        let mut rule = condition();
        rule[field] = value;
        rule
    };
    let test = json!({ "Variable": "$.n", "NumericEquals": 1 });
    for (language, state, part, place) in [
        ("JSONPath", &task, catch("ResultPath", "$.e"), None),
        ("JSONata", &task, catch("Output", "{% $states.errorOutput %}"), None),
        ("JSONPath", &task, catch("Output", "x"), Some("Catch[0]/Output")),
        ("JSONata", &task, catch("ResultPath", "$.e"), Some("Catch[0]/ResultPath")),
        ("JSONata", &task, retry(json!(5)), None),
        ("JSONata", &task, retry(json!("{% 5 %}")), Some("Retry[0]/IntervalSeconds")),
        ("JSONPath", &choice, rule(test.clone()), None),
        (
            "JSONPath",
            &choice,
            rule(json!({ "Variable": "$.n", "NumericEquals": 1, "Output": 1 })),
            Some("Choices[0]/Output"),
        ),
        ("JSONata", &choice, rule(with("Output", json!(1))), None),
        ("JSONata", &choice, rule(with("Variable", json!("$.n"))), Some("Choices[0]/Variable")),
        ("JSONata", &choice, rule(with("StringEquals", json!("x"))), Some("Choices[0]/StringEquals")),
        ("JSONata", &choice, rule(with("Not", test)), Some("Choices[0]/Not")),
        ("JSONPath", &map, reader("Parameters", object()), None),
        ("JSONata", &map, reader("Arguments", object()), None),
        ("JSONata", &map, bounded("MaxItems", "{% 5 %}"), None),
        ("JSONata", &map, bounded("MaxItemsPath", "$.n"), Some("ItemReader/ReaderConfig/MaxItemsPath")),
        ("JSONata", &map, batcher("MaxItemsPerBatch", json!("{% 2 %}")), None),
        (
            "JSONata",
            &map,
            batcher("MaxItemsPerBatchPath", json!("$.n")),
            Some("ItemBatcher/MaxItemsPerBatchPath"),
        ),
    ] {
        let wanted: Vec<String> =
            place.map(|place| format!("SCHEMA_VALIDATION_FAILED at /States/s/{place}")).into_iter().collect();
        assert_eq!(query(language, state.clone(), part.clone()), wanted, "{language} {part}");
    }
}
