//! Queues, topics, functions, activities, nested executions, Parallel and Map with callbacks.

#![expect(clippy::unwrap_used, reason = "a test may stop at once")]

mod desk;

use desk::Desk;
use record::Operation;
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn wait_for(url: &str) -> Value {
    json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": { "QueueUrl": url, "MessageBody": { "TaskToken.$": "$$.Task.Token", "item.$": "$" } }, "End": true })
}

fn tokens(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| message["TaskToken"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn digests_of_message_attributes_are_those_that_aws_recorded() {
    // Recordings `sqs::test_receive_message_attribute_names_filters` and
    // `lambda::test_message_body_and_attributes_passed_correctly`.
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let one = json!({ "Foo": { "DataType": "String", "StringValue": "Bar" } });
    let sent =
        desk.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "msg", "MessageAttributes": one }));
    assert_eq!(sent["MD5OfMessageBody"], "6e2baaf3b97dbeef01c0043275f9a0e7");
    assert_eq!(sent["MD5OfMessageAttributes"], "ae7155c6026991b6d54b11589678bf9c");
    let three = json!({
        "Title": { "DataType": "String", "StringValue": "The Whistler" },
        "Author": { "DataType": "String", "StringValue": "John Grisham" },
        "WeeksOn": { "DataType": "Number", "StringValue": "6" },
    });
    let sent = desk
        .done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "msg", "MessageAttributes": three }));
    assert_eq!(sent["MD5OfMessageAttributes"], "d25a6aea97eb8f585bfa92d314504a92");
}

#[test]
fn a_received_message_is_hidden_and_comes_back_with_a_higher_count() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    desk.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "x" }));
    let receive = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let first = desk.done("ReceiveMessage", receive.clone());
    assert_eq!(first["Messages"][0]["Attributes"]["ApproximateReceiveCount"], "1");
    desk.pass(29_999);
    assert_eq!(desk.done("ReceiveMessage", receive.clone()), json!({}));
    desk.pass(1);
    let second = desk.done("ReceiveMessage", receive);
    assert_eq!(second["Messages"][0]["Attributes"]["ApproximateReceiveCount"], "2");
    assert_ne!(first["Messages"][0]["ReceiptHandle"], second["Messages"][0]["ReceiptHandle"]);
}

#[test]
fn a_message_whose_receives_are_used_up_moves_to_the_dead_letter_queue() {
    let mut desk = Desk::new(1);
    let dead = desk.queue("dead");
    let policy =
        json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 1 })
            .to_string();
    let url = desk.done("CreateQueue", json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy } }))["QueueUrl"].clone();
    desk.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "x" }));
    assert!(desk.done("ReceiveMessage", json!({ "QueueUrl": url })).get("Messages").is_some());
    desk.pass(30_000);
    assert_eq!(desk.done("ReceiveMessage", json!({ "QueueUrl": url })), json!({}));
    assert_eq!(desk.receive(&dead), [json!("x")]);
}

#[test]
fn a_fifo_group_is_blocked_while_a_message_is_in_flight_and_repeats_are_dropped() {
    let mut desk = Desk::new(1);
    let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    let url =
        desk.done("CreateQueue", json!({ "QueueName": "q.fifo", "Attributes": attributes }))["QueueUrl"]
            .clone();
    for body in ["one", "two", "one"] {
        desk.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": body, "MessageGroupId": "g" }));
    }
    let first = desk.done("ReceiveMessage", json!({ "QueueUrl": url }));
    assert_eq!(first["Messages"][0]["Body"], "one");
    assert_eq!(desk.done("ReceiveMessage", json!({ "QueueUrl": url })), json!({}));
    desk.done(
        "DeleteMessage",
        json!({ "QueueUrl": url, "ReceiptHandle": first["Messages"][0]["ReceiptHandle"] }),
    );
    assert_eq!(
        desk.done("ReceiveMessage", json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 }))["Messages"][0]["Body"],
        "two"
    );
    assert_eq!(
        desk.refused("SendMessage", json!({ "QueueUrl": url, "MessageBody": "x" })).code,
        "MissingParameter"
    );
}

#[test]
fn a_topic_delivers_in_an_envelope_or_raw() {
    let mut desk = Desk::new(1);
    let (plain, raw) = (desk.queue("plain"), desk.queue("raw"));
    let topic = desk.done("CreateTopic", json!({ "Name": "t" }))["TopicArn"].clone();
    let subscribe = |name: &str, flag: &str| {
        json!({ "TopicArn": topic, "Protocol": "sqs",
        "Endpoint": format!("arn:aws:sqs:us-east-1:123456789012:{name}"), "Attributes": { "RawMessageDelivery": flag } })
    };
    desk.done("Subscribe", subscribe("plain", "false"));
    desk.done("Subscribe", subscribe("raw", "true"));
    let published = desk.done("Publish", json!({ "TopicArn": topic, "Message": "hello" }));
    let envelope = desk.receive(&plain).remove(0);
    assert_eq!((&envelope["Type"], &envelope["Message"]), (&json!("Notification"), &json!("hello")));
    assert_eq!(envelope["MessageId"], published["MessageId"]);
    assert_eq!(desk.receive(&raw), [json!("hello")]);
    desk.done("DeleteTopic", json!({ "TopicArn": topic }));
    let error = desk.refused("Publish", json!({ "TopicArn": topic, "Message": "hello" }));
    assert_eq!((error.code.as_str(), error.status), ("NotFound", 404));
}

#[test]
fn a_mapped_function_answers_tokens_and_reports_poison_alone() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    desk.done("CreateFunction", json!({ "FunctionName": "worker", "Role": ROLE, "Handler": "obey.handler" }));
    desk.done(
        "CreateEventSourceMapping",
        json!({ "FunctionName": "worker", "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:q" }),
    );
    let machine =
        desk.machine("m", &json!({ "StartAt": "T", "States": { "T": wait_for(&url) } }).to_string());
    let execution = desk.start(&machine, &json!(1));
    desk.done("SendMessage", json!({ "QueueUrl": url, "MessageBody": "poison" }));
    desk.pass(2_000);
    assert_eq!(desk.status(&execution), "SUCCEEDED");
    let counts = desk.done("GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": ["All"] }));
    assert_eq!(counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "1");
}

#[test]
fn a_function_invoked_with_a_token_may_answer_it_while_it_runs() {
    let mut desk = Desk::new(1);
    desk.done("CreateFunction", json!({ "FunctionName": "worker", "Role": ROLE }));
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": { "FunctionName": "worker", "Payload": { "TaskToken.$": "$$.Task.Token", "Output": { "ok": true } } } });
    let machine = desk.machine("m", &json!({ "StartAt": "T", "States": { "T": state } }).to_string());
    let execution = desk.start(&machine, &json!({}));
    desk.pass(0);
    assert!(
        desk.shape(&execution).ends_with(
            "TaskSubmitted[5<-4] TaskSucceeded[6<-5] TaskStateExited[7<-6] ExecutionSucceeded[8<-7]"
        )
    );
}

#[test]
fn an_activity_starts_when_a_worker_polls_and_not_before() {
    let mut desk = Desk::new(1);
    let activity = desk.done("CreateActivity", json!({ "name": "a" }))["activityArn"].clone();
    let state = json!({ "Type": "Task", "Resource": activity, "TimeoutSeconds": 5, "End": true });
    let machine = desk.machine("m", &json!({ "StartAt": "T", "States": { "T": state } }).to_string());
    let execution = desk.start(&machine, &json!({ "x": 1 }));
    desk.pass(60_000);
    assert_eq!(desk.status(&execution), "RUNNING");
    let task = desk.done("GetActivityTask", json!({ "activityArn": activity, "workerName": "w" }));
    assert_eq!(task["input"], "{\"x\":1}");
    desk.done("SendTaskSuccess", json!({ "taskToken": task["taskToken"], "output": "2" }));
    assert!(desk.shape(&execution).contains(
        "ActivityScheduled[3<-2] ActivityStarted[4<-3] ActivitySucceeded[5<-4] TaskStateExited[6<-5]"
    ));
}

#[test]
fn a_failed_branch_aborts_its_sibling_as_aws_writes_it() {
    // Recorded: TaskStateAborted and ParallelStateFailed both follow the failure.
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let branch = |name: &str| json!({ "StartAt": name, "States": { name: wait_for(&url) } });
    let machine = desk.machine("m", &json!({ "StartAt": "P", "States": { "P": { "Type": "Parallel", "End": true, "Branches": [branch("A"), branch("B")] } } }).to_string());
    let execution = desk.start(&machine, &json!({}));
    let found = tokens(&desk.receive(&url));
    desk.done("SendTaskFailure", json!({ "taskToken": found[0], "error": "E" }));
    let events = desk.history(&execution);
    let failed = events.iter().find(|event| event["type"] == "TaskFailed").unwrap()["id"].clone();
    for kind in ["TaskStateAborted", "ParallelStateFailed"] {
        let all: Vec<_> = events.iter().filter(|event| event["type"] == kind).collect();
        assert!(!all.is_empty() && all.iter().all(|event| event["previousEventId"] == failed), "{kind}");
    }
    assert_eq!(desk.status(&execution), "FAILED");
    assert_eq!(
        desk.refused("SendTaskSuccess", json!({ "taskToken": found[1], "output": "1" })).code,
        "TaskTimedOut"
    );
}

#[test]
fn a_redriven_map_restarts_only_what_did_not_succeed() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let processor = json!({ "StartAt": "A", "States": { "A": wait_for(&url) } });
    let machine = desk.machine("m", &json!({ "StartAt": "M", "States": { "M": { "Type": "Map", "ItemProcessor": processor, "End": true } } }).to_string());
    let execution = desk.start(&machine, &json!([10, 20, 30]));
    let found = tokens(&desk.receive(&url));
    desk.done("SendTaskSuccess", json!({ "taskToken": found[0], "output": "\"first\"" }));
    desk.done("SendTaskFailure", json!({ "taskToken": found[1] }));
    assert_eq!(desk.status(&execution), "FAILED");
    desk.done("RedriveExecution", json!({ "executionArn": execution }));
    let again = desk.receive(&url);
    assert_eq!(
        again.iter().map(|message| message["item"].clone()).collect::<Vec<_>>(),
        [json!(20), json!(30)]
    );
    for token in tokens(&again) {
        desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": "\"again\"" }));
    }
    assert_eq!(desk.status(&execution), "SUCCEEDED");
    let output = desk.done("DescribeExecution", json!({ "executionArn": execution }))["output"].clone();
    assert_eq!(output, "[\"first\",\"again\",\"again\"]");
}

#[test]
fn a_sync_task_ends_with_its_child_or_with_its_token() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let child =
        desk.machine("child", &json!({ "StartAt": "T", "States": { "T": wait_for(&url) } }).to_string());
    let parent = json!({ "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
        "Parameters": { "StateMachineArn": child, "Input": { "own.$": "$$.Task.Token" } } });
    let parent = desk.machine("parent", &json!({ "StartAt": "S", "States": { "S": parent } }).to_string());
    let (one, two) = (desk.start(&parent, &json!({})), desk.start(&parent, &json!({})));
    let messages = desk.receive(&url);
    desk.done(
        "SendTaskSuccess",
        json!({ "taskToken": messages[0]["TaskToken"], "output": "{\"by\":\"child\"}" }),
    );
    desk.done(
        "SendTaskSuccess",
        json!({ "taskToken": messages[1]["item"]["own"], "output": "{\"by\":\"token\"}" }),
    );
    let output = |desk: &mut Desk, arn: &str| -> Value {
        let text = desk.done("DescribeExecution", json!({ "executionArn": arn }))["output"]
            .as_str()
            .unwrap()
            .to_owned();
        serde_json::from_str(&text).unwrap()
    };
    let first = output(&mut desk, &one);
    assert_eq!((&first["Status"], &first["Output"]), (&json!("SUCCEEDED"), &json!({ "by": "child" })));
    assert_eq!(output(&mut desk, &two), json!({ "by": "token" }));
}

#[test]
fn event_25000_is_the_failure_of_the_execution() {
    let mut desk = Desk::new(1);
    let machine = desk.machine("m", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Default":"A","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"C"}]},"C":{"Type":"Succeed"}}}"#);
    let execution = desk.start(&machine, &json!({}));
    let last = desk.done(
        "GetExecutionHistory",
        json!({ "executionArn": execution, "reverseOrder": true, "maxResults": 1 }),
    )["events"][0]
        .clone();
    assert_eq!((&last["id"], &last["type"]), (&json!(25_000), &json!("ExecutionFailed")));
    assert_eq!(
        last["executionFailedEventDetails"]["cause"],
        "The execution reached the maximum number of history events (25000)."
    );
}

#[test]
fn a_year_of_heartbeats_passes_in_no_time_and_then_the_execution_ends() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let mut state = wait_for(&url);
    state["HeartbeatSeconds"] = json!(3_600);
    let machine = desk.machine("m", &json!({ "StartAt": "T", "States": { "T": state } }).to_string());
    let execution = desk.start(&machine, &json!({}));
    let token = tokens(&desk.receive(&url)).remove(0);
    for _ in 0..8_759 {
        desk.pass(3_599_000);
        desk.done("SendTaskHeartbeat", json!({ "taskToken": token }));
    }
    assert_eq!(desk.status(&execution), "RUNNING");
    for _ in 0..10 {
        desk.pass(3_599_000);
        if desk.ask(Operation::SendTaskHeartbeat, json!({ "taskToken": token })).refusal().is_some() {
            break;
        }
    }
    assert_eq!(desk.status(&execution), "TIMED_OUT");
}

#[test]
fn pages_of_a_history_join_to_the_whole() {
    let mut desk = Desk::new(1);
    let machine = desk.machine(
        "m",
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","End":true}}}"#,
    );
    let execution = desk.start(&machine, &json!({}));
    for reverse in [false, true] {
        let all = desk.done("GetExecutionHistory", json!({ "executionArn": execution, "reverseOrder": reverse }))["events"].clone();
        let (mut joined, mut token) = (Vec::new(), Value::Null);
        loop {
            let page = desk.done("GetExecutionHistory", json!({ "executionArn": execution, "reverseOrder": reverse, "maxResults": 2, "nextToken": token }));
            joined.extend(page["events"].as_array().cloned().unwrap());
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!(Value::Array(joined), all);
    }
    let error =
        desk.refused("GetExecutionHistory", json!({ "executionArn": execution, "nextToken": "made-up" }));
    assert_eq!(error.code, "InvalidToken");
}

#[test]
fn status_events_reach_a_queue_by_a_rule() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    desk.done("PutRule", json!({ "Name": "r", "EventPattern": "{\"source\":[\"aws.states\"],\"detail\":{\"status\":[\"SUCCEEDED\"]}}" }));
    desk.done(
        "PutTargets",
        json!({ "Rule": "r", "Targets": [{ "Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q" }] }),
    );
    let machine = desk.machine("m", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#);
    let execution = desk.start(&machine, &json!({}));
    let events = desk.receive(&url);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["detail-type"], "Step Functions Execution Status Change");
    assert_eq!(events[0]["detail"]["executionArn"], json!(execution));
}

#[test]
fn a_distributed_map_hands_out_tokens_from_its_children() {
    let mut desk = Desk::new(1);
    let url = desk.queue("q");
    let processor = json!({ "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "A", "States": { "A": wait_for(&url) } });
    let machine = desk.machine("m", &json!({ "StartAt": "M", "States": { "M": { "Type": "Map", "ItemProcessor": processor, "End": true } } }).to_string());
    let execution = desk.start(&machine, &json!([1, 2]));
    for token in tokens(&desk.receive(&url)) {
        desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": "true" }));
    }
    assert!(
        desk.shape(&execution).contains(
            "MapRunStarted[4<-3] MapRunSucceeded[5<-4] MapStateSucceeded[6<-5] MapStateExited[7<-5]"
        )
    );
    let run = desk.history(&execution)[3]["mapRunStartedEventDetails"]["mapRunArn"].clone();
    let children = desk.done("ListExecutions", json!({ "mapRunArn": run }));
    assert_eq!(children["executions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn requests_to_services_that_are_not_played_are_held() {
    let mut desk = Desk::new(1);
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.waitForTaskToken", "End": true,
        "Parameters": { "Cluster": "c", "TaskDefinition": "d", "Overrides": { "ContainerOverrides": [{ "Environment": [{ "Name": "T", "Value.$": "$$.Task.Token" }] }] } } });
    let machine = desk.machine("m", &json!({ "StartAt": "T", "States": { "T": state } }).to_string());
    let execution = desk.start(&machine, &json!({}));
    let token = desk.region.held_requests()[0].parameters["Overrides"]["ContainerOverrides"][0]["Environment"][0]["Value"].clone();
    desk.done("SendTaskSuccess", json!({ "taskToken": token, "output": "1" }));
    assert_eq!(desk.status(&execution), "SUCCEEDED");
}
