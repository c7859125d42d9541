//! Leaving a state with its result.
use crate::{Exit, Failure, Inputs, State};
use serde_json::Value;

/// Takes the result of a Task, the array of a Parallel or Map, or (any value) the end of a Wait.
pub fn complete(state: &State, inputs: &Inputs<'_>, result: &Value) -> Result<Exit, Failure> {
    let _ = result;
    Err(Failure::runtime(state, inputs.event_id, ""))
}

/// Whether a task's raw result is within the limit; if not, the failure for TaskFailed (catchable: use [`crate::TaskFailure::new`]).
pub fn check_result(state: &State, result: &Value) -> Result<(), Failure> {
    let _ = (state, result);
    Ok(())
}
