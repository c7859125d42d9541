//! Event histories as data: the output of GetExecutionHistory, read leniently and written exactly.
//!
//! Reading keeps the wire form of each event beside the parsed one, so nothing that a target said is lost.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Time;

mod kinds;

pub use kinds::{DETAIL_MEMBERS, EVENT_TYPES, detail_member, is_modelled};

/// Why a text is no history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no list of events.
    #[error("no `events` array; `aws stepfunctions get-execution-history` gives one")]
    NoEvents,
    /// One of them is none.
    #[error("event {place}: {what}")]
    Event {
        /// Its place in the list, from 1.
        place: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// One event of a history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, from 1.
    pub id: u64,
    /// The event it follows from; 0 for none.
    pub previous: u64,
    /// When it happened, by the service's clock.
    pub at: Time,
    /// AWS's name of its type, modelled or not.
    pub kind: String,
    /// The members of its detail object, empty where it has none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
    /// The event as it stood on the wire.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub wire: Map<String, Value>,
}

impl Event {
    /// A string member of the details.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.details.get(member).and_then(Value::as_str)
    }

    /// The name of the state, for entered and exited events.
    pub fn state_name(&self) -> Option<&str> {
        if self.is_entered() || self.is_exited() { self.text("name") } else { None }
    }

    /// Whether this is a `*StateEntered` event.
    pub fn is_entered(&self) -> bool {
        self.kind.ends_with("StateEntered")
    }

    /// Whether this is a `*StateExited` event.
    pub fn is_exited(&self) -> bool {
        self.kind.ends_with("StateExited")
    }

    /// Whether a Parallel or Map state fails with this event.
    pub fn is_composite_failure(&self) -> bool {
        matches!(self.kind.as_str(), "ParallelStateFailed" | "MapStateFailed")
    }

    /// Whether an attempt or the execution timed out: also a missed heartbeat.
    pub fn is_timeout(&self) -> bool {
        self.kind.ends_with("TimedOut")
    }

    /// Whether an attempt begins with this event: a task, an activity or a function is scheduled.
    pub fn is_scheduled(&self) -> bool {
        self.kind.ends_with("Scheduled")
    }

    /// Whether this event ends the execution (or a segment of it, before a redrive).
    pub fn is_terminal(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "ExecutionSucceeded" | "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut"
        )
    }

    /// Reads one event. A missing `previousEventId` counts as 0, as AWS's model makes it optional.
    pub fn from_wire(wire: &Value) -> Result<Self, String> {
        let members = wire.as_object().ok_or("not an object")?;
        let id = members.get("id").and_then(Value::as_u64).ok_or("`id` is not a whole number")?;
        let previous = match members.get("previousEventId") {
            None | Some(Value::Null) => 0,
            Some(number) => number.as_u64().ok_or("`previousEventId` is not a whole number")?,
        };
        let kind = members.get("type").and_then(Value::as_str).ok_or("`type` is not a string")?.to_owned();
        let at = match members.get("timestamp") {
            Some(Value::Number(number)) => {
                Time::from_epoch_seconds(number.as_f64().ok_or("`timestamp` is no number")?)
            }
            Some(Value::String(text)) => Time::from_iso(text)
                .or_else(|| text.parse::<f64>().ok().map(Time::from_epoch_seconds))
                .ok_or_else(|| format!("`timestamp` {text:?} is no time"))?,
            _ => return Err("`timestamp` is missing".into()),
        };
        if !at.has_a_date() {
            return Err(format!("`timestamp` {} is no time of the years 0 to 9999", members["timestamp"]));
        }
        let expected = detail_member(&kind);
        let details = expected
            .and_then(|member| members.get(member))
            .or_else(|| {
                if expected.is_some() {
                    None
                } else {
                    members.iter().find(|(name, _)| name.ends_with("EventDetails")).map(|(_, v)| v)
                }
            })
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        Ok(Self { id, previous, at, kind, details, wire: members.clone() })
    }
}

/// A history or a part of one, in the order in which it was read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The events.
    pub events: Vec<Event>,
}

impl History {
    /// Reads `{"events": [...]}`, or a bare array of events, or an array of such pages.
    pub fn from_wire(value: &Value) -> Result<Self, HistoryError> {
        let mut events = Vec::new();
        for (event, place) in wire_events(value).ok_or(HistoryError::NoEvents)?.into_iter().zip(1..) {
            events.push(Event::from_wire(event).map_err(|what| HistoryError::Event { place, what })?);
        }
        Ok(Self { events })
    }

    /// The event with this id.
    pub fn get(&self, id: u64) -> Option<&Event> {
        let guess = usize::try_from(id).ok()?.checked_sub(1)?;
        self.events
            .get(guess)
            .filter(|event| event.id == id)
            .or_else(|| self.events.iter().find(|e| e.id == id))
    }

    /// The last event, if it ends the execution.
    pub fn terminal(&self) -> Option<&Event> {
        self.events.last().filter(|event| event.is_terminal())
    }
}

fn wire_events(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Object(members) => Some(members.get("events")?.as_array()?.iter().collect()),
        Value::Array(items) if items.iter().any(|item| item.get("events").is_some()) => {
            let pages: Option<Vec<Vec<&Value>>> = items.iter().map(wire_events).collect();
            Some(pages?.into_iter().flatten().collect())
        }
        Value::Array(items) => Some(items.iter().collect()),
        _ => None,
    }
}
