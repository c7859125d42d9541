//! Timeouts and heartbeats, kept, missed, by path, of the whole machine (TMO, HB).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{callback, machine, one, one_of_many, pass, reachable, shared, with};
use crate::generate::{Draft, Draw};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "timeout", fixed: timeouts, drawn: super::nothing },
        Family { name: "heartbeat", fixed: heartbeats, drawn: beats },
        Family { name: "timer-path", fixed: paths, drawn: super::nothing },
        Family { name: "whole-timeout", fixed: whole, drawn: super::nothing },
    ]
}

fn run(about: &str, members: Value, input: Value, after: Vec<Step>) -> Draft {
    let mut steps = vec![Step::start(1, "timed", input), Step::take(1, 1)];
    steps.extend(after);
    Draft::new(about, vec![shared("timed", one(members))], steps)
}

fn late() -> Vec<Step> {
    super::tokens::all_three("1.1")
}

/// Heartbeats at equal distances.
fn beating(times: u32, every_ms: u64) -> Vec<Step> {
    (0..times).flat_map(|_| [Step::Sleep { ms: every_ms }, Step::beat("1.1")]).collect()
}

/// A second attempt has timers of its own.
fn both_attempts(about: &str, names: &str, members: Value) -> Draft {
    let retried =
        with(json!({"Retry": [{"ErrorEquals": [names], "IntervalSeconds": 1, "MaxAttempts": 1}]}), members);
    Draft::new(
        about,
        vec![shared("timed", one_of_many(retried))],
        vec![Step::start(1, "timed", json!({})), Step::take(1, 2), Step::settle_after(1, 3000)],
    )
}

fn timeouts() -> Vec<Draft> {
    let caught = |names: Value, result_path: Value| {
        machine([
            (
                "Wait for callback",
                with(
                    callback(),
                    json!({"TimeoutSeconds": 1, "Next": "After", "Catch": [{"ErrorEquals": names, "Next": "Caught", "ResultPath": result_path}]}),
                ),
            ),
            ("After", pass()),
            ("Caught", pass()),
        ])
    };
    let catch = |about: &str, names: Value, result_path: Value| {
        Draft::new(
            about,
            vec![shared("timed", caught(names, result_path))],
            vec![Step::start(1, "timed", json!({})), Step::take(1, 1), Step::settle_after(1, 1000)],
        )
    };
    let and_late = |mut steps: Vec<Step>| {
        steps.extend(late());
        steps
    };
    vec![
        run(
            "nobody answers in time",
            json!({"TimeoutSeconds": 1}),
            json!({}),
            and_late(vec![Step::settle_after(1, 1000)]),
        ),
        run(
            "two seconds, answered after one and a half",
            json!({"TimeoutSeconds": 2}),
            json!({}),
            vec![Step::Sleep { ms: 1500 }, Step::succeed("1.1", &json!("in time")), Step::settle(1)],
        ),
        run(
            "heartbeats do not extend the timeout",
            json!({"TimeoutSeconds": 3, "HeartbeatSeconds": 2}),
            json!({}),
            {
                // Beyond what the rules call a hang, where the timeout never comes; in time also where a call takes a second.
                let beats = Step::Beats { token: "1.1".to_owned(), times: 20, every_ms: 700 };
                vec![beats, Step::settle_after(1, 3000)]
            },
        ),
        run(
            "no timeout: still open after a while",
            json!({}),
            json!({}),
            vec![
                Step::Sleep { ms: 2500 },
                Step::beat("1.1"),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
        both_attempts("both attempts time out", "States.ALL", json!({"TimeoutSeconds": 1})),
        both_attempts("both attempts miss their heartbeat", "States.Timeout", json!({"HeartbeatSeconds": 1})),
        catch("a timeout caught by States.Timeout into a path", json!(["States.Timeout"]), json!("$.error")),
        catch("a timeout caught by States.ALL", json!(["States.ALL"]), json!("$")),
        catch("a timeout not caught by States.TaskFailed", json!(["States.TaskFailed"]), json!("$")),
        catch(
            "a timeout not caught by States.HeartbeatTimeout",
            json!(["States.HeartbeatTimeout"]),
            json!("$"),
        ),
    ]
}

fn heartbeats() -> Vec<Draft> {
    let caught = |catchers: Value| {
        reachable(machine([
            (
                "Wait for callback",
                with(
                    callback(),
                    json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 1, "Next": "After", "Catch": catchers}),
                ),
            ),
            ("After", pass()),
            ("By heartbeat", pass()),
            ("By timeout", pass()),
        ]))
    };
    let by = |name: &str, next: &str| json!({"ErrorEquals": [name], "Next": next});
    let catch = |about: &str, catchers: Value| {
        Draft::new(
            about,
            vec![shared("beaten", caught(catchers))],
            vec![Step::start(1, "beaten", json!({})), Step::take(1, 1), Step::settle_after(1, 1000)],
        )
    };
    let kept = |members: Value, times: u32, every: u64| {
        let mut steps = beating(times, every);
        steps.push(Step::succeed("1.1", &json!("alive")));
        steps.push(Step::settle(1));
        run("heartbeats keep the task open", members, json!({}), steps)
    };
    vec![
        kept(json!({"HeartbeatSeconds": 1, "TimeoutSeconds": 60}), 6, 500),
        kept(json!({"HeartbeatSeconds": 2}), 3, 1200),
        run("no heartbeat at all", json!({"HeartbeatSeconds": 1}), json!({}), {
            let mut steps = vec![Step::settle_after(1, 1000)];
            steps.extend(late());
            steps
        }),
        run("heartbeats, then silence", json!({"HeartbeatSeconds": 1, "TimeoutSeconds": 99}), json!({}), {
            let mut steps = beating(3, 500);
            steps.push(Step::settle_after(1, 1000));
            steps.extend(late());
            steps
        }),
        run("ten heartbeats in a row", json!({"HeartbeatSeconds": 60}), json!({}), {
            let mut steps: Vec<Step> = (0..10).map(|_| Step::beat("1.1")).collect();
            steps.push(Step::Pages { exec: 1, size: 3, reverse: false });
            steps.push(Step::succeed("1.1", &json!({})));
            steps.push(Step::settle(1));
            steps
        }),
        run(
            "heartbeats for a task without HeartbeatSeconds",
            json!({}),
            json!({}),
            vec![
                Step::beat("1.1"),
                Step::Sleep { ms: 1200 },
                Step::beat("1.1"),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
        catch(
            "a missed heartbeat caught by its own name",
            json!([by("States.HeartbeatTimeout", "By heartbeat")]),
        ),
        catch("a missed heartbeat caught as a timeout", json!([by("States.Timeout", "By timeout")])),
        catch(
            "both names, heartbeat first",
            json!([by("States.HeartbeatTimeout", "By heartbeat"), by("States.Timeout", "By timeout")]),
        ),
        catch(
            "both names, timeout first",
            json!([by("States.Timeout", "By timeout"), by("States.HeartbeatTimeout", "By heartbeat")]),
        ),
        catch(
            "a missed heartbeat and a catcher of States.TaskFailed alone",
            json!([by("States.TaskFailed", "By timeout")]),
        ),
    ]
}

fn beats() -> Vec<Draw> {
    vec![
        (2u32..6, 200u64..800)
            .prop_map(|(times, every)| {
                let mut steps = beating(times, every);
                steps.push(Step::succeed("1.1", &json!(times)));
                steps.push(Step::settle(1));
                run(
                    "any number of heartbeats at any distance below the window",
                    json!({"HeartbeatSeconds": 1}),
                    json!({}),
                    steps,
                )
            })
            .boxed(),
    ]
}

fn paths() -> Vec<Draft> {
    let by_path = json!({"TimeoutSecondsPath": "$.timeout", "HeartbeatSecondsPath": "$.heartbeat"});
    let bad = |about: &str, members: Value, input: Value| {
        let definition = one(with(
            members,
            json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Wait for callback"}]}),
        ));
        let mut definition = definition;
        if let Some(states) = definition.get_mut("States").and_then(Value::as_object_mut) {
            states.insert("Caught".to_owned(), pass());
            if let Some(catchers) =
                states.get_mut("Wait for callback").and_then(|state| state.get_mut("Catch"))
            {
                *catchers = json!([{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]);
            }
        }
        Draft::new(
            about,
            vec![shared("by-path", definition)],
            vec![Step::start(1, "by-path", input), Step::settle_after(1, 1000)],
        )
    };
    vec![
        Draft::new(
            "both timers by path: the heartbeat is missed",
            vec![shared("by-path", one(by_path))],
            vec![
                Step::start(1, "by-path", json!({"timeout": 30, "heartbeat": 1})),
                Step::start(2, "by-path", json!({"timeout": 2, "heartbeat": 1})),
                Step::take(1, 1),
                Step::take(2, 1),
                Step::Together(vec![
                    vec![Step::settle_after(1, 1000)],
                    vec![
                        Step::Sleep { ms: 600 },
                        Step::beat("2.1"),
                        Step::Sleep { ms: 600 },
                        Step::beat("2.1"),
                        Step::settle_after(2, 2000),
                    ],
                ]),
            ],
        ),
        bad("a timeout path that leads nowhere", json!({"TimeoutSecondsPath": "$.missing"}), json!({})),
        bad("a heartbeat path that leads nowhere", json!({"HeartbeatSecondsPath": "$.missing"}), json!({})),
        bad(
            "a timeout by path that is no number",
            json!({"TimeoutSecondsPath": "$.timeout"}),
            json!({"timeout": "soon"}),
        ),
        bad(
            "a heartbeat by path that is not below the timeout",
            json!({"TimeoutSeconds": 1, "HeartbeatSecondsPath": "$.heartbeat"}),
            json!({"heartbeat": 5}),
        ),
        bad(
            "a timeout by path that is zero",
            json!({"TimeoutSecondsPath": "$.timeout"}),
            json!({"timeout": 0}),
        ),
    ]
}

fn whole() -> Vec<Draft> {
    let caught = with(
        machine([
            (
                "Wait for callback",
                with(
                    callback(),
                    json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}], "Next": "After"}),
                ),
            ),
            ("After", pass()),
        ]),
        json!({"TimeoutSeconds": 1}),
    );
    vec![
        Draft::new(
            "the whole machine times out; nothing catches it",
            vec![shared("whole", caught.clone())],
            vec![
                Step::start(1, "whole", json!({})),
                Step::take(1, 1),
                Step::settle_after(1, 1000),
                Step::succeed("1.1", &json!({})),
            ],
        ),
        Draft::new(
            "a machine with a timeout that ends in time",
            vec![shared("whole", caught)],
            vec![
                Step::start(1, "whole", json!({})),
                Step::take(1, 1),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
            ],
        ),
    ]
}
