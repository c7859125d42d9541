//! What may become of a failure: every way that Retry and Catch may take it, where no source decides which (A-01, A-09, ERR-20).
//!
//! What it does not do: looking at what became of it, which is `recovery`. Invariant: each way is what `asl` does of one failure
//! that the history may stand for.

use asl::{Origin, Recovery, RetryCounts, State, TaskFailure};
use record::Event;

use super::recovery::is_too_early;
use super::{Replay, Setting};

/// The retries of one visit; a redrive starts anew (RED-03). Where a failure may have been taken in several ways, each leads to
/// counts of its own.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) possible: Vec<RetryCounts>,
    segment: usize,
}

impl Default for Tally {
    fn default() -> Self {
        Self { possible: vec![RetryCounts::default()], segment: 0 }
    }
}

impl Tally {
    pub(super) fn segment(&mut self, segment: usize) {
        if segment != self.segment {
            *self = Self { segment, ..Self::default() };
        }
    }

    /// `$$.State.RetryCount`, the same whoever took the failures.
    pub(super) fn total(&self) -> u64 {
        self.possible.first().map_or(0, RetryCounts::total)
    }
}

/// Names that AWS gives to its own errors; whether wildcards match one that a worker sent is open (A-11, A-20, ERR-20).
fn is_reserved(failure: &TaskFailure) -> bool {
    let settled = ["States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed", "States.Permissions"];
    let error = failure.error.as_deref().unwrap_or_default();
    error.starts_with("States.") && !settled.contains(&error)
}

/// A failure as it is, and without a cause as with an empty one.
fn spellings(failure: &TaskFailure) -> impl Iterator<Item = TaskFailure> {
    let empty =
        failure.cause.is_none().then(|| TaskFailure { cause: Some(String::new()), ..failure.clone() });
    std::iter::once(failure.clone()).chain(empty)
}

/// A cause that AWS never gives.
const OTHER_WORDS: &str = "in other words";

/// One thing that may become of a failure.
pub(super) struct Way {
    pub(super) one: Recovery,
    pub(super) two: Recovery,
    pub(super) counts: RetryCounts,
    pub(super) failure: TaskFailure,
}

/// Everything that may become of a failure.
pub(super) struct Ways {
    pub(super) known: Vec<Way>,
    /// Some Catcher's fields do not evaluate here.
    pub(super) unevaluated: bool,
    /// Whether the names that AWS reserves end the execution is open (ERR-20).
    open_end: bool,
    /// Whether wildcards take the error is open: that they leave States.Runtime alone is only said of the interpreter's own.
    pub(super) open_match: bool,
}

impl Ways {
    /// `told` says whether an event gives the words of a failure of the interpreter.
    pub(super) fn of(
        state: &State,
        setting: &Setting<'_>,
        failures: &[TaskFailure],
        tally: &Tally,
        told: bool,
    ) -> Self {
        let (mut known, mut unevaluated) = (Vec::new(), false);
        for before in &tally.possible {
            let recover = |failure: &TaskFailure| {
                setting.twice(|inputs| {
                    let mut counts = before.clone();
                    asl::recover(state, inputs, failure, &mut counts).map(|recovery| (recovery, counts))
                })
            };
            for failure in failures.iter().flat_map(spellings) {
                let mut both = recover(&failure);
                // Texts of the interpreter's own errors are no contract (WIRE-10).
                if failure.origin == Origin::Interpreter && failure.cause.is_some() && !told {
                    both.two =
                        recover(&TaskFailure { cause: Some(OTHER_WORDS.to_owned()), ..failure.clone() }).two;
                }
                match (both.one, both.two) {
                    (Ok((one, counts)), Ok((two, _))) => known.push(Way { one, two, counts, failure }),
                    _ => unevaluated = true,
                }
            }
        }
        let open_end =
            failures.iter().any(|failure| is_reserved(failure) && failure.origin != Origin::Interpreter);
        let open_match =
            open_end && failures.iter().any(|one| one.error.as_deref() == Some("States.Runtime"));
        Self { known, unevaluated, open_end, open_match }
    }

    /// The retries that may be the one seen: those whose wait was over, or all if none was.
    pub(super) fn retries(
        &self,
        replay: &Replay<'_, '_>,
        failed: Option<&Event>,
        again: &Event,
    ) -> Vec<&Way> {
        let all = || self.known.iter().filter(|way| matches!(way.one, Recovery::Retry { .. }));
        let over: Vec<&Way> = all().filter(|way| !is_too_early(replay, failed, again, &way.one)).collect();
        if over.is_empty() { all().collect() } else { over }
    }

    /// Whether the failure may leave the state uncaught.
    pub(super) fn may_end(&self) -> bool {
        self.known.is_empty()
            || self.open_end
            || self.known.iter().any(|way| matches!(way.one, Recovery::Uncaught(_)))
    }
}

/// What Retry and Catch may take a failure for: of one without a name it is only recorded that States.ALL takes it;
/// States.TaskFailed may, too.
pub(super) fn views_of(error: Option<String>, cause: Option<String>) -> Vec<TaskFailure> {
    let unnamed = error.is_none().then(|| TaskFailure::new(Some(String::new()), cause.clone()));
    std::iter::once(TaskFailure::new(error, cause)).chain(unnamed).collect()
}
