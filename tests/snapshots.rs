//! Event histories of the sample and its variants, in symbolic names, causal links kept.
//!
//! The plans are fixtures/plans/*.json, the snapshots fixtures/snapshots/*.snap. `cargo insta review` shows what changed.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use engine::Options;
use record::{CaseEnd, FindingKind, symbolic};

fn snapshot(name: &str) {
    let plan = embedded::stored_plan(name);
    let (record, findings) = embedded::replay("embedded", &plan, &Options::default());
    assert_eq!(record.end, CaseEnd::Complete, "{name} did not come to its end");
    let violated: Vec<_> = findings.iter().filter(|finding| finding.kind == FindingKind::Violated).collect();
    assert!(violated.is_empty(), "{violated:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(embedded::fixtures().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(plan.about);
    settings.bind(|| insta::assert_snapshot!(name, symbolic::histories(&record, true)));
}

macro_rules! snapshots {
    ($($test:ident = $plan:literal;)*) => { $(#[test] fn $test() { snapshot($plan); })* };
}

snapshots! {
    the_sample_answered_with_success = "success";
    the_sample_answered_with_failure = "failure";
    the_sample_that_times_out = "timeout";
    the_sample_that_misses_a_heartbeat = "missed-heartbeat";
    a_retry_gets_a_token_of_its_own = "retry";
    branches_wait_for_callbacks_of_their_own = "parallel";
    items_wait_for_callbacks_of_their_own = "map";
}

#[test]
fn every_plan_of_the_fixtures_is_one() {
    for entry in std::fs::read_dir(embedded::fixtures().join("plans")).expect("fixtures/plans") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let plan: plan::Plan = embedded::stored_plan(&name);
        assert_eq!(plan.name, name, "a plan bears the name of its file");
    }
}
