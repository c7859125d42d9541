//! States that were stopped because a sibling failed or the execution was stopped (HIS-27).

use record::Event;

use super::super::ledger::Ledger;
use super::super::trace::{Phase, Trace};
use super::{close, heads, may_have_failed};

/// A state was stopped because a sibling failed, or because the execution was stopped. The event names no state: it is
/// given to a state that can have it (recorded).
pub(super) fn aborted(
    trace: &mut Trace<'_>,
    position: usize,
    event: &Event,
    kinds: &[&str],
    ledger: &mut Ledger,
) {
    ledger.met("HIS-27");
    let fits = |trace: &Trace<'_>, at: usize| {
        trace.current(at).is_some_and(|(_, visit)| {
            kinds.contains(&visit.kind.as_str()) && visit.exited.is_none() && visit.aborted.is_none()
        })
    };
    let fitting: Vec<usize> = (0..trace.strands.len()).filter(|at| fits(trace, *at)).collect();
    let owner = trace.owner.get(&event.previous).copied();
    let strand = fitting.iter().rev().copied().max_by_key(|at| {
        let own = trace.strand(*at).is_some_and(|strand| strand.heads.contains(&event.previous));
        (own, nearness(trace, owner, *at), is_settled(trace, *at))
    });
    // A state that was not begun yet may have failed of itself, and stopped another one beside it.
    let stopped = |at: usize| causes(trace, at).contains(&event.previous);
    let strand = match strand {
        Some(own) if !stopped(own) && is_unbegun(trace, own) => {
            fitting.iter().rev().copied().find(|at| *at != own && stopped(*at)).or(Some(own))
        }
        found => found,
    };
    let Some(strand) = strand else {
        return trace.fault(
            "HIS-27",
            event,
            format!("{} but no {} state is open", event.kind, kinds.join(" or ")),
            ledger,
        );
    };
    let causes = causes(trace, strand);
    let own = trace.strand(strand).is_some_and(|strand| strand.heads.contains(&event.previous));
    // What a stop's aborts point at is not recorded: the last event before them, their own state's, or none.
    let of_stop = causes.is_empty()
        && (event.previous + 1 == event.id || trace.owner.get(&event.previous) == Some(&strand));
    if event.previous != 0 && !own && !of_stop && !causes.contains(&event.previous) {
        trace.bad_link_to(event, "the failure that stops it", ledger);
    }
    let failed_itself = own && is_unbegun(trace, strand);
    if (causes.is_empty() && !failed_itself) || event.previous == 0 {
        trace.aborts.push(position);
    }
    if let Some(visit) = trace.current_mut(strand) {
        visit.aborted = Some(position);
    }
    if let Some(strand) = trace.strands.get_mut(strand) {
        strand.aborted = true;
    }
    if let Some((visit, _)) = trace.current(strand)
        && kinds.iter().any(|kind| matches!(*kind, "Parallel" | "Map"))
    {
        close(trace, visit);
    }
    trace.owner.entry(event.id).or_insert(strand);
}

/// Whether nothing was begun in a strand's state, inside a Parallel or Map: the interpreter may have failed it.
fn is_unbegun(trace: &Trace<'_>, strand: usize) -> bool {
    trace.strand(strand).is_some_and(|found| found.phase == Phase::Entered && found.home.around().is_some())
}

/// How many Parallels and Maps around a strand are also around the failure: those nearest to it are stopped first.
pub(super) fn nearness(trace: &Trace<'_>, failed: Option<usize>, at: usize) -> usize {
    let around = |strand: usize| {
        let mut rounds = Vec::new();
        let mut home = trace.strand(strand).and_then(|strand| strand.home.around());
        while let Some((visit, round)) = home {
            rounds.push((visit, round));
            let outer = trace.visits.get(visit).and_then(|visit| trace.strand(visit.strand));
            home = outer.and_then(|outer| outer.home.around());
        }
        rounds
    };
    let of_failure = failed.map(around).unwrap_or_default();
    around(at).iter().filter(|round| of_failure.contains(round)).count()
}

/// Whether what is inside a stopped state was stopped before it: the order is open, this one is the likelier.
fn is_settled(trace: &Trace<'_>, at: usize) -> bool {
    let is_over = |strand: &super::Strand| {
        strand.closed || strand.aborted || strand.succeeded || strand.phase == Phase::Over
    };
    match trace.open_visit(at) {
        Some((visit, open)) if matches!(open.kind.as_str(), "Parallel" | "Map") => {
            trace.round_strands(visit).iter().all(|inner| trace.strand(*inner).is_some_and(is_over))
        }
        _ => trace.strand(at).is_some_and(|strand| strand.closed),
    }
}

/// Whether the Parallel or Map around a strand, at any depth, was stopped.
pub(super) fn is_inside_aborted(trace: &Trace<'_>, strand: &super::Strand) -> bool {
    let mut around = strand.home.around();
    while let Some(visit) = around.and_then(|(visit, _)| trace.visits.get(visit)) {
        if visit.aborted.is_some() {
            return true;
        }
        around = trace.strand(visit.strand).and_then(|outer| outer.home.around());
    }
    false
}

/// Ids of the failures that can have stopped a strand: those inside the Parallels and Maps around it. The strand itself is
/// one of them only where its own failure was written.
pub(super) fn causes(trace: &Trace<'_>, strand: usize) -> Vec<u64> {
    let wrote = |at: usize| {
        trace.strand(at).is_some_and(|strand| {
            use Phase::{CompositeFailed, EvaluationFailed, FailState, Failed, Over, RunFailed};
            matches!(strand.phase, Failed | FailState | CompositeFailed | EvaluationFailed | RunFailed | Over)
        })
    };
    let own = trace.within(strand);
    let mut ids = Vec::new();
    let mut around = trace.strand(strand).and_then(|strand| strand.home.around());
    while let Some((visit, _)) = around {
        for at in trace.round_strands(visit).into_iter().flat_map(|at| trace.within(at)) {
            if may_have_failed(trace, at) && (!own.contains(&at) || wrote(at)) {
                ids.extend(heads(trace, at));
            }
        }
        let outer = trace.visits.get(visit).and_then(|visit| trace.strand(visit.strand));
        around = outer.and_then(|outer| outer.home.around());
    }
    ids
}

/// Where nothing failed, only the end of the whole execution aborts states: nothing but aborts comes between.
pub(super) fn unexplained(trace: &mut Trace<'_>, ledger: &mut Ledger) {
    for position in std::mem::take(&mut trace.aborts) {
        let Some(event) = trace.event(position) else { continue };
        let after = trace
            .events
            .iter()
            .skip(position)
            .find(|event| !event.kind.ends_with("Aborted") || event.is_terminal());
        if after.is_none_or(|event| matches!(event.kind.as_str(), "ExecutionAborted" | "ExecutionTimedOut")) {
            continue;
        }
        let message =
            format!("{}, but nothing failed beside it and the execution was not stopped", event.kind);
        trace.fault("HIS-27", event, message, ledger);
    }
}
