//! The sample workflow against the region over HTTP: through the SDK, the raw client, and as odd clients would.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod sample;

use std::time::Duration;

use record::{Call, Operation, Outcome};
use sample::{EXPECTED, ask, callback_workflow, text};
use serde_json::json;
use targets::{Access, AwsOptions, Environment, Options, ServeOptions, Wire, connect, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

struct Served {
    address: String,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    done: tokio::task::JoinHandle<Result<(), targets::TargetError>>,
}

async fn served(options: ServeOptions) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let done = tokio::spawn(serve(listener, options, async move {
        let _ = stopped.await;
    }));
    Served { address, stop: Some(stop), done }
}

impl Served {
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn says(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 8192];
        let count =
            tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap();
        String::from_utf8_lossy(&answer[..count]).into_owned()
    }
}

fn options(wire: Wire) -> Options {
    Options { wire, environment: Environment::default(), ..Options::default() }
}

#[tokio::test]
async fn the_sample_workflow_runs_through_the_sdk_and_through_the_raw_client() {
    for wire in [Wire::Sdk, Wire::Raw] {
        let served = served(ServeOptions::default()).await;
        let connected = connect(&served.url(), &options(wire)).await.unwrap();
        assert_eq!(connected.name, "sfn-conformance");
        let target = connected.targets.open(0).unwrap();
        assert_eq!(callback_workflow(target.as_ref()).await, EXPECTED, "{wire:?}");
    }
}

#[test]
fn the_sample_workflow_is_the_same_in_the_embedded_region_in_virtual_time() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let connected = connect("embedded", &Options::default()).await.unwrap();
        let target = connected.targets.open(1).unwrap();
        assert_eq!(callback_workflow(target.as_ref()).await, EXPECTED);
    });
}

#[test]
fn a_long_poll_in_virtual_time_ends_with_its_message_or_at_its_deadline() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let connected = connect("embedded", &Options::default()).await.unwrap();
        let target = connected.targets.open(1).unwrap();
        let queue = ask(target.as_ref(), Operation::CreateQueue, json!({"QueueName": "q"})).await;
        let url = text(&queue, "QueueUrl");
        let poll = || {
            ask(target.as_ref(), Operation::ReceiveMessage, json!({"QueueUrl": url, "WaitTimeSeconds": 20}))
        };
        let wall = std::time::Instant::now();

        let begun = target.clock().now();
        let empty = poll().await;
        assert!(empty.get("Messages").is_none_or(|messages| messages == &json!([])), "{empty}");
        assert_eq!(target.clock().now().since(begun), Duration::from_secs(20));

        let begun = target.clock().now();
        let send = async {
            target.clock().sleep(Duration::from_secs(7)).await;
            ask(target.as_ref(), Operation::SendMessage, json!({"QueueUrl": url, "MessageBody": "x"})).await
        };
        let (received, _) = tokio::join!(poll(), send);
        assert_eq!(received["Messages"][0]["Body"], "x");
        assert_eq!(target.clock().now().since(begun), Duration::from_secs(7), "woken by the other call");

        let begun = target.clock().now();
        ask(
            target.as_ref(),
            Operation::SendMessage,
            json!({"QueueUrl": url, "MessageBody": "y", "DelaySeconds": 3}),
        )
        .await;
        assert_eq!(poll().await["Messages"][0]["Body"], "y");
        assert_eq!(
            target.clock().now().since(begun),
            Duration::from_secs(3),
            "woken by the region's own event"
        );
        assert!(wall.elapsed() < Duration::from_secs(5), "virtual time costs no time");
    });
}

#[test]
fn a_plain_call_of_the_embedded_region_costs_microseconds() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        const CALLS: u32 = 20_000;
        let connected = connect("embedded", &Options::default()).await.unwrap();
        let target = connected.targets.open(1).unwrap();
        let queue = ask(target.as_ref(), Operation::CreateQueue, json!({"QueueName": "q"})).await;
        let wall = std::time::Instant::now();
        for _ in 0..CALLS {
            ask(target.as_ref(), Operation::GetQueueUrl, json!({"QueueName": "q"})).await;
        }
        let each = wall.elapsed() / CALLS;
        println!("{each:?} a call; {queue}");
        // Generous: an unoptimised build on a busy machine.
        assert!(each < Duration::from_micros(500), "{each:?}");
    });
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_and_the_server_goes_on() {
    let served = served(ServeOptions::default()).await;
    let post = |headers: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nhost: h\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
    };
    let json = "content-type: application/x-amz-json-1.0\r\n";
    for (request, expected) in [
        (
            post(&format!("{json}x-amz-target: AWSStepFunctions.Nonsense\r\n"), "{}"),
            "UnknownOperationException",
        ),
        (post(json, "{}"), "MissingAction"),
        (
            post("content-type: application/x-www-form-urlencoded\r\n", "Action=Nope&Version=2010-03-31"),
            "<Code>InvalidAction",
        ),
        ("GET /nowhere HTTP/1.1\r\nhost: h\r\n\r\n".to_owned(), "404"),
        ("\u{0}\u{1}garbage\r\n\r\n".to_owned(), "400 Bad Request"),
        (format!("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n", 64 << 20), "413"),
    ] {
        let answer = served.says(&request).await;
        assert!(answer.contains(expected), "{request:?} was answered {answer:?}");
    }
    let page = served.says("GET /_sfn-conformance/health HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert!(page.contains("200 OK") && page.contains("running"), "{page}");
}

#[tokio::test]
async fn a_thousand_open_connections_and_slow_clients_do_not_take_it_down() {
    let served =
        served(ServeOptions { slowest_request: Duration::from_secs(2), ..ServeOptions::default() }).await;
    let mut slow = TcpStream::connect(&served.address).await.unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n{").await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..1000 {
        // Half of them begin a request and never end it.
        let mut stream = TcpStream::connect(&served.address).await.unwrap();
        if idle.len() % 2 == 0 {
            stream.write_all(b"POST / HTTP/1.1\r\nhost").await.unwrap();
        }
        idle.push(stream);
    }
    let page = served.says("GET /_sfn-conformance/health HTTP/1.1\r\nhost: h\r\n\r\n").await;
    assert!(page.contains("200 OK"), "{page}");
    let mut answer = vec![0; 1024];
    let count = tokio::time::timeout(Duration::from_secs(5), slow.read(&mut answer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&answer[..count]).contains("408"), "a slow body is given up");
}

#[tokio::test]
async fn throttling_and_access_control_answer_as_aws_does() {
    let access = Access {
        known_keys: ["AKID".to_owned()].into(),
        denied: [Operation::StopExecution].into(),
        ..Access::default()
    };
    let served =
        served(ServeOptions { access: Some(access), throttling: 0.3, ..ServeOptions::default() }).await;
    let by = |key: &str| Environment::of([("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", "s")]);
    let target = |key: &str| {
        let options = Options { environment: by(key), ..Options::default() };
        let url = served.url();
        async move { connect(&url, &options).await.unwrap().targets.open(0).unwrap() }
    };
    let list = || Call::new(Operation::ListStateMachines, json!({}));
    let code = |outcome: Outcome| match outcome {
        Outcome::Refused(error) => error.code,
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Unknown(why) => panic!("{why}"),
    };
    let known = target("AKID").await;
    let mut codes = std::collections::BTreeMap::new();
    for _ in 0..200 {
        *codes.entry(code(known.call(list()).await)).or_insert(0) += 1;
    }
    let throttled = codes.get("ThrottlingException").copied().unwrap_or(0);
    assert!((30..=90).contains(&throttled) && codes.len() == 2, "{codes:?}");
    let stop = Call::new(Operation::StopExecution, json!({"executionArn": "a"}));
    assert_eq!(code(known.call(stop).await), "AccessDeniedException");
    assert_eq!(code(target("WHO").await.call(list()).await), "UnrecognizedClientException");
}

#[tokio::test]
async fn an_aws_run_can_be_rehearsed_on_it() {
    let served = served(ServeOptions::default()).await;
    let environment = Environment::of([
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("AWS_ENDPOINT_URL", served.url().as_str()),
    ]);
    let aws = AwsOptions { opted_in: true, ..AwsOptions::default() };
    let connected =
        connect("aws:us-east-1", &Options { environment, aws, ..Options::default() }).await.unwrap();
    assert!(connected.account.is_some_and(|account| account.len() == 12));
}

#[tokio::test]
async fn told_to_stop_it_stops_in_spite_of_open_polls() {
    let mut served = served(ServeOptions::default()).await;
    let connected = connect(&served.url(), &options(Wire::Raw)).await.unwrap();
    let target = connected.targets.open(0).unwrap();
    let queue = ask(target.as_ref(), Operation::CreateQueue, json!({"QueueName": "q"})).await;
    let poll =
        Call::new(Operation::ReceiveMessage, json!({"QueueUrl": queue["QueueUrl"], "WaitTimeSeconds": 20}));
    let poll = tokio::spawn(async move { target.call(poll).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    served.stop.take().unwrap().send(()).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), served.done).await;
    assert!(stopped.is_ok_and(|joined| joined.is_ok_and(|result| result.is_ok())));
    assert!(matches!(poll.await.unwrap(), Outcome::Unknown(_)), "the poll's end is not known");
}

#[tokio::test]
async fn an_unknown_variant_is_a_usage_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = ServeOptions { variant: Some("no-such".to_owned()), ..ServeOptions::default() };
    let error = serve(listener, options, std::future::pending()).await.expect_err("no such variant");
    assert!(error.is_usage(), "{error}");
}
