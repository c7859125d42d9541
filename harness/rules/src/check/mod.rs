//! The checks, one file a family, and [`judge`], which runs them all over one record.
//!
//! A check says `Met` where its antecedent occurred and the rule held, `Violated` where it did not, `Observed` where
//! several outcomes are allowed (rules.md section 20), and nothing where its antecedent did not occur. A check that panics
//! yields `Inconclusive`, never silence. Throttling, 5xx and missing answers accuse no rule about something else.

mod activity;
mod agree;
mod conservation;
mod coverage;
mod data;
mod definition;
mod delivery;
mod digest;
mod end_to_end;
mod error;
mod fifo;
mod flaws;
mod granted;
mod handed_out;
mod heartbeat;
mod histories;
mod history_api;
mod in_flight;
mod integration;
mod life;
mod machine_timeout;
mod machines;
mod mapping;
mod mapping_answers;
mod matching;
mod model;
mod named;
mod posted;
mod publishing;
mod queue_answers;
mod queue_settings;
mod redrive;
mod repeated;
mod rescue;
mod served;
mod shape;
mod sink;
mod start;
mod status;
mod stop;
mod timeout;
mod timeout_values;
mod token;
mod token_effect;
mod token_input;
mod unmoved;
mod unsupported;
mod validation;
mod wire;

pub use coverage::{TOKEN_STATES, TokenCall, token_calls};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use record::{CaseRecord, Finding, Kind};

pub use sink::{Sink, UNSUPPORTED};

use crate::view::View;

/// One check: the rule, its own name, and what it looks at.
pub type CheckRow = (&'static str, &'static str, &'static str);

/// Checks that are judged together.
pub(crate) struct Group {
    /// What it can find.
    pub(crate) checks: &'static [CheckRow],
    /// How it looks.
    pub(crate) run: fn(&View<'_>, &mut Sink),
}

/// Every group, family by family.
fn groups() -> impl Iterator<Item = &'static Group> {
    FAMILIES.iter().chain(agree::FAMILIES).flat_map(|groups| groups.iter())
}

const FAMILIES: &[&[Group]] = &[
    wire::GROUPS,
    shape::GROUPS,
    named::GROUPS,
    granted::GROUPS,
    definition::GROUPS,
    validation::GROUPS,
    machines::GROUPS,
    start::GROUPS,
    repeated::GROUPS,
    token_input::GROUPS,
    token::GROUPS,
    handed_out::GROUPS,
    token_effect::GROUPS,
    timeout::GROUPS,
    machine_timeout::GROUPS,
    timeout_values::GROUPS,
    heartbeat::GROUPS,
    rescue::GROUPS,
    error::GROUPS,
    data::GROUPS,
    history_api::GROUPS,
    histories::GROUPS,
    status::GROUPS,
    stop::GROUPS,
    redrive::GROUPS,
    delivery::GROUPS,
    queue_answers::GROUPS,
    posted::GROUPS,
    in_flight::GROUPS,
    fifo::GROUPS,
    queue_settings::GROUPS,
    integration::GROUPS,
    publishing::GROUPS,
    mapping::GROUPS,
    mapping_answers::GROUPS,
    activity::GROUPS,
    served::GROUPS,
    end_to_end::GROUPS,
    conservation::GROUPS,
    unsupported::GROUPS,
];

/// Every check, those of histories included: rule, check, what it looks at.
pub fn checks() -> &'static [CheckRow] {
    static ALL: LazyLock<Vec<CheckRow>> = LazyLock::new(|| {
        let own = groups().flat_map(|group| group.checks.iter().copied());
        let mut rows: Vec<CheckRow> = own.chain(crate::history::CHECKS.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup_by_key(|row| (row.0, row.1));
        rows
    });
    &ALL
}

/// Everything that the rules say of one case.
pub fn judge(record: &CaseRecord) -> Vec<Finding> {
    let Ok(view) = catch_unwind(AssertUnwindSafe(|| View::new(record))) else {
        let mut sink = Sink::default();
        for row in checks() {
            sink.inconclusive(*row, "the record could not be read: a fault of the suite");
        }
        return sink.into_findings();
    };
    let mut sink = Sink::default();
    for group in groups() {
        run(group.checks, &view, &mut sink, group.run);
    }
    let mut findings = sink.into_findings();
    // A planned fault that took no hold leaves a case that shows nothing of what it was made for.
    if record.faults.iter().any(|(_, fired)| !fired) {
        findings.retain(|finding| finding.kind == Kind::Violated);
    }
    findings
}

fn run(checks: &[CheckRow], view: &View<'_>, sink: &mut Sink, body: fn(&View<'_>, &mut Sink)) {
    let mark = sink.mark();
    if catch_unwind(AssertUnwindSafe(|| body(view, sink))).is_err() {
        sink.rewind(mark);
        for row in checks {
            sink.inconclusive(*row, "the check itself failed: a fault of the suite");
        }
    }
}

#[cfg(test)]
mod tests {
    use record::{CaseEnd, Kind};

    use super::*;

    #[test]
    fn a_check_that_panics_is_inconclusive_and_never_holds() {
        const ROW: CheckRow = ("TOK-13", "panics", "");
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
        assert_eq!(findings.first().map(|finding| finding.kind), Some(Kind::Inconclusive));
    }

    #[test]
    fn every_check_is_listed_once_and_says_what_it_looks_at() {
        for row in checks() {
            assert!(!row.2.is_empty(), "{row:?}");
        }
    }
}
