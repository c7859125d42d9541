//! One call of a record, with its input read where it was sent as raw text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use record::{Entry, Operation, Time};
use serde_json::{Map, Value};

use super::Answer;

/// So many breakdowns in a row for one request are no accident: AWS's SDKs give up then, too.
const TRIES: u32 = 3;

/// Silence that lasted so long is a time-out.
const SLOW: i64 = 3_000;

/// A call and its answer.
#[derive(Debug)]
pub struct Call<'a> {
    /// Its place in the record.
    pub index: usize,
    /// What was asked.
    pub operation: Operation,
    /// Just before it was sent.
    pub begun: Time,
    /// Just after the answer.
    pub ended: Time,
    /// The members of the request.
    pub input: Cow<'a, Map<String, Value>>,
    /// What came back.
    pub answer: Answer<'a>,
    /// The entry itself.
    pub entry: &'a Entry,
    /// Whether the body was raw text that is no JSON object.
    pub garbled: bool,
    /// Whether it is the last of three tries in a row that nothing came back of that could be read.
    pub mute: bool,
}

impl<'a> Call<'a> {
    /// Reads an entry.
    pub(super) fn of(index: usize, entry: &'a Entry) -> Self {
        let (input, garbled) = match &entry.call.raw_body {
            None => (Cow::Borrowed(&entry.call.input), false),
            Some(body) => match serde_json::from_str(body) {
                Ok(Value::Object(members)) => (Cow::Owned(members), false),
                _ => (Cow::Borrowed(&entry.call.input), true),
            },
        };
        Self {
            index,
            operation: entry.call.operation,
            begun: entry.begun,
            ended: entry.ended,
            input,
            answer: Answer::of(&entry.outcome),
            entry,
            garbled,
            mute: false,
        }
    }

    /// A request that broke the service in each of three tries in a row has been answered: the last try stands as a refusal.
    /// The tries before it may have taken effect all the same. Of one that was met with silence as often nothing is known but that.
    pub(super) fn settle(calls: &mut [Self]) {
        let mut runs: BTreeMap<&'a str, (usize, u32)> = BTreeMap::new();
        for index in 0..calls.len() {
            let (before, rest) = calls.split_at_mut(index);
            let Some(call) = rest.first_mut() else { continue };
            let entry: &'a Entry = call.entry;
            let planned = entry.note.as_deref().is_some_and(|note| note.starts_with("fault"));
            // A time-out is no answer; a connection that is closed at once is one.
            let slow = call.answer == Answer::Unknown && call.ended - call.begun >= SLOW;
            if !call.answer.is_open_ended() || planned || slow {
                runs.remove(entry.actor.as_str());
                continue;
            }
            let run = runs.entry(&entry.actor).or_insert((index, 0));
            let same = before.get(run.0).is_none_or(|first| first.entry.call == entry.call);
            *run = if same { (run.0, run.1 + 1) } else { (index, 1) };
            match call.answer {
                Answer::Broken(error) if run.1 >= TRIES => call.answer = Answer::Refused(error),
                Answer::Unknown if run.1 >= TRIES => call.mute = true,
                _ => {}
            }
        }
    }

    /// A string member of the request.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// A string member of the request as it lives in the record (not of a raw body).
    pub fn entry_text(&self, member: &str) -> Option<&'a str> {
        self.entry.call.input.get(member).and_then(Value::as_str)
    }

    /// A boolean member of the request.
    pub fn flag(&self, member: &str) -> Option<bool> {
        self.input.get(member).and_then(Value::as_bool)
    }

    /// Whether a member was given.
    pub fn has(&self, member: &str) -> bool {
        self.input.get(member).is_some_and(|value| !value.is_null())
    }

    /// Whether the service looked at the request: done or refused for what it says.
    pub fn was_looked_at(&self) -> bool {
        matches!(self.answer, Answer::Done(_) | Answer::Refused(_))
    }

    /// Whether another call asks for the same list, or for another page of it.
    pub fn asks_as(&self, other: &Self) -> bool {
        let apart = |call: &Self| {
            let mut input = call.input.clone().into_owned();
            input.shift_remove("nextToken");
            input
        };
        self.operation == other.operation && apart(self) == apart(other)
    }

    /// Whether this call ended before the other began.
    pub fn precedes(&self, other: &Self) -> bool {
        self.ended < other.begun
    }
}
