//! The verdicts of a run in the form that every format shows: one line a rule, with its accusations beneath.

use std::collections::{BTreeMap, BTreeSet};

use rules::Verdict;
use rules::registry::{self, Rule};

use crate::run::{Exhibit, Run};
use crate::wording;

/// Violations that a baseline lists: the reason of each, by rule and check. An empty check stands for another verdict that
/// it lists.
pub type Known = BTreeMap<(String, String), String>;

/// A run with the rules that it was to judge.
#[derive(Clone, Debug)]
pub struct Report<'r> {
    /// The run.
    pub run: &'r Run,
    /// The rules in the order of the registry.
    pub rules: Vec<RuleLine<'r>>,
    /// How many of which verdict.
    pub tally: Tally,
}

/// One rule with its verdict.
#[derive(Clone, Debug)]
pub struct RuleLine<'r> {
    /// The rule.
    pub rule: &'static Rule,
    /// What the run says of it.
    pub verdict: Verdict,
    /// The cases that decided it.
    pub cases: u64,
    /// Which of several allowed outcomes were seen, in how many cases.
    pub observed: BTreeMap<String, u64>,
    /// The reason that a baseline gives for a verdict that is neither `holds` nor `violated`.
    pub expected: Option<&'r str>,
    /// The checks that saw it broken.
    pub accusations: Vec<Accusation<'r>>,
}

/// One check that saw its rule broken.
#[derive(Clone, Debug)]
pub struct Accusation<'r> {
    /// The rule's id.
    pub rule: &'r str,
    /// The check.
    pub check: &'r str,
    /// The case that shows it.
    pub exhibit: &'r Exhibit,
    /// The reason that a baseline gives for it.
    pub known: Option<&'r str>,
}

/// How many rules have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Green.
    pub holds: usize,
    /// Broken.
    pub violated: usize,
    /// Never tried.
    pub vacuous: usize,
    /// Not decidable.
    pub inconclusive: usize,
    /// The target lacks it.
    pub unsupported: usize,
}

impl<'r> Report<'r> {
    /// The report of a run over these rules. Rules outside the list are shown where the run says something bad of them, so
    /// that no violation is lost.
    pub fn new(run: &'r Run, scope: impl IntoIterator<Item = impl AsRef<str>>, known: &'r Known) -> Self {
        let scope: BTreeSet<String> = scope.into_iter().map(|id| id.as_ref().to_owned()).collect();
        let accused: BTreeSet<&str> = run.exhibits.keys().map(|(rule, _)| rule.as_str()).collect();
        let listed =
            registry::rules().iter().filter(|r| scope.contains(&r.id) || accused.contains(r.id.as_str()));
        let rules: Vec<RuleLine<'r>> = listed.map(|rule| RuleLine::new(run, rule, known)).collect();
        let mut tally = Tally::default();
        for line in &rules {
            tally.count(&line.verdict);
        }
        Self { run, rules, tally }
    }

    /// Every accusation, in the order of the rules.
    pub fn accusations(&self) -> impl Iterator<Item = &Accusation<'r>> {
        self.rules.iter().flat_map(|line| &line.accusations)
    }

    /// The target in words: its name and version where known, else the specification.
    pub fn target_title(&self) -> String {
        let header = &self.run.header;
        let name = if header.name.is_empty() { &header.target } else { &header.name };
        if header.version.is_empty() { name.clone() } else { format!("{name} {}", header.version) }
    }

    /// What the run amounts to, in one sentence.
    pub fn sentence(&self) -> String {
        let Tally { holds, violated, vacuous, inconclusive, unsupported } = self.tally;
        let counted = [
            (holds, "hold"),
            (violated, "violated"),
            (vacuous, "vacuous"),
            (inconclusive, "inconclusive"),
            (unsupported, "unsupported"),
        ];
        let parts: Vec<String> =
            counted.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        let what = if parts.is_empty() { "no rule was judged".to_owned() } else { parts.join(", ") };
        format!("{}: {what}", wording::count(self.rules.len(), "rule"))
    }
}

impl<'r> RuleLine<'r> {
    fn new(run: &'r Run, rule: &'static Rule, known: &'r Known) -> Self {
        let verdict = run.score.verdict(&rule.id);
        let cases = match &verdict {
            Verdict::Holds { cases } | Verdict::Violated { cases, .. } => *cases,
            _ => 0,
        };
        let observed =
            run.score.observed().get(rule.id.as_str()).map(|seen| (*seen).clone()).unwrap_or_default();
        let accusations = run
            .exhibits
            .iter()
            .filter(|((id, _), _)| *id == rule.id)
            .map(|(key, exhibit)| Accusation {
                rule: &key.0,
                check: &key.1,
                exhibit,
                known: known.get(key).map(String::as_str),
            })
            .collect();
        let undecided = !matches!(verdict, Verdict::Holds { .. } | Verdict::Violated { .. });
        let expected = known.get(&(rule.id.clone(), String::new())).map(String::as_str).filter(|_| undecided);
        Self { rule, verdict, cases, observed, expected, accusations }
    }

    /// Why the verdict is what it is, where the verdict says so.
    pub fn why(&self) -> &str {
        match &self.verdict {
            Verdict::Vacuous { why } | Verdict::Inconclusive { why } => why,
            Verdict::Unsupported { capability } => capability,
            Verdict::Violated { witness, .. } => &witness.message,
            Verdict::Holds { .. } => "",
        }
    }

    /// Whether it is violated only in ways that the baseline lists.
    pub fn is_known(&self) -> bool {
        !self.accusations.is_empty() && self.accusations.iter().all(|one| one.known.is_some())
    }

    /// The accusation that a report shows first: one that no baseline lists, if there is one.
    pub fn foremost(&self) -> Option<&Accusation<'r>> {
        self.accusations.iter().find(|one| one.known.is_none()).or_else(|| self.accusations.first())
    }
}

impl Accusation<'_> {
    /// The name of its files, without folder and suffix.
    pub fn file_stem(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        format!("{}.{}", self.rule, self.check).chars().map(|c| if c == '.' { c } else { safe(c) }).collect()
    }

    /// Where its plan is, within the run directory.
    pub fn plan_path(&self) -> String {
        format!("plans/{}.json", self.file_stem())
    }

    /// Where its script is, within the run directory.
    pub fn script_path(&self) -> String {
        format!("repro/{}.sh", self.file_stem())
    }

    /// Where the text for an issue is, within the run directory.
    pub fn issue_path(&self) -> String {
        format!("issues/{}.md", self.file_stem())
    }
}

impl Tally {
    fn count(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Holds { .. } => &mut self.holds,
            Verdict::Violated { .. } => &mut self.violated,
            Verdict::Vacuous { .. } => &mut self.vacuous,
            Verdict::Inconclusive { .. } => &mut self.inconclusive,
            Verdict::Unsupported { .. } => &mut self.unsupported,
        } += 1;
    }
}
