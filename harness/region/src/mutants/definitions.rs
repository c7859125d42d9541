//! CreateStateMachine and ValidateStateMachineDefinition that take what AWS refuses, or refuse what AWS takes (DEF).

use std::collections::BTreeSet;

use asl::{Diagnostic, MachineType, Severity};
use record::{ApiError, Call, Operation, Outcome};
use serde_json::{Value, json};

use super::Variant;

const HARMLESS: &str = r#"{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true}}}"#;

/// Lets a definition through whose every error is of the kind that is not looked at.
fn blind(call: &mut Call, overlooks: fn(&str, &Diagnostic) -> bool) {
    if !matches!(
        call.operation,
        Operation::CreateStateMachine
            | Operation::ValidateStateMachineDefinition
            | Operation::UpdateStateMachine
    ) {
        return;
    }
    let Some(definition) = call.text("definition").map(str::to_owned) else { return };
    let kind =
        if call.text("type") == Some("EXPRESS") { MachineType::Express } else { MachineType::Standard };
    let errors: Vec<Diagnostic> =
        asl::validate(&definition, kind).into_iter().filter(|d| d.severity == Severity::Error).collect();
    if !errors.is_empty() && errors.iter().all(|error| overlooks(&definition, error)) {
        call.input.insert("definition".to_owned(), json!(HARMLESS));
    }
}

fn says(error: &Diagnostic, words: &[&str]) -> bool {
    let location = error.location.as_deref().unwrap_or_default();
    words.iter().any(|word| error.message.contains(word) || location.contains(word))
}

pub(super) const VARIANTS: &[Variant] = &[
    variant!(
        "definitions-unchecked",
        "any JSON object is a definition",
        ["DEF-05", "DEF-06", "DEF-08", "DEF-09", "DEF-18", "DEF-19"],
        {
            fn request(&mut self, call: &mut Call) {
                blind(call, |definition, _| definition.trim_start().starts_with('{'));
            }
        }
    ),
    variant!("definitions-need-no-json", "a definition that is no JSON is accepted", ["DEF-04", "DEF-02"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |definition, _| serde_json::from_str::<Value>(definition).is_err());
        }
    }),
    variant!(
        "dangling-transitions-accepted",
        "a transition to a state that does not exist is accepted",
        ["DEF-06"],
        {
            fn request(&mut self, call: &mut Call) {
                blind(call, |_, error| error.code == "MISSING_TRANSITION_TARGET");
            }
        }
    ),
    variant!("endless-definitions-accepted", "a definition without an end state is accepted", ["DEF-07"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |_, error| error.code == "MISSING_END_STATE");
        }
    }),
    variant!("heartbeat-not-compared", "HeartbeatSeconds may reach TimeoutSeconds", ["DEF-12"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |_, error| says(error, &["eartbeat"]) && says(error, &["imeout"]));
        }
    }),
    variant!("timeouts-unchecked", "TimeoutSeconds may be anything", ["DEF-11", "DEF-13"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |_, error| says(error, &["TimeoutSeconds", "HeartbeatSeconds"]));
        }
    }),
    variant!("retriers-unchecked", "Retry may hold anything", ["DEF-14", "DEF-15", "DEF-16"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |_, error| says(error, &["Retry"]));
        }
    }),
    variant!("express-callbacks-accepted", "an EXPRESS machine may wait for tokens", ["DEF-17"], {
        fn request(&mut self, call: &mut Call) {
            blind(call, |_, error| error.message.starts_with("Express state machine"));
        }
    }),
    variant!(
        "token-must-be-referenced",
        "a callback Task whose parameters lack the token is refused",
        ["DEF-20"],
        {
            fn admits(&mut self, _: record::Time, call: &Call) -> Result<(), ApiError> {
                let tokenless = call
                    .text("definition")
                    .is_some_and(|text| text.contains(".waitForTaskToken") && !text.contains("Task.Token"));
                if call.operation == Operation::CreateStateMachine && tokenless {
                    return Err(ApiError::new("InvalidDefinition", "Task Token is missing in payload"));
                }
                Ok(())
            }
        }
    ),
    variant!("create-is-never-idempotent", "the same CreateStateMachine twice is refused", ["DEF-21"], { made: BTreeSet<String> }, {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::CreateStateMachine, Outcome::Done(reply)) = (call.operation, &outcome) {
                let arn = reply.get("stateMachineArn").and_then(Value::as_str).unwrap_or_default().to_owned();
                if !self.made.insert(arn) {
                    *outcome = Outcome::Refused(ApiError::new("StateMachineAlreadyExists", "State Machine Already Exists"));
                }
            }
        }
    }),
    variant!(
        "create-compares-nothing",
        "CreateStateMachine with a taken name answers 200 whatever the definition",
        ["DEF-22"],
        {
            fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
                let taken = outcome.refusal().is_some_and(|error| error.code == "StateMachineAlreadyExists");
                if call.operation == Operation::CreateStateMachine && taken {
                    let arn = outcome
                        .refusal()
                        .and_then(|e| e.message.split('\'').nth(1).map(str::to_owned))
                        .unwrap_or_default();
                    *outcome =
                        Outcome::Done(json!({ "stateMachineArn": arn, "creationDate": 1_700_000_000.0 }));
                }
            }
        }
    ),
    variant!("validation-says-ok", "ValidateStateMachineDefinition finds nothing wrong", ["DEF-33"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::ValidateStateMachineDefinition, Outcome::Done(reply)) =
                (call.operation, outcome)
            {
                *reply = json!({ "result": "OK", "diagnostics": [], "truncated": false });
            }
        }
    }),
    variant!("role-not-required", "CreateStateMachine needs no role", ["DEF-01"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::CreateStateMachine {
                call.input
                    .entry("roleArn")
                    .or_insert_with(|| json!("arn:aws:iam::123456789012:role/made-up"));
            }
        }
    }),
    variant!("delete-does-nothing", "DeleteStateMachine answers 200 and the machine stays", ["DEF-30"], {
        fn request(&mut self, call: &mut Call) {
            if call.operation == Operation::DeleteStateMachine
                && let Some(Value::String(arn)) = call.input.get_mut("stateMachineArn")
            {
                arn.push_str("-elsewhere");
            }
        }
    }),
    variant!("validation-names-no-error", "a validation that says FAIL has no diagnostics", ["DEF-32"], {
        fn answer(&mut self, call: &Call, outcome: &mut Outcome) {
            if let (Operation::ValidateStateMachineDefinition, Outcome::Done(reply)) =
                (call.operation, outcome)
            {
                reply["diagnostics"] = json!([]);
            }
        }
    }),
    variant!(
        "updates-are-unchecked",
        "UpdateStateMachine takes any JSON object for a definition",
        ["DEF-34"],
        {
            fn request(&mut self, call: &mut Call) {
                if call.operation == Operation::UpdateStateMachine {
                    blind(call, |definition, _| definition.trim_start().starts_with('{'));
                }
            }
        }
    ),
    variant!("updates-need-a-role", "UpdateStateMachine without a role is refused", ["DEF-34"], {
        fn admits(&mut self, _: record::Time, call: &Call) -> Result<(), ApiError> {
            if call.operation == Operation::UpdateStateMachine && !call.input.contains_key("roleArn") {
                return Err(ApiError::new("MissingRequiredParameter", "roleArn is required"));
            }
            Ok(())
        }
    }),
];
