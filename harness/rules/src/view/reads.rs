//! Everything that a case read of its executions: histories joined over their pages, and statuses.

use std::collections::BTreeMap;

use record::{Event, History, Operation, Time};
use serde_json::Value;

use super::Call;

/// A history as it was read, over one page or a chain of them.
#[derive(Debug)]
pub struct HistoryRead<'a> {
    /// The execution asked for.
    pub arn: &'a str,
    /// Indices of the calls, one a page.
    pub pages: Vec<usize>,
    /// How many events each page held.
    pub sizes: Vec<usize>,
    /// When the first page was asked for.
    pub begun: Time,
    /// When the last page was there.
    pub ended: Time,
    /// Whether the last page said that there is no more.
    pub complete: bool,
    /// Whether newest came first.
    pub reversed: bool,
    /// Whether inputs and outputs were asked for.
    pub data: bool,
    /// The events in the order in which they came.
    pub wire: Vec<&'a Value>,
    /// The events, oldest first; empty where they cannot be read.
    pub history: History,
    /// Why they cannot be read.
    pub unreadable: Option<String>,
    /// The token of the last page, if there is more.
    pub next: Option<&'a str>,
}

impl HistoryRead<'_> {
    /// Whether it may be judged as a history: whole from the first event, with data.
    pub fn is_whole(&self) -> bool {
        self.complete && self.data && self.unreadable.is_none() && !self.history.events.is_empty()
    }

    /// The event that ends the execution, if it is the last.
    pub fn terminal(&self) -> Option<&Event> {
        self.history.terminal()
    }
}

/// A status of an execution as Describe or List showed it.
#[derive(Debug)]
pub struct StatusRead<'a> {
    /// The call.
    pub call: usize,
    /// When it was asked.
    pub begun: Time,
    /// When it was answered.
    pub ended: Time,
    /// `RUNNING` …
    pub status: &'a str,
    /// The reply of Describe, or the entry of List.
    pub body: &'a Value,
    /// Whether List showed it.
    pub listed: bool,
}

impl StatusRead<'_> {
    /// Whether the execution had ended.
    pub fn is_terminal(&self) -> bool {
        is_terminal_status(self.status)
    }
}

/// Whether a status is one that an execution keeps (DESC-05).
pub fn is_terminal_status(status: &str) -> bool {
    matches!(status, "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED")
}

/// Joins the pages of histories: a page belongs to the read whose last page gave the token it was asked with.
pub(super) fn histories<'a>(calls: &[Call<'a>]) -> Vec<HistoryRead<'a>> {
    let mut reads: Vec<HistoryRead<'a>> = Vec::new();
    let mut waiting: BTreeMap<(&'a str, &'a str), usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.operation == Operation::GetExecutionHistory) {
        let Some(reply) = call.answer.done() else { continue };
        let Some(arn) = call.entry_text("executionArn") else { continue };
        let Some(events) = reply.get("events").and_then(Value::as_array) else { continue };
        let next = reply.get("nextToken").and_then(Value::as_str).filter(|token| !token.is_empty());
        let (reversed, data) =
            (call.flag("reverseOrder").unwrap_or(false), call.flag("includeExecutionData").unwrap_or(true));
        let read = match call.entry_text("nextToken") {
            None => {
                reads.push(HistoryRead {
                    arn,
                    pages: Vec::new(),
                    sizes: Vec::new(),
                    begun: call.begun,
                    ended: call.ended,
                    complete: false,
                    reversed,
                    data,
                    wire: Vec::new(),
                    history: History::default(),
                    unreadable: None,
                    next: None,
                });
                reads.len() - 1
            }
            Some(token) => match waiting.remove(&(arn, token)) {
                Some(read) => read,
                None => continue,
            },
        };
        let index = read;
        let Some(read) = reads.get_mut(index) else { continue };
        if read.reversed != reversed || read.data != data {
            continue; // changed arguments are outside the contract (GEH-06)
        }
        read.pages.push(call.index);
        read.sizes.push(events.len());
        read.ended = call.ended;
        read.wire.extend(events.iter());
        read.complete = next.is_none();
        read.next = next;
        if let Some(token) = next {
            waiting.insert((arn, token), index);
        }
    }
    for read in &mut reads {
        for (index, event) in read.wire.iter().enumerate() {
            match Event::from_wire(event) {
                Ok(event) if !(0..100_000_000_000_000).contains(&event.at.0) => {
                    read.unreadable = Some(format!("event {}: no plausible timestamp", index + 1));
                    read.history.events.clear();
                    break;
                }
                Ok(event) => read.history.events.push(event),
                Err(what) => {
                    read.unreadable = Some(format!("event {}: {what}", index + 1));
                    read.history.events.clear();
                    break;
                }
            }
        }
        // An endpoint that ignores `reverseOrder` is GEH-01's; its events are judged in the order that they have.
        let events = &mut read.history.events;
        let descends = events.first().map(|event| event.id) > events.last().map(|event| event.id);
        if read.reversed && descends {
            events.reverse();
        }
    }
    reads
}
