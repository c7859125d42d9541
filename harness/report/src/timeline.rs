//! A case as a picture: a lane an actor, a bar a call, a lane for the events of each history that was read.

use record::{CaseRecord, Entry, History, Operation, Outcome, Time};
use serde::Serialize;

use crate::wording;

/// The picture of a case; positions are per cent of its width.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Timeline {
    lanes: Vec<Lane>,
    ticks: Vec<Tick>,
    calls: Vec<Row>,
    histories: Vec<Told>,
}

#[derive(Clone, Debug, Serialize)]
struct Lane {
    name: String,
    marks: Vec<Mark>,
}

#[derive(Clone, Debug, Serialize)]
struct Mark {
    left: f64,
    width: f64,
    class: &'static str,
    title: String,
}

#[derive(Clone, Debug, Serialize)]
struct Tick {
    left: f64,
    label: String,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    number: usize,
    at: String,
    actor: String,
    operation: &'static str,
    class: &'static str,
    answer: String,
    request: String,
    note: String,
}

#[derive(Clone, Debug, Serialize)]
struct Told {
    title: String,
    events: Vec<Happening>,
}

#[derive(Clone, Debug, Serialize)]
struct Happening {
    id: u64,
    previous: u64,
    at: String,
    kind: String,
    detail: String,
    accused: bool,
}

impl Timeline {
    /// The picture; `event` is the event that shows the violation.
    pub(crate) fn new(record: &CaseRecord, event: Option<u64>) -> Self {
        let entries = &record.entries;
        let begun = entries.iter().map(|entry| entry.begun).min().unwrap_or_default();
        let ended = entries.iter().map(|entry| entry.ended).max().unwrap_or_default();
        let scale = Scale { begun, span: ((ended - begun).max(1)) as f64 };
        let histories = histories(entries);
        let mut lanes = lanes(entries, &scale);
        for (at, history) in histories.iter().enumerate() {
            let marks = history.events.iter().map(|e| Mark {
                left: scale.at(e.at).clamp(0.0, 100.0),
                width: 0.0,
                class: if Some(e.id) == event { "event accused" } else { "event" },
                title: format!("{} {}", e.id, e.kind),
            });
            lanes.push(Lane { name: format!("history {}", at + 1), marks: marks.collect() });
        }
        let calls = entries.iter().enumerate().map(|(at, entry)| Row::new(at + 1, entry, begun)).collect();
        let histories = histories
            .iter()
            .enumerate()
            .map(|(at, history)| Told::new(at + 1, history, begun, event))
            .collect();
        Self { lanes, ticks: scale.ticks(), calls, histories }
    }
}

struct Scale {
    begun: Time,
    span: f64,
}

impl Scale {
    fn at(&self, time: Time) -> f64 {
        (time - self.begun) as f64 * 100.0 / self.span
    }

    fn ticks(&self) -> Vec<Tick> {
        (0..=4)
            .map(|quarter| {
                let ms = self.span * f64::from(quarter) / 4.0;
                Tick { left: f64::from(quarter) * 25.0, label: offset(ms as i64) }
            })
            .collect()
    }
}

fn lanes(entries: &[Entry], scale: &Scale) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let left = scale.at(entry.begun);
        let mark = Mark {
            left,
            width: (scale.at(entry.ended) - left).max(0.4),
            class: class(&entry.outcome),
            title: format!("{} {}: {}", at + 1, entry.call.operation.name(), answer(entry)),
        };
        match lanes.iter_mut().find(|lane| lane.name == entry.actor) {
            Some(lane) => lane.marks.push(mark),
            None => lanes.push(Lane { name: entry.actor.clone(), marks: vec![mark] }),
        }
    }
    lanes
}

/// The last reading of each execution's history.
fn histories(entries: &[Entry]) -> Vec<History> {
    let mut found: Vec<(&str, History)> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.call.operation == Operation::GetExecutionHistory) {
        let arn = entry.call.text("executionArn").unwrap_or_default();
        let Some(mut history) = entry.outcome.reply().and_then(|reply| History::from_wire(reply).ok()) else {
            continue;
        };
        history.events.sort_by_key(|event| event.id);
        match found.iter_mut().find(|(known, _)| *known == arn) {
            Some((_, known)) if known.events.len() <= history.events.len() => *known = history,
            Some(_) => {}
            None => found.push((arn, history)),
        }
    }
    found.into_iter().map(|(_, history)| history).collect()
}

impl Row {
    fn new(number: usize, entry: &Entry, begun: Time) -> Self {
        let request = match &entry.call.raw_body {
            Some(body) => body.clone(),
            None => serde_json::to_string_pretty(&entry.call.input).unwrap_or_default(),
        };
        Self {
            number,
            at: offset(entry.begun - begun),
            actor: entry.actor.clone(),
            operation: entry.call.operation.name(),
            class: class(&entry.outcome),
            answer: answer(entry),
            request: wording::cut(&request, 4000),
            note: entry.note.clone().unwrap_or_default(),
        }
    }
}

impl Told {
    fn new(number: usize, history: &History, begun: Time, accused: Option<u64>) -> Self {
        let events = history.events.iter().map(|event| Happening {
            id: event.id,
            previous: event.previous,
            at: offset(event.at - begun),
            kind: event.kind.clone(),
            detail: wording::cut(&serde_json::to_string(&event.details).unwrap_or_default(), 300),
            accused: Some(event.id) == accused,
        });
        Self { title: format!("history {number}"), events: events.collect() }
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Refused(_) => "refused",
        Outcome::Unknown(_) => "unknown",
    }
}

fn answer(entry: &Entry) -> String {
    match &entry.outcome {
        Outcome::Done(reply) => wording::cut(&reply.to_string(), 400),
        Outcome::Refused(error) => error.to_string(),
        Outcome::Unknown(why) => format!("no answer: {why}"),
    }
}

/// `+1.250 s`, in the largest unit that reads well.
fn offset(ms: i64) -> String {
    let seconds = ms as f64 / 1000.0;
    match seconds.abs() {
        s if s < 600.0 => format!("{seconds:+.3} s"),
        s if s < 86_400.0 => format!("{:+.2} h", seconds / 3600.0),
        _ => format!("{:+.2} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_written_in_a_unit_that_reads_well() {
        assert_eq!(offset(1250), "+1.250 s");
        assert_eq!(offset(-40), "-0.040 s");
        assert_eq!(offset(172_800_000), "+2.00 d");
    }
}
