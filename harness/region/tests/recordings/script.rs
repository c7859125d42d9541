//! The outcome of each task of a recorded history, as a script for the region.

use std::collections::{BTreeMap, VecDeque};

use asl::TaskFailure;
use region::script::{Act, Ending, Scene, Script};
use serde_json::Value;

use super::{details, unrecorded};

/// Attempts by state and item, in the order of the recording.
pub(crate) struct Recorded {
    attempts: BTreeMap<(String, Option<usize>), VecDeque<Act>>,
}

impl Recorded {
    /// Reads the attempts of a history.
    pub(crate) fn of(events: &[Value]) -> Self {
        let id = |event: &Value| event["id"].as_u64().unwrap_or(0);
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        let after = |of: u64| {
            events.iter().find(|event| event["previousEventId"].as_u64() == Some(of) && id(event) > of)
        };
        let mut attempts: BTreeMap<_, VecDeque<Act>> = BTreeMap::new();
        for event in events {
            if !matches!(
                kind(event).as_str(),
                "TaskScheduled" | "ActivityScheduled" | "LambdaFunctionScheduled"
            ) {
                continue;
            }
            let (state, item) = place(events, event);
            let mut act = Act { submitted: None, worker: None, ending: Ending::Hangs };
            let mut next = after(id(event));
            while let Some(event) = next {
                let members = details(event).cloned().unwrap_or_default();
                let text = |name: &str| members.get(name).map(|value| text_of(value, events));
                match kind(event).as_str() {
                    "TaskStarted" | "LambdaFunctionStarted" => {}
                    "ActivityStarted" => act.worker = Some(text("workerName")),
                    "TaskSubmitted" => act.submitted = members.get("output").map(unrecorded),
                    "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                        act.ending =
                            Ending::Succeeds(members.get("output").map(unrecorded).unwrap_or_default());
                        break;
                    }
                    "TaskFailed" | "LambdaFunctionFailed" | "ActivityFailed" => {
                        act.ending = Ending::Fails(TaskFailure::new(text("error"), text("cause")));
                        break;
                    }
                    _ => break,
                }
                next = after(id(event));
            }
            attempts.entry((state, item)).or_default().push_back(act);
        }
        Self { attempts }
    }
}

/// The text behind a recorded cause. Where the recorder has parsed it, its spelling is looked up in the same history.
fn text_of(value: &Value, events: &[Value]) -> String {
    fn find(within: &Value, wanted: &Value) -> Option<String> {
        match within {
            Value::String(text) if text.starts_with('{') => serde_json::from_str::<Value>(text)
                .is_ok_and(|parsed| parsed == *wanted)
                .then(|| text.clone()),
            Value::Array(items) => items.iter().find_map(|item| find(item, wanted)),
            Value::Object(members) => members.values().find_map(|member| find(member, wanted)),
            _ => None,
        }
    }
    match value {
        Value::String(text) => text.clone(),
        other => events.iter().find_map(|event| find(event, other)).unwrap_or_else(|| other.to_string()),
    }
}

/// The state that an event belongs to, and the index of its iteration.
fn place(events: &[Value], event: &Value) -> (String, Option<usize>) {
    let (mut state, mut at) = (None, event["previousEventId"].as_u64().unwrap_or(0));
    while let Some(event) = events.iter().find(|event| event["id"].as_u64() == Some(at)) {
        let kind = event["type"].as_str().unwrap_or_default();
        if kind == "TaskStateEntered" && state.is_none() {
            state = Some(event["stateEnteredEventDetails"]["name"].as_str().unwrap_or_default().to_owned());
        }
        if kind == "MapIterationStarted" {
            let index = event["mapIterationStartedEventDetails"]["index"]
                .as_u64()
                .and_then(|index| usize::try_from(index).ok());
            return (state.unwrap_or_default(), index);
        }
        // A Map that has ended is over for what follows it.
        at = if kind == "MapStateExited" { 0 } else { event["previousEventId"].as_u64().unwrap_or(0) };
    }
    (state.unwrap_or_default(), None)
}

impl Script for Recorded {
    fn act(&mut self, scene: Scene<'_>) -> Option<Act> {
        let key = (scene.state.to_owned(), scene.item);
        let queue = if self.attempts.contains_key(&key) { key } else { (key.0, None) };
        // The tasks of a Map Run's child executions are not in the parent's history: they succeed with nothing.
        let Some(queue) = self.attempts.get_mut(&queue) else {
            return Some(Act {
                submitted: None,
                worker: None,
                ending: Ending::Succeeds(serde_json::json!({})),
            });
        };
        Some(queue.pop_front().unwrap_or(Act { submitted: None, worker: None, ending: Ending::Hangs }))
    }
}
