use crate::{Diagnostic, MachineType, Severity, parse, validate};
use serde_json::{Value, json};

fn errors(definition: &Value, kind: MachineType) -> Vec<Diagnostic> {
    let found = validate(&definition.to_string(), kind);
    found.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect()
}

/// The code and place of the only error of a machine with these states.
fn fault(states: &Value) -> (&'static str, String) {
    let start = states.as_object().unwrap().keys().next().unwrap();
    fault_of(&json!({"StartAt": start, "States": states}))
}

fn fault_of(definition: &Value) -> (&'static str, String) {
    let found = errors(definition, MachineType::Standard);
    assert_eq!(found.len(), 1, "{definition}: {found:#?}");
    (found[0].code, found[0].location.clone().unwrap_or_default())
}

fn task(fields: &Value) -> Value {
    let mut task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true});
    task.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    task
}

fn accepts(fields: &Value) -> bool {
    let definition = json!({"StartAt": "t", "States": {"t": task(fields)}});
    let accepted = errors(&definition, MachineType::Standard).is_empty();
    assert!(!accepted || parse(&definition.to_string()).is_ok());
    accepted
}

const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";
const TARGET: &str = "MISSING_TRANSITION_TARGET";

#[test]
fn text_that_is_no_object_is_refused() {
    for (text, code) in [
        ("", SCHEMA),
        ("  ", SCHEMA),
        ("[]", SCHEMA),
        ("1", SCHEMA),
        ("not json", "INVALID_JSON_DESCRIPTION"),
        ("{", "INVALID_JSON_DESCRIPTION"),
    ] {
        assert_eq!(validate(text, MachineType::Standard)[0].code, code, "{text}");
    }
    let long = format!("{{\"Comment\": \"{}\"}}", "x".repeat(1_048_576));
    assert_eq!(validate(&long, MachineType::Standard).len(), 1);
}

#[test]
fn start_at_and_states_are_required_in_every_scope() {
    let found = errors(&json!({}), MachineType::Standard);
    assert_eq!(found[0].message, "These fields are required: [StartAt, States]");
    assert_eq!(
        fault(&json!({"p": {"Type": "Parallel", "Branches": [{"StartAt": "x"}], "End": true}})),
        (SCHEMA, "/States/p/Branches[0]".to_owned())
    );
    assert_eq!(
        fault(
            &json!({"m": {"Type": "Map", "ItemProcessor": {"States": {"x": {"Type": "Succeed"}}}, "End": true}})
        ),
        (SCHEMA, "/States/m/ItemProcessor".to_owned())
    );
}

#[test]
fn transitions_lead_to_states_of_the_same_scope() {
    let branch = json!({"StartAt": "inner", "States": {"inner": {"Type": "Succeed"}}});
    assert_eq!(fault(&json!({"a": {"Type": "Pass", "Next": "x"}, "b": {"Type": "Succeed"}})).0, TARGET);
    let definition = json!({"StartAt": "p", "States": {"p": {"Type": "Parallel", "Branches": [branch], "Next": "inner", "Catch": [{"ErrorEquals": ["E"], "Next": "s"}]}, "s": {"Type": "Succeed"}}});
    assert_eq!(fault_of(&definition), (TARGET, "/States/p/Next".to_owned()));
    assert_eq!(
        fault_of(&json!({"StartAt": "x", "States": {"a": {"Type": "Succeed"}}})),
        (TARGET, "/StartAt".to_owned())
    );
    let choice = |field: &str| json!({"c": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": if field == "Next" { "x" } else { "s" }}], "Default": if field == "Default" { "x" } else { "s" }}, "s": {"Type": "Succeed"}});
    assert_eq!(fault(&choice("Next")), (TARGET, "/States/c/Choices[0]/Next".to_owned()));
    assert_eq!(fault(&choice("Default")), (TARGET, "/States/c/Default".to_owned()));
    assert_eq!(
        fault(&json!({"t": task(&json!({"Catch": [{"ErrorEquals": ["E"], "Next": "x"}]}))})),
        (TARGET, "/States/t/Catch[0]/Next".to_owned())
    );
}

#[test]
fn every_state_is_reached() {
    let found = errors(
        &json!({"StartAt": "a", "States": {"a": {"Type": "Succeed"}, "b": {"Type": "Succeed"}}}),
        MachineType::Standard,
    );
    assert_eq!(
        Diagnostic::refusal(&found).unwrap(),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: State \"b\" is not reachable. at /States/b'"
    );
}

#[test]
fn every_scope_can_end() {
    assert_eq!(
        fault(&json!({"a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Pass", "Next": "a"}})),
        ("MISSING_END_STATE", "/".to_owned())
    );
}

#[test]
fn a_task_has_next_or_end() {
    assert!(!accepts(&json!({"Next": "t"})));
    assert!(!accepts(&json!({"End": false})));
    assert!(!accepts(&json!({"End": "true"})));
}

#[test]
fn names_are_short_and_unique_over_all_scopes() {
    let branch = json!({"StartAt": "p", "States": {"p": {"Type": "Succeed"}}});
    assert_eq!(
        fault(&json!({"p": {"Type": "Parallel", "Branches": [branch], "End": true}})),
        ("DUPLICATE_STATE_NAME", "/States/p/Branches[0]/States/p".to_owned())
    );
    assert_eq!(fault(&json!({"é".repeat(81): {"Type": "Succeed"}})).0, SCHEMA);
    assert!(
        errors(
            &json!({"StartAt": "é".repeat(80), "States": {"é".repeat(80): {"Type": "Succeed"}}}),
            MachineType::Standard
        )
        .is_empty()
    );
}

#[test]
fn times_are_positive_integers_and_heartbeats_are_shorter() {
    for value in [json!(0), json!(-1), json!(1.5), json!("5"), json!(100_000_000), json!(null)] {
        assert!(!accepts(&json!({"TimeoutSeconds": value})), "{value}");
        assert!(!accepts(&json!({"HeartbeatSeconds": value})), "{value}");
    }
    assert!(accepts(&json!({"TimeoutSeconds": 1})) && accepts(&json!({"TimeoutSeconds": 99_999_999})));
    assert!(
        accepts(&json!({"TimeoutSeconds": 10, "HeartbeatSeconds": 9}))
            && accepts(&json!({"HeartbeatSeconds": 9}))
    );
    assert!(!accepts(&json!({"TimeoutSeconds": 10, "HeartbeatSeconds": 10})));
    assert!(!accepts(&json!({"TimeoutSeconds": 10, "TimeoutSecondsPath": "$.t"})));
    assert!(!accepts(&json!({"HeartbeatSeconds": 10, "HeartbeatSecondsPath": "$.t"})));
    assert!(accepts(&json!({"TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$$.Execution.Input.h"})));
    assert!(!accepts(&json!({"TimeoutSecondsPath": "t"})));
}

#[test]
fn error_equals_is_a_list_of_names() {
    for field in ["Retry", "Catch"] {
        let accepts = |lists: &[Value]| {
            let item = |names: &Value| match field {
                "Catch" => json!({"ErrorEquals": names, "Next": "t"}),
                _ => json!({"ErrorEquals": names}),
            };
            accepts(&json!({field: lists.iter().map(item).collect::<Vec<_>>()}))
        };
        for names in [json!([]), json!([1]), json!("E"), json!(["States.ALL", "E"]), json!(null)] {
            assert!(!accepts(std::slice::from_ref(&names)), "{names}");
        }
        assert!(!accepts(&[json!(["States.ALL"]), json!(["E"])]));
        assert!(accepts(&[json!(["E", "F"]), json!(["States.ALL"])]));
    }
    assert!(!accepts(&json!({"Catch": [{"ErrorEquals": ["E"]}]})));
    assert!(!accepts(&json!({"Catch": [{"Next": "t"}]})) && !accepts(&json!({"Retry": [{}]})));
}

#[test]
fn retriers_have_ranges() {
    let retrier =
        |field: &str, value: Value| accepts(&json!({"Retry": [{"ErrorEquals": ["E"], field: value}]}));
    for (field, good, bad) in [
        (
            "IntervalSeconds",
            vec![json!(1), json!(99_999_999)],
            vec![json!(0), json!(100_000_000), json!(1.5)],
        ),
        ("MaxAttempts", vec![json!(0), json!(99_999_999)], vec![json!(-1), json!("3")]),
        ("BackoffRate", vec![json!(1), json!(1.0), json!(9.5)], vec![json!(0.9), json!("2")]),
        ("MaxDelaySeconds", vec![json!(1), json!(31_622_400)], vec![json!(0), json!(31_622_401)]),
        ("JitterStrategy", vec![json!("FULL"), json!("NONE")], vec![json!("full"), json!(1)]),
    ] {
        assert!(good.into_iter().all(|value| retrier(field, value)), "{field}");
        assert!(!bad.into_iter().any(|value| retrier(field, value)), "{field}");
    }
}

#[test]
fn express_machines_have_no_callbacks_jobs_and_activities() {
    let refused = |resource: &str| {
        let found = errors(
            &json!({"StartAt": "t", "States": {"t": {"Type": "Task", "Resource": resource, "End": true}}}),
            MachineType::Express,
        );
        Diagnostic::refusal(&found).unwrap_or_default()
    };
    assert!(
        refused("arn:aws:states:::sns:publish.waitForTaskToken")
            .ends_with("'.waitForTaskToken' service integration  at /States/t/Resource'")
    );
    assert!(
        refused("arn:aws:states:::states:startExecution.sync:2")
            .ends_with("'.sync' service integration at /States/t/Resource'")
    );
    assert!(
        refused("arn:aws:states:us-east-1:123456789012:activity:a")
            .ends_with("does not support Activity ARN at /States/t/Resource'")
    );
    assert_eq!(refused("arn:aws:states:::sns:publish"), "");
}

#[test]
fn patterns_are_offered_by_the_services_of_the_guide() {
    let resource = |arn: &str| accepts(&json!({"Resource": arn}));
    for service in [
        "apigateway:invoke",
        "bedrock:invokeModel",
        "ecs:runTask",
        "eks:call",
        "events:putEvents",
        "lambda:invoke",
        "sns:publish",
        "sqs:sendMessage",
        "states:startExecution",
        "aws-sdk:dynamodb:putItem",
    ] {
        assert!(resource(&format!("arn:aws:states:::{service}.waitForTaskToken")), "{service}");
    }
    for service in [
        "athena:startQueryExecution",
        "batch:submitJob",
        "codebuild:startBuild",
        "dynamodb:putItem",
        "glue:startJobRun",
        "mediaconvert:createJob",
        "sagemaker:createTrainingJob",
        "elasticmapreduce:addStep",
    ] {
        assert!(!resource(&format!("arn:aws:states:::{service}.waitForTaskToken")), "{service}");
        assert!(resource(&format!("arn:aws:states:::{service}")), "{service}");
    }
    assert!(
        !resource("arn:aws:states:::sqs:sendMessage.sync")
            && !resource("arn:aws:states:::glue:startJobRun.sync:2")
    );
    assert!(
        !resource("arn:aws:states:::aws-sdk:s3:getObject.sync") && !resource("arn:aws:states:::nosuch:thing")
    );
}

#[test]
fn a_function_by_its_arn_takes_no_callback() {
    assert!(accepts(&json!({"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"})));
    assert!(!accepts(
        &json!({"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f.waitForTaskToken"})
    ));
    assert!(!accepts(&json!({"Resource": "f"})) && !accepts(&json!({"Resource": 5})));
}

#[test]
fn a_callback_without_the_token_is_accepted() {
    assert!(accepts(&json!({"Parameters": {"QueueUrl": "q", "MessageBody": "x"}})));
}

#[test]
fn languages_do_not_mix() {
    assert!(!accepts(&json!({"Arguments": {}})) && !accepts(&json!({"Output": 1})));
    for field in
        ["InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "TimeoutSecondsPath"]
    {
        assert!(!accepts(&json!({"QueryLanguage": "JSONata", field: "$"})), "{field}");
    }
    assert!(accepts(
        &json!({"QueryLanguage": "JSONata", "Arguments": "{% $states.input %}", "TimeoutSeconds": "{% 5 %}", "Assign": {"a": "{% 1 %}"}})
    ));
    assert!(!accepts(&json!({"QueryLanguage": "Jq"})));
    let found = errors(
        &json!({"QueryLanguage": "JSONata", "StartAt": "p", "States": {"p": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}),
        MachineType::Standard,
    );
    assert_eq!(
        found[0].message,
        "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
    );
}

#[test]
fn queries_have_valid_syntax() {
    for good in
        ["$", "$.a-b[0]['c']", "$$.Task.Token", "$v.a", "$..x", "States.Format('{}', $.a)", "States.UUID()"]
    {
        assert!(accepts(&json!({"Parameters": {"QueueUrl": "q", "MessageBody.$": good}})), "{good}");
    }
    for bad in ["a", "$.", "$[", "States.Nope()", "States.Format('{}'", ""] {
        let body = json!({"l": [{"x.$": bad}]});
        assert!(!accepts(&json!({"Parameters": {"QueueUrl": "q", "MessageBody": body}})), "{bad}");
    }
    assert!(!accepts(&json!({"Parameters": {"QueueUrl": "q", "MessageBody.$": 5}})));
    assert!(accepts(&json!({"InputPath": null, "OutputPath": null, "ResultPath": null})));
    for path in ["$.a[*]", "$..a", "$$.a", "a"] {
        assert!(!accepts(&json!({"ResultPath": path})), "{path}");
    }
    for expression in ["{% 1 + %}", "{% ( %}", "{% 1", "1 %}"] {
        assert!(
            !accepts(
                &json!({"QueryLanguage": "JSONata", "Arguments": {"QueueUrl": "q", "MessageBody": expression}})
            ),
            "{expression}"
        );
    }
    for name in ["1a", "a b", "states", ""] {
        assert!(!accepts(&json!({"Assign": {name: 1}})), "{name}");
    }
}

#[test]
fn a_path_without_its_sign_is_a_warning() {
    let definition = json!({"StartAt": "t", "States": {"t": task(&json!({"Parameters": {"QueueUrl": "$.url", "MessageBody": {}}}))}});
    let found = validate(&definition.to_string(), MachineType::Standard);
    assert_eq!((found.len(), found[0].severity, found[0].code), (1, Severity::Warning, "NO_DOLLAR"));
    assert_eq!(Diagnostic::refusal(&found), None);
}

#[test]
fn choice_rules_have_one_test() {
    let accepts = |rule: Value| {
        let definition = json!({"StartAt": "c", "States": {"c": {"Type": "Choice", "Choices": [rule]}, "s": {"Type": "Succeed"}}});
        errors(&definition, MachineType::Standard).is_empty()
    };
    assert!(accepts(json!({"Variable": "$.a", "NumericEquals": 1, "Next": "s", "Comment": "c"})));
    assert!(accepts(
        json!({"And": [{"Variable": "$.a", "IsNull": true}, {"Not": {"Variable": "$.b", "StringMatches": "*"}}], "Next": "s"})
    ));
    for rule in [
        json!({"Variable": "$.a", "Next": "s"}),
        json!({"NumericEquals": 1, "Next": "s"}),
        json!({"Variable": "$.a", "NumericEquals": "1", "Next": "s"}),
        json!({"Variable": "$.a", "Nope": 1, "Next": "s"}),
        json!({"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "s"}),
        json!({"And": [], "Next": "s"}),
        json!({"And": [{"Variable": "$.a", "IsNull": true, "Next": "s"}], "Next": "s"}),
        json!({"Not": [], "Next": "s"}),
        json!({"Variable": "a", "IsNull": true, "Next": "s"}),
        json!({"Condition": "{% true %}", "Next": "s"}),
        json!(1),
    ] {
        assert!(!accepts(rule.clone()), "{rule}");
    }
}

#[test]
fn other_states_are_checked_too() {
    let refused = |state: Value| {
        !errors(&json!({"StartAt": "s", "States": {"s": state}}), MachineType::Standard).is_empty()
    };
    for state in [
        json!({"Type": "Wait", "End": true}),
        json!({"Type": "Wait", "Seconds": 1, "Timestamp": "2024-01-01T00:00:00Z", "End": true}),
        json!({"Type": "Wait", "Seconds": -1, "End": true}),
        json!({"Type": "Wait", "Timestamp": "today", "End": true}),
        json!({"Type": "Fail", "End": true}),
        json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        json!({"Type": "Succeed", "Next": "s"}),
        json!({"Type": "Choice"}),
        json!({"Type": "Choice", "Choices": []}),
        json!({"Type": "Parallel", "Branches": [], "End": true}),
        json!({"Type": "Map", "End": true}),
        json!({"Type": "Nope"}),
        json!({}),
        json!(1),
        json!({"Type": "Pass", "End": true, "Foo": 1}),
        json!({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "i", "States": {"i": {"Type": "Succeed"}}}, "End": true}),
    ] {
        assert!(refused(state.clone()), "{state}");
    }
    assert!(!refused(json!({"Type": "Wait", "Seconds": 0, "End": true})));
    assert!(!refused(json!({"Type": "Fail", "Error": "E", "CausePath": "States.Format('{}', $.c)"})));
}

#[test]
fn the_children_of_an_express_map_run_are_express() {
    let map = |execution_type: &str| {
        json!({"StartAt": "m", "States": {"m": {"Type": "Map", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}, "StartAt": "t", "States": {"t": task(&json!({}))}}}}})
    };
    assert!(errors(&map("STANDARD"), MachineType::Standard).is_empty());
    assert_eq!(errors(&map("EXPRESS"), MachineType::Standard).len(), 1);
}
