//! From the text of a file to a history: every form in which AWS's clients print the answer of GetExecutionHistory.
//!
//! One document, several in a row, an array of pages or of events, one event per line; either order; names spelled
//! `camelCase`, `PascalCase` or `snake_case` (`spelling`); entries of a log group (`logged`). Judging is not done here, and values
//! inside the execution's data are never touched. Invariant: any text gives a history or an error that says what was expected.

use record::{Event, History};
use serde_json::Value;

use super::AuditError;
use super::logged;
use super::spelling::{as_on_the_wire, field};

/// What was read from a text.
pub(super) struct Reading {
    /// Every document, as it stood.
    pub(super) documents: Vec<Value>,
    /// The events of all pages, in the order of their ids.
    pub(super) history: History,
    /// Whether the last page says that another one follows.
    pub(super) goes_on: bool,
    /// Whether the events begin with the first, or should: they are no page from further on.
    pub(super) begins: bool,
}

/// How many events a page has where no other number is asked for; the most are ten times as many.
const PAGE: u64 = 100;

/// Reads a history in any of the forms that the AWS clients print, its pages joined in the order of their ids.
pub(super) fn read(text: &str) -> Result<Reading, AuditError> {
    let documents = documents(text)?;
    let pages = match logged::events(&documents) {
        Some(events) => vec![Value::Array(events.map_err(AuditError::History)?)],
        None => documents.clone(),
    };
    let mut pages = pages.iter().map(page).collect::<Result<Vec<Page>, AuditError>>()?;
    pages.retain(|page| !page.events.is_empty());
    pages.sort_by_key(|page| page.events.first().map(|event| event.id));
    let reversed = pages.len() > 1 && pages.iter().all(|page| page.reversed || page.events.len() == 1);
    let last = if reversed { pages.first() } else { pages.last() };
    let goes_on = last.is_some_and(|page| page.goes_on);
    let events: Vec<Event> = pages.into_iter().flat_map(|page| page.events).collect();
    if events.is_empty() {
        return Err(AuditError::History("no events".to_owned()));
    }
    let first = events.first().map_or(1, |event| event.id);
    let gapless = events.iter().zip(first..).all(|(event, expected)| event.id == expected);
    let begins = !(gapless && first > 1 && (goes_on || (first - 1).is_multiple_of(PAGE)));
    Ok(Reading { documents, history: History { events }, goes_on, begins })
}

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
pub(super) fn listed(document: &Value) -> Option<&Value> {
    document.get("events").or_else(|| document.get("Events"))
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
