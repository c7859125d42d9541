//! Each event by itself and the list as a list: ids, times, types, detail members. No structure is known here.

use record::history::{DETAIL_MEMBERS, detail_member, is_modelled};
use record::{Event, Time};
use serde_json::{Map, Value};

use super::Known;
use super::ledger::Ledger;
use super::members::{Member, Shape, is_member_of_some, members};
use crate::view::plain_length;

/// The most events a history can have (HIS-24).
pub(super) const EVENT_LIMIT: usize = 25_000;

/// Checks what needs no structure. `from` is the id of the first event, 1 unless the events are a page from further on;
/// `hidden` says that the execution data were left out.
pub(super) fn check(events: &[Event], from: u64, hidden: bool, known: &Known<'_>, ledger: &mut Ledger) {
    ids(events, from, ledger);
    times(events, known, ledger);
    if events.len() > EVENT_LIMIT {
        ledger.breach_at(
            "HIS-24",
            None,
            format!("{} events; a history holds at most {EVENT_LIMIT}", events.len()),
        );
    }
    if let Some(beyond) = events.iter().find(|event| event.id > EVENT_LIMIT as u64) {
        ledger.breach("HIS-24", beyond, format!("event {}; the last possible is {EVENT_LIMIT}", beyond.id));
    }
    for rule in ["HIS-24", "HIS-25", "HIS-10"] {
        ledger.met(rule);
    }
    for event in events {
        wire_members(event, ledger);
        details(event, hidden, ledger);
    }
}

/// Whether no event carries input or output: the history was read with `includeExecutionData: false` (GEH-08).
pub(super) fn is_hidden(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event.kind.as_str(), "ExecutionStarted")) && !carry_data(events)
}

/// Whether any event carries input or output.
pub(super) fn carry_data(events: &[Event]) -> bool {
    let carries = |event: &Event| ["input", "output"].iter().any(|name| event.details.contains_key(*name));
    events.iter().any(carries)
}

fn ids(events: &[Event], from: u64, ledger: &mut Ledger) {
    ledger.met("HIS-01");
    ledger.met("HIS-02");
    ledger.met("GEH-01");
    for (expected, event) in (from..).zip(events) {
        if event.id != expected {
            ledger.breach("HIS-01", event, format!("event number {expected} has id {}", event.id));
            break;
        }
    }
    for pair in events.windows(2) {
        let [a, b] = pair else { continue };
        if b.id >= a.id {
            continue;
        }
        ledger.breach("GEH-01", b, format!("event {} is listed after event {}", b.id, a.id));
    }
    let present: std::collections::BTreeSet<u64> = events.iter().map(|event| event.id).collect();
    for event in events {
        if event.previous >= event.id {
            ledger.breach(
                "HIS-02",
                event,
                format!("previousEventId {} is not smaller than id {}", event.previous, event.id),
            );
        } else if event.previous >= from && !present.contains(&event.previous) {
            ledger.breach(
                "HIS-02",
                event,
                format!("previousEventId {} is no event of this history", event.previous),
            );
        }
    }
    if let Some(first) = events.first().filter(|_| from == 1) {
        ledger.met("HIS-03");
        if first.previous != 0 {
            ledger.breach(
                "HIS-03",
                first,
                format!("the first event has previousEventId {}, not 0", first.previous),
            );
        }
    }
}

fn times(events: &[Event], known: &Known<'_>, ledger: &mut Ledger) {
    ledger.met("HIS-08");
    for pair in events.windows(2) {
        if let [a, b] = pair
            && b.at < a.at
        {
            ledger.breach(
                "HIS-08",
                b,
                format!("{} is {} ms before the event in front of it", b.at, a.at - b.at),
            );
        }
    }
    let near = |a: Time, b: Time| (a - b).abs() <= 1000;
    if let (Some(started), Some(first)) = (known.started, events.first()) {
        ledger.met("HIS-09");
        if !near(first.at, started) {
            ledger.breach(
                "HIS-09",
                first,
                format!("the first event is of {}, startDate is {started}", first.at),
            );
        }
    }
    if let (Some(stopped), Some(last)) = (known.stopped, events.last().filter(|event| event.is_terminal())) {
        ledger.met("HIS-09");
        if !near(last.at, stopped) {
            ledger.breach("HIS-09", last, format!("the last event is of {}, stopDate is {stopped}", last.at));
        }
    }
    if let (Some(status), Some(last)) = (known.status, events.last().filter(|event| event.is_terminal())) {
        ledger.met("HIS-07");
        let expected = match last.kind.as_str() {
            "ExecutionSucceeded" => "SUCCEEDED",
            "ExecutionFailed" => "FAILED",
            "ExecutionAborted" => "ABORTED",
            _ => "TIMED_OUT",
        };
        if status != expected {
            ledger.breach(
                "HIS-07",
                last,
                format!("the history ends with {}, the status is {status}", last.kind),
            );
        }
    }
}

fn wire_members(event: &Event, ledger: &mut Ledger) {
    if event.kind == "FailStateExited" {
        ledger.breach("HIS-23", event, "Fail states have no exit event; there is no type FailStateExited");
    } else if !is_modelled(&event.kind) {
        ledger.advise(
            Some("HIS-25"),
            event,
            format!("event type {:?} is not one of the 62 that are modelled", event.kind),
        );
        return;
    }
    let expected = detail_member(&event.kind);
    for (name, value) in &event.wire {
        if matches!(name.as_str(), "id" | "previousEventId" | "timestamp" | "type") {
            continue;
        }
        if Some(name.as_str()) == expected {
            if !value.is_object() && !value.is_null() {
                ledger.breach("HIS-10", event, format!("{name} is not an object"));
            }
        } else if value.is_null() {
            // Some clients print every member of the shape, absent ones as null.
        } else if DETAIL_MEMBERS.contains(&name.as_str()) || name.ends_with("EventDetails") {
            ledger.breach(
                "HIS-10",
                event,
                format!("{} carries {name}, which belongs to another type", event.kind),
            );
        } else {
            ledger.advise(Some("HIS-10"), event, format!("member {name:?} is not in the API model"));
        }
    }
}

fn details(event: &Event, hidden: bool, ledger: &mut Ledger) {
    let Some(table) = members(&event.kind) else { return };
    for (name, value) in &event.details {
        if table.is_empty() {
            break;
        }
        match table.iter().find(|member| member.name == name) {
            _ if value.is_null() => {}
            Some(member) => shape(event, member, value, ledger),
            None if is_member_of_some(name) => ledger.breach(
                "HIS-10",
                event,
                format!("the details of {} have no member {name:?}", event.kind),
            ),
            // AWS adds members from time to time.
            None => ledger.advise(
                Some("HIS-10"),
                event,
                format!("{name:?} in the details of {} is not in the API model", event.kind),
            ),
        }
    }
    for member in table {
        let absent = event.details.get(member.name).is_none_or(Value::is_null);
        let hidden = hidden || is_cut(event, member.name);
        if let (true, Some(rule), false) = (absent, member.required, hidden && member.data) {
            ledger.breach(rule, event, format!("{} has no {}", event.kind, member.name));
            if member.modelled {
                ledger.breach(
                    "HIS-10",
                    event,
                    format!("{} lacks the required member {}", event.kind, member.name),
                );
            }
        }
    }
}

/// Whether a log says that it left this out for its size.
pub(super) fn is_cut(event: &Event, name: &str) -> bool {
    let said = event.details.get(&format!("{name}Details")).and_then(|details| details.get("included"));
    said == Some(&Value::Bool(false))
}

fn shape(event: &Event, member: &Member, value: &Value, ledger: &mut Ledger) {
    let name = member.name;
    let kind = &event.kind;
    let wrong = match (member.shape, value) {
        (Shape::Name(_), Value::String(text)) if text.is_empty() => Some("empty".to_owned()),
        (Shape::Text(limit) | Shape::Name(limit), Value::String(text)) => {
            let length = text.chars().count();
            (length > limit).then(|| format!("{length} characters, at most {limit} are possible"))
        }
        (Shape::Json, Value::String(text)) => return json(event, member, text, ledger),
        (Shape::Count, Value::Number(number)) if number.as_u64().is_some() => None,
        (Shape::Positive, Value::Number(number)) if number.as_u64().is_some_and(|number| number > 0) => None,
        (Shape::Truncation, Value::Object(flags)) => return truncation(event, name, flags, ledger),
        (Shape::Credentials, Value::Object(members)) => {
            (!members.get("roleArn").is_some_and(Value::is_string)).then(|| "no roleArn".to_owned())
        }
        (Shape::Variables, Value::Object(variables)) => {
            let bad = variables.iter().find(|(_, value)| {
                value.as_str().is_none_or(|text| serde_json::from_str::<Value>(text).is_err())
            });
            bad.map(|(name, _)| format!("variable {name:?} is no string of JSON"))
        }
        (Shape::Text(_) | Shape::Name(_) | Shape::Json, _) => Some("not a string".to_owned()),
        (Shape::Count, _) => Some("not a whole number from 0".to_owned()),
        (Shape::Positive, _) => Some("not a whole number from 1".to_owned()),
        (Shape::Truncation | Shape::Credentials | Shape::Variables, _) => Some("not an object".to_owned()),
    };
    if let Some(wrong) = wrong {
        if member.shape == Shape::Positive {
            ledger.breach("HIS-17", event, format!("{name} of {kind}: {wrong}"));
        }
        if let (Shape::Json, Some(rule)) = (member.shape, member.required) {
            ledger.breach(rule, event, format!("{name} of {kind}: {wrong}"));
        }
        ledger.breach("HIS-10", event, format!("{name} of {kind}: {wrong}"));
    }
}

fn json(event: &Event, member: &Member, text: &str, ledger: &mut Ledger) {
    let (name, kind) = (member.name, &event.kind);
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let rule = member.required.unwrap_or("HIS-10");
        ledger.breach(rule, event, format!("{name} of {kind} is no JSON: {error}"));
    }
    let rule = if name == "parameters" { "IO-11" } else { "IO-10" };
    ledger.met(rule);
    // Escapes and blanks are the spelling's, not the value's (IO-09).
    if text.len() > asl::DATA_LIMIT && plain_length(text) > asl::DATA_LIMIT {
        let length = plain_length(text);
        ledger.breach(
            rule,
            event,
            format!("{name} of {kind} has {length} bytes, more than {}", asl::DATA_LIMIT),
        );
    }
}

fn truncation(event: &Event, name: &str, flags: &Map<String, Value>, ledger: &mut Ledger) {
    ledger.met("GEH-09");
    match flags.get("truncated") {
        Some(Value::Bool(false)) | None => {}
        Some(value) => {
            ledger.breach(
                "GEH-09",
                event,
                format!("{name}.truncated is {value}; through the API it is always false"),
            );
        }
    }
}
