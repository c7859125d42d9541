//! Definitions that must be refused and that must be accepted, by Create and by Validate (DEF).

use record::Operation;
use serde_json::{Value, json};

use super::Family;
use crate::Step;
use crate::definition::{callback, machine, one, own, pass, shared, with};
use crate::generate::Draft;

pub(super) fn families() -> Vec<Family> {
    vec![
        Family { name: "bad-definition", fixed: bad, drawn: super::nothing },
        Family { name: "good-definition", fixed: good, drawn: super::nothing },
        Family { name: "create", fixed: creations, drawn: super::nothing },
        Family { name: "update", fixed: updates, drawn: super::nothing },
    ]
}

/// Validate and Create with one definition; what was created by mistake is deleted again.
fn both(number: usize, text: &str, kind: Option<&str>) -> Vec<Step> {
    let mut create =
        json!({"name": format!("sfnconf-${{run}}-d{number}"), "roleArn": "${role}", "definition": text});
    let mut validate = json!({"definition": text});
    if let Some(kind) = kind {
        create["type"] = json!(kind);
        validate["type"] = json!(kind);
    }
    vec![
        Step::call(Operation::ValidateStateMachineDefinition, validate),
        Step::call(Operation::CreateStateMachine, create),
    ]
}

fn tried(about: &str, texts: &[Value], kind: Option<&str>) -> Draft {
    let steps = texts
        .iter()
        .enumerate()
        .flat_map(|(number, definition)| {
            let text = definition.as_str().map_or_else(|| definition.to_string(), str::to_owned);
            both(number, &text, kind)
        })
        .collect();
    Draft::new(about, Vec::new(), steps)
}

fn retrier(members: Value) -> Value {
    one(json!({"Retry": [with(json!({"ErrorEquals": ["A"]}), members)]}))
}

#[expect(clippy::too_many_lines, reason = "a list of plans")]
fn bad() -> Vec<Draft> {
    let two_ends = with(machine([("A", pass()), ("B", pass())]), json!({}));
    let missing_next = machine([("A", with(callback(), json!({"Next": "Nowhere"})))]);
    let catch_nowhere = one(json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]}));
    let into_scope = machine([
        ("A", json!({"Type": "Parallel", "Branches": [machine([("Inner", pass())])], "Next": "Inner"})),
        ("B", pass()),
    ]);
    let cycle =
        machine([("A", json!({"Type": "Pass", "Next": "B"})), ("B", json!({"Type": "Pass", "Next": "A"}))]);
    let neither = machine([("A", with(callback(), json!({"End": null})))]);
    let mut next_and_end = machine([("A", callback()), ("B", pass())]);
    next_and_end["States"]["A"]["Next"] = json!("B");
    let long = "n".repeat(81);
    let long_name = json!({"StartAt": long, "States": {long: pass()}});
    let twice = machine([(
        "A",
        json!({"Type": "Parallel", "Branches": [machine([("Same", pass())]), machine([("Same", pass())])], "End": true}),
    )]);
    let resource = |arn: &str| one(json!({"Resource": arn}));
    vec![
        tried(
            "texts that are no definition",
            &[json!("not json"), json!("{"), json!("[]"), json!("\"text\""), json!("{}")],
            None,
        ),
        tried(
            "no States, no StartAt, at the top and in a branch",
            &[
                json!({"StartAt": "A"}),
                json!({"States": {"A": pass()}}),
                json!({"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [{"States": {"B": pass()}}], "End": true}}}),
                json!({"StartAt": "A", "States": {}}),
            ],
            None,
        ),
        tried(
            "transitions to nowhere",
            &[
                with(two_ends, json!({"StartAt": "Nowhere"})),
                missing_next,
                catch_nowhere,
                into_scope,
                machine([
                    (
                        "A",
                        json!({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "B"}], "Default": "Nowhere"}),
                    ),
                    ("B", pass()),
                ]),
            ],
            None,
        ),
        tried("no end, no or two ways on", &[cycle, neither, next_and_end], None),
        tried("names too long or twice", &[long_name, twice], None),
        tried(
            "timers out of range",
            &[
                one(json!({"TimeoutSeconds": 0})),
                one(json!({"TimeoutSeconds": -1})),
                one(json!({"TimeoutSeconds": 1.5})),
                one(json!({"TimeoutSeconds": "5"})),
                one(json!({"TimeoutSeconds": 100_000_000})),
                one(json!({"HeartbeatSeconds": 0})),
                one(json!({"HeartbeatSeconds": -1})),
                one(json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5})),
                one(json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 9})),
                one(json!({"TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"})),
                one(json!({"TimeoutSeconds": 9, "HeartbeatSeconds": 5, "HeartbeatSecondsPath": "$.t"})),
            ],
            None,
        ),
        tried(
            "error names",
            &[
                one(json!({"Retry": [{"ErrorEquals": []}]})),
                one(json!({"Retry": [{"MaxAttempts": 1}]})),
                one(json!({"Retry": [{"ErrorEquals": [1]}]})),
                one(json!({"Catch": [{"ErrorEquals": [], "Next": "Wait for callback"}]})),
                one(json!({"Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]})),
                one(json!({"Retry": [{"ErrorEquals": ["States.ALL", "A"]}]})),
                one(
                    json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Wait for callback"}, {"ErrorEquals": ["A"], "Next": "Wait for callback"}]}),
                ),
            ],
            None,
        ),
        tried(
            "retriers out of range",
            &[
                retrier(json!({"IntervalSeconds": 0})),
                retrier(json!({"IntervalSeconds": 100_000_000})),
                retrier(json!({"MaxAttempts": -1})),
                retrier(json!({"MaxAttempts": 100_000_000})),
                retrier(json!({"BackoffRate": 0.5})),
                retrier(json!({"MaxDelaySeconds": 0})),
                retrier(json!({"MaxDelaySeconds": 31_622_401})),
                retrier(json!({"JitterStrategy": "full"})),
            ],
            None,
        ),
        tried(
            "states that are not as their type is",
            &[
                machine([("A", json!({"Type": "Choice", "Default": "B"})), ("B", pass())]),
                machine([("A", json!({"Type": "Choice", "Choices": [], "Default": "B"})), ("B", pass())]),
                machine([("A", json!({"Type": "Work", "End": true}))]),
                machine([("A", json!({"End": true}))]),
                machine([("A", json!({"Type": "Wait", "End": true}))]),
                machine([("A", json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": true}))]),
                machine([("A", json!({"Type": "Pass", "ResultPath": "no path", "End": true}))]),
                machine([("A", json!({"Type": "Pass", "InputPath": "$[", "End": true}))]),
                one(json!({"QueryLanguage": "JSONata"})),
            ],
            None,
        ),
        tried(
            "Express machines that would wait",
            &[
                one(json!({})),
                one(
                    json!({"Resource": "arn:aws:states:::states:startExecution.sync", "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:x"}}),
                ),
                one(
                    json!({"Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "Parameters": null}),
                ),
            ],
            Some("EXPRESS"),
        ),
        tried(
            "resources that cannot wait for a token",
            &[
                resource("arn:aws:states:::dynamodb:putItem.waitForTaskToken"),
                resource("arn:aws:states:::batch:submitJob.waitForTaskToken"),
                resource("arn:aws:lambda:us-east-1:123456789012:function:f.waitForTaskToken"),
            ],
            None,
        ),
    ]
}

/// A name of 80 characters, the most that a state can have (DEF-09).
const LONGEST: &str = "A state with a name as long as the name of a state can be: eighty characters, OK";

fn good() -> Vec<Draft> {
    vec![
        tried(
            "edges that are allowed",
            &[
                one(json!({"TimeoutSeconds": 1})),
                one(json!({"TimeoutSeconds": 99_999_998})),
                one(json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 4})),
                retrier(json!({"IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1.0})),
                retrier(
                    json!({"MaxAttempts": 99_999_999, "MaxDelaySeconds": 31_622_400, "JitterStrategy": "NONE"}),
                ),
                retrier(json!({"MaxDelaySeconds": 2, "JitterStrategy": "FULL"})),
                with(one(json!({})), json!({"TimeoutSeconds": 60, "Comment": "a machine", "Version": "1.0"})),
                machine([("Done", json!({"Type": "Succeed"}))]),
                machine([(LONGEST, pass())]),
                machine([("größer als 待つ", pass())]),
                machine([("Broken", json!({"Type": "Fail"}))]),
            ],
            None,
        ),
        tried("a state that nothing leads to", &[machine([("A", pass()), ("Island", pass())])], None),
        Draft::new(
            "validation with its options",
            Vec::new(),
            vec![
                Step::call(
                    Operation::ValidateStateMachineDefinition,
                    json!({"definition": one(json!({})).to_string(), "severity": "WARNING"}),
                ),
                Step::call(
                    Operation::ValidateStateMachineDefinition,
                    json!({"definition": "{}", "severity": "ERROR", "maxResults": 1}),
                ),
                Step::call(
                    Operation::ValidateStateMachineDefinition,
                    json!({"definition": "{}", "maxResults": 0}),
                ),
                Step::call(
                    Operation::ValidateStateMachineDefinition,
                    json!({"definition": "{}", "maxResults": 101}),
                ),
                Step::call(
                    Operation::ValidateStateMachineDefinition,
                    json!({"definition": "{}", "severity": "INFO"}),
                ),
                Step::call(Operation::ValidateStateMachineDefinition, json!({"definition": ""})),
            ],
        ),
    ]
}

fn creations() -> Vec<Draft> {
    let definition = machine([("Pass", pass())]).to_string();
    let create = |members: Value| {
        Step::call(
            Operation::CreateStateMachine,
            with(
                json!({"name": "sfnconf-${run}-c", "roleArn": "${role}", "definition": definition}),
                members,
            ),
        )
    };
    let named = |name: &str| create(json!({"name": name}));
    vec![
        Draft::new(
            "the same machine again, another definition, other white space, another role",
            Vec::new(),
            vec![
                Step::bind(
                    Operation::CreateStateMachine,
                    json!({"name": "sfnconf-${run}-c", "roleArn": "${role}", "definition": definition}),
                    "made",
                ),
                create(json!({})),
                create(json!({"definition": machine([("Other", pass())]).to_string()})),
                create(json!({"definition": definition.replace(':', " : ")})),
                create(json!({"roleArn": "${role}-other"})),
                Step::call(
                    Operation::DescribeStateMachine,
                    json!({"stateMachineArn": "${bind:made.stateMachineArn}"}),
                ),
                Step::call(Operation::ListStateMachines, json!({})),
                create(json!({"versionDescription": "no publish"})),
            ],
        ),
        Draft::new(
            "a machine deleted, one that never was, a text that is no ARN",
            Vec::new(),
            vec![
                Step::bind(
                    Operation::CreateStateMachine,
                    json!({"name": "sfnconf-${run}-c", "roleArn": "${role}", "definition": definition}),
                    "made",
                ),
                Step::call(
                    Operation::DeleteStateMachine,
                    json!({"stateMachineArn": "${bind:made.stateMachineArn}"}),
                ),
                Step::call(
                    Operation::DeleteStateMachine,
                    json!({"stateMachineArn": "${bind:made.stateMachineArn}-nowhere"}),
                ),
                Step::call(Operation::DeleteStateMachine, json!({"stateMachineArn": "not-an-arn"})),
            ],
        ),
        Draft::new(
            "required members left out, names that are none",
            Vec::new(),
            vec![
                create(json!({"name": null})),
                create(json!({"definition": null})),
                create(json!({"roleArn": null})),
                create(json!({"definition": ""})),
                named(""),
                named("${fill:81:n}"),
                named("a b${run}"),
                named("a/b${run}"),
                named("a:b${run}"),
                create(json!({"name": "sfnconf-${run}-t", "type": "standard"})),
                create(json!({"name": "sfnconf-${run}-r", "roleArn": "not-an-arn"})),
            ],
        ),
    ]
}

fn updates() -> Vec<Draft> {
    let before =
        machine([("Wait for callback", with(callback(), json!({"Next": "Before"}))), ("Before", pass())]);
    let after =
        machine([("Wait for callback", with(callback(), json!({"Next": "After"}))), ("After", pass())]);
    let arn = json!("${machine:changing}");
    vec![
        Draft::new(
            "an update while a token is open",
            vec![own("changing", before.clone())],
            vec![
                Step::start(1, "changing", json!({})),
                Step::take(1, 1),
                Step::call(Operation::UpdateStateMachine, json!({"stateMachineArn": arn})),
                Step::call(
                    Operation::UpdateStateMachine,
                    json!({"stateMachineArn": arn, "definition": "{}"}),
                ),
                Step::call(
                    Operation::UpdateStateMachine,
                    json!({"stateMachineArn": arn, "definition": after.to_string()}),
                ),
                Step::call(Operation::DescribeStateMachineForExecution, json!({"executionArn": "${exec:1}"})),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
                Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": arn})),
                Step::call(
                    Operation::UpdateStateMachine,
                    json!({"stateMachineArn": "${machine:changing}-nowhere", "definition": after.to_string()}),
                ),
            ],
        ),
        Draft::new(
            "some seconds after an update",
            vec![own("changing", before.clone())],
            vec![
                Step::call(
                    Operation::UpdateStateMachine,
                    json!({"stateMachineArn": arn, "definition": after.to_string()}),
                ),
                Step::Sleep { ms: 11_000 },
                Step::start(1, "changing", json!({})),
                Step::take(1, 1),
                Step::succeed("1.1", &json!({})),
                Step::settle(1),
                Step::call(Operation::DescribeStateMachineForExecution, json!({"executionArn": "${exec:1}"})),
                Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": arn})),
            ],
        ),
        Draft::new(
            "update and creation are asked about the same definitions",
            vec![own("changing", before.clone())],
            [&after, &machine([("Pass", with(pass(), json!({"Next": "Nowhere", "End": null})))])]
                .into_iter()
                .map(Value::to_string)
                .flat_map(|text| {
                    [
                        Step::call(
                            Operation::CreateStateMachine,
                            json!({"name": "sfnconf-${run}-c", "roleArn": "${role}", "definition": text}),
                        ),
                        Step::call(
                            Operation::UpdateStateMachine,
                            json!({"stateMachineArn": arn, "definition": text}),
                        ),
                    ]
                })
                .collect(),
        ),
        Draft::new(
            "a deletion while a token is open",
            vec![own("changing", before)],
            vec![
                Step::start(1, "changing", json!({})),
                Step::take(1, 1),
                Step::call(Operation::DeleteStateMachine, json!({"stateMachineArn": arn})),
                Step::call(
                    Operation::StartExecution,
                    json!({"stateMachineArn": arn, "name": "late-${run}", "input": "{}"}),
                ),
                Step::call(Operation::StopExecution, json!({"executionArn": "${exec:1}"})),
            ],
        ),
        Draft::new(
            "the type is Standard unless said otherwise",
            vec![shared("quick", machine([("Pass", pass())]))],
            vec![Step::call(Operation::DescribeStateMachine, json!({"stateMachineArn": "${machine:quick}"}))],
        ),
    ]
}
