//! Requests that are mended, or taken, where they must be refused (DEF, DESC, LIST, START).

use record::{Call, Operation, Outcome};
use serde_json::{Value, json};

use super::Variant;

fn is_refused_with(outcome: &Outcome, code: &str) -> bool {
    outcome.refusal().is_some_and(|error| error.code == code)
}

/// Changes a text of the requests of one operation.
fn mend(call: &mut Call, operation: Operation, member: &str, change: impl Fn(&str) -> String) {
    if call.operation == operation
        && let Some(Value::String(text)) = call.input.get_mut(member)
    {
        *text = change(text);
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!("machine-names-mended", "what may not stand in a machine's name is left out", ["DEF-03"], {
        fn request(&mut self, call: &mut Call) {
            mend(call, Operation::CreateStateMachine, "name", |name| {
                let plain = name.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_');
                format!("{:m>1}", plain.take(80).collect::<String>())
            });
        }
    }),
    variant!(
        "description-without-version",
        "a versionDescription without publish is left out",
        ["DEF-25"],
        {
            fn request(&mut self, call: &mut Call) {
                if call.input.get("publish") != Some(&Value::Bool(true)) {
                    call.input.shift_remove("versionDescription");
                }
            }
        }
    ),
    variant!("update-of-nothing-ok", "UpdateStateMachine with the ARN alone answers 200", ["DEF-27"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            let nothing = is_refused_with(outcome, "MissingRequiredParameter");
            if call.operation == Operation::UpdateStateMachine && nothing {
                *outcome = Outcome::Done(json!({ "updateDate": 1_700_000_000.0 }));
            }
        }
    }),
    variant!("unknown-execution-is-a-bad-arn", "an unknown execution answers InvalidArn", ["DESC-07"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::DescribeExecution, Outcome::Refused(error)) = (call.operation, outcome)
                && error.code == "ExecutionDoesNotExist"
            {
                "InvalidArn".clone_into(&mut error.code);
            }
        }
    }),
    variant!(
        "unknown-machine-lists-nothing",
        "ListExecutions of an unknown machine is empty",
        ["LIST-06"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let unknown = is_refused_with(outcome, "StateMachineDoesNotExist");
                if call.operation == Operation::ListExecutions && unknown {
                    *outcome = Outcome::Done(json!({ "executions": [] }));
                }
            }
        }
    ),
    variant!(
        "labels-are-left-out",
        "a machine's ARN with the label of a Map starts the machine",
        ["START-18"],
        {
            fn request(&mut self, call: &mut Call) {
                mend(call, Operation::StartExecution, "stateMachineArn", |arn| {
                    arn.split('/').next().unwrap_or_default().to_owned()
                });
            }
        }
    ),
    variant!("trace-headers-cut", "a trace header that is too long is cut", ["START-24"], {
        fn request(&mut self, call: &mut Call) {
            mend(call, Operation::StartExecution, "traceHeader", |header| header.chars().take(256).collect());
        }
    }),
];
