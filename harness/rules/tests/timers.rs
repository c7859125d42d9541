//! What the rules say of timeouts, heartbeats, Retry and Catch.

mod case;

use case::{Case, EXEC, History, T0, TOKEN, done, one, refused};
use record::Operation;
use serde_json::json;

fn timed_out(timers: serde_json::Value, at: i64) -> Case {
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 5})));
    let mut history = History::parked(timers);
    history.timed_out(at).execution_failed(at, json!({"error": "States.Timeout"}));
    case.wait(at + 100).history(&history);
    case
}

#[test]
fn a_timeout_in_time_is_lawful() {
    let case = timed_out(json!({"timeoutInSeconds": 5}), 26 + 5000);
    case.is_lawful();
    for rule in ["TMO-01", "TMO-02", "TMO-05", "TMO-11", "ERR-06"] {
        case.meets(rule);
    }
    // Late by seconds is lawful too: timers are lower bounds.
    timed_out(json!({"timeoutInSeconds": 5}), 26 + 9300).is_lawful();
}

#[test]
fn a_timeout_that_fires_early_is_caught() {
    timed_out(json!({"timeoutInSeconds": 5}), 26 + 2500).breaks("TMO-02");
}

#[test]
fn a_timeout_without_timeout_is_caught() {
    timed_out(json!({}), 26 + 5000).breaks("TMO-03");
}

#[test]
fn a_timeout_that_never_fires_is_caught_by_the_rule_that_promises_it() {
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 5})));
    case.wait(16_000).history(&History::parked(json!({"timeoutInSeconds": 5}))).hung();
    case.breaks("TMO-01");
    // Looked at too soon: nothing is said.
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 5})));
    case.wait(6_000).history(&History::parked(json!({"timeoutInSeconds": 5}))).hung();
    case.is_lawful();
}

#[test]
fn a_token_of_a_timed_out_task_is_closed() {
    let mut case = timed_out(json!({"timeoutInSeconds": 5}), 26 + 5000);
    case.success(TOKEN, "1", refused("TaskTimedOut")).is_lawful();
    case.meets("TOK-14");
    let mut case = timed_out(json!({"timeoutInSeconds": 5}), 26 + 5000);
    case.success(TOKEN, "1", done(json!({}))).breaks("TOK-14");
}

#[test]
fn two_hundred_for_a_task_that_timed_out_is_caught() {
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 5})));
    case.now = 5_000;
    case.success(TOKEN, "1", done(json!({})));
    let mut history = History::parked(json!({"timeoutInSeconds": 5}));
    history.timed_out(5_030).execution_failed(5_030, json!({"error": "States.Timeout"}));
    case.wait(100).history(&history).breaks("TMO-09");
}

fn beaten(missed_at: i64) -> Case {
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 4})));
    case.now = 2_000;
    case.beat(TOKEN, done(json!({})));
    let mut history = History::parked(json!({"timeoutInSeconds": 60, "heartbeatInSeconds": 4}));
    history.timed_out(missed_at).execution_failed(missed_at, json!({"error": "States.Timeout"}));
    case.now = missed_at + 100;
    case.history(&history);
    case
}

#[test]
fn a_heartbeat_restarts_the_window() {
    let case = beaten(6_100);
    case.is_lawful();
    case.meets("HB-03");
    case.meets("HB-04");
    // The window counted from the start: the beat was ignored.
    beaten(4_100).breaks("HB-03");
    beaten(2_500).breaks("HB-05");
}

#[test]
fn a_missed_heartbeat_that_never_fires_is_caught() {
    let mut case = Case::parked(&one(json!({"TimeoutSeconds": 600, "HeartbeatSeconds": 4})));
    case.wait(20_000)
        .history(&History::parked(json!({"timeoutInSeconds": 600, "heartbeatInSeconds": 4})))
        .hung();
    case.breaks("HB-01");
}

#[test]
fn an_open_task_without_window_takes_heartbeats() {
    let mut case = Case::parked(&one(json!({})));
    case.beat(TOKEN, done(json!({}))).is_lawful();
    case.meets("HB-06");
    let mut case = Case::parked(&one(json!({})));
    case.beat(TOKEN, refused("InvalidToken")).breaks("HB-06");
}

#[expect(clippy::needless_pass_by_value, reason = "made in place by every caller")]
fn caught(error: &str, catch: serde_json::Value, follow: impl Fn(&mut History)) -> Case {
    let mut definition = one(json!({"Catch": catch, "Next": "A"}));
    for name in ["A", "B"] {
        definition["States"][name] = json!({"Type": "Pass", "End": true});
    }
    let mut case = Case::parked(&definition);
    case.failure(TOKEN, error, done(json!({})));
    let mut history = History::parked(json!({}));
    history.failed(45, error);
    follow(&mut history);
    case.wait(100).history(&history);
    case
}

fn enters(history: &mut History, name: &str, output: &str) {
    history.exited(46, "Wait", output);
    history.push(46, "PassStateEntered", json!({"stateEnteredEventDetails": {"name": name, "input": output, "inputDetails": {"truncated": false}}}));
    history.push(46, "PassStateExited", json!({"stateExitedEventDetails": {"name": name, "output": output, "outputDetails": {"truncated": false}}}));
    history.execution_succeeded(47, output);
}

#[test]
fn the_first_matching_catcher_decides() {
    let output = r#"{"Error":"E","Cause":"why"}"#;
    let catch = json!([{"ErrorEquals": ["E"], "Next": "A"}, {"ErrorEquals": ["States.ALL"], "Next": "B"}]);
    let case = caught("E", catch.clone(), |history| enters(history, "A", output));
    case.is_lawful();
    case.meets("ERR-05");
    case.meets("ERR-07");
    case.meets("ERR-09");
    caught("E", catch, |history| enters(history, "B", output)).breaks("ERR-05");
}

#[test]
fn names_match_exactly_and_wildcards_match_all() {
    let output = r#"{"Error":"E","Cause":"why"}"#;
    let fails = |history: &mut History| {
        history.execution_failed(46, json!({"error": "E", "cause": "why"}));
    };
    caught("E", json!([{"ErrorEquals": ["e"], "Next": "A"}]), fails).is_lawful();
    caught("E", json!([{"ErrorEquals": ["e"], "Next": "A"}]), |history| enters(history, "A", output))
        .breaks("ERR-01");
    caught("E", json!([{"ErrorEquals": ["States.ALL"], "Next": "A"}]), fails).breaks("ERR-02");
    caught("E", json!([{"ErrorEquals": ["States.TaskFailed"], "Next": "A"}]), fails).breaks("ERR-03");
    let broken = r#"{"Error":"Other","Cause":"why"}"#;
    caught("E", json!([{"ErrorEquals": ["E"], "Next": "A"}]), |history| enters(history, "A", broken))
        .breaks("ERR-07");
}

#[test]
fn the_error_of_a_failure_is_not_lost() {
    let mut case = Case::parked(&one(json!({})));
    case.failure(TOKEN, "E", done(json!({})));
    let mut history = History::parked(json!({}));
    history.failed(45, "TaskFailed").execution_failed(46, json!({"error": "TaskFailed", "cause": "why"}));
    case.wait(100).history(&history).breaks("TOK-11");
}

fn retried(wait: i64, second: &str, attempts: usize) -> Case {
    let definition =
        one(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 1}]}));
    let mut case = Case::parked(&definition);
    case.failure(TOKEN, "E", done(json!({})));
    let mut history = History::parked(json!({}));
    history.failed(45, "E");
    let mut at = 45;
    for n in 1..attempts {
        at += wait;
        let token = format!("{second}{n}");
        let id = format!("m-{}", n + 1);
        history.scheduled(at, &token, json!({})).submitted(at + 1, &id);
        case.now = at + 10;
        case.receive(&id, &token, 1).failure(&token, "E", done(json!({})));
        at = case.now;
        history.failed(at - 5, "E");
    }
    history.execution_failed(at, json!({"error": "E", "cause": "why"}));
    case.wait(100).history(&history);
    case
}

const SECOND: &str = "AQC0zzyyxxwwvvuuttssrrqqppoonnmmllkkjjiihhggffeeddccbbaa99==";

#[test]
fn a_retry_waits_and_has_its_own_token() {
    let case = retried(2_000, SECOND, 2);
    case.is_lawful();
    for rule in ["ERR-10", "ERR-13", "ERR-16", "ERR-17", "ERR-18", "TOK-04"] {
        case.meets(rule);
    }
    retried(500, SECOND, 2).breaks("ERR-13");
    retried(2_000, SECOND, 3).breaks("ERR-16");
    retried(2_000, SECOND, 1).breaks("ERR-02");
}

#[test]
fn a_retry_with_the_old_token_is_caught() {
    let definition =
        one(json!({"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]}));
    let mut case = Case::parked(&definition);
    let mut history = History::parked(json!({"timeoutInSeconds": 5}));
    history.timed_out(5_100).scheduled(6_200, TOKEN, json!({"timeoutInSeconds": 5})).submitted(6_201, "m-2");
    case.now = 6_300;
    case.receive("m-2", TOKEN, 1).history(&history);
    case.breaks("ERR-17");
    case.breaks("TOK-04");
}

#[test]
fn a_machine_timeout_is_timed_out_and_nothing_else() {
    let mut definition = one(json!({}));
    definition["TimeoutSeconds"] = json!(3);
    let ended = |kind: &str, at: i64, status: &str, more: serde_json::Value| {
        let mut case = Case::parked(&definition);
        let mut history = History::parked(json!({}));
        let member = format!("{}{}EventDetails", kind[..1].to_lowercase(), &kind[1..]);
        let mut details = serde_json::Map::new();
        details.insert(member, json!({"error": "States.Timeout"}));
        history.push(at, kind, serde_json::Value::Object(details));
        case.now = at + 100;
        case.history(&history);
        let mut body = json!({"stopDate": (T0 + at) as f64 / 1000.0});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case.describe(status, body);
        case
    };
    let case = ended("ExecutionTimedOut", 3_030, "TIMED_OUT", json!({}));
    case.is_lawful();
    case.meets("TMO-06");
    case.meets("TMO-07");
    ended("ExecutionTimedOut", 1_500, "TIMED_OUT", json!({})).breaks("TMO-06");
    ended("ExecutionTimedOut", 3_030, "TIMED_OUT", json!({"error": "States.Timeout"})).breaks("TMO-07");
    ended("ExecutionFailed", 3_030, "FAILED", json!({"error": "States.Timeout"})).breaks("TMO-06");
    let mut case = Case::parked(&definition);
    case.wait(15_000).call(Operation::DescribeExecution, json!({"executionArn": EXEC}), done(json!({
        "executionArn": EXEC, "stateMachineArn": case::MACHINE, "status": "RUNNING", "startDate": (T0 + 25) as f64 / 1000.0, "input": "{\"a\":1}"
    })));
    case.hung().breaks("TMO-06");
}
