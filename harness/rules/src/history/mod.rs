//! Event histories of Standard workflows: what AWS could not have written is a breach.
//!
//! A history is judged in three passes: each event by itself (`shape`, `details`), the events as a partial order over
//! `previousEventId` (`grow`, `trace`, `flow`), and, with a definition, every branch again as `asl` would have run it (`replay`).
//! Calls, deliveries and other executions are not known here. Invariant: nothing that AWS's documents leave open is a
//! breach, and what cannot be known from the history is not guessed.

use record::{History, Time};
use serde_json::Value;

use crate::check::Check;
use ledger::Ledger;

mod advice;
mod attempt;
mod composite;
mod ends;
mod flow;
mod grow;
mod holes;
mod ledger;
mod members;
mod replay;
mod shape;
mod times;
mod tokens;
mod trace;

/// One thing that AWS would not have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule it breaks.
    pub rule: &'static str,
    /// The check that saw it.
    pub check: &'static str,
    /// The id of the event that shows it.
    pub event: Option<u64>,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// What else is known of the execution; every part may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The definition that the execution ran.
    pub definition: Option<&'a asl::Machine>,
    /// The input it was started with, parsed.
    pub input: Option<&'a Value>,
    /// The role of the state machine.
    pub role_arn: Option<&'a str>,
    /// The execution's ARN.
    pub execution_arn: Option<&'a str>,
    /// The state machine's ARN.
    pub state_machine_arn: Option<&'a str>,
    /// Whether the execution is known to have ended before the history was read.
    pub closed: Option<bool>,
    /// `status` of DescribeExecution, once settled.
    pub status: Option<&'a str>,
    /// `startDate` of DescribeExecution.
    pub started: Option<Time>,
    /// `stopDate` of DescribeExecution, once settled.
    pub stopped: Option<Time>,
    /// Whether the timestamps are surely those of the service; else a list that is evenly spaced counts as numbered by hand.
    pub live: bool,
    /// Accepted SendTaskSuccess and SendTaskFailure calls.
    pub completions: &'a [Completion],
}

/// A SendTaskSuccess or SendTaskFailure that was answered with success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The token it named.
    pub token: String,
    /// The output as sent, or error and cause.
    pub result: Result<String, (Option<String>, Option<String>)>,
}

/// Something worth knowing that breaks no rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    /// The rule it comes from, where there is one.
    pub rule: Option<&'static str>,
    /// The event it is about.
    pub event: Option<u64>,
    /// What to look at.
    pub message: String,
}

/// The outcome of checking one history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong, in order of events.
    pub breaches: Vec<Breach>,
    /// Rules whose antecedent occurred in this history, with the check that looked.
    pub met: Vec<(&'static str, &'static str)>,
    /// What a reader should look at.
    pub advice: Vec<Advice>,
    /// What could not be judged, and why.
    pub unjudged: Vec<String>,
}

/// Checks a history, complete or still growing. Events are taken in the order in which they stand.
pub fn check(history: &History, known: &Known<'_>) -> Checked {
    let events = history.events.as_slice();
    let mut ledger = Ledger::default();
    let hidden = shape::is_hidden(events);
    shape::check(events, 1, hidden, known, &mut ledger);
    if events.is_empty() {
        return ledger.close();
    }
    let real = known.live || times::are_real(events);
    let trace = grow::grow(events, &mut ledger);
    if known.closed == Some(true) && trace.terminal.is_none() {
        ledger.breach_at(
            "HIS-06",
            events.last().map(|event| event.id),
            "the execution has ended, its history has no terminal event",
        );
    }
    flow::check(&trace, known, &mut ledger);
    times::check(&trace, real, &mut ledger);
    tokens::check(&trace, &mut ledger);
    if let Some(machine) = known.definition {
        replay::check(&trace, machine, known, real, &mut ledger);
    }
    advice::check(&trace, known.definition, &mut ledger);
    if hidden {
        ledger.met("GEH-08");
        ledger.unjudged("the execution data are hidden: data flow is not judged");
    }
    ledger.close()
}

/// Checks a page that begins after the start of its history: each event by itself, and their order.
pub(crate) fn check_page(history: &History, known: &Known<'_>) -> Checked {
    let events = history.events.as_slice();
    let mut ledger = Ledger::default();
    let from = events.first().map_or(1, |event| event.id);
    let known = Known { started: None, ..*known };
    shape::check(events, from, !shape::carry_data(events), &known, &mut ledger);
    ledger.unjudged(format!("the events before {from} are not here: each event was judged by itself"));
    ledger.close()
}

/// The names of the members that the details of an event type can have.
pub(crate) fn member_names(kind: &str) -> Vec<&'static str> {
    members::members(kind).unwrap_or_default().iter().map(|member| member.name).collect()
}

/// Every check of histories. One a rule, so that a breach names its check.
pub const CHECKS: &[Check] = &[
    Check::of("HIS-01", "history/ids", "event ids are 1 to n, in order"),
    Check::of("HIS-02", "history/links-exist", "previousEventId is smaller than id and names an event, or 0"),
    Check::of("HIS-03", "history/first-links", "events 1 and 2 have previousEventId 0"),
    Check::of("HIS-04", "history/chain", "in a linear machine each event points at the one it follows from"),
    Check::of("HIS-05", "history/start", "the first event is ExecutionStarted with input and role"),
    Check::of(
        "HIS-06",
        "history/one-end",
        "one terminal event, the last, and the one that the states lead to",
    ),
    Check::of("HIS-07", "history/status", "the terminal event and the status agree"),
    Check::of("HIS-08", "history/time-order", "timestamps do not decrease"),
    Check::of("HIS-09", "history/dates", "first and last timestamp are startDate and stopDate"),
    Check::of("HIS-10", "history/members", "detail members belong to their type and have the modelled form"),
    Check::of("HIS-11", "history/enter-exit", "states are entered and left by turns"),
    Check::of("HIS-12", "history/data-chain", "each output is the next input"),
    Check::of("HIS-13", "history/transitions", "each transition is the definition's"),
    Check::of(
        "HIS-14",
        "history/callback-attempt",
        "order of events in a callback, sync or activity attempt",
    ),
    Check::of("HIS-15", "history/request-attempt", "order of events in a request-response attempt"),
    Check::of("HIS-16", "history/resource", "all events of an attempt carry the resource of the state"),
    Check::of("HIS-17", "history/scheduled", "TaskScheduled has region, parameters and only set windows"),
    Check::of("HIS-18", "history/submitted", "TaskSubmitted.output is the service's answer"),
    Check::of(
        "HIS-19",
        "history/callback-output",
        "TaskSucceeded.output is JSON, and what the callback sent",
    ),
    Check::of("HIS-20", "history/callback-error", "TaskFailed carries the callback's error and cause"),
    Check::of("HIS-21", "history/tokens", "one token for each attempt"),
    Check::of("HIS-22", "history/uncaught", "ExecutionFailed follows the failure it comes from"),
    Check::of("HIS-23", "history/fail-state", "a Fail state is never left"),
    Check::of("HIS-24", "history/limit", "at most 25,000 events"),
    Check::of("HIS-25", "history/types", "unknown event types are advice, no breach"),
    Check::of("HIS-26", "history/tree", "Parallel and Map: a chain for each branch and iteration"),
    Check::of(
        "HIS-27",
        "history/aborts",
        "a failed branch aborts its siblings and fails its Parallel or Map",
    ),
    Check::of("HIS-28", "history/families", "Activity, LambdaFunction and Task events go with the resource"),
    Check::of("HIS-29", "history/replay", "the definition, run again, gives the same values"),
    Check::of("GEH-01", "history/listed-order", "events are listed in ascending order"),
    Check::of("GEH-08", "history/hidden-data", "includeExecutionData=false removes data and nothing else"),
    Check::of("GEH-09", "history/truncated", "inputDetails and outputDetails are never truncated"),
    Check::of("DEF-06", "history/scope", "transitions stay in their scope"),
    Check::of("START-22", "history/no-second-run", "nothing runs twice unless Retry asks for it"),
    Check::of("TOK-04", "history/token-per-attempt", "no two attempts share a token"),
    Check::of("TMO-01", "history/timeout-name", "a task timeout is States.Timeout"),
    Check::of("TMO-02", "history/timeout-early", "no timeout before TimeoutSeconds, counted from the start"),
    Check::of("TMO-03", "history/timeout-unset", "no timeout where none is set"),
    Check::of(
        "TMO-06",
        "history/execution-timeout",
        "no ExecutionTimedOut before the machine's TimeoutSeconds",
    ),
    Check::of("TMO-11", "history/timeout-shown", "timeoutInSeconds is the effective value"),
    Check::of(
        "HB-02",
        "history/heartbeat-name",
        "a missed heartbeat is States.Timeout or States.HeartbeatTimeout",
    ),
    Check::of("HB-05", "history/heartbeat-early", "no missed heartbeat before HeartbeatSeconds"),
    Check::of("HB-12", "history/heartbeat-shown", "heartbeatInSeconds is the effective value"),
    Check::of("ERR-05", "history/catcher", "the first matching Catcher decides"),
    Check::of("ERR-06", "history/uncaught-error", "ExecutionFailed repeats the error that nothing caught"),
    Check::of("ERR-07", "history/error-output", "the Catcher places Error and Cause"),
    Check::of("ERR-09", "history/caught-exit", "a caught error leaves its state"),
    Check::of("ERR-10", "history/retry-first", "Retry is used before Catch"),
    Check::of("ERR-11", "history/retry-defaults", "Retry has its default values"),
    Check::of("ERR-12", "history/no-retry", "MaxAttempts 0 allows no retry"),
    Check::of("ERR-13", "history/retry-wait", "a retry waits for its interval"),
    Check::of("ERR-14", "history/retry-jitter", "with full jitter any wait up to the interval is possible"),
    Check::of("ERR-15", "history/retry-count", "retries are counted for each retrier and visit"),
    Check::of("ERR-16", "history/attempts", "no more attempts than Retry allows"),
    Check::of("ERR-18", "history/retry-link", "a retry points at the failure"),
    Check::of("IO-01", "history/parameters", "parameters are the template's"),
    Check::of("IO-02", "history/unresolved", "an unresolved path fails the execution"),
    Check::of("IO-04", "history/task-output", "the result of a Task is placed as the definition says"),
    Check::of("IO-06", "history/state-output", "the output of other states is as the definition says"),
    Check::of("IO-10", "history/data-limit", "input and output have at most 262,144 bytes"),
    Check::of("IO-11", "history/parameter-limit", "parameters have at most 262,144 bytes"),
    Check::of("RED-01", "history/redrivable", "only failed, stopped and timed out executions are redriven"),
    Check::of(
        "RED-02",
        "history/redriven-parts",
        "only branches and iterations that failed or were stopped run again",
    ),
    Check::of("RED-05", "history/redrive", "a redrive appends to the history after its terminal event"),
];

#[cfg(test)]
mod tests {
    use super::CHECKS;

    #[test]
    fn each_rule_and_each_check_has_one_row() {
        let rules: std::collections::BTreeSet<_> = CHECKS.iter().map(|check| check.rule).collect();
        let checks: std::collections::BTreeSet<_> = CHECKS.iter().map(|check| check.name).collect();
        assert_eq!((rules.len(), checks.len()), (CHECKS.len(), CHECKS.len()));
    }
}
