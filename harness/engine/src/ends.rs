//! Which executions have ended, heard from EventBridge: one rule and one queue a run, so that nobody polls.
//!
//! For targets whose requests are metered. Events come at least once, late, or not at all: an end that is not heard is found by
//! the one look at the history that follows the wait in any case.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use record::{Call, Operation, Outcome, Time};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::ledger::Ledger;
use crate::leftovers::{PREFIX, TAG, patient};
use crate::{ResourceKind, Target};

/// The id of the rule's one target.
pub(crate) const TARGET_ID: &str = "ends";

/// What is known of the ends of executions.
pub(crate) struct Ends {
    name: String,
    url: String,
    known: Mutex<BTreeSet<String>>,
    changed: Notify,
}

impl Ends {
    /// Makes queue and rule. `None` where the target refuses either: then histories are read at long intervals.
    pub(crate) async fn open(target: &dyn Target, ledger: &Ledger) -> Option<Self> {
        let name = format!("{PREFIX}{}-ends", ledger.run());
        let done = async |operation, input| match patient(target, Call::new(operation, input)).await {
            Outcome::Done(reply) => Some(reply),
            _ => None,
        };
        ledger.about_to_make(ResourceKind::Queue, &name).ok()?;
        let queue = json!({"QueueName": name, "tags": { TAG: ledger.run() }});
        let url = done(Operation::CreateQueue, queue).await?.get("QueueUrl")?.as_str()?.to_owned();
        let ends =
            Self { name: name.clone(), url: url.clone(), known: Mutex::default(), changed: Notify::new() };
        let attributes = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
        let reply = done(Operation::GetQueueAttributes, attributes).await;
        let arn = reply.as_ref().and_then(|reply| reply.pointer("/Attributes/QueueArn")?.as_str());
        let (Some(arn), Ok(())) = (arn, ledger.about_to_make(ResourceKind::Rule, &name)) else {
            ends.close(target, ledger).await;
            return None;
        };
        let pattern = json!({
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {
                "stateMachineArn": [{"wildcard": format!("*:stateMachine:{PREFIX}*")}],
                "status": ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
            }
        });
        let rule = json!({"Name": name, "EventPattern": pattern.to_string(), "Tags": [{"Key": TAG, "Value": ledger.run()}]});
        let made = done(Operation::PutRule, rule).await;
        let Some(rule) = made.as_ref().and_then(|reply| reply.get("RuleArn")?.as_str()) else {
            ends.close(target, ledger).await;
            return None;
        };
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}
        }]});
        let allowed = json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}});
        let aimed = json!({"Rule": name, "Targets": [{"Id": TARGET_ID, "Arn": arn}]});
        if done(Operation::SetQueueAttributes, allowed).await.is_none()
            || done(Operation::PutTargets, aimed).await.is_none()
        {
            ends.close(target, ledger).await;
            return None;
        }
        Some(ends)
    }

    /// Listens for ever.
    pub(crate) async fn listen(&self, target: &dyn Target) {
        loop {
            let input = json!({"QueueUrl": self.url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20});
            let outcome = target.call(Call::new(Operation::ReceiveMessage, input)).await;
            let messages = outcome.reply().and_then(|reply| reply.get("Messages")).and_then(Value::as_array);
            let mut handles = Vec::new();
            for message in messages.into_iter().flatten() {
                self.hear(message.get("Body").and_then(Value::as_str).unwrap_or_default());
                let handle = message.get("ReceiptHandle").cloned().unwrap_or_default();
                handles.push(json!({"Id": handles.len().to_string(), "ReceiptHandle": handle}));
            }
            if !handles.is_empty() {
                let input = json!({"QueueUrl": self.url, "Entries": handles});
                target.call(Call::new(Operation::DeleteMessageBatch, input)).await;
            }
            if !outcome.is_done() {
                target.clock().sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Waits until the execution is heard to have ended, or until the deadline.
    pub(crate) async fn wait(&self, execution: &str, target: &dyn Target, deadline: Time) {
        loop {
            let changed = self.changed.notified();
            let now = target.clock().now();
            if now >= deadline || self.lock().contains(execution) {
                return;
            }
            tokio::select! {
                () = changed => {}
                () = target.clock().sleep(deadline.since(now)) => {}
            }
        }
    }

    /// Removes rule and queue.
    pub(crate) async fn close(&self, target: &dyn Target, ledger: &Ledger) {
        let targets = json!({"Rule": self.name, "Ids": [TARGET_ID]});
        patient(target, Call::new(Operation::RemoveTargets, targets)).await;
        for (kind, id) in [(ResourceKind::Rule, &self.name), (ResourceKind::Queue, &self.url)] {
            let outcome = patient(target, kind.removing(id)).await;
            ledger.gone(kind, id, &outcome);
        }
    }

    fn hear(&self, body: &str) {
        let event: Option<Value> = serde_json::from_str(body).ok();
        let arn = event.as_ref().and_then(|event| event.pointer("/detail/executionArn")?.as_str());
        if let Some(arn) = arn {
            self.lock().insert(arn.to_owned());
            self.changed.notify_waiters();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
