//! Which plans can decide the rules that were asked for: those whose record says something of them on a reference.
//!
//! A rule that no plan meets there chooses nothing, so then every plan is run.

use std::collections::BTreeSet;
use std::sync::Arc;

use record::RunEvent;

use crate::{EngineError, Options, Sink, Targets, run};

/// The names of the plans that can decide the rules of the options; `None` if all have to be run.
pub async fn deciding(
    reference: Arc<dyn Targets>,
    options: &Options,
) -> Result<Option<BTreeSet<String>>, EngineError> {
    if options.rules.is_empty() {
        return Ok(None);
    }
    let asked = Options {
        profile: options.profile,
        seed: options.seed,
        cases: options.cases,
        jobs: usize::MAX,
        minimise: None,
        cancel: options.cancel.clone(),
        ..Options::default()
    };
    let mut heard = Heard { wanted: &options.rules, met: BTreeSet::new(), plans: BTreeSet::new() };
    run(reference, &asked, &mut heard).await?;
    let Heard { wanted, met, plans } = heard;
    Ok(wanted.iter().all(|rule| met.contains(rule)).then_some(plans))
}

/// Which of the wanted rules were met, and in which plans.
struct Heard<'o> {
    wanted: &'o [String],
    met: BTreeSet<String>,
    plans: BTreeSet<String>,
}

impl Sink for Heard<'_> {
    fn event(&mut self, event: RunEvent) {
        let RunEvent::Case { record, findings, .. } = event else { return };
        for finding in findings.into_iter().filter(|finding| self.wanted.contains(&finding.rule)) {
            self.met.insert(finding.rule);
            self.plans.insert(record.plan.clone());
        }
    }
}
