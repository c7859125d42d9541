//! A task that waits for a child execution succeeds with what the child did, or with what a callback said in its place.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod tale;

use serde_json::{Value, json};
use tale::Tale;

const CHILD: &str = "arn:aws:states:eu-west-1:123456789012:execution:child:x";

/// The broken rules of a history in which the child that was started ends with this output of its task.
fn breaks(resource: &str, output: &Value) -> Vec<&'static str> {
    let of = |more: (&str, Value)| {
        let mut details = json!({ "resourceType": "states", "resource": resource });
        details[more.0] = more.1;
        details
    };
    let mut scheduled = of(("parameters", json!("{}")));
    scheduled["region"] = json!("eu-west-1");
    let started = json!({ "ExecutionArn": CHILD, "StartDate": 1_700_000_000_000_u64 });
    let input = json!({});
    Tale::started(&input)
        .entered("Task", "s1", &input)
        .then("TaskScheduled", scheduled)
        .then("TaskStarted", of(("resourceType", json!("states"))))
        .then("TaskSubmitted", of(("output", json!(started.to_string()))))
        .then("TaskSucceeded", of(("output", json!(output.to_string()))))
        .exited("Task", "s1", output)
        .succeeded()
        .breaks(None)
}

fn described(arn: &str, status: &str, output: &Value) -> Value {
    json!({ "ExecutionArn": arn, "Status": status, "Output": output })
}

#[test]
fn the_child_that_was_started_succeeded() {
    let fine = described(CHILD, "SUCCEEDED", &json!("{}"));
    assert_eq!(breaks("startExecution.sync", &fine), Vec::<&str>::new());
    for status in ["FAILED", "RUNNING"] {
        assert!(breaks("startExecution.sync", &described(CHILD, status, &json!("{}"))).contains(&"HIS-19"));
    }
    let other = CHILD.replace(":x", ":y");
    assert!(breaks("startExecution.sync", &described(&other, "SUCCEEDED", &json!("{}"))).contains(&"HIS-19"));
}

#[test]
fn its_output_is_text_or_with_version_2_a_value() {
    let value = described(CHILD, "SUCCEEDED", &json!({ "a": 1 }));
    assert!(breaks("startExecution.sync", &value).contains(&"HIS-19"));
    assert_eq!(breaks("startExecution.sync:2", &value), Vec::<&str>::new());
}

#[test]
fn a_callback_may_answer_anything_in_its_place() {
    assert_eq!(breaks("startExecution.sync", &json!({ "Status": "FAILED" })), Vec::<&str>::new());
}
