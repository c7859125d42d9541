//! Where checks put what they find.

use std::collections::BTreeSet;

use record::{Finding, Kind};

use super::CheckRow;

/// How the message of an `Inconclusive` finding begins where the target does not offer what the rule is about.
pub const UNSUPPORTED: &str = "unsupported: ";

/// So many violations of one check are kept of one case; more of the same tells nothing.
const KEPT: usize = 3;

/// The findings of one case, as they come.
#[derive(Debug, Default)]
pub struct Sink {
    findings: Vec<Finding>,
    met: BTreeSet<(&'static str, &'static str)>,
    broken: Vec<((&'static str, &'static str), usize)>,
}

impl Sink {
    /// The antecedent occurred and the rule held.
    pub fn met(&mut self, row: CheckRow) {
        if self.met.insert((row.0, row.1)) {
            self.push(row, Kind::Met, String::new(), None);
        }
    }

    /// The rule was broken.
    pub fn violated(&mut self, row: CheckRow, message: impl Into<String>) {
        self.violated_at(row, None, message);
    }

    /// The rule was broken, as this event shows.
    pub fn violated_at(&mut self, row: CheckRow, event: Option<u64>, message: impl Into<String>) {
        let key = (row.0, row.1);
        let place = self.broken.iter().position(|(broken, _)| *broken == key).unwrap_or_else(|| {
            self.broken.push((key, 0));
            self.broken.len() - 1
        });
        if let Some((_, count)) = self.broken.get_mut(place) {
            *count += 1;
            if *count > KEPT {
                return;
            }
        }
        self.push(row, Kind::Violated, message.into(), event);
    }

    /// Several outcomes are allowed; this one was seen.
    pub fn observed(&mut self, row: CheckRow, message: impl Into<String>) {
        let message = message.into();
        let known = |f: &Finding| {
            f.kind == Kind::Observed && f.rule == row.0 && f.check == row.1 && f.message == message
        };
        if !self.findings.iter().any(known) {
            self.push(row, Kind::Observed, message, None);
        }
    }

    /// Not decidable.
    pub fn inconclusive(&mut self, row: CheckRow, message: impl Into<String>) {
        self.push(row, Kind::Inconclusive, message.into(), None);
    }

    /// Met or violated.
    pub fn expect(&mut self, row: CheckRow, held: bool, message: impl FnOnce() -> String) {
        if held {
            self.met(row);
        } else {
            self.violated(row, message());
        }
    }

    /// Whether this check was violated in this case.
    pub fn is_violated(&self, row: CheckRow) -> bool {
        self.broken.iter().any(|(broken, _)| *broken == (row.0, row.1))
    }

    /// The findings, in the order in which they came.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    pub(super) fn mark(&self) -> usize {
        self.findings.len()
    }

    pub(super) fn rewind(&mut self, mark: usize) {
        self.findings.truncate(mark);
    }

    fn push(&mut self, row: CheckRow, kind: Kind, message: String, event: Option<u64>) {
        self.findings.push(Finding { rule: row.0.to_owned(), check: row.1.to_owned(), kind, message, event });
    }
}
