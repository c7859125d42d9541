//! Histories in symbolic names: every id, ARN, token and time by first appearance, equality and causal links kept.
//!
//! What makes two runs differ is named (`token#1`, `id#2`, `t0+2.0s`); what they say of the service stays as it is. Nothing is
//! judged here: what has no name yet stays as it was written.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::{CaseRecord, Event, History, Operation, Time};

/// The last reading of every execution's history in a record, as text, in the order of the executions: an event a line.
pub fn histories(record: &CaseRecord, with_times: bool) -> String {
    let mut names = Names { with_times, ..Names::of(record) };
    let pages = last_readings(record).into_iter().map(|history| {
        let start = start(&history);
        history.events.iter().map(|event| line(event, start, with_times, &mut names)).collect::<String>()
    });
    pages.collect::<Vec<_>>().join("\n")
}

/// The same readings where order and times are no news, as branches, workers and clocks leave them: how often each event occurs
/// (`TaskSucceeded < TaskSubmitted  {…}`), names without their numbers.
pub fn occurrences(record: &CaseRecord) -> BTreeMap<String, usize> {
    let mut names = Names { with_times: false, ..Names::of(record) };
    let mut counts = BTreeMap::new();
    for history in last_readings(record) {
        let start = start(&history);
        for event in &history.events {
            let before = history.events.iter().find(|other| other.id == event.previous);
            let before = before.map_or("-", |before| before.kind.as_str());
            let text = format!("{} < {before}{}", event.kind, details(event, start, &mut names));
            *counts.entry(NUMBERS.replace_all(&text, "$1").into_owned()).or_default() += 1;
        }
    }
    counts
}

fn last_readings(record: &CaseRecord) -> Vec<History> {
    let mut last: Vec<(&str, History)> = Vec::new();
    for entry in &record.entries {
        if entry.call.operation != Operation::GetExecutionHistory {
            continue;
        }
        let Some(history) = entry.outcome.reply().and_then(|reply| History::from_wire(reply).ok()) else {
            continue;
        };
        let arn = entry.call.text("executionArn").unwrap_or_default();
        last.retain(|(known, _)| *known != arn);
        last.push((arn, history));
    }
    let ordered = last.into_iter().map(|(_, mut history)| {
        history.events.sort_by_key(|event| event.id);
        history
    });
    ordered.collect()
}

fn start(history: &History) -> Time {
    history.events.first().map_or(Time(0), |event| event.at)
}

/// `  5 < 4  t0+2.0s  TaskTimedOut  {…}`
fn line(event: &Event, start: Time, with_times: bool, names: &mut Names) -> String {
    let time = if with_times { format!("  {}", offset(event.at - start)) } else { String::new() };
    let details = details(event, start, names);
    format!("{:>3} < {:<3}{time}  {}{details}\n", event.id, event.previous, event.kind)
}

fn details(event: &Event, start: Time, names: &mut Names) -> String {
    if event.details.is_empty() {
        return String::new();
    }
    let mut details = Value::Object(event.details.clone());
    names.rename(&mut details, start);
    format!("  {}", ordered(&details))
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

/// What differs from run to run by nature, by the stem of its name.
static PATTERNS: LazyLock<[(&str, Regex); 5]> = LazyLock::new(|| {
    [
        ("id", pattern(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")),
        ("digest", pattern(r"\b[0-9a-f]{32}\b")),
        ("trace", pattern(r"Root=[0-9A-Za-z;=-]+")),
        ("token", pattern(r"[A-Za-z0-9+/=]{64,}")),
        ("date", pattern(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [0-9:]{8} GMT")),
    ]
});
static MOMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z"));
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(id|digest|trace|token|machine|execution|name|queue|topic|role)#\d+"));

#[expect(clippy::expect_used, reason = "the patterns are the constants above, which every test compiles")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

struct Names {
    known: Vec<(String, String)>,
    counts: BTreeMap<&'static str, usize>,
    with_times: bool,
}

impl Names {
    fn of(record: &CaseRecord) -> Self {
        let mut names = Self { known: Vec::new(), counts: BTreeMap::new(), with_times: true };
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
        for (stem, pattern) in PATTERNS.iter() {
            while let Some(found) = pattern.find(&text).map(|found| found.as_str().to_owned()) {
                self.add(stem, Some(&found));
                let name = self.known.iter().find(|(value, _)| *value == found).map(|(_, name)| name.clone());
                text = text.replace(&found, &name.unwrap_or_default());
            }
        }
        let told = MOMENT.replace_all(&text, |found: &regex::Captures<'_>| {
            let found = found.get(0).map_or("", |found| found.as_str());
            match Time::from_iso(found) {
                Some(time) if self.with_times => offset(time - start),
                Some(_) => "time".to_owned(),
                None => found.to_owned(),
            }
        });
        told.into_owned()
    }
}
