//! Machines and executions that do not stay what they were made, or do not become what they were changed to.

use std::collections::{BTreeMap, BTreeSet};

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Map, Value, json};

use super::Variant;

fn reply_of<'a>(
    operation: Operation,
    call: &Call,
    outcome: &'a mut Outcome,
) -> Option<&'a mut Map<String, Value>> {
    match outcome {
        Outcome::Done(reply) if call.operation == operation => reply.as_object_mut(),
        _ => None,
    }
}

fn is_lawful(definition: &str) -> bool {
    asl::validate(definition, asl::MachineType::Standard)
        .iter()
        .all(|found| found.severity != asl::Severity::Error)
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("update-lost", "UpdateStateMachine answers 200 and the old definition stays", ["DEF-29"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::UpdateStateMachine
                && call.text("definition").is_some_and(is_lawful)
            {
                call.input.shift_remove("definition");
                call.input.insert("loggingConfiguration".to_owned(), json!({ "level": "OFF" }));
            }
        }
    }),
    variant!(
        "create-changes-the-role",
        "a repeated CreateStateMachine with another role stores that role",
        ["DEF-23"],
        { roles: BTreeMap<String, Value> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(made) = reply_of(Operation::CreateStateMachine, call, outcome) {
                    let arn = made.get("stateMachineArn").and_then(Value::as_str).unwrap_or_default();
                    self.roles.insert(arn.to_owned(), call.input.get("roleArn").cloned().unwrap_or_default());
                } else if let Some(shown) = reply_of(Operation::DescribeStateMachine, call, outcome)
                    && let Some(role) = call.text("stateMachineArn").and_then(|arn| self.roles.get(arn))
                {
                    shown.insert("roleArn".to_owned(), role.clone());
                }
            }
        }
    ),
    variant!("machine-is-renamed", "DescribeStateMachine shows the name in small letters", ["DEF-01"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(Value::String(name)) = reply_of(Operation::DescribeStateMachine, call, outcome)
                .and_then(|shown| shown.get_mut("name"))
            {
                *name = format!("{name}-1");
            }
        }
    }),
    variant!(
        "execution-shows-a-version",
        "DescribeStateMachineForExecution shows the ARN of a version",
        ["DEF-28"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(Value::String(arn)) =
                    reply_of(Operation::DescribeStateMachineForExecution, call, outcome)
                        .and_then(|shown| shown.get_mut("stateMachineArn"))
                {
                    arn.push_str(":1");
                }
            }
        }
    ),
    variant!(
        "busy-machine-is-not-deleted",
        "DeleteStateMachine of a machine with executions is refused",
        ["DEF-30"],
        { busy: BTreeSet<String> },
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let Some(arn) = call.text("stateMachineArn") else { return Ok(()) };
                if call.operation == Operation::StartExecution {
                    self.busy.insert(arn.to_owned());
                }
                if call.operation == Operation::DeleteStateMachine && self.busy.contains(arn) {
                    return Err(ApiError::new("ValidationException", "State machine has running executions"));
                }
                Ok(())
            }
        }
    ),
    variant!(
        "deleted-machine-stays",
        "a deleted machine is described as active",
        ["DEF-30"],
        { last: BTreeMap<String, Value> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if call.operation != Operation::DescribeStateMachine {
                    return;
                }
                let arn = call.text("stateMachineArn").unwrap_or_default().to_owned();
                match outcome {
                    Outcome::Done(reply) => {
                        self.last.insert(arn, reply.clone());
                    }
                    Outcome::Refused(error) if error.code == "StateMachineDoesNotExist" => {
                        if let Some(reply) = self.last.get(&arn) {
                            *outcome = Outcome::Done(reply.clone());
                        }
                    }
                    _ => {}
                }
            }
        }
    ),
    variant!("stop-is-forgotten", "StopExecution answers 200 and the execution runs on", ["STOP-01", "STOP-07"], { now: Time }, {
        fn admits(&mut self, now: Time, _: &Call) -> Result<(), ApiError> {
            self.now = now;
            Ok(())
        }
        fn serves(&mut self, call: &Call) -> u64 {
            u64::from(call.operation != Operation::StopExecution)
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::StopExecution {
                *outcome = Outcome::Done(json!({ "stopDate": self.now.0 as f64 / 1000.0 }));
            }
        }
    }),
    variant!(
        "late-stop-moves-the-end",
        "StopExecution of a closed execution changes its stopDate",
        ["STOP-05"],
        { stops: BTreeMap<String, u32> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let arn = call.text("executionArn").unwrap_or_default().to_owned();
                if call.operation == Operation::StopExecution && outcome.is_done() {
                    *self.stops.entry(arn).or_default() += 1;
                } else if let Some(date) =
                    reply_of(Operation::DescribeExecution, call, outcome).and_then(|shown| shown.get_mut("stopDate"))
                    && let Some(stops) = self.stops.get(&arn)
                {
                    *date = json!(date.as_f64().unwrap_or_default() + f64::from(*stops) * 5.0);
                }
            }
        }
    ),
    variant!("start-dates-of-today", "DescribeExecution shows the moment it was asked as startDate", ["DESC-01"], { now: Time }, {
        fn admits(&mut self, now: Time, _: &Call) -> Result<(), ApiError> {
            self.now = now;
            Ok(())
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(shown) = reply_of(Operation::DescribeExecution, call, outcome) {
                shown.insert("startDate".to_owned(), json!(self.now.0 as f64 / 1000.0));
            }
        }
    }),
    variant!("trace-header-lost", "the trace header of a start is not described", ["DESC-01"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(shown) = reply_of(Operation::DescribeExecution, call, outcome) {
                shown.shift_remove("traceHeader");
            }
        }
    }),
    variant!("machine-arns-unchecked", "a text that is no ARN names an unknown machine", ["WIRE-06"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Outcome::Refused(error) = outcome
                && matches!(call.operation, Operation::DescribeStateMachine | Operation::UpdateStateMachine)
                && error.code == "InvalidArn"
            {
                "StateMachineDoesNotExist".clone_into(&mut error.code);
            }
        }
    }),
    variant!(
        "unknown-activity-is-idle",
        "GetActivityTask of an unknown activity answers as an idle one",
        ["WIRE-06", "ACT-01"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if call.operation == Operation::GetActivityTask
                    && outcome.refusal().is_some_and(|error| error.code == "ActivityDoesNotExist")
                {
                    *outcome = Outcome::Done(json!({}));
                }
            }
        }
    ),
    variant!(
        "concurrency-unlimited",
        "MaxConcurrency of a Map is ignored",
        ["HIS-26"],
        { originals: BTreeMap<String, String> },
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::CreateStateMachine
                    && let Some(Value::String(text)) = call.input.get_mut("definition")
                    && text.contains("\"MaxConcurrency\":")
                {
                    let unlimited = text.replace("\"MaxConcurrency\":1", "\"MaxConcurrency\":0");
                    self.originals.insert(unlimited.clone(), std::mem::replace(text, unlimited));
                }
            }
            fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
                if let Outcome::Done(reply) = outcome
                    && let Some(Value::String(text)) = reply.get_mut("definition")
                    && let Some(original) = self.originals.get(text)
                {
                    text.clone_from(original);
                }
            }
        }
    ),
    variant!("machines-are-express-unless-said", "a machine made without type is described as EXPRESS", ["DEF-24"], { made: BTreeSet<String> }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(made) = reply_of(Operation::CreateStateMachine, call, outcome) {
                let arn = made.get("stateMachineArn").and_then(Value::as_str).filter(|_| call.text("type").is_none());
                self.made.extend(arn.map(str::to_owned));
            } else if let Some(shown) = reply_of(Operation::DescribeStateMachine, call, outcome)
                && call.text("stateMachineArn").is_some_and(|arn| self.made.contains(arn))
            {
                shown.insert("type".to_owned(), json!("EXPRESS"));
            }
        }
    }),
    variant!("deleting-nothing-is-refused", "DeleteStateMachine of an unknown machine is refused", ["DEF-31"], { made: BTreeSet<String> }, {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            let known = call.text("stateMachineArn").is_none_or(|arn| self.made.contains(arn));
            if call.operation == Operation::DeleteStateMachine && !known {
                return Err(ApiError::new("StateMachineDoesNotExist", "State Machine Does Not Exist"));
            }
            Ok(())
        }
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(made) = reply_of(Operation::CreateStateMachine, call, outcome) {
                self.made.extend(made.get("stateMachineArn").and_then(Value::as_str).map(str::to_owned));
            }
        }
    }),
];
