//! The end of the execution: the error that nothing caught (ERR-06), or the machine's own timeout (TMO-06).

use asl::Machine;
use record::{Event, Time};

use super::super::flow::{same_text, told};
use super::super::shape::EVENT_LIMIT;
use super::super::times::{is_early, is_outlived};
use super::super::trace::Phase;
use super::{Outcome, Replay};

/// The longest that an execution runs, in seconds (TMO-12).
const YEAR: u64 = 366 * 24 * 3600;

impl Replay<'_, '_> {
    /// The end of the execution: the last state's failure, or the machine's own timeout.
    pub(super) fn end(&mut self, machine: &Machine, outcome: &Outcome) {
        self.outlived(machine);
        let Some(last) = self.trace.terminal.and_then(|at| self.trace.event(at)) else { return };
        match (last.kind.as_str(), outcome) {
            ("ExecutionFailed", Outcome::Failed(failures)) if self.trace.events.len() < EVENT_LIMIT => {
                self.ledger.met("ERR-06");
                let equal = |a: Option<&str>, b: Option<&str>| {
                    same_text(a.unwrap_or_default(), b.unwrap_or_default())
                };
                let own = |error: Option<&str>| error.is_some_and(|error| error.starts_with("States."));
                let fits = failures.iter().any(|failure| {
                    let named = equal(failure.error.as_deref(), last.text("error"));
                    let by_interpreter = failure.origin == asl::Origin::Interpreter;
                    // Texts of the interpreter's own errors are no contract (WIRE-10), their names are open.
                    let open = by_interpreter && own(last.text("error"));
                    open || (named && (by_interpreter || equal(failure.cause.as_deref(), last.text("cause"))))
                });
                let shown = self.trace.strand(0).is_some_and(|strand| {
                    strand.phase == Phase::FailState || strand.phase == Phase::CompositeFailed
                });
                if !fits && (shown || self.is_bare_failure(machine, last)) {
                    let expected = failures
                        .first()
                        .map(|failure| told(failure.error.as_deref(), failure.cause.as_deref()));
                    let message = format!(
                        "{}, expected {}",
                        told(last.text("error"), last.text("cause")),
                        expected.unwrap_or_default()
                    );
                    self.ledger.breach("ERR-06", last, message.clone());
                    self.ledger.breach("HIS-29", last, message);
                }
            }
            ("ExecutionTimedOut", _) => self.timed_out(machine, last),
            _ => {}
        }
    }

    /// Whether a task that neither Retry nor Catch looks after has failed: nothing but its size can then replace its error.
    fn is_bare_failure(&self, machine: &Machine, last: &Event) -> bool {
        let Some((_, visit)) = self.trace.current(0) else { return false };
        let state = machine.top().states.get(&visit.name);
        self.trace.strand(0).is_some_and(|strand| strand.phase == Phase::Failed)
            && visit.attempts.last().is_some_and(|attempt| !attempt.ok)
            && visit.failed_evaluation().is_none()
            && state.is_some_and(|state| state.retriers().is_empty() && state.catchers().is_empty())
            && last.text("error") != Some("States.DataLimitExceeded")
    }

    /// An execution that goes on, or ends otherwise, long after the machine's TimeoutSeconds (TMO-06).
    fn outlived(&mut self, machine: &Machine) {
        let (Some(from), Some(last)) = (self.begun(), self.trace.events.last()) else { return };
        let seconds = machine.timeout_seconds.unwrap_or(YEAR).min(YEAR);
        let bound = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        let judged = self.real && self.trace.sound && self.ledger.is_clean();
        if judged && last.kind != "ExecutionTimedOut" && is_outlived(from, last.at, bound) {
            let after = last.at - from;
            let message = format!("the execution goes on after {after} ms, its limit is {seconds} s");
            self.ledger.breach("TMO-06", last, message);
        }
    }

    /// When the machine's own time began: with the execution, or with its last redrive.
    fn begun(&self) -> Option<Time> {
        let redriven = self.trace.redrive_before(self.trace.events.len());
        redriven.or_else(|| self.trace.event(0)).map(|event| event.at)
    }

    pub(super) fn timed_out(&mut self, machine: &Machine, last: &Event) {
        self.ledger.met("TMO-06");
        let seconds = machine.timeout_seconds.unwrap_or(YEAR).min(YEAR);
        let from = self.begun();
        let bound = i64::try_from(seconds).unwrap_or_default() * 1000;
        if self.real && from.is_some_and(|from| is_early(from, last.at, bound)) {
            let after = from.map(|from| last.at - from).unwrap_or_default();
            self.ledger.breach(
                "TMO-06",
                last,
                format!("the execution timed out after {after} ms, its limit is {seconds} s"),
            );
        }
    }
}
