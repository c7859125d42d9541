//! Names and ARNs of Step Functions (START-02 to START-07, START-18).

use record::ApiError;

use crate::place::Arn;
use crate::refuse::{bad_arn_prefix, invalid_arn, validation};

/// Refuses a name with a forbidden character (START-06).
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    if name.chars().any(is_forbidden) {
        return Err(ApiError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

fn is_forbidden(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '<' | '>' | '{' | '}' | '[' | ']' | '?' | '*')
        || matches!(c, '"' | '#' | '%' | '\\' | '^' | '|' | '~' | '`' | '$' | '&' | ',' | ';' | ':' | '/')
        || matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

/// The parts of an ARN of Step Functions.
pub(super) fn states_arn(arn: &str) -> Result<Arn<'_>, ApiError> {
    Arn::parse(arn).filter(|parsed| parsed.service == "states").ok_or_else(|| bad_arn_prefix(arn))
}

/// What a state machine ARN names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MachineArn {
    /// Without qualifier.
    pub(super) arn: String,
    /// A version's number or an alias's name.
    pub(super) qualifier: Option<String>,
}

/// Reads the ARN of a state machine, a version or an alias.
pub(super) fn machine_arn(arn: &str) -> Result<MachineArn, ApiError> {
    let parsed = states_arn(arn)?;
    let Some(name) = parsed.named("stateMachine") else {
        let kind = parsed.resource.split(':').next().unwrap_or_default();
        return Err(invalid_arn(format_args!("Resource type not valid in this context: {kind}")));
    };
    if name.contains('/') {
        return Err(validation(format!(
            "Labeled state machine ARN is not supported by this operation: '{arn}'"
        )));
    }
    let (name, qualifier) = match name.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier.to_owned())),
        None => (name, None),
    };
    let base = arn.len() - qualifier.as_ref().map_or(0, |qualifier| qualifier.len() + 1);
    if name.is_empty() || qualifier.as_ref().is_some_and(|q| q.is_empty() || q.contains(':')) {
        return Err(invalid_arn(format_args!("Invalid state machine ARN: {arn}")));
    }
    Ok(MachineArn { arn: arn.get(..base).unwrap_or(arn).to_owned(), qualifier })
}

/// Refuses what is no ARN of a Standard execution.
pub(super) fn check_execution_arn(arn: &str) -> Result<(), ApiError> {
    let parsed = states_arn(arn)?;
    match parsed.resource.split(':').next().unwrap_or_default() {
        "execution" => Ok(()),
        kind => Err(invalid_arn(format_args!("Resource type not valid in this context: {kind}"))),
    }
}

/// Refuses what is no ARN of an activity.
pub(super) fn check_activity_arn(arn: &str) -> Result<(), ApiError> {
    let parsed = states_arn(arn)?;
    if parsed.named("activity").is_some() {
        Ok(())
    } else {
        let kind = parsed.resource.split(':').next().unwrap_or_default();
        Err(invalid_arn(format_args!("Resource type not valid in this context: {kind}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_letters_of_any_script_and_no_white_space() {
        for name in ["a", "Größe", "名前", "a.b-c_d+e=f@g!h'i(j)"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["a b", "a/b", "a\u{7f}", "a:b", "a\u{10ffff}"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_qualified_arn_is_split() {
        let arn = machine_arn("arn:aws:states:us-east-1:123456789012:stateMachine:m:7").unwrap();
        assert_eq!(arn.arn, "arn:aws:states:us-east-1:123456789012:stateMachine:m");
        assert_eq!(arn.qualifier.as_deref(), Some("7"));
        assert!(machine_arn("arn:aws:states:us-east-1:123456789012:stateMachine:m/label").is_err());
        assert!(machine_arn("nonsense").is_err());
    }
}
