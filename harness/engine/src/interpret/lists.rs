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

/// So long a list may lag: a little longer than the rules wait.
const LAG: Duration = Duration::from_millis(rules::PATIENCE.unsigned_abs() + 2_000);

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

/// The member that holds the items of a list, and what they are.
fn listing(operation: Operation) -> Option<(&'static str, ResourceKind)> {
    match operation {
        Operation::ListExecutions => Some(("executions", ResourceKind::Execution)),
        Operation::ListStateMachines => Some(("stateMachines", ResourceKind::Machine)),
        Operation::ListActivities => Some(("activities", ResourceKind::Activity)),
        _ => None,
    }
}

fn items(operation: Operation, reply: &Value) -> Vec<Value> {
    let listed = listing(operation).and_then(|(member, _)| reply.get(member)).and_then(Value::as_array);
    listed.cloned().unwrap_or_default()
}

/// Whether a list without a filter lacks what the plan has made, shows it twice, or shows an ended execution as running.
fn lags(world: &World, call: &Call, items: &[Value]) -> bool {
    let Some((_, kind)) = listing(call.operation) else { return false };
    if call.input.keys().any(|member| !matches!(member.as_str(), "stateMachineArn" | "maxResults")) {
        return false;
    }
    let shown = |arn: &str| {
        let named = |item: &&Value| item.get(kind.member()).and_then(Value::as_str) == Some(arn);
        let mut those = items.iter().filter(named);
        those.next().filter(|_| those.next().is_none())
    };
    if kind != ResourceKind::Execution {
        return world.made.iter().any(|(made, arn)| *made == kind && shown(arn).is_none());
    }
    // Of a version or an alias only its own executions are shown; their ARNs name no machine.
    let machine = call.text("stateMachineArn").and_then(ResourceKind::of_arn);
    let Some((ResourceKind::Machine, machine)) = machine else { return false };
    let of_it = format!(":execution:{machine}:");
    world.executions.values().filter(|execution| execution.arn.contains(&of_it)).any(|execution| {
        shown(&execution.arn).is_none_or(|item| {
            execution.ended && item.get("status").and_then(Value::as_str) == Some("RUNNING")
        })
    })
}
