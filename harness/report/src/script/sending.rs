//! How a call of a record is sent again: by the AWS command line, or by curl where that is too slow or would refuse it; and
//! in one word, what was answered.

use record::{Entry, Operation, Outcome, Service};
use serde_json::Value;

/// Whether time matters for the call: curl is there many times sooner than the AWS command line.
pub(super) fn is_hasty(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess
            | Operation::SendTaskFailure
            | Operation::SendTaskHeartbeat
            | Operation::StopExecution
            | Operation::DeleteMessage
    )
}

/// Whether timers may run from this call on: those of a task, of its worker, of a retry.
pub(super) fn sets_timers(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::StartExecution
            | Operation::RedriveExecution
            | Operation::SendTaskSuccess
            | Operation::SendTaskFailure
            | Operation::SendTaskHeartbeat
            | Operation::SendMessage
    )
}

/// Whether the AWS command line would send the call: it refuses empty strings, wrong types and missing members itself.
pub(super) fn is_sendable(entry: &Entry) -> bool {
    let call = &entry.call;
    if !matches!(call.operation.service(), Service::States | Service::Sqs) {
        return true;
    }
    let required: &[&str] = match call.operation {
        Operation::SendTaskSuccess => &["taskToken", "output"],
        Operation::SendTaskFailure | Operation::SendTaskHeartbeat => &["taskToken"],
        Operation::StartExecution => &["stateMachineArn"],
        Operation::CreateStateMachine => &["name", "definition", "roleArn"],
        Operation::StopExecution
        | Operation::DescribeExecution
        | Operation::GetExecutionHistory
        | Operation::RedriveExecution => &["executionArn"],
        _ => &[],
    };
    required.iter().all(|member| call.text(member).is_some())
        && call.input.iter().all(|(member, value)| match value {
            Value::String(text) => {
                !text.is_empty() || matches!(member.as_str(), "error" | "cause" | "output")
            }
            Value::Null => false,
            Value::Number(number) if number.as_i64().is_none_or(|number| number < 0) => false,
            Value::Number(_) | Value::Bool(_) => !required.contains(&member.as_str()),
            _ => {
                !required.contains(&member.as_str()) && call.operation.service() != Service::States
                    || matches!(member.as_str(), "tags" | "loggingConfiguration" | "tracingConfiguration")
            }
        })
}

/// `done`, the code of an error, or `no answer`.
pub(super) fn answer(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(_) => "done".to_owned(),
        // So targets' adapters name an answer without a code.
        Outcome::Refused(error) if error.code == "UnknownError" => "no answer".to_owned(),
        Outcome::Refused(error) => error.code.clone(),
        Outcome::Unknown(_) => "no answer".to_owned(),
    }
}
