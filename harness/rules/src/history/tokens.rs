//! Task tokens that can be told without a definition: one attempt, one token (HIS-21, TOK-04).

use std::collections::BTreeMap;

use asl::Pattern;
use record::{Event, mentions};
use serde_json::Value;

use super::attempt::pattern_of;
use super::flow::json;
use super::ledger::Ledger;
use super::trace::Trace;

/// Looks at parameters that are named like task tokens and do not come from the input.
pub(super) fn check(trace: &Trace<'_>, ledger: &mut Ledger) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for visit in &trace.visits {
        let input = trace.event(visit.entered).and_then(|event| event.text("input")).unwrap_or_default();
        for attempt in &visit.attempts {
            let Some(scheduled) = trace.event(attempt.scheduled) else { continue };
            if pattern_of(trace, attempt) != Pattern::WaitForTaskToken {
                continue;
            }
            let Some(parameters) = json(scheduled, "parameters") else { continue };
            let mut tokens = Vec::new();
            named_tokens(&parameters, &mut tokens);
            tokens.retain(|token| !mentions(input, token));
            tokens.sort();
            tokens.dedup();
            for token in tokens {
                ledger.met("HIS-21");
                let first = *seen.entry(token.clone()).or_insert(attempt.scheduled);
                let mut before = trace.events.iter().take(first);
                if let Some(earlier) = trace.event(first).filter(|earlier| earlier.id != scheduled.id)
                    && !before.any(|event| carries(event, &token))
                {
                    let message =
                        format!("the task token is that of the attempt scheduled at event {}", earlier.id);
                    ledger.breach("HIS-21", scheduled, message.clone());
                    ledger.breach("TOK-04", scheduled, message);
                }
            }
        }
    }
}

/// Whether an event hands on data with this text in them: a token from elsewhere, which any number of tasks may pass on.
fn carries(event: &Event, token: &str) -> bool {
    let assigned = event.details.get("assignedVariables").and_then(Value::as_object);
    let texts = ["input", "output"].into_iter().filter_map(|name| event.text(name));
    let values = assigned.into_iter().flat_map(|variables| variables.values().filter_map(Value::as_str));
    texts.chain(values).any(|text| mentions(text, token))
}

/// Strings of members whose name ends like `TaskToken`, `task_token`, `tasktoken`.
pub(super) fn named_tokens(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let plain: String =
                    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
                match member {
                    Value::String(text) if plain.ends_with("tasktoken") => found.push(text.clone()),
                    _ => named_tokens(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named_tokens(item, found)),
        _ => {}
    }
}
