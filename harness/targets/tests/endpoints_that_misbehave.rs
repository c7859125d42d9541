//! Endpoints that refuse, hang or talk about something else: an error with a remedy at start, `Unknown` later on.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod canned;

use std::time::{Duration, Instant};

use canned::Canned;
use record::{Call, Operation, Outcome};
use serde_json::json;
use targets::{Connected, Environment, Options, TargetError, Wire, connect};

fn options() -> Options {
    Options {
        patience: Duration::from_millis(500),
        environment: Environment::default(),
        ..Options::default()
    }
}

async fn failure(address: &str) -> TargetError {
    match connect(address, &options()).await {
        Ok(_) => panic!("{address} was taken for a target"),
        Err(error) => error,
    }
}

async fn outcome(connected: &Connected, call: Call) -> Outcome {
    connected.targets.open(0).unwrap().call(call).await
}

const JSON: &str = "application/x-amz-json-1.0";

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_told_with_a_remedy() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = failure(&format!("http://127.0.0.1:{port}")).await;
    assert!(error.what().contains("nothing listens") && !error.is_usage(), "{error}");
}

#[tokio::test]
async fn an_endpoint_that_accepts_and_never_answers_is_given_up_in_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    let error = failure(&format!("http://{}", listener.local_addr().unwrap())).await;
    assert!(error.what().contains("accepts connections but gave no answer"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn an_endpoint_of_web_pages_is_no_target() {
    let server = Canned::new(|_| (200, "text/html", "<html><body>welcome</body></html>".to_owned())).await;
    let error = failure(&server.address).await;
    assert!(
        error.what().contains("does not answer ListStateMachines") && error.what().contains("welcome"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_of_html_in_mid_run_is_unknown_on_both_paths() {
    for wire in [Wire::Sdk, Wire::Raw] {
        let server = Canned::api(|_| (502, "text/html", "<h1>Bad Gateway</h1>".to_owned())).await;
        let connected = connect(&server.address, &Options { wire, ..options() }).await.unwrap();
        let outcome =
            outcome(&connected, Call::new(Operation::DescribeExecution, json!({"executionArn": "a"}))).await;
        let Outcome::Unknown(why) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("502") && why.contains("Bad Gateway"), "{why}");
        assert_eq!(server.calls("DescribeExecution").len(), 1, "one call is one request");
    }
}

#[tokio::test]
async fn an_answer_that_the_sdk_cannot_read_is_unknown_and_says_so() {
    let body = r#"{"executionArn":"a","startDate":"2026-01-01T00:00:00Z"}"#;
    let server = Canned::api(move |_| (200, JSON, body.to_owned())).await;
    let call = || Call::new(Operation::StartExecution, json!({"stateMachineArn": "m"}));
    let by_sdk = connect(&server.address, &options()).await.unwrap();
    let Outcome::Unknown(why) = outcome(&by_sdk, call()).await else { panic!("the SDK read it") };
    assert!(why.contains("the SDK cannot read HTTP 200") && why.contains("startDate"), "{why}");
    let raw = connect(&server.address, &Options { wire: Wire::Raw, ..options() }).await.unwrap();
    assert!(outcome(&raw, call()).await.is_done());
}

#[tokio::test]
async fn a_server_error_is_sent_once() {
    let server =
        Canned::api(|_| (503, JSON, r#"{"__type":"ServiceUnavailable","message":"m"}"#.to_owned())).await;
    let connected = connect(&server.address, &options()).await.unwrap();
    let outcome =
        outcome(&connected, Call::new(Operation::StartExecution, json!({"stateMachineArn": "m"}))).await;
    let Outcome::Refused(error) = outcome else { panic!("{outcome:?}") };
    assert_eq!((error.code.as_str(), error.status), ("ServiceUnavailable", 503));
    assert_eq!(server.calls("StartExecution").len(), 1);
}

#[tokio::test]
async fn what_the_sdk_cannot_express_is_sent_as_it_is() {
    let server = Canned::api(|_| (200, JSON, "{}".to_owned())).await;
    let connected = connect(&server.address, &options()).await.unwrap();
    for (input, sdk) in [
        (json!({"taskToken": "t", "output": "{}"}), true),
        (json!({"taskToken": 5, "output": {}}), false),
        (json!({"taskToken": "t", "output": "{}", "surprise": [1]}), false),
    ] {
        assert!(outcome(&connected, Call::new(Operation::SendTaskSuccess, input.clone())).await.is_done());
        let last = server.calls("SendTaskSuccess").pop().unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&last.body).unwrap(), input);
        assert_eq!(
            last.header("user-agent").is_some_and(|agent| agent.contains("aws-sdk-rust")),
            sdk,
            "{input}"
        );
        assert!(last.header("authorization").unwrap().contains("/states/aws4_request"), "signed");
    }
    assert!(outcome(&connected, Call::raw(Operation::SendTaskSuccess, "{\"taskToken")).await.is_done());
    assert_eq!(server.calls("SendTaskSuccess").pop().unwrap().body, "{\"taskToken");
}

#[tokio::test]
async fn a_queue_url_of_another_host_stays_in_the_request_that_goes_to_the_endpoint() {
    let server = Canned::api(|_| (200, JSON, "{}".to_owned())).await;
    let connected = connect(&server.address, &options()).await.unwrap();
    let url = "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q";
    let call = Call::new(Operation::ReceiveMessage, json!({"QueueUrl": url, "WaitTimeSeconds": 0}));
    assert!(outcome(&connected, call).await.is_done());
    assert!(server.calls("ReceiveMessage").pop().unwrap().body.contains(url));
}

#[tokio::test]
async fn a_topic_is_made_by_the_query_protocol() {
    let server = Canned::api(|_| {
        let xml = "<CreateTopicResponse><CreateTopicResult><TopicArn>arn:x</TopicArn></CreateTopicResult></CreateTopicResponse>";
        (200, "text/xml", xml.to_owned())
    })
    .await;
    let connected = connect(&server.address, &options()).await.unwrap();
    let call = Call::new(Operation::CreateTopic, json!({"Name": "t", "Tags": [{"Key": "a", "Value": "b"}]}));
    assert_eq!(outcome(&connected, call).await, Outcome::Done(json!({"TopicArn": "arn:x"})));
    let body = server.calls("CreateTopic").pop().unwrap().body;
    assert_eq!(
        body,
        "Action=CreateTopic&Version=2010-03-31&Name=t&Tags.member.1.Key=a&Tags.member.1.Value=b"
    );
}

#[tokio::test]
async fn the_name_and_version_come_from_the_health_page() {
    let server = Canned::new(|seen| match seen.head.split(' ').nth(1) {
        Some("/_localstack/health") => {
            (200, "application/json", r#"{"services":{},"version":"4.14.0"}"#.to_owned())
        }
        Some("/") => (200, JSON, r#"{"stateMachines":[]}"#.to_owned()),
        _ => (404, "text/plain", String::new()),
    })
    .await;
    let connected = connect(&server.address, &options()).await.unwrap();
    assert_eq!((connected.name.as_str(), connected.version.as_deref()), ("localstack", Some("4.14.0")));
}
