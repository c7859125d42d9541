//! STOP: StopExecution, its effect and its races.

use record::Operation as Api;
use serde_json::Value;

use crate::check::histories::api::arn_flaw;
use crate::check::queues::delivery::never_arrived;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{APART, patience};
use crate::view::{Answer, Call, Effect, Execution, Verb, View};

const ABORTS: Check = Check::of(
    "STOP-01",
    "stop-aborts",
    "stopping a running execution answers a stopDate and makes it ABORTED",
);
const TEXTS: Check = Check::of(
    "STOP-02",
    "stop-shows-its-error-and-cause",
    "error and cause of a stop show in ExecutionAborted and DescribeExecution, and none is made up",
);
const NOTHING: Check = Check::of(
    "STOP-03",
    "nothing-runs-after-a-stop",
    "after a stop no further state runs and the history does not grow",
);
const MESSAGE: Check =
    Check::of("STOP-04", "stop-recalls-no-message", "a message sent before the stop is still delivered");
const AGAIN: Check = Check::of(
    "STOP-05",
    "stopping-the-closed-changes-nothing",
    "stopping a closed execution changes nothing",
);
const RACE: Check = Check::of(
    "STOP-06",
    "stop-or-callback-decides",
    "of a stop and a callback one decides: after ExecutionAborted no task succeeds",
);
const UNKNOWN: Check = Check::of(
    "STOP-07",
    "unknown-execution-is-refused",
    "an unknown execution is ExecutionDoesNotExist, a malformed ARN InvalidArn",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[ABORTS, TEXTS, NOTHING, AGAIN, RACE, MESSAGE], run: stops },
    Group { checks: &[UNKNOWN], run: lookups },
];

fn stops(view: &View<'_>, sink: &mut Sink) {
    for (index, execution) in view.executions.iter().enumerate() {
        let calls: Vec<_> = execution.stops.iter().filter_map(|call| view.calls.get(*call)).collect();
        let Some(first) =
            calls.iter().find(|call| matches!(call.answer, Answer::Done(_)) || call.answer.is_open_ended())
        else {
            for call in &calls {
                if let Answer::Refused(error) = call.answer {
                    refused(execution, error.code.as_str(), call.begun, sink);
                }
            }
            continue;
        };
        if !execution.redrives.is_empty() {
            continue;
        }
        // Whether the execution may have ended by itself before the stop.
        let statuses = execution.statuses.iter().filter(|status| status.is_terminal());
        let shown: Option<&str> = statuses.max_by_key(|status| status.begun).map(|status| status.status);
        let read = execution.best.and_then(|best| view.reads.get(best));
        let terminal = read.and_then(|read| read.terminal());
        let confirmed = first.answer.done();
        if let Some(reply) = confirmed {
            let dated = reply.get("stopDate").is_some_and(|date| !date.is_null());
            if !dated {
                sink.violated(ABORTS, "StopExecution answered without stopDate");
            }
            let may_have_ended = match terminal {
                Some(event) => {
                    view.offset.earliest(event.at) <= first.ended || was_answered(view, index, first)
                }
                None => ended_early(view, index, execution, first.ended.0),
            };
            let read_late = execution
                .histories
                .iter()
                .filter_map(|read| view.reads.get(*read))
                .map(|read| read.begun)
                .max();
            let waited = read_late.unwrap_or_default() - first.ended;
            if terminal.is_none() && shown.is_some() && waited >= patience(view) {
                let says = || format!("the history has no end {waited} ms after StopExecution answered 200");
                sink.violated(ABORTS, says());
                sink.violated(NOTHING, says());
                continue;
            }
            match (shown, terminal.map(|event| event.kind.as_str())) {
                (Some("ABORTED"), None | Some("ExecutionAborted")) | (None, Some("ExecutionAborted")) => {
                    sink.met(ABORTS);
                    sink.met(NOTHING);
                    if calls.len() > 1 {
                        sink.met(AGAIN);
                    }
                    sink.met(RACE);
                }
                (Some(shown), Some("ExecutionAborted")) => {
                    let says = format!(
                        "the history of a stopped execution ends with ExecutionAborted, its status is {shown}"
                    );
                    sink.violated(ABORTS, says);
                }
                (shown, ended) if shown.is_some() || ended.is_some() => {
                    if may_have_ended {
                        sink.met(AGAIN);
                        sink.met(RACE);
                    } else {
                        let saw = shown.or(ended).unwrap_or_default();
                        sink.violated(
                            ABORTS,
                            format!("StopExecution answered 200 but the execution became {saw}"),
                        );
                        sink.violated(
                            NOTHING,
                            format!("after StopExecution answered 200 the execution went on to {saw}"),
                        );
                    }
                }
                _ => {
                    let looked = execution.last_looked(&view.reads).unwrap_or_default();
                    if looked - first.ended >= patience(view) {
                        sink.violated(
                            ABORTS,
                            format!(
                                "still RUNNING {} ms after StopExecution answered 200",
                                looked - first.ended
                            ),
                        );
                    }
                }
            }
        }
        after_abort(view, execution, sink);
        texts(view, execution, &calls, sink);
        if confirmed.is_some() {
            messages(view, index, first, sink);
        }
    }
}

/// A stop recalls no message that was sent before it.
fn messages(view: &View<'_>, execution: usize, stop: &Call<'_>, sink: &mut Sink) {
    for token in view.tokens.iter().filter(|token| token.execution == Some(execution)) {
        let mut messages = token.messages.iter().filter_map(|m| view.messages.get(*m));
        if messages.any(|m| m.first().is_some_and(|receipt| receipt.begun >= stop.ended)) {
            sink.met(MESSAGE);
        }
    }
    let mut sent_before = view.attempts.iter().filter(|attempt| {
        let sent = attempt.submitted.and_then(|index| view.events(attempt).get(index));
        attempt.execution == execution && sent.is_some_and(|event| view.offset.latest(event.at) <= stop.begun)
    });
    if sent_before.any(|attempt| never_arrived(view, attempt)) {
        sink.violated(MESSAGE, "a message that was sent before the stop was never delivered");
    }
}

fn refused(execution: &Execution<'_>, code: &str, begun: record::Time, sink: &mut Sink) {
    let closed = execution.closed.is_some_and(|closed| closed < begun);
    if closed {
        let fits = matches!(code, "ExecutionDoesNotExist" | "InvalidArn" | "ValidationException");
        sink.expect(AGAIN, fits, || format!("stopping a closed execution answered {code}"));
    } else if execution.closed.is_none() && code != "ExecutionDoesNotExist" && code != "ValidationException" {
        sink.violated(ABORTS, format!("stopping a running execution answered {code}"));
    }
}

/// Whether something else than the stop may have ended the execution before the stop was answered.
fn ended_early(view: &View<'_>, index: usize, execution: &Execution<'_>, ended: i64) -> bool {
    let Some(definition) = &execution.definition else { return true };
    let of_execution =
        |token: usize| view.tokens.get(token).is_some_and(|t| t.execution.is_none_or(|e| e == index));
    let answered = view.operations.iter().any(|op| {
        op.verb != Verb::Heartbeat
            && op.effect != Effect::Rejected
            && op.begun.0 <= ended
            && matches!(op.bearer, crate::view::Bearer::Issued(token) if of_execution(token))
    });
    let due = |state: &crate::view::StateView| {
        state.json.iter().any(|(member, value)| {
            let limits = member.starts_with("TimeoutSeconds") || member.starts_with("HeartbeatSeconds");
            limits
                && value
                    .as_u64()
                    .is_none_or(|limit| execution.begun.0 + crate::tolerance::seconds(limit) <= ended)
        })
    };
    let may_end = definition.states.values().any(|state| state.kind() == "Wait" || due(state));
    let parks = definition.states.values().any(|state| state.is_callback() || state.is_activity());
    let timed = definition
        .timeout()
        .is_some_and(|limit| execution.begun.0 + crate::tolerance::seconds(limit) <= ended);
    timed || answered || may_end || !parks || view.answered_elsewhere
}

fn after_abort(view: &View<'_>, execution: &Execution<'_>, sink: &mut Sink) {
    for read in execution.histories.iter().filter_map(|index| view.reads.get(*index)) {
        let events = &read.history.events;
        let Some(aborted) = events.iter().position(|event| event.kind == "ExecutionAborted") else {
            continue;
        };
        if let Some(later) = events.get(aborted + 1) {
            let row = if later.kind.ends_with("Succeeded") { RACE } else { NOTHING };
            sink.violated_at(row, Some(later.id), format!("{} follows ExecutionAborted", later.kind));
        } else {
            sink.met(NOTHING);
        }
    }
}

fn texts(view: &View<'_>, execution: &Execution<'_>, calls: &[&Call<'_>], sink: &mut Sink) {
    // Only the first stop that took effect gives its texts; with several it is not known which.
    let taken: Vec<_> =
        calls.iter().filter(|call| call.answer.done().is_some() || call.answer.is_open_ended()).collect();
    let sent: Vec<(Option<&str>, Option<&str>)> =
        taken.iter().map(|call| (call.text("error"), call.text("cause"))).collect();
    let fits = |error: Option<&str>, cause: Option<&str>| {
        let blank = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        sent.iter().any(|(e, c)| blank(*e) == blank(error) && blank(*c) == blank(cause))
    };
    let terminal = execution.best.and_then(|best| view.reads.get(best)).and_then(|read| read.terminal());
    if let Some(event) = terminal.filter(|event| event.kind == "ExecutionAborted") {
        sink.expect(TEXTS, fits(event.text("error"), event.text("cause")), || {
            format!(
                "ExecutionAborted has error {:?}, the stop gave {:?}",
                event.text("error"),
                sent.first().and_then(|s| s.0)
            )
        });
    }
    for status in execution.statuses.iter().filter(|status| status.status == "ABORTED" && !status.listed) {
        let text = |member: &str| status.body.get(member).and_then(Value::as_str);
        sink.expect(TEXTS, fits(text("error"), text("cause")), || {
            format!(
                "DescribeExecution has error {:?}, the stop gave {:?}",
                text("error"),
                sent.first().and_then(|s| s.0)
            )
        });
    }
}

fn lookups(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::StopExecution) {
        if call.garbled || !call.was_looked_at() {
            continue;
        }
        if let Some((what, code)) = arn_flaw(view, call) {
            sink.expect(UNKNOWN, call.answer.code() == Some(code), || {
                format!("{what}: expected {code}, saw {}", call.answer.says())
            });
        }
    }
}

/// Whether a callback was taken while the execution was stopped or just before: then what continues may be dated after the
/// stop (STOP-06).
fn was_answered(view: &View<'_>, execution: usize, stop: &Call<'_>) -> bool {
    let tokens = view.tokens.iter().filter(|token| token.execution == Some(execution));
    tokens.flat_map(|token| view.operations_of(token)).any(|operation| {
        operation.verb != Verb::Heartbeat
            && matches!(operation.effect, Effect::Accepted | Effect::Unknown)
            && operation.begun < stop.ended
            && stop.begun - operation.ended < APART
    })
}
