//! What must be over at the end of a history: the states between a failure and what it fails, iterations, the task that failed
//! (HIS-26, HIS-27).
//!
//! Invariant: what a redrive takes up again is left alone, for nothing is recorded of it.

use record::Event;

use super::super::ledger::Ledger;
use super::super::trace::Trace;
use super::aborts::unexplained;
use crate::view::attempt::fails_attempt;

/// Between a failure and the Parallel or Map that it fails, every Parallel and Map fails, too (HIS-27).
fn silent(trace: &mut Trace<'_>, ledger: &mut Ledger) {
    let mut silent = Vec::new();
    for (outer, visit) in trace.visits.iter().enumerate() {
        let Some(failed) = visit.failed.and_then(|at| trace.event(at)) else { continue };
        let Some(cause) = trace.by_id(failed.previous) else { continue };
        // Which of the states around write a failure of the interpreter is not recorded.
        let is_told = cause.kind == "FailStateEntered" || fails_attempt(&cause.kind);
        let mut strand = trace.owner.get(&cause.id).copied().filter(|_| is_told && !visit.redriven);
        while let Some((inner, _)) = strand.and_then(|at| trace.strand(at)?.home.around()) {
            let Some(found) = trace.visits.get(inner).filter(|_| inner != outer) else { break };
            if found.failed.is_none() && found.aborted.is_none() && !found.redriven {
                silent.push((failed, found.name.clone()));
            }
            strand = Some(found.strand);
        }
    }
    for (failed, name) in silent {
        let message = format!("{} fails by a state inside {name:?}, which shows no failure", failed.kind);
        trace.fault("HIS-27", failed, message, ledger);
    }
}

/// The Parallel or Map states that failed and are over, each with its failure and the strands of its last round. Of what a
/// redrive takes up again nothing is recorded.
fn failed_and_over<'t, 'h>(
    trace: &'t Trace<'h>,
    kind: &'static str,
) -> impl Iterator<Item = (&'h Event, &'t [usize])> + use<'t, 'h> {
    trace.visits.iter().filter(move |visit| visit.kind == kind && !visit.redriven).filter_map(|visit| {
        let failed = visit.failed.and_then(|at| trace.event(at))?;
        let strands = visit.rounds.last().map(|round| round.strands.as_slice()).unwrap_or_default();
        (visit.exited.is_some() || trace.terminal.is_some()).then_some((failed, strands))
    })
}

/// Where an inline Map fails, each of its iterations has ended or is aborted (HIS-26, recorded).
fn left_open(trace: &mut Trace<'_>, ledger: &mut Ledger) {
    let open =
        |strand: &usize| trace.strand(*strand).is_some_and(|strand| !strand.closed && !strand.redriven);
    let counts: Vec<_> = failed_and_over(trace, "Map")
        .map(|(failed, strands)| (failed, strands.iter().filter(|strand| open(strand)).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    for (failed, count) in counts {
        let message =
            format!("MapStateFailed, yet {count} of its iterations have neither failed nor been aborted");
        trace.fault("HIS-26", failed, message, ledger);
    }
}

/// A Task that fails its Parallel is itself aborted (HIS-27), before or after ParallelStateFailed.
pub(in crate::history) fn finish(trace: &mut Trace<'_>, ledger: &mut Ledger) {
    unexplained(trace, ledger);
    silent(trace, ledger);
    left_open(trace, ledger);
    let mut missing = Vec::new();
    for (failed, strands) in failed_and_over(trace, "Parallel") {
        let Some(leaf) = strands.iter().find(|at| trace.owner.get(&failed.previous) == Some(*at)) else {
            continue;
        };
        let Some((_, task)) = trace.current(*leaf) else { continue };
        let broke = task.attempts.last().and_then(|attempt| attempt.ended).and_then(|at| trace.event(at));
        if task.kind == "Task"
            && broke.is_some_and(|event| event.id == failed.previous)
            && task.aborted.is_none()
        {
            missing.push((failed, task.name.clone()));
        }
    }
    for (failed, name) in missing {
        trace.fault("HIS-27", failed, format!("the failing Task {name:?} has no TaskStateAborted"), ledger);
    }
}
