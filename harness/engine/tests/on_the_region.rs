//! Whole runs on the embedded region: reproducible, judged, made smaller, held against baselines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod stage;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::{
    Baseline, ExitReason, Options, RunId, Shard, Summary, Targets as _, find, judge_stored, open_entries,
    replay, run,
};
use plan::{Plan, Profile};
use record::{ApiError, CaseEnd, FindingKind, RunEvent};
use region::Conduct;
use region::conduct::Late;
use rules::VerdictKind;
use stage::{MakeConduct, Regions, SharedRegion, kinds, timeless};

fn run_on(conduct: Option<MakeConduct>, options: &Options) -> (Vec<RunEvent>, Summary) {
    let runtime = stage::runtime();
    let mut events: Vec<RunEvent> = Vec::new();
    let summary = runtime.block_on(run(Arc::new(Regions(conduct)), options, &mut events)).unwrap();
    (events, summary)
}

/// A run on one region for all plans, as on an endpoint. In the end: what cleaning still finds.
fn run_on_one(conduct: Option<MakeConduct>, options: &Options) -> (Vec<RunEvent>, Summary, Vec<String>) {
    stage::runtime().block_on(async {
        let targets = Arc::new(SharedRegion::new(conduct));
        let mut events: Vec<RunEvent> = Vec::new();
        let summary = run(targets.clone(), options, &mut events).await.unwrap();
        let target = targets.open(0).unwrap();
        // Deleted machines stay listed until their last execution has ended (DEF-30).
        target.clock().sleep(Duration::from_secs(60)).await;
        let left = find(target.as_ref(), &[]).await;
        (events, summary, left.iter().map(ToString::to_string).collect())
    })
}

/// Prints what is wrong in a run, for whoever has to mend it.
fn complain(events: &[RunEvent]) {
    for event in events {
        if let RunEvent::Case { record, findings, .. } = event {
            for finding in findings.iter().filter(|f| f.kind == FindingKind::Violated) {
                eprintln!("{}: {} {}: {}", record.plan, finding.rule, finding.check, finding.message);
            }
            if record.end != CaseEnd::Complete {
                eprintln!("{}: {:?}", record.plan, record.end);
            }
        }
    }
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
    complain(&events);
    eprintln!(
        "{} cases, {} executions; undecided: {:?}",
        summary.cases, summary.executions, summary.undecided
    );
    assert_eq!(summary.unlisted, Vec::new());
    assert_eq!(summary.undecided, Vec::new());
    assert_eq!(summary.exit(), ExitReason::Conforms);
}

#[test]
fn other_seeds_find_nothing_wrong_with_the_region_either_and_no_plan_hangs() {
    for seed in 2..=4 {
        let (events, summary) = run_on(None, &Options { profile: Profile::Core, seed, ..Options::default() });
        complain(&events);
        assert_eq!((summary.unlisted, summary.undecided), (Vec::new(), Vec::new()), "seed {seed}");
        let unfinished = events.iter().any(|event| {
            matches!(event, RunEvent::Case { record, .. } if matches!(record.end, CaseEnd::Hung { .. }))
        });
        assert!(!unfinished, "seed {seed}");
    }
}

#[test]
fn plans_that_share_one_region_do_not_disturb_each_other_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let options =
        Options { jobs: 24, run_id: RunId::new(1, 0), ledger: Some(ledger.clone()), ..Options::default() };
    let (events, summary, left) = run_on_one(None, &options);
    complain(&events);
    assert_eq!((summary.unlisted, summary.undecided), (Vec::new(), Vec::new()));
    assert_eq!((left, summary.leftovers), (Vec::new(), Vec::new()));
    assert_eq!(open_entries(&ledger).unwrap(), Vec::new());
}

#[test]
fn on_one_region_too_every_violation_is_made_smaller_and_no_name_is_used_twice() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.jsonl");
    let options = Options {
        jobs: 24,
        run_id: RunId::new(2, 0),
        ledger: Some(ledger.clone()),
        minimise: Some(Duration::from_secs(3600)),
        ..Options::default()
    };
    let (events, summary, left) = run_on_one(Some(accepts_used_tokens), &options);
    let small = kinds(&events).get("minimised").copied().unwrap_or_default();
    assert!(small > 0);
    assert!(small >= summary.unlisted.len(), "{small} of {:?}", summary.unlisted);
    assert_eq!(left, Vec::<String>::new());
    let made: Vec<String> = std::fs::read_to_string(&ledger)
        .unwrap()
        .lines()
        .filter(|line| line.contains("making") && line.contains("queue"))
        .map(str::to_owned)
        .collect();
    let distinct: BTreeSet<&String> = made.iter().collect();
    assert_eq!(made.len(), distinct.len(), "a queue's name is free again only after 60 s (SQS-20)");
}

#[test]
fn rules_choose_the_plans_that_can_decide_them() {
    let whole = Options::default();
    let (events, summary) = run_on(None, &whole);
    let rules = vec!["TOK-13".to_owned(), "SQS-12".to_owned()];
    let options = Options { rules: rules.clone(), ..whole };
    let only = stage::runtime().block_on(engine::deciding(Arc::new(Regions(None)), &options)).unwrap();
    let (some, chosen) = run_on(None, &Options { only, ..options });
    assert!(chosen.cases > 0 && chosen.cases < summary.cases, "{} of {}", chosen.cases, summary.cases);
    assert!(
        chosen.verdicts.iter().all(|(_, verdict)| verdict.kind() == VerdictKind::Holds),
        "{:?}",
        chosen.verdicts
    );
    let met = |events: &[RunEvent]| -> BTreeSet<String> {
        let cases = events.iter().filter_map(|event| match event {
            RunEvent::Case { record, findings, .. } if findings.iter().any(|f| rules.contains(&f.rule)) => {
                Some(record.plan.clone())
            }
            _ => None,
        });
        cases.collect()
    };
    assert_eq!(met(&some), met(&events), "no plan that says something of them is left out");
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
    let runtime = stage::runtime();
    let again = |conduct| {
        let targets = Arc::new(Regions(conduct));
        let findings = runtime.block_on(replay(targets, &plan, &Options::default())).unwrap().findings;
        findings.iter().any(|f| f.kind == FindingKind::Violated && f.rule == "TOK-13" && f.check == *check)
    };
    assert!(again(Some(accepts_used_tokens as MakeConduct)));
    assert!(!again(None));
}

#[test]
fn a_baseline_of_what_was_seen_excuses_it_and_goes_stale_when_it_is_mended() {
    let options = Options { minimise: None, ..Options::default() };
    let (_, bad) = run_on(Some(accepts_used_tokens), &options);
    let mut baseline = Baseline::of(&bad.score, &bad.verdicts, &Baseline::default());
    for entry in &mut baseline.entry {
        assert_eq!(entry.reason, "TODO");
        entry.reason = "planted by this test".to_owned();
    }
    let options = Options { baseline: Some(baseline), minimise: Some(Duration::from_secs(60)), ..options };
    let (events, excused) = run_on(Some(accepts_used_tokens), &options);
    assert_eq!(excused.exit(), ExitReason::Conforms, "{:?} {:?}", excused.unlisted, excused.stale);
    assert_eq!(kinds(&events).get("minimised"), None, "what is known is not made smaller");
    let (_, mended) = run_on(None, &options);
    assert!(mended.stale.iter().any(|(rule, _)| rule == "TOK-13"));
    assert_eq!(mended.exit(), ExitReason::StaleBaseline);
}

#[test]
fn a_stored_run_judged_again_gives_the_same_violations() {
    let options = Options { minimise: None, ..some(80) };
    let (events, summary) = run_on(Some(accepts_used_tokens), &options);
    let (judged, again) = judge_stored(events.clone(), None).unwrap();
    assert_eq!(again.unlisted, summary.unlisted);
    assert_eq!(again.cases, summary.cases);
    assert_eq!(kinds(&judged), kinds(&events));
}

#[test]
fn a_stored_part_of_a_run_judged_again_ends_as_the_part_did() {
    for options in [
        Options { rules: vec!["TOK-13".to_owned()], minimise: None, ..some(80) },
        Options { shard: "1/4".parse().ok(), minimise: None, ..some(80) },
    ] {
        let (events, summary) = run_on(None, &options);
        let (_, again) = judge_stored(events, None).unwrap();
        assert_eq!(again.exit(), summary.exit());
        assert_eq!(again.verdicts.len(), summary.verdicts.len());
    }
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
    let options = Options { time_budget: Some(Duration::ZERO), ..some(40) };
    let (_, summary) = run_on(None, &options);
    assert_eq!((summary.cases, summary.cut), (0, true));
}
