//! Reading a folder of recordings of AWS: definitions, histories, and the outcome of each task.
//!
//! Format: one JSON file a recording, as its INDEX describes. The recorder had parsed every string that begins with `{`
//! (one level deep); [`as_recorded`] does the same to what the region writes, so that both sides look alike.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

pub(crate) mod matching;
pub(crate) mod script;

use std::path::Path;

use serde_json::{Map, Value};

use crate::outside;

/// One file.
pub(crate) struct Recording {
    pub(crate) file: String,
    pub(crate) source: String,
    /// `STANDARD` where the file says nothing.
    pub(crate) machine_type: String,
    /// Null where the file has none; a text where it is no JSON.
    pub(crate) definition: Value,
    pub(crate) per_history: Map<String, Value>,
    pub(crate) histories: Vec<(String, Vec<Value>)>,
    /// The recorder has lost ids and order inside Parallel.
    pub(crate) ids_normalized: bool,
    /// Recorded before AWS announced RedriveExecution on 2023-11-15: the context object shows no `RedriveCount` (recorded
    /// in `lambda_invoke_with_retry_extended_input` of 2023-10-24; those of 2024 show it).
    pub(crate) before_redrive: bool,
    pub(crate) whole: Value,
}

impl Recording {
    /// Whether there is a definition for every history.
    pub(crate) fn has_definition(&self) -> bool {
        let own = |name: &String| self.per_history.get(name).is_some_and(|own| !own.is_null());
        !self.definition.is_null() || self.histories.iter().all(|(name, _)| own(name))
    }

    /// The definition that a history was recorded with. A superseded recording comes with the definition of a later commit;
    /// its note says to trust the timeouts of TaskScheduled.
    pub(crate) fn definition_of(&self, history: &str, events: &[Value]) -> Value {
        let mut definition = parsed(self.per_history.get(history).unwrap_or(&self.definition));
        if !self.whole["note"].as_str().is_some_and(|note| note.contains("trust the TaskScheduled event")) {
            return definition;
        }
        let entered = events.iter().rev().find(|event| event["type"] == "TaskStateEntered");
        let state = entered
            .and_then(|event| event["stateEnteredEventDetails"]["name"].as_str())
            .unwrap_or_default()
            .to_owned();
        let scheduled = events.iter().find(|event| event["type"] == "TaskScheduled").and_then(details);
        for (member, field) in
            [("timeoutInSeconds", "TimeoutSeconds"), ("heartbeatInSeconds", "HeartbeatSeconds")]
        {
            let seconds = scheduled.and_then(|scheduled| scheduled.get(member));
            if let (Some(seconds), Some(fields)) = (seconds, definition["States"][&state].as_object_mut())
                && fields.contains_key(field)
            {
                fields.insert(field.to_owned(), seconds.clone());
            }
        }
        definition
    }
}

/// Every recording of a folder, by file name.
pub(crate) fn read_folder(folder: &Path) -> Vec<Recording> {
    let read = |(name, text): (String, String)| {
        read_file(&name, &text).inspect_err(|why| println!("skipped {name}: {why}")).ok()
    };
    outside::json_files(folder).into_iter().filter_map(read).collect()
}

/// Reads one file, or says why it is no recording.
fn read_file(name: &str, text: &str) -> Result<Recording, String> {
    let whole: Value = serde_json::from_str(text).map_err(|why| why.to_string())?;
    if !whole["snapshot"].is_object() {
        return Err("no snapshot".to_owned());
    }
    let text = |name: &str| whole[name].as_str().unwrap_or_default().to_owned();
    let names = whole["histories"].as_array().cloned().unwrap_or_default();
    let histories = names
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|name| Some((name.to_owned(), ascending(events_of(&whole["snapshot"][name])?.clone()))))
        .collect();
    let machine_type = text("machineType");
    Ok(Recording {
        file: format!("{name}.json"),
        source: text("source"),
        machine_type: if machine_type.is_empty() { "STANDARD".to_owned() } else { machine_type },
        definition: parsed(&whole["definition"]),
        before_redrive: is_before_redrive(whole["recorded"].as_str().unwrap_or_default()),
        per_history: whole["definitionPerHistory"].as_object().cloned().unwrap_or_default(),
        histories,
        ids_normalized: whole["idsNormalized"].as_bool().unwrap_or(false),
        whole,
    })
}

/// The definition behind a text, where it is JSON.
fn parsed(definition: &Value) -> Value {
    let text = definition.as_str().and_then(|text| serde_json::from_str(text).ok());
    text.filter(Value::is_object).unwrap_or_else(|| definition.clone())
}

/// The events of an answer of GetExecutionHistory, or of a list of events.
fn events_of(answer: &Value) -> Option<&Vec<Value>> {
    answer["events"].as_array().or_else(|| answer.as_array())
}

/// A history that was read in reverse, turned round.
fn ascending(mut events: Vec<Value>) -> Vec<Value> {
    let ids: Option<Vec<u64>> = events.iter().map(|event| event["id"].as_u64()).collect();
    if ids.is_some_and(|ids| ids.is_sorted_by(|a, b| a > b)) {
        events.reverse();
    }
    events
}

/// Whether a date such as `24-10-2023, 15:02:11` is before 15 November 2023.
fn is_before_redrive(recorded: &str) -> bool {
    let day = recorded.split(',').next().unwrap_or_default();
    let numbers: Vec<u32> = day.split('-').filter_map(|part| part.trim().parse().ok()).collect();
    matches!(numbers.as_slice(), [day, month, year] if (*year, *month, *day) < (2023, 11, 15))
}

/// The details of an event in whatever member they stand.
pub(crate) fn details(event: &Value) -> Option<&Map<String, Value>> {
    event
        .as_object()?
        .iter()
        .find(|(name, _)| name.ends_with("EventDetails"))
        .and_then(|(_, value)| value.as_object())
}

/// What the recorder would have stored: strings that begin with `{` parsed where they are JSON, one level deep.
pub(crate) fn as_recorded(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let parsed = value
                        .as_str()
                        .filter(|text| text.starts_with('{'))
                        .and_then(|text| serde_json::from_str(text).ok());
                    (name.clone(), parsed.unwrap_or_else(|| as_recorded(value)))
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(as_recorded).collect()),
        other => other.clone(),
    }
}

/// The JSON value behind a recorded `input` or `output`: parsed already, or still a JSON text.
pub(crate) fn unrecorded(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| value.clone()),
        other => other.clone(),
    }
}
