//! Several callbacks in one execution: in sequence, in Parallel, in Map, and beside a branch that fails (ERR-26, HIS-26).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{callback_of_many, machine, pass, shared, with};
use crate::generate::{Draft, Draw};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "sequence", fixed: sequences, drawn: super::nothing },
        Family { name: "parallel", fixed: parallels, drawn: any_parallel },
        Family { name: "map", fixed: maps, drawn: super::nothing },
        Family { name: "sibling-failure", fixed: siblings, drawn: super::nothing },
    ]
}

fn sequences() -> Vec<Draft> {
    let definition = machine([
        ("First", with(callback_of_many(), json!({"ResultPath": "$.first", "Next": "Second"}))),
        ("Second", with(callback_of_many(), json!({"ResultPath": "$.second"}))),
    ]);
    vec![Draft::new(
        "two callbacks in sequence; the first token is dead for the second",
        vec![shared("sequence", definition)],
        [
            vec![
                Step::start(1, "sequence", json!({})),
                Step::take(1, 1),
                Step::succeed("1.1", &json!({"n": 1})),
                Step::take(1, 2),
            ],
            super::tokens::all_three("1.1"),
            vec![Step::succeed("1.2", &json!({"n": 2})), Step::settle(1)],
        ]
        .concat(),
    )]
}

/// A Parallel of branches with one callback each, whose failure is caught.
#[expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]
fn parallel(branches: Vec<Value>) -> Value {
    machine([
        (
            "Both",
            json!({"Type": "Parallel", "Branches": branches, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "ResultPath": "$.error"}], "Next": "After"}),
        ),
        ("After", pass()),
        ("Caught", json!({"Type": "Wait", "Seconds": 1, "End": true})),
    ])
}

fn branch(name: &'static str, members: Value) -> Value {
    machine([(name, with(callback_of_many(), members))])
}

/// Callbacks that run into their timers inside of a Parallel and of a Map, each with a catcher of its own.
fn scopes() -> Value {
    let timed = |name: &'static str, caught: &'static str, members: Value| {
        let catch =
            json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": caught}]});
        machine([(name, with(with(callback_of_many(), catch), members)), (caught, pass())])
    };
    let each = |name: &'static str, caught: &'static str, members: Value| {
        json!({
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"item.$": "$$.Map.Item.Value"},
            "ItemProcessor": with(timed(name, caught, members), json!({"ProcessorConfig": {"Mode": "INLINE"}})),
            "End": true
        })
    };
    let branches = vec![
        timed("Slow", "Late", json!({"TimeoutSeconds": 1})),
        timed("Silent", "Missed", json!({"HeartbeatSeconds": 1})),
        machine([("Each", each("Ask", "Asked", json!({"TimeoutSeconds": 1})))]),
        machine([("Every", each("Await", "Awaited", json!({"HeartbeatSeconds": 1})))]),
    ];
    machine([("All", json!({"Type": "Parallel", "Branches": branches, "End": true}))])
}

#[expect(clippy::too_many_lines, reason = "a list of plans")]
fn parallels() -> Vec<Draft> {
    let two = || parallel(vec![branch("Left", json!({})), branch("Right", json!({}))]);
    let start = || vec![Step::start(1, "parallel", json!({})), Step::take(1, 2)];
    vec![
        Draft::new(
            "two branches answered in order",
            vec![shared("parallel", two())],
            [
                start(),
                vec![
                    Step::succeed("1.1", &json!("one")),
                    Step::succeed("1.2", &json!("two")),
                    Step::settle(1),
                ],
            ]
            .concat(),
        ),
        Draft::new(
            "two branches answered at once",
            vec![shared("parallel", two())],
            [
                start(),
                vec![
                    Step::Together(vec![
                        vec![Step::succeed("1.1", &json!([1]))],
                        vec![Step::succeed("1.2", &json!([2]))],
                    ]),
                    Step::settle(1),
                ],
            ]
            .concat(),
        ),
        Draft::new(
            "one branch times out while the other is beaten",
            vec![shared(
                "parallel-timed",
                parallel(vec![
                    branch("Left", json!({"TimeoutSeconds": 1})),
                    branch("Right", json!({"HeartbeatSeconds": 1})),
                ]),
            )],
            vec![
                Step::start(1, "parallel-timed", json!({})),
                Step::take(1, 2),
                Step::Together(vec![
                    vec![Step::Sleep { ms: 500 }, Step::beat("1.1"), Step::beat("1.2")],
                    vec![Step::settle_after(1, 2500)],
                ]),
            ],
        ),
        Draft::new(
            "timers of branches and of items run out, each caught in its own scope",
            vec![shared("scopes", scopes())],
            vec![Step::start(1, "scopes", json!({"items": [1, 2]})), Step::settle_after(1, 1000)],
        ),
        Draft::new(
            "a Task in a branch is tried again",
            vec![shared(
                "branch-retried",
                parallel(vec![
                    branch("Left", json!({"Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 1}]})),
                    machine([("Right", pass())]),
                ]),
            )],
            vec![
                Step::start(1, "branch-retried", json!({})),
                Step::take(1, 1),
                Step::fail("1.1", "Again"),
                Step::take(1, 2),
                Step::succeed("1.2", &json!("second")),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "heartbeats for one branch do not keep its sibling alive",
            vec![shared(
                "parallel-beaten",
                parallel(vec![
                    branch("Left", json!({"HeartbeatSeconds": 2})),
                    branch("Right", json!({"HeartbeatSeconds": 2})),
                ]),
            )],
            {
                let beats = Step::Beats { token: "1.1".to_owned(), times: 20, every_ms: 700 };
                vec![
                    Step::start(1, "parallel-beaten", json!({})),
                    Step::take(1, 2),
                    Step::Together(vec![vec![beats], vec![Step::settle_after(1, 2000)]]),
                ]
            },
        ),
        Draft::new(
            "a Parallel with Retry starts its branches anew",
            vec![shared(
                "parallel-retried",
                machine([(
                    "Both",
                    json!({"Type": "Parallel", "Branches": [branch("Left", json!({})), machine([("Right", pass())])], "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 2, "MaxAttempts": 1}], "End": true}),
                )]),
            )],
            vec![
                Step::start(1, "parallel-retried", json!({})),
                Step::take(1, 1),
                Step::fail("1.1", "Again"),
                Step::take(1, 2),
                Step::succeed("1.1", &json!("old")),
                Step::succeed("1.2", &json!("new")),
                Step::settle(1),
            ],
        ),
    ]
}

fn any_parallel() -> Vec<Draw> {
    vec![
        (2usize..5, proptest::strategy::Just(vec![1u32, 2, 3, 4]).prop_shuffle(), proptest::bool::ANY)
            .prop_map(|(count, order, at_once)| {
                const NAMES: [&str; 4] = ["One", "Two", "Three", "Four"];
                let branches = NAMES.iter().take(count).map(|name| branch(name, json!({}))).collect();
                let tokens = u32::try_from(count).unwrap_or(2);
                let answers: Vec<Step> = order
                    .into_iter()
                    .filter(|number| *number <= tokens)
                    .map(|number| Step::succeed(&format!("1.{number}"), &json!({"answer": number})))
                    .collect();
                let mut steps = vec![Step::start(1, "parallel", json!({})), Step::take(1, tokens)];
                if at_once {
                    steps.push(Step::Together(answers.into_iter().map(|answer| vec![answer]).collect()));
                } else {
                    steps.extend(answers);
                }
                steps.push(Step::settle(1));
                Draft::new(
                    "any number of branches answered in any order",
                    vec![shared("parallel", parallel(branches))],
                    steps,
                )
            })
            .boxed(),
    ]
}

fn map(members: Value) -> Value {
    let processor = with(
        machine([(
            "Ask",
            with(
                callback_of_many(),
                json!({"Parameters": {"QueueUrl.$": "$$.Execution.Input.queue", "MessageBody": {"TaskToken.$": "$$.Task.Token", "Execution.$": "$$.Execution.Name", "item.$": "$"}}}),
            ),
        )]),
        json!({"ProcessorConfig": {"Mode": "INLINE"}}),
    );
    machine([
        (
            "Each",
            with(
                json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "Next": "After"}),
                members,
            ),
        ),
        ("After", pass()),
        ("Caught", pass()),
    ])
}

fn maps() -> Vec<Draft> {
    let items = json!({"items": ["a", {"b": 1}, 3]});
    let answered = |tokens: &[u32]| {
        let answer = |n: &u32| if *n == 2 { Value::Null } else { json!({"answered": n}) };
        tokens.iter().map(|n| Step::succeed(&format!("1.{n}"), &answer(n))).collect::<Vec<_>>()
    };
    vec![
        Draft::new(
            "three items at once",
            vec![shared("map", map(json!({})))],
            [
                vec![Step::start(1, "map", items.clone()), Step::take(1, 3)],
                answered(&[2, 3, 1]),
                vec![Step::settle(1)],
            ]
            .concat(),
        ),
        Draft::new(
            "three items one after another, selected with their index",
            vec![shared(
                "map-serial",
                map(
                    json!({"MaxConcurrency": 1, "ItemSelector": {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"}}),
                ),
            )],
            [
                vec![Step::start(1, "map-serial", items.clone())],
                (1..=3)
                    .flat_map(|n| [Step::take(1, n), Step::succeed(&format!("1.{n}"), &json!(n))])
                    .collect(),
                vec![Step::settle(1)],
            ]
            .concat(),
        ),
        Draft::new(
            "one item fails",
            vec![shared("map", map(json!({})))],
            vec![
                Step::start(1, "map", items),
                Step::take(1, 3),
                Step::fail("1.2", "Item.Failed"),
                Step::settle(1),
                Step::succeed("1.1", &json!(1)),
                Step::beat("1.3"),
            ],
        ),
        Draft::new(
            "no items",
            vec![shared("map", map(json!({})))],
            vec![Step::start(1, "map", json!({"items": []})), Step::settle(1)],
        ),
    ]
}

fn siblings() -> Vec<Draft> {
    let definition =
        parallel(vec![branch("Left", json!({})), branch("Right", json!({})), machine([("Third", pass())])]);
    let run = |about: &str, last: Vec<Step>| {
        Draft::new(
            about,
            vec![shared("siblings", definition.clone())],
            [vec![Step::start(1, "siblings", json!({})), Step::take(1, 2)], last].concat(),
        )
    };
    vec![
        run(
            "a branch fails; the token of its sibling is dead",
            [
                vec![
                    Step::fail("1.1", "Branch.Failed"),
                    Step::Until { exec: 1, event: "ParallelStateFailed".to_owned(), count: 1, after_ms: 0 },
                ],
                super::tokens::all_three("1.2"),
                vec![Step::settle_after(1, 1000)],
            ]
            .concat(),
        ),
        run(
            "a branch fails while its sibling is answered",
            vec![
                Step::Together(vec![
                    vec![Step::fail("1.1", "Branch.Failed")],
                    vec![Step::succeed("1.2", &json!("sibling"))],
                ]),
                Step::settle_after(1, 1000),
            ],
        ),
    ]
}
