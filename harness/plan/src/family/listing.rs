//! ListExecutions and DescribeExecution (LIST, DESC).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{one, own, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "listing", fixed: listings, drawn: super::nothing }]
}

fn list(members: Value) -> Step {
    Step::call(Operation::ListExecutions, listed(members))
}

fn listed(members: Value) -> Value {
    let mut input = json!({"stateMachineArn": "${machine:listed}"});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        for (name, value) in members {
            if value.is_null() {
                input.remove(&name);
            } else {
                input.insert(name, value);
            }
        }
    }
    input
}

fn listings() -> Vec<Draft> {
    let describe = |exec: u32| {
        Step::call(Operation::DescribeExecution, json!({"executionArn": format!("${{exec:{exec}}}")}))
    };
    let mut steps: Vec<Step> = Vec::new();
    for exec in 1..=6 {
        steps.push(Step::start(exec, "listed", json!({"n": exec})));
        steps.push(Step::take(exec, 1));
        steps.push(describe(exec));
    }
    steps.extend([
        list(json!({})),
        // The younger end first, so that the order of starts is not that of ends.
        Step::succeed("5.1", &json!({"done": true})),
        Step::fail("6.1", "Listed.Too"),
        Step::call(
            Operation::StopExecution,
            json!({"executionArn": "${exec:3}", "error": "Halt", "cause": "listed"}),
        ),
        Step::settle(5),
        Step::settle(6),
        Step::settle(3),
        Step::Sleep { ms: 50 },
        Step::succeed("1.1", &json!({"done": true})),
        Step::fail("2.1", "Listed.Failure"),
        Step::settle(1),
        Step::settle(2),
        list(json!({})),
        list(json!({"maxResults": 4})),
        list(json!({"maxResults": 0})),
    ]);
    for status in ["RUNNING", "SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"] {
        steps.push(list(json!({"statusFilter": status})));
    }
    steps.extend([
        list(json!({"statusFilter": "succeeded"})),
        list(json!({"statusFilter": "PENDING_REDRIVE"})),
        list(json!({"maxResults": 1001})),
        list(json!({"nextToken": "no-such-page"})),
        list(json!({"nextToken": "${fill:3097:p}"})),
        list(json!({"stateMachineArn": null})),
        list(json!({"mapRunArn": "arn:aws:states:us-east-1:123456789012:mapRun:listed/Each:0e1d2c3b-4a59-4877-8695-a4b3c2d1e0f9"})),
        list(json!({"stateMachineArn": "${machine:listed}-nowhere"})),
        list(json!({"stateMachineArn": "not-an-arn"})),
        describe(1),
        describe(2),
        describe(3),
        Step::succeed("4.1", &json!({})),
        Step::settle(4),
    ]);
    let short = with(one(json!({})), json!({"TimeoutSeconds": 2}));
    let mut late = vec![
        Step::start(1, "listed", json!({"n": 1})),
        Step::start(2, "listed", json!({"n": 2})),
        Step::take(1, 1),
        Step::take(2, 1),
        Step::succeed("1.1", &json!({"done": true})),
        Step::settle(1),
        Step::settle(2),
        list(json!({})),
    ];
    late.extend(["SUCCEEDED", "FAILED", "TIMED_OUT"].map(|status| list(json!({"statusFilter": status}))));
    late.push(describe(2));
    vec![
        Draft::new(
            "six executions with several ends, listed and described",
            vec![own("listed", one(json!({})))],
            steps,
        ),
        Draft::new("an execution that timed out, listed and described", vec![own("listed", short)], late),
    ]
}
