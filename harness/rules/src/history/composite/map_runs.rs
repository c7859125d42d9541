//! Map Runs: one of its own ARN for each round of a distributed Map, started, redriven and ended once (HIS-26, RED-05).
//!
//! What it does not do: the child executions, whose histories are their own.

use record::Event;
use serde_json::Value;

use super::super::ledger::Ledger;
use super::super::trace::{Phase, Strand, Trace};
use super::in_state;

/// The redrives of a Map Run are counted one by one.
fn counted(trace: &Trace<'_>, event: &Event, ledger: &mut Ledger) {
    let Some(count) = event.details.get("redriveCount").and_then(Value::as_u64) else { return };
    let of_run = |other: &&Event| {
        other.kind == event.kind && other.id <= event.id && other.text("mapRunArn") == event.text("mapRunArn")
    };
    let redriven = trace.events.iter().filter(of_run).count() as u64;
    if count != redriven {
        let message = format!("redriveCount is {count} at redrive number {redriven} of its Map Run");
        ledger.breach("RED-05", event, message);
    }
}

/// A Map Run started, was redriven, or ended.
pub(super) fn run(trace: &mut Trace<'_>, position: usize, event: &Event, phase: Phase, ledger: &mut Ledger) {
    if event.kind == "MapRunRedriven" && trace.segment == 0 {
        trace.fault("RED-05", event, "MapRunRedriven in an execution that was not redriven", ledger);
    }
    run_arn(trace, event, ledger);
    if event.kind == "MapRunRedriven" {
        counted(trace, event, ledger);
    }
    let view: &Trace<'_> = trace;
    let pick = view.pick(event, |at, strand| {
        in_state(view, at, "Map")
            && match phase {
                Phase::RunStarted => matches!(strand.phase, Phase::Running | Phase::Redriven),
                _ => matches!(strand.phase, Phase::RunStarted | Phase::Redriven),
            }
    });
    let strand = match pick {
        Ok(pick) => {
            if !pick.linked {
                trace.bad_link(event, pick.strand, ledger);
            }
            pick.strand
        }
        Err(linked) => {
            let strand = linked.unwrap_or_default();
            let place = trace.whereabouts(strand);
            trace.fault("HIS-26", event, format!("{} while {place}", event.kind), ledger);
            strand
        }
    };
    if phase == Phase::RunStarted
        && let Some(round) = trace.current_mut(strand).and_then(|visit| visit.rounds.last_mut())
    {
        round.run = Some(position);
    }
    trace.advance(strand, event, phase);
}

/// A Map Run was stopped, before or after the states around it; what its event points at is not recorded.
pub(super) fn run_aborted(trace: &mut Trace<'_>, event: &Event, ledger: &mut Ledger) {
    let has_run = |trace: &Trace<'_>, at: usize| {
        let may_run =
            |strand: &Strand| matches!(strand.phase, Phase::RunStarted | Phase::Redriven | Phase::Over);
        trace.strand(at).is_some_and(may_run)
            && trace.current(at).is_some_and(|(_, visit)| {
                visit.kind == "Map"
                    && visit.exited.is_none()
                    && visit.failed.is_none()
                    && visit.rounds.last().is_some_and(|round| round.run.is_some())
            })
    };
    let running: Vec<usize> = (0..trace.strands.len()).filter(|at| has_run(trace, *at)).collect();
    let owner = trace.owner.get(&event.previous).copied();
    let Some(strand) = running.iter().rfind(|at| Some(**at) == owner).or_else(|| running.last()).copied()
    else {
        let place = trace.whereabouts(0);
        return trace.fault("HIS-26", event, format!("MapRunAborted but no Map Run runs: {place}"), ledger);
    };
    let is_open = trace
        .strand(strand)
        .is_some_and(|strand| matches!(strand.phase, Phase::RunStarted | Phase::Redriven));
    if is_open {
        trace.advance(strand, event, Phase::RunFailed);
    }
    trace.owner.entry(event.id).or_insert(strand);
}

/// Every Map Run has an ARN of its own; a redrive goes on with an earlier one.
fn run_arn(trace: &Trace<'_>, event: &Event, ledger: &mut Ledger) {
    let Some(arn) = event.text("mapRunArn") else { return };
    let earlier = trace.events.iter().take_while(|earlier| earlier.id < event.id);
    let is_known = earlier
        .filter(|earlier| earlier.kind == "MapRunStarted")
        .any(|started| started.text("mapRunArn") == Some(arn));
    let wrong = match event.kind.as_str() {
        _ if !arn.contains(":mapRun:") => "names no Map Run",
        "MapRunStarted" if is_known => "is that of an earlier Map Run",
        "MapRunRedriven" if !is_known => "is that of no Map Run that was started",
        _ => return,
    };
    ledger.breach("HIS-26", event, format!("mapRunArn {arn:?} {wrong}"));
}
