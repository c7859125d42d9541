//! Writing events: the only way into a history.

use record::Time;
use serde_json::{Map, Value, json};

use super::{Ending, Event, ExecutionId, MOST_EVENTS, ROOT, StrandId};
use crate::Region;
use crate::conduct::Draft;

/// `{"truncated": false}`: the API never cuts data (GEH-09).
fn whole() -> Value {
    json!({ "truncated": false })
}

/// Details as a list of members; null ones are left out. An `Option`, as events take their details.
#[expect(clippy::unnecessary_wraps, reason = "the shape that `emit` takes")]
pub(crate) fn details<const N: usize>(members: [(&str, Value); N]) -> Option<Map<String, Value>> {
    Some(
        members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Details with `input` or `output` and its companion; null members are left out.
pub(crate) fn with_data<const N: usize>(
    data: &str,
    text: String,
    members: [(&str, Value); N],
) -> Option<Map<String, Value>> {
    let mut all = details(members)?;
    all.insert(data.to_owned(), Value::String(text));
    all.insert(format!("{data}Details"), whole());
    Some(all)
}

/// Error and cause, each only if present (recorded).
pub(crate) fn error_details(error: Option<&str>, cause: Option<&str>) -> Option<Map<String, Value>> {
    details([("error", json!(error)), ("cause", json!(cause))])
}

impl Region {
    /// Writes an event of a strand and gives its id. A closed execution gets no more events.
    pub(crate) fn emit(
        &mut self,
        execution: ExecutionId,
        strand: StrandId,
        previous: u64,
        kind: &str,
        details: Option<Map<String, Value>>,
    ) -> u64 {
        let Some(known) = self.executions.get(&execution) else { return previous };
        if !known.is_running() {
            return previous;
        }
        if known.events.len() + 1 >= MOST_EVENTS {
            let cause =
                format!("The execution reached the maximum number of history events ({MOST_EVENTS}).");
            self.close(execution, Ending::failed("States.Runtime", Some(cause)), previous);
            return previous;
        }
        self.append(execution, strand != ROOT, previous, kind, details)
    }

    /// Writes an event whatever the state of the execution: for its last one.
    pub(super) fn append(
        &mut self,
        execution: ExecutionId,
        nested: bool,
        previous: u64,
        kind: &str,
        details: Option<Map<String, Value>>,
    ) -> u64 {
        let now = self.now;
        let Some(known) = self.executions.get_mut(&execution) else { return previous };
        let at = known.events.last().map_or(now, |last| last.at.max(now));
        let mut id = known.events.last().map_or(1, |last| last.id + 1);
        let mut draft = Draft { id, previous, at, kind: kind.to_owned(), details, nested };
        if self.conduct.event(&mut draft) {
            let Draft { id: first, previous, at, kind, details, .. } = draft;
            let event = Event { at, id: first, previous, kind, details };
            let times = self.conduct.writes(&event.kind).max(1);
            id += times - 1;
            known.events.push(event.clone());
            known.events.extend((first + 1..=id).map(|id| Event { id, previous: id - 1, ..event.clone() }));
        }
        id
    }
}

/// An event as GetExecutionHistory gives it. Without data, inputs and outputs are missing (GEH-08).
pub(crate) fn event_to_wire(event: &Event, with_data: bool) -> Value {
    let mut wire = json!({
        "timestamp": event.at.epoch_seconds(),
        "type": event.kind,
        "id": event.id,
        "previousEventId": event.previous,
    });
    if let (Some(member), Some(details)) = (record::history::detail_member(&event.kind), &event.details) {
        let mut details = details.clone();
        if !with_data {
            for data in ["input", "output", "inputDetails", "outputDetails"] {
                details.shift_remove(data);
            }
        }
        if let Some(object) = wire.as_object_mut() {
            object.insert(member.to_owned(), Value::Object(details));
        }
    }
    wire
}

/// A moment as the API's JSON has it.
pub(crate) fn stamp(at: Time) -> Value {
    json!(at.epoch_seconds())
}
