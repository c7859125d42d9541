//! Faults between the harness and the target: replies lost, requests dropped or sent twice.

use record::Operation;
use serde_json::json;

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![Family { name: "fault", fixed: faults, drawn: super::nothing }]
}

fn faults() -> Vec<Draft> {
    let run = |fault: &str, call: Step, after: Vec<Step>| {
        let mut steps =
            vec![Step::start(1, "plain", json!({})), Step::take(1, 1), Step::Fault(fault.to_owned()), call];
        steps.extend(after);
        Draft::new(format!("{fault}, then the worker tries again"), vec![plain()], steps)
    };
    let success = |n: u32| Step::succeed("1.1", &json!({"try": n}));
    let again = Step::call(
        Operation::StartExecution,
        json!({"stateMachineArn": "${machine:plain}", "name": "${name:1}", "input": "{\"queue\":\"${queue}\"}"}),
    );
    vec![
        run("reply-lost", success(1), vec![success(2), Step::settle(1)]),
        run("dropped", success(1), vec![success(2), Step::settle(1)]),
        run("duplicated", success(1), vec![success(2), Step::settle(1)]),
        run("reply-lost", Step::fail("1.1", "Lost"), vec![success(2), Step::settle(1)]),
        run("duplicated", again, vec![success(1), Step::settle(1)]),
    ]
}
