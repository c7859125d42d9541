//! What a redrive may not run again: branches and iterations that had succeeded (RED-02).

use record::Event;

use super::super::flow::is_of_the_interpreter;
use super::super::ledger::Ledger;
use super::super::trace::{Strand, Trace};

/// A branch or an iteration begins after a redrive; `is_same` tells the earlier runs of it.
pub(in super::super) fn begins(
    trace: &Trace<'_>,
    visit: usize,
    event: &Event,
    is_same: impl Fn(&Trace<'_>, &Strand) -> bool,
    ledger: &mut Ledger,
) {
    let Some([before @ .., redriven]) = trace.until_redrive_before(event) else { return };
    let is_before =
        |at: Option<usize>| at.and_then(|at| trace.event(at)).is_some_and(|event| event.id < redriven.id);
    let rounds = trace.visits.get(visit).map_or(&[][..], |visit| visit.rounds.as_slice());
    let Some(live) = rounds.iter().rfind(|round| is_before(Some(round.started))) else { return };
    // A state that failed by its own data is run again as a whole (DG:redrive-executions, of States.DataLimitExceeded).
    let ended = before.iter().rfind(|ended| ended.is_terminal());
    if ended.and_then(|ended| ended.text("error")).is_some_and(is_of_the_interpreter) {
        return;
    }
    // A Retry after the redrive runs all of it again.
    let begun = rounds.last().and_then(|round| trace.event(round.started));
    let retried = |begun: &Event| begun.id > redriven.id && begun.previous > redriven.id;
    if begun.is_some_and(retried) {
        return;
    }
    let had_ended = |strand: &Strand| {
        let last = strand.visits.last().and_then(|last| trace.visits.get(*last));
        !strand.aborted && last.is_some_and(|last| is_before(last.exited) && last.failed.is_none())
    };
    let mut earlier = live.strands.iter().filter_map(|at| trace.strand(*at));
    if earlier.any(|strand| had_ended(strand) && is_same(trace, strand)) {
        ledger.breach("RED-02", event, "what had succeeded before the redrive runs again");
    }
}
