//! Task tokens out of a record: each becomes `token#N` by first appearance, everywhere.
//!
//! A token is what a `SendTask*` call sent, or what stands where a delivered message or an activity's answer
//! holds it. Replacing is textual, so a mutated token that contains a real one keeps its mutation.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{CaseRecord, Operation};

/// The same record with every task token replaced by a symbolic name.
#[must_use]
pub fn redact(record: &CaseRecord, issued: &[String]) -> CaseRecord {
    let mut names: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    let mut seen = Vec::new();
    let sent = record.entries.iter().filter(|entry| is_answer(entry.call.operation));
    let tokens = issued
        .iter()
        .cloned()
        .chain(sent.filter_map(|entry| entry.call.text("taskToken").map(str::to_owned)));
    for token in tokens {
        // Short texts are no AWS tokens; replacing them would hit other words.
        if token.chars().count() >= 32 && !seen.contains(&token) {
            seen.push(token.clone());
            names.entry(usize::MAX - token.len()).or_default().push((token, format!("token#{}", seen.len())));
        }
    }
    let names: Vec<(String, String)> = names.into_values().flatten().collect();
    let mut record = record.clone();
    for entry in &mut record.entries {
        for value in entry.call.input.values_mut() {
            replace(value, &names);
        }
        if let Some(body) = &mut entry.call.raw_body {
            replace_text(body, &names);
        }
        match &mut entry.outcome {
            crate::Outcome::Done(reply) => replace(reply, &names),
            crate::Outcome::Refused(error) => replace_text(&mut error.message, &names),
            crate::Outcome::Unknown(why) => replace_text(why, &names),
        }
    }
    record
}

fn is_answer(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
    )
}

fn replace(value: &mut Value, names: &[(String, String)]) {
    match value {
        Value::String(text) => replace_text(text, names),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, names)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, names)),
        _ => {}
    }
}

fn replace_text(text: &mut String, names: &[(String, String)]) {
    for (token, name) in names {
        if text.contains(token.as_str()) {
            *text = text.replace(token.as_str(), name);
        }
    }
}
