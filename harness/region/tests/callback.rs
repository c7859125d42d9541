//! The callback pattern end to end in the region: histories, tokens, timers, queues.

mod desk;

use desk::Desk;
use serde_json::json;

const CALLBACK: &str = r#"{"StartAt":"Wait","States":{"Wait":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken",
  "Parameters":{"QueueUrl.$":"$.url","MessageBody":{"TaskToken.$":"$$.Task.Token","n":1}},"TimeoutSeconds":100,"HeartbeatSeconds":10,"End":true}}}"#;

#[test]
fn a_callback_writes_the_eight_events_that_aws_recorded() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let machine = desk.machine("m", CALLBACK);
    let execution = desk.start(&machine, &json!({ "url": url }));
    let body = desk.receive(&url).remove(0);
    let token = body["TaskToken"].as_str().unwrap().to_owned();
    desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": "{\"a\":1}" }));
    let shape = desk.shape(&execution);
    assert_eq!(
        shape,
        "ExecutionStarted[1<-0] TaskStateEntered[2<-0] TaskScheduled[3<-2] TaskStarted[4<-3] TaskSubmitted[5<-4] \
         TaskSucceeded[6<-5] TaskStateExited[7<-6] ExecutionSucceeded[8<-7]"
    );
    let error = desk.refused("SendTaskSuccess", json!({ "taskToken": token, "output": "1" }));
    assert_eq!((error.code.as_str(), error.status), ("TaskTimedOut", 400));
    assert_eq!(error.message, "Task Timed Out: 'Provided task does not exist anymore'");
}

#[test]
fn a_missed_heartbeat_ends_the_task_exactly_at_its_window() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let machine = desk.machine("m", CALLBACK);
    let execution = desk.start(&machine, &json!({ "url": url }));
    let token = desk.receive(&url).remove(0)["TaskToken"].as_str().unwrap().to_owned();
    desk.pass(9_000);
    desk.done("SendTaskHeartbeat", json!({ "taskToken": token }));
    desk.pass(9_999);
    assert_eq!(desk.status(&execution), "RUNNING");
    desk.pass(1);
    assert_eq!(desk.status(&execution), "FAILED");
    let events = desk.history(&execution);
    assert_eq!(events[5]["type"], "TaskTimedOut");
    assert_eq!(events[6]["executionFailedEventDetails"], json!({ "error": "States.Timeout" }));
}

#[test]
fn a_stopped_execution_is_aborted_and_its_token_closed() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let machine = desk.machine("m", CALLBACK);
    let execution = desk.start(&machine, &json!({ "url": url }));
    let token = desk.receive(&url).remove(0)["TaskToken"].as_str().unwrap().to_owned();
    desk.done("StopExecution", json!({ "executionArn": execution }));
    assert_eq!(desk.status(&execution), "ABORTED");
    let events = desk.history(&execution);
    assert_eq!(events.last().unwrap()["previousEventId"], 0);
    assert_eq!(events.last().unwrap()["executionAbortedEventDetails"], json!({}));
    assert_eq!(
        desk.refused("SendTaskSuccess", json!({ "taskToken": token, "output": "1" })).code,
        "TaskTimedOut"
    );
}

#[test]
fn a_redriven_execution_goes_on_at_the_failed_task_with_a_new_token() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let machine = desk.machine("m", CALLBACK);
    let execution = desk.start(&machine, &json!({ "url": url }));
    let first = desk.receive(&url).remove(0)["TaskToken"].as_str().unwrap().to_owned();
    desk.done("SendTaskFailure", json!({ "taskToken": first, "error": "E" }));
    assert_eq!(desk.status(&execution), "FAILED");
    desk.done("RedriveExecution", json!({ "executionArn": execution }));
    let second = desk.receive(&url).remove(0)["TaskToken"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    desk.done("SendTaskSuccess", json!({ "taskToken": second, "output": "1" }));
    assert_eq!(desk.status(&execution), "SUCCEEDED");
    assert!(
        desk.shape(&execution).contains("ExecutionFailed[7<-6] ExecutionRedriven[8<-7] TaskScheduled[9<-8]")
    );
}

#[test]
fn a_running_name_with_the_same_input_answers_the_first_start_again() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let machine = desk.machine("m", CALLBACK);
    let start =
        json!({ "stateMachineArn": machine, "name": "n", "input": json!({ "url": url }).to_string() });
    let first = desk.done("StartExecution", start.clone());
    assert_eq!(desk.done("StartExecution", start), first);
    let other = json!({ "stateMachineArn": machine, "name": "n", "input": "{}" });
    assert_eq!(desk.refused("StartExecution", other).code, "ExecutionAlreadyExists");
    assert_eq!(desk.receive(&url).len(), 1);
}

#[test]
fn the_same_calls_with_the_same_seed_give_byte_equal_answers() {
    let run = |seed| {
        let mut desk = Desk::new(seed);
        let url = desk.queue("q");
        let machine = desk.machine("m", CALLBACK);
        let execution = desk.start(&machine, &json!({ "url": url }));
        let token = desk.receive(&url).remove(0)["TaskToken"].clone();
        desk.pass(3_000);
        desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": "[]" }));
        serde_json::to_string(&desk.history(&execution)).unwrap()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

/// Recorded: what timed out together is shown before the abort of the siblings.
#[test]
fn iterations_that_time_out_together_all_show_it() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let task = json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 5,
        "Parameters": { "QueueUrl": url, "MessageBody": { "t.$": "$$.Task.Token" } }, "End": true });
    let map =
        json!({ "Type": "Map", "ItemProcessor": { "StartAt": "T", "States": { "T": task } }, "End": true });
    let machine = desk.machine("m", &json!({ "StartAt": "M", "States": { "M": map } }).to_string());
    let execution = desk.start(&machine, &json!([1, 2]));
    desk.pass(5_000);
    let shape = desk.shape(&execution);
    let end = shape.split(" TaskSubmitted").last().unwrap().split_once(' ').unwrap().1.to_owned();
    assert_eq!(
        end,
        "TaskTimedOut[14<-9] TaskTimedOut[15<-13] MapIterationFailed[16<-14] TaskStateAborted[17<-14] \
         MapIterationAborted[18<-14] TaskStateAborted[19<-14] MapStateFailed[20<-14] ExecutionFailed[21<-20]"
    );
}
