//! What a target is known to do wrong: exact entries with reasons; a stale one fails.

use std::collections::BTreeMap;
use std::path::Path;

use rules::score::Score;
use rules::{Verdict, VerdictKind};
use serde::{Deserialize, Serialize};

use crate::EngineError;

/// `fixtures/baselines/NAME.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// The version of the target that it was made with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The entries.
    #[serde(default)]
    pub entry: Vec<Known>,
}

/// One thing that a target is known to do wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The rule.
    pub rule: String,
    /// The check; for verdicts other than `violated` it may be left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub check: String,
    /// `violated`, `vacuous`, `inconclusive` or `unsupported`.
    pub verdict: VerdictKind,
    /// Why, for people. `TODO` is refused.
    pub reason: String,
    /// It does not show in every run: its absence is not stale.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sometimes: bool,
}

impl Baseline {
    /// Reads a baseline and refuses one that nobody has filled in.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let text = std::fs::read_to_string(path).map_err(|why| {
            EngineError::Baseline(format!("{}: {why}; give the path of a baseline file", path.display()))
        })?;
        Self::parse(&text).map_err(|why| EngineError::Baseline(format!("{}: {why}", path.display())))
    }

    /// Reads the text of a baseline.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self =
            toml::from_str(text).map_err(|why| format!("{why}; see fixtures/baselines for the form"))?;
        for known in &baseline.entry {
            if rules::registry::rule(&known.rule).is_none() {
                return Err(format!("there is no rule `{}`; remove the entry", known.rule));
            }
            if known.verdict == VerdictKind::Holds {
                return Err(format!(
                    "{} is listed as `holds`; use violated, vacuous, inconclusive or unsupported",
                    known.rule
                ));
            }
            if known.reason.trim().is_empty() || known.reason.trim().starts_with("TODO") {
                return Err(format!("{} {} has no reason; write why it is known", known.rule, known.check));
            }
        }
        Ok(baseline)
    }

    /// Whether a violation of this check is listed.
    pub fn lists(&self, rule: &str, check: &str) -> bool {
        self.entry
            .iter()
            .any(|known| known.verdict == VerdictKind::Violated && known.rule == rule && known.check == check)
    }

    /// Whether a verdict other than violated is listed for the rule.
    pub fn lists_verdict(&self, rule: &str, verdict: VerdictKind) -> bool {
        self.entry.iter().any(|known| known.verdict == verdict && known.rule == rule)
    }

    /// The entries that did not show, of those that must in every run.
    pub fn stale(&self, score: &Score, verdicts: &[(String, Verdict)]) -> Vec<(String, String)> {
        let kinds: BTreeMap<&str, VerdictKind> =
            verdicts.iter().map(|(rule, verdict)| (rule.as_str(), verdict.kind())).collect();
        self.entry
            .iter()
            .filter(|known| !known.sometimes && kinds.contains_key(known.rule.as_str()))
            .filter(|known| {
                if known.verdict == VerdictKind::Violated {
                    score.checks(&known.rule).get(known.check.as_str()).is_none_or(|tally| tally.broken == 0)
                } else {
                    kinds.get(known.rule.as_str()) != Some(&known.verdict)
                }
            })
            .map(|known| (known.rule.clone(), known.check.clone()))
            .collect()
    }

    /// A baseline of everything that a run showed: reasons of `old` are kept, new entries say `TODO`.
    pub fn of(score: &Score, verdicts: &[(String, Verdict)], old: &Self) -> Self {
        let mut entry = Vec::new();
        for (rule, verdict) in verdicts {
            for (check, tally) in score.checks(rule) {
                if tally.broken > 0 {
                    entry.push(old.kept(rule, check, VerdictKind::Violated));
                }
            }
            let core = rules::registry::rule(rule).is_some_and(|rule| rule.core);
            if core && !matches!(verdict.kind(), VerdictKind::Holds | VerdictKind::Violated) {
                entry.push(old.kept(rule, "", verdict.kind()));
            }
        }
        entry.extend(
            old.entry
                .iter()
                .filter(|known| known.sometimes && !entry.iter().any(|new| new.same(known)))
                .cloned()
                .collect::<Vec<_>>(),
        );
        entry.sort();
        Self { target: old.target.clone(), version: old.version.clone(), entry }
    }

    fn kept(&self, rule: &str, check: &str, verdict: VerdictKind) -> Known {
        let new = Known {
            rule: rule.to_owned(),
            check: check.to_owned(),
            verdict,
            reason: "TODO".to_owned(),
            sometimes: false,
        };
        self.entry.iter().find(|known| known.same(&new)).cloned().unwrap_or(new)
    }
}

impl Known {
    fn same(&self, other: &Self) -> bool {
        self.rule == other.rule && self.check == other.check && self.verdict == other.verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "[[entry]]\nrule = \"TOK-13\"\ncheck = \"c\"\nverdict = \"violated\"\nreason = \"TODO\"\n";
        assert!(Baseline::parse(text).unwrap_err().contains("no reason"));
        assert!(Baseline::parse(&text.replace("TODO", "known bug")).is_ok());
        assert!(Baseline::parse(&text.replace("TOK-13", "TOK-99")).is_err());
    }
}
