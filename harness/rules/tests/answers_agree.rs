//! What the rules say of answers of the wrong shape, and of answers that do not agree with each other.

#![expect(clippy::needless_pass_by_value, reason = "callers write the value where they call")]
#![expect(clippy::unwrap_used, reason = "a test may stop at what it cannot go on without")]

mod case;

use case::{Case, EXEC, MACHINE, T0, TOKEN, done, one, refused};
use record::Operation;
use serde_json::{Value, json};

const LATER: i64 = 31_000;

fn stamp(at: i64) -> f64 {
    (T0 + at) as f64 / 1000.0
}

fn parked() -> Case {
    Case::parked(&one(json!({})))
}

fn machine(more: Value) -> Value {
    let mut reply = json!({
        "stateMachineArn": MACHINE, "name": "m", "status": "ACTIVE", "definition": one(json!({})).to_string(),
        "roleArn": "arn:aws:iam::123456789012:role/r", "type": "STANDARD", "creationDate": stamp(10)
    });
    reply.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    reply
}

fn describe_machine(case: &mut Case, more: Value) -> &mut Case {
    case.call(Operation::DescribeStateMachine, json!({"stateMachineArn": MACHINE}), done(machine(more)))
}

fn entry(more: Value) -> Value {
    let mut body = json!({
        "executionArn": EXEC, "stateMachineArn": MACHINE, "name": "exec-0001", "status": "RUNNING", "startDate": stamp(25)
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn list(case: &mut Case, input: Value, bodies: &[Value]) {
    let mut asked = json!({"stateMachineArn": MACHINE});
    asked.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    case.call(Operation::ListExecutions, asked, done(json!({"executions": bodies})));
}

#[test]
fn an_answer_without_a_required_member_or_with_one_of_another_type_has_no_lawful_shape() {
    let mut case = parked();
    describe_machine(&mut case, json!({}));
    case.is_lawful();
    case.meets("WIRE-01");
    for flaw in [
        json!({"roleArn": null}),
        json!({"name": 7}),
        json!({"type": "standard"}),
        json!({"stateMachineArn": "m"}),
        json!({"loggingConfiguration": {"level": "LOUD"}}),
    ] {
        describe_machine(&mut parked(), flaw).breaks("WIRE-01");
    }
    describe_machine(&mut parked(), json!({"creationDate": "2026-11-28T12:00:00Z"})).breaks("WIRE-02");
}

#[test]
fn a_machine_is_described_as_it_was_made() {
    for flaw in [
        json!({"name": "other"}),
        json!({"roleArn": "arn:aws:iam::123456789012:role/other"}),
        json!({"creationDate": stamp(5_000)}),
        json!({"definition": "{}"}),
    ] {
        describe_machine(&mut parked(), flaw).breaks("DEF-01");
    }
}

#[test]
fn an_update_is_described_after_some_seconds_and_not_at_once() {
    let updated = |wait: i64| {
        let mut case = parked();
        let after = one(json!({"Comment": "changed"})).to_string();
        case.call(
            Operation::UpdateStateMachine,
            json!({"stateMachineArn": MACHINE, "definition": after}),
            done(json!({"updateDate": stamp(case.now + 5)})),
        );
        case.wait(wait);
        describe_machine(&mut case, json!({}));
        case
    };
    updated(1_000).is_lawful();
    updated(LATER).breaks("DEF-29");
}

#[test]
fn an_execution_is_described_and_listed_as_it_was_started() {
    let mut case = parked();
    case.describe("RUNNING", json!({}));
    list(&mut case, json!({}), &[entry(json!({}))]);
    case.is_lawful();
    let mut case = parked();
    case.describe("RUNNING", json!({"startDate": stamp(2_000)})).breaks("DESC-01");
    let mut case = parked();
    case.describe("RUNNING", json!({"stateMachineVersionArn": format!("{MACHINE}:1")})).breaks("START-19");
    let mut case = parked();
    list(&mut case, json!({}), &[entry(json!({"name": "other"}))]);
    case.breaks("LIST-04");
    let elsewhere = MACHINE.replace(":m", ":n");
    let mut case = parked();
    list(&mut case, json!({}), &[entry(json!({"stateMachineArn": elsewhere}))]);
    case.breaks("LIST-05");
}

#[test]
fn a_closed_execution_is_listed_under_its_status_after_a_while_and_not_at_once() {
    let ended = |wait: i64| {
        let mut case = parked();
        case.success(TOKEN, "1", done(json!({})));
        case.describe("SUCCEEDED", json!({"stopDate": stamp(case.now), "output": "1"}));
        case.wait(wait);
        list(&mut case, json!({"statusFilter": "SUCCEEDED"}), &[]);
        case
    };
    ended(1_000).is_lawful();
    ended(LATER).breaks("LIST-02");
}

#[test]
fn what_is_closed_is_described_the_same_each_time() {
    let mut case = parked();
    case.success(TOKEN, "1", done(json!({})));
    let stop = case.now;
    case.describe("SUCCEEDED", json!({"stopDate": stamp(stop), "output": "1"}));
    case.describe("SUCCEEDED", json!({"stopDate": stamp(stop), "output": " 1 "}));
    case.is_lawful();
    case.describe("SUCCEEDED", json!({"stopDate": stamp(stop + 3), "output": "1"})).breaks("DESC-05");
}

#[test]
fn a_deleted_machine_is_deleting_or_unknown_after_a_while() {
    let deleted = |wait: i64, more: Value| {
        let mut case = parked();
        case.call(Operation::DeleteStateMachine, json!({"stateMachineArn": MACHINE}), done(json!({})));
        case.wait(wait);
        describe_machine(&mut case, more);
        case
    };
    deleted(1_000, json!({})).is_lawful();
    deleted(LATER, json!({"status": "DELETING"})).is_lawful();
    deleted(LATER, json!({})).breaks("DEF-30");
}

#[test]
fn unknown_things_and_texts_that_are_no_arn_are_refused_by_their_name() {
    let asked = |arn: &str, code: &str| {
        let mut case = parked();
        case.call(Operation::DescribeStateMachine, json!({"stateMachineArn": arn}), refused(code));
        case
    };
    asked("nonsense", "InvalidArn").is_lawful();
    asked(&format!("{MACHINE}-nowhere"), "StateMachineDoesNotExist").is_lawful();
    asked("nonsense", "ValidationException").breaks("WIRE-06");
    asked(&format!("{MACHINE}-nowhere"), "InvalidArn").breaks("WIRE-06");
    asked(MACHINE, "ValidationException").breaks("DEF-26");
}
