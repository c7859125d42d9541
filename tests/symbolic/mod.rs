//! Histories in symbolic names: every id, ARN, token and time by first appearance, equality and causal links kept.
//!
//! What makes two runs differ is named (`token#1`, `id#2`, `t0+2.0s`); what they say of the service stays as it is.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

use std::collections::BTreeMap;

use record::{CaseRecord, Event, History, Operation, Time};
use regex::Regex;
use serde_json::Value;

/// The last reading of every execution's history in a record, as text, in the order of the executions.
pub(crate) fn histories(record: &CaseRecord, with_times: bool) -> String {
    let mut names = Names { with_times, ..Names::of(record) };
    let mut last: Vec<(String, History)> = Vec::new();
    for entry in &record.entries {
        if entry.call.operation != Operation::GetExecutionHistory {
            continue;
        }
        let Some(history) = entry.outcome.reply().and_then(|reply| History::from_wire(reply).ok()) else {
            continue;
        };
        let arn = entry.call.text("executionArn").unwrap_or_default().to_owned();
        last.retain(|(known, _)| *known != arn);
        last.push((arn, history));
    }
    let pages = last.iter_mut().map(|(_, history)| {
        history.events.sort_by_key(|event| event.id);
        let start = history.events.first().map_or(Time(0), |event| event.at);
        history.events.iter().map(|event| line(event, start, with_times, &mut names)).collect::<String>()
    });
    pages.collect::<Vec<_>>().join("\n")
}

/// `  5 < 4  t0+2.0s  TaskTimedOut  {…}`
fn line(event: &Event, start: Time, with_times: bool, names: &mut Names) -> String {
    let mut details = Value::Object(event.details.clone());
    names.rename(&mut details, start);
    let time = if with_times { format!("  {}", offset(event.at - start)) } else { String::new() };
    let details = if event.details.is_empty() { String::new() } else { format!("  {}", ordered(&details)) };
    format!("{:>3} < {:<3}{time}  {}{details}\n", event.id, event.previous, event.kind)
}

fn offset(ms: i64) -> String {
    format!("t0+{:.1}s", ms as f64 / 1000.0)
}

/// Members in order of name, so that two writers of the same object agree.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, Value> =
                members.iter().map(|(name, value)| (name, ordered(value))).collect();
            sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(ordered).collect(),
        // JSON in a string: its members' order is no news either.
        Value::String(text) if text.starts_with(['{', '[']) => match serde_json::from_str::<Value>(text) {
            Ok(inner) => Value::String(ordered(&inner).to_string()),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

struct Names {
    known: Vec<(String, String)>,
    counts: BTreeMap<&'static str, usize>,
    patterns: Vec<(&'static str, Regex)>,
    with_times: bool,
}

impl Names {
    fn of(record: &CaseRecord) -> Self {
        let pattern = |text: &str| Regex::new(text).expect("a pattern");
        let mut names = Self {
            known: Vec::new(),
            counts: BTreeMap::new(),
            with_times: true,
            patterns: vec![
                (
                    "id",
                    pattern(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
                ),
                ("digest", pattern(r"\b[0-9a-f]{32}\b")),
                ("trace", pattern(r"Root=[0-9A-Za-z;=-]+")),
                ("token", pattern(r"[A-Za-z0-9+/=]{64,}")),
                ("date", pattern(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [0-9:]{8} GMT")),
            ],
        };
        for entry in &record.entries {
            let reply = entry.outcome.reply();
            let replied = |member: &str| reply.and_then(|reply| reply.get(member)).and_then(Value::as_str);
            match entry.call.operation {
                Operation::CreateStateMachine => names.add("machine", replied("stateMachineArn")),
                Operation::StartExecution => {
                    names.add("execution", replied("executionArn"));
                    names.add("name", entry.call.text("name"));
                }
                Operation::CreateQueue => names.add("queue", replied("QueueUrl")),
                Operation::CreateTopic => names.add("topic", replied("TopicArn")),
                _ => {}
            }
            if let Some(role) = entry.call.text("roleArn") {
                names.add("role", Some(role));
            }
        }
        names
    }

    fn add(&mut self, stem: &'static str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !self.known.iter().any(|(known, _)| known == value)) else {
            return;
        };
        let name = self.next(stem);
        self.known.push((value.to_owned(), name));
        // Longer ones first: an ARN may hold a name.
        self.known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    }

    fn next(&mut self, stem: &'static str) -> String {
        if stem == "date" {
            // Of whole seconds: whether two are equal is chance.
            return stem.to_owned();
        }
        let count = self.counts.entry(stem).or_default();
        *count += 1;
        format!("{stem}#{count}")
    }

    fn rename(&mut self, value: &mut Value, start: Time) {
        match value {
            Value::String(text) => *text = self.text(text, start),
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item, start)),
            Value::Object(members) => members.values_mut().for_each(|member| self.rename(member, start)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, start: Time) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.known {
            text = text.replace(value.as_str(), name);
        }
        for (stem, pattern) in self.patterns.clone() {
            while let Some(found) = pattern.find(&text).map(|found| found.as_str().to_owned()) {
                self.add(stem, Some(&found));
                let name = self.known.iter().find(|(value, _)| *value == found).map(|(_, name)| name.clone());
                text = text.replace(&found, &name.unwrap_or_default());
            }
        }
        let moment = Regex::new(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z").expect("a pattern");
        moment
            .replace_all(&text, |found: &regex::Captures<'_>| match Time::from_iso(&found[0]) {
                Some(time) if self.with_times => offset(time - start),
                Some(_) => "time".to_owned(),
                None => found[0].to_owned(),
            })
            .into_owned()
    }
}
