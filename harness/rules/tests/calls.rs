//! What the rules say of starts, definitions, reads, stops, deliveries and wire forms.

mod case;

use case::{Case, EXEC, History, MACHINE, QUEUE, T0, TOKEN, done, one, refused, unknown};
use record::{ApiError, Operation, Outcome};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn again(case: &mut Case, input: &str, outcome: Outcome) {
    case.call(
        Operation::StartExecution,
        json!({"stateMachineArn": MACHINE, "name": "exec-0001", "input": input}),
        outcome,
    );
}

fn first_answer(case: &Case) -> Outcome {
    let start = case.record.entries.iter().find(|e| e.call.operation == Operation::StartExecution);
    start.map_or_else(unknown, |entry| entry.outcome.clone())
}

#[test]
fn the_same_start_again_answers_the_same() {
    let mut case = Case::parked(&one(json!({})));
    let answer = first_answer(&case);
    again(&mut case, r#"{"a":1}"#, answer);
    case.is_lawful();
    case.meets("START-09");
    let mut case = Case::parked(&one(json!({})));
    again(
        &mut case,
        r#"{"a":1}"#,
        done(json!({"executionArn": EXEC, "startDate": (T0 + 999) as f64 / 1000.0})),
    );
    case.breaks("START-09");
    let mut case = Case::parked(&one(json!({})));
    again(&mut case, r#"{"a":1}"#, refused("ExecutionAlreadyExists"));
    case.success(TOKEN, "1", done(json!({}))).breaks("START-09");
}

#[test]
fn another_input_under_a_name_in_use_is_refused() {
    let mut case = Case::parked(&one(json!({})));
    again(&mut case, r#"{"a":2}"#, refused("ExecutionAlreadyExists"));
    case.is_lawful();
    case.meets("START-10");
    let mut case = Case::parked(&one(json!({})));
    let answer = first_answer(&case);
    again(&mut case, r#"{"a":2}"#, answer);
    case.breaks("START-10");
    // Spelled otherwise: either way, never a second execution.
    let mut case = Case::parked(&one(json!({})));
    again(&mut case, r#"{ "a" : 1.0 }"#, refused("ExecutionAlreadyExists"));
    case.is_lawful();
    case.meets("START-12");
}

#[test]
fn the_name_of_a_closed_execution_is_taken() {
    let mut case = Case::parked(&one(json!({})));
    case.describe("FAILED", json!({"stopDate": (T0 + 60) as f64 / 1000.0}));
    let answer = first_answer(&case);
    again(&mut case, r#"{"a":1}"#, answer);
    case.breaks("START-11");
}

#[test]
fn names_and_inputs_are_validated() {
    let start = |name: &str, input: &str, outcome: Outcome| {
        let mut case = Case::new();
        case.create(&one(json!({})));
        case.call(
            Operation::StartExecution,
            json!({"stateMachineArn": MACHINE, "name": name, "input": input}),
            outcome,
        );
        case
    };
    let ok = |name: &str| {
        done(
            json!({"executionArn": format!("arn:aws:states:eu-west-1:123456789012:execution:m:{name}"), "startDate": (T0 + 15) as f64 / 1000.0}),
        )
    };
    start("a b", "{}", ok("a b")).breaks("START-06");
    start("a b", "{}", refused("InvalidName")).is_lawful();
    start(&"x".repeat(81), "{}", ok(&"x".repeat(81))).breaks("START-04");
    start("été-日本", "{}", ok("été-日本")).meets("START-05");
    start("été-日本", "{}", refused("InvalidName")).breaks("START-05");
    start("a.b_c+d=e@f!'()", "{}", refused("InvalidName")).breaks("START-07");
    start("a", "{", ok("a")).breaks("START-15");
    start("a", "{", refused("InvalidExecutionInput")).is_lawful();
    start("a", "3", refused("InvalidExecutionInput")).breaks("START-15");
    let long = format!("\"{}\"", "é".repeat(131_072));
    start("a", &long, ok("a")).breaks("START-14");
    start("a", &long, refused("ValidationException")).is_lawful();
    start("a", "{}", done(json!({"executionArn": "arn:aws:states:eu-west-1:123456789012:execution:m:b", "startDate": 1_790_000_000.015}))).breaks("START-02");
    start("a", "{}", done(json!({"executionArn": "arn:aws:states:eu-west-1:123456789012:execution:m:a", "startDate": "2026-09-21T00:00:00Z"}))).breaks("WIRE-02");
}

#[test]
fn flawed_definitions_are_refused_by_their_rule() {
    let create = |definition: &str, outcome: Outcome| {
        let mut case = Case::new();
        case.call(
            Operation::CreateStateMachine,
            json!({"name": "m", "definition": definition, "roleArn": ROLE}),
            outcome,
        );
        case
    };
    let taken = || done(json!({"stateMachineArn": MACHINE, "creationDate": T0 as f64 / 1000.0}));
    let all = json!(["States.ALL"]);
    let flawed: Vec<(&str, String)> = vec![
        ("DEF-04", "not json".into()),
        ("DEF-05", json!({"States": {"A": {"Type": "Succeed"}}}).to_string()),
        ("DEF-06", json!({"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}).to_string()),
        ("DEF-07", json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}).to_string()),
        ("DEF-08", one(json!({"Next": "Wait"})).to_string()),
        ("DEF-11", one(json!({"TimeoutSeconds": 0})).to_string()),
        ("DEF-12", one(json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5})).to_string()),
        ("DEF-13", one(json!({"TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"})).to_string()),
        ("DEF-14", one(json!({"Retry": [{"ErrorEquals": []}]})).to_string()),
        ("DEF-15", one(json!({"Retry": [{"ErrorEquals": all}, {"ErrorEquals": ["E"]}]})).to_string()),
        ("DEF-16", one(json!({"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]})).to_string()),
    ];
    for (rule, definition) in &flawed {
        create(definition, taken()).breaks(rule);
        create(definition, refused("InvalidDefinition")).is_lawful();
        create(definition, refused("InvalidDefinition")).meets(rule);
        create(definition, refused("ValidationException")).breaks(rule);
    }
    create(&one(json!({})).to_string(), refused("InvalidDefinition")).breaks("DEF-01");
    let untold = json!({"StartAt": "W", "States": {"W": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"QueueUrl": QUEUE, "MessageBody": "x"}, "TimeoutSeconds": 5, "End": true}}});
    create(&untold.to_string(), refused("InvalidDefinition")).breaks("DEF-20");
}

#[test]
fn creating_again_and_validating_agree() {
    let mut case = Case::new();
    case.create(&one(json!({})));
    let first = case.record.entries[0].outcome.clone();
    let input =
        |definition: &Value| json!({"name": "m", "definition": definition.to_string(), "roleArn": ROLE});
    case.call(Operation::CreateStateMachine, input(&one(json!({}))), first.clone()).is_lawful();
    case.meets("DEF-21");
    case.call(
        Operation::CreateStateMachine,
        input(&one(json!({"TimeoutSeconds": 9}))),
        refused("StateMachineAlreadyExists"),
    );
    case.is_lawful();
    case.call(Operation::CreateStateMachine, input(&one(json!({"TimeoutSeconds": 8}))), first)
        .breaks("DEF-22");
    let mut case = Case::new();
    case.call(
        Operation::ValidateStateMachineDefinition,
        json!({"definition": "not json"}),
        done(json!({"result": "OK", "diagnostics": []})),
    );
    case.breaks("DEF-33");
    let mut case = Case::new();
    case.call(
        Operation::ValidateStateMachineDefinition,
        json!({"definition": "not json"}),
        done(json!({"result": "FAIL", "diagnostics": []})),
    );
    case.breaks("DEF-32");
}

#[test]
fn codes_and_statuses_belong_to_the_operation() {
    let mut case = Case::parked(&one(json!({})));
    case.beat("garbage", refused("InvalidOutput")).breaks("WIRE-06");
    let mut case = Case::parked(&one(json!({})));
    case.beat("garbage", Outcome::Refused(ApiError::new("InvalidToken", "").with_status(404)))
        .breaks("WIRE-03");
    let mut case = Case::parked(&one(json!({})));
    case.success(
        TOKEN,
        "1",
        Outcome::Refused(ApiError::new("TooManyRequestsException", "").with_status(429)),
    )
    .breaks("WIRE-07");
    let mut case = Case::parked(&one(json!({})));
    case.success(TOKEN, "1", done(json!({"ok": true}))).breaks("WIRE-04");
}

#[test]
fn an_operation_that_is_not_offered_makes_its_rules_unsupported() {
    let mut case = Case::parked(&one(json!({})));
    let missing = Outcome::Refused(ApiError::new("UnknownOperationException", "").with_status(400));
    case.call(Operation::RedriveExecution, json!({"executionArn": EXEC}), missing).is_lawful();
    let score = rules::score::judge_all([&case.record]);
    assert_eq!(score.verdict("RED-02").word(), "unsupported");
    assert_eq!(score.verdict("START-01").word(), "holds");
    assert_eq!(score.verdict("TMO-06").word(), "vacuous");
}

fn events(count: usize) -> Vec<Value> {
    let mut history = History::started();
    history.push(
        25,
        "PassStateEntered",
        json!({"stateEnteredEventDetails": {"name": "P0", "input": "{\"a\":1}"}}),
    );
    for n in 1..count {
        history.push(
            25,
            "PassStateExited",
            json!({"stateExitedEventDetails": {"name": format!("P{}", n - 1), "output": "{}"}}),
        );
        history.push(
            25,
            "PassStateEntered",
            json!({"stateEnteredEventDetails": {"name": format!("P{n}"), "input": "{}"}}),
        );
    }
    history.events
}

fn paged(drop: Option<usize>) -> Case {
    let mut case = Case::new();
    case.create(&one(json!({}))).start(r#"{"a":1}"#);
    let all = events(3);
    let mut token: Option<String> = None;
    for (page, chunk) in all.chunks(2).enumerate() {
        let mut input = json!({"executionArn": EXEC, "maxResults": 2});
        if let Some(token) = &token {
            input["nextToken"] = json!(token);
        }
        let kept: Vec<&Value> =
            chunk.iter().enumerate().filter(|(n, _)| drop != Some(page * 2 + n)).map(|(_, e)| e).collect();
        let mut reply = json!({"events": kept});
        token = (page * 2 + 2 < all.len()).then(|| format!("page-{page}"));
        if let Some(token) = &token {
            reply["nextToken"] = json!(token);
        }
        case.call(Operation::GetExecutionHistory, input, done(reply));
    }
    case
}

#[test]
fn pages_make_the_whole_history_once() {
    paged(None).meets("GEH-03");
    paged(Some(2)).breaks("GEH-03");
    let mut case = paged(None);
    case.call(
        Operation::GetExecutionHistory,
        json!({"executionArn": EXEC, "nextToken": "made-up"}),
        done(json!({"events": []})),
    );
    case.breaks("GEH-05");
    let mut case = paged(None);
    case.call(
        Operation::GetExecutionHistory,
        json!({"executionArn": EXEC, "maxResults": 1001}),
        done(json!({"events": events(1)})),
    );
    case.breaks("GEH-02");
    let mut case = paged(None);
    let reversed: Vec<Value> = events(3).into_iter().rev().collect();
    case.call(
        Operation::GetExecutionHistory,
        json!({"executionArn": EXEC, "reverseOrder": true}),
        done(json!({"events": reversed})),
    );
    case.meets("GEH-01");
}

#[test]
fn unknown_executions_are_refused() {
    let other = "arn:aws:states:eu-west-1:123456789012:execution:m:never";
    for operation in [Operation::GetExecutionHistory, Operation::DescribeExecution, Operation::StopExecution]
    {
        let mut case = Case::parked(&one(json!({})));
        case.call(operation, json!({"executionArn": other}), refused("ExecutionDoesNotExist")).is_lawful();
        let mut case = Case::parked(&one(json!({})));
        case.call(operation, json!({"executionArn": "nonsense"}), refused("ExecutionDoesNotExist"));
        case.breaks(match operation {
            Operation::GetExecutionHistory => "GEH-07",
            Operation::DescribeExecution => "DESC-07",
            _ => "STOP-07",
        });
    }
}

#[test]
fn a_description_has_what_its_status_promises() {
    let stop = (T0 + 60) as f64 / 1000.0;
    let described = |status: &str, more: Value| {
        let mut case = Case::parked(&one(json!({})));
        case.describe(status, more);
        case
    };
    described("RUNNING", json!({})).is_lawful();
    described("RUNNING", json!({"stopDate": stop})).breaks("DESC-02");
    described("SUCCEEDED", json!({"stopDate": stop})).breaks("DESC-03");
    described("FAILED", json!({"stopDate": stop, "output": "1"})).breaks("DESC-03");
    described("ABORTED", json!({"stopDate": stop, "error": "E"})).breaks("DESC-04");
    described("RUNNING", json!({"input": "{}"})).breaks("DESC-08");
    // Descriptions may lag behind one another, for a while.
    let mut case = described("FAILED", json!({"stopDate": stop}));
    case.wait(2_000).describe("RUNNING", json!({})).is_lawful();
    let mut case = described("FAILED", json!({"stopDate": stop}));
    case.describe("ABORTED", json!({"stopDate": stop})).breaks("DESC-05");
    let mut case = described("FAILED", json!({"stopDate": stop}));
    case.wait(40_000).describe("RUNNING", json!({})).breaks("DESC-05");
    // A list that lags behind a description is lawful.
    let mut case = described("FAILED", json!({"stopDate": stop}));
    case.call(Operation::ListExecutions, json!({"stateMachineArn": MACHINE}), done(json!({"executions": [
        {"executionArn": EXEC, "stateMachineArn": MACHINE, "name": "exec-0001", "status": "RUNNING", "startDate": (T0 + 25) as f64 / 1000.0}
    ]})));
    case.is_lawful();
}

#[test]
fn a_stop_ends_the_execution() {
    let stopped = |status: &str, more: Value| {
        let mut case = Case::parked(&one(json!({})));
        let stop = (T0 + case.now + 5) as f64 / 1000.0;
        case.call(
            Operation::StopExecution,
            json!({"executionArn": EXEC, "error": "E"}),
            done(json!({"stopDate": stop})),
        );
        let mut body = json!({"stopDate": stop});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case.wait(20).describe(status, body);
        case
    };
    stopped("ABORTED", json!({"error": "E"})).is_lawful();
    stopped("ABORTED", json!({"error": "E"})).meets("STOP-01");
    stopped("ABORTED", json!({})).breaks("STOP-02");
    stopped("FAILED", json!({"error": "E"})).breaks("STOP-01");
    let mut history = History::parked(json!({}));
    history.push(60, "ExecutionAborted", json!({"executionAbortedEventDetails": {"error": "E"}}));
    history.succeeded(90, "1");
    let mut case = stopped("ABORTED", json!({"error": "E"}));
    case.wait(50).history(&history).breaks("STOP-06");
}

#[test]
fn redelivery_is_lawful_and_losing_a_message_is_not() {
    let mut case = Case::parked(&one(json!({})));
    case.wait(31_000).receive("m-1", TOKEN, 2).is_lawful();
    case.meets("SQS-04");
    let mut case = Case::parked(&one(json!({})));
    case.wait(31_000).receive("m-1", TOKEN, 1).is_lawful();
    case.wait(31_000).receive("m-1", TOKEN, 1).breaks("SQS-11");
    // A few early duplicates are lawful, a habit is not.
    let mut case = Case::parked(&one(json!({})));
    for count in 2..=7 {
        case.receive("m-1", TOKEN, count);
    }
    case.is_lawful();
    case.receive("m-1", TOKEN, 8).breaks("SQS-04");
    let mut case = Case::parked(&one(json!({})));
    case.wait(75_000).call(
        Operation::ReceiveMessage,
        json!({"QueueUrl": QUEUE, "WaitTimeSeconds": 20}),
        done(json!({})),
    );
    case.breaks("SQS-04");
    let mut case = Case::parked(&one(json!({})));
    let handle = format!("h-{}", case.record.entries.len() - 1);
    case.call(Operation::DeleteMessage, json!({"QueueUrl": QUEUE, "ReceiptHandle": handle}), done(json!({})));
    case.wait(75_000).call(
        Operation::ReceiveMessage,
        json!({"QueueUrl": QUEUE, "WaitTimeSeconds": 20}),
        done(json!({})),
    );
    case.is_lawful();
}

#[test]
fn a_message_that_never_comes_is_caught() {
    let mut case = Case::new();
    case.call(Operation::CreateQueue, json!({"QueueName": "work"}), done(json!({"QueueUrl": QUEUE})));
    case.create(&one(json!({}))).start(r#"{"a":1}"#);
    for _ in 0..10 {
        case.wait(1_000).call(Operation::ReceiveMessage, json!({"QueueUrl": QUEUE}), done(json!({})));
    }
    case.hung().breaks("TOK-01");
}

fn notified(texts: &[&str], answer_first: bool) -> Case {
    let publish = |text: &str| json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": text}, "End": true});
    let mut definition =
        one(json!({"Next": "Good", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bad"}]}));
    definition["States"]["Good"] = publish("all went well");
    definition["States"]["Bad"] = publish("it failed");
    let mut case = Case::parked(&definition);
    if answer_first {
        case.success(TOKEN, "1", done(json!({})));
    }
    for (n, text) in texts.iter().enumerate() {
        let envelope = json!({"Type": "Notification", "MessageId": format!("n-{n}"), "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": text, "Timestamp": "2026-09-21T00:00:00.000Z", "SignatureVersion": "1", "Signature": "s", "SigningCertURL": "u", "UnsubscribeURL": "u"}).to_string();
        case.call(Operation::ReceiveMessage, json!({"QueueUrl": "http://localhost/1/news"}), done(json!({"Messages": [{"MessageId": format!("s-{n}"), "ReceiptHandle": format!("r-{n}"), "Body": envelope}]})));
    }
    if !answer_first {
        case.success(TOKEN, "1", done(json!({})));
    }
    case
}

#[test]
fn one_outcome_gives_one_notification() {
    let case = notified(&["all went well"], true);
    case.is_lawful();
    case.meets("E2E-01");
    case.meets("E2E-03");
    case.meets("SNS-02");
    notified(&["all went well", "all went well"], true).breaks("E2E-01");
    notified(&["it failed"], true).breaks("E2E-01");
    notified(&["all went well", "it failed"], true).breaks("E2E-03");
    notified(&["all went well"], false).breaks("E2E-03");
}

#[test]
fn unknown_answers_and_eventual_consistency_accuse_nobody() {
    let mut case = Case::parked(&one(json!({})));
    again(&mut case, r#"{"a":1}"#, unknown());
    case.call(Operation::StopExecution, json!({"executionArn": EXEC}), unknown());
    case.success(TOKEN, "1", refused("TaskTimedOut"));
    case.describe("RUNNING", json!({}));
    case.call(Operation::DescribeExecution, json!({"executionArn": EXEC}), refused("ThrottlingException"));
    case.is_lawful();
}
