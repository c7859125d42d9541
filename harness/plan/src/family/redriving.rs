//! RedriveExecution (RED).

use record::Operation;
use serde_json::json;

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::definition::{callback_of_many, machine, pass, shared, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "redrive", fixed: redrives, drawn: super::nothing }]
}

fn redrives() -> Vec<Draft> {
    let redrive = |token: &str| {
        Step::call(Operation::RedriveExecution, json!({"executionArn": "${exec:1}", "clientToken": token}))
    };
    let describe = || Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}"}));
    let two = machine([
        ("Before", with(pass(), json!({"Next": "Wait for callback"}))),
        ("Wait for callback", with(callback_of_many(), json!({"Next": "After"}))),
        ("After", pass()),
    ]);
    vec![
        Draft::new(
            "a failed callback redriven twice: the same step, a new token each time",
            vec![shared("redriven", two)],
            vec![
                Step::start(1, "redriven", json!({"n": 1})),
                redrive("early"),
                Step::take(1, 1),
                Step::fail("1.1", "First.Try"),
                Step::settle(1),
                redrive("again"),
                redrive("again"),
                describe(),
                Step::take(1, 2),
                Step::succeed("1.1", &json!("old token")),
                Step::fail("1.2", "Second.Try"),
                Step::settle(1),
                redrive("once-more"),
                Step::take(1, 3),
                Step::succeed("1.1", &json!("oldest token")),
                Step::beat("1.2"),
                Step::succeed("1.3", &json!("newest token")),
                Step::settle(1),
                describe(),
            ],
        )
        .needing("redrive"),
        Draft::new(
            "what cannot be redriven",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                redrive("running"),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
                redrive("succeeded"),
                Step::call(Operation::RedriveExecution, json!({"executionArn": "${exec:1}-nowhere"})),
                Step::call(Operation::RedriveExecution, json!({"executionArn": "not-an-arn"})),
                describe(),
            ],
        )
        .needing("redrive"),
        Draft::new(
            "a stopped execution redriven",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}"})),
                Step::settle(1),
                redrive("stopped"),
                Step::take(1, 2),
                Step::succeed("1.2", &json!("revived")),
                Step::settle(1),
            ],
        )
        .needing("redrive"),
    ]
}
