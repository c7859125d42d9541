//! Terminal events, redrives after them, and what only a whole history shows (HIS-06, HIS-22, RED-05).

use record::Event;

use super::grow::can_leave;
use super::ledger::Ledger;
use super::shape::EVENT_LIMIT;
use super::times::are_real;
use super::trace::{Home, Phase, Trace};
use super::{attempt, composite, flow};

/// So long after its end an execution can be redriven, and a minute for the clocks.
const REDRIVABLE_MS: i64 = (14 * 24 * 60 + 1) * 60_000;

pub(super) fn terminal(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) {
    ledger.met("HIS-06");
    trace.terminal = Some(position);
    let root = trace.strands.first().map_or(Phase::Ready, |strand| strand.phase);
    let loose = trace.strands.first().is_some_and(|strand| strand.loose);
    let heads = trace.strands.first().map(|strand| strand.heads.clone()).unwrap_or_default();
    let place = trace.whereabouts(0);
    let visited = trace.strands.first().is_some_and(|strand| !strand.visits.is_empty());
    match event.kind.as_str() {
        "ExecutionSucceeded" => {
            let aborted = trace.strands.first().is_some_and(|strand| strand.aborted);
            if root != Phase::Ready || !visited || aborted {
                // Where the state has done its work, only its exit is missing.
                let kind = trace.open_visit(0).map_or("", |(_, visit)| visit.kind.as_str());
                if aborted
                    || !can_leave(kind, root)
                    || !matches!(root, Phase::Entered | Phase::Succeeded | Phase::CompositeSucceeded)
                {
                    let message = format!("ExecutionSucceeded is the wrong end: {place}");
                    trace.fault("HIS-06", event, message, ledger);
                }
                let rule = match root {
                    Phase::FailState => "HIS-23",
                    Phase::Failed | Phase::CompositeFailed | Phase::EvaluationFailed => "HIS-22",
                    _ => "HIS-11",
                };
                trace.fault(rule, event, format!("ExecutionSucceeded while {place}"), ledger);
            } else if !heads.contains(&event.previous) && !loose {
                trace.bad_link(event, 0, ledger);
            }
        }
        "ExecutionFailed" => {
            ledger.met("HIS-22");
            let at_limit = event.id as usize == EVENT_LIMIT;
            let unstarted = root == Phase::Ready && !visited;
            let inside = trace
                .within(0)
                .into_iter()
                .skip(1)
                .filter_map(|at| trace.strand(at))
                .find(|strand| strand.heads.contains(&event.previous));
            let inside = inside.map(|strand| strand.phase).filter(|_| root == Phase::Running);
            flow::uncaught(trace, event, ledger);
            if at_limit || loose {
            } else if root == Phase::Ready && visited {
                trace.fault(
                    "HIS-22",
                    event,
                    format!("ExecutionFailed does not follow a failure: {place}"),
                    ledger,
                );
                trace.fault("HIS-06", event, format!("ExecutionFailed is the wrong end: {place}"), ledger);
            } else if !unstarted && !root.can_fail() {
                let rule = attempt::rule_of(trace, 0).unwrap_or("HIS-14");
                trace.fault(
                    rule,
                    event,
                    format!("ExecutionFailed while {place}: the attempt has no end"),
                    ledger,
                );
                trace.fault(
                    "HIS-22",
                    event,
                    format!("ExecutionFailed does not follow a failure: {place}"),
                    ledger,
                );
            } else if unstarted {
                if event.previous > 1 {
                    trace.bad_link_to(event, "0", ledger);
                }
            } else if matches!(inside, Some(Phase::Failed | Phase::FailState | Phase::CompositeFailed))
                // Which of the states around write a failure of the interpreter is not recorded.
                && event.text("error") != Some("States.Runtime")
            {
                trace.fault(
                    "HIS-27",
                    event,
                    "a branch failed, but its Parallel or Map shows no failure",
                    ledger,
                );
            } else if root == Phase::RunFailed {
                let message = "a Map Run failed, but its Map shows no failure";
                trace.fault("HIS-27", event, message, ledger);
            } else if !heads.contains(&event.previous) && inside.is_none() {
                trace.bad_link(event, 0, ledger);
            }
        }
        _ => {
            ledger.met("HIS-04");
            if event.previous != 0 {
                let message = format!("{} carries previousEventId 0, not {}", event.kind, event.previous);
                trace.fault("HIS-04", event, message, ledger);
            }
        }
    }
    trace.owner.insert(event.id, 0);
}

pub(super) fn redriven(trace: &mut Trace<'_>, event: &Event, ledger: &mut Ledger) {
    ledger.met("RED-05");
    match trace.terminal.and_then(|at| trace.event(at)) {
        None => trace.fault("RED-05", event, "ExecutionRedriven without a terminal event before it", ledger),
        Some(ended) if ended.kind == "ExecutionSucceeded" => {
            trace.fault("RED-01", event, "an execution that succeeded cannot be redriven", ledger);
        }
        Some(ended) if event.at - ended.at > REDRIVABLE_MS && are_real(trace.events) => {
            let days = (event.at - ended.at) / 86_400_000;
            ledger.breach("RED-01", event, format!("redriven {days} days after its end, 14 are allowed"));
        }
        Some(_) => {}
    }
    trace.terminal = None;
    trace.segment += 1;
    if let Some(count) = event.details.get("redriveCount").and_then(serde_json::Value::as_u64)
        && count != trace.segment as u64
    {
        ledger.breach(
            "RED-05",
            event,
            format!("redriveCount is {count} at redrive number {}", trace.segment),
        );
    }
    let gone: Vec<bool> = (0..trace.strands.len()).map(|at| is_behind(trace, at)).collect();
    for (strand, gone) in trace.strands.iter_mut().zip(gone) {
        let done = gone
            || strand.succeeded
            || (strand.home != Home::Root
                && strand.phase == Phase::Ready
                && !strand.aborted
                && !strand.visits.is_empty());
        if done {
            continue;
        }
        strand.loose = true;
        strand.redriven = true;
        strand.aborted = false;
        strand.closed = false;
        if strand.phase != Phase::Ready {
            strand.phase = Phase::Redriven;
        }
        let visit = strand.visits.last().and_then(|at| trace.visits.get_mut(*at));
        if let Some(visit) = visit.filter(|visit| visit.exited.is_none()) {
            visit.redriven = true;
            visit.aborted = None;
            visit.failed = None;
            visit.bygone = visit.evaluations.len();
        }
    }
    trace.owner.insert(event.id, 0);
}

/// Whether a strand is inside a Parallel or Map that was left, or of a round that was tried again: no redrive goes back there.
fn is_behind(trace: &Trace<'_>, strand: usize) -> bool {
    let mut around = trace.strand(strand).and_then(|strand| strand.home.around());
    while let Some((visit, round)) = around {
        let Some(visit) = trace.visits.get(visit) else { return false };
        if visit.exited.is_some() || round + 1 < visit.rounds.len() {
            return true;
        }
        around = trace.strand(visit.strand).and_then(|strand| strand.home.around());
    }
    false
}

/// What only the whole history shows.
pub(super) fn finish(trace: &mut Trace<'_>, ledger: &mut Ledger) {
    if trace.branching {
        ledger.met("HIS-26");
    } else {
        ledger.met("HIS-04");
    }
    composite::finish(trace, ledger);
    let Some(last) = trace.terminal.and_then(|at| trace.event(at)) else { return };
    if last.kind != "ExecutionSucceeded" {
        return;
    }
    let before = |at: usize| trace.event(at).is_some_and(|event| event.id < last.id);
    let open = trace.visits.iter().find(|visit| {
        visit.exited.is_none()
            && !visit.redriven
            && visit.aborted.is_none()
            && visit.strand == 0
            && before(visit.entered)
    });
    if let Some(visit) = open {
        let message = format!("the execution succeeded, but state {:?} was never left", visit.name);
        trace.fault("HIS-11", last, message, ledger);
    }
}
