//! Choice: which rule matches (HIS-13). One machine asks many questions in turn; each answer leads through another state.

use serde_json::{Map, Value, json};

use super::Family;
use crate::Step;
use crate::definition::shared;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "choice", fixed: choices, drawn: super::nothing }]
}

fn choices() -> Vec<Draft> {
    let input = json!({
        "text": "Text", "seven": 7, "half": 0.5, "yes": true, "nothing": null, "digits": "7", "star": "a*b",
        "at": "2024-05-01T12:00:00Z", "same": "2024-05-01T12:00:00Z", "later": "2024-05-01T12:00:01Z",
        "other": "Text", "list": [1, {"deep": "x"}]
    });
    let is = |path: &str, operator: &str, value: Value| json!({"Variable": path, operator: value});
    let yes = is("$.yes", "BooleanEquals", json!(true));
    let no = is("$.yes", "BooleanEquals", json!(false));
    let questions = vec![
        json!({"And": [yes, no]}),
        json!({"And": [yes, yes]}),
        json!({"Or": [no, yes]}),
        json!({"Not": no}),
        json!({"Not": {"And": [yes, {"Or": [no, no]}]}}),
        is("$.text", "StringEquals", json!("text")),
        is("$.text", "StringEquals", json!("Text")),
        is("$.text", "StringLessThan", json!("Texts")),
        is("$.text", "StringGreaterThanEquals", json!("Text")),
        is("$.text", "StringEqualsPath", json!("$.other")),
        is("$.seven", "NumericEquals", json!(7.0)),
        is("$.seven", "NumericLessThan", json!(7)),
        is("$.seven", "NumericLessThanEquals", json!(7)),
        is("$.seven", "NumericGreaterThanEquals", json!(7)),
        is("$.half", "NumericGreaterThan", json!(0.25)),
        is("$.digits", "NumericEquals", json!(7)),
        is("$.at", "TimestampEquals", json!("2024-05-01T12:00:00Z")),
        is("$.at", "TimestampLessThanPath", json!("$.later")),
        is("$.at", "TimestampEqualsPath", json!("$.same")),
        is("$.missing", "IsPresent", json!(true)),
        is("$.missing", "IsPresent", json!(false)),
        is("$.nothing", "IsPresent", json!(true)),
        is("$.nothing", "IsNull", json!(true)),
        is("$.digits", "IsNumeric", json!(true)),
        is("$.digits", "IsString", json!(true)),
        is("$.yes", "IsBoolean", json!(true)),
        is("$.at", "IsTimestamp", json!(true)),
        is("$.text", "IsTimestamp", json!(false)),
        is("$.text", "StringMatches", json!("T*t")),
        is("$.text", "StringMatches", json!("t*")),
        is("$.star", "StringMatches", json!("a\\*b")),
        is("$.list[1].deep", "StringEquals", json!("x")),
    ];
    let mut states = Map::new();
    let last = questions.len();
    for (at, question) in questions.into_iter().enumerate() {
        let (yes, no, next) = (format!("Yes {at}"), format!("No {at}"), format!("Ask {}", at + 1));
        let mut rule = question;
        rule["Next"] = json!(yes);

        states.insert(format!("Ask {at}"), json!({"Type": "Choice", "Choices": [rule], "Default": no}));
        for answer in [yes, no] {
            states.insert(answer, json!({"Type": "Pass", "Next": next}));
        }
    }
    states.insert(
        format!("Ask {last}"),
        json!({"Type": "Choice", "Choices": [
            {"Variable": "$.seven", "NumericGreaterThan": 1, "Next": "First"},
            {"Variable": "$.seven", "NumericEquals": 7, "Next": "Second"}
        ]}),
    );
    for name in ["First", "Second"] {
        states.insert(name.to_owned(), json!({"Type": "Succeed"}));
    }
    vec![Draft::new(
        "one question after another",
        vec![shared("questions", json!({"StartAt": "Ask 0", "States": states}))],
        vec![Step::start(1, "questions", input), Step::settle(1)],
    )]
}
