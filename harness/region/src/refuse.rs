//! Errors as AWS words them (recorded; the API model for codes and statuses).

use record::ApiError;

/// What an operation gives: the members of its reply, or a refusal.
pub(crate) type Reply = Result<serde_json::Value, ApiError>;

pub(crate) fn validation(what: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", what)
}

/// The text AWS gives for a member outside its modelled limits (recording `sfn_api::test_list_executions_pagination`).
pub(crate) fn constraint(member: &str, value: &str, rule: &str) -> ApiError {
    validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

pub(crate) fn invalid_arn(why: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidArn", format!("Invalid Arn: '{why}'"))
}

pub(crate) fn bad_arn_prefix(arn: &str) -> ApiError {
    invalid_arn(format_args!("Invalid ARN prefix: {arn}"))
}

pub(crate) fn no_machine(arn: &str) -> ApiError {
    ApiError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: '{arn}'"))
}

pub(crate) fn no_execution(arn: &str) -> ApiError {
    ApiError::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

pub(crate) fn no_activity(arn: &str) -> ApiError {
    ApiError::new("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

pub(crate) fn task_timed_out() -> ApiError {
    ApiError::new("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
}

pub(crate) fn invalid_token() -> ApiError {
    ApiError::new("InvalidToken", "Invalid Token: 'Invalid token'")
}
