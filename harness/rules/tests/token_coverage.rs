//! What a run has tried of tokens is counted by the state that a call met, as far as the record shows it.

mod case;

use case::{Case, EXEC, TOKEN, done, one, refused};
use record::Operation::StopExecution;
use rules::{TOKEN_STATES, token_calls};
use serde_json::json;

fn met(case: &Case) -> Vec<(&'static str, &'static str, String)> {
    let calls = token_calls(&case.record).into_iter();
    calls.map(|call| (call.state, call.call, call.outcome)).collect()
}

#[test]
fn a_call_before_and_a_call_after_the_completion_met_two_states() {
    let mut case = Case::parked(&one(json!({})));
    case.beat(TOKEN, done(json!({})));
    case.success(TOKEN, "1", done(json!({})));
    case.wait(100).failure(TOKEN, "E", refused("TaskTimedOut"));
    let seen = met(&case);
    assert_eq!(
        seen,
        [
            ("open or closing", "SendTaskHeartbeat", "200".to_owned()),
            ("open or closing", "SendTaskSuccess", "200".to_owned()),
            ("used", "SendTaskFailure", "TaskTimedOut".to_owned()),
        ]
    );
}

#[test]
fn a_stopped_execution_a_strange_token_and_none_at_all_are_told_apart() {
    let mut case = Case::parked(&one(json!({})));
    case.call(StopExecution, json!({"executionArn": EXEC}), done(json!({"stopDate": 1_767_225_600.0})));
    case.wait(100).success(TOKEN, "1", refused("TaskTimedOut"));
    case.success("never-a-token", "1", refused("InvalidToken"));
    case.success("", "1", refused("ValidationException"));
    let states: Vec<_> = met(&case).into_iter().map(|(state, ..)| state).collect();
    assert_eq!(states, ["stopped", "never issued", "of no lawful length"]);
    assert!(states.iter().all(|state| TOKEN_STATES.contains(state)));
}
