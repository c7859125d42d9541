//! Task tokens out of a record: each becomes `token#N` by first appearance, everywhere.
//!
//! A token is what a `SendTask*` call sent, or what stands where a delivered message or an activity's answer
//! holds it. One that nobody issued and that was made of an issued one is `token#N~M`: M is what it was made of, so that a stored
//! record tells a wrong token from an unknown one. How it was changed is lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{CaseRecord, Operation};

/// What a symbolic name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// A token, issued or from nobody knows where.
    Token,
    /// A token that was made of an issued one.
    Changed,
}

impl Symbol {
    /// What a text stands for, if it is a symbolic name.
    pub fn of(text: &str) -> Option<Self> {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let name = text.strip_prefix("token#")?;
        match name.split_once('~') {
            None => number(name).then_some(Self::Token),
            Some((own, of)) => (number(own) && number(of)).then_some(Self::Changed),
        }
    }
}

/// The same record with every task token replaced by a symbolic name. `derives` tells whether a text was made of a token.
#[must_use]
pub fn redact(record: &CaseRecord, issued: &[String], derives: impl Fn(&str, &str) -> bool) -> CaseRecord {
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
            let of = issued.iter().filter(|_| !issued.contains(&token)).find(|one| derives(&token, one));
            let of = of.and_then(|of| seen.iter().position(|known| known == of));
            seen.push(token.clone());
            let own = seen.len();
            let name = of.map_or_else(|| format!("token#{own}"), |of| format!("token#{own}~{}", of + 1));
            names.entry(usize::MAX - token.len()).or_default().push((token, name));
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
