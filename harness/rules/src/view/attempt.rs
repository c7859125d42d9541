//! Attempts of tasks, read out of a history by its causal links: scheduled, started, submitted, ended.

use record::{Event, Time};
use serde_json::Value;

use super::reads::HistoryRead;

/// How an attempt's task hands its work out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `.waitForTaskToken`.
    Callback,
    /// An activity.
    Activity,
    /// `.sync`.
    Sync,
    /// Request and response, a Lambda function by its ARN included.
    Request,
}

/// One attempt of one task.
#[derive(Debug)]
pub struct Attempt {
    /// Index of the execution.
    pub execution: usize,
    /// The state, if the links lead to it.
    pub state: Option<String>,
    /// Id of the StateEntered event that it belongs to; all attempts of one visit share it.
    pub visit: Option<u64>,
    /// Which attempt of the visit it is, from 0.
    pub number: usize,
    /// The pattern.
    pub pattern: Pattern,
    /// Index in the history of its scheduled event.
    pub scheduled: usize,
    /// Index of its started event.
    pub started: Option<usize>,
    /// Index of its submitted event.
    pub submitted: Option<usize>,
    /// Index of the event that ended it.
    pub ended: Option<usize>,
    /// Further events that end it: there must be none (TOK-21).
    pub ended_again: Vec<usize>,
    /// Index of the event that the end led to, by its link.
    pub followed: Option<usize>,
    /// `timeoutInSeconds`.
    pub timeout: Option<u64>,
    /// `heartbeatInSeconds`.
    pub heartbeat: Option<u64>,
    /// `resourceType` and `resource`.
    pub resource: String,
    /// The parameters as JSON.
    pub parameters: Option<Value>,
    /// Index of its token among the view's tokens.
    pub token: Option<usize>,
}

/// Whether an event ends an attempt.
pub fn ends_attempt(kind: &str) -> bool {
    matches!(
        kind,
        "TaskSucceeded"
            | "TaskFailed"
            | "TaskTimedOut"
            | "TaskStartFailed"
            | "TaskSubmitFailed"
            | "ActivitySucceeded"
            | "ActivityFailed"
            | "ActivityTimedOut"
            | "ActivityScheduleFailed"
            | "LambdaFunctionSucceeded"
            | "LambdaFunctionFailed"
            | "LambdaFunctionTimedOut"
            | "LambdaFunctionScheduleFailed"
            | "LambdaFunctionStartFailed"
    )
}

/// Whether an event ends an attempt without success.
pub fn fails_attempt(kind: &str) -> bool {
    ends_attempt(kind) && !kind.ends_with("Succeeded")
}

/// Reads the attempts of one history.
pub(super) fn attempts(execution: usize, read: &HistoryRead<'_>, into: &mut Vec<Attempt>) {
    let events = &read.history.events;
    let base = into.len();
    // Which attempt an event belongs to, and which visit, by its index.
    let mut owner: Vec<Option<usize>> = vec![None; events.len()];
    let mut visit: Vec<Option<usize>> = vec![None; events.len()];
    for (index, event) in events.iter().enumerate() {
        let parent = parent(events, index);
        if event.is_entered() {
            visit[index] = Some(index);
            link(into, &owner, parent, index, events);
            continue;
        }
        visit[index] = parent.and_then(|parent| visit[parent]).or_else(|| {
            // A flattened link: the last state that was entered.
            (event.previous == 0 || parent.is_none())
                .then(|| events[..index].iter().rposition(Event::is_entered))
                .flatten()
        });
        let kind = event.kind.as_str();
        if matches!(kind, "TaskScheduled" | "ActivityScheduled" | "LambdaFunctionScheduled") {
            link(into, &owner, parent, index, events);
            // Where links are missing, the state may be another one: only a Task schedules.
            let entered = visit[index]
                .and_then(|entered| events.get(entered))
                .filter(|entered| entered.kind == "TaskStateEntered");
            let number =
                into[base..].iter().filter(|a| a.visit.is_some() && a.visit == entered.map(|e| e.id)).count();
            owner[index] = Some(into.len());
            into.push(scheduled(execution, event, index, entered, number));
            continue;
        }
        if kind.starts_with("Task") || kind.starts_with("Activity") || kind.starts_with("LambdaFunction") {
            if kind == "TaskStateExited" || kind == "TaskStateAborted" {
                link(into, &owner, parent, index, events);
                continue;
            }
            let mine = parent
                .and_then(|parent| owner[parent])
                .or_else(|| into[base..].iter().rposition(|a| a.ended.is_none()).map(|last| base + last));
            owner[index] = mine;
            let Some(attempt) = mine.and_then(|mine| into.get_mut(mine)) else { continue };
            if ends_attempt(kind) {
                if attempt.ended.is_none() {
                    attempt.ended = Some(index);
                } else {
                    attempt.ended_again.push(index);
                }
            } else if kind.ends_with("Submitted") {
                attempt.submitted = attempt.submitted.or(Some(index));
            } else if kind.ends_with("Started") {
                attempt.started = attempt.started.or(Some(index));
            }
            continue;
        }
        link(into, &owner, parent, index, events);
    }
}

fn parent(events: &[Event], index: usize) -> Option<usize> {
    let previous = events[index].previous;
    let guess = usize::try_from(previous).ok()?.checked_sub(1)?;
    if events.get(guess).is_some_and(|event| event.id == previous) && guess < index {
        return Some(guess);
    }
    events[..index].iter().rposition(|event| event.id == previous)
}

/// Notes what an attempt's end led to.
fn link(
    attempts: &mut [Attempt],
    owner: &[Option<usize>],
    parent: Option<usize>,
    index: usize,
    events: &[Event],
) {
    if events[index].kind == "TaskStateAborted" {
        return; // a leaf beside what follows (recorded)
    }
    let Some(attempt) = parent.and_then(|parent| owner[parent]).and_then(|mine| attempts.get_mut(mine))
    else {
        return;
    };
    if attempt.followed.is_none() && attempt.ended.is_some() && attempt.ended == parent {
        attempt.followed = Some(index);
    }
}

fn scheduled(
    execution: usize,
    event: &Event,
    index: usize,
    entered: Option<&Event>,
    number: usize,
) -> Attempt {
    let resource = event.text("resource").unwrap_or_default();
    let pattern = if event.kind == "ActivityScheduled" {
        Pattern::Activity
    } else if resource.ends_with(".waitForTaskToken") {
        Pattern::Callback
    } else if resource.contains(".sync") {
        Pattern::Sync
    } else {
        Pattern::Request
    };
    let seconds = |member: &str| event.details.get(member).and_then(Value::as_u64);
    Attempt {
        execution,
        state: entered.and_then(|event| event.text("name")).map(str::to_owned),
        visit: entered.map(|event| event.id),
        number,
        pattern,
        scheduled: index,
        started: None,
        submitted: None,
        ended: None,
        ended_again: Vec::new(),
        followed: None,
        timeout: seconds("timeoutInSeconds"),
        heartbeat: seconds("heartbeatInSeconds"),
        resource: match event.text("resourceType") {
            Some(kind) => format!("{kind}:{resource}"),
            None => resource.to_owned(),
        },
        parameters: event.text("parameters").and_then(|text| serde_json::from_str(text).ok()),
        token: None,
    }
}

impl Attempt {
    /// When its clock began: at its start event, or where that is missing at its scheduling (TMO-02).
    pub fn clock_began(&self, events: &[Event]) -> Option<Time> {
        match self.pattern {
            // An activity does not start before it is polled (ACT-03).
            Pattern::Activity => self.started,
            _ => self.started.or(Some(self.scheduled)),
        }
        .and_then(|index| events.get(index))
        .map(|event| event.at)
    }

    /// The event that ended it.
    pub fn end<'e>(&self, events: &'e [Event]) -> Option<&'e Event> {
        self.ended.and_then(|index| events.get(index))
    }
}
