//! What the interpreter does with the steps of a plan, shown on a target that says what it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use engine::{Options, replay};
use plan::{Fault, MachineSpec, Plan, Step};
use record::{Call, CaseEnd, CaseRecord, Operation, Outcome};
use serde_json::{Value, json};
use stage::{Always, Scripted, message, refused};

fn plan_of(steps: Vec<Step>) -> Plan {
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    Plan {
        name: "test-1".to_owned(),
        family: "test".to_owned(),
        about: String::new(),
        machines: [("m".to_owned(), MachineSpec { definition, shared: false })].into_iter().collect(),
        topic: false,
        dead_letter_after: None,
        function: None,
        needs: Vec::new(),
        steps,
    }
}

fn run(target: &Arc<Scripted>, plan: &Plan) -> CaseRecord {
    let targets = Arc::new(Always(target.clone()));
    stage::runtime().block_on(replay(targets, plan, &Options::default())).unwrap().record
}

fn outcomes(record: &CaseRecord, operation: Operation) -> Vec<&Outcome> {
    record.entries.iter().filter(|e| e.call.operation == operation).map(|e| &e.outcome).collect()
}

const TOKEN: &str = "AQCgAAAAKgAAAAMAAAAAAAAAAZtoken-one-of-this-test-0123456789";

/// Delivers one message with a token of execution 1, once.
fn delivering() -> Arc<Scripted> {
    Scripted::in_virtual_time(|call, before| match call.operation {
        Operation::ReceiveMessage if before == 0 => Some(message("e1-000000", TOKEN, "one", 0)),
        _ => None,
    })
}

#[test]
fn a_token_that_never_comes_is_a_hang_that_says_what_was_awaited_and_seen() {
    let target = Scripted::in_virtual_time(|_, _| None);
    let record =
        run(&target, &plan_of(vec![Step::start(1, "m", json!({})), Step::take(1, 1), Step::beat("1.1")]));
    let CaseEnd::Hung { awaited, saw } = record.end else { panic!("{:?}", record.end) };
    assert_eq!(awaited.to_string(), "token 1 of execution 1 in a message");
    assert_eq!(saw, "0 tokens");
    assert!(target.heard(Operation::SendTaskHeartbeat).is_empty(), "steps after a hang are not done");
}

#[test]
fn an_execution_that_never_ends_is_a_hang_and_is_stopped_in_the_end() {
    let target = Scripted::in_virtual_time(|call, _| match call.operation {
        Operation::GetExecutionHistory => {
            Some(Outcome::Done(json!({"events": [{"id": 1, "type": "ExecutionStarted"}]})))
        }
        _ => None,
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({})), Step::settle(1)]));
    assert!(
        matches!(&record.end, CaseEnd::Hung { awaited, saw }
            if awaited.to_string() == "its end of execution 1" && saw == "1 events, the last ExecutionStarted"),
        "{:?}",
        record.end
    );
    assert_eq!(target.heard(Operation::StopExecution).len(), 1);
    assert!(outcomes(&record, Operation::StopExecution).is_empty(), "cleaning is no part of the record");
}

#[test]
fn a_machine_that_is_refused_cuts_the_plan_and_says_why() {
    let target = Scripted::in_virtual_time(|call, _| match call.operation {
        Operation::CreateStateMachine => refused("InvalidDefinition", 400),
        _ => None,
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({}))]));
    assert!(
        matches!(&record.end, CaseEnd::Cut(why) if why.contains("InvalidDefinition")),
        "{:?}",
        record.end
    );
    assert!(target.heard(Operation::StartExecution).is_empty());
}

#[test]
fn throttled_calls_that_a_plan_cannot_do_without_are_made_again() {
    let target = Scripted::in_virtual_time(|call, before| match call.operation {
        Operation::CreateQueue | Operation::CreateStateMachine | Operation::StartExecution if before < 2 => {
            refused("ThrottlingException", 400)
        }
        _ => None,
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({}))]));
    assert_eq!(record.end, CaseEnd::Complete);
    assert!(outcomes(&record, Operation::StartExecution).last().is_some_and(|outcome| outcome.is_done()));
}

#[test]
fn what_was_just_made_and_is_not_found_yet_is_asked_for_again_and_leaves_no_trace() {
    let starts = AtomicUsize::new(0);
    let target = Scripted::in_virtual_time(move |call, before| match call.operation {
        Operation::GetQueueAttributes if before < 3 => {
            refused("AWS.SimpleQueueService.NonExistentQueue", 400)
        }
        Operation::StartExecution
            if call.text("name").is_some() && starts.fetch_add(1, Ordering::SeqCst) < 3 =>
        {
            refused("StateMachineDoesNotExist", 400)
        }
        _ => None,
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({}))]));
    assert_eq!(record.end, CaseEnd::Complete);
    assert_eq!(target.heard(Operation::GetQueueAttributes).len(), 4);
    assert!(record.entries.iter().all(|entry| entry.outcome.is_done()), "{:?}", record.entries);
}

#[test]
fn what_is_never_found_is_given_up_and_the_last_refusal_is_kept() {
    let target = Scripted::in_virtual_time(|call, _| match call.operation {
        Operation::StartExecution => refused("StateMachineDoesNotExist", 400),
        _ => None,
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({}))]));
    assert!(matches!(&record.end, CaseEnd::Cut(why) if why.contains("StateMachineDoesNotExist")));
    assert_eq!(outcomes(&record, Operation::StartExecution).len(), 1);
}

#[test]
fn a_list_is_read_to_its_last_page_unless_the_plan_keeps_its_first() {
    let page = |call: &Call, _: usize| match (call.operation, call.text("nextToken")) {
        (Operation::ListActivities, None) => {
            Some(Outcome::Done(json!({"activities": [{"name": "a"}], "nextToken": "more"})))
        }
        (Operation::ListActivities, Some(_)) => Some(Outcome::Done(json!({"activities": [{"name": "b"}]}))),
        _ => None,
    };
    for (step, pages) in [
        (Step::call(Operation::ListActivities, json!({"maxResults": 1000})), 2),
        (Step::bind(Operation::ListActivities, json!({"maxResults": 1000}), "page"), 1),
    ] {
        let record = run(&Scripted::in_virtual_time(page), &plan_of(vec![step]));
        assert_eq!(outcomes(&record, Operation::ListActivities).len(), pages);
    }
}

#[test]
fn a_start_whose_answer_was_lost_is_known_by_its_name_when_it_has_ended() {
    let lost = AtomicBool::new(false);
    let target = Scripted::in_virtual_time(move |call, _| match call.operation {
        Operation::StartExecution if call.text("name").is_none() => None,
        Operation::StartExecution if lost.swap(true, Ordering::SeqCst) => {
            refused("ExecutionAlreadyExists", 400)
        }
        Operation::StartExecution => Some(Outcome::Unknown("reset".to_owned())),
        _ => None,
    });
    let steps = vec![
        Step::start(1, "m", json!({})),
        Step::call(Operation::DescribeExecution, json!({"executionArn": "${exec:1}"})),
    ];
    let record = run(&target, &plan_of(steps));
    assert_eq!(record.end, CaseEnd::Complete);
    let asked = record.entries.last().and_then(|entry| entry.call.text("executionArn").map(str::to_owned));
    assert!(
        asked.is_some_and(|arn| arn.contains(":execution:") && arn.ends_with(":e1-000000000-00000")),
        "{:?}",
        record.entries
    );
}

#[test]
fn the_token_of_a_message_answers_and_its_wrong_copies_are_noted_as_such() {
    let target = delivering();
    let steps = vec![
        Step::start(1, "m", json!({})),
        Step::take(1, 1),
        Step::beat("1.1|cut"),
        Step::succeed("1.1", &json!({"n": 1})),
    ];
    let record = run(&target, &plan_of(steps));
    assert_eq!(record.end, CaseEnd::Complete);
    let sent = target.heard(Operation::SendTaskSuccess);
    assert_eq!(sent.first().and_then(|call| call.text("taskToken")), Some(TOKEN));
    let beat = record.entries.iter().find(|e| e.call.operation == Operation::SendTaskHeartbeat).unwrap();
    assert_eq!(beat.note.as_deref(), Some("wrong-token:cut"));
    assert_eq!(target.heard(Operation::DeleteMessage).len(), 1);
    let text = serde_json::to_string(&record).unwrap();
    assert!(!text.contains(TOKEN) && text.contains("token#1"), "a stored record holds no secret");
}

#[test]
fn a_message_that_is_not_to_be_deleted_is_not() {
    let target = delivering();
    let take = Step::Take { exec: 1, tokens: 1, delete: false };
    run(&target, &plan_of(vec![Step::start(1, "m", json!({})), take]));
    assert!(target.heard(Operation::DeleteMessage).is_empty());
}

#[test]
fn each_fault_proves_that_it_fired() {
    for (fault, reached, outcomes_seen) in [
        (Fault::Dropped, 0, 1),
        (Fault::ReplyLost, 1, 1),
        (Fault::ServerError, 1, 1),
        (Fault::Reset, 1, 1),
        (Fault::Duplicated, 2, 2),
    ] {
        let target = delivering();
        let steps = vec![
            Step::start(1, "m", json!({})),
            Step::take(1, 1),
            Step::Fault(fault),
            Step::succeed("1.1", &json!(1)),
            Step::beat("1.1"),
        ];
        let record = run(&target, &plan_of(steps));
        assert_eq!(record.faults, vec![(fault.to_string(), true)]);
        assert_eq!(target.heard(Operation::SendTaskSuccess).len(), reached, "{fault}");
        let seen = outcomes(&record, Operation::SendTaskSuccess);
        assert_eq!(seen.len(), outcomes_seen, "{fault}");
        assert_eq!(matches!(seen.first(), Some(Outcome::Unknown(_))), fault != Fault::Duplicated, "{fault}");
        assert_eq!(target.heard(Operation::SendTaskHeartbeat).len(), 1, "a fault is for one call");
    }
}

#[test]
fn a_worker_that_crashed_does_nothing_more() {
    for (fault, reached) in [(Fault::CrashBefore, 0), (Fault::CrashAfter, 1)] {
        let target = delivering();
        let worker = vec![Step::Fault(fault), Step::succeed("1.1", &json!(1)), Step::Delete];
        let take = Step::Take { exec: 1, tokens: 1, delete: false };
        let steps = vec![Step::start(1, "m", json!({})), Step::Together(vec![[vec![take], worker].concat()])];
        run(&target, &plan_of([steps, vec![Step::beat("1.1")]].concat()));
        assert_eq!(target.heard(Operation::SendTaskSuccess).len(), reached, "{fault}");
        assert!(target.heard(Operation::DeleteMessage).is_empty(), "{fault}");
        assert_eq!(target.heard(Operation::SendTaskHeartbeat).len(), 1, "others live on");
    }
}

#[test]
fn a_worker_that_is_told_to_wait_tries_again() {
    for fault in [Fault::Throttled, Fault::Unavailable] {
        let target = delivering();
        let steps = vec![Step::start(1, "m", json!({})), Step::take(1, 1), Step::Fault(fault)];
        let record = run(&target, &plan_of([steps, vec![Step::succeed("1.1", &json!(1))]].concat()));
        assert_eq!(target.heard(Operation::SendTaskSuccess).len(), 1, "{fault}");
        assert!(matches!(outcomes(&record, Operation::SendTaskSuccess).first(), Some(Outcome::Unknown(_))));
    }
}

#[test]
fn a_fault_that_no_call_followed_did_not_fire() {
    let target = Scripted::in_virtual_time(|_, _| None);
    let record = run(&target, &plan_of(vec![Step::Fault(Fault::Dropped)]));
    assert_eq!(record.faults, vec![("dropped".to_owned(), false)]);
}

#[test]
fn actors_of_one_step_overlap_and_have_names_of_their_own() {
    let target = Scripted::in_virtual_time(|_, _| None);
    let actor = || vec![Step::Sleep { ms: 5000 }, Step::call(Operation::ListStateMachines, json!({}))];
    let record = run(&target, &plan_of(vec![Step::Together(vec![actor(), actor(), actor()])]));
    let calls: Vec<_> =
        record.entries.iter().filter(|e| e.call.operation == Operation::ListStateMachines).collect();
    let actors: Vec<&str> = calls.iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors, ["main.1", "main.2", "main.3"]);
    assert!(calls.iter().all(|entry| Some(entry.begun) == calls.first().map(|first| first.begun)));
}

#[test]
fn kept_replies_fill_later_calls() {
    let target = Scripted::in_virtual_time(|call, _| match call.operation {
        Operation::ListStateMachines => {
            Some(Outcome::Done(json!({"stateMachines": [{"name": "found"}], "n": 7})))
        }
        _ => None,
    });
    let steps = vec![
        Step::bind(Operation::ListStateMachines, json!({}), "list"),
        Step::call(
            Operation::DescribeExecution,
            json!({"executionArn": "${bind:list.stateMachines.0.name}", "n": "${bind:list.n}", "text": "x${bind:list.n}"}),
        ),
    ];
    run(&target, &plan_of(steps));
    let described = target.heard(Operation::DescribeExecution);
    let input = Value::Object(described.last().unwrap().input.clone());
    assert_eq!(input, json!({"executionArn": "found", "n": 7, "text": "x7"}));
}

#[test]
fn a_raw_body_is_sent_as_it_is_with_its_placeholders_filled() {
    let target = delivering();
    let steps = vec![
        Step::start(1, "m", json!({})),
        Step::take(1, 1),
        Step::raw(Operation::SendTaskSuccess, "{\"taskToken\": \"${token:1.1}\", "),
    ];
    run(&target, &plan_of(steps));
    let sent = target.heard(Operation::SendTaskSuccess);
    assert_eq!(
        sent.first().and_then(|call| call.raw_body.clone()),
        Some(format!("{{\"taskToken\": \"{TOKEN}\", "))
    );
}

#[test]
fn what_a_plan_makes_is_removed_whatever_its_end() {
    for steps in [
        vec![Step::start(1, "m", json!({}))],
        vec![Step::start(1, "m", json!({})), Step::take(1, 1)],
        vec![Step::Fault(Fault::Dropped)],
    ] {
        let target = Scripted::in_virtual_time(|_, _| None);
        let plan = Plan { topic: true, dead_letter_after: Some(2), ..plan_of(steps) };
        run(&target, &plan);
        assert_eq!(target.left(), Vec::<String>::new());
    }
}

#[test]
fn an_unanswered_start_is_made_again_under_the_same_name() {
    let lost = AtomicBool::new(false);
    let target = Scripted::in_virtual_time(move |call, _| {
        let first = call.operation == Operation::StartExecution
            && call.text("name").is_some()
            && !lost.swap(true, Ordering::SeqCst);
        first.then(|| Outcome::Unknown("reset".to_owned()))
    });
    let record = run(&target, &plan_of(vec![Step::start(1, "m", json!({}))]));
    assert_eq!(record.end, CaseEnd::Complete);
    // The probe of JSONata starts an execution too, without a name.
    let mut starts = target.heard(Operation::StartExecution);
    starts.retain(|call| call.text("name").is_some());
    assert_eq!(starts.len(), 2);
    assert_eq!(starts.first().and_then(|c| c.text("name")), starts.last().and_then(|c| c.text("name")));
}

#[test]
fn a_target_that_hands_out_one_token_twice_does_not_hang_the_plan() {
    // LocalStack and moto keep the token of a retried task (as their issues tell): the second message is the second attempt's.
    let target = Scripted::in_virtual_time(|call, before| match call.operation {
        Operation::ReceiveMessage if before == 0 => Some(message("e1-000000", TOKEN, "one", 0)),
        Operation::ReceiveMessage if before == 1 => Some(message("e1-000000", TOKEN, "two", 1)),
        _ => None,
    });
    let record =
        run(&target, &plan_of(vec![Step::start(1, "m", json!({})), Step::take(1, 1), Step::take(1, 2)]));
    assert_eq!(record.end, CaseEnd::Complete);
}

#[test]
fn a_redelivered_message_gives_no_second_token() {
    let target = Scripted::in_virtual_time(|call, before| match call.operation {
        Operation::ReceiveMessage if before < 2 => Some(message("e1-000000", TOKEN, "one", 0)),
        _ => None,
    });
    let record =
        run(&target, &plan_of(vec![Step::start(1, "m", json!({})), Step::take(1, 1), Step::take(1, 2)]));
    assert!(matches!(record.end, CaseEnd::Hung { .. }), "{:?}", record.end);
}
