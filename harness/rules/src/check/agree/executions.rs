//! One execution in the answers of StartExecution, DescribeExecution, ListExecutions, StopExecution and RedriveExecution.

use serde_json::Value;

use super::{same_moment, text};
use crate::check::{Check, Group, Sink};
use crate::view::{Call, Execution, StatusRead, View, same_json_text, unqualified};

const DESCRIBED: Check = Check::of(
    "DESC-01",
    "description-is-of-that-execution",
    "executionArn, stateMachineArn, name, startDate and traceHeader are those of the execution that was started",
);
const LISTED: Check = Check::of(
    "LIST-04",
    "list-entry-is-of-that-execution",
    "an entry of ListExecutions has the machine, name and dates of its execution, a stopDate exactly when it ended",
);
const QUALIFIED: Check = Check::of(
    "START-19",
    "qualifier-of-the-start-is-described",
    "the version or alias of the start is described, and none where the start named none",
);
const STAYS: Check =
    Check::of("DESC-05", "closed-description-stays", "two descriptions of a closed execution say the same");
const UNTOUCHED: Check = Check::of(
    "STOP-05",
    "stop-changes-no-description",
    "stopping a closed execution changes nothing that is described",
);
const STOPPED: Check = Check::of(
    "STOP-01",
    "stop-date-is-that-of-the-stop",
    "a stopped execution is described with the stopDate that StopExecution answered",
);
const REDRIVEN: Check = Check::of(
    "RED-06",
    "redrive-date-is-described",
    "a redriven execution is described with the redriveDate that RedriveExecution answered",
);

pub(super) const GROUPS: &[Group] = &[
    Group { checks: &[DESCRIBED, LISTED, QUALIFIED], run: starts },
    Group { checks: &[STAYS, UNTOUCHED], run: rests },
    Group { checks: &[STOPPED, REDRIVEN], run: dates },
];

fn starts(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let Some(start) = execution.starts.first().and_then(|call| view.calls.get(*call)) else { continue };
        for status in &execution.statuses {
            let flaw = differs(execution, start, status);
            sink.expect(if status.listed { LISTED } else { DESCRIBED }, flaw.is_none(), || {
                format!("{} shows {}", shown_by(status), flaw.unwrap_or_default())
            });
            if !status.listed {
                qualified(start, status.body, sink);
            }
        }
    }
}

fn shown_by(status: &StatusRead<'_>) -> &'static str {
    if status.listed { "ListExecutions" } else { "DescribeExecution" }
}

/// The first member that is not the one of the execution that was started.
fn differs(execution: &Execution<'_>, start: &Call<'_>, status: &StatusRead<'_>) -> Option<&'static str> {
    let body = status.body;
    let asked = start.text("stateMachineArn").map(unqualified);
    let stopped = body.get("stopDate").is_some_and(|date| !date.is_null());
    let started = start.answer.done().and_then(|reply| reply.get("startDate"));
    // Several starts may have had several trace headers.
    let header = start.text("traceHeader").filter(|header| !header.is_empty());
    let traced = execution.starts.len() > 1 || status.listed || text(body, "traceHeader") == header;
    let checks = [
        (text(body, "executionArn") == Some(execution.arn), "another executionArn than it was asked for"),
        (
            // A start by version or alias may be described by either.
            text(body, "stateMachineArn").is_none_or(|arn| {
                Some(arn) == asked
                    || start.text("stateMachineArn") != asked && Some(unqualified(arn)) == asked
            }),
            "another stateMachineArn than that of the start",
        ),
        (text(body, "name").is_none_or(|name| name == execution.name), "another name than that of the start"),
        (same_moment(body.get("startDate"), started), "another startDate than StartExecution answered"),
        (!status.listed || stopped == status.is_terminal(), "a stopDate that does not go with the status"),
        (traced, "another traceHeader than that of the start"),
        (!status.listed || described_stop(execution, status), "another stopDate than the description"),
    ];
    checks.into_iter().find(|(holds, _)| !holds).map(|(_, what)| what)
}

/// Whether a list dates an end as the descriptions of it do.
fn described_stop(execution: &Execution<'_>, listed: &StatusRead<'_>) -> bool {
    let mut described = execution.statuses.iter().filter(|status| !status.listed);
    let described = described.find(|status| status.is_terminal() && status.status == listed.status);
    let dates = (listed.body.get("stopDate"), described.and_then(|status| status.body.get("stopDate")));
    !execution.redrives.is_empty() || same_moment(dates.0, dates.1)
}

fn qualified(start: &Call<'_>, body: &Value, sink: &mut Sink) {
    let Some(asked) = start.text("stateMachineArn") else { return };
    let (version, alias) = (text(body, "stateMachineVersionArn"), text(body, "stateMachineAliasArn"));
    let qualifier = asked.strip_prefix(unqualified(asked)).unwrap_or_default().trim_start_matches(':');
    if qualifier.is_empty() {
        // Where nothing was asked for, nothing shown proves nothing.
        if version.is_some() || alias.is_some() {
            sink.violated(
                QUALIFIED,
                format!(
                    "a start without a qualifier is described with version {version:?} and alias {alias:?}"
                ),
            );
        }
        return;
    }
    let held = if qualifier.bytes().all(|byte| byte.is_ascii_digit()) {
        version == Some(asked) && alias.is_none()
    } else {
        alias == Some(asked) && version.is_some_and(|version| unqualified(version) == unqualified(asked))
    };
    sink.expect(QUALIFIED, held, || {
        format!("a start with the qualifier {qualifier:?} is described with version {version:?} and alias {alias:?}")
    });
}

/// What is described of a closed execution does not change any more.
fn rests(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| execution.redrives.is_empty()) {
        let mut closed = execution.statuses.iter().filter(|status| !status.listed && status.is_terminal());
        let Some(first) = closed.next() else { continue };
        for later in closed.filter(|later| later.begun >= first.ended && later.status == first.status) {
            let stopped = execution.stops.iter().filter_map(|call| view.calls.get(*call)).any(|call| {
                call.begun >= first.ended && call.ended <= later.begun && call.answer.done().is_some()
            });
            let row = if stopped { UNTOUCHED } else { STAYS };
            let moved = ["startDate", "stopDate", "input", "output", "error", "cause"]
                .into_iter()
                .find(|member| !same(first.body.get(*member), later.body.get(*member)));
            sink.expect(row, moved.is_none(), || {
                format!(
                    "{} of a closed execution changed between two descriptions",
                    moved.unwrap_or_default()
                )
            });
        }
    }
}

fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    let given = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
    match (given(one), given(other)) {
        (Some(Value::String(one)), Some(Value::String(other))) => same_json_text(&one, &other),
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn dates(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        let answered = |calls: &[usize], member: &'static str| -> Option<Vec<(&Call<'_>, &Value)>> {
            let calls = calls.iter().filter_map(|call| view.calls.get(*call));
            let calls: Vec<&Call<'_>> = calls.filter(|call| call.answer.refused().is_none()).collect();
            // An answer that never came may have set the date.
            calls.into_iter().map(|call| Some((call, call.answer.done()?.get(member)?))).collect()
        };
        let fits = |status: &StatusRead<'_>, member: &str, dates: &[(&Call<'_>, &Value)]| {
            let shown = status.body.get(member);
            dates.iter().any(|(_, date)| same_moment(shown, Some(date)))
        };
        let described = || execution.statuses.iter().filter(|status| !status.listed);
        // A stop that found the execution closed did not date its end (STOP-05).
        let first =
            execution.stops.iter().filter_map(|call| view.calls.get(*call)).map(|call| call.begun).min();
        let late = execution.closed.is_some_and(|closed| first.is_some_and(|first| closed < first));
        if execution.redrives.is_empty()
            && !late
            && let Some(stops) = answered(&execution.stops, "stopDate").filter(|stops| !stops.is_empty())
        {
            for status in described().filter(|status| status.status == "ABORTED") {
                sink.expect(STOPPED, fits(status, "stopDate", &stops), || {
                    "the description has another stopDate than StopExecution answered".to_owned()
                });
            }
        }
        let Some(redrives) = answered(&execution.redrives, "redriveDate") else { continue };
        for status in described() {
            let again = redrives.iter().any(|(call, _)| call.ended < status.begun);
            // Whether a running execution shows the redrive at once is not said: descriptions may lag (DESC-05).
            let counted =
                status.body.get("redriveCount").and_then(Value::as_u64).is_some_and(|count| count > 0);
            if again && status.is_terminal() && counted {
                let dated = status.body.get("redriveDate").is_some_and(|date| !date.is_null());
                sink.expect(REDRIVEN, dated && fits(status, "redriveDate", &redrives), || {
                    "a redriven execution is described with another redriveDate, or none".to_owned()
                });
            }
        }
    }
}
