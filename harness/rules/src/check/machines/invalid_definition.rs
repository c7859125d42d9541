//! What is wrong with a definition, by the rule that forbids it (DEF-02, 04..09, 11..19). Works on the JSON text.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A flaw: the rule that forbids it, and what it is.
pub(in crate::check) type Flaw = (&'static str, String);

/// The flaws of a definition; `express` machines have more of them (DEF-17).
pub(in crate::check) fn flaws(text: &str, express: bool) -> Vec<Flaw> {
    if text.is_empty() {
        return vec![("DEF-02", "the definition is empty".into())];
    }
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        return vec![("DEF-04", "the definition is no JSON".into())];
    };
    let mut flaws = Vec::new();
    let Some(top) = json.as_object() else {
        return vec![("DEF-05", "the definition is no object".into())];
    };
    let mut names = BTreeSet::new();
    scope(top, "the machine", express, &mut names, &mut flaws);
    flaws
}

fn scope(
    scope_json: &Map<String, Value>,
    place: &str,
    express: bool,
    names: &mut BTreeSet<String>,
    flaws: &mut Vec<Flaw>,
) {
    let states = match scope_json.get("States") {
        None => return flaws.push(("DEF-05", format!("{place} has no States"))),
        Some(Value::Object(states)) if !states.is_empty() => states,
        Some(_) => return flaws.push(("DEF-05", format!("{place} has States that are no states"))),
    };
    match scope_json.get("StartAt").map(Value::as_str) {
        None => flaws.push(("DEF-05", format!("{place} has no StartAt"))),
        Some(Some(start)) if !states.contains_key(start) => {
            flaws.push(("DEF-06", format!("StartAt of {place} names no state of it")));
        }
        Some(Some(_)) => {}
        Some(None) => flaws.push(("DEF-05", format!("StartAt of {place} is no string"))),
    }
    let mut ends = false;
    for (name, state) in states {
        if name.chars().count() > 80 {
            flaws.push(("DEF-09", format!("a state name of {} characters", name.chars().count())));
        }
        if !names.insert(name.clone()) {
            flaws.push(("DEF-09", format!("two states are named {name}")));
        }
        let Some(state) = state.as_object() else { continue };
        ends |= ends_here(state);
        targets(state, name, states, flaws);
        one_state(state, name, express, flaws);
        for branch in
            state.get("Branches").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            scope(branch, &format!("a branch of {name}"), express, names, flaws);
        }
        for processor in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = state.get(processor).and_then(Value::as_object) {
                scope(processor, &format!("the processor of {name}"), express, names, flaws);
            }
        }
    }
    if !ends {
        flaws.push(("DEF-07", format!("{place} has no terminal state")));
    }
}

fn ends_here(state: &Map<String, Value>) -> bool {
    matches!(state.get("Type").and_then(Value::as_str), Some("Succeed" | "Fail"))
        || state.get("End").and_then(Value::as_bool) == Some(true)
}

fn targets(state: &Map<String, Value>, name: &str, states: &Map<String, Value>, flaws: &mut Vec<Flaw>) {
    let mut look = |member: &str, owner: &Map<String, Value>| {
        if let Some(target) = owner.get(member).and_then(Value::as_str)
            && !states.contains_key(target)
        {
            flaws.push(("DEF-06", format!("{member} of {name} names no state of its scope")));
        }
    };
    look("Next", state);
    look("Default", state);
    for list in ["Catch", "Choices"] {
        for owner in
            state.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            look("Next", owner);
        }
    }
}

fn one_state(state: &Map<String, Value>, name: &str, express: bool, flaws: &mut Vec<Flaw>) {
    let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "Task" | "Pass" | "Wait" | "Parallel" | "Map") {
        let ends = state.get("End").and_then(Value::as_bool) == Some(true);
        let goes_on = state.contains_key("Next");
        if ends == goes_on {
            let what = if ends { "both Next and End" } else { "neither Next nor End" };
            flaws.push(("DEF-08", format!("state {name} has {what}")));
        }
    }
    for list in ["Retry", "Catch"] {
        if let Some(rescuers) = state.get(list).and_then(Value::as_array) {
            self::rescuers(rescuers, list, name, flaws);
        }
    }
    if kind != "Task" {
        return;
    }
    let jsonata_text = |value: &Value| value.as_str().is_some_and(|text| text.trim().starts_with("{%"));
    let mut span = |member: &str| {
        let value = state.get(member)?;
        if jsonata_text(value) {
            return None;
        }
        match value
            .as_u64()
            .or_else(|| value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 0.0).map(|n| n as u64))
        {
            Some(number) if (1..=99_999_999).contains(&number) => Some(number),
            _ => {
                flaws.push(("DEF-11", format!("{member} of {name} is {value}")));
                None
            }
        }
    };
    let (timeout, heartbeat) = (span("TimeoutSeconds"), span("HeartbeatSeconds"));
    if let (Some(timeout), Some(heartbeat)) = (timeout, heartbeat)
        && heartbeat >= timeout
    {
        flaws.push((
            "DEF-12",
            format!("HeartbeatSeconds {heartbeat} of {name} is not below TimeoutSeconds {timeout}"),
        ));
    }
    for member in ["TimeoutSeconds", "HeartbeatSeconds"] {
        if state.contains_key(member) && state.contains_key(&format!("{member}Path")) {
            flaws.push(("DEF-13", format!("state {name} has both {member} and {member}Path")));
        }
    }
    let resource = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    let callback = resource.ends_with(".waitForTaskToken");
    if express && (callback || resource.contains(".sync") || resource.contains(":activity:")) {
        flaws.push(("DEF-17", format!("an EXPRESS machine has {resource}")));
    }
    if callback && resource.contains(":lambda:") && resource.contains(":function:") {
        flaws.push(("DEF-19", format!("state {name} waits for a token of a function named directly")));
    } else if callback {
        const WITHOUT: &[&str] = &[
            "athena",
            "batch",
            "codebuild",
            "dynamodb",
            "elasticmapreduce",
            "glue",
            "mediaconvert",
            "sagemaker",
            "databrew",
        ];
        let service =
            resource.split(":::").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
        if WITHOUT.contains(&service) {
            flaws.push(("DEF-18", format!("{service} offers no .waitForTaskToken")));
        }
    }
}

fn rescuers(rescuers: &[Value], list: &str, name: &str, flaws: &mut Vec<Flaw>) {
    for (index, rescuer) in rescuers.iter().enumerate() {
        let Some(rescuer) = rescuer.as_object() else { continue };
        let names = rescuer.get("ErrorEquals").and_then(Value::as_array);
        let lawful = names.is_some_and(|names| !names.is_empty() && names.iter().all(Value::is_string));
        if !lawful {
            flaws.push(("DEF-14", format!("{list} of {name} has no array of names in ErrorEquals")));
        }
        let all = names.is_some_and(|names| names.iter().any(|name| name.as_str() == Some("States.ALL")));
        if all && (names.is_some_and(|names| names.len() > 1) || index + 1 < rescuers.len()) {
            flaws.push(("DEF-15", format!("States.ALL of {name} stands not alone or not last in {list}")));
        }
        if list == "Retry" {
            ranges(rescuer, name, flaws);
        }
    }
}

fn ranges(retrier: &Map<String, Value>, name: &str, flaws: &mut Vec<Flaw>) {
    let whole = |member: &str, least: f64, most: f64| {
        retrier.get(member).is_some_and(|value| {
            !value.as_f64().is_some_and(|number| number.fract() == 0.0 && (least..=most).contains(&number))
        })
    };
    let broken = [
        ("IntervalSeconds", whole("IntervalSeconds", 1.0, 99_999_999.0)),
        ("MaxAttempts", whole("MaxAttempts", 0.0, 99_999_999.0)),
        (
            "BackoffRate",
            retrier.get("BackoffRate").is_some_and(|rate| !rate.as_f64().is_some_and(|rate| rate >= 1.0)),
        ),
        ("MaxDelaySeconds", whole("MaxDelaySeconds", 1.0, 31_622_400.0)),
        (
            "JitterStrategy",
            retrier.get("JitterStrategy").is_some_and(|s| !matches!(s.as_str(), Some("FULL" | "NONE"))),
        ),
    ];
    if let Some((member, _)) = broken.iter().find(|(_, broken)| *broken) {
        flaws.push(("DEF-16", format!("{member} of a retrier of {name} is out of range")));
    }
}
