//! What is known of a value where no source decides a part of it.
//!
//! A veil, any value, takes the place of each query whose value is open; a caller that looks with two veils sees by their
//! difference what is open. What it does not do: looking behind a veil. Invariant: where anything is computed of a veil, nothing
//! is known.

use crate::complete::{Applied, leave};
use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::env::Env;
use crate::flow::Filter;
use crate::machine::{QueryLanguage, State, StateKind};
use crate::outcome::{Exit, Inputs};
use serde_json::Value;

/// The parameters of a task with `veil` in place of every value that no source decides. None where nothing of them is known.
pub fn known_parameters(state: &State, inputs: &Inputs<'_>, veil: &Value) -> Option<Value> {
    veiled(state, inputs, veil, |env| state.flow.parameters.as_ref()?.evaluate(env).ok())
}

/// How a state is left, with `veil` in place of every value that no source decides: a Pass by its own fields, a Task, Parallel or
/// Map with its result, any other state with none. None where nothing of it is known.
pub fn known_exit(state: &State, inputs: &Inputs<'_>, result: &Value, veil: &Value) -> Option<Exit> {
    let flow = &state.flow;
    let is_read_again =
        matches!(flow.output_path, Filter::At(_) | Filter::Broken(_)) || flow.assign.is_some();
    if state.query_language == QueryLanguage::JsonPath && is_read_again {
        return None;
    }
    veiled(state, inputs, veil, |env| match &state.kind {
        StateKind::Pass { result } => {
            let parameters = || flow.parameters.as_ref().map(|parameters| parameters.evaluate(env).ok());
            let result =
                result.clone().map(Some).or_else(parameters).unwrap_or_else(|| Some(env.dollar.clone()))?;
            leave(env, Applied::Result(result), false).ok()
        }
        StateKind::Task(_) | StateKind::Parallel { .. } | StateKind::Map(_) => {
            leave(env, Applied::Result(result.clone()), true).ok()
        }
        StateKind::Wait(_) | StateKind::Succeed => leave(env, Applied::Input, false).ok(),
        StateKind::Choice { .. } | StateKind::Fail { .. } => None,
    })
}

/// Something of an evaluation with a veil. None where a doubt is not veiled.
fn veiled<T>(
    state: &State,
    inputs: &Inputs<'_>,
    veil: &Value,
    evaluate: impl Fn(&Env<'_>) -> Option<T>,
) -> Option<T> {
    let dice = Dice::for_visit(inputs.context, inputs.event_id);
    let doubt = Doubt::default();
    let env = Env { veil: Some(veil), ..Env::new(state, inputs, &dice, &doubt) };
    let input = state.flow.input_path.apply(&env).ok()?;
    evaluate(&env.at(&input)).filter(|_| !doubt.is_noted())
}
