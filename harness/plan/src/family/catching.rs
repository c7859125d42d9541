//! Catch: order, names, where the error goes (ERR-01 to ERR-09, ERR-20, ERR-23).

use serde_json::{Value, json};

use super::Family;
use crate::definition::{callback, machine, pass, reachable, shared, with};
use crate::generate::Draft;
use crate::{Answer, Step};

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "catch", fixed: catches, drawn: super::nothing },
        Family { name: "fail-state", fixed: fails, drawn: super::nothing },
        Family { name: "failed-send", fixed: sends, drawn: super::nothing },
    ]
}

/// A machine whose catchers lead to states of their own.
#[expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]
fn catching(catchers: Value) -> Value {
    let states = [("After", pass()), ("First", pass()), ("Second", pass()), ("Third", pass())];
    let wait = with(callback(), json!({"Catch": catchers, "Next": "After"}));
    reachable(machine(std::iter::once(("Wait for callback", wait)).chain(states)))
}

fn by(names: &[&str], next: &str) -> Value {
    json!({"ErrorEquals": names, "Next": next})
}

fn caught(about: &str, catchers: Value, errors: &[Option<&str>]) -> Draft {
    let mut steps = Vec::new();
    for (error, exec) in errors.iter().zip(1..) {
        steps.push(Step::start(exec, "catching", json!({"kept": {"a": exec}})));
        steps.push(Step::take(exec, 1));
        let cause = error.map(|error| format!("because {error}"));
        let answer = Answer::Failure { error: error.map(str::to_owned), cause };
        steps.push(Step::Tell { token: format!("{exec}.1"), answer });
        steps.push(Step::settle(exec));
    }
    Draft::new(about, vec![shared("catching", catching(catchers))], steps)
}

fn catches() -> Vec<Draft> {
    let placed = |path: Value| json!([{"ErrorEquals": ["States.ALL"], "Next": "First", "ResultPath": path}]);
    vec![
        caught(
            "names are case-sensitive",
            json!([by(&["custom"], "First"), by(&["Custom"], "Second")]),
            &[Some("Custom"), Some("custom"), Some("CUSTOM")],
        ),
        caught(
            "names match as a whole",
            json!([
                by(&["Custom", "Error", "Custom.", ".Deep", "*", ""], "First"),
                by(&["Deep", "Custom.Error"], "Second"),
                by(&["States.ALL"], "Third")
            ]),
            &[Some("Custom.Error.Deep"), Some("Custom.Error"), Some("Deep")],
        ),
        caught(
            "the first catcher that matches decides",
            json!([by(&["A", "B"], "First"), by(&["B", "C"], "Second"), by(&["States.ALL"], "Third")]),
            &[Some("B"), Some("C"), Some("D")],
        ),
        caught(
            "a wildcard before a name",
            json!([by(&["States.TaskFailed"], "First"), by(&["A"], "Second"), by(&["States.ALL"], "Third")]),
            &[Some("A"), None],
        ),
        caught(
            "all is caught, also without a name",
            json!([by(&["States.Runtime"], "First"), by(&["States.ALL"], "Second")]),
            &[Some("A"), None],
        ),
        caught("nothing matches", json!([by(&["Other"], "First")]), &[Some("A")]),
        caught("the error replaces the input", placed(json!("$")), &[Some("A")]),
        caught("the error goes beside the input", placed(json!("$.error")), &[Some("A"), None]),
        caught("the error is dropped", placed(Value::Null), &[Some("A")]),
        caught("the error goes deep into the input", placed(json!("$.kept.why.error")), &[Some("A")]),
    ]
}

fn fails() -> Vec<Draft> {
    let ending = |fail: Value| {
        machine([
            (
                "Wait for callback",
                with(callback(), json!({"Catch": [by(&["States.ALL"], "Broken")], "Next": "After"})),
            ),
            ("After", pass()),
            ("Broken", with(json!({"Type": "Fail"}), fail)),
        ])
    };
    let run = |about: &str, fail: Value| {
        Draft::new(
            about,
            vec![shared("fails", ending(fail))],
            vec![
                Step::start(1, "fails", json!({})),
                Step::take(1, 1),
                Step::fail("1.1", "Worker.Error"),
                Step::settle(1),
            ],
        )
    };
    vec![
        run("a Fail state with error and cause", json!({"Error": "Own.Error", "Cause": "own cause"})),
        run("a Fail state without", json!({})),
        run(
            "a Fail state with error and cause of its input",
            json!({"ErrorPath": "$.Error", "CausePath": "$.Cause"}),
        ),
    ]
}

fn sends() -> Vec<Draft> {
    let nowhere = |queue: Value, body: Value, catch: bool| {
        let mut state = with(
            callback(),
            json!({"Parameters": {"QueueUrl.$": queue, "MessageBody.$": body}, "Next": "After"}),
        );
        if catch {
            state = with(
                state,
                json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "First", "ResultPath": "$.error"}]}),
            );
        }
        reachable(machine([("Wait for callback", state), ("After", pass()), ("First", pass())]))
    };
    let run = |about: &str, definition: Value| {
        Draft::new(
            about,
            vec![shared("sends", definition)],
            vec![Step::start(1, "sends", json!({"body": "text", "nothing": null})), Step::settle(1)],
        )
    };
    let gone = json!("States.Format('{}-nowhere', $.queue)");
    vec![
        run("a queue that does not exist", nowhere(gone.clone(), json!("$.body"), false)),
        run("a queue that does not exist, caught", nowhere(gone, json!("$.body"), true)),
        run("no body, caught", nowhere(json!("$.queue"), json!("$.nothing"), true)),
    ]
}
