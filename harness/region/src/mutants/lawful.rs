//! Variants that AWS's rules allow: slow, throttling, at-least-once, out of order, and other outcomes that the rules leave open.

use asl::{Origin, Recovery, TaskFailure};
use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Again, Alarm, Clock, Delivery, Draft, Late, Overtaken, Stage, Taken};

pub(super) const VARIANTS: &[Variant] = &[
    variant!("slow", "every step of an execution takes a while", [], {
        fn latency(&mut self, stage: Stage) -> u64 {
            match stage {
                Stage::Start => 40,
                Stage::Submit => 120,
                Stage::Transition => 15,
            }
        }
    }),
    variant!(
        "slow-by-seconds",
        "executions start, submit and go on late, and timers fire six seconds late",
        [],
        {
            fn latency(&mut self, stage: Stage) -> u64 {
                match stage {
                    Stage::Start => 800,
                    Stage::Submit => 1_500,
                    Stage::Transition => 400,
                }
            }
            fn settling(&mut self) -> u64 {
                900
            }
            fn fires_at(&mut self, alarm: Alarm) -> Option<Time> {
                Some(Time(alarm.due.0 + 6_000))
            }
        }
    ),
    variant!("callbacks-overtake", "a callback before TaskSubmitted leaves none (A-03)", [], {
        fn latency(&mut self, stage: Stage) -> u64 {
            if stage == Stage::Submit { 80 } else { 0 }
        }
        fn overtaken(&mut self) -> Overtaken {
            Overtaken::Never
        }
    }),
    variant!("settles-late", "an accepted completion takes effect a little later", [], {
        fn settling(&mut self) -> u64 {
            30
        }
    }),
    variant!("throttling", "every ninth call to Step Functions is throttled", [], { calls: u64 }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            if call.operation.service() != record::Service::States {
                return Ok(());
            }
            self.calls += 1;
            if self.calls.is_multiple_of(9) { Err(ApiError::new("ThrottlingException", "Rate exceeded")) } else { Ok(()) }
        }
    }),
    variant!("breaks-now-and-then", "every eleventh call to Step Functions breaks the service", [], { calls: u64 }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            if call.operation.service() != record::Service::States {
                return Ok(());
            }
            self.calls += 1;
            let breaks = self.calls.is_multiple_of(11);
            if breaks { Err(ApiError::new("InternalFailure", "Internal error").with_status(500)) } else { Ok(()) }
        }
    }),
    variant!("at-least-once", "standard queues deliver every third message twice", [], { deliveries: u64 }, {
        fn delivers_again(&mut self, delivery: Delivery) -> bool {
            self.deliveries += u64::from(delivery.received == 0);
            delivery.received == 0 && self.deliveries.is_multiple_of(3)
        }
    }),
    variant!("always-twice", "standard queues deliver every message twice", [], {
        fn delivers_again(&mut self, delivery: Delivery) -> bool {
            delivery.received == 0
        }
    }),
    variant!(
        "again-and-again",
        "standard queues deliver a third of all deliveries once more, first or not",
        [],
        { deliveries: u64 },
        {
            fn delivers_again(&mut self, _: Delivery) -> bool {
                self.deliveries += 1;
                (self.deliveries.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(3)
            }
        }
    ),
    variant!("out-of-order", "standard queues deliver the youngest message first", [], {
        fn picks(&mut self, ready: usize) -> usize {
            ready.saturating_sub(1)
        }
    }),
    variant!(
        "loose-delivery",
        "standard queues deliver every fifth message twice, and every third time the youngest first",
        [],
        { deliveries: u64, picks: u64 },
        {
            fn delivers_again(&mut self, delivery: Delivery) -> bool {
                self.deliveries += u64::from(delivery.received == 0);
                delivery.received == 0 && self.deliveries.is_multiple_of(5)
            }
            fn picks(&mut self, ready: usize) -> usize {
                self.picks += 1;
                if self.picks.is_multiple_of(3) { ready.saturating_sub(1) } else { 0 }
            }
        }
    ),
    variant!("notified-twice", "a topic delivers every notification twice", [], {
        fn notifications(&mut self) -> u64 {
            2
        }
    }),
    variant!(
        "heartbeat-timeout-by-name",
        "a missed heartbeat is called States.HeartbeatTimeout (A-01)",
        [],
        {
            fn timeout_error(&mut self, clock: Clock) -> (String, Option<String>) {
                let name =
                    if clock == Clock::Heartbeat { "States.HeartbeatTimeout" } else { "States.Timeout" };
                (name.to_owned(), None)
            }
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                match recovery {
                    _ if failure.origin != Origin::MissedHeartbeat => {}
                    Recovery::Caught { exit, .. } => rename_timeout(&mut exit.output),
                    Recovery::Uncaught(failure) => failure.error = Some("States.HeartbeatTimeout".to_owned()),
                    Recovery::Retry { .. } => {}
                }
            }
        }
    ),
    variant!("closed-token-does-not-exist", "a closed token answers TaskDoesNotExist (A-04)", [], {
        fn closed_token(&mut self, _: Late, _: ApiError) -> Result<(), ApiError> {
            Err(ApiError::new("TaskDoesNotExist", "Task Does Not Exist"))
        }
    }),
    variant!("start-compares-text", "the same JSON in another spelling is another input (A-07)", [], {
        fn name_taken(&mut self, again: Again) -> Taken {
            if again.running && again.same_text { Taken::Same } else { Taken::Refused }
        }
    }),
    variant!("failed-send-is-a-failed-submission", "a refused send is written as TaskSubmitFailed (A-03)", [], { started: u64 }, {
        fn event(&mut self, draft: &mut Draft) -> bool {
            let waits = draft.details.as_ref().and_then(|d| d.get("resource")?.as_str().map(|r| r.ends_with(".waitForTaskToken")));
            if draft.kind == "TaskStarted" {
                self.started = draft.id;
            } else if draft.kind == "TaskFailed" && waits == Some(true) && draft.previous == self.started {
                "TaskSubmitFailed".clone_into(&mut draft.kind);
            }
            true
        }
    }),
    variant!(
        "nameless-failure-hands-on-nothing",
        "a caught failure without a name has no Error and no Cause (A-09)",
        [],
        {
            fn recovery(&mut self, failure: &TaskFailure, _: u64, recovery: &mut Recovery) {
                if let (Recovery::Caught { exit, .. }, true) = (recovery, failure.origin == Origin::Work) {
                    drop_nulls(&mut exit.output, failure);
                }
            }
        }
    ),
    variant!(
        "parameters-are-data-too",
        "includeExecutionData=false also hides the parameters of tasks (A-17)",
        [],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let hides = call.input.get("includeExecutionData") == Some(&json!(false));
                if let (Operation::GetExecutionHistory, true, Outcome::Done(reply)) =
                    (call.operation, hides, outcome)
                {
                    for event in reply.get_mut("events").and_then(Value::as_array_mut).into_iter().flatten() {
                        if let Some(details) =
                            event.get_mut("taskScheduledEventDetails").and_then(Value::as_object_mut)
                        {
                            details.shift_remove("parameters");
                        }
                    }
                }
            }
        }
    ),
    variant!(
        "reserved-names-refused",
        "SendTaskFailure refuses errors that begin with States. (A-11)",
        [],
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let reserved = call.text("error").is_some_and(|error| error.starts_with("States."));
                if call.operation == Operation::SendTaskFailure && reserved {
                    return Err(ApiError::new(
                        "ValidationException",
                        "Error names that begin with States. are reserved",
                    ));
                }
                Ok(())
            }
        }
    ),
];

/// Calls the caught timeout by the name that the history has, wherever the catcher has put it.
fn rename_timeout(output: &mut Value) {
    if let Value::Object(members) = output {
        for (name, member) in members {
            match member {
                Value::String(text) if name == "Error" && text == "States.Timeout" => {
                    "States.HeartbeatTimeout".clone_into(text);
                }
                other => rename_timeout(other),
            }
        }
    }
}

/// Takes the null members of a nameless error output out, wherever the catcher has put it.
fn drop_nulls(output: &mut Value, failure: &TaskFailure) {
    let Value::Object(members) = output else { return };
    let is_error = members.len() == 2 && members.contains_key("Error") && members.contains_key("Cause");
    if is_error && failure.error.is_none() {
        members.retain(|_, value| !value.is_null());
        return;
    }
    members.values_mut().for_each(|member| drop_nulls(member, failure));
}
