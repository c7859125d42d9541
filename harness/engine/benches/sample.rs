//! How fast plans run on the embedded region, with every check on: sample executions a second on one core.
//!
//! `cargo bench -p engine --bench sample`; figures are in `ci/SPEED.md`.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

#[path = "../tests/stage/mod.rs"]
mod stage;

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use engine::{Options, run_plans};
use plan::{Plan, Profile, generate};
use record::FindingKind;
use stage::Regions;

fn main() {
    divan::main();
}

/// Plans of one family, repeated to `many`.
fn plans(family: &str, many: usize) -> Vec<Plan> {
    let found: Vec<Plan> =
        generate(Profile::Core, 1, None).into_iter().filter(|plan| plan.family == family).collect();
    found.iter().cycle().take(many).cloned().collect()
}

/// Runs them on one thread; the number of executions.
fn run(plans: &[Plan]) -> u64 {
    let options = Options { jobs: 1, ..Options::default() };
    let (findings, executions) =
        stage::runtime().block_on(run_plans(Arc::new(Regions(None)), plans, &options)).unwrap();
    assert_eq!(findings.iter().flatten().filter(|finding| finding.kind == FindingKind::Violated).count(), 0);
    executions
}

/// The first plan of the sample: one success, told twice, its history in pages.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn one_sample(bencher: Bencher<'_, '_>) {
    let plans = vec![plans("sample", 1).remove(0); 500];
    bencher.counter(ItemsCount::new(run(&plans))).bench_local(|| run(&plans));
}

/// Every plan of the sample's family.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn whole_family(bencher: Bencher<'_, '_>) {
    let plans = plans("sample", 200);
    bencher.counter(ItemsCount::new(run(&plans))).bench_local(|| run(&plans));
}
