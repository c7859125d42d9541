//! Validation.
use crate::MachineType;
use crate::json::Syntax;
/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// CreateStateMachine refuses the definition.
    Error,
    /// A remark.
    Warning,
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

/// Checks a definition.
pub fn validate(_definition: &str, _kind: MachineType) -> Vec<Diagnostic> {
    Vec::new()
}
