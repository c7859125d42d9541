//! A state whose fields did not evaluate: whether they can fail, and what became of the failure (ERR-05, ERR-06, HIS-29).
//!
//! What it does not do: evaluations that fail after a task, a branch or an iteration did, for it may be the Catcher's fields that
//! failed. Invariant: an evaluation is called a lie only where the state's expressions are beyond dispute.

use asl::{Failure, Origin, QueryLanguage, State, StateKind, TaskFailure};
use record::Event;

use super::super::trace::{Span, Visit};
use super::recovery::{self, Seen};
use super::ways::Tally;
use super::{Goal, Outcome, Replay, Setting, blind, possible};

/// The words that say that an expression itself failed, not what a service makes of its value (recorded:
/// undefined-reference-base-undefined-arguments; LocalStack 2026.3).
const OF_AN_EXPRESSION: [&str; 2] = ["returned nothing (undefined)", "threw an error during evaluation"];

/// Whether a state that fails here must fail at AWS as well. Of JSONata that is said of expressions alone: which types a field
/// takes is less certain than what an expression gives.
pub(super) fn must_fail(state: &State, failure: &Failure) -> bool {
    let cause = failure.cause.as_deref().unwrap_or_default();
    let by_expression = state.is_elementary() && is_of_an_expression(cause);
    failure.sourced && (state.query_language == QueryLanguage::JsonPath || by_expression)
}

fn is_of_an_expression(cause: &str) -> bool {
    OF_AN_EXPRESSION.iter().any(|words| cause.contains(words))
}

impl Replay<'_, '_> {
    /// What followed the evaluations of a state that failed in a span, at whose end is its next attempt or round, if there is
    /// one. `fails` says whether the fields fail here, too, if that is known. None where another attempt follows.
    pub(super) fn evaluations(
        &mut self,
        visit: &Visit,
        state: &State,
        setting: &Setting<'_>,
        fails: Option<bool>,
        tally: &mut Tally,
        span: Span,
    ) -> Option<(Goal, Outcome)> {
        let failed: Vec<&Event> = visit.evaluations_in(span).filter_map(|at| self.trace.event(at)).collect();
        let next = span.1.and_then(|at| self.trace.event(at));
        // Whether the wildcard for tasks takes it is open.
        let names = state.catchers().iter().flat_map(|catcher| &catcher.error_equals);
        let names = names.chain(state.retriers().iter().flat_map(|retrier| &retrier.error_equals));
        let open = names.into_iter().any(|name| name == "States.TaskFailed");
        for (number, event) in failed.iter().copied().enumerate() {
            if fails == Some(false) {
                self.could_evaluate(visit, state, event);
            }
            if open {
                let goal = if visit.exited.is_some() { Goal::Among(possible(state)) } else { Goal::Any };
                return Some((goal, blind(self.trace, visit, state).1));
            }
            let text = |member: &str| event.text(member).map(str::to_owned);
            let failure =
                TaskFailure { error: text("error"), cause: text("cause"), origin: Origin::Interpreter };
            let seen = match failed.get(number + 1).copied().or(next) {
                Some(again) => Seen::Retried { failed: Some(event), again: Some(again) },
                None if visit.exited.is_some() => Seen::Left,
                None => Seen::Failed,
            };
            let judged = recovery::judge(self, visit, state, setting, &[failure], seen, tally);
            if judged.is_some() {
                return judged;
            }
        }
        None
    }

    /// What followed the failed evaluations that a state ends with.
    pub(super) fn evaluation(
        &mut self,
        visit: &Visit,
        state: &State,
        setting: &Setting<'_>,
        fails: bool,
        tally: &mut Tally,
        from: usize,
    ) -> (Goal, Outcome) {
        let judged = self.evaluations(visit, state, setting, Some(fails), tally, (from, None));
        judged.unwrap_or_else(|| blind(self.trace, visit, state))
    }

    fn could_evaluate(&mut self, visit: &Visit, state: &State, event: &Event) {
        let cause = event.text("cause").unwrap_or_default();
        // A service may refuse the arguments of a task that evaluate well, and a Map has bounds of its own.
        let bounded = matches!(state.kind, StateKind::Task(_) | StateKind::Map(_));
        let of_fields = !bounded || is_of_an_expression(cause);
        if state.is_elementary() && of_fields {
            let message = format!("EvaluationFailed of {:?}, whose fields evaluate", visit.name);
            self.ledger.breach("HIS-29", event, message);
        } else {
            self.ledger
                .unjudged(format!("state {:?}: an evaluation failed at AWS that succeeds here", visit.name));
        }
    }
}
