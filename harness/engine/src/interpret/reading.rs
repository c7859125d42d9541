//! Histories and descriptions: read, and waited for.

use std::collections::BTreeSet;
use std::time::Duration;

use record::{Awaited, Call, CaseEnd, Operation, Outcome};
use serde_json::{Value, json};

use super::Actor;
use crate::patience::{Pauses, allowance};

/// More pages than the longest history has events (HIS-24): whoever gives more gives no end.
const PAGES: usize = 25_100;

impl Actor<'_> {
    /// Polls the history until it shows what is awaited. Of the polls that did not, the first is kept.
    pub(super) async fn await_history(
        &mut self,
        exec: u32,
        after_ms: u64,
        what: &str,
        shown: impl Fn(&[Value]) -> bool,
    ) -> Result<(), CaseEnd> {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + Duration::from_millis(after_ms) + allowance(clock);
        let arn = self.arn(exec);
        let mut pauses = Pauses::new(self.stage.target);
        let mut polls = 0u32;
        loop {
            let asked = clock.now();
            let last = asked >= deadline;
            let mut places = Vec::new();
            let events =
                self.read_pages(json!({"executionArn": arn, "maxResults": 1000}), Some(&mut places)).await;
            if shown(&events) {
                return Ok(());
            }
            if !last && self.stage.cancel.is_set() {
                return Err(CaseEnd::Cut("the run was stopped".to_owned()));
            }
            if last {
                let kind = events
                    .last()
                    .and_then(|event| event.get("type"))
                    .and_then(Value::as_str)
                    .unwrap_or("no event");
                let saw = format!("{} events, the last {kind}", events.len());
                let awaited = Awaited::Shown { execution: exec, what: what.to_owned() };
                return Err(CaseEnd::Hung { awaited, saw });
            }
            if polls > 0 {
                for place in &places {
                    self.stage.recorder.forget(place);
                }
            }
            polls += 1;
            self.stage.pause(pauses.after(clock.now().since(asked))).await;
        }
    }

    /// Reads a history to its last page, or as far as the pages lead on.
    pub(super) async fn read_pages(
        &mut self,
        input: Value,
        mut places: Option<&mut Vec<crate::recorder::Place>>,
    ) -> Vec<Value> {
        let mut events = Vec::new();
        let mut input = input;
        let mut begun: BTreeSet<u64> = BTreeSet::new();
        for _ in 0..PAGES {
            if self.stage.cancel.is_set() {
                break;
            }
            let call = Call::new(Operation::GetExecutionHistory, input.clone());
            let (place, outcome) = self.stage.recorder.call(self.stage.target, &self.name, call, None).await;
            if let Some(places) = &mut places {
                places.push(place);
            }
            let Outcome::Done(reply) = outcome else { break };
            let page = reply.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
            // Pages that begin again never end.
            let first = page.first().and_then(|event| event.get("id")).and_then(Value::as_u64);
            let repeats = first.is_some_and(|id| !begun.insert(id));
            events.extend(page);
            let Some(next) = reply.get("nextToken").and_then(Value::as_str).filter(|token| !token.is_empty())
            else {
                break;
            };
            if repeats || input["nextToken"] == next {
                break;
            }
            input["nextToken"] = json!(next);
        }
        events
    }

    /// Describes an execution that has ended, until the description says so too or the allowance is over (GEH-12).
    pub(super) async fn describe(&mut self, exec: u32) {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + allowance(clock);
        let arn = self.arn(exec);
        let mut pauses = Pauses::new(self.stage.target);
        loop {
            let asked = clock.now();
            let call = Call::new(Operation::DescribeExecution, json!({"executionArn": arn}));
            let (place, outcome) = self.stage.recorder.call(self.stage.target, &self.name, call, None).await;
            let status = outcome.reply().and_then(|reply| reply.get("status")).and_then(Value::as_str);
            let passing = outcome.refusal().is_some_and(crate::patience::is_passing)
                || matches!(outcome, Outcome::Unknown(_));
            let ended =
                self.world(|world| world.executions.get(&exec).is_some_and(|execution| execution.ended));
            if !(status == Some("RUNNING") && ended || passing) || clock.now() >= deadline {
                return;
            }
            self.stage.recorder.forget(&place);
            self.stage.pause(pauses.after(clock.now().since(asked))).await;
        }
    }
}

pub(super) fn ended(events: &[Value]) -> bool {
    events.last().and_then(|event| event.get("type")).and_then(Value::as_str).is_some_and(|kind| {
        matches!(kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut")
    })
}
