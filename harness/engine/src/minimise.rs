//! A smaller plan that shows the same violation, found by trying.

use plan::{Plan, shrink};
use record::{CaseRecord, Finding, FindingKind};

use crate::BoxFuture;

/// How much may be tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Executions of candidates.
    pub(crate) tries: u32,
    /// A candidate must show the violation in this many of so many runs: races do not show each time.
    pub(crate) of: u32,
}

/// What came of it.
pub(crate) struct Small {
    pub(crate) plan: Plan,
    pub(crate) record: CaseRecord,
    pub(crate) shown: (u32, u32),
}

/// Runs a plan once and judges it.
pub(crate) type Attempt<'a> = dyn Fn(Plan) -> BoxFuture<'a, (CaseRecord, Vec<Finding>)> + Send + Sync + 'a;

/// Tries smaller plans until none shows the violation any more, or the effort is spent. `None` if the plan itself does not
/// show it again.
pub(crate) async fn minimise(
    plan: &Plan,
    rule: &str,
    check: &str,
    effort: Effort,
    attempt: &Attempt<'_>,
    may_go_on: &(dyn Fn() -> bool + Sync),
) -> Option<Small> {
    let mut tries = effort.tries;
    let mut best: Option<Small> = None;
    let mut current = plan.clone();
    let (record, shown) = shows(&current, rule, check, effort.of, attempt).await;
    tries = tries.saturating_sub(shown.1);
    if let Some(record) = record.filter(|_| may_go_on()) {
        best = Some(Small { plan: current.clone(), record, shown });
    }
    best.as_ref()?;
    'smaller: loop {
        for candidate in shrink(&current) {
            if tries == 0 || !may_go_on() {
                break 'smaller;
            }
            let (record, shown) = shows(&candidate, rule, check, effort.of, attempt).await;
            tries = tries.saturating_sub(shown.1);
            // One that was cut short shows nothing.
            if let Some(record) = record.filter(|_| may_go_on()) {
                best = Some(Small { plan: candidate.clone(), record, shown });
                current = candidate;
                continue 'smaller;
            }
        }
        break;
    }
    best
}

/// Whether the plan shows the violation, and in how many of how many runs.
async fn shows(
    plan: &Plan,
    rule: &str,
    check: &str,
    of: u32,
    attempt: &Attempt<'_>,
) -> (Option<CaseRecord>, (u32, u32)) {
    for run in 1..=of {
        let (record, findings) = attempt(plan.clone()).await;
        if findings.iter().any(|f| f.kind == FindingKind::Violated && f.rule == rule && f.check == check) {
            return (Some(record), (1, run));
        }
    }
    (None, (0, of))
}
