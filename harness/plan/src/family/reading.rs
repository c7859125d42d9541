//! GetExecutionHistory: pages, order, data, wrong arguments (GEH).

use proptest::strategy::Strategy;
use record::Operation;
use serde_json::{Value, json};

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::definition::{machine, shared};
use crate::generate::{Draft, Draw};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "history-pages", fixed: pages, drawn: any_pages },
        Family { name: "history-arguments", fixed: arguments, drawn: super::nothing },
    ]
}

fn done(exec: u32) -> Vec<Step> {
    vec![
        Step::start(exec, "plain", json!({})),
        Step::take(exec, 1),
        Step::succeed(&format!("{exec}.1"), &json!({"n": exec})),
        Step::settle(exec),
    ]
}

fn read(members: Value) -> Step {
    let mut input = json!({"executionArn": "${exec:1}"});
    if let (Value::Object(input), Value::Object(members)) = (&mut input, members) {
        input.extend(members);
    }
    Step::call(Operation::GetExecutionHistory, input)
}

fn pages() -> Vec<Draft> {
    let mut states = serde_json::Map::new();
    for at in 0..60 {
        let next = if at == 59 {
            json!({"Type": "Pass", "End": true})
        } else {
            json!({"Type": "Pass", "Next": format!("P{}", at + 1)})
        };
        states.insert(format!("P{at}"), next);
    }
    let long = json!({"StartAt": "P0", "States": states});
    let page = |size: u32, reverse: bool| Step::Pages { exec: 1, size, reverse };
    vec![
        Draft::new(
            "a closed history by pages of 1, 3 and 100, forward and back, with and without data",
            vec![plain()],
            [
                done(1),
                vec![
                    read(json!({})),
                    read(json!({"reverseOrder": true})),
                    read(json!({"includeExecutionData": false})),
                    read(json!({"includeExecutionData": true, "maxResults": 1000})),
                    page(1, false),
                    page(3, false),
                    page(3, true),
                    page(100, false),
                    read(json!({"maxResults": 0})),
                    read(json!({})),
                ],
            ]
            .concat(),
        ),
        Draft::new(
            "the history of a failure, with and without data",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({"why": "data"})),
                Step::take(1, 1),
                Step::fail("1.1", "Broken"),
                Step::settle(1),
                read(json!({})),
                read(json!({"includeExecutionData": false})),
            ],
        ),
        Draft::new(
            "a history longer than the default page",
            vec![shared("long", long)],
            vec![
                Step::start(1, "long", json!({})),
                Step::settle(1),
                page(0, false),
                page(50, true),
                page(7, false),
            ],
        ),
        Draft::new(
            "histories of an execution that runs",
            vec![plain()],
            vec![
                Step::start(1, "plain", json!({})),
                read(json!({})),
                Step::take(1, 1),
                read(json!({})),
                page(2, false),
                read(json!({"reverseOrder": true, "maxResults": 2})),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
                read(json!({})),
            ],
        ),
    ]
}

fn any_pages() -> Vec<Draw> {
    vec![
        (1u32..12, proptest::bool::ANY, 1usize..9)
            .prop_map(|(size, reverse, count)| {
                const NAMES: [&str; 9] = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
                let states = NAMES.iter().take(count).enumerate().map(|(at, name)| {
                    let next = NAMES.get(at + 1).filter(|_| at + 1 < count);
                    (
                        *name,
                        next.map_or_else(
                            || json!({"Type": "Pass", "End": true}),
                            |next| json!({"Type": "Pass", "Next": next}),
                        ),
                    )
                });
                Draft::new(
                    "any history by pages of any size",
                    vec![shared("passes", machine(states))],
                    vec![
                        Step::start(1, "passes", json!({})),
                        Step::settle(1),
                        Step::Pages { exec: 1, size, reverse },
                        Step::Pages { exec: 1, size, reverse: !reverse },
                    ],
                )
            })
            .boxed(),
    ]
}

fn arguments() -> Vec<Draft> {
    let first = Step::bind(
        Operation::GetExecutionHistory,
        json!({"executionArn": "${exec:1}", "maxResults": 2}),
        "page",
    );
    let token = json!("${bind:page.nextToken}");
    let changed = Draft::new(
        "a page token with other arguments than it was given for",
        vec![plain()],
        [
            done(1),
            vec![
                first,
                read(json!({"nextToken": token, "maxResults": 2, "reverseOrder": true})),
                read(json!({"nextToken": token, "maxResults": 5, "includeExecutionData": false})),
                read(json!({})),
            ],
        ]
        .concat(),
    );
    vec![
        changed,
        Draft::new(
            "page tokens and sizes that are none, executions that do not exist",
            vec![plain()],
            [
                done(1),
                vec![
                    read(json!({"nextToken": "no-such-page"})),
                    read(json!({"nextToken": ""})),
                    read(json!({"nextToken": "${fill:1025:p}"})),
                    read(json!({"maxResults": -1})),
                    read(json!({"maxResults": 1001})),
                    read(json!({"executionArn": "${exec:1}-nowhere"})),
                    read(json!({"executionArn": "not-an-arn"})),
                    read(json!({"executionArn": "${machine:plain}"})),
                    read(json!({"executionArn": ""})),
                    Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}-nowhere"})),
                    Step::call(Operation::DescribeExecution, json!({"executionArn": "not-an-arn"})),
                    Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}-nowhere"})),
                    Step::call(Operation::StopExecution, json!({"executionArn": "not-an-arn"})),
                    Step::call(
                        Operation::DescribeStateMachineForExecution,
                        json!({"executionArn": "${exec:1}-nowhere"}),
                    ),
                ],
            ]
            .concat(),
        ),
    ]
}
