//! ListExecutions, ListStateMachines and ListActivities that leave out, mix up or lose their place (LIST).

use std::collections::BTreeMap;

use record::{Call, Operation, Outcome};
use serde_json::{Map, Value};

use super::Variant;

/// The entries of a list of executions.
fn listed<'a>(call: &Call, outcome: &'a mut Outcome) -> Option<&'a mut Vec<Value>> {
    match (call.operation, outcome) {
        (Operation::ListExecutions, Outcome::Done(reply)) => reply.get_mut("executions")?.as_array_mut(),
        _ => None,
    }
}

fn has_status(body: &Value, status: &str) -> bool {
    body.get("status").and_then(Value::as_str) == Some(status)
}

pub(super) fn members(outcome: &mut Outcome) -> Option<&mut Map<String, Value>> {
    match outcome {
        Outcome::Done(reply) => reply.as_object_mut(),
        _ => None,
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("list-omits-aborted", "ListExecutions leaves out executions that were stopped", ["LIST-04"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(items) = listed(call, outcome).filter(|_| !call.input.contains_key("statusFilter")) {
                items.retain(|body| !has_status(body, "ABORTED"));
            }
        }
    }),
    variant!("list-omits-timed-out", "ListExecutions never shows executions that timed out", ["LIST-04"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(items) = listed(call, outcome) {
                items.retain(|body| !has_status(body, "TIMED_OUT"));
            }
        }
    }),
    variant!(
        "list-takes-both-arns",
        "ListExecutions with two ARNs looks at that of the machine",
        ["LIST-05"],
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::ListExecutions && call.input.contains_key("stateMachineArn") {
                    call.input.shift_remove("mapRunArn");
                }
            }
        }
    ),
    variant!(
        "list-omits-by-status",
        "ListExecutions with a statusFilter shows one execution",
        ["LIST-02"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(items) = listed(call, outcome).filter(|_| call.input.contains_key("statusFilter"))
                {
                    items.truncate(1);
                }
            }
        }
    ),
    variant!(
        "list-all-machines",
        "ListExecutions also shows executions of other machines",
        ["LIST-05"],
        { seen: BTreeMap<String, Value> },
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let Some(asked) = call.text("stateMachineArn").map(str::to_owned) else { return };
                let Some(items) = listed(call, outcome) else { return };
                let own = items.first().cloned();
                let other = self.seen.iter().find(|(machine, _)| **machine != asked).map(|(_, body)| body.clone());
                items.extend(other.filter(|_| !call.input.contains_key("statusFilter")));
                self.seen.extend(own.map(|body| (asked, body)));
            }
        }
    ),
    variant!(
        "list-stop-dates-are-late",
        "entries of ListExecutions have a stopDate 90 s after the end",
        ["LIST-04"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                for body in listed(call, outcome).into_iter().flatten().filter_map(Value::as_object_mut) {
                    if let Some(date) = body.get_mut("stopDate") {
                        *date = Value::from(date.as_f64().unwrap_or_default() + 90.0);
                    }
                }
            }
        }
    ),
    variant!("list-without-stop-dates", "entries of ListExecutions have no stopDate", ["LIST-04"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            for body in listed(call, outcome).into_iter().flatten().filter_map(Value::as_object_mut) {
                body.shift_remove("stopDate");
            }
        }
    }),
    variant!("list-ignores-the-filter", "ListExecutions ignores statusFilter", ["LIST-02"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::ListExecutions {
                call.input.shift_remove("statusFilter");
            }
        }
    }),
    variant!("list-loses-its-pages", "lists of Step Functions end with their first page", ["LIST-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let lists = [Operation::ListExecutions, Operation::ListStateMachines, Operation::ListActivities];
            if lists.contains(&call.operation)
                && let Some(members) = members(outcome)
            {
                members.shift_remove("nextToken");
            }
        }
    }),
    variant!(
        "list-page-loses-one",
        "where another page follows, ListExecutions leaves out one",
        ["LIST-03"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let goes_on =
                    outcome.reply().is_some_and(|reply| reply.get("nextToken").is_some_and(Value::is_string));
                if let Some(items) = listed(call, outcome).filter(|_| goes_on) {
                    items.pop();
                }
            }
        }
    ),
    variant!(
        "list-names-no-machine",
        "entries of ListExecutions have the machine's name for its ARN",
        ["WIRE-01"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                for body in listed(call, outcome).into_iter().flatten() {
                    let name = body["stateMachineArn"]
                        .as_str()
                        .and_then(|arn| arn.rsplit(':').next())
                        .map(str::to_owned);
                    body["stateMachineArn"] = name.into();
                }
            }
        }
    ),
    variant!("activities-unlisted", "ListActivities shows no activity", ["ACT-06"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::ListActivities
                && let Some(members) = members(outcome)
            {
                members.insert("activities".to_owned(), Value::Array(Vec::new()));
            }
        }
    }),
    variant!("machines-unlisted", "ListStateMachines shows half of the machines", ["DEF-26"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::ListStateMachines
                && let Some(Value::Array(items)) =
                    members(outcome).and_then(|members| members.get_mut("stateMachines"))
            {
                let mut number = 0;
                items.retain(|_| {
                    number += 1;
                    number % 2 == 0
                });
            }
        }
    }),
    variant!("activity-input-lost", "GetActivityTask hands out an empty input", ["ACT-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if call.operation == Operation::GetActivityTask
                && let Some(input) = members(outcome).and_then(|members| members.get_mut("input"))
            {
                *input = Value::from("{}");
            }
        }
    }),
    variant!("list-is-oldest-first", "ListExecutions begins with the oldest execution", ["LIST-01"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(items) = listed(call, outcome) {
                items.reverse();
            }
        }
    }),
];
