//! What CreateStateMachine and ValidateStateMachineDefinition say about a definition.
//!
//! Codes, texts and locations that a recording shows (validation-api, express) are to the character; for the other rules
//! (rules DEF-02 to DEF-19) the code and the location follow AWS's manner, the wording is ours: DEF-32 says not to rely on it.
//! What it does not do: limits of the API call itself (names, roles), looking resources up.
//! Invariant: there is no error exactly when the definition may be created; then [`crate::parse`] takes it.

use crate::json::{self, Syntax};
use crate::machine::MachineType;
use scope::Checker;
use serde_json::Value;

mod choice;
mod fields;
mod map;
mod numbers;
mod parameters;
mod parts;
mod queries;
mod reach;
mod rescue;
mod scope;
mod state;
mod task;
mod variables;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// CreateStateMachine refuses the definition.
    Error,
    /// A remark.
    Warning,
}

impl Severity {
    /// `ERROR` or `WARNING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
        }
    }
}

/// One finding of a validation, in AWS's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`…
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// `/States/Publish/Resource`.
    pub location: Option<String>,
}

impl Diagnostic {
    /// The message of an InvalidDefinition error, if there is an error among the diagnostics.
    pub fn refusal(diagnostics: &[Self]) -> Option<String> {
        diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error).map(|error| {
            let at_end = error.code == "INVALID_JSON_DESCRIPTION";
            let place = error
                .location
                .as_ref()
                .filter(|_| !at_end)
                .map(|location| format!(" at {location}"))
                .unwrap_or_default();
            format!("Invalid State Machine Definition: '{}: {}{place}'", error.code, error.message)
        })
    }

    pub(crate) fn error(code: &'static str, message: String, location: &str) -> Self {
        Self { severity: Severity::Error, code, message, location: Some(location.to_owned()) }
    }

    pub(crate) fn schema(message: String, location: &str) -> Self {
        Self::error("SCHEMA_VALIDATION_FAILED", message, location)
    }

    pub(crate) fn no_object() -> Self {
        let message = "Definition must be a valid JSON object".to_owned();
        Self { severity: Severity::Error, code: "SCHEMA_VALIDATION_FAILED", message, location: None }
    }

    pub(crate) fn syntax(syntax: &Syntax) -> Self {
        let Some(location) = &syntax.location else { return Self::no_object() };
        Self::error("INVALID_JSON_DESCRIPTION", format!("{}\n at {location}", syntax.message), location)
    }
}

/// The most characters of a definition (DEF-02).
const MAX_LENGTH: usize = 1_048_576;

/// Checks a definition.
pub fn validate(definition: &str, kind: MachineType) -> Vec<Diagnostic> {
    if definition.len() > MAX_LENGTH && definition.chars().count() > MAX_LENGTH {
        return vec![Diagnostic::schema(
            format!("Definition must not be longer than {MAX_LENGTH} characters"),
            "/",
        )];
    }
    match json::read(definition) {
        Err(syntax) => vec![Diagnostic::syntax(&syntax)],
        Ok(Value::Object(members)) => Checker::new(kind).machine(&members),
        Ok(_) => vec![Diagnostic::no_object()],
    }
}

#[cfg(test)]
mod tests;
