//! What a state does when it is entered, and how a Map makes the inputs of its iterations.
//!
//! What it does not do: running tasks, branches and iterations. Invariant: entering has no effect, so a retry enters again,
//! with another `RetryCount` in the context, and evaluates its parameters anew (recorded).

use crate::choice::ChoiceRule;
use crate::complete::{Applied, leave};
use crate::dice::Dice;
use crate::doubt::Doubt;
use crate::env::Env;
use crate::field::{Field, Wording, type_of};
use crate::limits;
use crate::machine::{Map, Next, QueryLanguage, State, StateKind, Task, Wait};
use crate::outcome::{Entered, Exit, Failure, Given, Inputs, MapEntered, Reading, WaitUntil};
use crate::template::Template;
use serde_json::{Value, json};
use std::borrow::Cow;

/// What the state does now.
pub fn enter(state: &State, inputs: &Inputs<'_>) -> Result<Entered, Failure> {
    let dice = Dice::for_visit(inputs.context, inputs.event_id);
    let doubt = Doubt::default();
    doubt.over(act(state, &Env::new(state, inputs, &dice, &doubt)))
}

fn act(state: &State, env: &Env<'_>) -> Result<Entered, Failure> {
    let input = state.flow.input_path.apply(env)?;
    let env = env.at(&input);
    match &state.kind {
        StateKind::Task(task) => enter_task(task, &env),
        StateKind::Pass { result } => {
            let result = match (result, &state.flow.parameters) {
                (Some(result), _) => result.clone(),
                (None, Some(parameters)) => parameters.evaluate(&env)?,
                (None, None) => input.as_ref().clone(),
            };
            leave(&env, Applied::Result(result), false).map(Entered::Exit)
        }
        StateKind::Succeed => leave(&env, Applied::Input, false).map(Entered::Exit),
        StateKind::Choice { rules, default } => choose(&env, rules, default.as_deref()).map(Entered::Exit),
        StateKind::Wait(wait) => Ok(Entered::Wait {
            until: match wait {
                Wait::Seconds(seconds) => WaitUntil::Seconds(seconds.seconds(&env, 0)?),
                Wait::Timestamp(timestamp) => WaitUntil::Timestamp(timestamp.timestamp(&env)?),
            },
            sourced: env.is_sourced(),
        }),
        StateKind::Fail { error, cause } => Ok(Entered::Fail {
            error: error.as_ref().map(|error| error.text(&env)).transpose()?,
            cause: cause.as_ref().map(|cause| cause.text(&env)).transpose()?,
            sourced: env.is_sourced(),
        }),
        StateKind::Parallel { .. } => parameters(&env).map(|input| Entered::Parallel(env.given(input))),
        StateKind::Map(map) => enter_map(map, &env).map(Entered::Map),
    }
}

/// The context object inside iteration `index` of a Map: `context` plus `Map.Item`.
pub fn item_context(context: &Value, index: usize, item: &Value) -> Value {
    let mut context = context.clone();
    if let Value::Object(members) = &mut context {
        members.insert("Map".to_owned(), json!({ "Item": { "Index": index, "Value": item } }));
    }
    context
}

/// The input of iteration `index`: the item, or what ItemSelector (once Parameters) makes of it.
pub fn item_input(state: &State, inputs: &Inputs<'_>, index: usize, item: &Value) -> Result<Given, Failure> {
    let selector = if let StateKind::Map(map) = &state.kind { map.selector.as_ref() } else { None };
    let Some(selector) = selector else { return Ok(Given { input: item.clone(), sourced: true }) };
    let context = item_context(inputs.context, index, item);
    let inputs = Inputs { context: &context, ..*inputs };
    let dice = Dice::for_visit(inputs.context, inputs.event_id.wrapping_add(index as u64 + 1) << 32);
    let doubt = Doubt::default();
    let env = Env::new(state, &inputs, &dice, &doubt);
    let input = state.flow.input_path.apply(&env)?;
    limited(&env, selector.evaluate(&env.at(&input))?).map(|input| env.given(input))
}

/// Drops what is beyond the reader's MaxItems, then groups the inputs of iterations as ItemBatcher says.
pub fn batches(
    state: &State,
    inputs: &Inputs<'_>,
    map: &MapEntered,
    items: Vec<Value>,
) -> Result<Vec<Value>, Failure> {
    let mut items = items;
    // 0 is no limit.
    if let Some(most) = map.reading.as_ref().and_then(|reading| reading.max_items).filter(|most| *most > 0) {
        items.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    let StateKind::Map(kind) = &state.kind else { return Ok(items) };
    let Some(batcher) = &kind.batcher else { return Ok(items) };
    let dice = Dice::for_visit(inputs.context, inputs.event_id);
    let doubt = Doubt::default();
    let env = Env::new(state, inputs, &dice, &doubt);
    let input = state.flow.input_path.apply(&env)?;
    let env = env.at(&input);
    let most = |field: &Option<Field>| -> Result<usize, Failure> {
        let number = field.as_ref().map(|field| field.integer(&env, Wording::FieldRefers)).transpose()?;
        Ok(number
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| *number > 0)
            .unwrap_or(usize::MAX))
    };
    let (max_items, max_bytes) =
        (most(&batcher.max_items)?, most(&batcher.max_bytes)?.min(crate::DATA_LIMIT));
    let shared = batcher.input.as_ref().map(|input| input.evaluate(&env)).transpose()?;
    let frame = limits::size(&batch(shared.as_ref(), &[]));
    let (mut grouped, mut group, mut bytes) = (Vec::new(), Vec::new(), frame);
    for item in items {
        let size = limits::size(&item) + 1;
        if !group.is_empty() && (group.len() >= max_items || bytes + size > max_bytes) {
            grouped.push(batch(shared.as_ref(), &std::mem::take(&mut group)));
            bytes = frame;
        }
        bytes += size;
        group.push(item);
    }
    if !group.is_empty() {
        grouped.push(batch(shared.as_ref(), &group));
    }
    Ok(grouped)
}

fn batch(shared: Option<&Value>, items: &[Value]) -> Value {
    match shared {
        Some(shared) => json!({ "BatchInput": shared, "Items": items }),
        None => json!({ "Items": items }),
    }
}

fn enter_task(task: &Task, env: &Env<'_>) -> Result<Entered, Failure> {
    let doubt = Doubt::default();
    let of_windows = Env { doubt: &doubt, ..*env };
    let window = |field: &Option<Field>| {
        doubt.over(field.as_ref().map(|field| field.seconds(&of_windows, 1)).transpose())
    };
    Ok(Entered::Task {
        parameters: parameters(env)?,
        timeout_seconds: window(&task.timeout)?,
        heartbeat_seconds: window(&task.heartbeat)?,
        credentials: task.credentials.as_ref().map(|credentials| credentials.evaluate(env)).transpose()?,
        sourced: env.is_sourced(),
        windows_sourced: !doubt.is_noted(),
    })
}

fn parameters(env: &Env<'_>) -> Result<Value, Failure> {
    let value = match &env.state.flow.parameters {
        Some(parameters) => parameters.evaluate(env)?,
        None => env.dollar.clone(),
    };
    limited(env, value)
}

fn limited(env: &Env<'_>, value: Value) -> Result<Value, Failure> {
    if limits::fits(&value) { Ok(value) } else { Err(Failure::data_limit(&env.state.name)) }
}

fn enter_map(map: &Map, env: &Env<'_>) -> Result<MapEntered, Failure> {
    let reading = map.reader.as_ref().map(|reader| {
        Ok(Box::new(Reading {
            resource: reader.resource.clone(),
            arguments: reader
                .arguments
                .as_ref()
                .map(|arguments| arguments.evaluate(env))
                .transpose()?
                .unwrap_or_default(),
            config: reader.config.clone(),
            max_items: reader.max_items.as_ref().map(|most| max_items(most, env)).transpose()?,
        }))
    });
    let reading = reading.transpose()?;
    let writing = map.writer.as_ref().and_then(|writer| writer.arguments.as_ref());
    let writing = writing.map(|arguments| arguments.evaluate(env)).transpose()?;
    let items = if reading.is_some() { Vec::new() } else { items(map, env)? };
    Ok(MapEntered {
        items,
        max_concurrency: map
            .max_concurrency
            .as_ref()
            .map_or(Ok(0), |most| most.count(env, "MaxConcurrency"))?,
        tolerated_count: map
            .tolerated_count
            .as_ref()
            .map(|count| count.count(env, "ToleratedFailureCount"))
            .transpose()?,
        tolerated_percentage: map
            .tolerated_percentage
            .as_ref()
            .map(|share| share.percentage(env, "ToleratedFailurePercentage"))
            .transpose()?,
        reading,
        writing,
        label: map.label.clone(),
        sourced: env.is_sourced(),
    })
}

/// A limit that is no number fails before the Map Run starts, a negative one is the Map Run's business (LocalStack 2026.3, whose
/// tests compare both with AWS).
fn max_items(most: &Field, env: &Env<'_>) -> Result<i64, Failure> {
    most.integer(env, Wording::ReaderRefers)
        .map_err(|failure| Failure { error: "States.ItemReaderFailed".to_owned(), ..failure })
}

fn items(map: &Map, env: &Env<'_>) -> Result<Vec<Value>, Failure> {
    if env.state.query_language == QueryLanguage::JsonAta {
        let value = map.items.as_ref().map_or_else(|| Ok(env.dollar.clone()), |items| items.evaluate(env))?;
        return match value {
            Value::Array(items) => Ok(items),
            other => Err(no_array(map, env, &other)),
        };
    }
    let (found, place) = match &map.items_path {
        None => (Cow::Borrowed(env.dollar), "$"),
        Some(path) => {
            let found = path.find(env.roots());
            (
                found.map_err(|what| env.runtime(&format!("Invalid path '{}' : {what}", path.source())))?,
                path.without_root_mark(),
            )
        }
    };
    match found.into_owned() {
        Value::Array(items) => Ok(items),
        // Newer guides let a distributed Map run over the members of an object.
        Value::Object(_) if map.distributed => {
            Err(env.runtime(&format!("Reference path \"{place}\" must point to array.")).unsourced())
        }
        // Recorded: test-state, state-map-context-object-execution-input.
        _ => Err(env.runtime(&format!("Reference path \"{place}\" must point to array."))),
    }
}

/// Items or an input that is no array; newer guides let a Map run over the members of an object. Without Items the event has no location (recorded: map-state-items-input-types-null).
fn no_array(map: &Map, env: &Env<'_>, value: &Value) -> Failure {
    let found = type_of(value);
    match map.items.as_ref().and_then(Template::expression) {
        None => env.evaluation(None, &format!("Map state input must be an array but was: {found}")),
        Some(expression) => {
            let what = format!(
                "returned an unexpected result type. Expected 'array', but was '{found}' for value: {value}"
            );
            let failure = expression.failure(env, "Items", &what);
            if value.is_object() { failure.unsourced() } else { failure }
        }
    }
}

fn choose(env: &Env<'_>, rules: &[ChoiceRule], default: Option<&str>) -> Result<Exit, Failure> {
    for rule in rules {
        if rule.condition.holds(env)? {
            let next_sourced = env.is_sourced();
            // The state's own Output goes with Default, as its Assign does; no document says so of Output.
            if rule.output.is_none() && env.state.flow.output.is_some() {
                env.doubt.note();
            }
            let exit = exit_to(env, &rule.next, rule.output.as_ref(), rule.assign.as_ref())?;
            return Ok(Exit { next_sourced, ..exit });
        }
    }
    match default {
        Some(next) => exit_to(env, next, env.state.flow.output.as_ref(), env.state.flow.assign.as_ref()),
        None => Err(Failure {
            error: "States.NoChoiceMatched".to_owned(),
            ..env.runtime("Failed to transition out of the state. The state does not point to a next state.")
        }),
    }
}

fn exit_to(
    env: &Env<'_>,
    next: &str,
    output: Option<&Template>,
    assign: Option<&Template>,
) -> Result<Exit, Failure> {
    let value = match output {
        Some(output) => output.evaluate(env)?,
        None => env.state.flow.output_path.apply(env)?.into_owned(),
    };
    Ok(Exit {
        output: limited(env, value)?,
        next: Next::State(next.to_owned()),
        assigned: assign.map(|assign| assign.assign(env)).transpose()?.unwrap_or_default(),
        sourced: env.is_sourced(),
        next_sourced: env.is_sourced(),
    })
}

#[cfg(test)]
mod tests;
