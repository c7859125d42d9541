//! Ways to break a history at one given position.

mod lawful;

pub(crate) use lawful::lawful;

use record::history::{EVENT_TYPES, detail_member};
use serde_json::{Map, Value, json};

use crate::legal::{Legal, details, is_entered, is_exited, kind, member, text};

/// All mutants of a history at a position, each with a label.
pub(crate) type Make = fn(&Legal, usize) -> Vec<(String, Legal)>;

fn one(legal: &Legal, edit: impl FnOnce(&mut Legal)) -> Vec<(String, Legal)> {
    let mut mutant = legal.clone();
    edit(&mut mutant);
    vec![(String::new(), mutant)]
}

/// Details with which an event of this type would be well formed, taken from another event where possible.
fn minimal(wanted: &str, from: &Value) -> Option<Value> {
    let old = from.get(member(kind(from))).and_then(Value::as_object).cloned().unwrap_or_default();
    detail_member(wanted)?;
    let keep = |names: &[(&str, Value)]| {
        let mut made = Map::new();
        for (name, default) in names {
            made.insert((*name).to_owned(), old.get(*name).cloned().unwrap_or_else(|| default.clone()));
        }
        Some(Value::Object(made))
    };
    let text = |name: &str| old.get(name).cloned();
    let data = text("output").or_else(|| text("input")).unwrap_or_else(|| json!("{}"));
    let resource = [("resourceType", json!("sqs")), ("resource", json!("sendMessage.waitForTaskToken"))];
    let with = |more: &[(&str, Value)]| keep(&[&resource, more].concat());
    let arn = json!("arn:aws:lambda:us-east-1:111111111111:function:f");
    match wanted {
        "ExecutionStarted" => {
            keep(&[("input", data), ("roleArn", json!("arn:aws:iam::111111111111:role/r"))])
        }
        "ExecutionSucceeded" | "ActivitySucceeded" | "LambdaFunctionSucceeded" => keep(&[("output", data)]),
        "ExecutionRedriven" => keep(&[("redriveCount", json!(1))]),
        _ if wanted.ends_with("StateEntered") => keep(&[("name", json!("X")), ("input", data)]),
        _ if wanted.ends_with("StateExited") => keep(&[("name", json!("X")), ("output", data)]),
        "TaskScheduled" => with(&[("region", json!("us-east-1")), ("parameters", data)]),
        "TaskStarted" => with(&[]),
        "TaskSubmitted" | "TaskSucceeded" => with(&[("output", data)]),
        _ if wanted.starts_with("Task") => with(&[("error", json!("E"))]),
        "ActivityScheduled" | "LambdaFunctionScheduled" => keep(&[("resource", arn), ("input", data)]),
        "ActivityStarted" => keep(&[]),
        "MapStateStarted" => keep(&[("length", json!(1))]),
        _ if wanted.starts_with("MapIteration") => keep(&[("name", json!("X")), ("index", json!(0))]),
        "MapRunStarted" => {
            keep(&[("mapRunArn", json!("arn:aws:states:us-east-1:111111111111:mapRun:a/b:c"))])
        }
        "MapRunRedriven" => keep(&[]),
        "EvaluationFailed" => keep(&[("state", json!("X")), ("error", json!("States.QueryEvaluationError"))]),
        _ => keep(&[("error", json!("E"))]),
    }
}

fn drop_raw(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    one(legal, |mutant| drop(mutant.events.remove(at)))
}

fn drop_closed(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    one(legal, |mutant| mutant.drop(at))
}

fn double_raw(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    one(legal, |mutant| mutant.events.insert(at, mutant.events[at].clone()))
}

fn double_chained(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    one(legal, |mutant| {
        let event = mutant.events[at].clone();
        let same = event.get(member(kind(&event))).cloned().unwrap_or_default();
        mutant.insert_after(at, kind(&event), same);
    })
}

fn swap_raw(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at + 1 == legal.events.len() {
        return Vec::new();
    }
    one(legal, |mutant| mutant.events.swap(at, at + 1))
}

fn swap_renumbered(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at + 1 == legal.events.len() {
        return Vec::new();
    }
    one(legal, |mutant| {
        let (a, b) = (mutant.events[at]["timestamp"].clone(), mutant.events[at + 1]["timestamp"].clone());
        mutant.events.swap(at, at + 1);
        mutant.events[at]["timestamp"] = a;
        mutant.events[at + 1]["timestamp"] = b;
        mutant.renumber();
    })
}

fn swap_contents(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at + 1 == legal.events.len() {
        return Vec::new();
    }
    one(legal, |mutant| {
        let (a, b) = (mutant.events[at].clone(), mutant.events[at + 1].clone());
        mutant.events.swap(at, at + 1);
        for (at, from) in [(at, a), (at + 1, b)] {
            for name in ["id", "previousEventId", "timestamp"] {
                mutant.events[at][name] = from[name].clone();
            }
        }
    })
}

fn retarget(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    let old = legal.events[at]["previousEventId"].as_u64().unwrap();
    let others = (0..=legal.events.len() as u64 + 1).filter(|link| *link != old);
    others
        .map(|link| {
            let mut mutant = legal.clone();
            mutant.events[at]["previousEventId"] = json!(link);
            let to = match link {
                0 => "0".to_owned(),
                link if link > at as u64 => "later".to_owned(),
                link => kind(&legal.events[usize::try_from(link).unwrap() - 1]).to_owned(),
            };
            (to, mutant)
        })
        .collect()
}

fn retype(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    let old = legal.events[at].clone();
    let others = EVENT_TYPES.iter().map(|(name, _)| *name).filter(|name| *name != kind(&old));
    others
        .map(|name| {
            let mut mutant = legal.clone();
            let event = mutant.events[at].as_object_mut().unwrap();
            event.remove(member(kind(&old)));
            event.insert("type".to_owned(), json!(name));
            if let Some(details) = minimal(name, &old) {
                event.insert(member(name).to_owned(), details);
            }
            (name.to_owned(), mutant)
        })
        .collect()
}

fn insert(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    let old = legal.events[at].clone();
    EVENT_TYPES
        .iter()
        .map(|(name, _)| {
            let mut mutant = legal.clone();
            mutant.insert_after(at, name, minimal(name, &old).unwrap_or_default());
            ((*name).to_owned(), mutant)
        })
        .collect()
}

fn other_value(name: &str, value: &Value) -> Vec<(&'static str, Value)> {
    match value {
        Value::String(old) => {
            let mut made = vec![("type", json!(7)), ("type", json!({ "a": 1 }))];
            if matches!(name, "input" | "output" | "parameters") {
                let parsed: Value = serde_json::from_str(old).unwrap_or_default();
                let mut more = parsed.clone();
                match &mut more {
                    Value::Object(members) => drop(members.insert("more".to_owned(), json!(1))),
                    Value::Array(items) => items.push(json!("more")),
                    other => *other = json!("more"),
                }
                made.push(("more", json!(more.to_string())));
                made.push(("other", json!("{\"other\":\"value\"}")));
                made.push(("no json", json!("{broken")));
                if let Value::Array(items) = &parsed
                    && items.first() != items.last()
                {
                    let mut turned = items.clone();
                    turned.reverse();
                    made.push(("turned", json!(Value::Array(turned).to_string())));
                }
            } else {
                made.push(("other", json!(format!("{old}x"))));
                made.push(("empty", json!("")));
            }
            made
        }
        Value::Number(old) => {
            let old = old.as_u64().unwrap_or_default();
            let mut made = vec![("type", json!("7")), ("more", json!(old + 1)), ("much", json!(old + 1000))];
            if let Some(less) = old.checked_sub(1) {
                made.push(("less", json!(less)));
            }
            made
        }
        Value::Object(members) if members.contains_key("truncated") => {
            vec![("cut", json!({ "truncated": true })), ("type", json!("text"))]
        }
        Value::Object(members) => {
            let mut made = vec![("type", json!("text")), ("none", json!({}))];
            if let Some(first) = members.keys().next() {
                let mut other = members.clone();
                other.insert(first.clone(), json!("\"other\""));
                made.push(("other", Value::Object(other)));
            }
            made
        }
        _ => Vec::new(),
    }
}

fn change_member(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    let mut event = legal.events[at].clone();
    if detail_member(kind(&event)).is_none() {
        return Vec::new();
    }
    let Some(members) = details(&mut event).as_object().cloned() else { return Vec::new() };
    let mut made = Vec::new();
    for (name, value) in &members {
        let mut without = legal.clone();
        details(&mut without.events[at]).as_object_mut().unwrap().remove(name);
        made.push((format!("{name} removed"), without));
        for (what, value) in other_value(name, value) {
            let mut other = legal.clone();
            details(&mut other.events[at])[name.as_str()] = value;
            made.push((format!("{name} {what}"), other));
        }
    }
    made
}

/// A new value that is handed on consistently: the event and those that repeat it.
fn change_handed_on(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if !is_exited(&legal.events[at]) {
        return Vec::new();
    }
    let old = text(&legal.events[at], "output").to_owned();
    other_value("output", &json!(old))
        .into_iter()
        .filter(|(what, _)| matches!(*what, "more" | "other" | "turned"))
        .map(|(what, value)| {
            let mut mutant = legal.clone();
            mutant.hand_on(at, value.as_str().unwrap());
            (what.to_owned(), mutant)
        })
        .collect()
}

fn time_back(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at == 0 {
        return Vec::new();
    }
    let before = legal.events[at - 1]["timestamp"].as_f64().unwrap();
    let mut made = one(legal, |mutant| mutant.events[at]["timestamp"] = json!(before - 0.001));
    if at + 1 < legal.events.len() {
        let after = legal.events[at + 1]["timestamp"].as_f64().unwrap();
        let mut late = legal.clone();
        late.events[at]["timestamp"] = json!(after + 0.002);
        made.push(("after the next".to_owned(), late));
    }
    made
}

/// This event and all later ones come at once.
fn no_wait(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at == 0 {
        return Vec::new();
    }
    one(legal, |mutant| {
        let gap = mutant.events[at]["timestamp"].as_f64().unwrap()
            - mutant.events[at - 1]["timestamp"].as_f64().unwrap();
        for event in &mut mutant.events[at..] {
            event["timestamp"] = json!(event["timestamp"].as_f64().unwrap() - gap + 0.001);
        }
    })
}

fn cut_front(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at == 0 {
        return Vec::new();
    }
    let mut made = one(legal, |mutant| drop(mutant.events.drain(..at)));
    let mut renumbered = legal.clone();
    renumbered.events.drain(..at);
    renumbered.renumber();
    made.push(("renumbered".to_owned(), renumbered));
    made
}

fn cut_end(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if at == 0 {
        return Vec::new();
    }
    one(legal, |mutant| mutant.events.truncate(at))
}

/// A whole visit of a state, from its entry to its exit, is left out or repeated.
fn visit(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if !is_entered(&legal.events[at]) {
        return Vec::new();
    }
    let name = text(&legal.events[at], "name");
    let Some(length) =
        legal.events[at..].iter().position(|event| is_exited(event) && text(event, "name") == name)
    else {
        return Vec::new();
    };
    let mut without = legal.clone();
    for _ in 0..=length {
        without.drop(at);
    }
    let mut twice = legal.clone();
    for step in 0..=length {
        let event = legal.events[at + step].clone();
        let same = event.get(member(kind(&event))).cloned().unwrap_or_default();
        twice.insert_after(at + length + step, kind(&event), same);
    }
    vec![("left out".to_owned(), without), ("repeated".to_owned(), twice)]
}

/// A state gets another name wherever it is named.
fn rename(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    if !is_entered(&legal.events[at]) {
        return Vec::new();
    }
    let old = text(&legal.events[at], "name").to_owned();
    let mut names: Vec<String> = legal
        .events
        .iter()
        .filter(|event| is_entered(event))
        .map(|event| text(event, "name").to_owned())
        .filter(|name| *name != old)
        .collect();
    names.push(format!("{old}x"));
    names.sort();
    names.dedup();
    names
        .into_iter()
        .map(|new| {
            let mut mutant = legal.clone();
            for event in &mut mutant.events {
                let name = match kind(event) {
                    "EvaluationFailed" => "state",
                    _ => "name",
                };
                if member(kind(event)) != "none" && text(event, name) == old {
                    details(event)[name] = json!(new);
                }
            }
            (String::new(), mutant)
        })
        .collect()
}

fn gap(legal: &Legal, at: usize) -> Vec<(String, Legal)> {
    let mut made = one(legal, |mutant| {
        mutant.events[at]["id"] = json!(mutant.events[at]["id"].as_u64().unwrap() + 1);
    });
    let mut later = legal.clone();
    for event in &mut later.events[at..] {
        for name in ["id", "previousEventId"] {
            let old = event[name].as_u64().unwrap();
            if old > at as u64 {
                event[name] = json!(old + 1);
            }
        }
    }
    made.push(("from here on".to_owned(), later));
    made
}

pub(crate) const OPERATORS: &[(&str, Make)] = &[
    ("drop", drop_raw),
    ("drop and close up", drop_closed),
    ("double", double_raw),
    ("double and chain", double_chained),
    ("swap", swap_raw),
    ("swap and renumber", swap_renumbered),
    ("swap contents", swap_contents),
    ("retarget", retarget),
    ("retype", retype),
    ("insert", insert),
    ("member", change_member),
    ("hand on", change_handed_on),
    ("time back", time_back),
    ("no wait", no_wait),
    ("cut front", cut_front),
    ("cut end", cut_end),
    ("visit", visit),
    ("rename", rename),
    ("gap", gap),
];
