//! The attempts of Task states: Task*, Activity* and LambdaFunction* events (HIS-14, 15, 16, 28; A-03).

use asl::Pattern;
use record::Event;

use super::ledger::Ledger;
use super::trace::{Attempt, Family, Phase, Trace};

/// What an event says of its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Scheduled,
    Started,
    Submitted,
    Succeeded,
    Failed,
    TimedOut,
    /// Nothing could be scheduled.
    NotScheduled,
    /// The request could not be made: before the start, or after it.
    NotStarted,
    NotSubmitted,
}

fn stage(kind: &str) -> Option<(Family, Stage)> {
    use Family::{Activity, Lambda, Task};
    Some(match kind {
        "TaskScheduled" => (Task, Stage::Scheduled),
        "TaskStarted" => (Task, Stage::Started),
        "TaskSubmitted" => (Task, Stage::Submitted),
        "TaskSucceeded" => (Task, Stage::Succeeded),
        "TaskFailed" => (Task, Stage::Failed),
        "TaskTimedOut" => (Task, Stage::TimedOut),
        "TaskStartFailed" => (Task, Stage::NotStarted),
        "TaskSubmitFailed" => (Task, Stage::NotSubmitted),
        "ActivityScheduled" => (Activity, Stage::Scheduled),
        "ActivityStarted" => (Activity, Stage::Started),
        "ActivitySucceeded" => (Activity, Stage::Succeeded),
        "ActivityFailed" => (Activity, Stage::Failed),
        "ActivityTimedOut" => (Activity, Stage::TimedOut),
        "ActivityScheduleFailed" => (Activity, Stage::NotScheduled),
        "LambdaFunctionScheduled" => (Lambda, Stage::Scheduled),
        "LambdaFunctionStarted" => (Lambda, Stage::Started),
        "LambdaFunctionSucceeded" => (Lambda, Stage::Succeeded),
        "LambdaFunctionFailed" => (Lambda, Stage::Failed),
        "LambdaFunctionTimedOut" => (Lambda, Stage::TimedOut),
        "LambdaFunctionScheduleFailed" => (Lambda, Stage::NotScheduled),
        "LambdaFunctionStartFailed" => (Lambda, Stage::NotStarted),
        _ => return None,
    })
}

/// The integration pattern that a `resource` member shows.
pub(super) fn pattern(resource: &str) -> Pattern {
    [Pattern::WaitForTaskToken, Pattern::Sync2, Pattern::Sync]
        .into_iter()
        .find(|pattern| resource.ends_with(pattern.suffix()))
        .unwrap_or(Pattern::RequestResponse)
}

/// The pattern of an attempt.
pub(super) fn pattern_of(trace: &Trace<'_>, attempt: &Attempt) -> Pattern {
    let resource = trace.event(attempt.scheduled).and_then(|event| event.text("resource"));
    if attempt.family == Family::Task {
        resource.map_or(Pattern::RequestResponse, pattern)
    } else {
        Pattern::RequestResponse
    }
}

fn rule_for(trace: &Trace<'_>, attempt: &Attempt) -> &'static str {
    match (attempt.family, pattern_of(trace, attempt)) {
        (Family::Activity, _) => "HIS-14",
        (_, Pattern::RequestResponse) => "HIS-15",
        _ => "HIS-14",
    }
}

/// The rule for the order of the attempt in which a strand is.
pub(super) fn rule_of(trace: &Trace<'_>, strand: usize) -> Option<&'static str> {
    let (_, visit) = trace.open_visit(strand)?;
    visit.attempts.last().map(|attempt| rule_for(trace, attempt))
}

fn accepts(trace: &Trace<'_>, at: usize, family: Family, stage: Stage) -> bool {
    let (Some(strand), Some((_, visit))) = (trace.strand(at), trace.open_visit(at)) else { return false };
    if visit.kind != "Task" || strand.aborted {
        return false;
    }
    let phase = strand.phase;
    let fresh = matches!(phase, Phase::Entered | Phase::Failed | Phase::EvaluationFailed | Phase::Redriven);
    if stage == Stage::Scheduled || (stage == Stage::NotScheduled && fresh) {
        return fresh;
    }
    let Some(attempt) = visit.attempts.last() else { return false };
    if attempt.family != family {
        return false;
    }
    let pattern = pattern_of(trace, attempt);
    match stage {
        Stage::Scheduled => false,
        Stage::Started | Stage::NotScheduled => phase == Phase::Scheduled,
        Stage::Submitted => {
            phase == Phase::Started && family == Family::Task && pattern != Pattern::RequestResponse
        }
        Stage::Succeeded => match pattern {
            Pattern::RequestResponse => phase == Phase::Started,
            Pattern::WaitForTaskToken => matches!(phase, Phase::Started | Phase::Submitted),
            Pattern::Sync | Pattern::Sync2 => phase == Phase::Submitted,
        },
        // Whether an activity's TimeoutSeconds run while nobody takes the task is open.
        Stage::TimedOut if family == Family::Activity => matches!(phase, Phase::Scheduled | Phase::Started),
        Stage::Failed | Stage::TimedOut => matches!(phase, Phase::Started | Phase::Submitted),
        // A refused request of an integration is written in either way.
        Stage::NotStarted => phase == Phase::Scheduled || (family == Family::Task && phase == Phase::Started),
        Stage::NotSubmitted => phase == Phase::Started && pattern != Pattern::RequestResponse,
    }
}

/// Takes an event of an attempt; false for any other type.
pub(super) fn step(trace: &mut Trace<'_>, position: usize, event: &Event, ledger: &mut Ledger) -> bool {
    let Some((family, stage)) = stage(&event.kind) else { return false };
    if stage == Stage::Submitted && submitted_late(trace, position, event) {
        ledger.met("HIS-14");
        return true;
    }
    let view: &Trace<'_> = trace;
    let pick = view.pick(event, |at, _| accepts(view, at, family, stage));
    let strand = match pick {
        Ok(pick) if pick.linked && is_of_resource(view, pick.strand, event) => pick.strand,
        Ok(pick) => {
            let own = |at| accepts(view, at, family, stage) && is_of_resource(view, at, event);
            let strand = view.forsaken(event, own).unwrap_or(pick.strand);
            if strand != pick.strand || !pick.linked {
                trace.bad_link(event, strand, ledger);
            }
            strand
        }
        Err(linked) => {
            if let Some(strand) = misled(view, linked, event, family, stage) {
                trace.bad_link(event, strand, ledger);
                strand
            } else {
                let strand = linked.unwrap_or_default();
                out_of_order(trace, strand, event, family, stage, ledger);
                strand
            }
        }
    };
    apply(trace, strand, position, event, family, stage);
    consistent(trace, strand, event, family, stage, ledger);
    true
}

/// Whether an event names the resource that the attempt of a strand was scheduled with.
fn is_of_resource(trace: &Trace<'_>, strand: usize, event: &Event) -> bool {
    let attempt = trace.open_visit(strand).and_then(|(_, visit)| visit.attempts.last());
    let scheduled = attempt.and_then(|attempt| trace.event(attempt.scheduled));
    let agree = |member: &str| {
        let scheduled = scheduled.and_then(|scheduled| scheduled.text(member));
        event.text(member).zip(scheduled).is_none_or(|(here, there)| here == there)
    };
    event.is_scheduled() || (agree("resource") && agree("resourceType"))
}

/// The strand of an event whose link leads to one that cannot take it: one that nothing else goes on with, or the only one where
/// the link leads to a state that is no Task.
fn misled(
    trace: &Trace<'_>,
    linked: Option<usize>,
    event: &Event,
    family: Family,
    stage: Stage,
) -> Option<usize> {
    let linked = linked?;
    let own = |at| at != linked && accepts(trace, at, family, stage) && is_of_resource(trace, at, event);
    if let Some(strand) = trace.forsaken(event, own) {
        return Some(strand);
    }
    if trace.current(linked).is_some_and(|(_, visit)| visit.kind == "Task") {
        return None;
    }
    let mut fits = (0..trace.strands.len()).filter(|at| accepts(trace, *at, family, stage));
    fits.next().filter(|_| fits.next().is_none())
}

/// TaskSubmitted of a callback that was answered before the service's reply was written.
fn submitted_late(trace: &mut Trace<'_>, position: usize, event: &Event) -> bool {
    let resource = event.text("resource").unwrap_or_default();
    if pattern(resource) != Pattern::WaitForTaskToken {
        return false;
    }
    let mut late = None;
    for (at, visit) in trace.visits.iter().enumerate() {
        for (number, attempt) in visit.attempts.iter().enumerate() {
            if attempt.ended.is_none() || attempt.submitted.is_some() || attempt.family != Family::Task {
                continue;
            }
            let ids = [Some(attempt.scheduled), attempt.started, attempt.ended];
            let mut ids = ids.into_iter().flatten().filter_map(|at| trace.event(at)).map(|event| event.id);
            let same =
                trace.event(attempt.scheduled).and_then(|event| event.text("resource")) == Some(resource);
            if same && ids.any(|id| id == event.previous) {
                late = Some((at, number));
            }
        }
    }
    let Some((visit, number)) = late else { return false };
    let strand = trace.visits.get(visit).map(|visit| visit.strand).unwrap_or_default();
    if let Some(attempt) = trace.visits.get_mut(visit).and_then(|visit| visit.attempts.get_mut(number)) {
        attempt.submitted = Some(position);
    }
    if let Some(strand) = trace.strands.get_mut(strand)
        && strand.heads.contains(&event.previous)
    {
        strand.heads.push(event.id);
    }
    trace.owner.insert(event.id, strand);
    true
}

fn out_of_order(
    trace: &mut Trace<'_>,
    strand: usize,
    event: &Event,
    family: Family,
    stage: Stage,
    ledger: &mut Ledger,
) {
    let place = trace.whereabouts(strand);
    let (rule, message) = match trace.open_visit(strand) {
        None => ("HIS-11", format!("{} outside a Task state: {place}", event.kind)),
        Some((_, visit)) if visit.kind != "Task" => {
            ("HIS-11", format!("{} in {} state {:?}", event.kind, visit.kind, visit.name))
        }
        Some((_, visit)) => match visit.attempts.last() {
            Some(attempt) if attempt.family != family && stage != Stage::Scheduled => {
                ("HIS-28", format!("{} in an attempt of kind {:?}", event.kind, attempt.family))
            }
            Some(attempt) => (rule_for(trace, attempt), format!("{} while {place}", event.kind)),
            None => {
                let rule = match (family, event.text("resource").map(pattern)) {
                    (Family::Task, Some(Pattern::RequestResponse)) | (Family::Lambda, _) => "HIS-15",
                    _ => "HIS-14",
                };
                (rule, format!("{} before the task was scheduled", event.kind))
            }
        },
    };
    trace.fault(rule, event, message, ledger);
    if stage == Stage::Submitted
        && event.text("resource").is_some_and(|resource| pattern(resource) == Pattern::RequestResponse)
    {
        trace.fault("HIS-15", event, "TaskSubmitted in a request-response attempt", ledger);
    }
}

fn apply(trace: &mut Trace<'_>, strand: usize, position: usize, event: &Event, family: Family, stage: Stage) {
    let segment = trace.segment;
    let waiting = trace.strand(strand).is_some_and(|strand| strand.phase == Phase::Scheduled);
    let at_once = stage == Stage::NotScheduled && !waiting;
    if let Some(visit) = trace.current_mut(strand) {
        if stage == Stage::Scheduled || at_once {
            visit.attempts.push(Attempt {
                family,
                scheduled: position,
                started: None,
                submitted: None,
                ended: at_once.then_some(position),
                ok: false,
                segment,
            });
            visit.exited = None;
        } else if let Some(attempt) = visit.attempts.last_mut() {
            match stage {
                Stage::Started => attempt.started = Some(position),
                Stage::Submitted => attempt.submitted = Some(position),
                _ => {
                    attempt.ended = attempt.ended.or(Some(position));
                    attempt.ok = stage == Stage::Succeeded;
                }
            }
        }
    }
    let phase = match stage {
        Stage::Scheduled => Phase::Scheduled,
        Stage::Started => Phase::Started,
        Stage::Submitted => Phase::Submitted,
        Stage::Succeeded => Phase::Succeeded,
        _ => Phase::Failed,
    };
    trace.advance(strand, event, phase);
}

/// All events of an attempt name the same resource (HIS-16); the family goes with the resource (HIS-28).
fn consistent(
    trace: &Trace<'_>,
    strand: usize,
    event: &Event,
    family: Family,
    stage: Stage,
    ledger: &mut Ledger,
) {
    let Some((_, visit)) = trace.open_visit(strand) else { return };
    let Some(attempt) = visit.attempts.last() else { return };
    match (family, pattern_of(trace, attempt)) {
        (Family::Task, Pattern::RequestResponse) => {
            ledger.met("HIS-15");
            ledger.met("HIS-16");
            ledger.met("HIS-17");
        }
        (Family::Task, _) => {
            ledger.met("HIS-14");
            ledger.met("HIS-16");
            ledger.met("HIS-17");
        }
        _ => ledger.met("HIS-28"),
    }
    if stage == Stage::Scheduled {
        let resource = event.text("resource").unwrap_or_default();
        let foreign = resource.starts_with("arn:")
            && match family {
                Family::Task => true,
                Family::Activity => !resource.contains(":activity:"),
                Family::Lambda => !resource.contains(":lambda:") && !resource.contains(":function:"),
            };
        if foreign {
            ledger.breach("HIS-28", event, format!("{} for the resource {resource}", event.kind));
        }
        return;
    }
    let Some(scheduled) = trace.event(attempt.scheduled) else { return };
    if family == Family::Task && attempt.family == Family::Task {
        for member in ["resourceType", "resource"] {
            if let (Some(here), Some(there)) = (event.text(member), scheduled.text(member))
                && here != there
            {
                ledger.breach(
                    "HIS-16",
                    event,
                    format!("{member} is {here:?}, the task was scheduled with {there:?}"),
                );
            }
        }
    }
}
