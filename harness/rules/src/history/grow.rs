//! Building a trace event by event: states entered and left. Attempts, composites and ends have their own files.

use record::Event;

use super::ends::{finish, redriven, terminal};
use super::ledger::Ledger;
use super::times::are_real;
use super::trace::{Home, Phase, Strand, Trace, Visit};
use super::{attempt, composite};

/// Reads a history into a tree; what breaks the grammar goes into the ledger.
pub(super) fn grow<'h>(events: &'h [Event], ledger: &mut Ledger) -> Trace<'h> {
    let mut trace = Trace::new(events);
    for (position, event) in events.iter().enumerate() {
        step(&mut trace, position, event, ledger);
    }
    finish(&mut trace, ledger);
    trace
}

fn step(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) {
    if let Some(ended) = trace.terminal.and_then(|at| trace.event(at))
        && event.kind != "ExecutionRedriven"
    {
        let message = format!("{} after the terminal event {}", event.kind, ended.kind);
        return trace.fault("HIS-06", event, message, ledger);
    }
    if position == 0 && event.kind != "ExecutionStarted" {
        trace.fault(
            "HIS-05",
            event,
            format!("the first event is {}, not ExecutionStarted", event.kind),
            ledger,
        );
    }
    let kind = event.kind.as_str();
    match kind {
        "ExecutionStarted" => {
            ledger.met("HIS-05");
            if position != 0 {
                trace.fault("HIS-05", event, "ExecutionStarted occurs again", ledger);
            }
        }
        "ExecutionRedriven" => redriven(trace, event, ledger),
        _ if event.is_terminal() => terminal(trace, position, event, ledger),
        _ if event.is_entered() => entered(trace, position, event, ledger),
        _ if event.is_exited() && record::history::is_modelled(kind) => {
            exited(trace, position, event, ledger);
        }
        "EvaluationFailed" => evaluation_failed(trace, position, event, ledger),
        _ => {
            let known = attempt::step(trace, position, event, ledger)
                || composite::step(trace, position, event, ledger);
            if !known {
                unknown(trace, event);
            }
        }
    }
}

/// An event of a type that is not modelled: the chain may go through it or around it.
fn unknown(trace: &mut Trace<'_>, event: &Event) {
    let strand = trace.strands.iter_mut().rposition(|strand| strand.heads.contains(&event.previous));
    if let Some(strand) = strand.and_then(|at| trace.strands.get_mut(at)) {
        strand.heads.push(event.id);
    }
}

fn entered(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) {
    let name = event.text("name").unwrap_or_default();
    let kind = event.kind.strip_suffix("StateEntered").unwrap_or_default();
    let branch = composite::open_parallel(trace, event.previous);
    let strand = if let Some((visit, round)) = branch {
        let is_same = |trace: &Trace<'_>, strand: &Strand| {
            let first = strand.visits.first().and_then(|first| trace.visits.get(*first));
            first.is_some_and(|first| first.name == name)
        };
        composite::redrive::begins(trace, visit, event, is_same, ledger);
        composite::new_strand(trace, Home::Branch { visit, round }, event.previous)
    } else {
        let again =
            |trace: &Trace<'_>, at: usize| trace.current(at).is_some_and(|(_, visit)| visit.name == name);
        let view: &Trace<'_> = trace;
        let pick = view.pick(event, |at, strand| match strand.phase {
            Phase::Ready => !(strand.visits.is_empty() && matches!(strand.home, Home::Branch { .. })),
            Phase::Redriven => again(view, at),
            _ => false,
        });
        match pick {
            Ok(pick) => {
                if !pick.linked {
                    trace.bad_link(event, pick.strand, ledger);
                }
                pick.strand
            }
            Err(linked) => {
                if let (None, Some((visit, round))) = (linked, composite::any_open_parallel(trace)) {
                    trace.bad_link_to(event, "the ParallelStateStarted of its branch", ledger);
                    composite::new_strand(trace, Home::Branch { visit, round }, event.previous)
                } else {
                    let strand = linked.unwrap_or_default();
                    let place = trace.whereabouts(strand);
                    let composite = trace
                        .open_visit(strand)
                        .is_some_and(|(_, visit)| matches!(visit.kind.as_str(), "Parallel" | "Map"));
                    let rule = match trace.strand(strand).map(|strand| strand.phase) {
                        Some(Phase::FailState) => "HIS-23",
                        _ if composite => "HIS-26",
                        _ => "HIS-11",
                    };
                    let message = format!("state {name:?} is entered while {place}");
                    let branch =
                        trace.strand(strand).is_some_and(|at| matches!(at.home, Home::Branch { .. }));
                    let failed = trace.strand(strand).is_some_and(|at| at.phase == Phase::Failed);
                    if branch && rule == "HIS-11" {
                        trace.fault("HIS-26", event, message.clone(), ledger);
                    }
                    if !(branch && failed) {
                        trace.fault(rule, event, message, ledger);
                    }
                    strand
                }
            }
        }
    };
    let redriven = trace.strand(strand).is_some_and(|strand| strand.phase == Phase::Redriven);
    if let Some(over) = trace.current(strand).map(|(_, visit)| visit).filter(|visit| visit.kind == "Succeed")
    {
        let message = format!("state {name:?} is entered after the Succeed state {:?}", over.name);
        trace.fault("HIS-13", event, message, ledger);
    }
    let visit = Visit {
        strand,
        name: name.to_owned(),
        kind: kind.to_owned(),
        entered: position,
        attempts: Vec::new(),
        rounds: Vec::new(),
        evaluations: Vec::new(),
        bygone: 0,
        failed: None,
        exited: None,
        aborted: None,
        redriven,
    };
    trace.visits.push(visit);
    let visit = trace.visits.len() - 1;
    if let Some(strand) = trace.strands.get_mut(strand) {
        strand.visits.push(visit);
        strand.aborted = false;
    }
    if kind == "Fail" {
        ledger.met("HIS-23");
    }
    trace.advance(strand, event, if kind == "Fail" { Phase::FailState } else { Phase::Entered });
}

/// Whether a visit of this kind can be left from this phase.
pub(super) fn can_leave(kind: &str, phase: Phase) -> bool {
    match phase {
        Phase::Entered => matches!(kind, "Pass" | "Choice" | "Wait" | "Succeed"),
        Phase::Succeeded | Phase::Failed => kind == "Task",
        Phase::CompositeSucceeded | Phase::CompositeFailed => matches!(kind, "Parallel" | "Map"),
        Phase::EvaluationFailed => kind != "Fail",
        Phase::Redriven => kind == "Wait",
        _ => false,
    }
}

fn exited(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) {
    ledger.met("HIS-11");
    let name = event.text("name").unwrap_or_default();
    let kind = event.kind.strip_suffix("StateExited").unwrap_or_default();
    let view: &Trace<'_> = trace;
    let pick = view.pick(event, |at, strand| {
        view.open_visit(at).is_some_and(|(_, visit)| {
            visit.name == name && visit.kind == kind && can_leave(kind, strand.phase)
        })
    });
    let strand = match pick {
        Ok(pick) => {
            if !pick.linked {
                trace.bad_link(event, pick.strand, ledger);
            }
            pick.strand
        }
        Err(linked) => match named_elsewhere(trace, linked, name, kind) {
            Some(strand) if trace.strand(strand).is_some_and(|found| can_leave(kind, found.phase)) => {
                trace.bad_link(event, strand, ledger);
                strand
            }
            other => {
                let strand = other.or(linked).unwrap_or_default();
                not_leaving(trace, strand, event, name, kind, ledger);
                if other.is_some()
                    && let Some((visit, _)) = trace.open_visit(strand)
                {
                    composite::close(trace, visit);
                }
                strand
            }
        },
    };
    if let Some(visit) = trace.current_mut(strand)
        && visit.exited.is_none()
    {
        visit.exited = Some(position);
    }
    trace.advance(strand, event, Phase::Ready);
}

/// The strand that is in the named state, where the link leads to a strand that is in another: what leaves it there is only
/// linked wrongly, or the end of its branches is missing.
fn named_elsewhere(trace: &Trace<'_>, linked: Option<usize>, name: &str, kind: &str) -> Option<usize> {
    let names = |at: usize| trace.current(at).is_some_and(|(_, visit)| visit.name == name);
    if linked.is_some_and(names) {
        return None;
    }
    let composite = matches!(kind, "Parallel" | "Map");
    (0..trace.strands.len()).rev().find(|at| {
        trace.open_visit(*at).is_some_and(|(_, visit)| visit.name == name && visit.kind == kind)
            && trace.strand(*at).is_some_and(|strand| {
                can_leave(kind, strand.phase) || (composite && strand.phase == Phase::Running)
            })
    })
}

fn not_leaving(
    trace: &mut Trace<'_>,
    strand: usize,
    event: &Event,
    name: &str,
    kind: &str,
    ledger: &mut Ledger,
) {
    let place = trace.whereabouts(strand);
    let phase = trace.strand(strand).map_or(Phase::Over, |strand| strand.phase);
    let open = trace.open_visit(strand).map(|(_, visit)| (visit.name.clone(), visit.kind.clone()));
    let Some((open_name, open_kind)) = open else {
        return trace.fault(
            "HIS-11",
            event,
            format!("state {name:?} is left but it is not open: {place}"),
            ledger,
        );
    };
    if open_kind == "Fail" {
        return trace.fault(
            "HIS-23",
            event,
            format!("{} after FailStateEntered: a Fail state is never left", event.kind),
            ledger,
        );
    }
    if open_name != name || open_kind != kind {
        return trace.fault(
            "HIS-11",
            event,
            format!("{} of {name:?} while {open_kind} state {open_name:?} is open", event.kind),
            ledger,
        );
    }
    let rule = match phase {
        Phase::Entered | Phase::Scheduled | Phase::Started | Phase::Submitted if kind == "Task" => {
            attempt::rule_of(trace, strand).unwrap_or("HIS-14")
        }
        Phase::Entered | Phase::Running | Phase::RunStarted | Phase::RunEnded | Phase::RunFailed
            if kind == "Parallel" || kind == "Map" =>
        {
            "HIS-26"
        }
        _ => "HIS-11",
    };
    trace.fault(rule, event, format!("{name:?} is left while {place}"), ledger);
}

fn evaluation_failed(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) {
    let name = event.text("state").unwrap_or_default();
    let fits = |trace: &Trace<'_>, at: usize, strand: &Strand| {
        // Error and Cause of a Fail state may be expressions.
        let possible = strand.phase.can_fail() && strand.phase != Phase::Redriven;
        possible && trace.open_visit(at).is_some_and(|(_, visit)| visit.name == name)
    };
    // The event repeats the link of StateEntered (recorded); in a Wait state it points at StateEntered (recorded as well).
    let linked = |trace: &Trace<'_>, at: usize, strand: &Strand| {
        let entered = trace.open_visit(at).and_then(|(_, visit)| trace.event(visit.entered));
        strand.loose
            || strand.heads.contains(&event.previous)
            || entered
                .is_some_and(|entered| event.previous == entered.previous || event.previous == entered.id)
            || trace
                .within(at)
                .iter()
                .any(|inner| trace.strand(*inner).is_some_and(|inner| inner.heads.contains(&event.previous)))
    };
    let fitting: Vec<usize> = trace
        .strands
        .iter()
        .enumerate()
        .filter(|(at, strand)| fits(trace, *at, strand))
        .map(|(at, _)| at)
        .collect();
    let strand =
        fitting.iter().rev().find(|at| trace.strand(**at).is_some_and(|strand| linked(trace, **at, strand)));
    if let Some(error) = event.text("error").filter(|error| !error.starts_with("States.")) {
        let message = format!("EvaluationFailed with the error {error:?}, which is none of AWS's");
        ledger.breach("HIS-10", event, message);
    }
    let Some(strand) = strand.or_else(|| fitting.last()).copied() else {
        let message =
            format!("EvaluationFailed of state {name:?}, which is not at a point where that is possible");
        return trace.fault("HIS-11", event, message, ledger);
    };
    if !trace.strand(strand).is_some_and(|found| linked(trace, strand, found)) {
        trace.bad_link(event, strand, ledger);
    }
    let entered =
        trace.open_visit(strand).and_then(|(_, visit)| trace.event(visit.entered)).map(|event| event.id);
    let earlier = trace.open_visit(strand).and_then(|(_, visit)| trace.event(*visit.evaluations.last()?));
    // A retry evaluates again, and fails in the same words; with full jitter it may hardly wait (ERR-14).
    let again = |earlier: &Event| earlier.details == event.details && event.at == earlier.at;
    if earlier.is_some_and(again) && are_real(trace.events) {
        trace.fault("HIS-11", event, format!("EvaluationFailed of state {name:?} occurs twice"), ledger);
    }
    if let Some(visit) = trace.current_mut(strand) {
        visit.evaluations.push(position);
    }
    trace.advance(strand, event, Phase::EvaluationFailed);
    if let Some(strand) = trace.strands.get_mut(strand) {
        strand.heads.extend(entered);
    }
}
