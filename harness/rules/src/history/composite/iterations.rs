//! The iterations of a Map: each index once, from the Map's start or the end of an earlier iteration, closed before its Map.

use record::Event;
use serde_json::Value;

use super::super::ledger::Ledger;
use super::super::trace::{Home, Phase, Strand, Trace};
use super::aborts::{causes, is_inside_aborted, nearness};
use super::{failures, new_strand, open_rounds};

/// A failed iteration is closed before its Map fails or is tried again (recorded: map-state-retry).
pub(super) fn unclosed(trace: &mut Trace<'_>, strand: usize, event: &Event, ledger: &mut Ledger) {
    let failing = trace.owner.get(&event.previous).copied().filter(|at| *at != strand);
    let open = failing.and_then(|at| trace.strand(at)).is_some_and(|failing| {
        let broke = matches!(failing.phase, Phase::Failed | Phase::FailState | Phase::EvaluationFailed)
            && !failing.closed;
        let only_aborted = failing.phase == Phase::Over && failing.closed && failing.aborted;
        (broke || only_aborted) && matches!(failing.home, Home::Iteration { .. }) && !failing.redriven
    });
    if open {
        let message = format!("{} without MapIterationFailed of the iteration that failed", event.kind);
        trace.fault("HIS-26", event, message, ledger);
    }
}

pub(super) fn index_of(event: &Event) -> u64 {
    event.details.get("index").and_then(Value::as_u64).unwrap_or_default()
}

pub(super) fn iteration_started(trace: &mut Trace<'_>, event: &Event, ledger: &mut Ledger) {
    let (name, index) = (event.text("name").unwrap_or_default(), index_of(event));
    let rounds = open_rounds(trace, "Map");
    let linked = |trace: &Trace<'_>, visit: usize, round: usize| {
        let Some(round) = trace.visits.get(visit).and_then(|visit| visit.rounds.get(round)) else {
            return false;
        };
        let begun = trace.event(round.started).is_some_and(|started| started.id == event.previous);
        let loose = trace.visits.get(visit).is_some_and(|visit| visit.redriven);
        // After an earlier iteration: from the event that its MapIterationSucceeded points at (recorded).
        let ended = |at: &usize| {
            trace.strand(*at).is_some_and(|strand| {
                let left = strand.succeeded || (strand.phase == Phase::Ready && !strand.visits.is_empty());
                left && strand.heads.contains(&event.previous)
            })
        };
        begun || loose || round.strands.iter().rev().any(ended)
    };
    let by_link = rounds.iter().rev().find(|(visit, round)| linked(trace, *visit, *round));
    let by_name = rounds
        .iter()
        .rev()
        .find(|(visit, _)| trace.visits.get(*visit).is_some_and(|visit| visit.name == name));
    let Some((visit, round)) = by_link.or(by_name).or_else(|| rounds.last()).copied() else {
        let place = trace.whereabouts(0);
        return trace.fault(
            "HIS-26",
            event,
            format!("MapIterationStarted but no Map state runs: {place}"),
            ledger,
        );
    };
    if !linked(trace, visit, round) {
        trace.bad_link_to(event, "MapStateStarted or the end of an earlier iteration", ledger);
    }
    let state = trace.visits.get(visit).map(|visit| visit.name.clone()).unwrap_or_default();
    if state != name {
        trace.fault(
            "HIS-26",
            event,
            format!("the iteration is of {name:?}, the Map state is {state:?}"),
            ledger,
        );
    }
    let length = trace.visits.get(visit).and_then(|visit| trace.event(visit.rounds.get(round)?.started));
    let length = length.and_then(|event| event.details.get("length")).and_then(Value::as_u64);
    if length.is_none() {
        trace.fault("HIS-26", event, "an iteration of a Map that was started without a length", ledger);
    }
    if length.is_some_and(|length| index >= length) {
        trace.fault(
            "HIS-26",
            event,
            format!("iteration {index} of a Map with {} items", length.unwrap_or_default()),
            ledger,
        );
    }
    if let Some(earlier) = trace.iterations.get(&(visit, round, index)).copied() {
        if trace.strand(earlier).is_some_and(|strand| strand.redriven) {
            if let Some(strand) = trace.strands.get_mut(earlier) {
                strand.phase = Phase::Over;
            }
            if let Some(round) = trace.visits.get_mut(visit).and_then(|visit| visit.rounds.get_mut(round)) {
                round.strands.retain(|at| *at != earlier);
            }
            trace.iterations.remove(&(visit, round, index));
        } else {
            trace.fault("HIS-26", event, format!("iteration {index} of {name:?} starts twice"), ledger);
        }
    }
    let is_same = |_: &Trace<'_>, strand: &Strand| {
        strand.succeeded && matches!(strand.home, Home::Iteration { index: other, .. } if other == index)
    };
    super::redrive::begins(trace, visit, event, is_same, ledger);
    let strand = new_strand(trace, Home::Iteration { visit, round, index }, event.id);
    trace.owner.insert(event.id, strand);
}

pub(super) fn iteration_ended(trace: &mut Trace<'_>, event: &Event, ledger: &mut Ledger) {
    let (name, index) = (event.text("name").unwrap_or_default(), index_of(event));
    let ok = event.kind == "MapIterationSucceeded";
    let fail = event.kind == "MapIterationFailed";
    // An ItemSelector that does not evaluate fails its iteration before the first state.
    let evaluation = |trace: &Trace<'_>, strand: &Strand| {
        let around = strand.home.around().and_then(|(visit, _)| trace.visits.get(visit));
        let mut failed =
            around.into_iter().flat_map(|visit| &visit.evaluations).filter_map(|at| trace.event(*at));
        failed.any(|failed| failed.id == event.previous)
    };
    // Whether a Map is stopped before or after its iterations is open.
    let may_stop =
        |trace: &Trace<'_>, strand: &Strand| strand.phase != Phase::Over || is_inside_aborted(trace, strand);
    let at_end = |trace: &Trace<'_>, strand: &Strand| match () {
        () if ok => strand.phase == Phase::Ready && !strand.visits.is_empty(),
        () if fail => strand.phase.can_fail() || evaluation(trace, strand),
        () => may_stop(trace, strand),
    };
    let of_index = |trace: &Trace<'_>, strand: &Strand| {
        matches!(strand.home, Home::Iteration { index: other, .. } if other == index)
            && (strand.phase != Phase::Over || (!ok && !fail && may_stop(trace, strand)))
            && !strand.closed
    };
    let named = |trace: &Trace<'_>, strand: &Strand| {
        strand
            .home
            .around()
            .and_then(|(visit, _)| trace.visits.get(visit))
            .is_some_and(|visit| visit.name == name)
    };
    let linked = |trace: &Trace<'_>, at: usize, strand: &Strand| {
        let inner = || {
            trace
                .within(at)
                .iter()
                .any(|at| trace.strand(*at).is_some_and(|strand| strand.heads.contains(&event.previous)))
        };
        // Its Map's own failure stops it, or one beside any state around (the Map is then aborted with it).
        let beside = || {
            strand.home.around().is_some_and(|(visit, _)| failures(trace, visit).contains(&event.previous))
                || causes(trace, at).contains(&event.previous)
        };
        strand.loose
            || strand.heads.contains(&event.previous)
            || (fail && (inner() || evaluation(trace, strand)))
            || (!ok && !fail && (beside() || event.previous == 0))
    };
    let mut fitting: Vec<usize> = (0..trace.strands.len())
        .rev()
        .filter(|at| trace.strand(*at).is_some_and(|strand| of_index(trace, strand) && named(trace, strand)))
        .collect();
    let failed = trace.owner.get(&event.previous).copied();
    fitting.sort_by_key(|at| std::cmp::Reverse(nearness(trace, failed, *at)));
    let best = |wanted: &dyn Fn(usize, &Strand) -> bool| {
        fitting.iter().copied().find(|at| trace.strand(*at).is_some_and(|strand| wanted(*at, strand)))
    };
    let strand = best(&|at, strand| at_end(trace, strand) && linked(trace, at, strand))
        .or_else(|| best(&|at, strand| linked(trace, at, strand)))
        .or_else(|| fitting.first().copied());
    let Some(strand) = strand else {
        return trace.fault(
            "HIS-26",
            event,
            format!("{} of iteration {index} of {name:?}, which does not run", event.kind),
            ledger,
        );
    };
    let (ready, good) = trace
        .strand(strand)
        .map_or((false, false), |found| (at_end(trace, found), linked(trace, strand, found)));
    if !ready {
        let place = trace.whereabouts(strand);
        trace.fault("HIS-26", event, format!("{} of iteration {index} while {place}", event.kind), ledger);
    }
    if !good {
        trace.bad_link(event, strand, ledger);
    }
    if let Some(strand) = trace.strands.get_mut(strand) {
        strand.closed = true;
        strand.succeeded = ok;
        strand.aborted = !ok && !fail;
        if !fail {
            strand.phase = Phase::Over;
        }
        strand.loose = false;
    }
    trace.owner.insert(event.id, strand);
}
