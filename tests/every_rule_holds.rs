//! The embedded region keeps every core rule, and everything else that the plans meet.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use engine::{ExitReason, Options};

#[test]
fn every_core_rule_holds_on_the_embedded_region() {
    let options = Options { jobs: usize::MAX, strict: true, ..Options::default() };
    let (_, summary) = embedded::run("embedded", &options);
    for (rule, verdict) in &summary.verdicts {
        assert_ne!(verdict.word(), "violated", "{rule}: {verdict:?}");
        assert_ne!(verdict.word(), "inconclusive", "{rule}: {verdict:?}");
        // What the region does not offer unasked, such as throttling, is unsupported.
        let is_core = rules::registry::rule(rule).is_some_and(|rule| rule.core);
        assert!(!is_core || verdict.word() != "vacuous", "{rule} is core, but {verdict:?}");
    }
    assert_eq!(summary.exit(), ExitReason::Conforms);
}
