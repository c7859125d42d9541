//! Lawful variants of how a region says things: other dates, other spellings, members of a later API.
//!
//! They change answers only; what happens is the same.

use std::collections::{BTreeMap, BTreeSet};

use record::{ApiError, Call, Operation, Outcome, Service, Time};
use serde_json::{Map, Value, json};

use super::Variant;

/// Members that hold JSON as a text.
const TEXTS: [&str; 4] = ["input", "output", "parameters", "definition"];

/// Members that hold a date.
const DATES: [&str; 6] = ["timestamp", "startDate", "stopDate", "creationDate", "updateDate", "redriveDate"];

/// Visits every object of an answer of Step Functions.
fn objects(call: &Call, outcome: &mut Outcome, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    fn visit(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
        match value {
            Value::Object(members) => {
                change(members);
                members.values_mut().for_each(|member| visit(member, change));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| visit(item, change)),
            _ => {}
        }
    }
    if let (Service::States, Outcome::Done(reply)) = (call.operation.service(), outcome) {
        visit(reply, change);
    }
}

/// The same JSON with its members in reverse, blanks between them and everything beyond ASCII escaped.
fn respelled(text: &str) -> Option<String> {
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                members.iter().rev().map(|(name, v)| (name.clone(), reversed(v))).collect()
            }
            Value::Array(items) => items.iter().map(reversed).collect(),
            other => other.clone(),
        }
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let escaped = |character: char| -> String {
        if character.is_ascii() {
            return character.to_string();
        }
        let units: Vec<String> =
            character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        units.concat()
    };
    Some(format!("{:#}", reversed(&value)).chars().map(escaped).collect())
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("event-dates-behind", "the clock of events is 400 ms behind that of answers (HIS-09)", [], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            objects(call, outcome, &mut |members| {
                if let Some(date) = members.get("timestamp").and_then(Value::as_f64) {
                    members.insert("timestamp".to_owned(), json!(((date - 0.4) * 1000.0).round() / 1000.0));
                }
            });
        }
    }),
    variant!("dates-in-whole-seconds", "dates are cut to whole seconds (WIRE-02)", [], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            objects(call, outcome, &mut |members| {
                for name in DATES {
                    if let Some(date) = members.get(name).and_then(Value::as_f64) {
                        members.insert(name.to_owned(), json!(date.floor()));
                    }
                }
            });
        }
    }),
    variant!("respelled", "every second answer spells the JSON in its texts otherwise (IO-09)", [], { answers: u64 }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            self.answers += 1;
            if self.answers.is_multiple_of(2) {
                return;
            }
            objects(call, outcome, &mut |members| {
                for name in TEXTS {
                    if let Some(Value::String(text)) = members.get_mut(name)
                        && let Some(spelled) = respelled(text)
                    {
                        *text = spelled;
                    }
                }
            });
        }
    }),
    variant!("later-api", "answers hold members that are not in the model yet", [], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let is_empty = matches!(
                call.operation,
                Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
            );
            if is_empty {
                return; // their answers are empty by rule (WIRE-08)
            }
            objects(call, outcome, &mut |members| {
                // Where variables and data stand by name there is no room for another name.
                if ["id", "name", "status", "events", "executionArn", "resource"]
                    .iter()
                    .any(|name| members.contains_key(*name))
                {
                    members.insert("memberOfTomorrow".to_owned(), json!({"of": "a later API"}));
                }
            });
        }
    }),
    variant!("nulls", "lists say nextToken null where there is no further page", [], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            objects(call, outcome, &mut |members| {
                if ["events", "executions", "stateMachines", "activities"]
                    .iter()
                    .any(|name| members.contains_key(*name))
                {
                    members.entry("nextToken").or_insert(Value::Null);
                }
            });
        }
    }),
    variant!("too-large-is-413", "a request of more than 1 MB is refused with HTTP 413 (WIRE-09)", [], {
        fn admits(&mut self, _: Time, call: &Call) -> Result<(), ApiError> {
            let raw = call.raw_body.as_ref().map_or(0, String::len);
            if raw.max(Value::Object(call.input.clone()).to_string().len()) > 1_048_576 {
                return Err(ApiError::new("RequestEntityTooLargeException", "Too large").with_status(413));
            }
            Ok(())
        }
    }),
    variant!(
        "descriptions-lag",
        "the first description after a change shows what was before it (DESC-05)",
        [],
        { shown: BTreeMap<String, Value>, late: BTreeSet<String> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let (Operation::DescribeExecution, Outcome::Done(reply)) = (call.operation, outcome) else { return };
                let Some(arn) = call.text("executionArn").map(str::to_owned) else { return };
                match self.shown.get(&arn).filter(|before| *before != reply) {
                    Some(before) if self.late.insert(arn.clone()) => *reply = before.clone(),
                    _ => {
                        self.late.remove(&arn);
                        self.shown.insert(arn, reply.clone());
                    }
                }
            }
        }
    ),
];
