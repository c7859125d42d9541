//! Entering a state.
use crate::{Entered, Failure, Inputs, MapEntered, State};
use serde_json::Value;

/// What the state does now.
pub fn enter(state: &State, inputs: &Inputs<'_>) -> Result<Entered, Failure> {
    Err(Failure::runtime(state, inputs.event_id, ""))
}

/// The context object inside iteration `index` of a Map: `context` plus `Map.Item`.
pub fn item_context(context: &Value, index: usize, item: &Value) -> Value {
    let _ = (index, item);
    context.clone()
}

/// The input of iteration `index`: the item, or what ItemSelector makes of it.
pub fn item_input(state: &State, inputs: &Inputs<'_>, index: usize, item: &Value) -> Result<Value, Failure> {
    let _ = (state, inputs, index);
    Ok(item.clone())
}

/// Groups the inputs of iterations as ItemBatcher says; without one they stay as they are.
pub fn batches(state: &State, inputs: &Inputs<'_>, map: &MapEntered, items: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let _ = (state, inputs, map);
    Ok(items)
}
