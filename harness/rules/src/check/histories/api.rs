//! GEH: GetExecutionHistory as an API: order, pages, page tokens, unknown executions, growth.

use std::collections::{BTreeMap, BTreeSet};

use record::Operation as Api;
use serde_json::{Map, Value};

use crate::check::{Check, Group, Sink};
use crate::tolerance::{MOST_EMPTY_PAGES, PATIENCE, patience};
use crate::view::{
    Answer, Arn, Call, HistoryRead, StatusRead, View, is_terminal_status, moment, same_json_text,
};

const ORDER: Check = Check::of(
    "GEH-01",
    "events-are-in-order",
    "events come oldest first; reverseOrder gives the same events backwards",
);
const PAGE: Check = Check::of(
    "GEH-02",
    "page-size-is-bounded",
    "a page holds at most maxResults events (default 100); 1001 is refused",
);
const WHOLE: Check =
    Check::of("GEH-03", "pages-make-the-whole", "following nextToken yields every event once");
const END: Check = Check::of("GEH-04", "no-token-means-the-end", "a page without nextToken is the last");
const TOKEN: Check = Check::of(
    "GEH-05",
    "bad-page-token-is-refused",
    "a page token that was never given is InvalidToken; over 1,024 characters ValidationException",
);
const ARGUMENTS: Check = Check::of(
    "GEH-06",
    "changed-arguments-do-not-crash",
    "a page token with other arguments is answered somehow",
);
const UNKNOWN: Check = Check::of(
    "GEH-07",
    "unknown-execution-is-refused",
    "an unknown execution is ExecutionDoesNotExist, a malformed ARN InvalidArn",
);
const DATA: Check = Check::of(
    "GEH-08",
    "data-is-left-out-on-request",
    "includeExecutionData=false removes input and output and nothing else",
);
const TRUNCATED: Check =
    Check::of("GEH-09", "details-are-not-truncated", "inputDetails and outputDetails are never truncated");
const GROWS: Check =
    Check::of("GEH-10", "history-only-grows", "an earlier answer is a prefix of a later one");
const SETTLED: Check =
    Check::of("GEH-11", "closed-history-is-settled", "after the terminal event the history does not change");
const AGREES: Check = Check::of(
    "GEH-12",
    "history-and-status-agree-in-time",
    "history and DescribeExecution may be out of step for a while, not for ever",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[ORDER, WHOLE, PAGE, TRUNCATED], run: reads },
    Group { checks: &[WHOLE, END, GROWS, SETTLED, ORDER, DATA], run: compare },
    Group { checks: &[TOKEN, PAGE, UNKNOWN, ARGUMENTS], run: calls },
    Group { checks: &[AGREES], run: agreement },
];

fn ids(read: &HistoryRead<'_>) -> Vec<u64> {
    read.history.events.iter().map(|event| event.id).collect()
}

fn reads(view: &View<'_>, sink: &mut Sink) {
    for read in view.reads.iter().filter(|read| read.unreadable.is_none()) {
        let events = &read.history.events;
        let ordered = events.windows(2).all(|pair| matches!(pair, [a, b] if a.at <= b.at));
        let first = read.wire.first().and_then(|event| event.get("id")?.as_u64());
        if read.reversed && events.len() > 1 && first == events.first().map(|event| event.id) {
            sink.violated(ORDER, "with reverseOrder the oldest event came first");
        }
        if events.len() > 1 {
            sink.expect(ORDER, ordered, || "events are not in the order of time".to_owned());
        }
        if read.pages.len() > 1 && !read.complete {
            let mut seen = BTreeSet::new();
            if let Some(again) = ids(read).into_iter().find(|id| !seen.insert(*id)) {
                sink.violated(WHOLE, format!("a later page begins again at event {again}"));
            }
            let empty = read.sizes.iter().rev().take_while(|size| **size == 0).count();
            let asked = read.pages.last().and_then(|call| view.calls.get(*call)?.entry_text("nextToken"));
            if empty >= MOST_EMPTY_PAGES || empty > 0 && asked == read.next {
                sink.violated(END, format!("after {empty} empty pages there is still a nextToken"));
            }
        }
        if read.pages.len() > 1 && read.complete {
            let ids = ids(read);
            let gap = ids.windows(2).find(|pair| matches!(pair, [a, b] if a + 1 != *b));
            match gap {
                Some(pair) => {
                    sink.violated(WHOLE, format!("joined pages go from event {} to {}", pair[0], pair[1]));
                }
                None if ids.first() == Some(&1) => sink.met(WHOLE),
                None => sink.violated(WHOLE, format!("joined pages begin at event {:?}", ids.first())),
            }
        }
        for (page, size) in read.pages.iter().zip(&read.sizes) {
            let Some(call) = view.calls.get(*page) else { continue };
            let most =
                call.input.get("maxResults").and_then(Value::as_u64).filter(|most| *most > 0).unwrap_or(100);
            sink.expect(PAGE, *size as u64 <= most, || {
                format!("a page of {size} events with maxResults {most}")
            });
        }
        for event in &read.history.events {
            for details in ["inputDetails", "outputDetails"] {
                if let Some(truncated) =
                    event.details.get(details).and_then(|details| details.get("truncated"))
                {
                    sink.expect(TRUNCATED, truncated == &Value::Bool(false), || {
                        format!("{} has truncated {details}", event.kind)
                    });
                }
            }
        }
    }
}

/// Compares the reads of each execution with one another.
fn compare(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let reads: Vec<&HistoryRead<'_>> = execution
            .histories
            .iter()
            .filter_map(|index| view.reads.get(*index))
            .filter(|read| read.complete && read.unreadable.is_none())
            .collect();
        if !execution.redrives.is_empty() {
            continue;
        }
        for (index, one) in reads.iter().enumerate() {
            if one.terminal().is_some() {
                sink.met(END);
            }
            for other in reads.iter().skip(index + 1) {
                // Only reads that do not overlap can be ordered.
                let (earlier, later) = if one.ended < other.begun {
                    (one, other)
                } else if other.ended < one.begun {
                    (other, one)
                } else {
                    continue;
                };
                pair(earlier, later, sink);
            }
        }
    }
}

fn pair(earlier: &HistoryRead<'_>, later: &HistoryRead<'_>, sink: &mut Sink) {
    let (old, new) = (&earlier.history.events, &later.history.events);
    let same_form = earlier.data == later.data;
    let joined = earlier.pages.len() > 1 || later.pages.len() > 1;
    let closed = old.last().is_some_and(record::Event::is_terminal);
    let common = old.iter().zip(new).all(|(a, b)| {
        a.id == b.id
            && a.kind == b.kind
            && a.at == b.at
            && a.previous == b.previous
            && if same_form {
                same_details(&a.details, &b.details)
            } else {
                same_beside_data(&a.details, &b.details)
            }
    });
    let row = if earlier.data != later.data {
        DATA
    } else if joined {
        WHOLE
    } else if earlier.reversed != later.reversed {
        ORDER
    } else if closed {
        SETTLED
    } else {
        GROWS
    };
    if new.len() < old.len() {
        // A shorter later answer: pages that ended too soon, or a history that lost events.
        let lost =
            if later.pages.len() > 1 || later.sizes.first().is_some_and(|size| size % 10 == 0 && *size > 0) {
                END
            } else {
                row
            };
        sink.violated(
            if closed || !joined { row } else { lost },
            format!("a later read has {} events, an earlier one had {}", new.len(), old.len()),
        );
        if joined {
            sink.violated(END, "a page without nextToken was not the last");
        }
        return;
    }
    if closed && new.len() > old.len() {
        sink.violated(
            if joined { WHOLE } else { SETTLED },
            format!("{} events were added after the terminal event", new.len() - old.len()),
        );
        return;
    }
    sink.expect(row, common, || "two reads of one execution differ in events that both have".to_owned());
    if common && joined && same_form {
        // What was read by pages grows and rests as well.
        sink.met(if closed { SETTLED } else { GROWS });
    }
    if !later.data || !earlier.data {
        let bare = if later.data { earlier } else { later };
        let leak = bare.history.events.iter().find(|event| {
            event.details.get("input").is_some_and(|v| !v.is_null())
                || event.details.get("output").is_some_and(|v| !v.is_null())
        });
        if let Some(leak) = leak {
            sink.violated_at(
                DATA,
                Some(leak.id),
                format!("{} has data though none was asked for", leak.kind),
            );
        }
    }
}

/// The same where there may be no data: whether TaskScheduled keeps its parameters is left open.
fn same_beside_data(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    const DATA: [&str; 7] = [
        "input",
        "inputDetails",
        "output",
        "outputDetails",
        "parameters",
        "assignedVariables",
        "assignedVariablesDetails",
    ];
    let bare = |details: &Map<String, Value>| -> Map<String, Value> {
        let kept = details.iter().filter(|(name, _)| !DATA.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    same_details(&bare(a), &bare(b))
}

/// The same members of the same values; JSON in texts may be spelled anew for each answer (IO-09).
fn same_details(a: &Map<String, Value>, b: &Map<String, Value>) -> bool {
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::String(a), Value::String(b)) => same_json_text(a, b),
        _ => a == b,
    };
    a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
}

fn calls(view: &View<'_>, sink: &mut Sink) {
    let mut given: BTreeMap<&str, &Call<'_>> = BTreeMap::new();
    for call in view.calls_of(Api::GetExecutionHistory) {
        if let Some(token) =
            call.answer.done().and_then(|reply| reply.get("nextToken")).and_then(Value::as_str)
        {
            given.entry(token).or_insert(call);
        }
    }
    for call in view.calls_of(Api::GetExecutionHistory) {
        if call.garbled || !call.was_looked_at() {
            continue;
        }
        let most = call.input.get("maxResults").and_then(Value::as_i64);
        if most.is_some_and(|most| !(0..=1000).contains(&most)) {
            sink.expect(PAGE, call.answer.code() == Some("ValidationException"), || {
                format!("maxResults {most:?}: expected ValidationException, saw {}", call.answer.says())
            });
            continue;
        }
        let arn_flaw = arn_flaw(view, call);
        if let Some(token) = call.text("nextToken").filter(|token| !token.is_empty()) {
            match given.get(token) {
                Some(source) => {
                    let same = ["executionArn", "reverseOrder", "includeExecutionData", "maxResults"]
                        .iter()
                        .all(|member| source.input.get(*member) == call.input.get(*member));
                    if !same {
                        let crash = call.answer.refused().filter(|error| error.status >= 500);
                        sink.expect(ARGUMENTS, crash.is_none(), || {
                            format!("a page token with other arguments answered {}", call.answer.says())
                        });
                    } else if let Answer::Refused(error) = call.answer {
                        sink.violated(
                            WHOLE,
                            format!("a page token just given answered {} ({})", error.code, error.status),
                        );
                    }
                }
                None if arn_flaw.is_none() => {
                    let expected: &[&str] = if token.chars().count() > 1024 {
                        &["ValidationException"]
                    } else {
                        &["InvalidToken"]
                    };
                    sink.expect(
                        TOKEN,
                        call.answer.code().is_some_and(|code| expected.contains(&code)),
                        || {
                            format!(
                                "a page token never given: expected {}, saw {}",
                                expected.join(" or "),
                                call.answer.says()
                            )
                        },
                    );
                }
                None => {}
            }
            continue;
        }
        if let Some((what, code)) = arn_flaw {
            sink.expect(UNKNOWN, call.answer.code() == Some(code), || {
                format!("{what}: expected {code}, saw {}", call.answer.says())
            });
        }
    }
}

/// What is wrong with the executionArn of a call, and the error that it must answer.
pub(in crate::check) fn arn_flaw(view: &View<'_>, call: &Call<'_>) -> Option<(&'static str, &'static str)> {
    let arn = call.text("executionArn").filter(|arn| !arn.is_empty())?;
    let Some(read) = Arn::read(arn) else { return Some(("a malformed ARN", "InvalidArn")) };
    if read.kind == "express" {
        return Some(("an express execution", "InvalidArn"));
    }
    if read.execution().is_none() || read.rest.split(':').count() != 2 {
        return Some(("an ARN of no execution", "InvalidArn"));
    }
    if view.by_arn.contains_key(arn) || maybe_started(view, arn) {
        return None;
    }
    Some(("an unknown execution", "ExecutionDoesNotExist"))
}

/// Whether an execution of which no start was confirmed may exist all the same.
fn maybe_started(view: &View<'_>, arn: &str) -> bool {
    let Some((machine, name)) = Arn::read(arn).and_then(Arn::execution) else { return false };
    view.calls.iter().any(|call| {
        let started = call.operation == Api::StartExecution
            && call.answer.is_open_ended()
            && call.text("name").is_none_or(|asked| asked == name)
            && call.text("stateMachineArn").and_then(Arn::read).and_then(Arn::machine) == Some(machine);
        let named = call.answer.done().is_some()
            && matches!(
                call.operation,
                Api::ListExecutions | Api::GetExecutionHistory | Api::ReceiveMessage | Api::DescribeExecution
            )
            && call.answer.done().is_some_and(|reply| {
                call.text("executionArn") != Some(arn) && reply.to_string().contains(arn)
            });
        started || named
    })
}

fn agreement(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| execution.redrives.is_empty()) {
        let ended = execution
            .histories
            .iter()
            .filter_map(|index| view.reads.get(*index))
            .filter(|read| read.history.events.iter().any(record::Event::is_terminal))
            .map(|read| read.ended)
            .min();
        let Some(ended) = ended else {
            // The other way round: a terminal status, and a history that never ends.
            let stopped = |status: &StatusRead<'_>| {
                let date = status.body.get("stopDate").and_then(moment)?;
                Some(view.offset.latest(date).min(status.ended))
            };
            let terminal = execution.statuses.iter().filter(|status| status.is_terminal());
            let closed = terminal.map(|status| stopped(status).unwrap_or(status.ended)).min();
            let latest = execution
                .histories
                .iter()
                .filter_map(|i| view.reads.get(*i))
                .filter(|r| r.complete)
                .map(|r| r.begun)
                .max();
            if let (Some(closed), Some(latest)) = (closed, latest)
                && latest - closed >= patience(view)
            {
                sink.violated(
                    AGREES,
                    format!(
                        "the history has no terminal event {} ms after the status was terminal",
                        latest - closed
                    ),
                );
            }
            continue;
        };
        for status in execution.statuses.iter().filter(|status| !status.listed) {
            if is_terminal_status(status.status) {
                sink.met(AGREES);
            } else if status.begun - ended >= PATIENCE {
                sink.violated(
                    AGREES,
                    format!(
                        "DescribeExecution says {} {} ms after the history ended",
                        status.status,
                        status.begun - ended
                    ),
                );
            } else if status.begun >= ended {
                sink.observed(AGREES, "A-18: DescribeExecution lags behind the history");
            }
        }
    }
}
