//! How fast a target is at all: twenty workers that each start an execution, receive its token, answer it, delete the message
//! and read the history, with nothing between them and the SDK. The limit beside which a run's speed is read (ci/SPEED.md).
//!
//!     cargo run --release -p targets --example bare_loop -- process:moto [EXECUTIONS]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use engine::Target;
use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

const WORKERS: u64 = 20;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let spec = arguments.next().ok_or("usage: bare_loop TARGET [EXECUTIONS]")?;
    let executions: u64 = arguments.next().map_or(Ok(200), |text| text.parse())?;
    let connected = targets::connect(&spec, &targets::Options::default()).await?;
    let left = Arc::new(AtomicU64::new(executions));
    let calls = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| -> Result<_, Box<dyn Error + Send + Sync>> {
            let target = connected.targets.open(number)?;
            let worker = Worker { number, target, calls: calls.clone() };
            Ok(tokio::spawn(worker.work(left.clone())))
        })
        .collect::<Result<_, _>>()?;
    let mut done = Ok(());
    for worker in workers {
        done = done.and(worker.await?);
    }
    let seconds = began.elapsed().as_secs_f64();
    connected.guard.stop().await;
    done?;
    let calls = calls.load(Ordering::SeqCst);
    println!(
        "{spec}: {executions} executions and {calls} calls in {seconds:.1} s: {:.1} executions/s, {:.0} calls/s",
        executions as f64 / seconds,
        calls as f64 / seconds
    );
    Ok(())
}

struct Worker {
    number: u64,
    target: Arc<dyn Target>,
    calls: Arc<AtomicU64>,
}

impl Worker {
    /// Runs executions, one after another, until none is left.
    async fn work(self, left: Arc<AtomicU64>) -> Result<(), String> {
        let queue =
            self.call(Operation::CreateQueue, json!({"QueueName": format!("bare-{}", self.number)})).await?;
        let queue = text(&queue, "QueueUrl");
        let definition = json!({"StartAt": "Wait", "States": {"Wait": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Parameters": {"QueueUrl": queue, "MessageBody": {"TaskToken.$": "$$.Task.Token"}}
        }}});
        let machine = self
            .call(
                Operation::CreateStateMachine,
                json!({
                    "name": format!("bare-{}", self.number), "definition": definition.to_string(),
                    "roleArn": "arn:aws:iam::123456789012:role/bare"
                }),
            )
            .await?;
        let machine = text(&machine, "stateMachineArn");
        while let Ok(number) =
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        {
            self.execution(number, &queue, &machine).await?;
        }
        Ok(())
    }

    async fn execution(&self, number: u64, queue: &str, machine: &str) -> Result<(), String> {
        let name = format!("bare-{}-{number}", self.number);
        let start = json!({"stateMachineArn": machine, "name": name, "input": "{}"});
        let started = self.call(Operation::StartExecution, start).await?;
        let message = loop {
            let input = json!({"QueueUrl": queue, "WaitTimeSeconds": 1});
            let received = self.call(Operation::ReceiveMessage, input).await?;
            if let Some(message) = received.pointer("/Messages/0") {
                break message.clone();
            }
        };
        let body: Value = serde_json::from_str(&text(&message, "Body")).map_err(|why| why.to_string())?;
        let answer = json!({"taskToken": text(&body, "TaskToken"), "output": "{}"});
        // Some know a token only a while after they have handed it out.
        let mut tries = 1;
        while let Err(why) = self.call(Operation::SendTaskSuccess, answer.clone()).await {
            if tries == 40 {
                return Err(why);
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        let handle = text(&message, "ReceiptHandle");
        self.call(Operation::DeleteMessage, json!({"QueueUrl": queue, "ReceiptHandle": handle})).await?;
        let read = json!({"executionArn": text(&started, "executionArn"), "maxResults": 1000});
        loop {
            let history = self.call(Operation::GetExecutionHistory, read.clone()).await?;
            let events = history.get("events").and_then(Value::as_array);
            if events
                .and_then(|events| events.last())
                .is_some_and(|last| last["type"] == "ExecutionSucceeded")
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn call(&self, operation: Operation, input: Value) -> Result<Value, String> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.target.call(Call::new(operation, input)).await {
            Outcome::Done(reply) => Ok(reply),
            Outcome::Refused(error) => Err(format!("{operation}: {error}")),
            Outcome::Unknown(why) => Err(format!("{operation}: {why}")),
        }
    }
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
