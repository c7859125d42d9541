//! StopExecution (STOP).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::{all_three, plain};
use crate::Step;
use crate::definition::{callback_of_many, machine, pass, shared, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "stop", fixed: stops, drawn: super::nothing }]
}

fn stop(members: Value) -> Step {
    let mut input = json!({"executionArn": "${exec:1}"});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::call(Operation::StopExecution, input)
}

/// A callback in a branch, and in another one a callback for each item.
fn branched() -> Value {
    let each = json!({
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": with(machine([("Ask", callback_of_many())]), json!({"ProcessorConfig": {"Mode": "INLINE"}})),
        "End": true
    });
    let branches = [machine([("Left", callback_of_many())]), machine([("Each", each)])];
    machine([("Both", json!({"Type": "Parallel", "Branches": branches, "End": true}))])
}

fn stops() -> Vec<Draft> {
    let waiting =
        machine([("Wait", json!({"Type": "Wait", "Seconds": 600, "Next": "After"})), ("After", pass())]);
    let look = || Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}"}));
    let parked = |about: &str, members: Value| {
        let mut steps = vec![
            Step::start(1, "plain", json!({})),
            Step::take(1, 1),
            stop(members.clone()),
            Step::settle(1),
        ];
        steps.extend(all_three("1.1"));
        steps.extend([
            Step::Sleep { ms: 300 },
            look(),
            stop(members),
            look(),
            Step::Pages { exec: 1, size: 0, reverse: false },
        ]);
        Draft::new(about, vec![plain()], steps)
    };
    vec![
        parked("stopped while it waits for a callback, without a reason", json!({})),
        parked("stopped with error and cause", json!({"error": "Operator.Halt", "cause": "by hand"})),
        Draft::new(
            "stopped while branches and items wait for callbacks",
            vec![shared("branched", branched())],
            vec![
                Step::start(1, "branched", json!({"items": [1, 2]})),
                Step::take(1, 3),
                stop(json!({"error": "Operator.Halt"})),
                Step::settle(1),
                Step::succeed("1.1", &json!("too late")),
                Step::fail("1.2", "Too.Late"),
                Step::beat("1.3"),
            ],
        ),
        Draft::new(
            "stopped before the message is read: it is still delivered",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::Until { exec: 1, event: "TaskSubmitted".to_owned(), count: 1, after_ms: 0 },
                stop(json!({})),
                Step::settle(1),
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 34_000 },
            ],
        ),
        Draft::new(
            "stopped in a Wait state; error and cause beyond their lengths",
            vec![shared("waiting", waiting)],
            vec![
                Step::start(1, "waiting", json!({})),
                stop(json!({"error": "${fill:257:e}"})),
                stop(json!({"cause": "${fill:32769:c}"})),
                look(),
                stop(json!({"error": "${fill:256:e}", "cause": "${fill:32768:c}"})),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "a closed execution is stopped: nothing changes",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                Step::succeed("1.1", &json!({"kept": 1})),
                Step::settle(1),
                stop(json!({"error": "Late", "cause": "late"})),
                look(),
                Step::Pages { exec: 1, size: 0, reverse: false },
            ],
        ),
    ]
}
