//! Several actors at once: completions, timers, stops, starts (TOK-21, TOK-22, TMO-09, STOP-06, START-20, START-21).

use proptest::strategy::Strategy;
use record::Operation;
use serde_json::json;

use super::Family;
use super::tokens::plain;
use crate::Step;
use crate::definition::{callback, callback_of_many, machine, one, own, pass, shared, with};
use crate::generate::{Draft, Draw};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "race-of-completions", fixed: completions, drawn: any_completions },
        Family { name: "race-with-timeout", fixed: timeouts, drawn: super::nothing },
        Family { name: "race-with-stop", fixed: stops, drawn: super::nothing },
        Family { name: "race-of-starts", fixed: starts, drawn: super::nothing },
        Family { name: "race-with-machine", fixed: machines, drawn: super::nothing },
        Family { name: "race-of-branches", fixed: branches, drawn: super::nothing },
    ]
}

fn raced(about: &str, actors: Vec<Vec<Step>>) -> Draft {
    Draft::new(
        about,
        vec![shared(
            "plain-then-pass",
            machine([("Wait for callback", with(callback(), json!({"Next": "After"}))), ("After", pass())]),
        )],
        vec![
            Step::start(1, "plain-then-pass", json!({})),
            Step::take(1, 1),
            Step::Together(actors),
            Step::settle(1),
        ],
    )
}

fn completions() -> Vec<Draft> {
    let successes = (0..6).map(|n| vec![Step::succeed("1.1", &json!({"winner": n}))]).collect();
    let mixed = (0..6)
        .map(|n| {
            if n % 2 == 0 {
                vec![Step::succeed("1.1", &json!({"winner": n}))]
            } else {
                vec![Step::fail("1.1", &format!("Loser{n}"))]
            }
        })
        .collect();
    let beaten = (0..4)
        .map(|n| {
            let mut steps: Vec<Step> = (0..2).map(|_| Step::beat("1.1")).collect();
            steps.push(Step::succeed("1.1", &json!({"winner": n})));
            steps.push(Step::beat("1.1"));
            steps
        })
        .collect();
    vec![
        raced("six successes at once", successes),
        raced("successes and failures at once", mixed),
        raced("successes among heartbeats", beaten),
    ]
}

fn any_completions() -> Vec<Draw> {
    vec![
        proptest::collection::vec(proptest::collection::vec(0u8..3, 1..3), 2..6)
            .prop_map(|actors| {
                let mut actors: Vec<Vec<Step>> = actors
                    .into_iter()
                    .enumerate()
                    .map(|(actor, kinds)| {
                        kinds
                            .into_iter()
                            .enumerate()
                            .map(|(n, kind)| match kind {
                                0 => Step::succeed("1.1", &json!({"actor": actor, "n": n})),
                                1 => Step::fail("1.1", &format!("Actor{actor}.{n}")),
                                _ => Step::beat("1.1"),
                            })
                            .collect()
                    })
                    .collect();
                // Somebody must complete it.
                actors.push(vec![Step::succeed("1.1", &json!("surely"))]);
                raced("any mix of answers at once", actors)
            })
            .boxed(),
    ]
}

fn timeouts() -> Vec<Draft> {
    let at = |about: &str, members: serde_json::Value, moments: [u64; 3]| {
        let mut steps = Vec::new();
        for exec in 1..=3 {
            steps.push(Step::start(exec, "timed", json!({})));
        }
        let actors = moments
            .iter()
            .zip(1..)
            .map(|(ms, exec): (&u64, u32)| {
                vec![
                    Step::take(exec, 1),
                    Step::Sleep { ms: *ms },
                    Step::succeed(&format!("{exec}.1"), &json!(exec)),
                ]
            })
            .collect();
        steps.push(Step::Together(actors));
        steps.extend((1..=3).map(|exec| Step::settle_after(exec, 2000)));
        Draft::new(about, vec![shared("timed", one(members))], steps)
    };
    vec![
        at("answers just around TimeoutSeconds", json!({"TimeoutSeconds": 1}), [960, 985, 1010]),
        at("answers just around a missed heartbeat", json!({"HeartbeatSeconds": 1}), [965, 990, 1015]),
    ]
}

fn stops() -> Vec<Draft> {
    let stop = || {
        vec![Step::call(
            Operation::StopExecution,
            json!({"executionArn": "${exec:1}", "error": "Halt", "cause": "race"}),
        )]
    };
    vec![
        raced("a success against a stop", vec![vec![Step::succeed("1.1", &json!({"n": 1}))], stop()]),
        raced("a failure against a stop against a stop", vec![stop(), vec![Step::fail("1.1", "E")], stop()]),
    ]
}

/// A completion while the machine is changed or removed: running executions keep their definition (DEF-28, DEF-30).
fn machines() -> Vec<Draft> {
    let definition =
        || machine([("Wait for callback", with(callback(), json!({"Next": "After"}))), ("After", pass())]);
    let draft = |about: &str, against: Step| {
        let steps = vec![
            Step::start(1, "changing", json!({})),
            Step::take(1, 1),
            Step::Together(vec![vec![Step::succeed("1.1", &json!({"n": 1}))], vec![against]]),
            Step::settle(1),
        ];
        Draft::new(about, vec![own("changing", definition())], steps).in_core()
    };
    let other = machine([("After", pass())]).to_string();
    vec![
        draft(
            "a success while the machine is changed",
            Step::call(
                Operation::UpdateStateMachine,
                json!({"stateMachineArn": "${machine:changing}", "definition": other}),
            ),
        ),
        draft(
            "a success while the machine is deleted",
            Step::call(Operation::DeleteStateMachine, json!({"stateMachineArn": "${machine:changing}"})),
        ),
    ]
}

/// A completion while a sibling branch fails the state: either may come first, and only one end is seen.
fn branches() -> Vec<Draft> {
    let branch = |name: &'static str| machine([(name, callback_of_many())]);
    let parallel = machine([(
        "Both",
        json!({"Type": "Parallel", "Branches": [branch("Left"), branch("Right")], "End": true}),
    )]);
    let draft = |about: &str, right: Step| {
        let steps = vec![
            Step::start(1, "both", json!({})),
            Step::take(1, 2),
            Step::Together(vec![vec![Step::fail("1.1", "Sibling")], vec![right]]),
            Step::settle(1),
            Step::beat("1.2"),
        ];
        Draft::new(about, vec![shared("both", parallel.clone())], steps).in_core()
    };
    vec![
        draft("a success against the failure of a sibling branch", Step::succeed("1.2", &json!(2))),
        draft("a failure against the failure of a sibling branch", Step::fail("1.2", "Other")),
    ]
}

fn starts() -> Vec<Draft> {
    let start = |input: serde_json::Value| {
        let text = input.to_string();
        vec![Step::call(
            Operation::StartExecution,
            json!({"stateMachineArn": "${machine:plain}", "name": "race-${run}", "input": text}),
        )]
    };
    let same = json!({"queue": "${queue}"});
    let named = |input: serde_json::Value| Step::Start {
        exec: 1,
        machine: "plain".to_owned(),
        name: Some("race-${run}".to_owned()),
        input,
    };
    let mut alike: Vec<Vec<Step>> = (0..4).map(|_| start(same.clone())).collect();
    alike.push(vec![named(same)]);
    let unlike: Vec<Vec<Step>> = (0..5).map(|n| start(json!({"queue": "${queue}", "n": n}))).collect();
    vec![
        Draft::new(
            "five starts at once with one name and one input",
            vec![plain()],
            vec![
                Step::Together(alike),
                Step::take(1, 1),
                Step::Drain { queue: "queue".to_owned(), messages: 1, wait_ms: 500 },
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
        Draft::new(
            "five starts at once with one name and five inputs",
            vec![plain()],
            vec![
                Step::Together(unlike),
                Step::Drain { queue: "queue".to_owned(), messages: 2, wait_ms: 800 },
            ],
        ),
    ]
}
