//! Task tokens out of a record: each becomes `token#N` by first appearance, everywhere.
//!
//! A token is what a `SendTask*` call sent, or what stands where a delivered message or an activity's answer
//! holds it. One that nobody issued and that was made of an issued one is `token#N~M`: M is what it was made of, so that a stored
//! record tells a wrong token from an unknown one. How it was changed is lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{CaseEnd, CaseRecord, Operation, Outcome};

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

/// Whether a text holds a token. One symbolic name may begin another: where a digit follows, it is another's.
pub fn mentions(text: &str, token: &str) -> bool {
    let is_symbolic = Symbol::of(token).is_some();
    text.match_indices(token).any(|(at, _)| {
        let next = text.as_bytes().get(at + token.len());
        !(is_symbolic && next.is_some_and(u8::is_ascii_digit))
    })
}

/// The tokens of one record, each with its symbolic name.
#[derive(Clone, Debug)]
pub struct Redaction {
    /// Longest first, so that a token that begins with another one is replaced as a whole.
    names: Vec<(String, String)>,
}

impl Redaction {
    /// Names every token of a record: those `issued` in messages, those of activities, and those that were sent. `derives` tells
    /// whether a text was made of a token.
    pub fn of(record: &CaseRecord, issued: &[String], derives: impl Fn(&str, &str) -> bool) -> Self {
        let mut issued = issued.to_vec();
        let polls = record.entries.iter().filter(|entry| entry.call.operation == Operation::GetActivityTask);
        issued.extend(
            polls.filter_map(|entry| Some(entry.outcome.reply()?.get("taskToken")?.as_str()?.to_owned())),
        );
        let sent = record.entries.iter().filter(|entry| is_answer(entry.call.operation));
        let sent = sent.filter_map(|entry| entry.call.text("taskToken").map(str::to_owned));
        let mut names: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
        let mut seen = Vec::new();
        for token in issued.iter().cloned().chain(sent) {
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
        Self { names: names.into_values().flatten().collect() }
    }

    /// The same record with symbolic names for tokens.
    #[must_use]
    pub fn record(&self, record: &CaseRecord) -> CaseRecord {
        let mut record = record.clone();
        for entry in &mut record.entries {
            for value in entry.call.input.values_mut() {
                self.value(value);
            }
            let texts = [&mut entry.call.raw_body, &mut entry.note];
            texts.into_iter().flatten().for_each(|text| self.text(text));
            match &mut entry.outcome {
                Outcome::Done(reply) => self.value(reply),
                Outcome::Refused(error) => self.text(&mut error.message),
                Outcome::Unknown(why) => self.text(why),
            }
        }
        match &mut record.end {
            CaseEnd::Complete => {}
            CaseEnd::Hung { saw: text, .. } | CaseEnd::Cut(text) | CaseEnd::NotRun(text) => self.text(text),
        }
        record
    }

    /// Replaces the tokens in a text, such as the message of a finding.
    pub fn text(&self, text: &mut String) {
        for (token, name) in &self.names {
            if text.contains(token.as_str()) {
                *text = text.replace(token.as_str(), name);
            }
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.value(member)),
            _ => {}
        }
    }
}

fn is_answer(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SendTaskSuccess | Operation::SendTaskFailure | Operation::SendTaskHeartbeat
    )
}
