//! Legal histories to break: those of `fixtures/histories/good` and, where present, the recordings; and how to edit them.

#![allow(dead_code, reason = "each test that includes this uses a part of it")]

use std::path::Path;

use serde_json::{Value, json};

use crate::recordings_loader;

/// A legal history and its definition.
#[derive(Clone)]
pub(crate) struct Legal {
    pub name: String,
    pub events: Vec<Value>,
    pub definition: Value,
}

pub(crate) fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

pub(crate) fn member(kind: &str) -> &'static str {
    record::history::detail_member(kind).unwrap_or("none")
}

pub(crate) fn details(event: &mut Value) -> &mut Value {
    let member = member(kind(event));
    &mut event[member]
}

pub(crate) fn text<'e>(event: &'e Value, name: &str) -> &'e str {
    event[member(kind(event))][name].as_str().unwrap_or_default()
}

impl Legal {
    pub(crate) fn find(&self, wanted: impl Fn(&Value) -> bool) -> Option<usize> {
        self.events.iter().position(wanted)
    }

    pub(crate) fn of(&self, wanted: &str) -> Option<usize> {
        self.find(|event| kind(event) == wanted)
    }

    pub(crate) fn linear(&self) -> bool {
        !self.events.iter().any(|event| kind(event).starts_with("Map") || kind(event).starts_with("Parallel"))
            && self.of("ExecutionRedriven").is_none()
            && self.of("EvaluationFailed").is_none()
            && self.events.iter().skip(2).all(|event| {
                let (id, previous) = (event["id"].as_u64(), event["previousEventId"].as_u64());
                previous == Some(0) || id.zip(previous).is_some_and(|(id, previous)| previous + 1 == id)
            })
    }

    /// Takes an event out; what pointed at it points at what it pointed at, and the ids are closed up.
    pub(crate) fn drop(&mut self, at: usize) {
        let gone = self.events.remove(at);
        for event in &mut self.events {
            if event["previousEventId"] == gone["id"] {
                event["previousEventId"] = gone["previousEventId"].clone();
            }
        }
        self.renumber();
    }

    /// Puts an event in behind another; what pointed at that one points at the new one.
    pub(crate) fn insert_after(&mut self, at: usize, kind: &str, details: Value) {
        let before = self.events[at].clone();
        let mut event = json!({ "type": kind, "id": 999_999, "previousEventId": before["id"], "timestamp": before["timestamp"] });
        if member(kind) != "none" {
            event[member(kind)] = details;
        }
        for later in &mut self.events[at + 1..] {
            if later["previousEventId"] == before["id"] {
                later["previousEventId"] = json!(999_999);
            }
        }
        self.events.insert(at + 1, event);
        self.renumber();
    }

    pub(crate) fn renumber(&mut self) {
        let old: Vec<Value> = self.events.iter().map(|event| event["id"].clone()).collect();
        for (index, event) in self.events.iter_mut().enumerate() {
            let link = old.iter().position(|id| *id == event["previousEventId"]);
            event["id"] = json!(index + 1);
            if event["previousEventId"] != 0 {
                event["previousEventId"] = json!(link.map_or(0, |link| link + 1));
            }
        }
    }

    /// Changes data that one event hands to the next, so that the chain of data still holds.
    pub(crate) fn hand_on(&mut self, at: usize, value: &str) {
        details(&mut self.events[at])["output"] = json!(value);
        let id = self.events[at]["id"].clone();
        if let Some(next) = self.events.iter_mut().find(|event| event["previousEventId"] == id) {
            let member = if kind(next) == "ExecutionSucceeded" { "output" } else { "input" };
            details(next)[member] = json!(value);
        }
    }
}

/// An event that ends an attempt.
pub(crate) fn ends(event: &Value, ok: bool) -> bool {
    let stem = kind(event)
        .strip_prefix("LambdaFunction")
        .or_else(|| kind(event).strip_prefix("Activity"))
        .or_else(|| kind(event).strip_prefix("Task"));
    match stem {
        Some("Succeeded") => ok,
        Some("Failed" | "TimedOut") => !ok,
        _ => false,
    }
}

pub(crate) fn is_entered(event: &Value) -> bool {
    kind(event).ends_with("StateEntered")
}

pub(crate) fn is_exited(event: &Value) -> bool {
    kind(event).ends_with("StateExited")
}

pub(crate) fn exit_of(legal: &Legal, of: &str) -> Option<usize> {
    legal.find(|event| kind(event) == format!("{of}StateExited"))
}

/// The attempt events from one TaskScheduled to its end, as positions.
pub(crate) fn attempt(legal: &Legal, scheduled: usize) -> Option<std::ops::RangeInclusive<usize>> {
    let end = legal.events[scheduled..].iter().position(|event| ends(event, true) || ends(event, false))?
        + scheduled;
    Some(scheduled..=end)
}

pub(crate) fn legal() -> Vec<Legal> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/histories/good");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // Without data there is little left to break.
    files.retain(|path| !path.ends_with("without-data.json"));
    let own = files.into_iter().map(|path| {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        Legal {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            events: file["events"].as_array().unwrap().clone(),
            definition: file["definition"].clone(),
        }
    });
    let recorded = recordings_loader::recordings().unwrap_or_default();
    let recorded =
        recorded.into_iter().filter(|recording| recording.text().len() < 100_000).filter_map(|recording| {
            Some(Legal {
                definition: serde_json::from_str(&recording.definition?).unwrap(),
                name: recording.name,
                events: recording.events,
            })
        });
    own.chain(recorded).collect()
}
