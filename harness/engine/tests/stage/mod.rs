//! Targets for the engine's tests: the embedded region around a paused clock, and a scripted one that says what it is told.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "each test binary uses its own part; a test that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use engine::{BoxFuture, Clock, Target, TargetError, TargetTraits, Targets};
use record::{ApiError, Call, Operation, Outcome, RunEvent, Time};
use region::{Answer, Conduct, Region};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

/// When every test's history begins: 2026-01-01T00:00:00Z.
const START: Time = Time(1_767_225_600_000);

/// A clock over tokio's time, paused or not.
pub(crate) struct TokioClock {
    base: OnceLock<Instant>,
    is_virtual: bool,
}

impl TokioClock {
    fn new(is_virtual: bool) -> Self {
        Self { base: OnceLock::new(), is_virtual }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Time {
        START + self.base.get_or_init(Instant::now).elapsed()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(span))
    }

    fn is_virtual(&self) -> bool {
        self.is_virtual
    }
}

/// Makes the conduct of each region that is opened.
pub(crate) type MakeConduct = fn() -> Box<dyn Conduct>;

/// A fresh region for each plan.
pub(crate) struct Regions(pub Option<MakeConduct>);

/// One region for all plans, as an endpoint is, whose calls take a moment each way.
pub(crate) struct SharedRegion(Arc<OneRegion>);

struct OneRegion {
    region: Mutex<Region>,
    changed: Notify,
    clock: TokioClock,
    way: Duration,
}

impl OneRegion {
    fn new(conduct: Option<MakeConduct>, seed: u64, is_virtual: bool, way: Duration) -> Arc<Self> {
        let mut options = region::Options::default();
        if let Some(make) = conduct {
            options.conduct = make();
        }
        let region = Mutex::new(Region::new(seed, START, options));
        Arc::new(Self { region, changed: Notify::new(), clock: TokioClock::new(is_virtual), way })
    }
}

impl Targets for Regions {
    fn open(&self, seed: u64) -> Result<Arc<dyn Target>, TargetError> {
        Ok(OneRegion::new(self.0, seed, true, Duration::ZERO))
    }
}

impl SharedRegion {
    /// A region that says it is on the machine's clock.
    pub(crate) fn new(conduct: Option<MakeConduct>) -> Self {
        Self(OneRegion::new(conduct, 1, false, Duration::from_millis(2)))
    }
}

impl Targets for SharedRegion {
    fn open(&self, _seed: u64) -> Result<Arc<dyn Target>, TargetError> {
        Ok(self.0.clone())
    }
}

impl Target for OneRegion {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            if !self.way.is_zero() {
                self.clock.sleep(self.way).await;
            }
            let outcome = self.ask(&call).await;
            if !self.way.is_zero() {
                self.clock.sleep(self.way).await;
            }
            outcome
        })
    }

    fn traits(&self) -> TargetTraits {
        TargetTraits { is_virtual: self.clock.is_virtual, is_metered: false }
    }
}

impl OneRegion {
    async fn ask(&self, call: &Call) -> Outcome {
        let deadline = self.clock.now() + region::patience(call);
        loop {
            let changed = self.changed.notified();
            let now = self.clock.now();
            let wait = {
                let mut region = self.region.lock().unwrap();
                match region.call(now, call) {
                    Answer::Now(outcome) => {
                        self.changed.notify_waiters();
                        return outcome;
                    }
                    Answer::Later if now >= deadline => return region.give_up(now, call),
                    Answer::Later => {
                        region.next_event().map_or(deadline, |next| next.min(deadline)).since(now)
                    }
                }
            };
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep(wait.max(Duration::from_millis(1))) => {}
            }
        }
    }
}

/// A runtime whose time stands still while anything can be done: what waits for seconds takes none.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// What a scripted target says to a call; `None` for its usual answer.
pub(crate) type Say = dyn Fn(&Call, usize) -> Option<Outcome> + Send + Sync;

/// A target without memory of workflows: it makes what it is asked to make, delivers nothing, and lets a script decide the rest.
pub(crate) struct Scripted {
    say: Box<Say>,
    heard: Mutex<Vec<Call>>,
    clock: TokioClock,
}

impl Scripted {
    /// In virtual time. The script is told the call and how many calls of its operation came before it.
    pub(crate) fn in_virtual_time(
        say: impl Fn(&Call, usize) -> Option<Outcome> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { say: Box::new(say), heard: Mutex::default(), clock: TokioClock::new(true) })
    }

    /// On the machine's clock.
    pub(crate) fn on_the_wall(
        say: impl Fn(&Call, usize) -> Option<Outcome> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { say: Box::new(say), heard: Mutex::default(), clock: TokioClock::new(false) })
    }

    /// Every call of an operation that reached it.
    pub(crate) fn heard(&self, operation: Operation) -> Vec<Call> {
        self.heard.lock().unwrap().iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// What was made and not removed, by name.
    pub(crate) fn left(&self) -> Vec<String> {
        let name = |call: &Call, member: &str| {
            let text = call.text(member).unwrap_or_default();
            text.rsplit(['/', ':']).next().unwrap_or_default().to_owned()
        };
        let mut left = Vec::new();
        for call in self.heard.lock().unwrap().iter() {
            match call.operation {
                Operation::CreateQueue => left.push(name(call, "QueueName")),
                Operation::CreateTopic => left.push(name(call, "Name")),
                Operation::CreateStateMachine => left.push(name(call, "name")),
                Operation::DeleteQueue => left.retain(|made| *made != name(call, "QueueUrl")),
                Operation::DeleteTopic => left.retain(|made| *made != name(call, "TopicArn")),
                Operation::DeleteStateMachine => left.retain(|made| *made != name(call, "stateMachineArn")),
                _ => {}
            }
        }
        left
    }
}

/// One scripted target for everybody.
pub(crate) struct Always(pub Arc<Scripted>);

impl Targets for Always {
    fn open(&self, _seed: u64) -> Result<Arc<dyn Target>, TargetError> {
        Ok(self.0.clone())
    }
}

impl Target for Scripted {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        let before = self.heard(call.operation).len();
        self.heard.lock().unwrap().push(call.clone());
        let outcome = (self.say)(&call, before).unwrap_or_else(|| usual(&call));
        Box::pin(async move {
            // A long poll that brings nothing takes its time.
            if let Some(wait) = call.input.get("WaitTimeSeconds").and_then(Value::as_u64) {
                self.clock.sleep(Duration::from_secs(wait)).await;
            }
            outcome
        })
    }

    fn traits(&self) -> TargetTraits {
        TargetTraits { is_virtual: self.clock.is_virtual, is_metered: false }
    }
}

fn usual(call: &Call) -> Outcome {
    let place = "us-east-1:123456789012";
    let text = |member: &str| call.text(member).unwrap_or_default();
    let last = |member: &str| text(member).rsplit(':').next().unwrap_or_default().to_owned();
    Outcome::Done(match call.operation {
        Operation::CreateQueue => {
            json!({"QueueUrl": format!("http://sqs/123456789012/{}", text("QueueName"))})
        }
        Operation::GetQueueAttributes => {
            json!({"Attributes": {"QueueArn": format!("arn:aws:sqs:{place}:q")}})
        }
        Operation::CreateTopic => json!({"TopicArn": format!("arn:aws:sns:{place}:{}", text("Name"))}),
        Operation::CreateStateMachine => {
            json!({"stateMachineArn": format!("arn:aws:states:{place}:stateMachine:{}", text("name")), "creationDate": 1_767_225_600.0})
        }
        Operation::CreateActivity => {
            json!({"activityArn": format!("arn:aws:states:{place}:activity:{}", text("name")), "creationDate": 1_767_225_600.0})
        }
        Operation::StartExecution => {
            let arn =
                format!("arn:aws:states:{place}:execution:{}:{}", last("stateMachineArn"), text("name"));
            json!({"executionArn": arn, "startDate": 1_767_225_600.0})
        }
        Operation::GetExecutionHistory => json!({"events": []}),
        Operation::DescribeExecution => json!({"status": "SUCCEEDED", "output": "{}"}),
        _ => json!({}),
    })
}

/// An answer that refuses.
pub(crate) fn refused(code: &str, status: u16) -> Option<Outcome> {
    Some(Outcome::Refused(ApiError::new(code, "as scripted").with_status(status)))
}

/// A message that holds the token of an attempt of an execution.
pub(crate) fn message(execution: &str, token: &str, id: &str, retries: u64) -> Outcome {
    let body = json!({"TaskToken": token, "Execution": execution, "RetryCount": retries}).to_string();
    Outcome::Done(
        json!({"Messages": [{"MessageId": id, "ReceiptHandle": format!("handle-{id}"), "Body": body}]}),
    )
}

/// The events as text, without what the machine's clock decides.
pub(crate) fn timeless(events: &[RunEvent]) -> Vec<String> {
    let mut texts = Vec::new();
    for event in events {
        let mut value = serde_json::to_value(event).unwrap();
        if let Some(elapsed) = value.get_mut("elapsed_s") {
            *elapsed = json!(0);
        }
        texts.push(value.to_string());
    }
    texts
}

/// How often each kind of event came.
pub(crate) fn kinds(events: &[RunEvent]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for event in events {
        let value = serde_json::to_value(event).unwrap();
        *kinds.entry(value["event"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}
