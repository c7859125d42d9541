//! Time rules between event timestamps: no timer fires early, beyond what clocks differ by (TMO-02, HB-05); too late is
//! only what far outlives its window without a timeout (TMO-01). Both allowances are those of [`crate::tolerance`].

use record::{Event, Time};

use super::attempt::pattern_of;
use super::ledger::Ledger;
use super::trace::{Attempt, Family, Home, Phase, Trace, Visit};
use crate::tolerance::{AT_ONCE, PATIENCE, early};
use asl::Pattern;

/// Whether the timestamps say anything. A list whose events are all the same span apart was numbered, not recorded.
pub(super) fn are_real(events: &[Event]) -> bool {
    let mut spans = events.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b.at - a.at),
        _ => None,
    });
    match spans.next() {
        Some(first) if events.len() > 3 => spans.any(|span| span != first),
        _ => true,
    }
}

/// Whether so much more than `bound_ms` passed that its timer never ran.
pub(super) fn is_outlived(from: Time, to: Time, bound_ms: i64) -> bool {
    to - from > bound_ms.saturating_add(PATIENCE)
}

/// Whether less than `bound_ms` passed. Of whole seconds the rest may have been cut off.
pub(super) fn is_early(from: Time, to: Time, bound_ms: i64) -> bool {
    let whole = from.0 % 1000 == 0 && to.0 % 1000 == 0;
    to - from < bound_ms - early(bound_ms).max(if whole { 999 } else { 0 })
}

/// Branches and iterations beside one that failed its Parallel or Map are stopped: long after the failure none enters a
/// state (HIS-27).
fn siblings(trace: &Trace<'_>, ledger: &mut Ledger) {
    for visit in &trace.visits {
        let Some(failed) = visit.failed.and_then(|at| trace.event(at)) else { continue };
        let Some(cause) = trace.by_id(failed.previous) else { continue };
        let strands = visit.rounds.last().map_or(&[][..], |round| round.strands.as_slice());
        let inside: Vec<usize> = strands.iter().flat_map(|strand| trace.within(*strand)).collect();
        let late = trace.between(cause.id, failed.id).iter().find(|event| {
            event.is_entered()
                && event.at - cause.at > PATIENCE
                && trace.owner.get(&event.id).is_some_and(|owner| inside.contains(owner))
        });
        if let Some(late) = late {
            let message = format!("a state is entered {} ms after a failure beside it", late.at - cause.at);
            ledger.breach("HIS-27", late, message);
        }
        for strand in strands.iter().filter_map(|strand| trace.strand(*strand)) {
            let through = strand.visits.last().and_then(|at| trace.event(trace.visits.get(*at)?.exited?));
            let open = matches!(strand.home, Home::Iteration { .. })
                && !(strand.succeeded || strand.aborted || strand.redriven);
            let is_silent = |through: &&Event| {
                let mut own = trace.between(through.id + 1, failed.id).iter().filter(|event| {
                    trace.owner.get(&event.id) == trace.owner.get(&through.id)
                        && !event.is_composite_failure()
                });
                own.next().is_none() && cause.at - through.at > AT_ONCE
            };
            if let Some(through) = through.filter(|_| open).filter(is_silent) {
                let message =
                    format!("an iteration goes no further for {} ms after this", cause.at - through.at);
                ledger.breach("HIS-26", through, message);
            }
        }
    }
}

/// Timeouts of attempts against the windows that their schedule event shows.
pub(super) fn check(trace: &Trace<'_>, real: bool, ledger: &mut Ledger) {
    if !real {
        ledger.unjudged("the timestamps are evenly spaced: time rules are not judged");
    }
    for event in trace.events.iter().filter(|event| event.kind == "ExecutionTimedOut") {
        ledger.met("TMO-06");
        if let Some(error) = event.text("error").filter(|error| *error != "States.Timeout") {
            ledger.breach(
                "TMO-06",
                event,
                format!("an execution times out with States.Timeout, not {error:?}"),
            );
        }
    }
    // Where anything else is wrong, a gap may be what is missing.
    let judge_late = real && trace.sound && ledger.is_clean();
    if judge_late {
        siblings(trace, ledger);
    }
    let attempts =
        trace.visits.iter().flat_map(|visit| visit.attempts.iter().map(move |attempt| (visit, attempt)));
    for (visit, attempt) in attempts {
        if real {
            submitted(trace, attempt, ledger);
        }
        if judge_late {
            outlived(trace, visit, attempt, ledger);
        }
        let Some(ended) = attempt.ended.and_then(|at| trace.event(at)).filter(|event| event.is_timeout())
        else {
            continue;
        };
        let Some(scheduled) = trace.event(attempt.scheduled) else { continue };
        let seconds = |member: &str| scheduled.details.get(member).and_then(serde_json::Value::as_i64);
        let (timeout, heartbeat) = (seconds("timeoutInSeconds"), seconds("heartbeatInSeconds"));
        named(ended, heartbeat.is_some(), ledger);
        // The heartbeats of an activity count from its start.
        let idle = attempt.family == Family::Activity && attempt.started.is_none();
        if idle && timeout.is_none() && heartbeat.is_some() {
            let message = "timed out for want of heartbeats, although no worker had taken the task";
            ledger.breach("HB-05", ended, message);
            continue;
        }
        let heartbeat = heartbeat.filter(|_| !idle);
        let Some(bound) = timeout.into_iter().chain(heartbeat).min() else {
            ledger.breach(
                "TMO-03",
                ended,
                "timed out although the task was scheduled without timeout and heartbeat",
            );
            continue;
        };
        let Some(started) = trace.event(attempt.started.unwrap_or(attempt.scheduled)) else { continue };
        let missed = heartbeat == Some(bound);
        let rule = if missed { "HB-05" } else { "TMO-02" };
        ledger.met(rule);
        if real && is_early(started.at, ended.at, bound.saturating_mul(1000)) {
            let after = ended.at - started.at;
            let message = format!("timed out {after} ms after its start; the window is {bound} s");
            ledger.breach(rule, ended, message.clone());
            if missed && timeout.is_some() {
                ledger.breach("TMO-02", ended, message);
            }
        }
    }
}

/// An attempt that ended otherwise, or goes on, long after its TimeoutSeconds (TMO-01). Heartbeats are not seen here.
fn outlived(trace: &Trace<'_>, visit: &Visit, attempt: &Attempt, ledger: &mut Ledger) {
    let of = |at: Option<usize>| at.and_then(|at| trace.event(at));
    let (Some(scheduled), Some(started)) = (of(Some(attempt.scheduled)), of(attempt.started)) else { return };
    let Some(seconds) = scheduled.details.get("timeoutInSeconds").and_then(serde_json::Value::as_i64) else {
        return;
    };
    let phase = trace.strand(visit.strand).map(|strand| strand.phase);
    let open = matches!(phase, Some(Phase::Started | Phase::Submitted)) && attempt.segment == trace.segment;
    // What an execution's end broke off is over, whatever a redrive makes of the state.
    let broken_off = attempt.ended.is_none() && attempt.segment != trace.segment;
    let aborted = of(visit.aborted).filter(|_| !broken_off);
    let (until, what) = match (of(attempt.ended), aborted) {
        (Some(ended), _) if ended.is_timeout() => return,
        (Some(ended), _) => (Some(ended), "ended"),
        (None, Some(aborted)) => (Some(aborted), "was stopped"),
        (None, None) => (trace.events.last().filter(|_| open), "was still open"),
    };
    if let Some(until) = until.filter(|until| is_outlived(started.at, until.at, seconds.saturating_mul(1000)))
    {
        let after = until.at - started.at;
        let message =
            format!("{:?} {what} {after} ms after its start, its timeout is {seconds} s", visit.name);
        ledger.breach("TMO-01", until, message);
    }
}

/// How long a request of a message takes at most, its own retries included.
const REQUEST_MS: i64 = 300_000;

/// TaskSubmitted is late or missing only where the callback overtook the answer of the service. A function or another
/// long request may be overtaken for long, a message may not.
fn submitted(trace: &Trace<'_>, attempt: &Attempt, ledger: &mut Ledger) {
    let of = |at: Option<usize>| at.and_then(|at| trace.event(at));
    let (Some(started), Some(ended)) = (of(attempt.started), of(attempt.ended)) else { return };
    let message = matches!(started.text("resourceType"), Some("sqs" | "sns" | "events"));
    if !message || pattern_of(trace, attempt) != Pattern::WaitForTaskToken || ended.kind == "TaskFailed" {
        return;
    }
    let submitted = of(attempt.submitted);
    if submitted.is_some_and(|submitted| submitted.id < ended.id) {
        return;
    }
    let shown = submitted.unwrap_or(ended);
    if shown.at - started.at > REQUEST_MS {
        let after = shown.at - started.at;
        let what = if submitted.is_some() { "late" } else { "missing" };
        let message =
            format!("TaskSubmitted is {what} {after} ms after TaskStarted; no request takes so long");
        ledger.breach("HIS-14", shown, message);
    }
}

/// The error of a timeout (TMO-01, A-01), without a cause (recorded).
fn named(ended: &Event, heartbeat: bool, ledger: &mut Ledger) {
    ledger.met("TMO-01");
    let error = ended.text("error");
    let possible = error == Some("States.Timeout") || (heartbeat && error == Some("States.HeartbeatTimeout"));
    if !possible {
        let rule = if heartbeat { "HB-02" } else { "TMO-01" };
        ledger.breach(
            rule,
            ended,
            format!("a timeout has the error States.Timeout, not {}", error.unwrap_or("none")),
        );
    }
}
