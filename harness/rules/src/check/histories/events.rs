//! HIS and what else a history says by itself: every history read in the case goes through [`crate::history::check`].

use std::collections::BTreeSet;

use record::Time;
use serde_json::Value;

use crate::check::tokens::issue::{message_of, submitted_id};
use crate::check::{Check, Group, Sink};
use crate::digest::md5;
use crate::history::{Completion, Known, check};
use crate::tolerance::PATIENCE;
use crate::view::{
    Attempt, Effect, Execution, HistoryRead, Message, Pattern, Queue, Verb, View, same_json_text,
};

const READABLE: Check =
    Check::of("HIS-01", "history-can-be-read", "every event has an id, a type and a timestamp");
const SENT: Check = Check::of(
    "HIS-18",
    "submitted-event-names-the-message",
    "TaskSubmitted has the MessageId of the message that arrives",
);
const DIGEST: Check = Check::of(
    "HIS-18",
    "submitted-event-has-the-digest",
    "MD5OfMessageBody in TaskSubmitted is that of the received body",
);
const COUNTS: Check = Check::of(
    "HIS-21",
    "tokens-tasks-and-messages-agree",
    "there are as many callback attempts as tokens and as messages accepted",
);
const STATUS: Check =
    Check::of("HIS-07", "terminal-event-and-status-agree", "the terminal event and the settled status agree");
const DATES: Check = Check::of(
    "HIS-09",
    "events-and-dates-agree",
    "the first and last events have startDate and stopDate within a second",
);
const OUTPUT: Check = Check::of(
    "HIS-12",
    "described-output-is-the-last",
    "the output that DescribeExecution shows is that of ExecutionSucceeded",
);
const INPUT: Check =
    Check::of("HIS-05", "started-event-has-the-input", "ExecutionStarted has the input that was sent");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: crate::history::CHECKS, run: each },
    Group { checks: &[READABLE], run: readable },
    Group { checks: &[SENT, DIGEST, COUNTS], run: messages },
    Group { checks: &[STATUS, DATES, INPUT, OUTPUT], run: described },
];

fn each(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let completions = completions(view, execution);
        // Of several reads only the largest whole one is judged in full: the others are its prefixes (GEH-10).
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut order: Vec<usize> = execution.histories.clone();
        order.reverse();
        for index in order {
            let Some(read) = view.reads.get(index).filter(|read| read.is_whole()) else { continue };
            if execution.best != Some(index) && !seen.insert(read.history.events.len()) {
                continue;
            }
            if let Some(best) =
                execution.best.filter(|best| *best != index).and_then(|best| view.reads.get(best))
                && is_prefix(read, best)
            {
                continue;
            }
            one(view, execution, read, &completions, sink);
        }
    }
}

fn is_prefix(read: &HistoryRead<'_>, best: &HistoryRead<'_>) -> bool {
    read.history.events.len() <= best.history.events.len()
        && read.history.events.iter().zip(&best.history.events).all(|(a, b)| {
            a.id == b.id
                && a.details == b.details
                && a.at == b.at
                && a.kind == b.kind
                && a.previous == b.previous
        })
}

fn one(
    view: &View<'_>,
    execution: &Execution<'_>,
    read: &HistoryRead<'_>,
    completions: &[Completion],
    sink: &mut Sink,
) {
    let machine = execution.machine.and_then(|machine| view.machines.get(machine));
    let definition = execution.definition.as_ref();
    let settled = execution.final_status().filter(|_| execution.redrives.is_empty());
    let date =
        |member: &str| settled.and_then(|status| status.body.get(member)).and_then(crate::view::moment);
    let known = Known {
        definition: definition.and_then(|definition| definition.machine.as_ref()),
        input: execution.input.as_ref(),
        role_arn: execution.role.as_deref(),
        execution_arn: Some(execution.arn),
        state_machine_arn: machine.map(|machine| machine.arn.as_str()),
        // A history may lag behind a terminal status, so a missing end is judged elsewhere (GEH-12).
        closed: None,
        status: settled.map(|status| status.status).filter(|_| read.terminal().is_some()),
        started: date("startDate").filter(|_| read.terminal().is_some()),
        stopped: date("stopDate").filter(|_| read.terminal().is_some()),
        live: true,
        completions,
    };
    let checked = check(&read.history, &known);
    for breach in checked.breaches {
        sink.violated_at(Check::of(breach.rule, breach.check, ""), breach.event, breach.message);
    }
    for (rule, check) in checked.met {
        sink.met(Check::of(rule, check, ""));
    }
}

fn completions(view: &View<'_>, execution: &Execution<'_>) -> Vec<Completion> {
    let index = view.by_arn.get(execution.arn).copied();
    let mut completions = Vec::new();
    for token in view.tokens.iter().filter(|token| token.execution.is_some() && token.execution == index) {
        for operation in view.operations_of(token).filter(|op| op.effect == Effect::Accepted) {
            let Some(call) = view.call_of(operation) else { continue };
            let owned = |member: &str| call.text(member).map(str::to_owned);
            let result = match operation.verb {
                Verb::Success => Ok(owned("output").unwrap_or_default()),
                Verb::Failure => Err((owned("error"), owned("cause"))),
                Verb::Heartbeat => continue,
            };
            completions.push(Completion { token: token.text.clone(), result });
        }
    }
    completions
}

fn readable(view: &View<'_>, sink: &mut Sink) {
    for read in &view.reads {
        if let Some(why) = &read.unreadable {
            sink.violated(READABLE, format!("a history cannot be read: {why}"));
        } else if read.complete && read.history.events.is_empty() {
            // Nothing says how soon a history shows what happened.
            let started = view.by_arn.get(read.arn).and_then(|index| view.executions.get(*index));
            if started.is_none_or(|execution| read.begun - execution.started > PATIENCE) {
                sink.violated(READABLE, "the history of an execution has no events");
            }
        } else {
            sink.met(READABLE);
        }
    }
}

fn messages(view: &View<'_>, sink: &mut Sink) {
    for attempt in view.attempts.iter().filter(|attempt| attempt.pattern == Pattern::Callback) {
        if !attempt.resource.starts_with("sqs:") || attempt.submitted.is_none() {
            continue;
        }
        let Some(id) = submitted_id(view, attempt) else {
            sink.violated(
                SENT,
                format!(
                    "TaskSubmitted of state {} has no MessageId",
                    attempt.state.clone().unwrap_or_default()
                ),
            );
            continue;
        };
        if let Some(message) = message_of(view, attempt) {
            sink.met(SENT);
            digest(view, attempt, message, sink);
            continue;
        }
        // The message that holds the attempt's token has another id.
        let token = attempt.token.and_then(|token| view.tokens.get(token));
        let other = token.and_then(|token| token.messages.first()).and_then(|m| view.messages.get(*m));
        if other.is_some_and(|message| message.envelope.is_none() && message.id != id) {
            sink.violated(
                SENT,
                "TaskSubmitted names another message than the one that arrived with its token",
            );
        }
    }
    for (index, execution) in view.executions.iter().enumerate() {
        let tries: Vec<_> = view
            .attempts
            .iter()
            .filter(|a| a.execution == index && a.pattern == Pattern::Callback && a.token.is_some())
            .collect();
        if tries.is_empty() || execution.best.is_none() {
            continue;
        }
        let mut tokens: Vec<usize> = tries.iter().filter_map(|attempt| attempt.token).collect();
        tokens.sort_unstable();
        tokens.dedup();
        let mut ids: Vec<String> = tries.iter().filter_map(|attempt| submitted_id(view, attempt)).collect();
        let accepted = ids.len();
        ids.sort_unstable();
        ids.dedup();
        sink.expect(COUNTS, tokens.len() == tries.len() && ids.len() == accepted, || {
            format!(
                "{} callback attempts, {} tokens, {} of {accepted} messages",
                tries.len(),
                tokens.len(),
                ids.len()
            )
        });
        // Tokens that arrived and that no attempt of the ended execution shows.
        let invented = view.tokens.iter().enumerate().filter(|(_, token)| {
            token.execution == Some(index)
                && token.attempt.is_none()
                && !token.activity
                && token.received.is_some()
        });
        let ended = execution
            .best
            .and_then(|best| view.reads.get(best))
            .is_some_and(|read| read.terminal().is_some() && shows_redrives(read, execution));
        if ended && invented.count() > 0 && tries.iter().all(|attempt| attempt.token.is_some()) {
            sink.violated(COUNTS, "a message holds a token that no callback attempt of its execution has");
        }
    }
}

/// A body whose tokens were replaced when it was stored has no digest any more; a FIFO queue may answer for a duplicate.
fn digest(view: &View<'_>, attempt: &Attempt, message: &Message<'_>, sink: &mut Sink) {
    let fifo = view.queues.get(message.queue).is_some_and(Queue::is_fifo);
    let Some(output) = attempt.submitted.and_then(|index| view.events(attempt).get(index)?.text("output"))
    else {
        return;
    };
    let output: Option<Value> = serde_json::from_str(output).ok();
    let shown = output.as_ref().and_then(|output| output.get("MD5OfMessageBody")).and_then(Value::as_str);
    if let Some(shown) = shown.filter(|_| !fifo && !message.body.contains("token#")) {
        sink.expect(DIGEST, shown.eq_ignore_ascii_case(&md5(message.body)), || {
            "MD5OfMessageBody in TaskSubmitted is not that of the received body".to_owned()
        });
    }
}

fn described(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| execution.redrives.is_empty()) {
        let Some(read) = execution.best.and_then(|best| view.reads.get(best)) else { continue };
        if let (Some(input), Some(first)) = (&execution.input, read.history.events.first()) {
            let shown = first.text("input").and_then(|text| serde_json::from_str::<Value>(text).ok());
            sink.expect(INPUT, shown.is_some_and(|shown| crate::view::same_json(&shown, input)), || {
                "ExecutionStarted has another input than was sent".to_owned()
            });
        }
        let Some(last) = read.terminal() else { continue };
        let wanted = match last.kind.as_str() {
            "ExecutionSucceeded" => "SUCCEEDED",
            "ExecutionFailed" => "FAILED",
            "ExecutionAborted" => "ABORTED",
            _ => "TIMED_OUT",
        };
        for status in execution.statuses.iter().filter(|status| status.is_terminal()) {
            sink.expect(STATUS, status.status == wanted, || {
                format!("the history ends with {}, the status is {}", last.kind, status.status)
            });
            if let (Some(shown), Some(output)) =
                (status.body.get("output").and_then(Value::as_str), last.text("output"))
            {
                sink.expect(OUTPUT, same_json_text(shown, output), || {
                    "DescribeExecution shows another output than ExecutionSucceeded".to_owned()
                });
            }
            let date = |member: &str| status.body.get(member).and_then(crate::view::moment);
            let near = |a: Option<Time>, b: Time| a.is_none_or(|a| (a - b).abs() <= 1_000);
            if let Some(first) = read.history.events.first() {
                sink.expect(
                    DATES,
                    near(date("startDate"), first.at) && near(date("stopDate"), last.at),
                    || "startDate or stopDate is more than a second from the first or last event".to_owned(),
                );
            }
        }
    }
}

/// Whether a history shows as many redrives as may have been: one that lags behind a redrive ends with the end before it.
fn shows_redrives(read: &HistoryRead<'_>, execution: &Execution<'_>) -> bool {
    let shown = read.history.events.iter().filter(|event| event.kind == "ExecutionRedriven").count();
    shown >= execution.redrives.len()
}
