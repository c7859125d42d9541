//! Every comparison operator of Choice rules, by "Data-test expressions" of the States Language and the Choice page of the
//! Developer Guide: values of another type do not match, time stamps need capital letters and an offset, `*` matches
//! anything.

#![expect(clippy::expect_used, reason = "a test that cannot go on stops")]

use asl::{Entered, Exit, Failure, Inputs, Next, Variables, enter, parse};
use serde_json::{Value, json};

fn choose(rule: &Value, input: &Value) -> Result<Exit, Failure> {
    let mut rule = rule.clone();
    rule["Next"] = json!("yes");
    let definition = json!({ "StartAt": "c", "States": {
        "c": { "Type": "Choice", "Choices": [rule], "Default": "no" },
        "yes": { "Type": "Succeed" }, "no": { "Type": "Succeed" },
    } });
    let machine = parse(&definition.to_string()).expect("the definition parses");
    let (context, variables) = (json!({ "Execution": { "Name": "run" } }), Variables::new());
    let inputs = Inputs { input, context: &context, variables: &variables, event_id: 2 };
    match enter(machine.find("c").expect("the state is there"), &inputs)? {
        Entered::Exit(exit) => Ok(exit),
        other => panic!("a Choice state does not do this: {other:?}"),
    }
}

fn rows(table: &str) -> impl Iterator<Item = (&str, Value, Value, &str)> {
    table.lines().filter(|row| !row.trim().is_empty()).map(|row| {
        let parts: Vec<&str> = row.split('|').map(str::trim).collect();
        let [operator, operand, value, wanted] = parts.as_slice() else { panic!("{row} has no four parts") };
        let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| panic!("{text} is no JSON"));
        (*operator, json(operand), json(value), *wanted)
    })
}

/// `yes` or `no`; with a question mark where no source decides.
fn told(exit: Result<Exit, Failure>) -> String {
    let exit = exit.expect("no failure");
    let Next::State(next) = exit.next else { panic!("a Choice state ends nothing") };
    if exit.sourced { next } else { format!("{next}?") }
}

#[test]
fn a_comparison_with_a_constant_is_what_the_language_says() {
    for (operator, operand, value, wanted) in rows(CASES) {
        let rule = json!({ "Variable": "$.x", operator: operand });
        assert_eq!(told(choose(&rule, &json!({ "x": value }))), wanted, "{value} {operator} {operand}");
    }
}

#[test]
fn a_comparison_with_a_path_is_the_same_and_open_where_the_operand_has_another_type() {
    for (operator, operand, value, wanted) in rows(CASES) {
        if operator.starts_with("Is") || operator == "StringMatches" {
            continue;
        }
        let rule = json!({ "Variable": "$.x", format!("{operator}Path"): "$.y" });
        let input = json!({ "x": value, "y": operand });
        assert_eq!(told(choose(&rule, &input)), wanted, "{value} {operator}Path {operand}");
        let rule = json!({ "Variable": "$.x", format!("{operator}Path"): "$$.Execution.Input" });
        assert!(choose(&rule, &input).is_err(), "an operand that is missing, {operator}");
    }
    for operator in
        ["StringEqualsPath", "NumericLessThanPath", "BooleanEqualsPath", "TimestampGreaterThanPath"]
    {
        for operand in [json!(null), json!([]), json!({})] {
            let rule = json!({ "Variable": "$.x", operator: "$.y" });
            assert_eq!(
                told(choose(&rule, &json!({ "x": "a", "y": operand }))),
                "no?",
                "{operator} {operand}"
            );
        }
    }
}

#[test]
fn a_missing_variable_fails_the_state_except_that_its_presence_is_asked_for() {
    for (operator, operand) in [
        ("StringEquals", json!("a")),
        ("NumericLessThan", json!(1)),
        ("IsNull", json!(true)),
        ("IsString", json!(false)),
        ("StringMatches", json!("*")),
    ] {
        for input in [json!({}), json!({ "y": 1 }), json!("text"), json!([1])] {
            let failure =
                choose(&json!({ "Variable": "$.x", operator: operand }), &input).expect_err("no value");
            assert_eq!(failure.error, "States.Runtime");
            assert_eq!(
                failure.plain_cause(),
                Some("Invalid path '$.x': The choice state's condition path references an invalid value.")
            );
            assert!(failure.sourced);
        }
    }
    let present = |expected: bool, input: &Value| {
        told(choose(&json!({ "Variable": "$.x", "IsPresent": expected }), input))
    };
    assert_eq!(present(true, &json!({ "x": null })), "yes");
    assert_eq!(present(true, &json!({})), "no");
    assert_eq!(present(false, &json!({})), "yes");
    assert_eq!(present(false, &json!({ "x": 0 })), "no");
}

#[test]
fn and_or_and_not_stop_as_soon_as_they_can() {
    let (hit, miss, bad) = (
        json!({ "Variable": "$.x", "NumericEquals": 1 }),
        json!({ "Variable": "$.x", "NumericEquals": 2 }),
        json!({ "Variable": "$.missing", "NumericEquals": 2 }),
    );
    for (rule, wanted) in [
        (json!({ "And": [hit, hit] }), "yes"),
        (json!({ "And": [miss, bad] }), "no"),
        (json!({ "Or": [hit, bad] }), "yes"),
        (json!({ "Or": [miss, miss] }), "no"),
        (json!({ "Not": miss }), "yes"),
        (json!({ "Not": { "And": [{ "Or": [miss, hit] }, { "Not": hit }] } }), "yes"),
    ] {
        assert_eq!(told(choose(&rule, &json!({ "x": 1 }))), wanted, "{rule}");
    }
    for rule in [json!({ "And": [bad, miss] }), json!({ "Or": [bad, hit] }), json!({ "Not": bad })] {
        assert!(choose(&rule, &json!({ "x": 1 })).is_err(), "{rule}");
    }
}

#[test]
fn what_a_path_with_several_results_means_in_a_rule_is_open() {
    for path in ["$.x[*]", "$..x", "$.x[?(@.y == 1)]", "$.x[0:1]"] {
        let rule = json!({ "Variable": path, "IsPresent": true });
        assert!(told(choose(&rule, &json!({ "x": [] }))).ends_with('?'), "{path}");
    }
}

const CASES: &str = r#"
StringEquals | "a" | "a" | yes
StringEquals | "a" | "A" | no
StringEquals | "" | "" | yes
StringEquals | "1" | 1 | no
StringEquals | "null" | null | no
StringEquals | "é" | "é" | yes
StringLessThan | "b" | "a" | yes
StringLessThan | "b" | "B" | yes
StringLessThan | "10" | "9" | no
StringLessThan | "b" | "b" | no
StringLessThanEquals | "b" | "b" | yes
StringLessThanEquals | "b" | "c" | no
StringGreaterThan | "10" | "9" | yes
StringGreaterThan | "a" | "a" | no
StringGreaterThan | "a" | 5 | no
StringGreaterThanEquals | "a" | "a" | yes
StringGreaterThanEquals | "a" | "" | no
NumericEquals | 1 | 1 | yes
NumericEquals | 1 | 1.0 | yes
NumericEquals | 1.0 | 1 | yes
NumericEquals | 1 | "1" | no
NumericEquals | 1 | true | no
NumericEquals | 0 | null | no
NumericEquals | 1000 | 1e3 | yes
NumericEquals | -0.5 | -0.5 | yes
NumericLessThan | 2 | 1.999 | yes
NumericLessThan | 2 | 2 | no
NumericLessThanEquals | 2 | 2 | yes
NumericLessThanEquals | 2 | 2.001 | no
NumericGreaterThan | -1 | 0 | yes
NumericGreaterThan | -1 | "0" | no
NumericGreaterThanEquals | 1.5 | 1.5 | yes
NumericGreaterThanEquals | 1.5 | 1 | no
BooleanEquals | true | true | yes
BooleanEquals | false | true | no
BooleanEquals | false | null | no
BooleanEquals | true | "true" | no
BooleanEquals | true | 1 | no
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00Z" | yes
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01T01:00:00+01:00" | yes
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00.000Z" | yes
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01" | no
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00" | no
TimestampEquals | "2024-01-01T00:00:00Z" | "2024-01-01t00:00:00z" | no?
TimestampEquals | "2024-01-01T00:00:00Z" | 1704067200 | no
TimestampLessThan | "2024-01-01T00:00:00Z" | "2023-12-31T23:59:59.999Z" | yes
TimestampLessThan | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00Z" | no
TimestampLessThanEquals | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00Z" | yes
TimestampGreaterThan | "2024-01-01T00:00:00Z" | "2024-01-01T00:00:00-01:00" | yes
TimestampGreaterThanEquals | "2024-01-01T00:00:00Z" | "2023-12-31T23:59:59Z" | no
IsNull | true | null | yes
IsNull | true | "" | no
IsNull | false | 0 | yes
IsBoolean | true | false | yes
IsBoolean | true | "true" | no
IsNumeric | true | 0 | yes
IsNumeric | true | "0" | no
IsNumeric | false | null | yes
IsString | true | "" | yes
IsString | true | 1 | no
IsString | false | [] | yes
IsTimestamp | true | "2024-01-01T00:00:00Z" | yes
IsTimestamp | true | "2024-01-01" | no
IsTimestamp | false | 5 | yes
IsTimestamp | true | "2024-01-01T00:00Z" | no?
IsPresent | true | null | yes
IsPresent | false | "" | no
StringMatches | "*" | "" | yes
StringMatches | "*" | 1 | no
StringMatches | "a*" | "abc" | yes
StringMatches | "a*" | "ba" | no
StringMatches | "*a" | "ba" | yes
StringMatches | "a*c" | "ac" | yes
StringMatches | "log-*.txt" | "log-x.y.txt" | yes
StringMatches | "log-*.txt" | "log-x.txt2" | no
StringMatches | "" | "" | yes
StringMatches | "" | "a" | no
StringMatches | "a?c" | "abc" | no
StringMatches | "a?c" | "a?c" | yes
StringMatches | "[ab]" | "a" | no
StringMatches | "a\\*" | "a*" | yes
StringMatches | "a\\*" | "ab" | no
StringMatches | "a\\\\*" | "a\\b" | yes
StringMatches | "\\a" | "a" | no?
"#;
