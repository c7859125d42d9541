//! Validation.
use crate::MachineType;
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
    /// The message of an InvalidDefinition error: `Invalid State Machine Definition: '…'`.
    pub fn refusal(diagnostics: &[Self]) -> String {
        let _ = diagnostics;
        String::new()
    }
}
/// Checks a definition.
pub fn validate(_definition: &str, _kind: MachineType) -> Vec<Diagnostic> {
    Vec::new()
}
