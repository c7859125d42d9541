//! Nothing panics and nothing overflows, whatever comes in.

use asl::{Entered, Inputs, MachineType, RetryCounts, TaskFailure, Variables};
use proptest::prelude::*;
use serde_json::{Value, json};

const FIELDS: &[&str] = &[
    "Type",
    "Next",
    "End",
    "StartAt",
    "States",
    "QueryLanguage",
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultSelector",
    "ResultPath",
    "Arguments",
    "Output",
    "Assign",
    "Retry",
    "Catch",
    "Resource",
    "TimeoutSeconds",
    "HeartbeatSecondsPath",
    "Choices",
    "Default",
    "Variable",
    "StringMatches",
    "NumericEqualsPath",
    "And",
    "Not",
    "Condition",
    "Seconds",
    "TimestampPath",
    "Branches",
    "ItemProcessor",
    "ItemsPath",
    "Items",
    "ItemSelector",
    "ItemBatcher",
    "MaxItemsPerBatch",
    "ItemReader",
    "ReaderConfig",
    "InputType",
    "ResultWriter",
    "Label",
    "Credentials",
    "QueueUrl",
    "ErrorEquals",
    "MaxAttempts",
    "BackoffRate",
    "Error",
    "CausePath",
    "ProcessorConfig",
    "MaxConcurrencyPath",
    "x.$",
    "a",
    "b",
];

const TEXTS: &[&str] = &[
    "Task",
    "Pass",
    "Choice",
    "Wait",
    "Succeed",
    "Fail",
    "Parallel",
    "Map",
    "JSONata",
    "JSONPath",
    "$",
    "$.a",
    "$.a.b[0]",
    "$..a",
    "$$.Task",
    "$v",
    "$.a[-1]",
    "$[?(@.a==1)]",
    "$['a','b']",
    "States.ALL",
    "E",
    "{% $states.input %}",
    "{% $v + 1 %}",
    "{% ( %}",
    "a",
    "b",
    "States.Format('{}', $.a)",
    "States.MathAdd($.a, 1)",
    "States.ArrayRange(0, $.a, $.b)",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "2024-01-01T00:00:00Z",
    "*\\*",
];

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        proptest::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        let key =
            prop_oneof![4 => proptest::sample::select(FIELDS).prop_map(str::to_owned), 1 => "\\PC{0,4}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A state of a known type with arbitrary fields, so that more than the first check is reached.
fn state() -> impl Strategy<Value = Value> {
    (proptest::sample::select(&TEXTS[..8]), json_value(), json_value()).prop_map(|(kind, fields, choice)| {
        let mut state = fields.as_object().cloned().unwrap_or_default();
        state.insert("Type".to_owned(), json!(kind));
        state.entry("Resource").or_insert(json!("arn:aws:states:::sqs:sendMessage"));
        state
            .entry("Choices")
            .or_insert(json!([choice, {"Variable": "$.a", "NumericEquals": 1, "Next": "s"}]));
        state.entry("Seconds").or_insert(json!(1));
        state.entry("Branches").or_insert(json!([]));
        state.entry("ItemProcessor").or_insert(json!({"StartAt": "i", "States": {"i": {"Type": "Succeed"}}}));
        Value::Object(state)
    })
}

fn exercise(definition: &str, input: &Value, variable: &Value) {
    let found = asl::validate(definition, MachineType::Standard);
    let accepted = found.iter().all(|diagnostic| diagnostic.severity == asl::Severity::Warning);
    let Ok(machine) = asl::parse(definition) else {
        assert!(!accepted, "accepted, but does not parse: {definition}");
        return;
    };
    let variables: Variables = [("v".to_owned(), variable.clone())].into_iter().collect();
    let context = json!({"Execution": {"Input": input}, "Task": {"Token": "t"}});
    let inputs = Inputs { input, context: &context, variables: &variables, event_id: 2 };
    for state in machine.states.values() {
        if let Ok(Entered::Map(map)) = asl::enter(state, &inputs) {
            let _ = map
                .items
                .iter()
                .enumerate()
                .map(|(index, item)| asl::item_input(state, &inputs, index, item))
                .collect::<Vec<_>>();
            let _ = asl::batches(state, &inputs, &map, map.items.clone());
        }
        let _ = asl::complete(state, &inputs, variable);
        let mut counts = RetryCounts::default();
        for failure in [
            TaskFailure::new(None, None),
            TaskFailure::new(Some("E".to_owned()), None),
            TaskFailure::missed_heartbeat(),
        ] {
            let _ = asl::recover(state, &inputs, &failure, &mut counts);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = asl::validate(&text, MachineType::Express);
        let _ = asl::parse(&text);
    }

    #[test]
    fn no_json_makes_the_reader_panic(value in json_value()) {
        exercise(&value.to_string(), &Value::Null, &Value::Null);
    }

    #[test]
    fn no_state_panics_on_any_input(state in state(), input in json_value(), variable in json_value()) {
        exercise(&json!({"StartAt": "s", "States": {"s": state}}).to_string(), &input, &variable);
    }

    #[test]
    fn no_path_or_function_panics(path in "\\$[\\$a-c\\.\\[\\]'\"\\*\\?@\\(\\)0-9:,=<&é -]{0,24}", call in "States\\.(Format|Array|MathAdd|StringSplit)\\(['\\$\\.a,0-9\\\\\\{\\}\\( ]{0,24}\\)?", input in json_value()) {
        let state = json!({"Type": "Pass", "Parameters": {"p.$": path, "c.$": call}, "End": true});
        exercise(&json!({"StartAt": "s", "States": {"s": state}}).to_string(), &input, &input);
        let state = json!({"Type": "Pass", "InputPath": path, "ResultPath": path, "End": true});
        exercise(&json!({"StartAt": "s", "States": {"s": state}}).to_string(), &input, &input);
    }

    #[test]
    fn no_expression_panics(expression in "[\\$a-c\\.\\[\\]'\"\\*\\?\\(\\)0-9:,=<&~>{}|%@# é+/^-]{0,24}", input in json_value()) {
        let state = json!({"Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true});
        exercise(&json!({"QueryLanguage": "JSONata", "StartAt": "s", "States": {"s": state}}).to_string(), &input, &input);
    }
}

#[test]
fn deep_and_long_definitions_do_not_overflow_the_stack() {
    let nested =
        |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
    for times in [50, 1000, 30_000] {
        let parts = [
            nested("(", ")", times),
            nested("[", "]", times),
            nested("{'a':", "}", times),
            nested("$f(", ")", times),
            nested("-", "", times),
            "1&".repeat(times) + "1",
            "a.".repeat(times) + "a",
        ];
        for part in parts {
            let state = json!({"Type": "Pass", "Output": format!("{{% {part} %}}"), "End": true});
            exercise(
                &json!({"QueryLanguage": "JSONata", "StartAt": "s", "States": {"s": state}}).to_string(),
                &Value::Null,
                &Value::Null,
            );
        }
        for path in [
            nested("$.a[?(@.a==", ")]", times),
            format!("${}", "[0]".repeat(times)),
            format!("${}", ".a".repeat(times)),
            format!("$[?{}@.a{}]", "(".repeat(times), ")".repeat(times)),
            format!("$[?{}@.a]", "!".repeat(times)),
            nested("States.Array(", ")", times),
        ] {
            let state = json!({"Type": "Pass", "Parameters": {"p.$": path}, "End": true});
            exercise(
                &json!({"StartAt": "s", "States": {"s": state}}).to_string(),
                &Value::Null,
                &Value::Null,
            );
        }
        exercise(&nested("{\"And\":[", "]}", times), &Value::Null, &Value::Null);
    }
    // As deep as a definition can be: the reader takes 128 levels.
    let states = (0..30).fold(json!({"Type": "Succeed"}), |inner, depth| {
        json!({"Type": "Parallel", "End": true, "Branches": [{"StartAt": format!("s{depth}"), "States": {format!("s{depth}"): inner}}]})
    });
    exercise(&json!({"StartAt": "s", "States": {"s": states}}).to_string(), &Value::Null, &Value::Null);
}
