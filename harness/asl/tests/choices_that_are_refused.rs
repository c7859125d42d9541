//! Choice states that the States Language or the Developer Guide forbids, written from their text and not from the validator.

mod table;

use serde_json::{Value, json};
use table::{hold, with};

fn choice(rule: &Value) -> Value {
    json!({ "Type": "Choice", "Choices": [rule], "Default": "z" })
}

#[test]
fn rules_have_one_test_with_a_value_that_it_takes() {
    let test = |name: &str, operand: Value| json!({ "Variable": "$.a", name: operand, "Next": "z" });
    hold(
        &[
            ("no test", json!({ "Variable": "$.a", "Next": "z" }), "SCHEMA at /Choices[0]"),
            ("no variable", json!({ "IsNull": true, "Next": "z" }), "SCHEMA at /Choices[0]"),
            ("no state", json!({ "Variable": "$.a", "IsNull": true }), "SCHEMA at /Choices[0]"),
            (
                "a state that is no text",
                with(test("IsNull", json!(true)), &json!({ "Next": 1 })),
                "SCHEMA at /Choices[0]/Next",
            ),
            (
                "a variable that is no path",
                with(test("IsNull", json!(true)), &json!({ "Variable": "a" })),
                "SCHEMA at /Choices[0]/Variable",
            ),
            (
                "two tests",
                with(test("IsNull", json!(true)), &json!({ "IsPresent": true })),
                "SCHEMA at /Choices[0]",
            ),
            (
                "a rule that ends",
                with(test("IsNull", json!(true)), &json!({ "End": true })),
                "SCHEMA at /Choices[0]",
            ),
            (
                "a comment that is no text",
                with(test("IsNull", json!(true)), &json!({ "Comment": 1 })),
                "SCHEMA at /Choices[0]/Comment",
            ),
            ("a flag of text", test("IsPresent", json!("true")), "SCHEMA at /Choices[0]/IsPresent"),
            ("a number of text", test("NumericEquals", json!("1")), "SCHEMA at /Choices[0]/NumericEquals"),
            ("text of a number", test("StringLessThan", json!(1)), "SCHEMA at /Choices[0]/StringLessThan"),
            (
                "a boolean of text",
                test("BooleanEquals", json!("true")),
                "SCHEMA at /Choices[0]/BooleanEquals",
            ),
            (
                "a time that is none",
                test("TimestampEquals", json!("noon")),
                "SCHEMA at /Choices[0]/TimestampEquals",
            ),
            (
                "a time of a number",
                test("TimestampLessThan", json!(1)),
                "SCHEMA at /Choices[0]/TimestampLessThan",
            ),
            ("a pattern of a number", test("StringMatches", json!(1)), "SCHEMA at /Choices[0]/StringMatches"),
            (
                "a pattern by a path",
                test("StringMatchesPath", json!("$.p")),
                "SCHEMA at /Choices[0]/StringMatchesPath",
            ),
            (
                "a path that is none",
                test("StringEqualsPath", json!("p")),
                "SCHEMA at /Choices[0]/StringEqualsPath",
            ),
            (
                "an order of booleans",
                test("BooleanLessThan", json!(true)),
                "SCHEMA at /Choices[0]/BooleanLessThan",
            ),
            ("an unknown test", test("StringContains", json!("a")), "SCHEMA at /Choices[0]/StringContains"),
            (
                "a test and a conjunction",
                with(test("IsNull", json!(true)), &json!({ "And": [] })),
                "SCHEMA at /Choices[0]",
            ),
            (
                "a variable beside a conjunction",
                json!({ "Variable": "$.a", "Or": [{ "Variable": "$.a", "IsNull": true }], "Next": "z" }),
                "SCHEMA at /Choices[0]/Variable",
            ),
            ("nothing to negate", json!({ "Not": {}, "Next": "z" }), "SCHEMA at /Choices[0]/Not"),
            ("a list to negate", json!({ "Not": [], "Next": "z" }), "SCHEMA at /Choices[0]/Not"),
            ("a disjunction of nothing", json!({ "Or": [], "Next": "z" }), "SCHEMA at /Choices[0]/Or"),
            (
                "an assignment inside",
                json!({ "Not": { "Variable": "$.a", "IsNull": true, "Assign": { "a": 1 } }, "Next": "z" }),
                "SCHEMA at /Choices[0]/Not/Assign",
            ),
            (
                "a condition of the other language",
                json!({ "Condition": "{% true %}", "Next": "z" }),
                "SCHEMA at /Choices[0]",
            ),
        ],
        choice,
    );
}

#[test]
fn choices_are_a_list_and_the_only_way_on() {
    let test = json!({ "Variable": "$.a", "IsNull": true, "Next": "z" });
    let state = |state: &Value| with(choice(&test), state);
    hold(
        &[
            ("no rules", json!({ "Choices": null }), "SCHEMA at "),
            ("rules in an object", json!({ "Choices": {} }), "SCHEMA at /Choices"),
            ("a default that is no text", json!({ "Default": 1 }), "SCHEMA at /Default"),
            ("a next state", json!({ "Next": "z" }), "SCHEMA at /Next"),
            ("a result path", json!({ "ResultPath": "$.a" }), "SCHEMA at /ResultPath"),
            ("parameters", json!({ "Parameters": {} }), "SCHEMA at /Parameters"),
        ],
        state,
    );
}

#[test]
fn rules_in_jsonata_have_a_condition() {
    let choice = |rule: &Value| with(choice(rule), &json!({ "QueryLanguage": "JSONata" }));
    hold(
        &[
            ("no condition", json!({ "Next": "z" }), "SCHEMA at /Choices[0]"),
            (
                "a condition of plain text",
                json!({ "Condition": "true", "Next": "z" }),
                "SCHEMA at /Choices[0]/Condition",
            ),
            (
                "a condition of a number",
                json!({ "Condition": 1, "Next": "z" }),
                "SCHEMA at /Choices[0]/Condition",
            ),
            (
                "a stray field",
                json!({ "Condition": true, "Next": "z", "Foo": 1 }),
                "SCHEMA at /Choices[0]/Foo",
            ),
            (
                "a conjunction",
                json!({ "Condition": true, "Next": "z", "And": [] }),
                "SCHEMA at /Choices[0]/And",
            ),
        ],
        choice,
    );
}
