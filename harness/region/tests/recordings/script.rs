//! The outcome of each task of a recorded history, as a script for the region.
//!
//! Taken from the recording: how tasks end and in which order, and the results of Map Runs whose items or children only AWS
//! has seen. Not taken: anything that the definition says.

use std::collections::{BTreeMap, VecDeque};

use asl::TaskFailure;
use record::Time;
use region::script::{Act, Ending, Run, Scene, Script};
use serde_json::Value;

use super::{details, unrecorded};

/// A state, and the index of its iteration.
type Place = (String, Option<usize>);

/// An attempt with the parameters it was scheduled with.
struct Attempt {
    parameters: Value,
    act: Act,
    /// The id of the event that ended it.
    ended: u64,
}

/// Attempts and Map Runs by state and item, in the order of the recording.
pub(crate) struct Recorded {
    attempts: BTreeMap<Place, VecDeque<Attempt>>,
    runs: BTreeMap<Place, VecDeque<Run>>,
}

impl Recorded {
    /// Reads the attempts of a history.
    pub(crate) fn of(definition: &Value, events: &[Value]) -> Self {
        let mut attempts: BTreeMap<_, VecDeque<Attempt>> = BTreeMap::new();
        let mut runs: BTreeMap<_, VecDeque<Run>> = BTreeMap::new();
        for event in events {
            match kind(event) {
                "TaskScheduled" | "ActivityScheduled" | "LambdaFunctionScheduled" => {
                    attempts.entry(place(events, event)).or_default().push_back(attempt(events, event));
                }
                "MapRunStarted" => {
                    let place = place(events, event);
                    if let Some(run) = find_state(definition, &place.0)
                        .filter(|state| is_unseen(state))
                        .and_then(|state| run(state, events, event))
                    {
                        runs.entry(place).or_default().push_back(run);
                    }
                }
                _ => {}
            }
        }
        Self { attempts, runs }
    }
}

fn id(event: &Value) -> u64 {
    event["id"].as_u64().unwrap_or(0)
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// The first event that follows this one.
fn after<'a>(events: &'a [Value], of: &Value) -> Option<&'a Value> {
    events.iter().find(|event| event["previousEventId"].as_u64() == Some(id(of)) && id(event) > id(of))
}

fn attempt(events: &[Value], scheduled: &Value) -> Attempt {
    let members = details(scheduled).cloned().unwrap_or_default();
    let parameters = members.get("parameters").or_else(|| members.get("input")).map(unrecorded);
    let mut act = Act { submitted: None, worker: None, ending: Ending::Hangs, after_ms: 0 };
    let mut next = after(events, scheduled);
    let mut ended = 0;
    while let Some(event) = next {
        let members = details(event).cloned().unwrap_or_default();
        let text = |name: &str| members.get(name).map(|value| text_of(value, events));
        match kind(event) {
            "TaskStarted" | "LambdaFunctionStarted" => {}
            "ActivityStarted" => act.worker = Some(text("workerName")),
            "TaskSubmitted" => act.submitted = members.get("output").map(unrecorded),
            "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                act.ending = Ending::Succeeds(members.get("output").map(unrecorded).unwrap_or_default());
                ended = id(event);
                break;
            }
            // A task that could not be started or submitted has failed.
            "TaskFailed" | "LambdaFunctionFailed" | "ActivityFailed" => {
                act.ending = Ending::Fails(TaskFailure::new(text("error"), text("cause")));
                ended = id(event);
                break;
            }
            _ => break,
        }
        next = after(events, event);
    }
    Attempt { parameters: parameters.unwrap_or_default(), act, ended }
}

/// Whether what a Map Run did is not in its parent's history: its items come from a service, or its children ask one.
fn is_unseen(state: &Value) -> bool {
    fn asks(value: &Value) -> bool {
        match value {
            Value::Object(members) => {
                members.get("Type").is_some_and(|kind| kind == "Task") || members.values().any(asks)
            }
            Value::Array(items) => items.iter().any(asks),
            _ => false,
        }
    }
    state.get("ItemReader").is_some()
        || state.get("ResultWriter").is_some()
        || ["ItemProcessor", "Iterator"].iter().any(|name| state.get(*name).is_some_and(asks))
}

/// Length and ending of a Map Run. The result is what the state put out, where its fields let that be seen.
fn run(state: &Value, events: &[Value], started: &Value) -> Option<Run> {
    let begun = events.iter().find(|event| Some(id(event)) == started["previousEventId"].as_u64());
    let length = begun.and_then(details).and_then(|of| of.get("length")?.as_u64()).unwrap_or(0);
    let ended = events.iter().find(|event| {
        event["previousEventId"].as_u64() == Some(id(started)) && kind(event).starts_with("MapRun")
    })?;
    if kind(ended) == "MapRunFailed" {
        let members = details(ended).cloned().unwrap_or_default();
        let text = |name: &str| members.get(name).map(|value| text_of(value, events));
        return Some(Run { length, ending: Err(TaskFailure::new(text("error"), text("cause"))) });
    }
    let exited = events.iter().find(|event| {
        kind(event) == "MapStateExited"
            && id(event) > id(started)
            && [Some(id(started)), Some(id(ended))].contains(&event["previousEventId"].as_u64())
    })?;
    let output = unrecorded(exited["stateExitedEventDetails"].get("output")?);
    let result =
        match state.get("ResultPath").and_then(Value::as_str).and_then(|path| path.strip_prefix("$.")) {
            Some(path) => path.split('.').try_fold(&output, |value, name| value.get(name))?.clone(),
            None => output,
        };
    Some(Run { length, ending: Ok(result) })
}

/// The state of this name, in any scope.
fn find_state<'a>(definition: &'a Value, name: &str) -> Option<&'a Value> {
    match definition {
        Value::Object(members) => members
            .get("States")
            .and_then(|states| states.get(name))
            .or_else(|| members.values().find_map(|member| find_state(member, name))),
        Value::Array(items) => items.iter().find_map(|item| find_state(item, name)),
        _ => None,
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
fn place(events: &[Value], event: &Value) -> Place {
    let is_run = kind(event) == "MapRunStarted";
    let (mut state, mut at) = (None, event["previousEventId"].as_u64().unwrap_or(0));
    while let Some(event) = events.iter().find(|event| event["id"].as_u64() == Some(at)) {
        let kind = kind(event);
        if state.is_none() && kind == if is_run { "MapStateEntered" } else { "TaskStateEntered" } {
            state = event["stateEnteredEventDetails"]["name"].as_str().map(str::to_owned);
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

/// How long a task takes that ended with this event: what starts together ends in the order of the recording, within the
/// second, since what a definition waits for is whole seconds.
fn takes(now: Time, ended: u64) -> u64 {
    let within = u64::try_from(now.0.rem_euclid(1000)).unwrap_or(0);
    ended.saturating_sub(within).min(999_u64.saturating_sub(within))
}

impl Script for Recorded {
    fn act(&mut self, scene: Scene<'_>) -> Option<Act> {
        let key = (scene.state.to_owned(), scene.item);
        let key = if self.attempts.contains_key(&key) { key } else { (key.0, None) };
        // The tasks of a Map Run's child executions are not in the parent's history: they succeed with nothing.
        let Some(queue) = self.attempts.get_mut(&key) else {
            let ending = Ending::Succeeds(serde_json::json!({}));
            return Some(Act { submitted: None, worker: None, ending, after_ms: 0 });
        };
        // Nested iterations share a place: their parameters tell them apart.
        let alike = queue.iter().position(|attempt| attempt.parameters == *scene.parameters).unwrap_or(0);
        Some(match queue.remove(alike) {
            Some(Attempt { act, ended, .. }) => Act { after_ms: takes(scene.now, ended), ..act },
            None => Act { submitted: None, worker: None, ending: Ending::Hangs, after_ms: 0 },
        })
    }

    fn map_run(&mut self, state: &str, item: Option<usize>) -> Option<Run> {
        let key = (state.to_owned(), item);
        self.runs.get_mut(&key).and_then(VecDeque::pop_front)
    }
}
