use crate::{Entered, Failure, Inputs, Next, Variables, enter, parse};
use serde_json::{Value, json};

fn choose(choice: &Value, input: &Value) -> Result<String, Failure> {
    let mut state = json!({"Type": "Choice"});
    state.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
    let definition = json!({"StartAt": "c", "States": {"c": state, "yes": {"Type": "Succeed"}, "no": {"Type": "Succeed"}}});
    let machine = parse(&definition.to_string()).unwrap();
    let variables = Variables::new();
    let entered = enter(
        machine.find("c").unwrap(),
        &Inputs { input, context: &json!({}), variables: &variables, event_id: 2 },
    )?;
    match entered {
        Entered::Exit(exit) => match exit.next {
            Next::State(name) => Ok(name),
            Next::End => Ok(String::new()),
        },
        other => panic!("{other:?}"),
    }
}

fn holds(rule: &Value, input: &Value) -> bool {
    let mut rule = rule.clone();
    rule["Next"] = json!("yes");
    choose(&json!({"Choices": [rule], "Default": "no"}), input).unwrap() == "yes"
}

#[test]
fn comparisons_hold_for_values_of_their_type_only() {
    let input = json!({"s": "b", "n": 5, "f": 5.0, "t": true, "z": "2024-01-01T00:00:00Z", "z2": "2024-01-01T01:00:00+01:00", "null": null});
    let cases = [
        (json!({"Variable": "$.s", "StringEquals": "b"}), true),
        (json!({"Variable": "$.s", "StringLessThan": "c"}), true),
        (json!({"Variable": "$.s", "StringGreaterThanEquals": "c"}), false),
        (json!({"Variable": "$.n", "StringEquals": "5"}), false),
        (json!({"Variable": "$.n", "NumericEquals": 5.0}), true),
        (json!({"Variable": "$.n", "NumericEqualsPath": "$.f"}), true),
        (json!({"Variable": "$.n", "NumericGreaterThan": 4}), true),
        (json!({"Variable": "$.s", "NumericLessThanEquals": 9}), false),
        (json!({"Variable": "$.t", "BooleanEquals": true}), true),
        (json!({"Variable": "$.t", "BooleanEqualsPath": "$.s"}), false),
        (json!({"Variable": "$.z", "TimestampEqualsPath": "$.z2"}), true),
        (json!({"Variable": "$.z", "TimestampLessThan": "2025-01-01T00:00:00Z"}), true),
        (json!({"Variable": "$.s", "TimestampGreaterThan": "2025-01-01T00:00:00Z"}), false),
        (json!({"Variable": "$.null", "IsNull": true}), true),
        (json!({"Variable": "$.s", "IsNull": false}), true),
        (json!({"Variable": "$.z", "IsTimestamp": true}), true),
        (json!({"Variable": "$.s", "IsTimestamp": true}), false),
        (json!({"Variable": "$.n", "IsNumeric": true}), true),
        (json!({"Variable": "$.n", "IsString": true}), false),
        (json!({"Variable": "$.t", "IsBoolean": true}), true),
        (json!({"Variable": "$.s", "IsPresent": true}), true),
        (json!({"Variable": "$.x", "IsPresent": true}), false),
        (json!({"Variable": "$.x.y.z", "IsPresent": false}), true),
    ];
    for (rule, wanted) in cases {
        assert_eq!(holds(&rule, &input), wanted, "{rule}");
    }
}

#[test]
fn patterns_take_stars_and_escapes() {
    let cases = [
        ("log-*.txt", "log-a.b.txt", true),
        ("log-*.txt", "log-.tx", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b*", "xxbxxaxx", false),
        (r"a\*b", "a*b", true),
        (r"a\*b", "axb", false),
        (r"a\\*", r"a\x", true),
        ("", "", true),
        ("*", "", true),
        ("é*", "éa", true),
    ];
    for (pattern, text, wanted) in cases {
        assert_eq!(
            holds(&json!({"Variable": "$", "StringMatches": pattern}), &json!(text)),
            wanted,
            "{pattern} {text}"
        );
    }
}

#[test]
fn rules_combine_and_stop_early() {
    let guarded =
        json!({"And": [{"Variable": "$.x", "IsPresent": true}, {"Variable": "$.x", "NumericEquals": 1}]});
    assert!(!holds(&guarded, &json!({})));
    assert!(holds(&guarded, &json!({"x": 1})));
    assert!(holds(&json!({"Not": guarded}), &json!({"x": 2})));
    assert!(holds(
        &json!({"Or": [{"Variable": "$.x", "NumericEquals": 1}, {"Variable": "$.missing", "IsNull": true}]}),
        &json!({"x": 1})
    ));
}

#[test]
fn a_missing_variable_is_a_runtime_error() {
    let failure =
        choose(&json!({"Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "yes"}]}), &json!({}))
            .unwrap_err();
    assert_eq!(failure.error, "States.Runtime");
    assert!(
        failure
            .cause
            .unwrap()
            .ends_with("Invalid path '$.x': The choice state's condition path references an invalid value.")
    );
}

#[test]
fn no_match_and_no_default_is_an_error_of_its_own() {
    let failure = choose(
        &json!({"Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "yes"}]}),
        &json!({"x": 2}),
    )
    .unwrap_err();
    assert_eq!(failure.error, "States.NoChoiceMatched");
}

#[test]
fn jsonata_conditions_are_boolean() {
    let rule = |condition: &str| json!({"QueryLanguage": "JSONata", "Choices": [{"Condition": condition, "Next": "yes"}], "Default": "no"});
    assert_eq!(choose(&rule("{% $states.input.n > 3 and true %}"), &json!({"n": 4})).unwrap(), "yes");
    assert_eq!(choose(&rule("{% $states.input.n > 3 %}"), &json!({"n": 3})).unwrap(), "no");
    let failure = choose(&rule("{% $states.input.n %}"), &json!({"n": 3})).unwrap_err();
    assert!(failure.cause.unwrap().contains("Expected 'boolean', but was 'number' for value: 3"));
}

#[test]
fn a_rule_may_have_its_own_output_and_variables() {
    let state = json!({"Type": "Choice", "QueryLanguage": "JSONata", "Assign": {"d": 1}, "Output": "default",
        "Choices": [{"Condition": "{% $states.input %}", "Next": "yes", "Assign": {"r": 2}, "Output": "rule"}], "Default": "yes"});
    let machine =
        parse(&json!({"StartAt": "c", "States": {"c": state, "yes": {"Type": "Succeed"}}}).to_string())
            .unwrap();
    let variables = Variables::new();
    let run = |input: Value| {
        let Entered::Exit(exit) = enter(
            machine.find("c").unwrap(),
            &Inputs { input: &input, context: &json!({}), variables: &variables, event_id: 2 },
        )
        .unwrap() else {
            panic!()
        };
        (exit.output, exit.assigned.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(run(json!(true)), (json!("rule"), vec![("r".to_owned(), json!(2))]));
    assert_eq!(run(json!(false)), (json!("default"), vec![("d".to_owned(), json!(1))]));
}
