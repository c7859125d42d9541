//! Faults that nobody thought of: one for every part of every answer, event and request that a lawful run showed.
//!
//! A fault is named by what it breaks, e.g. `sweep:reply:states:DescribeExecution:/stopDate:drop`, and its name is all that is
//! kept of it. [`derive()`] reads the names off a record of a lawful run. What it does not do: say which rule must see a fault,
//! or whether it is allowed. Invariant: every derived name makes a [`Conduct`] that differs from AWS's in that one thing.

mod change;
mod effect;
mod event;
mod refusal;
mod reply;
mod request;

use std::collections::BTreeSet;

use record::{Call, Operation, Outcome};
use serde_json::Value;

use crate::Conduct;

/// What every name begins with.
pub const PREFIX: &str = "sweep:";

/// The names of all faults of what was seen.
pub fn derive<'a>(seen: impl IntoIterator<Item = (&'a Call, &'a Outcome)>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (call, outcome) in seen {
        match outcome {
            Outcome::Done(answer) => {
                reply::names(call.operation, answer, &mut names);
                event::names(answer, &mut names);
                request::names(call, &mut names);
                effect::names(call.operation, answer, &mut names);
            }
            Outcome::Refused(error) => refusal::names(call.operation, &error.code, &mut names),
            Outcome::Unknown(_) => {}
        }
    }
    names
}

/// The conduct of a derived name.
pub(super) fn conduct(name: &str) -> Option<Box<dyn Conduct>> {
    let (kind, rest) = name.strip_prefix(PREFIX)?.split_once(':')?;
    match kind {
        "reply" => reply::conduct(rest),
        "event" => event::conduct(rest),
        "request" => request::conduct(rest),
        "effect" => effect::conduct(rest),
        "refusal" => refusal::conduct(rest),
        _ => None,
    }
}

/// `states:StopExecution:rest` as the operation and the rest.
fn of_operation(text: &str) -> Option<(Operation, &str)> {
    let (service, rest) = text.split_once(':')?;
    let (name, rest) = rest.split_once(':')?;
    Some((format!("{service}:{name}").parse().ok()?, rest))
}

/// Every place in a value, as a JSON pointer with `*` for the elements of an array.
fn places(value: &Value) -> Vec<(String, &Value)> {
    fn below<'v>(at: &str, value: &'v Value, found: &mut Vec<(String, &'v Value)>) {
        let mut go = |name: &str, value: &'v Value| {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1").replace(':', "~2"));
            found.push((at.clone(), value));
            below(&at, value, found);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| go(name, value)),
            Value::Array(elements) => elements.iter().for_each(|value| go("*", value)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    below("", value, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_derived_name_makes_a_conduct() {
        let call = Call::new(Operation::GetExecutionHistory, json!({ "executionArn": "a", "maxResults": 5 }));
        let refused = Outcome::Refused(record::ApiError::new("InvalidArn", ""));
        let done = Outcome::Done(json!({ "events": [{
            "type": "TaskScheduled", "id": 1, "taskScheduledEventDetails": { "region": "r" }
        }]}));
        let names = derive([(&call, &done), (&call, &refused)]);
        assert!(names.contains("sweep:event:TaskScheduled:/region:drop"), "{names:?}");
        assert!(names.contains("sweep:request:states:GetExecutionHistory:/maxResults:ignored"), "{names:?}");
        assert!(names.contains("sweep:reply:states:GetExecutionHistory:/events/*/id:drop"), "{names:?}");
        assert!(names.iter().all(|name| conduct(name).is_some()), "{names:?}");
    }

    #[test]
    fn what_is_no_derived_name_makes_none() {
        for name in ["stale", "sweep:reply:states:Nothing:/a:drop", "sweep:event:TaskScheduled:/a:maimed"] {
            assert!(conduct(name).is_none(), "{name}");
        }
    }
}
