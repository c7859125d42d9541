//! How a state is left with its result: ResultSelector, Assign, ResultPath and OutputPath, or Assign and Output.
//!
//! Invariant: the output is within [`crate::DATA_LIMIT`], and Assign sees the variables as they were when the state was entered.

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::env::Env;
use crate::flow::{Filter, ResultPath};
use crate::limits;
use crate::machine::{Next, QueryLanguage, State, StateKind};
use crate::outcome::{Exit, Failure, Inputs};
use serde_json::Value;

/// Takes the result of a Task, the array of a Parallel or Map, or (any value) the end of a Wait.
pub fn complete(state: &State, inputs: &Inputs<'_>, result: &Value) -> Result<Exit, Failure> {
    let dice = Dice::for_visit(inputs.context, inputs.event_id ^ (1 << 63));
    let doubt = Doubt::default();
    let env = Env::new(state, inputs, &dice, &doubt);
    let input = state.flow.input_path.apply(&env)?;
    let env = env.at(&input);
    doubt.over(match state.kind {
        StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_) => {
            leave(&env, Applied::Result(result.clone()), true)
        }
        _ => leave(&env, Applied::Input, false),
    })
}

/// Whether a task's raw result is within the limit; if not, the failure that TaskFailed shows. It can be caught by
/// `States.ALL` (recorded: data-limit), so hand it to [`crate::recover`] by [`crate::TaskFailure::new`].
pub fn check_result(state: &State, result: &Value) -> Result<(), Failure> {
    if limits::fits(result) {
        return Ok(());
    }
    Err(Failure::data_limit(match state.resource() {
        Some(resource) if resource.action.is_empty() => &resource.arn,
        Some(resource) => resource.resource_type(),
        None => &state.name,
    }))
}

/// Whether the state only puts its result somewhere: none of its fields reads what the result holds, so that its output can be
/// told but for the result itself.
pub fn places_its_result(state: &State) -> bool {
    let flow = &state.flow;
    let unread = flow.assign.is_none() && flow.output.is_none() && flow.result_selector.is_none();
    let whole = !matches!(flow.output_path, Filter::At(_) | Filter::Broken(_));
    unread && (whole || matches!(flow.result_path, ResultPath::Discard))
}

/// The state without its InputPath, if it has one that leaves something out.
pub fn without_input_path(state: &State) -> Option<State> {
    let mut bare = state.clone();
    let path = std::mem::take(&mut bare.flow.input_path);
    (!matches!(path, Filter::Whole)).then_some(bare)
}

/// The state without its OutputPath, if it has one that leaves something out.
pub fn without_output_path(state: &State) -> Option<State> {
    let mut bare = state.clone();
    let path = std::mem::take(&mut bare.flow.output_path);
    (!matches!(path, Filter::Whole)).then_some(bare)
}

/// What a state makes its output of.
pub(crate) enum Applied {
    /// Its result.
    Result(Value),
    /// Its effective input, `env.dollar`.
    Input,
}

/// `has_result` says whether JSONata sees `$states.result`.
pub(crate) fn leave(env: &Env<'_>, applied: Applied, has_result: bool) -> Result<Exit, Failure> {
    let flow = &env.state.flow;
    let (output, assigned) = match env.state.query_language {
        QueryLanguage::JsonAta => {
            let result = match applied {
                Applied::Result(result) => result,
                Applied::Input => env.dollar.clone(),
            };
            let env = Env { result: has_result.then_some(&result), ..*env };
            let output = flow.output.as_ref().map(|output| output.evaluate(&env)).transpose()?;
            let assigned = flow.assign.as_ref().map(|assign| assign.assign(&env)).transpose()?;
            (output.unwrap_or(result), assigned)
        }
        QueryLanguage::JsonPath => {
            let (combined, assigned) = match applied {
                Applied::Input => {
                    (env.dollar.clone(), flow.assign.as_ref().map(|assign| assign.assign(env)).transpose()?)
                }
                Applied::Result(result) => {
                    let (selected, raw) = match &flow.result_selector {
                        Some(selector) => (selector.evaluate(&env.at(&result))?, Some(result)),
                        None => (result, None),
                    };
                    let seen = flow.assign.as_ref().map(|assign| assign.assign(&env.at(&selected)));
                    // No document says whether Assign sees the result, or what ResultSelector made of it.
                    if let (Some(seen), Some(assign), Some(raw)) = (&seen, &flow.assign, &raw)
                        && seen.as_ref().ok() != assign.assign(&env.at(raw)).as_ref().ok()
                    {
                        env.doubt.note();
                    }
                    let assigned = seen.transpose()?;
                    (flow.result_path.apply(env, selected)?, assigned)
                }
            };
            (flow.output_path.apply(&env.at(&combined))?.into_owned(), assigned)
        }
    };
    if !limits::fits(&output) {
        return Err(Failure::data_limit(&env.state.name));
    }
    let next = env.state.next.clone().unwrap_or(Next::End);
    let sourced = env.is_sourced();
    Ok(Exit { output, next, assigned: assigned.unwrap_or_default(), sourced, next_sourced: sourced })
}

#[cfg(test)]
mod tests;
