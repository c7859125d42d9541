//! The stages of a state's data, as TestState shows them with inspectionLevel DEBUG or TRACE (recorded: test-state).
//!
//! What it does not do: deciding what happens next. Invariant: each stage is what [`crate::enter`] and [`crate::complete`]
//! compute on their way; the stages end where the first of them fails.

use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::enter::{batches, item_input};
use crate::env::Env;
use crate::machine::{QueryLanguage, State, StateKind};
use crate::outcome::{Failure, Inputs, MapEntered};
use indexmap::IndexMap;
use serde_json::Value;

/// The stages by AWS's names, e.g. `afterInputPath`; those after the result only if there is one.
pub fn inspect(state: &State, inputs: &Inputs<'_>, result: Option<&Value>) -> IndexMap<&'static str, Value> {
    let mut stages = IndexMap::new();
    stages.insert("input", inputs.input.clone());
    // A failure ends the stages; the caller learns of it from `enter` or `complete`.
    let _ = fill(&mut stages, state, inputs, result);
    stages
}

/// The stages of a Map's items; tells how many iterations there are.
pub fn inspect_items(
    stages: &mut IndexMap<&'static str, Value>,
    state: &State,
    inputs: &Inputs<'_>,
    map: &MapEntered,
) -> Result<usize, Failure> {
    let StateKind::Map(kind) = &state.kind else { return Ok(0) };
    match &map.reading {
        Some(reading) if reading.config.get("ItemsPointer").is_some() => {
            stages.insert("afterItemsPointer", map.items.clone().into());
        }
        None if state.query_language == QueryLanguage::JsonPath => {
            stages.insert("afterItemsPath", map.items.clone().into());
        }
        _ => {}
    }
    let given = map.items.iter().enumerate().map(|(index, item)| item_input(state, inputs, index, item));
    let items = given.map(|given| given.map(|given| given.input)).collect::<Result<Vec<Value>, _>>()?;
    if kind.selector.is_some() {
        stages.insert("afterItemSelector", items.clone().into());
    }
    let iterations = batches(state, inputs, map, items)?;
    if kind.batcher.is_some() {
        stages.insert("afterItemBatcher", iterations.clone().into());
    }
    Ok(iterations.len())
}

fn fill(
    stages: &mut IndexMap<&'static str, Value>,
    state: &State,
    inputs: &Inputs<'_>,
    result: Option<&Value>,
) -> Result<(), Failure> {
    let dice = Dice::for_visit(inputs.context, inputs.event_id);
    let doubt = Doubt::default();
    let env = Env::new(state, inputs, &dice, &doubt);
    let flow = &state.flow;
    if state.query_language == QueryLanguage::JsonAta {
        if let Some(arguments) = &flow.parameters {
            stages.insert("afterArguments", arguments.evaluate(&env)?);
        }
        if let Some(result) = result {
            stages.insert("result", result.clone());
        }
        return Ok(());
    }
    let input = flow.input_path.apply(&env)?.into_owned();
    stages.insert("afterInputPath", input.clone());
    let env = env.at(&input);
    let parameters = flow.parameters.as_ref().map(|parameters| parameters.evaluate(&env)).transpose()?;
    stages.extend(parameters.clone().map(|parameters| ("afterParameters", parameters)));
    // A Pass makes its result itself.
    let made = match &state.kind {
        StateKind::Pass { result } => Some(result.clone().or(parameters).unwrap_or_else(|| input.clone())),
        _ => None,
    };
    let Some(result) = made.as_ref().or(result) else { return Ok(()) };
    stages.insert("result", result.clone());
    let selected = match &flow.result_selector {
        Some(selector) => {
            let selected = selector.evaluate(&env.at(result))?;
            stages.insert("afterResultSelector", selected.clone());
            selected
        }
        None => result.clone(),
    };
    stages.insert("afterResultPath", flow.result_path.apply(&env, selected)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::inspect;
    use crate::{Inputs, Variables, parse};
    use serde_json::{Value, json};

    fn stages(state: &Value, input: &Value, result: Option<&Value>) -> Value {
        let machine = parse(&json!({"StartAt": "s", "States": {"s": state}}).to_string()).unwrap();
        let variables = Variables::new();
        let inputs = Inputs { input, context: &json!({}), variables: &variables, event_id: 2 };
        json!(inspect(machine.find("s").unwrap(), &inputs, result))
    }

    #[test]
    fn every_stage_of_a_task_is_shown() {
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$.in", "End": true,
            "Parameters": {"n.$": "$.n"}, "ResultSelector": {"r.$": "$.x"}, "ResultPath": "$.out",
        });
        let input = json!({"in": {"n": 1}});
        let wanted = json!({
            "input": input, "afterInputPath": {"n": 1}, "afterParameters": {"n": 1}, "result": {"x": 2},
            "afterResultSelector": {"r": 2}, "afterResultPath": {"in": {"n": 1}, "out": {"r": 2}},
        });
        assert_eq!(stages(&state, &input, Some(&json!({"x": 2}))), wanted);
        let until_failure = json!({"input": {"in": {}}, "afterInputPath": {}});
        assert_eq!(stages(&state, &json!({"in": {}}), None), until_failure);
    }

    #[test]
    fn jsonata_shows_its_arguments() {
        let state = json!({
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "QueryLanguage": "JSONata",
            "Arguments": {"n": "{% 1 + 1 %}"}, "End": true,
        });
        assert_eq!(stages(&state, &json!(1), None), json!({"input": 1, "afterArguments": {"n": 2}}));
    }
}
