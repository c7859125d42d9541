//! What came of a run, and which exit it means.

use rules::score::Score;
use rules::{Verdict, VerdictKind};

use crate::Spent;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The verdict on every rule that was asked for and can be judged, in the registry's order.
    pub verdicts: Vec<(String, Verdict)>,
    /// The whole score.
    pub score: Score,
    /// Violations that the baseline does not list: rule, check.
    pub unlisted: Vec<(String, String)>,
    /// Baseline entries that did not show: rule, check.
    pub stale: Vec<(String, String)>,
    /// Core rules that were not decided and are not listed: rule, verdict.
    pub undecided: Vec<(String, VerdictKind)>,
    /// Why the run could not go on.
    pub broken: Option<String>,
    /// Whether it was cut short by the time budget or by Ctrl-C.
    pub cut: bool,
    /// Plans executed.
    pub cases: u64,
    /// Plans that were not begun: the budget did not cover them, or the run was stopped.
    pub not_run: u64,
    /// What was used.
    pub spent: Spent,
    /// Executions started.
    pub executions: u64,
    /// Wall time.
    pub elapsed_s: f64,
    /// Resources that could not be removed.
    pub leftovers: Vec<String>,
}

/// Why a run exits as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// Everything holds, or fails exactly as the baseline says.
    Conforms,
    /// A rule was broken that the baseline does not list.
    Violated,
    /// The baseline lists what did not show.
    StaleBaseline,
    /// A core rule was not decided.
    Undecided,
    /// The harness or the target could not go on.
    Broken,
}

impl Summary {
    /// The worst thing that came of it decides.
    pub fn exit(&self) -> ExitReason {
        if self.broken.is_some() {
            ExitReason::Broken
        } else if !self.unlisted.is_empty() {
            ExitReason::Violated
        } else if !self.stale.is_empty() {
            ExitReason::StaleBaseline
        } else if !self.undecided.is_empty() {
            ExitReason::Undecided
        } else {
            ExitReason::Conforms
        }
    }
}
