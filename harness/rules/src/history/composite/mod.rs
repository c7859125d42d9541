//! Parallel, Map and Map Run events, and the aborts of states inside them (HIS-26, HIS-27).
//!
//! Closing events are leaves (recorded): the chain goes on from the event they point at.

use record::Event;
use serde_json::Value;

use super::ledger::Ledger;
use super::trace::{Home, Phase, Round, Strand, Trace};
use aborts::aborted;
use iterations::{iteration_ended, iteration_started, unclosed};
use map_runs::{run, run_aborted};

pub(super) use ends::finish;

mod aborts;
mod ends;
mod iterations;
mod map_runs;
pub(super) mod redrive;

/// The Parallel visit whose branches start at this event.
pub(super) fn open_parallel(trace: &Trace<'_>, previous: u64) -> Option<(usize, usize)> {
    trace.by_id(previous).filter(|event| event.kind == "ParallelStateStarted")?;
    open_rounds(trace, "Parallel").into_iter().find(|(visit, round)| {
        let started =
            trace.visits.get(*visit).and_then(|visit| visit.rounds.get(*round)).map(|round| round.started);
        started.and_then(|at| trace.event(at)).is_some_and(|event| event.id == previous)
    })
}

/// The innermost Parallel that runs.
pub(super) fn any_open_parallel(trace: &Trace<'_>) -> Option<(usize, usize)> {
    open_rounds(trace, "Parallel").pop()
}

fn open_rounds(trace: &Trace<'_>, kind: &str) -> Vec<(usize, usize)> {
    let running = |strand: &Strand| matches!(strand.phase, Phase::Running | Phase::Redriven);
    let visits =
        trace.visits.iter().enumerate().filter(|(_, visit)| visit.exited.is_none() && visit.kind == kind);
    visits
        .filter(|(_, visit)| trace.strand(visit.strand).is_some_and(running))
        .filter_map(|(at, visit)| Some((at, visit.rounds.len().checked_sub(1)?)))
        .collect()
}

/// A new branch or iteration, which starts from an event.
pub(super) fn new_strand(trace: &mut Trace<'_>, home: Home, head: u64) -> usize {
    trace.strands.push(Strand {
        home,
        visits: Vec::new(),
        phase: Phase::Ready,
        heads: vec![head],
        loose: false,
        succeeded: false,
        aborted: false,
        closed: false,
        redriven: false,
    });
    let strand = trace.strands.len() - 1;
    if let Some((visit, round)) = home.around()
        && let Some(round) = trace.visits.get_mut(visit).and_then(|visit| visit.rounds.get_mut(round))
    {
        round.strands.push(strand);
    }
    if let Home::Iteration { visit, round, index } = home {
        trace.iterations.entry((visit, round, index)).or_insert(strand);
    }
    strand
}

/// Takes an event of a Parallel, Map or Map Run, or an abort; false for any other type.
pub(super) fn step(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) -> bool {
    match event.kind.as_str() {
        "ParallelStateStarted" => started(trace, position, event, "Parallel", ledger),
        "MapStateStarted" => started(trace, position, event, "Map", ledger),
        "ParallelStateSucceeded" => succeeded(trace, event, "Parallel", ledger),
        "MapStateSucceeded" => succeeded(trace, event, "Map", ledger),
        "ParallelStateFailed" => failed(trace, position, event, "Parallel", ledger),
        "MapStateFailed" => failed(trace, position, event, "Map", ledger),
        "MapIterationStarted" => iteration_started(trace, event, ledger),
        "MapIterationSucceeded" | "MapIterationFailed" | "MapIterationAborted" => {
            iteration_ended(trace, event, ledger);
        }
        "MapRunStarted" | "MapRunRedriven" => run(trace, position, event, Phase::RunStarted, ledger),
        "MapRunSucceeded" => run(trace, position, event, Phase::RunEnded, ledger),
        "MapRunFailed" => run(trace, position, event, Phase::RunFailed, ledger),
        "MapRunAborted" => run_aborted(trace, event, ledger),
        "TaskStateAborted" => aborted(trace, position, event, &["Task"], ledger),
        "WaitStateAborted" => aborted(trace, position, event, &["Wait"], ledger),
        "ParallelStateAborted" => aborted(trace, position, event, &["Parallel"], ledger),
        "MapStateAborted" => aborted(trace, position, event, &["Map"], ledger),
        _ => return false,
    }
    true
}

fn in_state(trace: &Trace<'_>, at: usize, kind: &str) -> bool {
    trace.open_visit(at).is_some_and(|(_, visit)| visit.kind == kind)
}

/// Ids of the failures inside the last round of a visit: what a retry and a failed state point at.
fn failures(trace: &Trace<'_>, visit: usize) -> Vec<u64> {
    let strands = trace.round_strands(visit);
    let inner = strands.iter().flat_map(|at| trace.within(*at));
    inner.filter(|at| may_have_failed(trace, *at)).flat_map(|at| heads(trace, at)).collect()
}

fn may_have_failed(trace: &Trace<'_>, at: usize) -> bool {
    trace
        .strand(at)
        .is_some_and(|strand| strand.phase.can_fail() || (strand.phase == Phase::Over && !strand.succeeded))
}

fn heads(trace: &Trace<'_>, at: usize) -> Vec<u64> {
    trace.strand(at).map(|strand| strand.heads.clone()).unwrap_or_default()
}

fn started(trace: &mut Trace<'_>, position: usize, event: &Event, kind: &str, ledger: &mut Ledger) {
    let view: &Trace<'_> = trace;
    let entered = |strand: &Strand, at: usize| {
        in_state(view, at, kind) && strand.phase == Phase::Entered && strand.heads.contains(&event.previous)
    };
    let first = view.strands.iter().enumerate().any(|(at, strand)| entered(strand, at));
    let retry = view.strands.iter().enumerate().rposition(|(at, strand)| {
        let running = matches!(strand.phase, Phase::Running | Phase::RunFailed | Phase::EvaluationFailed);
        let visit = view.open_visit(at).filter(|(_, visit)| visit.kind == kind && !visit.rounds.is_empty());
        running
            && visit.is_some_and(|(visit, _)| {
                strand.heads.contains(&event.previous) && strand.phase != Phase::Running
                    || failures(view, visit).contains(&event.previous)
            })
    });
    let strand = match retry.filter(|_| !first) {
        Some(strand) => strand,
        None => match view.pick(event, |at, strand| {
            in_state(view, at, kind) && matches!(strand.phase, Phase::Entered | Phase::Redriven)
        }) {
            Ok(pick) => {
                if !pick.linked {
                    trace.bad_link(event, pick.strand, ledger);
                }
                pick.strand
            }
            Err(linked) => {
                let running = (0..trace.strands.len()).rev().find(|at| in_state(trace, *at, kind));
                let strand = linked.or(running).unwrap_or_default();
                let place = trace.whereabouts(strand);
                trace.fault("HIS-26", event, format!("{} while {place}", event.kind), ledger);
                if !in_state(trace, strand, kind) {
                    return;
                }
                strand
            }
        },
    };
    unclosed(trace, strand, event, ledger);
    if let Some((visit, _)) = trace.current(strand) {
        close(trace, visit);
    }
    let segment = trace.segment;
    if let Some(visit) = trace.current_mut(strand) {
        visit.rounds.push(Round { started: position, strands: Vec::new(), segment, run: None });
        visit.failed = None;
    }
    trace.advance(strand, event, Phase::Running);
}

/// No strand of the last round goes on.
pub(super) fn close(trace: &mut Trace<'_>, visit: usize) {
    let inner: Vec<usize> = trace.round_strands(visit).iter().flat_map(|at| trace.within(*at)).collect();
    for at in inner {
        if let Some(strand) = trace.strands.get_mut(at) {
            strand.phase = Phase::Over;
        }
    }
}

fn succeeded(trace: &mut Trace<'_>, event: &Event, kind: &str, ledger: &mut Ledger) {
    let running = |trace: &Trace<'_>, at: usize| {
        in_state(trace, at, kind)
            && trace.strand(at).is_some_and(|strand| {
                matches!(strand.phase, Phase::Running | Phase::RunEnded | Phase::Redriven)
            })
    };
    let linked = |trace: &Trace<'_>, at: usize| {
        links(trace, at).contains(&event.previous) || trace.strand(at).is_some_and(|strand| strand.loose)
    };
    let fitting: Vec<usize> = (0..trace.strands.len()).rev().filter(|at| running(trace, *at)).collect();
    let strand = fitting.iter().find(|at| linked(trace, **at)).or_else(|| fitting.first()).copied();
    let Some(strand) = strand else {
        let place = trace.whereabouts(0);
        return trace.fault(
            "HIS-26",
            event,
            format!("{} but no {kind} state runs: {place}", event.kind),
            ledger,
        );
    };
    if !linked(trace, strand) {
        let expected = links(trace, strand).iter().map(u64::to_string).collect::<Vec<_>>().join(" or ");
        trace.bad_link_to(event, &expected, ledger);
    }
    complete(trace, strand, event, kind, ledger);
    let run = trace.strand(strand).is_some_and(|strand| strand.phase == Phase::RunEnded);
    let mut heads = vec![event.previous];
    if run {
        heads.extend(trace.strand(strand).map(|strand| strand.heads.clone()).unwrap_or_default());
        let begun = trace
            .open_visit(strand)
            .and_then(|(_, visit)| visit.rounds.last()?.run)
            .and_then(|at| trace.event(at));
        heads.extend(begun.map(|event| event.id));
    }
    if let Some((visit, _)) = trace.current(strand) {
        for at in trace.round_strands(visit) {
            if let Some(strand) = trace.strands.get_mut(at) {
                strand.succeeded = true;
                strand.phase = Phase::Over;
            }
        }
    }
    trace.advance(strand, event, Phase::CompositeSucceeded);
    if let Some(strand) = trace.strands.get_mut(strand) {
        strand.heads = heads;
    }
}

/// What a closing event of a running composite may point at.
fn links(trace: &Trace<'_>, at: usize) -> Vec<u64> {
    let Some((visit, open)) = trace.open_visit(at) else { return Vec::new() };
    let strands = trace.round_strands(visit);
    if strands.is_empty() {
        return trace.strand(at).map(|strand| strand.heads.clone()).unwrap_or_default();
    }
    let mut ids: Vec<u64> = strands
        .iter()
        .filter_map(|at| trace.strand(*at))
        .flat_map(|strand| strand.heads.iter().copied())
        .collect();
    let closing = |event: &&Event| {
        event.kind == "MapIterationSucceeded"
            && trace.owner.get(&event.id).is_some_and(|owner| strands.contains(owner))
    };
    if open.kind == "Map" {
        ids = trace.events.iter().filter(closing).map(|event| event.id).collect();
    }
    ids
}

/// Every branch and iteration must be at its end.
fn complete(trace: &mut Trace<'_>, strand: usize, event: &Event, kind: &str, ledger: &mut Ledger) {
    let Some((visit, open)) = trace.open_visit(strand) else { return };
    if open.redriven {
        return;
    }
    let name = open.name.clone();
    let length = open
        .rounds
        .last()
        .and_then(|round| trace.event(round.started))
        .and_then(|event| event.details.get("length"))
        .and_then(Value::as_u64);
    let run = open.rounds.last().is_some_and(|round| round.run.is_some());
    let strands = trace.round_strands(visit);
    let unfinished = strands.iter().find(|at| {
        trace.strand(**at).is_some_and(|strand| match strand.home {
            Home::Iteration { .. } => !strand.succeeded,
            _ => strand.phase != Phase::Ready || strand.visits.is_empty(),
        })
    });
    if let Some(at) = unfinished {
        let place = trace.whereabouts(*at);
        trace.fault(
            "HIS-26",
            event,
            format!("{kind} state {name:?} succeeded, but in one of its strands {place}"),
            ledger,
        );
    } else if let (Some(length), "Map", false) = (length, kind, run)
        && length != strands.len() as u64
    {
        trace.fault(
            "HIS-26",
            event,
            format!("Map state {name:?} has {length} items, but {} iterations ran", strands.len()),
            ledger,
        );
    } else if kind == "Parallel" && strands.is_empty() {
        trace.fault("HIS-26", event, format!("Parallel state {name:?} succeeded, but no branch ran"), ledger);
    }
}

fn failed(trace: &mut Trace<'_>, position: usize, event: &Event, kind: &str, ledger: &mut Ledger) {
    ledger.met("HIS-27");
    let candidate = |trace: &Trace<'_>, at: usize| {
        in_state(trace, at, kind)
            && trace.strand(at).is_some_and(|strand| {
                matches!(
                    strand.phase,
                    Phase::Running
                        | Phase::RunFailed
                        | Phase::EvaluationFailed
                        | Phase::Entered
                        | Phase::CompositeSucceeded
                        | Phase::Redriven
                )
            })
    };
    let linked = |trace: &Trace<'_>, at: usize| {
        let Some((visit, _)) = trace.open_visit(at) else { return false };
        let begun = kind == "Parallel" || !trace.round_strands(visit).is_empty();
        let own = trace.strand(at).is_some_and(|strand| {
            // Of itself it fails before its branches, or by a Map Run or an evaluation.
            let itself = strand.phase != Phase::Running || !begun;
            strand.loose || (itself && strand.heads.contains(&event.previous))
        });
        failures(trace, visit).contains(&event.previous) || own
    };
    let fitting: Vec<usize> = (0..trace.strands.len()).rev().filter(|at| candidate(trace, *at)).collect();
    let Some(strand) = fitting.iter().find(|at| linked(trace, **at)).or_else(|| fitting.first()).copied()
    else {
        let place = trace.whereabouts(0);
        return trace.fault(
            "HIS-26",
            event,
            format!("{} but no {kind} state can fail: {place}", event.kind),
            ledger,
        );
    };
    if !linked(trace, strand) {
        trace.bad_link_to(event, "the event that failed a branch", ledger);
        ledger.breach("HIS-27", event, format!("{} does not follow a failure in a branch", event.kind));
    }
    unclosed(trace, strand, event, ledger);
    if let Some((visit, _)) = trace.current(strand) {
        close(trace, visit);
    }
    if let Some(visit) = trace.current_mut(strand) {
        visit.failed = Some(position);
    }
    trace.advance(strand, event, Phase::CompositeFailed);
    // What is around it may point at the Map Run itself, as it does at any other leaf that failed.
    let leaf = trace.by_id(event.previous).filter(|leaf| leaf.kind == "MapRunFailed");
    if let (Some(leaf), Some(inner)) = (leaf, trace.strands.get_mut(strand))
        && inner.home != Home::Root
    {
        inner.heads.push(leaf.id);
    }
}
