//! Turns recordings of AWS, as a snapshot tool wrote them, back into what was on the wire.
//!
//! The tool parsed strings that hold a JSON object, and replaced values of the run by placeholders. Strings are put back as
//! JSON text, timestamps are made increasing (every timer that fired has had its time, no other has), ARNs get a partition
//! and a region, and what the definition has as a placeholder is taken from the history.

#![allow(dead_code, clippy::allow_attributes, reason = "each test uses a part of it")]

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::outside;

/// One recorded history.
pub(crate) struct Recording {
    /// File and key.
    pub name: String,
    /// The events, in wire form.
    pub events: Vec<Value>,
    /// The definition as text, where the file has one.
    pub definition: Option<String>,
}

impl Recording {
    /// The answer of GetExecutionHistory as text.
    pub(crate) fn text(&self) -> String {
        json!({ "events": self.events }).to_string()
    }
}

/// Every history of a Standard workflow in the folder of the recordings; None where none is named.
pub(crate) fn recordings() -> Option<Vec<Recording>> {
    outside::folder(outside::RECORDINGS).map(|folder| recordings_in(&folder))
}

/// Every history of a Standard workflow in this folder.
pub(crate) fn recordings_in(folder: &Path) -> Vec<Recording> {
    let load = |(name, text): (String, String)| {
        let text = text
            .replace("<partition>", "aws")
            .replace("<region>", "us-east-1")
            .replace("<timestamp>", "2023-01-01T00:00:00Z");
        let (found, skipped) = read(&name, &text);
        for why in skipped {
            println!("skipped {name}{why}");
        }
        found
    };
    outside::json_files(folder).into_iter().flat_map(load).collect()
}

/// The histories of one file, and why others of it are left out.
pub(crate) fn read(named: &str, text: &str) -> (Vec<Recording>, Vec<String>) {
    let nothing = |why: &str| (Vec::new(), vec![format!(": {why}")]);
    let Ok(file) = serde_json::from_str::<Value>(text) else { return nothing("no JSON") };
    if !file["snapshot"].is_object() {
        return nothing("no recording: no snapshot");
    }
    let kind = file["machineType"].as_str().unwrap_or("STANDARD");
    if kind != "STANDARD" {
        return nothing(&format!("not a Standard workflow: {kind}"));
    }
    let (mut found, mut skipped) = (Vec::new(), Vec::new());
    for key in file["histories"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        match history(&file, key) {
            Ok((events, definition)) => {
                found.push(Recording { name: format!("{named}/{key}"), events, definition });
            }
            Err(why) => skipped.push(format!("/{key}: {why}")),
        }
    }
    (found, skipped)
}

/// The events of one history in wire form, with its definition where there is one.
fn history(file: &Value, key: &str) -> Result<(Vec<Value>, Option<String>), String> {
    let answer = &file["snapshot"][key];
    let events = answer["events"].as_array().or_else(|| answer.as_array());
    let mut events = events.filter(|events| !events.is_empty()).ok_or("no events")?.clone();
    if !events.iter().all(Value::is_object) {
        return Err("an event is no object".to_owned());
    }
    if events
        .first()
        .is_some_and(|first| first["id"].as_u64() > events.last().and_then(|last| last["id"].as_u64()))
    {
        events.reverse();
    }
    let own = file["definitionPerHistory"].get(key).filter(|own| !own.is_null());
    let mut definition = own.unwrap_or_else(|| &file["definition"]).clone();
    if let Some(parsed) = definition.as_str().and_then(|text| serde_json::from_str(text).ok()) {
        definition = parsed;
    }
    if file["idsNormalized"] == true {
        events =
            in_order(&events, &definition).ok_or("its ids are lost, and are not those of Pass states")?;
    }
    let times = times(&events);
    let events: Vec<Value> = events.into_iter().zip(times).map(|(event, at)| wire(at, event)).collect();
    if !definition.is_object() {
        return Ok((events, None));
    }
    let mut definition = with_resources(definition, &events);
    if file["note"].as_str().is_some_and(|note| note.contains("trust the TaskScheduled event")) {
        with_windows(&mut definition, &events);
    }
    Ok((events, Some(definition.to_string())))
}

/// Gives back the order, ids and links inside a Parallel of Pass states, and its closing event, which the recorder lost; None
/// where there is more in it than that.
fn in_order(events: &[Value], definition: &Value) -> Option<Vec<Value>> {
    let named = |kind: &str, member: &str, name: &str| {
        events.iter().find(|event| event["type"] == kind && event[member]["name"] == name).cloned()
    };
    let at = events.iter().position(|event| event["type"] == "ParallelStateStarted")?;
    let end = events.iter().position(|event| event["type"] == "ParallelStateExited")?;
    let mut found: Vec<Value> = events[..=at].to_vec();
    let parallel = definition["States"].as_object()?.values().find(|state| state["Type"] == "Parallel")?;
    for branch in parallel["Branches"].as_array()? {
        let mut name = branch["StartAt"].as_str();
        let mut link = at + 1;
        while let Some(state) = name {
            for (kind, member) in [
                ("PassStateEntered", "stateEnteredEventDetails"),
                ("PassStateExited", "stateExitedEventDetails"),
            ] {
                let mut event = named(kind, member, state)?;
                event["previousEventId"] = json!(link);
                link = found.len() + 1;
                event["id"] = json!(link);
                found.push(event);
            }
            name = branch["States"][state]["Next"].as_str();
        }
    }
    let last = found.len();
    found.push(json!({ "id": last + 1, "previousEventId": last, "type": "ParallelStateSucceeded" }));
    found.extend(events[end..].iter().cloned());
    Some(found)
}

/// Times in seconds for events whose times the recorder took away.
fn times(events: &[Value]) -> Vec<f64> {
    const HOUR: f64 = 3600.0;
    let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
    let mut at = 1_700_000_000.0;
    let mut found = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let of = kind(event);
        let before = events[..index].last().map(kind).unwrap_or_default();
        let cause = events.iter().find(|other| other["id"] == event["previousEventId"]);
        let failed = cause.map(kind).is_some_and(|cause| {
            ["Failed", "TimedOut", "FailStateEntered"].iter().any(|end| cause.ends_with(end))
        });
        let again = failed && (of.ends_with("Scheduled") || of.ends_with("StateStarted"));
        at += match of.as_str() {
            "WaitStateExited" | "ExecutionTimedOut" => HOUR,
            _ if again => HOUR,
            _ if of.ends_with("TimedOut") && !before.ends_with("TimedOut") => {
                window(&events[..index]).unwrap_or(HOUR) + 0.5
            }
            _ => 0.020 + f64::from(u32::try_from(index % 7).unwrap()) / 1000.0,
        };
        found.push(at);
    }
    found
}

/// The shorter window of the attempt that was scheduled last.
fn window(events: &[Value]) -> Option<f64> {
    let scheduled = events
        .iter()
        .rev()
        .find(|event| event["type"].as_str().is_some_and(|kind| kind.ends_with("Scheduled")))?;
    let details = scheduled.as_object()?.values().find(|value| value.is_object())?;
    let seconds = ["timeoutInSeconds", "heartbeatInSeconds"];
    seconds.iter().filter_map(|member| details[*member].as_f64()).reduce(f64::min)
}

fn wire(at: f64, event: Value) -> Value {
    let Value::Object(mut members) = event else { panic!("an event is an object") };
    members.insert("timestamp".to_owned(), json!(at));
    for (name, value) in &mut members {
        if let (true, Value::Object(details)) = (name.ends_with("EventDetails"), value) {
            put_back(details);
        }
    }
    Value::Object(members)
}

fn put_back(details: &mut Map<String, Value>) {
    for (name, value) in details {
        match name.as_str() {
            "input" | "output" | "parameters" | "cause" | "error" if !value.is_string() => {
                *value = Value::String(value.to_string());
            }
            "assignedVariables" => {
                for (_, variable) in value.as_object_mut().into_iter().flatten() {
                    if !variable.is_string() {
                        *variable = Value::String(variable.to_string());
                    }
                }
            }
            _ => {}
        }
    }
}

/// Windows as they were when an older recording was made: the definition beside it is a later one.
fn with_windows(definition: &mut Value, events: &[Value]) {
    let Some(states) = definition["States"].as_object_mut() else { return };
    let scheduled = events.iter().find_map(|event| event.get("taskScheduledEventDetails"));
    for state in states.values_mut() {
        for (field, member) in
            [("TimeoutSeconds", "timeoutInSeconds"), ("HeartbeatSeconds", "heartbeatInSeconds")]
        {
            if let (Some(window), Some(seconds)) =
                (state.get_mut(field), scheduled.and_then(|details| details.get(member)))
            {
                *window = seconds.clone();
            }
        }
    }
}

/// Resources that a definition cannot name (`<function-arn>`) from the events of their states.
fn with_resources(mut definition: Value, events: &[Value]) -> Value {
    fn walk(value: &mut Value, name: &str, events: &[Value]) {
        if let Some(resource) = value.get("Resource").and_then(Value::as_str)
            && !resource.starts_with("arn:")
            && value["Type"] == "Task"
        {
            let entered = events.iter().position(|event| event["stateEnteredEventDetails"]["name"] == name);
            let after = entered.map_or(&events[..0], |at| &events[at..]);
            let scheduled = after.iter().find_map(|event| {
                let details = ["lambdaFunctionScheduledEventDetails", "activityScheduledEventDetails"];
                details.iter().find_map(|member| event[*member]["resource"].as_str())
            });
            let stand_in = if resource.contains("activity") {
                "arn:aws:states:us-east-1:111111111111:activity:a"
            } else {
                "arn:aws:lambda:us-east-1:111111111111:function:f"
            };
            value["Resource"] = json!(scheduled.filter(|arn| arn.starts_with("arn:")).unwrap_or(stand_in));
        }
        let scheduled = events.iter().skip_while(|event| event["stateEnteredEventDetails"]["name"] != name);
        let mut scheduled =
            scheduled.skip(1).take_while(|event| event.get("stateEnteredEventDetails").is_none());
        let parameters =
            scheduled.find_map(|event| event["taskScheduledEventDetails"]["parameters"].as_str());
        if let Some(parameters) = parameters.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            for fields in ["Parameters", "Arguments"] {
                if let (Some(template), Some(actual)) =
                    (value.get_mut(fields).and_then(Value::as_object_mut), parameters.as_object())
                {
                    for (key, member) in template {
                        if let (true, Some(actual)) =
                            (member.as_str().is_some_and(|text| text.ends_with("-arn>")), actual.get(key))
                        {
                            *member = actual.clone();
                        }
                    }
                }
            }
        }
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(key, member)| walk(member, key, events)),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, "", events)),
            _ => {}
        }
    }
    walk(&mut definition, "", events);
    definition
}
