//! A stored run judged again, offline.

use record::{CaseEnd, RunEvent};
use rules::score::Score;

use crate::{EngineError, Options, Summary, asked_for, summed_up};

/// Judges every case of a stored run again, with the checks of this version. Tokens are symbolic in it, so rules about
/// their form say nothing.
pub fn judge_stored<'e>(
    events: impl IntoIterator<Item = &'e RunEvent>,
    options: &Options,
) -> Result<Summary, EngineError> {
    let rules = asked_for(&options.rules)?;
    let mut score = Score::new();
    let mut cases = 0;
    let mut not_run = 0;
    for event in events {
        match event {
            RunEvent::Case { record, .. } if matches!(record.end, CaseEnd::NotRun(_)) => not_run += 1,
            RunEvent::Case { record, .. } => {
                score.add(&record.plan, &rules::judge(record));
                cases += 1;
            }
            RunEvent::Capability { name, present: false, .. } => score.lack(name),
            _ => {}
        }
    }
    let mut summary = summed_up(score, &rules, options);
    summary.cases = cases;
    summary.not_run = not_run;
    Ok(summary)
}
