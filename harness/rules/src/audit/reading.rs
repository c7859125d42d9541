//! From the text of a file to a history: every form in which AWS's clients print the answer of GetExecutionHistory.
//!
//! One document, several behind each other, an array of pages or of events, an event a line; either order; names spelled
//! `camelCase`, `PascalCase` or `snake_case`; times in seconds, milliseconds or ISO 8601. Judging is not done here, and values
//! inside the execution's data are never touched. Invariant: any text gives a history or an error that says what was expected.

use record::history::{DETAIL_MEMBERS, detail_member};
use record::{Event, History};
use serde_json::{Map, Value};

use super::AuditError;
use crate::history::member_names;

/// From here on a number is a time in milliseconds: in seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// What was read from a text.
pub(super) struct Reading {
    /// Every document, as it stood.
    pub(super) documents: Vec<Value>,
    /// The events of all pages, in the order of their ids.
    pub(super) history: History,
    /// Whether the last page says that another one follows.
    pub(super) goes_on: bool,
}

/// Reads a history in any of the forms that the AWS clients print, its pages joined in the order of their ids.
pub(super) fn read(text: &str) -> Result<Reading, AuditError> {
    let documents = documents(text)?;
    if documents.iter().any(is_log_entry) {
        return Err(AuditError::History(LOG_ENTRIES.to_owned()));
    }
    let mut pages = documents.iter().map(page).collect::<Result<Vec<Page>, AuditError>>()?;
    pages.retain(|page| !page.events.is_empty());
    pages.sort_by_key(|page| page.events.first().map(|event| event.id));
    let reversed = pages.len() > 1 && pages.iter().all(|page| page.reversed || page.events.len() == 1);
    let last = if reversed { pages.first() } else { pages.last() };
    let goes_on = last.is_some_and(|page| page.goes_on);
    let events: Vec<Event> = pages.into_iter().flat_map(|page| page.events).collect();
    if events.is_empty() {
        return Err(AuditError::History("no events".to_owned()));
    }
    Ok(Reading { documents, history: History { events }, goes_on })
}

const LOG_ENTRIES: &str = "these are entries of a CloudWatch log (`execution_arn`, `event_timestamp`); an Express workflow has no other \
     history and cannot be audited, that of a Standard workflow comes from GetExecutionHistory";

fn documents(text: &str) -> Result<Vec<Value>, AuditError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut found = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match document.map_err(|error| AuditError::History(not_json(text, &error)))? {
            Value::Array(items) if items.iter().any(|item| listed(item).is_some()) => found.extend(items),
            other => found.push(other),
        }
    }
    Ok(found)
}

fn not_json(text: &str, error: &serde_json::Error) -> String {
    let start = text.trim_start();
    let hint = match () {
        () if start.starts_with("{'") || start.contains("datetime.datetime(") => {
            "; a printed Python dict: write it by `json.dumps(response, default=str)`"
        }
        () if start.starts_with("GetExecutionHistoryResponse(") => "; the text form of a Java object",
        () if start.starts_with(['{', '[']) || start.is_empty() => "",
        () => "; with the AWS command line use `--output json`",
    };
    format!("not JSON: {error}{hint}")
}

/// The events of a page, under either spelling of its member.
fn listed(document: &Value) -> Option<&Value> {
    document.get("events").or_else(|| document.get("Events"))
}

/// Entries as Step Functions writes them into a log group, alone or inside the answers of CloudWatch Logs.
fn is_log_entry(document: &Value) -> bool {
    let entry = |event: &Value| {
        let logged =
            |event: &Value| event.get("event_timestamp").is_some() && event.get("execution_arn").is_some();
        let message = event.get("message").and_then(Value::as_str);
        logged(event)
            || message
                .and_then(|text| serde_json::from_str(text).ok())
                .is_some_and(|inner: Value| logged(&inner))
    };
    let events = listed(document).unwrap_or(document);
    entry(events) || events.as_array().is_some_and(|events| events.iter().any(entry))
}

struct Page {
    events: Vec<Event>,
    reversed: bool,
    goes_on: bool,
}

/// One page in ascending order: descending throughout means `reverseOrder` (GEH-01).
fn page(document: &Value) -> Result<Page, AuditError> {
    let token = document.get("nextToken").or_else(|| document.get("NextToken"));
    let goes_on = token.is_some_and(|token| !token.is_null() && token != "");
    let events = match (document, listed(document)) {
        (_, Some(events)) => events.clone(),
        (Value::Array(_), None) => document.clone(),
        (single, None) if field(single, "id").is_some() && field(single, "type").is_some() => {
            Value::Array(vec![single.clone()])
        }
        (other, None) => other.clone(),
    };
    let events = match events {
        Value::Array(events) => Value::Array(events.into_iter().map(as_on_the_wire).collect()),
        other => other,
    };
    let history = History::from_wire(&events).map_err(|error| AuditError::History(error.to_string()))?;
    let mut events = history.events;
    let descending = events.windows(2).all(|pair| matches!(pair, [a, b] if a.id > b.id));
    let reversed = descending && events.len() > 1;
    if reversed {
        events.reverse();
    }
    Ok(Page { events, reversed, goes_on })
}

/// A name without what spellings differ in.
fn folded(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
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
fn as_on_the_wire(event: Value) -> Value {
    let Value::Object(members) = event else { return event };
    let mut names = vec!["id", "previousEventId", "type", "timestamp"];
    names.extend(DETAIL_MEMBERS);
    let mut members = respelled(members, &names);
    if let Some(millis) =
        members.get("timestamp").and_then(Value::as_f64).filter(|at| *at >= MILLISECONDS_FROM)
    {
        members.insert("timestamp".to_owned(), Value::from(millis / 1000.0));
    }
    let kind = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::Object(details)) = detail_member(&kind).and_then(|member| members.get_mut(member)) {
        *details = respelled(std::mem::take(details), &member_names(&kind));
        for nested in ["inputDetails", "outputDetails", "assignedVariablesDetails", "taskCredentials"] {
            if let Some(Value::Object(flags)) = details.get_mut(nested) {
                *flags = respelled(std::mem::take(flags), &["truncated", "included", "roleArn"]);
            }
        }
    }
    Value::Object(members)
}
