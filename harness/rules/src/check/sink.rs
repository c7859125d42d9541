//! Where checks put what they find.

use std::collections::{BTreeMap, BTreeSet};

use record::{Finding, FindingKind};

use super::Check;

/// How many violations of one check are kept per case; more of the same add nothing.
const KEPT: usize = 3;

/// The findings of one case, as they come.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Found>,
    met: BTreeSet<Key>,
    broken: BTreeMap<Key, usize>,
}

/// A rule and the name of its check.
type Key = (&'static str, &'static str);

#[derive(Debug)]
struct Found {
    check: Check,
    kind: FindingKind,
    message: String,
    event: Option<u64>,
}

impl Sink {
    /// The antecedent occurred and the rule held.
    pub fn met(&mut self, check: Check) {
        if self.met.insert((check.rule, check.name)) {
            self.push(check, FindingKind::Met, String::new(), None);
        }
    }

    /// The rule was broken.
    pub fn violated(&mut self, check: Check, message: impl Into<String>) {
        self.violated_at(check, None, message);
    }

    /// The rule was broken, as this event shows.
    pub fn violated_at(&mut self, check: Check, event: Option<u64>, message: impl Into<String>) {
        let times = self.broken.entry((check.rule, check.name)).or_default();
        *times += 1;
        if *times <= KEPT {
            self.push(check, FindingKind::Violated, message.into(), event);
        }
    }

    /// Several outcomes are allowed; this one was seen.
    pub fn observed(&mut self, check: Check, message: impl Into<String>) {
        let message = message.into();
        let known = |found: &Found| {
            found.kind == FindingKind::Observed && found.check == check && found.message == message
        };
        if !self.found.iter().any(known) {
            self.push(check, FindingKind::Observed, message, None);
        }
    }

    /// Not decidable.
    pub fn inconclusive(&mut self, check: Check, message: impl Into<String>) {
        self.push(check, FindingKind::Inconclusive, message.into(), None);
    }

    /// The target does not offer what the rule is about.
    pub fn unsupported(&mut self, check: Check, capability: impl Into<String>) {
        self.push(check, FindingKind::Unsupported, capability.into(), None);
    }

    /// Met or violated.
    pub fn expect(&mut self, check: Check, held: bool, message: impl FnOnce() -> String) {
        self.expect_at(check, None, held, message);
    }

    /// Met, or violated as this event shows.
    pub fn expect_at(
        &mut self,
        check: Check,
        event: Option<u64>,
        held: bool,
        message: impl FnOnce() -> String,
    ) {
        if held {
            self.met(check);
        } else {
            self.violated_at(check, event, message());
        }
    }

    /// The findings, in the order in which they came.
    pub fn into_findings(self) -> Vec<Finding> {
        let finding = |Found { check, kind, message, event }| Finding {
            rule: check.rule.to_owned(),
            check: check.name.to_owned(),
            kind,
            message,
            event,
        };
        self.found.into_iter().map(finding).collect()
    }

    /// Takes what another sink holds, as if it had been found here.
    pub(super) fn absorb(&mut self, other: Self) {
        for Found { check, kind, message, event } in other.found {
            match kind {
                FindingKind::Met => self.met(check),
                FindingKind::Observed => self.observed(check, message),
                FindingKind::Violated => self.violated_at(check, event, message),
                FindingKind::Inconclusive | FindingKind::Unsupported => {
                    self.push(check, kind, message, event);
                }
            }
        }
    }

    fn push(&mut self, check: Check, kind: FindingKind, message: String, event: Option<u64>) {
        self.found.push(Found { check, kind, message, event });
    }
}
