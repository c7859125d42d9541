//! Retry: counts, waits, new tokens (ERR-10 to ERR-19, TOK-04, TOK-16).

use proptest::strategy::Strategy;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{callback_of_many, machine, one_of_many, pass, shared, with};
use crate::generate::{Draft, Draw};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "retry", fixed: retries, drawn: any_retry },
        Family { name: "retry-after-timeout", fixed: after_timeout, drawn: super::nothing },
        Family { name: "retry-with-jitter", fixed: drawn_waits, drawn: super::nothing },
    ]
}

/// Fails attempts `1..=errors.len()` with these errors, each as soon as its token has come.
fn failing(exec: u32, errors: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (error, attempt) in errors.iter().zip(1..) {
        steps.push(Step::take(exec, attempt));
        steps.push(Step::fail(&format!("{exec}.{attempt}"), error));
    }
    steps
}

#[expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]
fn retried(about: &str, retry: Value, errors: &[&str], wait_ms: u64) -> Draft {
    let definition = machine([
        (
            "Wait for callback",
            with(
                callback_of_many(),
                json!({"Retry": retry, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "Next": "After"}),
            ),
        ),
        ("After", pass()),
        ("Caught", pass()),
    ]);
    let mut steps = vec![Step::start(1, "retried", json!({}))];
    steps.extend(failing(1, errors));
    steps.push(Step::settle_after(1, wait_ms));
    Draft::new(about, vec![shared("retried", definition)], steps)
}

fn retries() -> Vec<Draft> {
    let then_success = {
        let definition = one_of_many(
            json!({"Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}]}),
        );
        let mut steps = vec![Step::start(1, "retried-once", json!({}))];
        steps.extend(failing(1, &["First"]));
        steps.push(Step::take(1, 2));
        steps.extend(super::tokens::all_three("1.1"));
        steps.push(Step::succeed("1.2", &json!("second attempt")));
        steps.push(Step::settle(1));
        Draft::new(
            "the second attempt succeeds; the first token is dead",
            vec![shared("retried-once", definition)],
            steps,
        )
    };
    vec![
        then_success,
        retried(
            "retried twice, then caught",
            json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 2.0}]),
            &["A", "A", "A"],
            500,
        ),
        retried(
            "an empty retrier has AWS's defaults",
            json!([{"ErrorEquals": ["States.ALL"]}]),
            &["A", "A", "A", "A"],
            500,
        ),
        retried(
            "never retried",
            json!([{"ErrorEquals": ["A"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]),
            &["A"],
            500,
        ),
        retried("no retrier matches", json!([{"ErrorEquals": ["B", "a"]}]), &["A"], 500),
        retried(
            "waits are capped",
            json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 100.0, "MaxDelaySeconds": 2}]),
            &["A", "A", "A"],
            500,
        ),
        retried(
            "waits with full jitter",
            json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 1.0, "JitterStrategy": "FULL"}]),
            &["A", "A", "A"],
            500,
        ),
        retried(
            "counts of two retriers run on while they take turns",
            json!([
                {"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 2},
                {"ErrorEquals": ["C"], "IntervalSeconds": 3, "MaxAttempts": 1}
            ]),
            &["A", "C", "B", "B"],
            500,
        ),
    ]
}

fn after_timeout() -> Vec<Draft> {
    let timed = |members: Value| {
        one_of_many(with(
            members,
            json!({"Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0}]}),
        ))
    };
    let run = |about: &str, definition: Value| {
        let mut steps = vec![Step::start(1, "timed-retry", json!({})), Step::take(1, 1), Step::take(1, 2)];
        steps.extend(super::tokens::all_three("1.1"));
        steps.push(Step::succeed("1.2", &json!("second")));
        steps.push(Step::settle(1));
        Draft::new(about, vec![shared("timed-retry", definition)], steps)
    };
    vec![
        run(
            "a timeout retried: the old token is dead, the new one works",
            timed(json!({"TimeoutSeconds": 1})),
        ),
        run("a missed heartbeat retried", timed(json!({"HeartbeatSeconds": 1}))),
        run(
            "a missed heartbeat retried by its own name",
            one_of_many(json!({
                "HeartbeatSeconds": 1,
                "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
            })),
        ),
    ]
}

/// So many waits that they are not all long by chance.
fn drawn_waits() -> Vec<Draft> {
    const WAITS: u32 = 12;
    let mut body = callback_of_many();
    if let Some(Value::Object(members)) = body.pointer_mut("/Parameters") {
        members.insert("QueueUrl.$".to_owned(), json!("$$.Execution.Input.queue"));
    }
    let retry = json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 8, "MaxAttempts": 1, "JitterStrategy": "FULL"}]);
    let each = machine([("Wait for callback", with(body, json!({ "Retry": retry })))]);
    let all = json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": each, "ResultPath": null, "End": true});
    let items: Vec<u32> = (0..WAITS).collect();
    let mut steps = vec![Step::start(1, "jittered", json!({ "items": items })), Step::take(1, WAITS)];
    steps.extend((1..=WAITS).map(|token| Step::fail(&format!("1.{token}"), "Again")));
    steps.push(Step::take(1, 2 * WAITS));
    steps.extend((WAITS + 1..=2 * WAITS).map(|token| Step::succeed(&format!("1.{token}"), &json!({}))));
    steps.push(Step::settle(1));
    vec![Draft::new(
        "twelve waits with full jitter",
        vec![shared("jittered", machine([("Each", all)]))],
        steps,
    )]
}

fn any_retry() -> Vec<Draw> {
    let error = proptest::sample::select(vec!["A", "B", "Custom.C"]);
    vec![
        (1u64..3, 0u64..3, proptest::sample::select(vec![1.0f64, 1.5, 2.0]), proptest::collection::vec(error, 1..4), proptest::sample::select(vec!["NONE", "FULL"]))
            .prop_map(|(interval, attempts, rate, errors, jitter)| {
                // The plan answers only attempts that will exist.
                let attempts_made = usize::try_from(attempts).unwrap_or(0) + 1;
                let errors: Vec<&str> = errors.into_iter().cycle().take(attempts_made).collect();
                retried(
                    "any retrier of all errors",
                    json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": interval, "MaxAttempts": attempts, "BackoffRate": rate, "JitterStrategy": jitter}]),
                    &errors,
                    500,
                )
            })
            .boxed(),
    ]
}
