//! What a redrive leaves of the rounds before it: a Parallel or Map runs only what had not succeeded (RED-02).
//!
//! That what had succeeded does not run again is judged elsewhere, while the history is read.

use serde_json::Value;

use super::super::trace::Visit;
use super::Replay;

impl Replay<'_, '_> {
    /// What all branches or iterations came to, if they did: those that a redrive did not run again keep what they came to before.
    pub(super) fn kept(
        &self,
        visit: &Visit,
        number: usize,
        kept: &mut Vec<Option<Value>>,
        mut outputs: Vec<Option<Value>>,
    ) -> Option<Vec<Value>> {
        if number.checked_sub(1).is_some_and(|before| self.is_redriven(visit, before)) {
            for (output, before) in outputs.iter_mut().zip(kept.drain(..)) {
                *output = output.take().or(before);
            }
        }
        kept.clone_from(&outputs);
        outputs.into_iter().collect()
    }

    /// Whether a redrive follows this round that starts its branches or iterations again by itself. A Retry may do so after it.
    pub(super) fn is_redriven(&self, visit: &Visit, number: usize) -> bool {
        let trace = self.trace;
        let (Some(round), Some(next)) = (visit.rounds.get(number), visit.rounds.get(number + 1)) else {
            return false;
        };
        let link = trace.event(next.started).map_or(0, |started| started.previous);
        next.segment != round.segment
            && trace.redrive_before(next.started).is_some_and(|redriven| link <= redriven.id)
    }
}
