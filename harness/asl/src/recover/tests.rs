use crate::{Failure, Inputs, Machine, Recovery, RetryCounts, TaskFailure, Variables, parse, recover};
use serde_json::{Value, json};

fn machine(rescue: &Value) -> Machine {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true});
    state.as_object_mut().unwrap().extend(rescue.as_object().unwrap().clone());
    let definition = json!({"StartAt": "t", "States": {"t": state, "caught": {"Type": "Succeed"}, "other": {"Type": "Succeed"}}});
    parse(&definition.to_string()).unwrap()
}

fn ask(machine: &Machine, input: &Value, failure: &TaskFailure, counts: &mut RetryCounts) -> Recovery {
    let variables = Variables::new();
    let inputs = Inputs { input, context: &json!({}), variables: &variables, event_id: 2 };
    recover(machine.find("t").unwrap(), &inputs, failure, counts).unwrap()
}

fn named(error: &str) -> TaskFailure {
    TaskFailure::new(Some(error.to_owned()), Some("why".to_owned()))
}

fn catches(names: &Value, failure: &TaskFailure) -> bool {
    let machine = machine(&json!({"Catch": [{"ErrorEquals": names, "Next": "caught"}]}));
    matches!(ask(&machine, &json!({}), failure, &mut RetryCounts::default()), Recovery::Caught { .. })
}

fn waits(machine: &Machine, failure: &TaskFailure) -> Vec<u64> {
    let mut counts = RetryCounts::default();
    let mut waits = Vec::new();
    while let Recovery::Retry { after_ms_max, .. } = ask(machine, &json!({}), failure, &mut counts) {
        waits.push(after_ms_max);
    }
    waits
}

#[test]
fn an_empty_retrier_retries_three_times_after_1_2_and_4_seconds() {
    let machine = machine(&json!({"Retry": [{"ErrorEquals": ["States.ALL"]}]}));
    assert_eq!(waits(&machine, &named("E")), [1000, 2000, 4000]);
}

#[test]
fn waits_grow_by_the_rate_up_to_the_longest() {
    let retrier = json!({"ErrorEquals": ["E"], "IntervalSeconds": 2, "BackoffRate": 1.5, "MaxAttempts": 4, "MaxDelaySeconds": 5, "JitterStrategy": "FULL"});
    let machine = machine(&json!({"Retry": [retrier]}));
    assert_eq!(waits(&machine, &named("E")), [2000, 3000, 4500, 5000]);
    let first = ask(&machine, &json!({}), &named("E"), &mut RetryCounts::default());
    assert_eq!(first, Recovery::Retry { retrier: 0, after_ms_max: 2000, jitter: true });
}

#[test]
fn no_attempt_is_made_when_max_attempts_is_0() {
    let machine = machine(&json!({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]}));
    assert_eq!(waits(&machine, &named("E")), Vec::<u64>::new());
}

#[test]
fn counts_of_each_retrier_span_the_whole_visit() {
    // The States Language's own example of a complex retry: A, B, C, B with the counts going on.
    let machine = machine(&json!({
        "Retry": [
            {"ErrorEquals": ["A", "B"], "IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 2},
            {"ErrorEquals": ["C"], "IntervalSeconds": 5},
        ],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "caught"}],
    }));
    let mut counts = RetryCounts::default();
    let mut next = |error: &str| match ask(&machine, &json!({}), &named(error), &mut counts) {
        Recovery::Retry { after_ms_max, .. } => after_ms_max,
        Recovery::Caught { .. } => 0,
        Recovery::Uncaught(_) => 1,
    };
    assert_eq!([next("A"), next("B"), next("C"), next("B")], [1000, 2000, 5000, 0]);
    assert_eq!((counts.total(), counts.of(0), counts.of(1), counts.of(9)), (3, 2, 1, 0));
}

#[test]
fn the_first_matching_catcher_decides() {
    let machine = machine(&json!({"Catch": [
        {"ErrorEquals": ["X"], "Next": "other"}, {"ErrorEquals": ["E", "F"], "Next": "caught"}, {"ErrorEquals": ["States.ALL"], "Next": "other"},
    ]}));
    let Recovery::Caught { catcher, exit } =
        ask(&machine, &json!({}), &named("F"), &mut RetryCounts::default())
    else {
        panic!()
    };
    assert_eq!((catcher, exit.next), (1, crate::Next::State("caught".to_owned())));
}

#[test]
fn error_names_are_case_sensitive() {
    assert!(catches(&json!(["E"]), &named("E")));
    assert!(!catches(&json!(["e"]), &named("E")));
}

#[test]
fn a_failure_without_a_name_is_for_states_all_only() {
    let nameless = TaskFailure::new(None, None);
    assert!(catches(&json!(["States.ALL"]), &nameless));
    assert!(!catches(&json!(["States.TaskFailed"]), &nameless));
    assert!(!catches(&json!(["States.Runtime"]), &nameless));
    let machine =
        machine(&json!({"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "caught"}]}));
    let Recovery::Caught { exit, .. } =
        ask(&machine, &json!({"a": 1}), &nameless, &mut RetryCounts::default())
    else {
        panic!()
    };
    assert_eq!(exit.output, json!({"a": 1, "e": {"Error": null, "Cause": null}}));
}

#[test]
fn task_failed_matches_all_but_timeouts() {
    assert!(catches(&json!(["States.TaskFailed"]), &named("Custom")));
    assert!(!catches(&json!(["States.TaskFailed"]), &TaskFailure::timeout()));
    assert!(catches(&json!(["States.Timeout"]), &TaskFailure::timeout()));
}

#[test]
fn a_missed_heartbeat_goes_by_both_names() {
    let missed = TaskFailure::missed_heartbeat();
    assert!(catches(&json!(["States.HeartbeatTimeout"]), &missed));
    assert!(catches(&json!(["States.Timeout"]), &missed));
    assert!(catches(&json!(["States.ALL"]), &missed));
    assert!(!catches(&json!(["States.HeartbeatTimeout"]), &TaskFailure::timeout()));
    assert_eq!(missed.error.as_deref(), Some("States.Timeout"));
}

#[test]
fn a_runtime_error_of_the_interpreter_is_never_caught() {
    let machine = machine(&json!({"Retry": [{"ErrorEquals": ["States.ALL"]}]}));
    let failure = TaskFailure::from(&Failure::runtime(machine.find("t").unwrap(), 2, "Invalid path"));
    assert_eq!(waits(&machine, &failure), Vec::<u64>::new());
    assert!(!catches(&json!(["States.ALL"]), &failure));
    assert!(!catches(&json!(["States.Runtime"]), &failure));
    assert!(!catches(&json!(["States.ALL"]), &named("States.Runtime")));
    assert!(catches(&json!(["States.Runtime"]), &named("States.Runtime")));
}

#[test]
fn a_large_result_is_caught_but_a_large_output_only_by_its_name() {
    let large = Failure::data_limit("lambda");
    assert!(catches(
        &json!(["States.ALL"]),
        &TaskFailure::new(Some(large.error.clone()), large.cause.clone())
    ));
    assert!(!catches(&json!(["States.ALL"]), &TaskFailure::from(&large)));
    assert!(catches(&json!(["States.DataLimitExceeded"]), &TaskFailure::from(&large)));
}

#[test]
fn the_catchers_result_path_places_the_error_output() {
    let output = |catcher: Value| {
        let mut catcher = catcher;
        catcher["ErrorEquals"] = json!(["States.ALL"]);
        catcher["Next"] = json!("caught");
        let machine =
            machine(&json!({"Catch": [catcher], "OutputPath": "$.no.such.path", "ResultPath": "$.ignored"}));
        match ask(&machine, &json!({"a": 1}), &named("E"), &mut RetryCounts::default()) {
            Recovery::Caught { exit, .. } => exit.output,
            other => panic!("{other:?}"),
        }
    };
    let error = json!({"Error": "E", "Cause": "why"});
    assert_eq!(output(json!({})), error);
    assert_eq!(output(json!({"ResultPath": "$"})), error);
    assert_eq!(output(json!({"ResultPath": "$.x.y"})), json!({"a": 1, "x": {"y": error}}));
    assert_eq!(output(json!({"ResultPath": null})), json!({"a": 1}));
}

#[test]
fn a_jsonata_catcher_sees_the_error_output() {
    let machine = machine(&json!({
        "QueryLanguage": "JSONata",
        "Catch": [{
            "ErrorEquals": ["States.ALL"], "Next": "caught",
            "Assign": {"why": "{% $states.errorOutput.Cause %}"}, "Output": {"in": "{% $states.input %}", "e": "{% $states.errorOutput.Error & '!' %}"},
        }],
    }));
    let Recovery::Caught { exit, .. } = ask(&machine, &json!(7), &named("E"), &mut RetryCounts::default())
    else {
        panic!()
    };
    assert_eq!(exit.output, json!({"in": 7, "e": "E!"}));
    assert_eq!(exit.assigned["why"], json!("why"));
}

#[test]
fn an_unmatched_failure_leaves_the_state_as_it_came() {
    let machine = machine(&json!({"Catch": [{"ErrorEquals": ["X"], "Next": "caught"}]}));
    assert_eq!(
        ask(&machine, &json!({}), &named("E"), &mut RetryCounts::default()),
        Recovery::Uncaught(named("E"))
    );
}
