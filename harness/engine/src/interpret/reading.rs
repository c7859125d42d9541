//! Histories and descriptions: read, and waited for.

use std::time::Duration;

use record::{ApiError, Awaited, Call, CaseEnd, Operation, Outcome};
use serde_json::{Value, json};

use super::Actor;
use super::pages::Pages;
use crate::insist::insist;
use crate::patience::{Pauses, allowance};
use crate::recorder::Place;

/// How long a history may take to hear of a redrive before its end is believed.
const HEARD: Duration = Duration::from_secs(5);

impl<'s> Actor<'s> {
    /// What tells an execution that is over from its history, which may not have heard of the last redrive yet.
    pub(super) fn over(&self, exec: u32) -> impl Fn(&[Value]) -> bool + use<'s> {
        let redrives =
            self.world(|world| world.executions.get(&exec).map_or(0, |execution| execution.redrives));
        let clock = self.stage.target.clock();
        let believed = clock.now() + HEARD;
        move |events| {
            let heard = events.iter().filter(|event| is_of(event, "ExecutionRedriven")).count();
            ended(events) && (heard >= redrives || clock.now() >= believed)
        }
    }

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
        mut places: Option<&mut Vec<Place>>,
    ) -> Vec<Value> {
        let mut events = Vec::new();
        let mut pages = Pages::default();
        let mut next = Some(Call::new(Operation::GetExecutionHistory, input));
        while let Some(call) = next.take().filter(|_| !self.stage.cancel.is_set()) {
            let (place, outcome) = self.read(call.clone()).await;
            if let Some(places) = &mut places {
                places.push(place);
            }
            let Outcome::Done(reply) = outcome else { break };
            events.extend(reply.get("events").and_then(Value::as_array).cloned().unwrap_or_default());
            next = pages.next(&call, &reply);
        }
        events
    }

    pub(super) async fn read(&self, call: Call) -> (Place, Outcome) {
        insist(self.stage.recorder, self.stage.target, &self.name, call, None).await
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
            let (place, outcome) = self.read(call).await;
            let status = outcome.reply().and_then(|reply| reply.get("status")).and_then(Value::as_str);
            let passing =
                outcome.refusal().is_some_and(ApiError::is_passing) || matches!(outcome, Outcome::Unknown(_));
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

/// Whether an event is of this type.
pub(super) fn is_of(event: &Value, kind: &str) -> bool {
    event.get("type").and_then(Value::as_str) == Some(kind)
}

fn ended(events: &[Value]) -> bool {
    events.last().and_then(|event| event.get("type")).and_then(Value::as_str).is_some_and(|kind| {
        matches!(kind, "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut")
    })
}
