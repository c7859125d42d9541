//! Whole runs on the embedded region: reproducible, judged, made smaller, held against baselines.

mod stage;

use std::sync::Arc;

use engine::{Baseline, ExitReason, Options, Shard, Summary, judge_stored, replay, run};
use plan::{Plan, Profile};
use record::{ApiError, CaseEnd, Kind, RunEvent};
use region::Conduct;
use region::conduct::Late;
use stage::{MakeConduct, Regions, kinds, timeless};

fn run_on(conduct: Option<MakeConduct>, options: &Options) -> (Vec<RunEvent>, Summary) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut events: Vec<RunEvent> = Vec::new();
    let summary = runtime.block_on(run(Arc::new(Regions(conduct)), options, &mut events)).unwrap();
    (events, summary)
}

fn some(cases: usize) -> Options {
    Options { cases: Some(cases), ..Options::default() }
}

fn plans(events: &[RunEvent]) -> Vec<String> {
    let cases = events.iter().filter_map(|event| match event {
        RunEvent::Case { record, .. } => Some(record.plan.clone()),
        _ => None,
    });
    cases.collect()
}

#[test]
fn one_seed_gives_equal_events_whatever_the_number_of_workers() {
    let one = run_on(None, &Options { jobs: 1, ..some(80) }).0;
    let two = run_on(None, &Options { jobs: 2, ..some(80) }).0;
    assert_eq!(timeless(&one), timeless(&two));
    let other = run_on(None, &Options { seed: 2, ..some(80) }).0;
    assert_ne!(timeless(&one), timeless(&other));
}

#[test]
fn the_smoke_profile_finds_nothing_wrong_with_the_region_and_decides_every_core_rule() {
    let (events, summary) = run_on(None, &Options { profile: Profile::Smoke, ..Options::default() });
    for event in &events {
        if let RunEvent::Case { record, findings, .. } = event {
            for finding in findings.iter().filter(|f| f.kind == Kind::Violated) {
                eprintln!("{}: {} {}: {}", record.plan, finding.rule, finding.check, finding.message);
            }
            if record.end != CaseEnd::Complete {
                eprintln!("{}: {:?}", record.plan, record.end);
            }
        }
    }
    eprintln!("{} cases, {} executions; undecided: {:?}", summary.cases, summary.executions, summary.undecided);
    assert_eq!(summary.unlisted, Vec::new());
    assert_eq!(summary.undecided, Vec::new());
    assert_eq!(summary.exit(), ExitReason::Conforms);
}

#[test]
fn the_union_of_shards_is_the_whole_run() {
    let mut whole = plans(&run_on(None, &some(60)).0);
    let mut parts = Vec::new();
    for index in 1..=3 {
        let shard = Some(Shard { index, of: 3 });
        let part = plans(&run_on(None, &Options { shard, ..some(60) }).0);
        assert!(!part.is_empty());
        parts.extend(part);
    }
    whole.sort();
    parts.sort();
    assert_eq!(whole, parts);
}

/// Accepts calls with closed tokens, without effect.
struct AcceptsUsedTokens;

impl Conduct for AcceptsUsedTokens {
    fn closed_token(&mut self, _late: Late, _refusal: ApiError) -> Result<(), ApiError> {
        Ok(())
    }
}

fn accepts_used_tokens() -> Box<dyn Conduct> {
    Box::new(AcceptsUsedTokens)
}

#[test]
fn a_planted_bug_is_found_made_small_and_replayed() {
    let (events, summary) = run_on(Some(accepts_used_tokens), &Options::default());
    assert_eq!(summary.exit(), ExitReason::Violated);
    assert!(summary.unlisted.iter().any(|(rule, _)| rule == "TOK-13"), "{:?}", summary.unlisted);
    let small = events.iter().find_map(|event| match event {
        RunEvent::Minimised { rule, check, plan, .. } if rule == "TOK-13" => Some((check, plan)),
        _ => None,
    });
    let (check, plan) = small.unwrap();
    let plan: Plan = serde_json::from_value(plan.clone()).unwrap();
    // Start, take, answer, answer again; the end that the check may want to see.
    assert!(plan.steps.len() <= 5, "{:#?}", plan.steps);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let again = |conduct| {
        let targets = Arc::new(Regions(conduct));
        let (_, findings) = runtime.block_on(replay(targets, &plan, &Options::default())).unwrap();
        findings.iter().any(|f| f.kind == Kind::Violated && f.rule == "TOK-13" && f.check == *check)
    };
    assert!(again(Some(accepts_used_tokens as MakeConduct)));
    assert!(!again(None));
}

#[test]
fn a_baseline_of_what_was_seen_excuses_it_and_goes_stale_when_it_is_mended() {
    let options = Options { minimise: false, ..Options::default() };
    let (_, bad) = run_on(Some(accepts_used_tokens), &options);
    let mut baseline = Baseline::of(&bad.score, &bad.verdicts, &Baseline::default());
    for entry in &mut baseline.entry {
        assert_eq!(entry.reason, "TODO");
        entry.reason = "planted by this test".to_owned();
    }
    let options = Options { baseline: Some(baseline), minimise: true, ..options };
    let (events, excused) = run_on(Some(accepts_used_tokens), &options);
    assert_eq!(excused.exit(), ExitReason::Conforms, "{:?} {:?}", excused.unlisted, excused.stale);
    assert_eq!(kinds(&events).get("minimised"), None, "what is known is not made smaller");
    let (_, mended) = run_on(None, &options);
    assert!(mended.stale.iter().any(|(rule, _)| rule == "TOK-13"));
    assert_eq!(mended.exit(), ExitReason::StaleBaseline);
}

#[test]
fn a_stored_run_judged_again_gives_the_same_violations() {
    let options = Options { minimise: false, ..some(80) };
    let (events, summary) = run_on(Some(accepts_used_tokens), &options);
    let again = judge_stored(&events, &options).unwrap();
    assert_eq!(again.unlisted, summary.unlisted);
    assert_eq!(again.cases, summary.cases);
}

#[test]
fn a_cancelled_run_has_a_first_and_a_last_line_and_says_that_it_was_cut() {
    let options = some(40);
    options.cancel.set();
    let (events, summary) = run_on(None, &options);
    assert!(summary.cut);
    assert!(matches!(events.first(), Some(RunEvent::Started { .. })));
    assert!(matches!(events.last(), Some(RunEvent::Finished { cut: true, cases: 0, .. })));
}

#[test]
fn without_time_no_plan_is_begun() {
    let options = Options { time_budget: Some(std::time::Duration::ZERO), ..some(40) };
    let (_, summary) = run_on(None, &options);
    assert_eq!((summary.cases, summary.cut), (0, true));
}
