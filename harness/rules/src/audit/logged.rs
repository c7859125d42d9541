//! The history of a Standard workflow as Step Functions logs it into CloudWatch, at the level ALL.
//!
//! Entries come alone, a line each, or inside the answers of CloudWatch Logs and Logs Insights, in any order. An Express workflow
//! has no other history and is not read. Invariant: events that the level of the log leaves out are not taken for missing ones, and
//! data that were cut for their size are not taken for the data.

use std::collections::{BTreeMap, BTreeSet};

use record::history::detail_member;
use serde_json::{Map, Value, json};

use super::reading::listed;
use super::spelling::{as_number, untexted};

const EXPRESS: &str = "these are entries of a CloudWatch log of an Express workflow, which has no other history and cannot be audited";

const SEVERAL: &str = "these are log entries of several executions; give those of one `execution_arn`";

const PARTIAL: &str = "these are entries of a CloudWatch log, and events are missing; a log that can be audited has the level ALL, \
     the whole history comes from GetExecutionHistory";

/// The events of a log in wire form and in order; None where the documents are no log.
pub(super) fn events(documents: &[Value]) -> Option<Result<Vec<Value>, String>> {
    let entries: Vec<Map<String, Value>> = documents.iter().flat_map(entries).collect();
    (!entries.is_empty()).then(|| in_order(entries))
}

fn in_order(entries: Vec<Map<String, Value>>) -> Result<Vec<Value>, String> {
    let arns: BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry.get("execution_arn").and_then(Value::as_str)).collect();
    if arns.iter().any(|arn| arn.contains(":express:")) {
        return Err(EXPRESS.to_owned());
    }
    if arns.len() > 1 {
        return Err(SEVERAL.to_owned());
    }
    // A log may hold an entry twice.
    let mut found = BTreeMap::new();
    for entry in entries {
        let event = event(entry);
        let id = event.get("id").and_then(Value::as_u64).unwrap_or_default();
        found.insert(id, Value::Object(event));
    }
    if found.keys().zip(1..).any(|(id, expected)| *id != expected) {
        return Err(PARTIAL.to_owned());
    }
    Ok(found.into_values().collect())
}

/// The entries in one document.
fn entries(document: &Value) -> Vec<Map<String, Value>> {
    let single = std::slice::from_ref(document);
    let list = listed(document).or_else(|| document.get("results")).unwrap_or(document);
    list.as_array().map_or(single, Vec::as_slice).iter().filter_map(entry).collect()
}

/// An entry by itself, as the message of a log event, or as a row of Logs Insights.
fn entry(item: &Value) -> Option<Map<String, Value>> {
    let of_row = || {
        let mut fields = item.as_array()?.iter();
        fields.find(|field| field.get("field").is_some_and(|name| name == "@message"))?.get("value")
    };
    let message = item.get("message").or_else(of_row).and_then(Value::as_str);
    let inner = message.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let entry = inner.as_ref().unwrap_or(item).as_object()?;
    (entry.contains_key("event_timestamp") && entry.contains_key("execution_arn")).then(|| entry.clone())
}

fn event(mut entry: Map<String, Value>) -> Map<String, Value> {
    let mut event = Map::new();
    for (logged, name) in [
        ("id", "id"),
        ("previous_event_id", "previousEventId"),
        ("event_timestamp", "timestamp"),
        ("type", "type"),
    ] {
        if let Some(value) = entry.remove(logged) {
            event.insert(name.to_owned(), value);
        }
    }
    for name in ["id", "previousEventId"] {
        as_number(&mut event, name);
    }
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    if let (Some(member), Some(Value::Object(mut details))) = (detail_member(kind), entry.remove("details")) {
        untexted(&mut details);
        for data in ["input", "output", "assignedVariables"] {
            let flags = format!("{data}Details");
            if details.get(&flags).is_some_and(|flags| flags["truncated"] == true) {
                details.remove(data);
                details.insert(flags, json!({ "included": false }));
            }
        }
        event.insert(member.to_owned(), Value::Object(details));
    }
    event
}
