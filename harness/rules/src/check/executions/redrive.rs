//! RED: RedriveExecution.

use std::collections::BTreeSet;

use record::Operation as Api;
use serde_json::Value;

use crate::check::{Check, Group, Sink};
use crate::tolerance::{APART, PATIENCE, patience};
use crate::view::attempt::fails_attempt;
use crate::view::{Answer, Call, StatusRead, View, moment, same_date};

const ALLOWED: Check = Check::of(
    "RED-01",
    "only-failed-executions-are-redriven",
    "running and succeeded executions answer ExecutionNotRedrivable",
);
const CONTINUES: Check = Check::of(
    "RED-02",
    "redrive-continues-at-the-failed-step",
    "finished steps are not run again, and a callback gets a new token",
);
const CLIENT_TOKEN: Check = Check::of(
    "RED-04",
    "client-token-is-idempotent",
    "the same clientToken again answers the same redriveDate",
);
const APPENDED: Check =
    Check::of("RED-05", "history-is-appended", "ExecutionRedriven follows the terminal event and ids go on");
const COUNTED: Check =
    Check::of("RED-06", "redrives-are-counted", "redriveCount grows by one with each redrive");

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[ALLOWED, CLIENT_TOKEN], run: calls },
    Group { checks: &[CONTINUES, APPENDED], run: histories },
    Group { checks: &[COUNTED], run: counts },
];

fn calls(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::RedriveExecution) {
        let Some(execution) = call
            .text("executionArn")
            .and_then(|arn| view.by_arn.get(arn))
            .and_then(|i| view.executions.get(*i))
        else {
            continue;
        };
        // What was surely its status when the redrive was asked: the last read before it, if nothing ran in between.
        let before =
            execution.statuses.iter().filter(|s| s.ended < call.begun && !s.listed).max_by_key(|s| s.begun);
        let redriven = execution.redrives.iter().any(|index| *index < call.index);
        let succeeded = before.is_some_and(|status| status.status == "SUCCEEDED")
            || execution.histories.iter().filter_map(|i| view.reads.get(*i)).any(|read| {
                read.ended < call.begun
                    && read.terminal().is_some_and(|event| event.kind == "ExecutionSucceeded")
            });
        let running = !redriven && surely_running(view, execution, call.ended.0);
        let failed = !redriven
            && (before.is_some_and(|status| matches!(status.status, "FAILED" | "ABORTED" | "TIMED_OUT"))
                || execution.closed.is_some_and(|closed| closed < call.begun) && !succeeded);
        match call.answer {
            Answer::Done(_) if succeeded || running => {
                sink.violated(
                    ALLOWED,
                    format!(
                        "redriving a {} execution answered 200",
                        if succeeded { "succeeded" } else { "running" }
                    ),
                );
            }
            Answer::Refused(error) if succeeded || running => {
                sink.expect(ALLOWED, error.code == "ExecutionNotRedrivable", || {
                    format!("expected ExecutionNotRedrivable, saw {}", error.code)
                });
            }
            Answer::Done(reply) if failed => {
                sink.expect(ALLOWED, reply.get("redriveDate").is_some(), || {
                    "RedriveExecution answered without redriveDate".to_owned()
                });
            }
            Answer::Refused(error) if failed && error.code == "ExecutionNotRedrivable" => {
                sink.violated(ALLOWED, "redriving a failed execution answered ExecutionNotRedrivable");
            }
            _ => {}
        }
    }
    let redrives: Vec<_> =
        view.calls_of(Api::RedriveExecution).filter(|call| call.has("clientToken")).collect();
    for (index, one) in redrives.iter().enumerate() {
        for other in redrives.iter().skip(index + 1) {
            let same = one.text("clientToken") == other.text("clientToken")
                && one.text("executionArn") == other.text("executionArn");
            match (one.answer.done(), &other.answer) {
                (Some(a), Answer::Done(b)) if same => {
                    sink.expect(CLIENT_TOKEN, same_date(a.get("redriveDate"), b.get("redriveDate")), || {
                        "the same clientToken answered another redriveDate".to_owned()
                    });
                }
                (Some(_), Answer::Refused(error)) if same && error.code == "ExecutionNotRedrivable" => {
                    sink.violated(CLIENT_TOKEN, "the same clientToken again answered ExecutionNotRedrivable");
                }
                _ => {}
            }
        }
    }
}

/// Whether an accepted call with one of its tokens shows that it ran on after that moment.
fn surely_running(view: &View<'_>, execution: &crate::view::Execution<'_>, moment: i64) -> bool {
    let index = view.by_arn.get(execution.arn).copied();
    execution.redrives.len() <= 1
        && view.tokens.iter().filter(|token| token.execution.is_some() && token.execution == index).any(
            |token| {
                token.received.is_some_and(|received| received.0 <= moment)
                    && view
                        .operations_of(token)
                        .any(|op| op.effect == crate::view::Effect::Accepted && op.begun.0 >= moment)
            },
        )
}

fn histories(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| !execution.redrives.is_empty()) {
        let Some(read) = execution.best.and_then(|best| view.reads.get(best)) else { continue };
        let events = &read.history.events;
        let accepted = execution
            .redrives
            .iter()
            .filter_map(|call| view.calls.get(*call))
            .find(|call| call.answer.done().is_some());
        if let Some(call) = accepted
            && read.begun - call.ended >= patience(view)
            && !events.iter().any(|event| event.kind == "ExecutionRedriven")
        {
            let waited = (read.begun - call.ended) / 1_000;
            sink.violated(APPENDED, format!("RedriveExecution answered 200, and {waited} s later the history shows no ExecutionRedriven"));
            continue;
        }
        let redriven = execution
            .redrives
            .iter()
            .filter_map(|call| view.calls.get(*call)?.answer.done()?.get("redriveDate").and_then(moment))
            .min();
        if let Some(redriven) = redriven {
            // What happened well after it, without it.
            let later = events.iter().any(|event| event.at - redriven > APART);
            let shown = events.iter().any(|event| event.kind == "ExecutionRedriven");
            if later && !shown {
                sink.violated(APPENDED, "the history goes on after a redrive without ExecutionRedriven");
            }
        }
        for (index, _event) in
            events.iter().enumerate().filter(|(_, event)| event.kind == "ExecutionRedriven")
        {
            let before = index.checked_sub(1).and_then(|before| events.get(before));
            sink.expect(APPENDED, before.is_some_and(record::Event::is_terminal), || {
                "ExecutionRedriven does not follow a terminal event".to_owned()
            });
            // Finished states before it are not entered again.
            let done: Vec<&str> =
                events[..index].iter().filter(|e| e.is_exited()).filter_map(|e| e.text("name")).collect();
            let failed =
                events[..index].iter().rev().find(|e| fails_attempt(&e.kind) || e.kind == "FailStateEntered");
            let again = events[index..]
                .iter()
                .find(|e| e.is_entered() && e.text("name").is_some_and(|name| done.contains(&name)));
            let loops = execution
                .definition
                .as_ref()
                .is_none_or(|definition| definition.states.values().any(|s| s.kind() == "Choice"));
            if failed.is_some() && !loops {
                match again {
                    Some(again) => sink.violated_at(
                        CONTINUES,
                        Some(again.id),
                        "a state that had been left was entered again after the redrive",
                    ),
                    None if events[index..].len() > 1 => sink.met(CONTINUES),
                    None => {}
                }
            }
        }
    }
}

fn counts(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| !execution.redrives.is_empty()) {
        let mut calls: Vec<_> =
            execution.redrives.iter().filter_map(|index| view.calls.get(*index)).collect();
        if calls.iter().any(|call| call.answer.is_open_ended()) {
            continue;
        }
        // The same clientToken again is the same redrive (RED-04).
        let mut seen = BTreeSet::new();
        calls.retain(|call| call.text("clientToken").is_none_or(|token| seen.insert(token)));
        for status in execution.statuses.iter().filter(|status| !status.listed && status.is_terminal()) {
            let before =
                calls.iter().filter(|call| call.ended < status.begun && is_shown(call, status)).count()
                    as u64;
            let after = calls.iter().filter(|call| call.begun < status.ended).count() as u64;
            if after == 0 {
                continue;
            }
            match status.body.get("redriveCount").and_then(Value::as_u64) {
                Some(count) => sink.expect(COUNTED, (before..=after).contains(&count), || {
                    format!("redriveCount is {count} after {before} redrives")
                }),
                None if before > 0 => {
                    sink.violated(COUNTED, format!("no redriveCount after {before} redrives"));
                }
                None => {}
            }
        }
    }
}

/// Whether a description is surely of a time after the redrive: its end came later, or half a minute has passed. Else it
/// may lag (DESC-05).
fn is_shown(redrive: &Call<'_>, status: &StatusRead<'_>) -> bool {
    let date = |body: Option<&Value>, name: &str| body?.get(name)?.as_f64();
    let ended = date(Some(status.body), "stopDate");
    let redriven = date(redrive.answer.done(), "redriveDate");
    ended.zip(redriven).is_some_and(|(ended, redriven)| ended > redriven)
        || status.begun - redrive.ended >= PATIENCE
}
