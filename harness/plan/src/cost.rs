//! What a plan will cost on AWS, before it runs: transitions, requests, history reads.

use std::ops::AddAssign;

use record::Operation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::step::visit;
use crate::{Plan, Step};

/// A prediction from above: the engine's own calls included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// State transitions of Standard workflows, retries included.
    pub transitions: u64,
    /// Requests to Step Functions.
    pub states_requests: u64,
    /// Requests to SQS.
    pub sqs_requests: u64,
    /// Requests to SNS, notifications included.
    pub sns_requests: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.transitions += other.transitions;
        self.states_requests += other.states_requests;
        self.sqs_requests += other.sqs_requests;
        self.sns_requests += other.sns_requests;
    }
}

impl Cost {
    /// Requests to all services together.
    pub fn requests(self) -> u64 {
        self.states_requests + self.sqs_requests + self.sns_requests
    }

    /// What happens inside the region, where no call of the harness shows it: transitions, each of which may send a message,
    /// and notifications.
    pub fn inside(plan: &Plan) -> Self {
        let mut cost = Self::default();
        visit(&plan.steps, &mut |step| {
            let of = |name: &String| plan.machines.get(name).map(|spec| transitions(&spec.definition));
            let largest = || plan.machines.keys().filter_map(of).max();
            let states = match step {
                Step::Start { machine, .. } => of(machine).unwrap_or(1),
                // Which machine a call means is not known before; it may be one that the plan makes.
                Step::Call { op: Operation::StartExecution | Operation::RedriveExecution, .. } => {
                    largest().unwrap_or(1)
                }
                _ => return,
            };
            // The start and the end of an execution may be counted as well.
            cost.transitions += states + 2;
            cost.sqs_requests += states + 2;
            cost.sns_requests += u64::from(plan.topic);
        });
        cost
    }

    /// The prediction for one plan.
    pub fn of(plan: &Plan) -> Self {
        let mut cost = Self::inside(plan);
        cost.sqs_requests += 3;
        if plan.topic {
            cost += Self { sqs_requests: 4, sns_requests: 3, ..Self::default() };
        }
        cost.states_requests += 2 * plan.machines.len() as u64;
        visit(&plan.steps, &mut |step| match step {
            Step::Start { .. } => cost.states_requests += 3,
            Step::Take { tokens, .. } => cost.sqs_requests += 3 * u64::from(*tokens),
            Step::Drain { messages, wait_ms, .. } => {
                cost.sqs_requests += u64::from(*messages) * 2 + wait_ms / 1000 + 1;
            }
            Step::Settle { after_ms, .. } | Step::Until { after_ms, .. } => {
                cost.states_requests += 4 + after_ms / 250;
            }
            Step::Pages { size, .. } => cost.states_requests += 30 / u64::from((*size).max(1)) + 1,
            Step::Call { op, .. } => match op.service() {
                record::Service::Sqs => cost.sqs_requests += 1,
                record::Service::Sns => cost.sns_requests += 1,
                _ => cost.states_requests += 1,
            },
            Step::Tell { .. } => cost.states_requests += 1,
            Step::Beats { times, .. } => cost.states_requests += u64::from(*times),
            Step::Delete => cost.sqs_requests += 1,
            Step::Sleep { .. } | Step::Together(_) | Step::Fault(_) => {}
        });
        cost
    }
}

/// A Map is reckoned with so many items.
const ITEMS: u64 = 10;

/// States of a definition, each counted with its retries (3 where a retrier names no number), those of a Map for each item.
fn transitions(definition: &Value) -> u64 {
    match definition {
        Value::Object(members) => {
            let own = u64::from(members.contains_key("Type"));
            let retries: u64 = members.get("Retry").and_then(Value::as_array).map_or(0, |retriers| {
                retriers
                    .iter()
                    .map(|r| r.get("MaxAttempts").and_then(Value::as_u64).unwrap_or(3).min(10))
                    .sum()
            });
            let times = if members.get("Type").is_some_and(|kind| kind == "Map") { ITEMS } else { 1 };
            own + retries + times * members.values().map(transitions).sum::<u64>()
        }
        Value::Array(items) => items.iter().map(transitions).sum(),
        _ => 0,
    }
}
