//! Task tokens: used, wrong, foreign, of tasks that ended otherwise (TOK).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::definition::{callback, machine, one, pass, shared, with};
use crate::generate::{Draft, Draw};
use crate::payload;
use crate::{Answer, Filter, Step};
use record::Operation;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "used-token", fixed: used, drawn: super::nothing },
        Family { name: "wrong-token", fixed: mutated, drawn: garbage },
        Family { name: "token-length", fixed: lengths, drawn: super::nothing },
        Family { name: "dead-token", fixed: dead, drawn: super::nothing },
        Family { name: "independent-tokens", fixed: Vec::new, drawn: independent },
        Family { name: "open-task", fixed: open, drawn: super::nothing },
    ]
}

pub(super) fn plain() -> (String, crate::MachineSpec) {
    shared("plain", one(json!({})))
}

/// All three calls with a token.
pub(super) fn all_three(token: &str) -> Vec<Step> {
    vec![Step::succeed(token, &json!({"wrong": true})), Step::fail(token, "Wrong"), Step::beat(token)]
}

fn used() -> Vec<Draft> {
    let ends = [("a success", Step::succeed("1.1", &json!({"n": 1}))), ("a failure", Step::fail("1.1", "E"))];
    ends.into_iter()
        .map(|(about, end)| {
            let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1), end];
            steps.extend(all_three("1.1"));
            steps.push(Step::settle(1));
            steps.extend(all_three("1.1"));
            Draft::new(format!("a token used again after {about}"), vec![plain()], steps)
        })
        .chain([
            twice("success", Step::succeed("1.1", &json!({"n": 1}))),
            twice("failure", Step::fail("1.1", "E")),
        ])
        .collect()
}

/// The very same request once more, as a client sends it that never saw the answer.
fn twice(about: &str, end: Step) -> Draft {
    let steps = vec![
        Step::start(1, "plain", json!({})),
        Step::take(1, 1),
        end.clone(),
        end.clone(),
        Step::settle(1),
        end,
    ];
    Draft::new(format!("a {about} told again in the same words"), vec![plain()], steps)
}

/// Three calls that must be refused, then one that must not: TOK-10 with every kind of wrong token.
fn refused_then_accepted(about: &str, wrong: Vec<Step>) -> Draft {
    let mut steps = vec![Step::start(1, "plain", json!({})), Step::take(1, 1)];
    steps.extend(wrong);
    steps.push(Step::succeed("1.1", &json!({"right": true})));
    steps.push(Step::settle(1));
    Draft::new(about, vec![plain()], steps)
}

fn mutated() -> Vec<Draft> {
    Filter::ALL
        .iter()
        .map(|(name, _)| {
            refused_then_accepted(&format!("a token changed: {name}"), all_three(&format!("1.1|{name}")))
        })
        .collect()
}

fn garbage() -> Vec<Draw> {
    vec![
        proptest::collection::vec(payload::garbage(), 4)
            .prop_map(|texts| {
                let calls = texts.iter().flat_map(|text| {
                    let mut calls = direct(text);
                    calls.truncate(3);
                    calls
                });
                refused_then_accepted("texts that nobody issued as tokens", calls.collect())
            })
            .boxed(),
    ]
}

fn direct(token: &str) -> Vec<Step> {
    vec![
        Step::call(Operation::SendTaskSuccess, json!({"taskToken": token, "output": "{}"})),
        Step::call(Operation::SendTaskFailure, json!({"taskToken": token, "error": "E", "cause": "C"})),
        Step::call(Operation::SendTaskHeartbeat, json!({"taskToken": token})),
    ]
}

fn lengths() -> Vec<Draft> {
    let mut steps = Vec::new();
    for token in ["", "A", "${fill:1024:A}", "${fill:2048:A}", "${fill:2049:A}", "${fill:4096:A}"] {
        steps.extend(direct(token));
    }
    vec![Draft::new("tokens of no, one, 1,024, 2,048 and more characters", Vec::new(), steps)]
}

fn dead() -> Vec<Draft> {
    let stop = Step::call(
        Operation::StopExecution,
        json!({"executionArn": "${exec:1}", "error": "Halt", "cause": "by hand"}),
    );
    let closed = |about: &str, definition: Value, before: Vec<Step>| {
        let mut steps = vec![Step::start(1, "m", json!({})), Step::take(1, 1)];
        steps.extend(before);
        steps.extend(all_three("1.1"));
        Draft::new(about, vec![shared("m", definition)], steps)
    };
    let timed = json!({"TimeoutSeconds": 1});
    let caught = machine([
        (
            "Wait for callback",
            with(
                callback(),
                json!({"TimeoutSeconds": 1, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Linger"}], "Next": "Linger"}),
            ),
        ),
        ("Linger", json!({"Type": "Wait", "Seconds": 3, "End": true})),
    ]);
    let whole = with(one(json!({})), json!({"TimeoutSeconds": 1}));
    vec![
        closed("the token of a stopped execution", one(json!({})), vec![stop, Step::settle(1)]),
        closed("the token of a task that timed out", one(timed), vec![Step::settle_after(1, 1000)]),
        closed(
            "the token of a caught timeout, while the execution goes on",
            caught,
            vec![Step::Until { exec: 1, event: "WaitStateEntered".to_owned(), count: 1, after_ms: 1000 }],
        ),
        closed(
            "the token of an execution that timed out as a whole",
            whole,
            vec![Step::settle_after(1, 1000)],
        ),
    ]
}

fn independent() -> Vec<Draw> {
    let order = proptest::strategy::Just((1u32..=5).collect::<Vec<u32>>()).prop_shuffle();
    vec![
        (order, proptest::collection::vec(payload::json(), 5))
            .prop_map(|(order, outputs)| {
                let mut steps: Vec<Step> =
                    (1..=5).map(|exec| Step::start(exec, "plain", json!({}))).collect();
                steps.extend((1..=5).map(|exec| Step::take(exec, 1)));
                let (first, rest) = order.split_at(3);
                steps.extend(
                    first
                        .iter()
                        .zip(&outputs)
                        .map(|(exec, output)| Step::succeed(&format!("{exec}.1"), output)),
                );
                steps.extend(first.iter().map(|exec| Step::settle(*exec)));
                for exec in rest {
                    let input = json!({"executionArn": format!("${{exec:{exec}}}")});
                    steps.push(Step::call(Operation::DescribeExecution, input.clone()));
                    steps.push(Step::call(Operation::GetExecutionHistory, input));
                }
                steps.extend(
                    rest.iter()
                        .zip(&outputs[3..])
                        .map(|(exec, output)| Step::succeed(&format!("{exec}.1"), output)),
                );
                steps.extend(rest.iter().map(|exec| Step::settle(*exec)));
                Draft::new("five executions, answered in any order, three first", vec![plain()], steps)
            })
            .boxed(),
    ]
}

fn open() -> Vec<Draft> {
    let unreferenced = with(
        callback(),
        json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {"Execution.$": "$$.Execution.Name"}}, "TimeoutSeconds": 1}),
    );
    let look = |exec: u32| {
        Step::call(Operation::GetExecutionHistory, json!({"executionArn": format!("${{exec:{exec}}}")}))
    };
    vec![
        Draft::new(
            "until the token comes back nothing moves",
            vec![shared(
                "plain-then-pass",
                machine([
                    ("Wait for callback", with(callback(), json!({"Next": "After"}))),
                    ("After", pass()),
                ]),
            )],
            vec![
                Step::start(1, "plain-then-pass", json!({})),
                Step::take(1, 1),
                Step::Until { exec: 1, event: "TaskSubmitted".to_owned(), count: 1, after_ms: 0 },
                look(1),
                Step::Sleep { ms: 1500 },
                look(1),
                Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}"})),
                Step::Tell { token: "1.1".to_owned(), answer: Answer::Heartbeat },
                look(1),
                Step::succeed("1.1", &json!("at last")),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "a Task whose message does not hold the token waits until its timeout",
            vec![shared("unreferenced", machine([("Wait for callback", unreferenced)]))],
            vec![Step::start(1, "unreferenced", json!({})), Step::settle_after(1, 1000)],
        ),
        Draft::new(
            "a lost message: nobody answers, and without a timeout nothing ends the execution",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                Step::Sleep { ms: 2000 },
                look(1),
                Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}"})),
            ],
        ),
        Draft::new(
            "a token answered after more than a minute",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                Step::take(1, 1),
                Step::Sleep { ms: 61_500 },
                look(1),
                Step::succeed("1.1", &json!("patience")),
                Step::settle(1),
            ],
        )
        .needing("patience"),
        Draft::new(
            "answered as fast as the message can be read",
            vec![plain()],
            (1..=3)
                .flat_map(|exec| {
                    vec![
                        Step::start(exec, "plain", json!({})),
                        Step::take(exec, 1),
                        Step::succeed(&format!("{exec}.1"), &json!(exec)),
                        Step::settle(exec),
                    ]
                })
                .collect(),
        ),
    ]
}
