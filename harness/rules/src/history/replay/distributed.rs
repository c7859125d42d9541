//! A distributed Map: one Map Run in place of iterations (HIS-26), and what its state makes of the run's end (ERR-05, IO-06).
//!
//! What the child executions did is not in this history and is not judged. Invariant: a result that is not known accuses
//! nobody; only where it is put, and what is around it, is compared.

use asl::{Origin, State, TaskFailure};
use record::Event;
use serde_json::{Value, json};

use super::super::trace::{Phase, Round, Visit};
use super::ways::Tally;
use super::{Goal, Outcome, Replay, Setting, Twice, blind};

/// How a Map Run itself fails; any other name comes from somewhere within.
const OF_THE_RUN: [&str; 3] =
    ["States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed", "States.ResultWriterFailed"];

/// What a Map Run failed with, if this event is the end of one that did.
pub(super) fn failure(event: &Event) -> Option<TaskFailure> {
    let error = event.text("error").filter(|_| event.kind == "MapRunFailed")?;
    let failure = TaskFailure::new(Some(error.to_owned()), event.text("cause").map(str::to_owned));
    let origin = if OF_THE_RUN.contains(&error) { Origin::Interpreter } else { failure.origin };
    Some(TaskFailure { origin, ..failure })
}

/// Whether a Map Run itself failed so.
pub(super) fn is_of_a_run(failure: &TaskFailure) -> bool {
    failure.error.as_deref().is_some_and(|error| OF_THE_RUN.contains(&error))
}

impl Replay<'_, '_> {
    /// The end of one round; None where another follows. `items` are as many as the definition finds, where that is known.
    pub(super) fn distributed(
        &mut self,
        at: usize,
        number: usize,
        state: &State,
        setting: &Setting<'_>,
        items: Option<u64>,
        counts: &mut Tally,
    ) -> Option<(Goal, Outcome)> {
        let trace = self.trace;
        let visit = trace.visits.get(at)?;
        let round = visit.rounds.get(number)?;
        self.of_one_run(visit, round, items);
        let over = visit.exited.is_some()
            || trace.strand(visit.strand).is_some_and(|strand| strand.phase == Phase::CompositeSucceeded);
        if number + 1 == visit.rounds.len() && visit.failed.is_none() && over {
            return Some(self.placed(visit, state, setting));
        }
        self.composite(at, number, state, setting, None, &[], counts)
    }

    /// A round is one Map Run, over as many items as there are, and holds no iteration of its own.
    fn of_one_run(&mut self, visit: &Visit, round: &Round, items: Option<u64>) {
        let Some(started) = self.trace.event(round.started) else { return };
        let length = started.details.get("length").and_then(Value::as_u64);
        // Items that are read from elsewhere are not counted yet: the length is 0.
        if let (Some(length), Some(items)) = (length.filter(|length| *length > 0), items)
            && length != items
        {
            let message = format!("length {length}, the Map state {:?} has {items} items", visit.name);
            for rule in ["HIS-29", "HIS-26"] {
                self.ledger.breach(rule, started, message.clone());
            }
        }
        let begun = round.strands.first().and_then(|strand| {
            self.trace.events.iter().find(|event| self.trace.owner.get(&event.id) == Some(strand))
        });
        if let Some(begun) = begun {
            let message =
                format!("an iteration of {:?}, whose items run as executions of their own", visit.name);
            self.ledger.breach("HIS-26", begun, message);
        }
        let exited = visit.exited.and_then(|at| self.trace.event(at));
        let last = visit.rounds.last().is_some_and(|last| last.started == round.started);
        if let (Some(exited), true, None, None) = (exited, last, round.run, visit.failed)
            && items.is_some_and(|items| items > 0)
            && !visit.redriven
        {
            let message = format!("{:?} is left without a Map Run", visit.name);
            self.ledger.breach("HIS-26", exited, message);
        }
    }

    /// A state that is left with the result of a Map Run: an array, or what its ResultWriter wrote.
    fn placed(&mut self, visit: &Visit, state: &State, setting: &Setting<'_>) -> (Goal, Outcome) {
        self.ledger
            .unjudged(format!("the results of the Map Run of {:?} are not in this history", visit.name));
        if !asl::places_its_result(state) {
            return blind(self.trace, visit, state);
        }
        let left = |result: Value| setting.twice(|inputs| asl::complete(state, inputs, &result));
        match (left(json!([])).one, left(json!({})).two) {
            (Ok(one), Ok(two)) => self.leave(visit, state, &Twice { one, two }, "IO-06"),
            _ => blind(self.trace, visit, state),
        }
    }
}
