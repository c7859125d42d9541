//! A history is judged by its definition also where AWS would not take that definition today; the report says so.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use rules::audit::audit;
use serde_json::{Value, json};
use tale::{Tale, machine};

fn advice(definition: &Value) -> Vec<String> {
    let tale = Tale::started(&json!({})).passed("s1", &json!({})).succeeded();
    let report =
        audit(&json!({ "events": tale.events() }).to_string(), Some(&definition.to_string())).unwrap();
    assert_eq!(report.violations, Vec::new());
    report.advice.into_iter().map(|advice| advice.message).collect()
}

#[test]
fn a_definition_that_would_be_refused_is_advice_and_no_violation() {
    let mut refused = machine("JSONPath", &[json!({ "Type": "Pass" })]);
    assert!(!advice(&refused).iter().any(|message| message.contains("refuse")));
    refused["States"]["s1"]["Parameter"] = json!({});
    let advice = advice(&refused);
    assert!(advice.iter().any(|message| message.contains("SCHEMA_VALIDATION_FAILED")), "{advice:?}");
}
