//! The checks, a room for each thing that they look at, and [`judge`], which runs them all over one record.
//!
//! A check says `Met` where its antecedent occurred and the rule held, `Violated` where it did not, `Observed` where
//! several outcomes are allowed, and nothing where its antecedent did not occur. A check that panics
//! yields `Inconclusive`, never silence. Throttling, 5xx and missing answers accuse no rule about something else.

mod activity;
mod agree;
mod end_to_end;
mod executions;
mod functions;
mod histories;
mod machines;
mod queues;
mod recovery;
mod requests;
mod sink;
mod timers;
mod tokens;
mod topics;
mod unsupported;
mod wording;

pub use tokens::coverage::{TOKEN_STATES, TokenCall, token_calls};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use record::{CaseRecord, Finding, FindingKind};

pub use sink::Sink;

use crate::view::View;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// The rule that it judges.
    pub rule: &'static str,
    /// Its name, unique in the rule.
    pub name: &'static str,
    /// What it looks at, in one sentence.
    pub about: &'static str,
}

impl Check {
    pub(crate) const fn of(rule: &'static str, name: &'static str, about: &'static str) -> Self {
        Self { rule, name, about }
    }
}

/// Checks that are judged together.
pub(crate) struct Group {
    /// What it can find.
    pub(crate) checks: &'static [Check],
    /// How it looks.
    pub(crate) run: fn(&View<'_>, &mut Sink),
}

/// Every group, room by room.
fn groups() -> impl Iterator<Item = &'static Group> {
    FAMILIES.iter().flat_map(|families| families.iter()).flat_map(|groups| groups.iter())
}

const FAMILIES: &[&[&[Group]]] = &[
    requests::FAMILIES,
    machines::FAMILIES,
    executions::FAMILIES,
    tokens::FAMILIES,
    timers::FAMILIES,
    recovery::FAMILIES,
    histories::FAMILIES,
    queues::FAMILIES,
    topics::FAMILIES,
    functions::FAMILIES,
    &[activity::GROUPS],
    end_to_end::FAMILIES,
    agree::FAMILIES,
    &[unsupported::GROUPS],
];

/// Every check, those of histories included: rule, check, what it looks at.
pub fn checks() -> &'static [Check] {
    static ALL: LazyLock<Vec<Check>> = LazyLock::new(|| {
        let own = groups().flat_map(|group| group.checks.iter().copied());
        let mut rows: Vec<Check> = own.chain(crate::history::CHECKS.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup_by_key(|row| (row.rule, row.name));
        rows
    });
    &ALL
}

/// Everything that the rules say of one case.
pub fn judge(record: &CaseRecord) -> Vec<Finding> {
    judge_by(record, |_| true)
}

/// What the checks say that are judged together with this one, which is much less work.
pub(crate) fn judge_near(record: &CaseRecord, rule: &str, name: &str) -> Vec<Finding> {
    judge_by(record, |group| group.checks.iter().any(|check| check.rule == rule && check.name == name))
}

fn judge_by(record: &CaseRecord, wanted: impl Fn(&Group) -> bool) -> Vec<Finding> {
    let Ok(view) = catch_unwind(AssertUnwindSafe(|| View::new(record))) else {
        let mut sink = Sink::default();
        for row in checks() {
            sink.inconclusive(*row, "the record could not be read: a fault of the suite");
        }
        return sink.into_findings();
    };
    let mut sink = Sink::default();
    for group in groups().filter(|group| wanted(group)) {
        run(group.checks, &view, &mut sink, group.run);
    }
    let mut findings = sink.into_findings();
    // A planned fault that took no hold leaves a case that shows nothing of what it was made for.
    if record.faults.iter().any(|(_, fired)| !fired) {
        findings.retain(|finding| finding.kind == FindingKind::Violated);
    }
    findings
}

/// Runs one group. If it panics, nothing of it counts: all that it can find (a group that names nothing: every check) is undecided.
fn run(checks: &[Check], view: &View<'_>, sink: &mut Sink, body: fn(&View<'_>, &mut Sink)) {
    let mut own = Sink::default();
    if catch_unwind(AssertUnwindSafe(|| body(view, &mut own))).is_ok() {
        return sink.absorb(own);
    }
    for check in if checks.is_empty() { self::checks() } else { checks } {
        sink.inconclusive(*check, "the check itself failed: a fault of the suite");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use record::{CaseEnd, FindingKind};

    use super::*;

    #[test]
    fn a_check_that_panics_is_inconclusive_and_never_holds() {
        const ROW: Check = Check::of("TOK-13", "panics", "");
        let record = CaseRecord {
            plan: String::new(),
            family: String::new(),
            entries: Vec::new(),
            end: CaseEnd::Complete,
            faults: Vec::new(),
        };
        let view = View::new(&record);
        let mut sink = Sink::default();
        run(&[ROW], &view, &mut sink, |_, sink| {
            sink.met(ROW);
            #[expect(clippy::panic, reason = "that is what is tested")]
            {
                panic!("no");
            }
        });
        let findings = sink.into_findings();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings.first().map(|finding| finding.kind), Some(FindingKind::Inconclusive));
    }

    #[test]
    fn every_check_is_listed_once_by_a_group_and_alike_by_all() {
        let mut known: BTreeMap<(&str, &str), Check> = BTreeMap::new();
        for listed in groups().map(|group| group.checks).chain([crate::history::CHECKS]) {
            let mut here = BTreeSet::new();
            for row in listed {
                assert!(!row.about.is_empty(), "{row:?}");
                assert!(here.insert((row.rule, row.name)), "one group lists it twice: {row:?}");
                assert_eq!(known.entry((row.rule, row.name)).or_insert(*row), row, "groups differ on it");
            }
        }
    }
}
