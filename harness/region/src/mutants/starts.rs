//! Starts whose names, inputs and ARNs are not taken as they were given (START).

use std::collections::BTreeMap;

use record::{ApiError, Call, Operation, Outcome, Time};
use serde_json::{Value, json};

use super::Variant;
use crate::conduct::{Again, Taken};

/// The machine that a start names, without version or alias.
fn machine_of(call: &Call) -> Option<String> {
    let arn = call.text("stateMachineArn").filter(|_| call.operation == Operation::StartExecution)?;
    Some(arn.split(':').take(7).collect::<Vec<_>>().join(":"))
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "execution-arns-of-no-account",
        "ARNs of executions name the account 000000000000, machines their own",
        ["START-02"],
        { known: BTreeMap<String, String> },
        {
            fn request(&mut self, call: &mut Call) {
                if let Some(Value::String(arn)) = call.input.get_mut("executionArn")
                    && let Some(own) = self.known.get(arn.as_str())
                {
                    arn.clone_from(own);
                }
            }
            fn answer(&mut self, _: &Call, outcome: &mut Outcome) {
                let Outcome::Done(reply) = outcome else { return };
                let Some(Value::String(arn)) = reply.get_mut("executionArn") else { return };
                let parts: Vec<&str> = arn.split(':').collect();
                if let [head @ .., _, "execution", machine, name] = parts.as_slice() {
                    let shown = format!("{}:000000000000:execution:{machine}:{name}", head.join(":"));
                    self.known.insert(shown.clone(), std::mem::replace(arn, shown));
                }
            }
        }
    ),
    variant!(
        "names-of-letters-only",
        "a name with another character than letters, digits, - and _ is refused",
        ["START-07"],
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
                let odd = call.text("name").is_some_and(|name| !name.chars().all(plain));
                if call.operation == Operation::StartExecution && odd {
                    return Err(ApiError::new("InvalidName", "Invalid Name"));
                }
                Ok(())
            }
        }
    ),
    variant!(
        "names-are-of-the-account",
        "a name that an execution of another machine has is refused",
        ["START-08"],
        { machines: BTreeMap<String, String> },
        {
            fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
                let name = call.text("name").unwrap_or_default();
                match (machine_of(call), self.machines.get(name)) {
                    (Some(machine), Some(first)) if *first != machine => {
                        Err(ApiError::new("ExecutionAlreadyExists", "Execution Already Exists"))
                    }
                    _ => Ok(()),
                }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let (Some(machine), Some(name), true) = (machine_of(call), call.text("name"), outcome.is_done()) {
                    self.machines.entry(name.to_owned()).or_insert(machine);
                }
            }
        }
    ),
    variant!("absent-input-is-null", "a start without input has the input null", ["START-16"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::StartExecution {
                call.input.entry("input").or_insert_with(|| json!("null"));
            }
        }
    }),
    variant!(
        "starts-race",
        "equal starts at one time do not see each other and each answers a date of its own",
        ["START-20"],
        { now: Time, name: String, begun: BTreeMap<String, Time>, raced: i64 },
        {
            fn admits(&mut self, now: Time, call: &Call) -> Result<(), ApiError> {
                self.now = now;
                self.raced = 0;
                if call.operation == Operation::StartExecution {
                    call.text("name").unwrap_or_default().clone_into(&mut self.name);
                }
                Ok(())
            }
            fn name_taken(&mut self, again: Again) -> Taken {
                let begun = self.begun.get(&self.name).copied();
                if begun.is_some_and(|begun| self.now - begun < 1_000) && again.same_value {
                    self.raced += 1;
                    return Taken::Anew;
                }
                if again.running && again.same_value { Taken::Same } else { Taken::Refused }
            }
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let Outcome::Done(reply) = outcome else { return };
                if call.operation == Operation::StartExecution {
                    self.begun.entry(self.name.clone()).or_insert(self.now);
                    if let Some(date) = reply.get_mut("startDate").filter(|_| self.raced > 0) {
                        *date = json!(date.as_f64().unwrap_or_default() + 5.0);
                    }
                }
            }
        }
    ),
];
