//! DESC and LIST: what DescribeExecution and ListExecutions may show.

use record::Operation as Api;
use serde_json::Value;

use crate::check::histories::api::arn_flaw;
use crate::check::{Check, Group, Sink};
use crate::tolerance::PATIENCE;
use crate::view::{Answer, Arn, Execution, View, is_terminal_status, same_json, unqualified};

const MEMBERS: Check = Check::of(
    "DESC-01",
    "description-has-its-members",
    "executionArn, stateMachineArn, a known status and startDate are always there",
);
const STOP_DATE: Check = Check::of(
    "DESC-02",
    "stop-date-exactly-when-ended",
    "stopDate is present exactly when the execution ended, and not before startDate",
);
const OUTPUT: Check =
    Check::of("DESC-03", "output-only-on-success", "output is there on SUCCEEDED and nowhere else");
const ERROR: Check = Check::of(
    "DESC-04",
    "error-only-on-failure",
    "error and cause only where the execution failed or was stopped with them",
);
const FINAL: Check =
    Check::of("DESC-05", "terminal-status-stays", "a terminal status, once seen, never changes");
const FOUND: Check = Check::of(
    "DESC-06",
    "execution-is-found-soon",
    "a started execution is found, at the latest after a while",
);
const UNKNOWN: Check = Check::of(
    "DESC-07",
    "unknown-execution-is-refused",
    "an unknown execution is ExecutionDoesNotExist, a malformed ARN InvalidArn",
);
const INPUT: Check = Check::of(
    "DESC-08",
    "description-has-the-input",
    "input equals the start input; the details are included",
);
const REDRIVE: Check =
    Check::of("DESC-09", "redrive-members", "redriveCount starts at 0; only recent failures are REDRIVABLE");
const NAME: Check =
    Check::of("START-05", "name-comes-back-unchanged", "DescribeExecution shows the name as it was given");
const SORTED: Check = Check::of(
    "LIST-01",
    "most-recent-first",
    "running executions by start date, others by stop date, most recent first",
);
const FILTER: Check = Check::of(
    "LIST-02",
    "filter-lists-that-status",
    "statusFilter lists only that status; a wrong one is refused",
);
const PAGES: Check = Check::of(
    "LIST-03",
    "list-pages-are-bounded",
    "a page holds at most maxResults executions; pages repeat none",
);
const SEEN: Check = Check::of(
    "LIST-04",
    "list-catches-up",
    "ListExecutions shows an execution and its end, at the latest after a while",
);
const ONE_ARN: Check =
    Check::of("LIST-05", "exactly-one-arn", "exactly one of stateMachineArn and mapRunArn is given");
const LIST_UNKNOWN: Check = Check::of(
    "LIST-06",
    "unknown-machine-is-refused",
    "an unknown machine is StateMachineDoesNotExist, an EXPRESS one StateMachineTypeNotSupported",
);

pub(in crate::check) const GROUPS: &[Group] = &[
    Group { checks: &[MEMBERS, STOP_DATE, OUTPUT, ERROR, INPUT, REDRIVE, NAME], run: descriptions },
    Group { checks: &[FINAL], run: settled },
    Group { checks: &[FOUND, UNKNOWN], run: lookups },
    Group { checks: &[SORTED, FILTER, PAGES, ONE_ARN, LIST_UNKNOWN], run: lists },
    Group { checks: &[SEEN], run: lag },
];

fn descriptions(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        for status in execution.statuses.iter().filter(|status| !status.listed) {
            let body = status.body;
            let has = |member: &str| body.get(member).is_some_and(|value| !value.is_null());
            let ended = is_terminal_status(status.status);
            let known = ended || matches!(status.status, "RUNNING" | "PENDING_REDRIVE");
            let whole =
                ["executionArn", "stateMachineArn", "status", "startDate"].iter().all(|member| has(member));
            sink.expect(MEMBERS, whole && known, || {
                format!("a description with status {} lacks a member", status.status)
            });
            let date = |member: &str| body.get(member).and_then(Value::as_f64);
            let ordered =
                date("stopDate").is_none_or(|stop| date("startDate").is_none_or(|start| stop >= start));
            sink.expect(STOP_DATE, has("stopDate") == ended && ordered, || {
                format!(
                    "status {} with stopDate {}",
                    status.status,
                    if has("stopDate") { "before startDate or while running" } else { "absent" }
                )
            });
            sink.expect(OUTPUT, has("output") == (status.status == "SUCCEEDED"), || {
                format!("status {} {} output", status.status, if has("output") { "with" } else { "without" })
            });
            let extra = has("error") || has("cause");
            let lawful = match status.status {
                "FAILED" => true,
                "ABORTED" => {
                    !extra
                        || execution
                            .stops
                            .iter()
                            .filter_map(|i| view.calls.get(*i))
                            .any(|call| call.has("error") || call.has("cause"))
                }
                _ => !extra,
            };
            sink.expect(ERROR, lawful, || {
                format!("status {} with an error or cause that nobody gave", status.status)
            });
            described_input(execution, body, sink);
            let name = body.get("name").and_then(Value::as_str);
            if name.is_none() {
                sink.violated(NAME, "DescribeExecution shows no name");
            }
            if let Some(name) = name {
                if execution.name.is_ascii() {
                    if name != execution.name {
                        sink.violated(MEMBERS, "DescribeExecution shows another name");
                    }
                } else {
                    sink.expect(NAME, name == execution.name, || {
                        "DescribeExecution shows another name".to_owned()
                    });
                }
            }
            redrivable(execution, status.status, body, sink);
        }
    }
}

fn described_input(execution: &Execution<'_>, body: &Value, sink: &mut Sink) {
    let Some(input) = &execution.input else { return };
    let shown =
        body.get("input").and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let included = |data: &str, details: &str| {
        body.get(data).is_none_or(Value::is_null)
            || body.get(details).and_then(|details| details.get("included")) == Some(&Value::Bool(true))
    };
    sink.expect(
        INPUT,
        shown.is_some_and(|shown| same_json(&shown, input))
            && included("input", "inputDetails")
            && included("output", "outputDetails"),
        || {
            "DescribeExecution shows another input than was sent, or does not say that its data are included"
                .to_owned()
        },
    );
}

fn redrivable(execution: &Execution<'_>, status: &str, body: &Value, sink: &mut Sink) {
    let (count, redrive) =
        (body.get("redriveCount").and_then(Value::as_u64), body.get("redriveStatus").and_then(Value::as_str));
    if let Some(count) = count
        && execution.redrives.is_empty()
    {
        sink.expect(REDRIVE, count == 0, || format!("redriveCount is {count} without a redrive"));
    }
    match redrive {
        Some(redrive) => {
            let wanted =
                if matches!(status, "RUNNING" | "SUCCEEDED") { "NOT_REDRIVABLE" } else { "REDRIVABLE" };
            sink.expect(REDRIVE, redrive == wanted, || format!("redriveStatus is {redrive} on {status}"));
            let reason =
                body.get("redriveStatusReason").and_then(Value::as_str).is_some_and(|r| !r.is_empty());
            if redrive == "NOT_REDRIVABLE" && !reason {
                sink.violated(REDRIVE, "redriveStatus is NOT_REDRIVABLE without a redriveStatusReason");
            }
        }
        // Who counts redrives offers them.
        None if count.is_some() => sink.violated(REDRIVE, "a redriveCount without a redriveStatus"),
        None => {}
    }
}

fn settled(view: &View<'_>, sink: &mut Sink) {
    for execution in view.executions.iter().filter(|execution| execution.redrives.is_empty()) {
        let terminal: Vec<_> = execution.statuses.iter().filter(|status| status.is_terminal()).collect();
        for first in &terminal {
            for later in execution.statuses.iter().filter(|later| later.begun >= first.ended) {
                // Lists and descriptions may lag behind one another and themselves (LIST-04, DESC-05), for a while.
                if !later.is_terminal() && later.begun - first.ended < PATIENCE {
                    continue;
                }
                sink.expect(FINAL, later.status == first.status, || {
                    format!("status {} became {}", first.status, later.status)
                });
            }
        }
        if !terminal.is_empty() {
            sink.met(FINAL);
        }
    }
}

fn lookups(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::DescribeExecution) {
        if call.garbled || !call.was_looked_at() {
            continue;
        }
        if let Some((what, code)) = arn_flaw(view, call) {
            sink.expect(UNKNOWN, call.answer.code() == Some(code), || {
                format!("{what}: expected {code}, saw {}", call.answer.says())
            });
            continue;
        }
        let execution = call
            .text("executionArn")
            .and_then(|arn| view.by_arn.get(arn))
            .and_then(|i| view.executions.get(*i));
        let Some(execution) = execution else { continue };
        match call.answer {
            Answer::Done(_) => sink.met(FOUND),
            Answer::Refused(error) if error.code == "ExecutionDoesNotExist" => {
                let age = call.begun - execution.started;
                let seen = execution
                    .statuses
                    .iter()
                    .find(|status| !status.listed && call.begun - status.ended > REMEMBERED);
                if age >= PATIENCE {
                    sink.violated(FOUND, format!("an execution is unknown {age} ms after its start"));
                } else if let Some(seen) = seen {
                    let later = call.begun - seen.ended;
                    sink.violated(
                        FOUND,
                        format!("an execution is unknown {later} ms after it was described"),
                    );
                }
            }
            Answer::Refused(error) => {
                sink.violated(FOUND, format!("describing a started execution answered {}", error.code));
            }
            _ => {}
        }
    }
}

/// So long after an execution was described, all that answer know of it.
const REMEMBERED: i64 = 5_000;

fn lists(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::ListExecutions) {
        if call.garbled || !call.was_looked_at() {
            continue;
        }
        let (machine, map_run) = (call.has("stateMachineArn"), call.has("mapRunArn"));
        if machine == map_run {
            let fits = matches!(call.answer.code(), Some("ValidationException" | "InvalidArn"));
            sink.expect(ONE_ARN, fits, || {
                format!("ListExecutions with both or no ARN answered {}", call.answer.says())
            });
            continue;
        }
        let filter = call.text("statusFilter");
        let lawful_filter = filter.is_none_or(|filter| {
            is_terminal_status(filter) || filter == "RUNNING" || filter == "PENDING_REDRIVE"
        });
        if !lawful_filter {
            sink.expect(FILTER, call.answer.code() == Some("ValidationException"), || {
                format!(
                    "a statusFilter that is no status: expected ValidationException, saw {}",
                    call.answer.says()
                )
            });
            continue;
        }
        let most = call.input.get("maxResults").and_then(Value::as_i64);
        let long = call.text("nextToken").is_some_and(|token| token.chars().count() > 3096);
        if most.is_some_and(|most| !(0..=1000).contains(&most)) || long {
            sink.expect(PAGES, call.answer.code() == Some("ValidationException"), || {
                format!(
                    "a page request out of bounds: expected ValidationException, saw {}",
                    call.answer.says()
                )
            });
            continue;
        }
        let arn = call.text("stateMachineArn").unwrap_or_default();
        let known = view.by_machine.get(unqualified(arn)).and_then(|index| view.machines.get(*index));
        if machine
            && known.is_none()
            && !view.machines.is_empty()
            && Arn::read(arn).and_then(Arn::machine).is_some()
            && !view.calls_of(Api::CreateStateMachine).any(|call| call.answer.is_open_ended())
        {
            sink.expect(LIST_UNKNOWN, call.answer.code() == Some("StateMachineDoesNotExist"), || {
                format!("an unknown machine: expected StateMachineDoesNotExist, saw {}", call.answer.says())
            });
        }
        if known.is_some_and(|machine| machine.express) {
            sink.expect(LIST_UNKNOWN, call.answer.code() == Some("StateMachineTypeNotSupported"), || {
                format!(
                    "an EXPRESS machine: expected StateMachineTypeNotSupported, saw {}",
                    call.answer.says()
                )
            });
        }
        let Some(listed) =
            call.answer.done().and_then(|reply| reply.get("executions")).and_then(Value::as_array)
        else {
            continue;
        };
        if let Some(filter) = filter {
            let other = listed.iter().find(|body| body.get("status").and_then(Value::as_str) != Some(filter));
            sink.expect(FILTER, other.is_none(), || format!("statusFilter {filter} listed another status"));
        }
        let page = most.filter(|most| *most > 0).unwrap_or(100);
        sink.expect(PAGES, listed.len() as i64 <= page, || {
            format!("a page of {} executions with maxResults {page}", listed.len())
        });
        // What a list that lags still shows as running may be sorted as what it is (LIST-04).
        let stale = |body: &Value| {
            let arn = body.get("executionArn").and_then(Value::as_str);
            let known = arn.and_then(|arn| view.by_arn.get(arn)).and_then(|at| view.executions.get(*at));
            known.is_none_or(|execution| execution.closed.is_some_and(|closed| closed <= call.ended))
        };
        let key = |running: bool, member: &str| -> Vec<f64> {
            let status = |body: &Value| body.get("status").and_then(Value::as_str) == Some("RUNNING");
            listed
                .iter()
                .filter(|body| status(body) == running && !(running && stale(body)))
                .filter_map(|body| body.get(member).and_then(Value::as_f64))
                .collect()
        };
        let falling = |dates: &[f64]| dates.windows(2).all(|pair| matches!(pair, [a, b] if a >= b));
        let redriven = view.executions.iter().any(|execution| !execution.redrives.is_empty());
        for (running, member) in [(true, "startDate"), (false, "stopDate")] {
            let dates = key(running, member);
            if dates.len() > 1 && !redriven {
                sink.expect(SORTED, falling(&dates), || {
                    "executions are not listed most recent first".to_owned()
                });
            }
        }
    }
}

fn lag(view: &View<'_>, sink: &mut Sink) {
    for call in view.calls_of(Api::ListExecutions) {
        let Some(reply) = call.answer.done() else { continue };
        let whole = !call.has("nextToken")
            && reply.get("nextToken").is_none_or(Value::is_null)
            && !call.has("statusFilter");
        let Some(machine) =
            call.text("stateMachineArn").and_then(|arn| view.by_machine.get(unqualified(arn)))
        else {
            continue;
        };
        if !whole {
            continue;
        }
        let listed = reply.get("executions").and_then(Value::as_array);
        for execution in view.executions.iter().filter(|execution| execution.machine == Some(*machine)) {
            let body = listed
                .into_iter()
                .flatten()
                .find(|b| b.get("executionArn").and_then(Value::as_str) == Some(execution.arn));
            match body {
                None => {
                    if call.begun - execution.started >= PATIENCE {
                        sink.violated(
                            SEEN,
                            format!(
                                "an execution is not listed {} ms after its start",
                                call.begun - execution.started
                            ),
                        );
                    }
                }
                Some(body) => {
                    let running = body.get("status").and_then(Value::as_str) == Some("RUNNING");
                    let closed = execution.closed.map(|closed| call.begun - closed);
                    if running && closed.is_some_and(|since| since >= PATIENCE) {
                        sink.violated(
                            SEEN,
                            "an ended execution is still listed as RUNNING after half a minute",
                        );
                    } else {
                        sink.met(SEEN);
                    }
                }
            }
        }
    }
}
