//! What the rules say of tokens: open, used, expired, wrong, racing.

mod case;

use case::{Case, EXEC, History, TOKEN, done, one, refused, unknown};
use record::Operation;
use serde_json::json;

fn success_history() -> History {
    let mut history = History::parked(json!({}));
    history
        .succeeded(45, r#"{"n":1}"#)
        .exited(45, "Wait", r#"{"n":1}"#)
        .execution_succeeded(46, r#"{"n":1}"#);
    history
}

fn completed() -> Case {
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, r#"{"n":1}"#, done(json!({}))).wait(50).history(&success_history());
    let stop = (case::T0 + 46) as f64 / 1000.0;
    case.describe(
        "SUCCEEDED",
        json!({"output": r#"{"n":1}"#, "stopDate": stop, "outputDetails": {"included": true}}),
    );
    case
}

#[test]
fn an_ordinary_callback_is_lawful_and_shows_many_rules() {
    let case = completed();
    case.is_lawful();
    for rule in [
        "TOK-01", "TOK-05", "TOK-06", "TOK-07", "TOK-21", "WIRE-02", "WIRE-04", "START-01", "START-02",
        "DESC-01", "DESC-02", "GEH-12", "DEF-01", "HIS-21", "E2E-11", "IO-12",
    ] {
        case.meets(rule);
    }
}

#[test]
fn second_success_with_a_used_token_must_be_refused() {
    let mut case = completed();
    case.success(TOKEN, "2", refused("TaskTimedOut")).is_lawful();
    case.meets("TOK-13");
    let mut case = completed();
    case.success(TOKEN, "2", done(json!({}))).breaks("TOK-13");
    let mut case = completed();
    case.failure(TOKEN, "E", refused("InvalidToken")).breaks("TOK-13");
    let mut case = completed();
    case.beat(TOKEN, done(json!({}))).breaks("HB-07");
    let mut case = completed();
    case.failure(TOKEN, "E", refused("TaskDoesNotExist")).is_lawful();
}

#[test]
fn throttling_and_lost_replies_accuse_no_token_rule() {
    let mut case = completed();
    case.success(TOKEN, "2", refused("ThrottlingException")).success(TOKEN, "3", unknown()).is_lawful();
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, r#"{"n":1}"#, unknown())
        .success(TOKEN, r#"{"n":1}"#, refused("TaskTimedOut"))
        .wait(50)
        .history(&success_history());
    case.is_lawful();
}

#[test]
fn output_that_is_no_json_must_be_refused_and_leave_the_task_open() {
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "not json", refused("InvalidOutput")).success(TOKEN, r#"{"n":1}"#, done(json!({})));
    case.is_lawful();
    case.meets("TOK-08");
    case.meets("TOK-10");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "not json", done(json!({}))).breaks("TOK-08");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "not json", refused("InvalidOutput"))
        .success(TOKEN, "1", refused("TaskTimedOut"))
        .breaks("TOK-10");
}

#[test]
fn the_limit_of_an_output_is_counted_in_bytes() {
    let long = format!("\"{}\"", "é".repeat(131_072));
    assert_eq!(long.len(), 262_146);
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, &long, done(json!({}))).breaks("TOK-09");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, &long, refused("InvalidOutput")).is_lawful();
    let fits = format!("\"{}\"", "é".repeat(131_071));
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, &fits, refused("ValidationException")).breaks("TOK-09");
}

#[test]
fn wrong_tokens_are_told_apart() {
    let mut case = Case::parked(&one(json!({})));
    case.success("garbage", "1", refused("InvalidToken")).is_lawful();
    case.meets("TOK-17");
    let mut case = Case::parked(&one(json!({})));
    case.success("garbage", "1", done(json!({}))).breaks("TOK-17");
    let mut case = Case::parked(&one(json!({})));
    case.success("garbage", "1", refused("TaskTimedOut")).breaks("TOK-17");
    let cut = &TOKEN[..TOKEN.len() - 5];
    let mut case = Case::parked(&one(json!({})));
    case.success(cut, "1", refused("TaskDoesNotExist")).is_lawful();
    case.meets("TOK-18");
    let mut case = Case::parked(&one(json!({})));
    case.success(cut, "1", done(json!({}))).breaks("TOK-18");
    let mut case = Case::parked(&one(json!({})));
    case.success("", "1", refused("InvalidToken")).breaks("TOK-19");
}

#[test]
fn the_history_must_have_the_output_of_the_accepted_call() {
    let mut case = Case::parked(&one(json!({})));
    case.at(
        40,
        60,
        Operation::SendTaskSuccess,
        json!({"taskToken": TOKEN, "output": r#"{"n":2}"#}),
        done(json!({})),
    );
    case.at(
        41,
        61,
        Operation::SendTaskSuccess,
        json!({"taskToken": TOKEN, "output": r#"{"n":1}"#}),
        refused("TaskTimedOut"),
    );
    case.wait(50).history(&success_history()).breaks("TOK-21");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, r#"{"n":7}"#, done(json!({}))).wait(50).history(&success_history()).breaks("TOK-07");
}

#[test]
fn of_concurrent_completions_one_wins() {
    let both = |first: record::Outcome, second: record::Outcome| {
        let mut case = Case::parked(&one(json!({})));
        case.at(
            40,
            60,
            Operation::SendTaskSuccess,
            json!({"taskToken": TOKEN, "output": r#"{"n":1}"#}),
            first,
        );
        case.at(45, 61, Operation::SendTaskFailure, json!({"taskToken": TOKEN, "error": "E"}), second);
        case
    };
    both(done(json!({})), refused("TaskTimedOut")).is_lawful();
    both(done(json!({})), refused("TaskTimedOut")).meets("TOK-22");
    both(done(json!({})), done(json!({}))).breaks("TOK-22");
    both(refused("TaskTimedOut"), refused("TaskTimedOut")).breaks("TOK-07");
}

#[test]
fn a_task_must_wait_for_its_token() {
    let mut case = Case::parked(&one(json!({})));
    case.wait(50).history(&success_history()).breaks("TOK-06");
}

#[test]
fn an_accepted_success_must_move_the_execution() {
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "1", done(json!({}))).wait(60_000).history(&History::parked(json!({})));
    case.breaks("TOK-07");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "1", done(json!({}))).wait(500).history(&History::parked(json!({})));
    case.is_lawful();
}

#[test]
fn a_token_of_a_stopped_execution_is_closed() {
    let stopped = || {
        let mut case = Case::parked(&one(json!({})));
        let stop = (case::T0 + case.now) as f64 / 1000.0;
        case.call(Operation::StopExecution, json!({"executionArn": EXEC}), done(json!({"stopDate": stop})));
        case
    };
    stopped().success(TOKEN, "1", refused("TaskTimedOut")).is_lawful();
    stopped().success(TOKEN, "1", refused("TaskTimedOut")).meets("TOK-15");
    stopped().success(TOKEN, "1", done(json!({}))).breaks("TOK-15");
    let mut case = stopped();
    let at = (case::T0 + 2000) as f64 / 1000.0;
    case.describe("ABORTED", json!({"stopDate": at}))
        .describe("SUCCEEDED", json!({"stopDate": at, "output": "1"}))
        .breaks("DESC-05");
}

#[test]
fn a_token_stands_for_one_attempt_and_one_message() {
    let mut case = Case::parked(&one(json!({})));
    case.receive("m-2", TOKEN, 1).breaks("START-22");
    // The same message again is a redelivery.
    let mut case = Case::parked(&one(json!({})));
    case.receive("m-1", TOKEN, 2).is_lawful();
}

#[test]
fn no_message_of_a_finding_shows_a_token() {
    let mut case = completed();
    case.success(TOKEN, "2", done(json!({}))).failure("garbage", "E", done(json!({})));
    assert!(case.judge().iter().all(|finding| !finding.message.contains(TOKEN)));
}
