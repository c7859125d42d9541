//! A stored run judged again, offline.

use record::{CaseEnd, RunEvent};
use rules::score::Score;

use crate::{Baseline, EngineError, Options, Summary, asked_for, summed_up};

/// A stored run with what the checks of this version say of each of its cases, and what that comes to. The rules, the part of the
/// plans and the strictness are those of the run. Tokens are symbolic in it, so rules about their form say nothing.
pub fn judge_stored(
    events: Vec<RunEvent>,
    baseline: Option<Baseline>,
) -> Result<(Vec<RunEvent>, Summary), EngineError> {
    let mut options = Options { baseline, ..Options::default() };
    let mut score = Score::new();
    let mut cases = 0;
    let mut not_run = 0;
    let mut again = Vec::with_capacity(events.len());
    for event in events {
        again.push(match event {
            RunEvent::Case { plan, record, .. } if !matches!(record.end, CaseEnd::NotRun(_)) => {
                let findings = rules::judge(&record);
                score.add(&record.plan, &findings);
                cases += 1;
                RunEvent::Case { plan, record, findings }
            }
            other => {
                match &other {
                    RunEvent::Started { rules, shard, cases, strict, .. } => {
                        options.rules.clone_from(rules);
                        options.shard = shard.as_ref().and_then(|text| text.parse().ok());
                        options.cases = *cases;
                        options.strict = *strict;
                    }
                    RunEvent::Capability { name, present: false, .. } => score.lack(name),
                    RunEvent::Case { .. } => not_run += 1,
                    _ => {}
                }
                other
            }
        });
    }
    let ended = again.iter().any(|event| matches!(event, RunEvent::Finished { cut: false, .. }));
    if !ended {
        score.mark_partial();
    }
    let rules = asked_for(&options.rules)?;
    let mut summary = summed_up(score, &rules, &options);
    summary.cases = cases;
    summary.not_run = not_run;
    Ok((again, summary))
}
