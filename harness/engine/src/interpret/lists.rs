//! Lists: read to their last page, and asked for again while they lag.
//!
//! Nothing is judged here. AWS's lists are consistent in the end only, so one that lacks what the plan has made says
//! nothing until it has had its time; one that is whole is never asked for twice.

use std::time::Duration;

use record::{Call, Operation, Outcome};
use serde_json::Value;

use super::Actor;
use super::pages::Pages;
use crate::ResourceKind;
use crate::patience::Pauses;
use crate::recorder::Place;
use crate::world::World;

/// So long a list may lag, and a little more: the rules wait for half a minute.
const LAG: Duration = Duration::from_secs(32);

impl Actor<'_> {
    /// Reads a list from the answer of its first page on. Of the times that it lagged, the first is kept and the last.
    pub(super) async fn read_list(&self, first: &Call, reply: &Value) {
        let clock = self.stage.target.clock();
        let deadline = clock.now() + LAG;
        let mut pauses = Pauses::new(self.stage.target);
        let mut polled: Vec<Place> = Vec::new();
        let mut asked = clock.now();
        let mut items = self.read_on(first, reply, &mut Vec::new()).await;
        while self.world(|world| lags(world, first, &items))
            && asked < deadline
            && !self.stage.cancel.is_set()
        {
            self.stage.pause(pauses.after(clock.now().since(asked))).await;
            for place in polled.drain(..) {
                self.stage.recorder.forget(&place);
            }
            asked = clock.now();
            let (place, outcome) = self.read(first.clone()).await;
            polled.push(place);
            let Outcome::Done(reply) = outcome else { return };
            items = self.read_on(first, &reply, &mut polled).await;
        }
    }

    /// Reads the pages that follow the first; gives the items of all of them.
    async fn read_on(&self, first: &Call, reply: &Value, places: &mut Vec<Place>) -> Vec<Value> {
        let mut items = items(first.operation, reply);
        let mut pages = Pages::default();
        let mut next = pages.next(first, reply);
        while let Some(call) = next.take().filter(|_| !self.stage.cancel.is_set()) {
            let (place, outcome) = self.read(call.clone()).await;
            places.push(place);
            let Some(reply) = outcome.reply() else { break };
            items.extend(self::items(first.operation, reply));
            next = pages.next(&call, reply);
        }
        items
    }
}

/// The member that holds the items of a list, and the one that names an item.
fn members(operation: Operation) -> Option<(&'static str, &'static str)> {
    match operation {
        Operation::ListExecutions => Some(("executions", "executionArn")),
        Operation::ListStateMachines => Some(("stateMachines", "stateMachineArn")),
        Operation::ListActivities => Some(("activities", "activityArn")),
        _ => None,
    }
}

fn items(operation: Operation, reply: &Value) -> Vec<Value> {
    let listed = members(operation).and_then(|(member, _)| reply.get(member)).and_then(Value::as_array);
    listed.cloned().unwrap_or_default()
}

/// Whether a list without a filter lacks what the plan has made, shows it twice, or shows an ended execution as running.
fn lags(world: &World, call: &Call, items: &[Value]) -> bool {
    let Some((_, name)) = members(call.operation) else { return false };
    let filtered =
        call.input.keys().any(|member| !matches!(member.as_str(), "stateMachineArn" | "maxResults"));
    // Of a version or an alias only its own executions are shown.
    let qualified = call.text("stateMachineArn").is_some_and(|arn| arn.split(':').count() > 7);
    if filtered || qualified {
        return false;
    }
    let shown = |arn: &str| {
        let mut those = items.iter().filter(|item| item.get(name).and_then(Value::as_str) == Some(arn));
        those.next().filter(|_| those.next().is_none())
    };
    let made = |kind: ResourceKind| {
        world.made.iter().filter(move |(made, _)| *made == kind).any(|(_, arn)| shown(arn).is_none())
    };
    match call.operation {
        Operation::ListStateMachines => made(ResourceKind::Machine),
        Operation::ListActivities => made(ResourceKind::Activity),
        _ => {
            let machine = call.text("stateMachineArn").and_then(|arn| arn.split(':').nth(6));
            let of_it =
                world.executions.values().filter(|execution| execution.arn.split(':').nth(6) == machine);
            of_it.into_iter().any(|execution| {
                shown(&execution.arn).is_none_or(|item| {
                    execution.ended && item.get("status").and_then(Value::as_str) == Some("RUNNING")
                })
            })
        }
    }
}
