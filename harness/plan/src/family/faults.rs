//! Faults between the harness and the target, and workers that die: whatever the network does, an answer has one effect
//! (TOK-13, TOK-21, START-20, SQS-01).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::plain;
use crate::definition::{one, shared};
use crate::generate::Draft;
use crate::{Fault, Step};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "fault", fixed: faults, drawn: super::nothing },
        Family { name: "fault-in-time", fixed: late, drawn: super::nothing },
        Family { name: "crash", fixed: crashes, drawn: super::nothing },
    ]
}

fn success(n: u32) -> Step {
    Step::succeed("1.1", &json!({"try": n}))
}

fn with_fault(fault: Fault, call: Step, after: Vec<Step>) -> Draft {
    let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1), Step::Fault(fault), call];
    steps.extend(after);
    steps.push(Step::settle(1));
    Draft::new(format!("{fault}, then the worker tries again"), vec![plain()], steps)
}

fn faults() -> Vec<Draft> {
    let again = || {
        Step::call(
            Operation::StartExecution,
            json!({"stateMachineArn": "${machine:plain}", "name": "${name:1}", "input": "{\"queue\":\"${queue}\"}"}),
        )
    };
    let stop = || Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}", "error": "Halt"}));
    let mut drafts: Vec<Draft> = Fault::ALL
        .into_iter()
        .filter(|fault| !matches!(fault, Fault::CrashBefore | Fault::CrashAfter | Fault::Delayed))
        .map(|fault| with_fault(fault, success(1), vec![success(2)]))
        .collect();
    for fault in [Fault::ReplyLost, Fault::ServerError, Fault::Reset] {
        drafts.push(with_fault(fault, Step::fail("1.1", "Lost"), vec![success(2)]).in_core());
    }
    drafts
        .push(with_fault(Fault::ReplyLost, Step::beat("1.1"), vec![Step::beat("1.1"), success(1)]).in_core());
    drafts.push(with_fault(Fault::Duplicated, Step::beat("1.1"), vec![success(1)]));
    drafts.push(with_fault(Fault::Duplicated, again(), vec![success(1)]));
    drafts.push(with_fault(Fault::ReplyLost, again(), vec![again(), success(1)]).in_core());
    drafts.push(with_fault(Fault::ReplyLost, stop(), vec![stop(), success(1)]));
    drafts.push(with_fault(Fault::Duplicated, stop(), vec![success(1)]).in_core());
    drafts
}

fn late() -> Vec<Draft> {
    let late = |about: &str, members: Value, call: Step| {
        let steps = vec![
            Step::start(1, "timed", json!({})),
            Step::take(1, 1),
            Step::Fault(Fault::Delayed),
            call,
            Step::settle_after(1, 1000),
        ];
        Draft::new(about, vec![shared("timed", one(members))], steps)
    };
    vec![
        late("a success under way for longer than the timeout", json!({"TimeoutSeconds": 1}), success(1)),
        late(
            "a heartbeat under way for longer than its window",
            json!({"HeartbeatSeconds": 1, "TimeoutSeconds": 60}),
            Step::beat("1.1"),
        ),
    ]
}

/// One worker dies with the message in its hands, another gets it again.
fn crashes() -> Vec<Draft> {
    let crash = |about: &str, first: Vec<Step>, seen: u32| {
        let mut worker = vec![Step::Take { exec: 1, tokens: 1, delete: false }];
        worker.extend(first);
        Draft::new(
            about,
            vec![plain()],
            vec![
                Step::call(
                    Operation::SetQueueAttributes,
                    json!({"QueueUrl": "${queue}", "Attributes": {"VisibilityTimeout": "1"}}),
                ),
                Step::start(1, "plain", json!({})),
                Step::Together(vec![worker]),
                Step::Sleep { ms: 1200 },
                Step::Drain { queue: "queue".to_owned(), messages: seen, wait_ms: 3000 * u64::from(seen) },
                success(2),
                Step::settle(1),
            ],
        )
    };
    vec![
        crash("a worker dies before it answers", vec![Step::Fault(Fault::CrashBefore), success(1)], 1),
        crash("a worker dies after it answered", vec![Step::Fault(Fault::CrashAfter), success(1)], 1),
        crash(
            "a worker dies between its answer and the delete",
            vec![success(1), Step::Fault(Fault::CrashBefore), Step::Delete],
            1,
        ),
        crash(
            "a worker dies once it has deleted",
            vec![success(1), Step::Fault(Fault::CrashAfter), Step::Delete, Step::beat("1.1")],
            0,
        ),
        crash(
            "a delete is lost, so the answered message comes again",
            vec![success(1), Step::Fault(Fault::Dropped), Step::Delete],
            1,
        ),
    ]
}
