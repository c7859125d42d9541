//! DescribeExecution that does not agree with the execution.

use std::collections::BTreeSet;

use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Map, Value, json};

use super::Variant;

/// The members of a description, for changing.
fn described<'a>(call: &Call, outcome: &'a mut Outcome) -> Option<&'a mut Map<String, Value>> {
    match (call.operation, outcome) {
        (Operation::DescribeExecution, Outcome::Done(Value::Object(members))) => Some(members),
        _ => None,
    }
}

fn status(members: &Map<String, Value>) -> &str {
    members.get("status").and_then(Value::as_str).unwrap_or_default()
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("output-of-a-failure", "a failed execution shows an output", ["DESC-03"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome).filter(|members| status(members) == "FAILED") {
                members.insert("output".to_owned(), json!("{}"));
            }
        }
    }),
    variant!(
        "output-rewritten-in-description",
        "the description shows another output than the history",
        ["HIS-12", "E2E-06"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(members) =
                    described(call, outcome).filter(|members| status(members) == "SUCCEEDED")
                {
                    members.insert("output".to_owned(), json!("{\"done\":true}"));
                }
            }
        }
    ),
    variant!("stop-date-while-running", "a running execution shows a stop date", ["DESC-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome).filter(|members| status(members) == "RUNNING") {
                let start = members.get("startDate").cloned().unwrap_or_default();
                members.insert("stopDate".to_owned(), start);
            }
        }
    }),
    variant!("no-stop-date", "a closed execution shows no stop date", ["DESC-02"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome) {
                members.shift_remove("stopDate");
            }
        }
    }),
    variant!(
        "nulls-on-timeout",
        "an execution that timed out shows error and cause",
        ["DESC-04", "TMO-07"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(members) =
                    described(call, outcome).filter(|members| status(members) == "TIMED_OUT")
                {
                    members.insert("error".to_owned(), json!("States.Timeout"));
                    members.insert("cause".to_owned(), json!("Execution timed out"));
                }
            }
        }
    ),
    variant!(
        "error-renamed-in-description",
        "the description shows another error than the history",
        ["ERR-24"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                if let Some(members) =
                    described(call, outcome).filter(|members| members.contains_key("error"))
                {
                    members.insert("error".to_owned(), json!("States.TaskFailed.Generic"));
                }
            }
        }
    ),
    variant!("cause-lost-in-description", "the description lacks the cause", ["ERR-24"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome) {
                members.shift_remove("cause");
            }
        }
    }),
    variant!("input-lost-in-description", "the description shows an empty input", ["DESC-08"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome) {
                members.insert("input".to_owned(), json!("{}"));
            }
        }
    }),
    variant!("data-not-included", "the description says that its input is not included", ["DESC-08"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome) {
                members.insert("inputDetails".to_owned(), json!({ "included": false }));
            }
        }
    }),
    variant!("made-up-status", "a running execution shows the status STARTED", ["DESC-01", "DESC-09"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let Some(members) = described(call, outcome).filter(|members| status(members) == "RUNNING") {
                members.insert("status".to_owned(), json!("STARTED"));
            }
        }
    }),
    variant!("status-goes-back", "a closed execution shows RUNNING at the second look", ["DESC-05"], { seen: BTreeSet<String> }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let Some(members) = described(call, outcome).filter(|members| status(members) != "RUNNING") else { return };
            let arn = members.get("executionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
            if !self.seen.insert(arn) {
                members.insert("status".to_owned(), json!("RUNNING"));
                for name in ["stopDate", "output", "outputDetails", "error", "cause"] {
                    members.shift_remove(name);
                }
            }
        }
    }),
    variant!("closed-executions-are-forgotten", "an execution that has ended is described once and unknown from then on", ["DESC-06"], { seen: BTreeSet<String> }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let Some(members) = described(call, outcome).filter(|members| status(members) != "RUNNING") else { return };
            let arn = members.get("executionArn").and_then(Value::as_str).unwrap_or_default().to_owned();
            if !self.seen.insert(arn) {
                *outcome = Outcome::Refused(ApiError::new("ExecutionDoesNotExist", "Execution Does Not Exist"));
            }
        }
    }),
];
