//! What breaks no rule but will bite: callbacks without limits, late heartbeats, odd retries, tokens in sight of many.

use asl::{Machine, Pattern, Scope, State, StateKind};

use super::attempt::pattern_of;
use super::flow::json;
use super::ledger::Ledger;
use super::tokens::named_tokens;
use super::trace::{Family, Trace};

/// Looks at the history, and at the definition where there is one.
pub(super) fn check(trace: &Trace<'_>, definition: Option<&Machine>, ledger: &mut Ledger) {
    for attempt in trace.visits.iter().flat_map(|visit| &visit.attempts) {
        let Some(scheduled) = trace.event(attempt.scheduled) else { continue };
        let seconds = |member: &str| scheduled.details.get(member).and_then(serde_json::Value::as_i64);
        let waits =
            pattern_of(trace, attempt) == Pattern::WaitForTaskToken || attempt.family == Family::Activity;
        if waits && seconds("timeoutInSeconds").is_none() && seconds("heartbeatInSeconds").is_none() {
            ledger.advise(Some("E2E-09"), scheduled, "neither TimeoutSeconds nor HeartbeatSeconds: a lost message parks the execution for up to a year");
        }
        let service = scheduled.text("resourceType").unwrap_or_default();
        if pattern_of(trace, attempt) == Pattern::WaitForTaskToken && matches!(service, "sns" | "events") {
            let mut tokens = Vec::new();
            if let Some(parameters) = json(scheduled, "parameters") {
                named_tokens(&parameters, &mut tokens);
            }
            let what = if service == "sns" {
                "every subscriber of the topic"
            } else {
                "every rule of the event bus"
            };
            ledger.advise(
                Some("TOK-26"),
                scheduled,
                format!("the task token goes to {what}; whoever holds it in the account can end the task"),
            );
        }
        let started = attempt.started.and_then(|at| trace.event(at));
        let ended = attempt.ended.and_then(|at| trace.event(at));
        if let (Some(started), Some(ended), Some(heartbeat), true) =
            (started, ended, seconds("heartbeatInSeconds"), attempt.ok)
        {
            let took = ended.at - started.at;
            let window = heartbeat.saturating_mul(1000);
            if took * 10 >= window.saturating_mul(8) && took < window {
                ledger.advise(
                    Some("HB-01"),
                    ended,
                    format!(
                        "ended {took} ms after its start, close to the heartbeat window of {heartbeat} s"
                    ),
                );
            }
        }
    }
    let Some(machine) = definition else { return };
    for visit in &trace.visits {
        let (Some(state), Some(entered)) = (machine.find(&visit.name), trace.event(visit.entered)) else {
            continue;
        };
        let heartbeat_only = |names: &[String]| {
            names.iter().any(|name| name == "States.HeartbeatTimeout")
                && !names.iter().any(|name| matches!(name.as_str(), "States.Timeout" | "States.ALL"))
        };
        let wide = state.retriers().iter().any(|retrier| {
            retrier.error_equals.iter().any(|name| matches!(name.as_str(), "States.Timeout" | "States.ALL"))
        });
        if state.retriers().iter().any(|retrier| heartbeat_only(&retrier.error_equals)) && !wide {
            ledger.advise(
                Some("HB-09"),
                entered,
                format!("{:?} retries on States.HeartbeatTimeout only; AWS writes a missed heartbeat as States.Timeout, and a total timeout is not retried", visit.name),
            );
        }
    }
    hidden_failures(trace, machine, ledger);
}

/// An execution that succeeds although its work failed: a caught failure that leads to the end without a Fail state.
fn hidden_failures(trace: &Trace<'_>, machine: &Machine, ledger: &mut Ledger) {
    let Some(last) =
        trace.terminal.and_then(|at| trace.event(at)).filter(|event| event.kind == "ExecutionSucceeded")
    else {
        return;
    };
    let caught = trace.visits.iter().find(|visit| {
        visit.strand == 0
            && visit.exited.is_some()
            && visit.attempts.last().is_some_and(|attempt| attempt.ended.is_some() && !attempt.ok)
    });
    let Some(visit) = caught else { return };
    let scope = machine.top();
    if !leads_to_fail(scope, visit.name.as_str()) {
        ledger.advise(
            Some("E2E-04"),
            last,
            format!("the execution is SUCCEEDED although {:?} failed: its Catch ends without a Fail state, so the status hides the failure", visit.name),
        );
    }
}

/// Whether a Fail state can follow the catchers of this state.
fn leads_to_fail(scope: Scope<'_>, name: &str) -> bool {
    let Some(state) = scope.states.get(name) else { return false };
    let mut open: Vec<&str> = state.catchers().iter().map(|catcher| catcher.next.as_str()).collect();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        match scope.states.get(next) {
            Some(State { kind: StateKind::Fail { .. }, .. }) => return true,
            Some(state) => open.extend(state.next_states()),
            None => {}
        }
    }
    false
}
