//! What TestState tests: a state alone, or one of a machine by its name (M:TestStateInput).
//!
//! What it does not do: asking where a state that is given alone leads. Invariant: what may be tested could be created, but
//! for that.

use asl::{Diagnostic, Machine, MachineType, Severity};
use record::ApiError;
use serde_json::{Value, json};

use super::NAME;
use crate::refuse::validation;

/// A machine and the name of the state that is tested; a state alone makes a machine of one.
pub(super) fn read(definition: &str, name: Option<&str>) -> Result<(Machine, String), ApiError> {
    let parsed = serde_json::from_str::<Value>(definition).ok();
    let is_machine = parsed.as_ref().is_some_and(|value| value.get("States").is_some());
    match (parsed, name) {
        (_, Some(name)) => {
            let machine = create(definition, |_| true)?;
            if machine.find(name).is_none() {
                return Err(validation(format!("State '{name}' not found in definition")));
            }
            Ok((machine, name.to_owned()))
        }
        (Some(_), None) if is_machine => {
            Err(validation("A stateName is required when the definition is a state machine"))
        }
        (Some(state @ Value::Object(_)), None) => {
            let whole = json!({ "StartAt": NAME, "States": { NAME: state } });
            Ok((create(&whole.to_string(), |found| !leads_out(found))?, NAME.to_owned()))
        }
        // What is no object is told as of a machine.
        (_, None) => Ok((create(definition, |_| true)?, NAME.to_owned())),
    }
}

fn create(definition: &str, counts: impl Fn(&Diagnostic) -> bool) -> Result<Machine, ApiError> {
    let mut found = asl::validate(definition, MachineType::Standard);
    found.retain(|diagnostic| diagnostic.severity == Severity::Error && counts(diagnostic));
    if found.is_empty() {
        return asl::parse(definition).map_err(|errors| refused(&errors));
    }
    Err(refused(&found))
}

fn refused(errors: &[Diagnostic]) -> ApiError {
    ApiError::new("InvalidDefinition", Diagnostic::refusal(errors).unwrap_or_default())
}

/// A transition of the state itself, which has no machine around it.
fn leads_out(found: &Diagnostic) -> bool {
    let place = found.location.as_deref().unwrap_or_default();
    let below = place.strip_prefix("/States/").and_then(|place| place.strip_prefix(NAME));
    match found.code {
        "MISSING_TRANSITION_TARGET" => {
            below.is_some_and(|below| !below.contains("/States/") && !below.ends_with("/StartAt"))
        }
        "MISSING_END_STATE" => place == "/",
        _ => false,
    }
}
