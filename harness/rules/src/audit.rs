//! `audit`: judging the output of `aws stepfunctions get-execution-history` by itself, from any Standard workflow.
//!
//! Reads one document, several pages behind each other, or an array of pages; epoch or ISO timestamps; either order. What it
//! does not do: calls, files, printing. Invariant: any text gives a report or an error that says what was expected.

use record::{Event, History};
use serde::Serialize;
use serde_json::Value;

use crate::history::{self, Advice, Known};

/// The report of an audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// What AWS would not have written.
    pub violations: Vec<Violation>,
    /// What breaks no rule but deserves a look.
    pub advice: Vec<Advice>,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// The event that shows it.
    pub event: Option<u64>,
    /// What is wrong.
    pub message: String,
}

/// Why a text cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The history is no JSON, or has no events.
    #[error("no history: {0}")]
    History(String),
    /// The definition is not one that AWS would run.
    #[error("no definition: {0}")]
    Definition(String),
}

/// Judges a history, with the definition it ran if there is one.
pub fn audit(text: &str, definition: Option<&str>) -> Result<AuditReport, AuditError> {
    let history = read(text)?;
    let machine = match definition {
        None => None,
        Some(definition) => Some(asl::parse(definition).map_err(|problems| {
            let problems: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
            AuditError::Definition(problems.join("; "))
        })?),
    };
    let known = Known { definition: machine.as_ref(), ..Known::default() };
    let checked = history::check(&history, &known);
    let mut advice = checked.advice;
    advice.extend(checked.unjudged.into_iter().map(|message| Advice { rule: None, event: None, message }));
    let violations = checked
        .breaches
        .into_iter()
        .map(|breach| Violation { rule: breach.rule, event: breach.event, message: breach.message })
        .collect();
    Ok(AuditReport { violations, advice })
}

/// Reads a history in any of the forms that the AWS clients print, its pages joined in the order of their ids.
pub fn read(text: &str) -> Result<History, AuditError> {
    let mut pages = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.map_err(|error| AuditError::History(format!("not JSON: {error}")))?;
        match document {
            Value::Array(items) if items.iter().any(|item| item.get("events").is_some()) => pages.extend(items),
            other => pages.push(other),
        }
    }
    let mut pages = pages.iter().map(page).collect::<Result<Vec<Vec<Event>>, AuditError>>()?;
    pages.retain(|page| !page.is_empty());
    if pages.is_empty() {
        return Err(AuditError::History("no events".to_owned()));
    }
    pages.sort_by_key(|page| page.first().map(|event| event.id));
    Ok(History { events: pages.into_iter().flatten().collect() })
}

/// One page in ascending order: descending throughout means `reverseOrder` (GEH-01).
fn page(document: &Value) -> Result<Vec<Event>, AuditError> {
    let history = History::from_wire(document).map_err(|error| AuditError::History(error.to_string()))?;
    let mut events = history.events;
    let descending = events.windows(2).all(|pair| matches!(pair, [a, b] if a.id > b.id));
    if descending && events.len() > 1 {
        events.reverse();
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_input_is_an_error_that_says_what_was_expected() {
        for text in ["", "nonsense", "{}", "[]", r#"{"events": []}"#, r#"{"events": [7]}"#, r#"{"events": [{"id": 1}]}"#, "[1,2"] {
            let error = audit(text, None).unwrap_err().to_string();
            assert!(error.starts_with("no history"), "{text}: {error}");
        }
    }

    #[test]
    fn a_definition_that_does_not_parse_is_an_error() {
        let text = r#"{"events": [{"id": 1, "type": "ExecutionStarted", "timestamp": 1}]}"#;
        assert!(matches!(audit(text, Some("{")), Err(AuditError::Definition(_))));
    }
}
