//! What a run may spend: reserved for each plan by prediction before it begins, then counted call by call.
//!
//! What happens inside the target (transitions, the messages that a workflow sends) shows in no call, so there the larger of
//! prediction and histories counts. The invariant: no plan begins whose prediction does not fit into what is left, and once
//! more is spent than there was, running plans end at their next step. Removing what was made is always allowed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plan::{Cost, Plan};
use record::{Call, CaseRecord, Operation, Outcome, Service, Time};
use serde_json::Value;

use crate::{BoxFuture, Cancel, Clock, Target, TargetError, TargetTraits, Targets};

/// Dollars for one of each.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// A state transition of a Standard workflow.
    pub transition: f64,
    /// A request to SQS.
    pub sqs_request: f64,
    /// A request to SNS.
    pub sns_request: f64,
}

impl Rates {
    /// What so much costs. Requests to Step Functions are free.
    pub fn dollars(&self, cost: Cost) -> f64 {
        self.transition * cost.transitions as f64
            + self.sqs_request * cost.sqs_requests as f64
            + self.sns_request * cost.sns_requests as f64
    }
}

/// What a run may spend; no limit where none is given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Dollars, reckoned with `rates`.
    pub dollars: Option<f64>,
    /// State transitions.
    pub transitions: Option<u64>,
    /// Requests to all services together.
    pub requests: Option<u64>,
    /// On the machine's clock: from the first call to the last of a plan.
    pub wall: Option<Duration>,
    /// Unit prices.
    pub rates: Rates,
}

/// What was spent, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spent {
    /// Calls by operation, those included that no record shows: probes, polls, removals.
    pub calls: BTreeMap<Operation, u64>,
    /// In units of the bill.
    pub cost: Cost,
}

/// The purse of one run.
pub(crate) struct Purse {
    budget: Budget,
    stop: Cancel,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    began: Option<Time>,
    reserved: Cost,
    spent: Spent,
}

/// What a running plan may still use.
pub(crate) struct Reservation(Cost);

/// Plans that are running when the time is up may take so long to end.
const GRACE: Duration = Duration::from_secs(30);

/// A request of SQS or SNS is each begun 64 KiB.
const UNIT: usize = 64 << 10;

impl Purse {
    /// A purse that sets `stop` once more is spent than there was.
    pub(crate) fn new(budget: Budget, stop: Cancel) -> Self {
        Self { budget, stop, state: Mutex::default() }
    }

    /// Sets aside what a plan may use. The error says what is not enough.
    pub(crate) fn reserve(&self, plan: &Plan, now: Time) -> Result<Reservation, String> {
        let cost = Cost::of(plan);
        let mut state = self.lock();
        let mut after = state.spent.cost;
        after += state.reserved;
        after += cost;
        let began = *state.began.get_or_insert(now);
        let time = now.since(began) + Duration::from_millis(plan.span_ms());
        if let Some(why) = self.passes(after, time) {
            return Err(format!("budget: {why} with this plan"));
        }
        state.reserved += cost;
        Ok(Reservation(cost))
    }

    /// Gives back what a plan did not use, and counts what happened inside the target.
    pub(crate) fn settle(&self, reservation: &Reservation, plan: &Plan, record: &CaseRecord) {
        let mut inside = Cost::inside(plan);
        inside.transitions = inside.transitions.max(transitions(record));
        let mut state = self.lock();
        state.reserved = less(state.reserved, reservation.0);
        state.spent.cost += inside;
    }

    /// What was spent so far.
    pub(crate) fn spent(&self) -> Spent {
        self.lock().spent.clone()
    }

    fn count(&self, call: &Call, outcome: &Outcome, now: Time) {
        let cost = price_of(call, outcome);
        let mut state = self.lock();
        *state.spent.calls.entry(call.operation).or_default() += 1;
        state.spent.cost += cost;
        let began = *state.began.get_or_insert(now);
        let time = now.since(began).saturating_sub(GRACE);
        if self.passes(state.spent.cost, time).is_some() {
            self.stop.set();
        }
    }

    fn passes(&self, cost: Cost, time: Duration) -> Option<String> {
        let Budget { dollars, transitions, requests, wall, rates } = self.budget;
        if let Some(limit) = dollars.filter(|limit| rates.dollars(cost) > *limit) {
            return Some(format!("${:.4} of ${limit} would be spent", rates.dollars(cost)));
        }
        if let Some(limit) = transitions.filter(|limit| cost.transitions > *limit) {
            return Some(format!("{} of {limit} transitions would be spent", cost.transitions));
        }
        if let Some(limit) = requests.filter(|limit| cost.requests() > *limit) {
            return Some(format!("{} of {limit} requests would be spent", cost.requests()));
        }
        let limit = wall.filter(|limit| time >= *limit)?;
        Some(format!("{} of {} s would have passed", time.as_secs(), limit.as_secs()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Targets whose calls are counted.
pub(crate) struct Metered {
    targets: Arc<dyn Targets>,
    purse: Arc<Purse>,
}

impl Metered {
    pub(crate) fn new(targets: Arc<dyn Targets>, purse: Arc<Purse>) -> Self {
        Self { targets, purse }
    }
}

impl Targets for Metered {
    fn open(&self, seed: u64) -> Result<Arc<dyn Target>, TargetError> {
        Ok(Arc::new(MeteredTarget { target: self.targets.open(seed)?, purse: self.purse.clone() }))
    }
}

struct MeteredTarget {
    target: Arc<dyn Target>,
    purse: Arc<Purse>,
}

impl Target for MeteredTarget {
    fn clock(&self) -> &dyn Clock {
        self.target.clock()
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            let outcome = self.target.call(call.clone()).await;
            self.purse.count(&call, &outcome, self.target.clock().now());
            outcome
        })
    }

    fn traits(&self) -> TargetTraits {
        self.target.traits()
    }
}

fn price_of(call: &Call, outcome: &Outcome) -> Cost {
    let units = |value: &str| value.len().div_ceil(UNIT) as u64;
    let asked = || serde_json::to_string(&call.input).map_or(1, |text| units(&text));
    let answered = || outcome.reply().map_or(1, |reply| units(&reply.to_string()));
    match call.operation.service() {
        Service::Sqs => Cost { sqs_requests: asked().max(answered()), ..Cost::default() },
        Service::Sns => Cost { sns_requests: asked(), ..Cost::default() },
        _ => Cost { states_requests: 1, ..Cost::default() },
    }
}

/// Transitions that the histories of a case show: states entered, further attempts, and two for start and end.
pub(crate) fn transitions(record: &CaseRecord) -> u64 {
    let mut executions: BTreeMap<&str, BTreeMap<u64, &str>> = BTreeMap::new();
    for entry in record.entries.iter().filter(|e| e.call.operation == Operation::GetExecutionHistory) {
        let (Some(arn), Outcome::Done(reply)) = (entry.call.text("executionArn"), &entry.outcome) else {
            continue;
        };
        let events = executions.entry(arn).or_default();
        for event in reply.get("events").and_then(Value::as_array).into_iter().flatten() {
            let (id, kind) =
                (event.get("id").and_then(Value::as_u64), event.get("type").and_then(Value::as_str));
            events.extend(id.zip(kind));
        }
    }
    executions
        .values()
        .map(|events| {
            let of = |ending: &str| events.values().filter(|kind| kind.ends_with(ending)).count() as u64;
            of("StateEntered") + of("TaskScheduled").saturating_sub(of("TaskStateEntered")) + 2
        })
        .sum()
}

fn less(from: Cost, what: Cost) -> Cost {
    Cost {
        transitions: from.transitions.saturating_sub(what.transitions),
        states_requests: from.states_requests.saturating_sub(what.states_requests),
        sqs_requests: from.sqs_requests.saturating_sub(what.sqs_requests),
        sns_requests: from.sns_requests.saturating_sub(what.sns_requests),
    }
}

#[cfg(test)]
mod tests {
    use plan::{Profile, generate};
    use serde_json::json;

    use super::*;

    fn plan() -> Plan {
        generate(Profile::Smoke, 1, None).into_iter().find(|plan| plan.topic).unwrap()
    }

    #[test]
    fn plans_are_reserved_before_they_begin_and_give_back_what_they_did_not_use() {
        let plan = plan();
        let cost = Cost::of(&plan);
        let budget = Budget { transitions: Some(2 * cost.transitions), ..Budget::default() };
        let purse = Purse::new(budget, Cancel::default());
        let first = purse.reserve(&plan, Time(0)).unwrap();
        purse.reserve(&plan, Time(0)).unwrap();
        let why = purse.reserve(&plan, Time(0)).err().unwrap();
        assert!(why.contains("transitions"), "{why}");
        let nothing = CaseRecord {
            plan: String::new(),
            family: String::new(),
            entries: Vec::new(),
            end: record::CaseEnd::Complete,
            faults: Vec::new(),
        };
        purse.settle(&first, &plan, &nothing);
        assert!(purse.reserve(&plan, Time(0)).is_err(), "what happened inside stays spent");
        assert_eq!(purse.spent().cost.transitions, cost.transitions);
    }

    #[test]
    fn more_calls_than_were_allowed_stop_the_run() {
        let stop = Cancel::default();
        let purse = Purse::new(Budget { requests: Some(2), ..Budget::default() }, stop.clone());
        let call = Call::new(Operation::ListQueues, json!({}));
        for _ in 0..2 {
            purse.count(&call, &Outcome::Done(json!({})), Time(0));
            assert!(!stop.is_set());
        }
        purse.count(&call, &Outcome::Done(json!({})), Time(0));
        assert!(stop.is_set());
    }

    #[test]
    fn a_big_message_is_several_requests() {
        let call = Call::new(Operation::SendMessage, json!({"MessageBody": "x".repeat(200_000)}));
        assert_eq!(price_of(&call, &Outcome::Done(json!({}))).sqs_requests, 4);
    }

    #[test]
    fn a_plan_whose_timers_pass_the_wall_time_is_not_begun() {
        let purse =
            Purse::new(Budget { wall: Some(Duration::from_secs(1)), ..Budget::default() }, Cancel::default());
        assert!(purse.reserve(&plan(), Time(0)).is_ok());
        assert!(purse.reserve(&plan(), Time(1000)).is_err());
    }
}
