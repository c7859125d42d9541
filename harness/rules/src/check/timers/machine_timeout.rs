//! TMO: the timeout of a whole execution, never early but eventually.

use serde_json::Value;

use crate::check::wording::or_none;
use crate::check::{Check, Group, Sink};
use crate::tolerance::{PATIENCE, patience, seconds, slack};
use crate::view::{Execution, View};

const MACHINE: Check = Check::of(
    "TMO-06",
    "machine-timeout-is-timed-out",
    "the machine's TimeoutSeconds ends the execution TIMED_OUT, uncaught, not early",
);
const DESCRIBED: Check = Check::of(
    "TMO-07",
    "timed-out-has-no-error",
    "a TIMED_OUT execution has a stopDate but no error, cause or output",
);

pub(in crate::check) const GROUPS: &[Group] = &[Group { checks: &[MACHINE, DESCRIBED], run: machines }];

fn machines(view: &View<'_>, sink: &mut Sink) {
    for execution in &view.executions {
        if !execution.redrives.is_empty() {
            continue;
        }
        let limit = execution.definition.as_ref().and_then(|definition| definition.timeout());
        if let Some(limit) = limit {
            limited(view, execution, limit, sink);
        } else if execution.definition.is_some()
            && execution.statuses.iter().any(|status| status.status == "TIMED_OUT")
        {
            sink.violated(MACHINE, "the execution is TIMED_OUT though its machine has no TimeoutSeconds");
        }
        for status in
            execution.statuses.iter().filter(|status| status.status == "TIMED_OUT" && !status.listed)
        {
            let has = |member: &str| status.body.get(member).is_some_and(|value| !value.is_null());
            let extra: Vec<&str> =
                ["error", "cause", "output"].into_iter().filter(|member| has(member)).collect();
            let dates = (
                status.body.get("startDate").and_then(Value::as_f64),
                status.body.get("stopDate").and_then(Value::as_f64),
            );
            let early = matches!((dates, limit), ((Some(start), Some(stop)), Some(limit)) if stop - start < limit as f64 - 1.0);
            if !has("stopDate") {
                sink.violated(DESCRIBED, "a TIMED_OUT execution has no stopDate");
            } else if !extra.is_empty() {
                sink.violated(DESCRIBED, format!("a TIMED_OUT execution has {}", extra.join(" and ")));
            } else if early {
                sink.violated(DESCRIBED, "stopDate is before startDate plus the machine's TimeoutSeconds");
            } else {
                sink.met(DESCRIBED);
            }
        }
    }
}

fn limited(view: &View<'_>, execution: &Execution<'_>, limit: u64, sink: &mut Sink) {
    let read = execution.best.or(execution.latest).and_then(|read| view.reads.get(read));
    let events = read.map_or(&[][..], |read| read.history.events.as_slice());
    let due = seconds(limit);
    if let (Some(first), Some(last)) = (events.first(), events.last().filter(|event| event.is_terminal())) {
        let age = last.at - first.at;
        let stopped = last.kind == "ExecutionAborted";
        if last.kind == "ExecutionTimedOut" {
            let named = last.text("error").is_none_or(|error| error == "States.Timeout");
            if age < due - slack(events, due) {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("TIMED_OUT after {age} ms, before the machine's {limit} s"),
                );
            } else if !named || last.text("cause").is_some_and(|cause| !cause.is_empty()) {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("ExecutionTimedOut has error {}", or_none(last.text("error"))),
                );
            } else if age > due + PATIENCE {
                sink.violated_at(
                    MACHINE,
                    Some(last.id),
                    format!("TIMED_OUT only after {age} ms, with a limit of {limit} s"),
                );
            } else {
                sink.met(MACHINE);
            }
        } else if !stopped && age > due + PATIENCE {
            sink.violated_at(
                MACHINE,
                Some(last.id),
                format!("{} after {age} ms, beyond the machine's {limit} s", last.kind),
            );
        } else if last.kind == "ExecutionFailed"
            && last.text("error") == Some("States.Timeout")
            && age >= due - slack(events, due)
            && events.iter().all(|event| !event.is_timeout())
        {
            sink.violated_at(
                MACHINE,
                Some(last.id),
                "the machine's timeout ended the execution FAILED, not TIMED_OUT",
            );
        }
        return;
    }
    if execution.closed.is_none()
        && let Some(looked) = execution.last_looked(&view.reads)
        && looked - execution.started - due >= patience(view)
    {
        sink.violated(
            MACHINE,
            format!(
                "still RUNNING {} ms after its start, with a machine timeout of {limit} s",
                looked - execution.started
            ),
        );
    } else if execution.statuses.iter().any(|status| status.status == "TIMED_OUT") {
        sink.met(MACHINE);
    }
}
