//! What a run shows otherwise than an earlier one: other verdicts, other choices, other answers, other events.
//!
//! Only plans that both ran, member for member, are compared. Times, names and the order among workers and branches are no
//! news. Nothing is judged: a drift is a question, of the service or of this tool.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use record::{CaseEnd, CaseRecord, Operation, Outcome, RunEvent, symbolic};
use rules::score::Score;
use serde_json::Value;

use crate::wording;

/// The differences between two runs; empty where none was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// When the earlier run started, ISO 8601.
    pub since: String,
    /// Plans that both ran.
    pub compared: usize,
    /// Plans that only one of them ran, or that are no longer the same.
    pub alone: usize,
    /// One line each: a rule whose verdict changed, or the choice seen where several outcomes are allowed.
    pub rules: Vec<String>,
    /// By plan, one line each: an answer or an event.
    pub plans: BTreeMap<String, Vec<String>>,
}

/// A run as this module reads it.
#[derive(Default)]
struct Seen<'e> {
    at: &'e str,
    score: Score,
    cases: BTreeMap<&'e str, (&'e Value, &'e CaseRecord)>,
}

/// What the later run shows otherwise than the earlier.
pub fn drift(before: &[RunEvent], now: &[RunEvent]) -> Drift {
    let (before, now) = (Seen::of(before), Seen::of(now));
    let names: BTreeSet<&str> = before.cases.keys().chain(now.cases.keys()).copied().collect();
    let mut drift = Drift { since: before.at.to_owned(), ..Drift::default() };
    for name in names {
        match (before.cases.get(name), now.cases.get(name)) {
            (Some((old_plan, old)), Some((plan, new))) if old_plan == plan => {
                drift.compared += 1;
                let lines = [
                    between(&answers(old), &answers(new)),
                    between(&symbolic::occurrences(old), &symbolic::occurrences(new)),
                ]
                .concat();
                if !lines.is_empty() {
                    drift.plans.insert(name.to_owned(), lines);
                }
            }
            _ => drift.alone += 1,
        }
    }
    let rules: BTreeSet<&str> = before.score.seen().chain(now.score.seen()).collect();
    for rule in rules {
        let words = |seen: &Seen<'_>| seen.score.verdict(rule).word().to_owned();
        let choices = |seen: &Seen<'_>| {
            let observed = seen.score.observed();
            let kinds = observed.get(rule).map(|kinds| kinds.keys().cloned().collect::<Vec<_>>());
            kinds.unwrap_or_default().join("; ")
        };
        for (old, new) in [(words(&before), words(&now)), (choices(&before), choices(&now))] {
            if old != new && !(old.is_empty() || new.is_empty()) {
                drift.rules.push(format!("{rule}: {old}, now {new}"));
            }
        }
    }
    drift
}

impl Drift {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.plans.is_empty()
    }

    /// One line for people.
    pub fn sentence(&self) -> String {
        let Self { since, compared, alone, rules, plans } = self;
        let compared = wording::count(*compared, "plan");
        let common =
            format!("{compared} in common with the recording of {since}, {alone} without a counterpart");
        if self.is_empty() {
            return format!("no drift: {common}");
        }
        format!(
            "drift: something else in {} and {} ({common})",
            wording::count(rules.len(), "rule"),
            wording::count(plans.len(), "plan")
        )
    }

    /// All of it, as Markdown.
    pub fn markdown(&self) -> String {
        let mut page = format!("# Drift\n\n{}\n", self.sentence());
        for rule in &self.rules {
            let _ = write!(page, "\n- {rule}");
        }
        for (plan, lines) in &self.plans {
            let _ = write!(page, "\n\n## {plan}\n");
            for line in lines {
                let _ = write!(page, "\n    {line}");
            }
        }
        page + "\n"
    }
}

impl<'e> Seen<'e> {
    fn of(events: &'e [RunEvent]) -> Self {
        let mut seen = Self::default();
        for event in events {
            match event {
                RunEvent::Started { at, .. } => seen.at = at,
                RunEvent::Case { plan, record, findings } if record.end == CaseEnd::Complete => {
                    seen.score.add(&record.plan, findings);
                    seen.cases.insert(&record.plan, (plan, record));
                }
                _ => {}
            }
        }
        seen
    }
}

/// How each actor's calls of one operation were answered, in their order; equal answers in a row are one, since polls are.
fn answers(record: &CaseRecord) -> BTreeMap<String, usize> {
    let mut rows: BTreeMap<(&str, Operation), Vec<String>> = BTreeMap::new();
    for entry in &record.entries {
        let word = match &entry.outcome {
            Outcome::Done(_) => "done".to_owned(),
            Outcome::Refused(error) => format!("{} {}", error.status, error.code),
            Outcome::Unknown(_) => "no answer".to_owned(),
        };
        let row = rows.entry((&entry.actor, entry.call.operation)).or_default();
        if row.last() != Some(&word) {
            row.push(word);
        }
    }
    let line = |((actor, operation), row): ((&str, Operation), Vec<String>)| {
        (format!("{operation} by {actor}: {}", row.join(", ")), 1)
    };
    rows.into_iter().map(line).collect()
}

/// `-` lines that are gone or rarer, `+` lines that are new or more frequent.
fn between(old: &BTreeMap<String, usize>, new: &BTreeMap<String, usize>) -> Vec<String> {
    let count = |lines: &BTreeMap<String, usize>, line: &String| lines.get(line).copied().unwrap_or_default();
    let lines: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changed = Vec::new();
    for line in lines {
        let (before, now) = (count(old, line), count(new, line));
        let (mark, times) = if before > now { ('-', before - now) } else { ('+', now - before) };
        match times {
            0 => {}
            1 => changed.push(format!("{mark} {line}")),
            _ => changed.push(format!("{mark} {line} ({times} times)")),
        }
    }
    changed
}
