//! From a client's spelling of an event to AWS's own: names, numbers, types and times.
//!
//! What is spelled differently is not judged, and values inside the execution's data are never touched. Invariant: an event that
//! AWS's JSON protocol wrote comes out as it was.

use record::Time;
use record::history::{DETAIL_MEMBERS, detail_member};
use serde_json::{Map, Value};

use crate::history::member_names;

/// From here on a number is a time in milliseconds: in seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// Members of details that are numbers.
const NUMBERS: &[&str] = &["index", "length", "timeoutInSeconds", "heartbeatInSeconds", "redriveCount"];

/// A name without what spellings differ in.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

pub(super) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find(|(other, _)| folded(other) == name).map(|(_, value)| value)
}

/// The members under AWS's names, those that AWS does not have as they are.
fn respelled(members: Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let known = |name: &str| {
        let exact = names.iter().find(|known| **known == name);
        exact.or_else(|| names.iter().find(|known| folded(known) == folded(name))).copied()
    };
    members
        .into_iter()
        .map(|(name, value)| (known(&name).map(str::to_owned).unwrap_or(name), value))
        .collect()
}

/// An event as AWS's JSON protocol writes it: camel case, time in seconds.
pub(super) fn as_on_the_wire(event: Value) -> Value {
    let Value::Object(members) = event else { return event };
    let mut names = vec!["id", "previousEventId", "type", "timestamp"];
    names.extend(DETAIL_MEMBERS);
    let mut members = respelled(members, &names);
    let time = members.get("timestamp").and_then(seconds);
    if let Some(seconds) = time {
        members.insert("timestamp".to_owned(), Value::from(seconds));
    }
    // .NET writes an enumeration as an object, and what is not set of a number as 0.
    let of_dotnet =
        members.get("type").and_then(|kind| kind.get("Value")).filter(|kind| kind.is_string()).cloned();
    let unset = of_dotnet.is_some();
    if let Some(kind) = of_dotnet {
        members.insert("type".to_owned(), kind);
    }
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::Object(details)) = detail_member(&kind).and_then(|member| members.get_mut(member)) {
        *details = respelled(std::mem::take(details), &member_names(&kind));
        if unset {
            details.retain(|name, value| !(name.ends_with("InSeconds") && *value == 0));
        }
        for nested in ["inputDetails", "outputDetails", "assignedVariablesDetails", "taskCredentials"] {
            if let Some(Value::Object(flags)) = details.get_mut(nested) {
                *flags = respelled(std::mem::take(flags), &["truncated", "included", "roleArn"]);
            }
        }
    }
    Value::Object(members)
}

/// A number that is written as text.
pub(super) fn as_number(members: &mut Map<String, Value>, name: &str) {
    if let Some(number) = members.get(name).and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok())
    {
        members.insert(name.to_owned(), Value::from(number));
    }
}

/// The numbers and flags of details, where a log writes them as text.
pub(super) fn untexted(details: &mut Map<String, Value>) {
    for name in NUMBERS {
        as_number(details, name);
    }
    for flags in details.values_mut().filter_map(Value::as_object_mut) {
        if let Some(flag) = flags.get_mut("truncated") {
            match flag.as_str() {
                Some("true") => *flag = Value::Bool(true),
                Some("false") => *flag = Value::Bool(false),
                _ => {}
            }
        }
    }
}

/// A time in seconds, from any of the ways in which clients print it; None where it stands as AWS writes it.
fn seconds(value: &Value) -> Option<f64> {
    let scaled = |number: f64| if number >= MILLISECONDS_FROM { number / 1000.0 } else { number };
    if let Some(number) = value.as_f64() {
        return (number >= MILLISECONDS_FROM).then(|| scaled(number));
    }
    let text = value.as_str()?.trim();
    let plain = text.strip_prefix("/Date(").and_then(|text| text.split([')', '+']).next()).unwrap_or(text);
    if let Ok(number) = plain.parse::<f64>() {
        return Some(scaled(number));
    }
    // `2024-02-01 12:30:00.5 UTC`, `… +0000`, or without a zone: that of a printed UTC time.
    let (date, clock) = text.split_once(['T', ' '])?;
    let clock = clock.trim_end_matches(" UTC").replace(' ', "");
    let zone = if clock.contains(['Z', '+', '-']) { "" } else { "Z" };
    let at = Time::from_iso(&format!("{date}T{clock}{zone}"))?;
    Some(at.epoch_seconds())
}
