//! Retry and Catch to the letter.
//!
//! What it does not do: drawing the jitter, waiting. Invariant: the first retrier that matches decides; when it is used up,
//! or none matches, the first catcher that matches decides (ERR-05, ERR-10, ERR-15).

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::env::Env;
use crate::limits;
use crate::machine::{Catcher, Next, QueryLanguage, Retrier, State};
use crate::outcome::{Exit, Failure, Inputs, Origin, Recovery, RetryCounts, TaskFailure};

/// What becomes of a failure of this state. The error is one of the interpreter while it evaluates the Catcher.
pub fn recover(
    state: &State,
    inputs: &Inputs<'_>,
    failure: &TaskFailure,
    counts: &mut RetryCounts,
) -> Result<Recovery, Failure> {
    let retriers = state.retriers();
    counts.0.resize(retriers.len().max(counts.0.len()), 0);
    let retrier = retriers
        .iter()
        .zip(&mut counts.0)
        .enumerate()
        .find(|(_, (retrier, _))| matches(&retrier.error_equals, failure));
    if let Some((index, (retrier, used))) = retrier
        && *used < retrier.max_attempts
    {
        let after_ms_max = delay_ms(retrier, *used);
        *used += 1;
        return Ok(Recovery::Retry { retrier: index, after_ms_max, jitter: retrier.full_jitter });
    }
    let catcher =
        state.catchers().iter().enumerate().find(|(_, catcher)| matches(&catcher.error_equals, failure));
    match catcher {
        Some((index, catcher)) => {
            Ok(Recovery::Caught { catcher: index, exit: caught(state, inputs, catcher, failure)? })
        }
        None => Ok(Recovery::Uncaught(failure.clone())),
    }
}

fn matches(names: &[String], failure: &TaskFailure) -> bool {
    let by_interpreter = failure.origin == Origin::Interpreter;
    let by_name = failure.origin == Origin::MissedHeartbeatByName;
    let error = if by_name { Some("States.HeartbeatTimeout") } else { failure.error.as_deref() };
    // A bad path is never caught, not even by its name (recorded); other states' States.Runtime only by its name (ERR-20).
    let runtime = error == Some("States.Runtime");
    if by_interpreter && runtime {
        return false;
    }
    let terminal = runtime || (by_interpreter && error == Some("States.DataLimitExceeded"));
    names.iter().any(|name| match (name.as_str(), error) {
        ("States.ALL", _) => !terminal,
        // A failure without a name is for States.ALL only (recorded).
        (_, None) => false,
        ("States.TaskFailed", Some(error)) => {
            error == "States.TaskFailed" || (error != "States.Timeout" && !terminal)
        }
        ("States.HeartbeatTimeout", Some(error)) => {
            failure.origin == Origin::MissedHeartbeat || error == "States.HeartbeatTimeout"
        }
        // Both names of a timeout are taken by States.Timeout (HB-10, A-01).
        ("States.Timeout", Some("States.HeartbeatTimeout")) => true,
        (name, Some(error)) => name == error,
    })
}

/// Interval × Backoff^used, capped (ERR-13).
fn delay_ms(retrier: &Retrier, used: u64) -> u64 {
    let factor = retrier.backoff_rate.powi(i32::try_from(used).unwrap_or(i32::MAX));
    let delay = (retrier.interval_seconds as f64 * 1000.0 * factor).min(9e15) as u64;
    retrier.max_delay_seconds.map_or(delay, |most| delay.min(most.saturating_mul(1000)))
}

/// The error output goes through the Catcher's own ResultPath or Output; the state's OutputPath does not touch it
/// (recorded: raise-exception-catch-output-path-no-such-path).
fn caught(
    state: &State,
    inputs: &Inputs<'_>,
    catcher: &Catcher,
    failure: &TaskFailure,
) -> Result<Exit, Failure> {
    let dice = Dice::for_visit(inputs.context, inputs.event_id ^ (1 << 62));
    let error_output = failure.error_output();
    let doubt = Doubt::default();
    let env = Env::new(state, inputs, &dice, &doubt);
    let env = Env { error_output: Some(&error_output), dollar: &error_output, ..env };
    let output = match (state.query_language, &catcher.output) {
        (QueryLanguage::JsonAta, Some(output)) => output.evaluate(&env)?,
        (QueryLanguage::JsonAta, None) => error_output.clone(),
        (QueryLanguage::JsonPath, _) => catcher.result_path.apply(&env, error_output.clone())?,
    };
    let assigned = catcher.assign.as_ref().map(|assign| assign.assign(&env)).transpose()?.unwrap_or_default();
    if !limits::fits(&output) {
        return Err(Failure::data_limit(&state.name));
    }
    let sourced = env.is_sourced();
    let next = Next::State(catcher.next.clone());
    Ok(Exit { output, next, assigned, sourced, next_sourced: sourced })
}

#[cfg(test)]
mod tests;
