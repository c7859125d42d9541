//! What a check of a history writes down: breaches, met rules, advice, and what could not be judged.

use std::collections::BTreeSet;

use record::Event;

use super::{Advice, Breach, CHECKS, Checked};

/// The rows of one check of one history.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    breaches: Vec<Breach>,
    met: BTreeSet<&'static str>,
    advice: Vec<Advice>,
    unjudged: Vec<String>,
}

impl Ledger {
    /// A rule is broken at this event. The same sentence about the same event is kept once.
    pub(super) fn breach(&mut self, rule: &'static str, event: &Event, message: impl Into<String>) {
        self.breach_at(rule, Some(event.id), message);
    }

    /// A rule is broken, at an event or by the whole history.
    pub(super) fn breach_at(&mut self, rule: &'static str, event: Option<u64>, message: impl Into<String>) {
        let breach = Breach { rule, check: check_of(rule), event, message: message.into() };
        self.met.insert(rule);
        if !self.breaches.contains(&breach) {
            self.breaches.push(breach);
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_clean(&self) -> bool {
        self.breaches.is_empty()
    }

    /// What a rule is about occurred.
    pub(super) fn met(&mut self, rule: &'static str) {
        self.met.insert(rule);
    }

    /// Something to look at.
    pub(super) fn advise(&mut self, rule: Option<&'static str>, event: &Event, message: impl Into<String>) {
        let advice = Advice { rule, event: Some(event.id), message: message.into() };
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }

    /// Something could not be judged.
    pub(super) fn unjudged(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.unjudged.contains(&what) {
            self.unjudged.push(what);
        }
    }

    /// The outcome, breaches in order of events.
    pub(super) fn close(mut self) -> Checked {
        self.breaches.sort_by_key(|breach| (breach.event.unwrap_or(u64::MAX), breach.rule));
        self.advice.sort_by_key(|advice| advice.event);
        Checked {
            breaches: self.breaches,
            met: self.met.into_iter().map(|rule| (rule, check_of(rule))).collect(),
            advice: self.advice,
            unjudged: self.unjudged,
        }
    }
}

fn check_of(rule: &str) -> &'static str {
    CHECKS.iter().find(|check| check.rule == rule).map_or("history", |check| check.name)
}
