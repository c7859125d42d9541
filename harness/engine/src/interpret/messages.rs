//! What a worker does with its queue: receives, hears tokens, deletes.

use std::time::Duration;

use record::{Awaited, Call, CaseEnd, Operation, Outcome};
use serde_json::{Value, json};

use super::Actor;
use crate::patience::allowance;

impl Actor<'_> {
    pub(super) async fn take(&mut self, exec: u32, tokens: u32, delete: bool) -> Result<(), CaseEnd> {
        let clock = self.stage.target.clock();
        // A retry may have waited before it asked: 4 s is the longest interval that plans give.
        let retrying = Duration::from_secs(if tokens > 1 { 4 } else { 0 });
        let deadline = clock.now() + allowance(clock) + retrying;
        loop {
            let (known, queue) = self.world(|world| {
                let known = world.executions.get(&exec).map_or(0, |execution| execution.tokens.len());
                (known, world.places.get("queue").cloned().unwrap_or_default())
            });
            if known >= tokens as usize || self.crashed {
                return Ok(());
            }
            if clock.now() >= deadline {
                let awaited = Awaited::Tokens { execution: exec, tokens };
                return Err(CaseEnd::Hung { awaited, saw: format!("{known} tokens") });
            }
            if self.stage.cancel.is_set() {
                return Err(CaseEnd::Cut("the run was stopped".to_owned()));
            }
            self.receive(&queue, 10, 1, delete).await;
        }
    }

    pub(super) async fn drain(&mut self, queue: &str, messages: u32, wait_ms: u64) {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + Duration::from_millis(wait_ms);
        let url = self.world(|world| world.places.get(queue).cloned().unwrap_or_default());
        let mut seen = 0;
        loop {
            // Short waits do not round up to a whole second of long polling.
            let wait = u64::from(wait_ms >= 1000);
            seen += self.receive(&url, 10, wait, true).await;
            if seen >= messages || clock.now() >= deadline || self.stage.cancel.is_set() {
                return;
            }
            if wait == 0 {
                self.stage.pause(Duration::from_millis(50)).await;
            }
        }
    }

    /// Receives once, hears what came, deletes it if asked to. How many messages came.
    async fn receive(&mut self, queue: &str, most: u32, wait_s: u64, delete: bool) -> u32 {
        let input = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": most, "WaitTimeSeconds": wait_s,
            "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]
        });
        let call = Call::new(Operation::ReceiveMessage, input);
        let received = self.stage.recorder.call(self.stage.target, &self.name, call, None);
        // The first may bring what has just been sent; those that follow an empty one wait.
        let follows = wait_s > 0 && self.empty.as_ref().is_some_and(|(of, _)| of == queue);
        let (place, outcome) = if follows { self.stage.idle(received).await } else { received.await };
        if let Some((_, before)) = self.empty.take_if(|(of, _)| of == queue) {
            self.stage.recorder.forget(&before);
        }
        let messages = outcome
            .reply()
            .and_then(|reply| reply.get("Messages"))
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if messages.is_empty() {
            if outcome.is_done() {
                self.empty = Some((queue.to_owned(), place));
            }
            if wait_s == 0 || !outcome.is_done() {
                self.stage.pause(Duration::from_millis(30)).await;
            }
            return 0;
        }
        self.hear(&outcome);
        for handle in
            messages.iter().filter_map(|message| message.get("ReceiptHandle").and_then(Value::as_str))
        {
            if delete {
                self.delete(queue, handle).await;
            } else {
                self.held.push((queue.to_owned(), handle.to_owned()));
            }
        }
        u32::try_from(messages.len()).unwrap_or(u32::MAX)
    }

    pub(super) async fn delete(&mut self, queue: &str, handle: &str) {
        if self.crashed {
            return;
        }
        let input = json!({"QueueUrl": queue, "ReceiptHandle": handle});
        self.call(Call::new(Operation::DeleteMessage, input), None).await;
    }

    pub(super) fn hear(&self, outcome: &Outcome) {
        let messages = outcome.reply().and_then(|reply| reply.get("Messages")).and_then(Value::as_array);
        for body in
            messages.into_iter().flatten().filter_map(|message| message.get("Body").and_then(Value::as_str))
        {
            self.world(|world| world.heard(body));
        }
    }
}
