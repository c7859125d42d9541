//! Findings of many cases, folded into one verdict per rule.
//!
//! Violated beats Inconclusive beats Holds. A rule whose only evidence is that the target does not offer what it is about
//! is Unsupported; a rule of which nothing was seen is Vacuous. Neither is ever green.

use std::collections::BTreeMap;

use record::{CaseRecord, Finding, FindingKind};

use crate::{Verdict, Witness, judge, registry};

/// Capabilities that no probe can find: they show themselves in a run, or they are not there.
const NOT_PROBED: &[&str] = &["eventbridge", "express", "fifo", "iam", "kms", "test-state", "throttling"];

/// The running total of a run.
#[derive(Clone, Debug, Default)]
pub struct Score {
    rules: BTreeMap<String, Tally>,
    cases: u64,
    lacks: Vec<String>,
    is_partial: bool,
}

/// What was seen of one rule so far.
#[derive(Clone, Debug, Default)]
struct Tally {
    held: u64,
    broken: u64,
    witness: Option<Witness>,
    undecided: Option<String>,
    missing: Option<String>,
    observed: BTreeMap<String, u64>,
    checks: BTreeMap<String, CheckTally>,
}

/// How often one check said what, in cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckTally {
    /// Cases in which it held.
    pub held: u64,
    /// Cases in which it was broken.
    pub broken: u64,
}

impl Score {
    /// An empty score.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the findings of one case.
    pub fn add(&mut self, plan: &str, findings: &[Finding]) {
        self.cases += 1;
        let mut by_rule: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            by_rule.entry(&finding.rule).or_default().push(finding);
        }
        for (rule, findings) in by_rule {
            self.rules.entry(rule.to_owned()).or_default().add(plan, &findings);
        }
    }

    /// Notes that the target was asked for a capability and does not have it: rules about it are Unsupported, not Vacuous.
    pub fn lack(&mut self, capability: &str) {
        self.lacks.push(capability.to_owned());
    }

    /// How many cases were added.
    pub fn cases(&self) -> u64 {
        self.cases
    }

    /// The verdict on one rule.
    pub fn verdict(&self, rule: &str) -> Verdict {
        let Some(tally) = self.rules.get(rule) else { return self.unseen(rule) };
        if let Some(witness) = &tally.witness {
            Verdict::Violated { witness: witness.clone(), cases: tally.broken }
        } else if let Some(why) = &tally.undecided {
            Verdict::Inconclusive { why: why.clone() }
        } else if tally.held > 0 {
            Verdict::Holds { cases: tally.held }
        } else if let Some(capability) = &tally.missing {
            Verdict::Unsupported { capability: capability.clone() }
        } else {
            self.unseen(rule)
        }
    }

    /// Not all plans were run, so what was not met says nothing about what the target offers.
    pub fn mark_partial(&mut self) {
        self.is_partial = true;
    }

    /// The verdict on every rule of the list, in its order.
    pub fn verdicts<'r>(&self, rules: impl IntoIterator<Item = &'r str>) -> Vec<(&'r str, Verdict)> {
        rules.into_iter().map(|rule| (rule, self.verdict(rule))).collect()
    }

    /// Which of several allowed outcomes were seen, and in how many cases, per rule.
    pub fn observed(&self) -> BTreeMap<&str, &BTreeMap<String, u64>> {
        let seen = self.rules.iter().filter(|(_, tally)| !tally.observed.is_empty());
        seen.map(|(rule, tally)| (rule.as_str(), &tally.observed)).collect()
    }

    /// How often each check of a rule held and was broken.
    pub fn checks(&self, rule: &str) -> BTreeMap<&str, CheckTally> {
        let tally = self.rules.get(rule);
        tally
            .into_iter()
            .flat_map(|tally| &tally.checks)
            .map(|(check, tally)| (check.as_str(), *tally))
            .collect()
    }

    /// Rules of which anything was seen.
    pub fn seen(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// The verdict on a rule of which nothing was seen.
    fn unseen(&self, rule: &str) -> Verdict {
        let capability = registry::rule(rule).and_then(|rule| rule.capability.clone());
        match capability {
            Some(name)
                if self.lacks.contains(&name) || NOT_PROBED.contains(&name.as_str()) && !self.is_partial =>
            {
                Verdict::Unsupported { capability: name }
            }
            _ => Verdict::Vacuous { why: self.never() },
        }
    }

    fn never(&self) -> String {
        format!("its antecedent occurred in none of {} cases", self.cases)
    }
}

impl Tally {
    fn add(&mut self, plan: &str, findings: &[&Finding]) {
        let mut held = false;
        let mut broken = false;
        let mut checks: BTreeMap<&str, CheckTally> = BTreeMap::new();
        for finding in findings {
            let check = checks.entry(&finding.check).or_default();
            match finding.kind {
                FindingKind::Met => {
                    held = true;
                    check.held = 1;
                }
                FindingKind::Observed => {
                    held = true;
                    check.held = 1;
                    *self.observed.entry(finding.message.clone()).or_default() += 1;
                }
                FindingKind::Violated => {
                    broken = true;
                    check.broken = 1;
                    self.witness.get_or_insert_with(|| Witness {
                        plan: plan.to_owned(),
                        check: finding.check.clone(),
                        message: finding.message.clone(),
                        event: finding.event,
                    });
                }
                FindingKind::Inconclusive => {
                    self.undecided.get_or_insert_with(|| finding.message.clone());
                }
                FindingKind::Unsupported => {
                    self.missing.get_or_insert_with(|| finding.message.clone());
                }
            }
        }
        self.held += u64::from(held && !broken);
        self.broken += u64::from(broken);
        for (name, seen) in checks {
            let check = self.checks.entry(name.to_owned()).or_default();
            check.held += if seen.broken == 0 { seen.held } else { 0 };
            check.broken += seen.broken;
        }
    }
}

/// Judges every record and folds what was found.
pub fn judge_all<'r>(records: impl IntoIterator<Item = &'r CaseRecord>) -> Score {
    let mut score = Score::new();
    for record in records {
        score.add(&record.plan, &judge(record));
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: FindingKind, message: &str) -> Finding {
        Finding { rule: "TOK-13".into(), check: "c".into(), kind, message: message.into(), event: None }
    }

    fn after(findings: &[Finding]) -> &'static str {
        let mut score = Score::new();
        for one in findings {
            score.add("p", std::slice::from_ref(one));
        }
        score.verdict("TOK-13").word()
    }

    #[test]
    fn violated_beats_inconclusive_beats_holds() {
        let met = finding(FindingKind::Met, "");
        let unsure = finding(FindingKind::Inconclusive, "no answer");
        let broken = finding(FindingKind::Violated, "200");
        assert_eq!(after(&[]), "vacuous");
        assert_eq!(after(std::slice::from_ref(&met)), "holds");
        assert_eq!(after(&[met.clone(), unsure.clone()]), "inconclusive");
        assert_eq!(after(&[broken, unsure, met]), "violated");
    }

    #[test]
    fn a_rule_whose_only_evidence_is_a_missing_capability_is_unsupported_and_never_holds() {
        let missing = finding(FindingKind::Unsupported, "states:RedriveExecution");
        assert_eq!(after(std::slice::from_ref(&missing)), "unsupported");
        assert_eq!(after(&[missing, finding(FindingKind::Met, "")]), "holds");
    }
}
