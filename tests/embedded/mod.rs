//! Runs of plans from within a test.

#![expect(clippy::expect_used, reason = "a test may stop at what it cannot go on without")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use engine::{Cancel, Options, Sink, Summary};
use plan::Plan;
use record::{CaseRecord, Finding, FindingKind, RunEvent};

/// A run of the smoke plans on a target, with everything that was recorded.
pub(crate) fn run(spec: &str, options: &Options) -> (Vec<RunEvent>, Summary) {
    let mut events = Vec::new();
    let summary = runtime().block_on(async {
        let connected = connect(spec).await;
        let summary = engine::run(connected.targets.clone(), options, &mut events).await;
        connected.guard.stop().await;
        summary
    });
    (events, summary.expect("the run could be done"))
}

/// One plan on a target.
pub(crate) fn replay(spec: &str, plan: &Plan, options: &Options) -> (CaseRecord, Vec<Finding>) {
    let played = runtime().block_on(async {
        let connected = connect(spec).await;
        engine::replay(connected.targets.clone(), plan, options).await
    });
    let played = played.expect("the plan could be run");
    assert_eq!(played.leftovers, Vec::<String>::new());
    (played.record, played.findings)
}

/// The rules that the smoke plans show broken on a variant of the region, each with its check.
pub(crate) fn broken(spec: &str) -> BTreeSet<(String, String)> {
    let options = Options { jobs: usize::MAX, minimise: None, ..Options::default() };
    let (events, _) = run(spec, &options);
    let findings = events.into_iter().flat_map(|event| match event {
        RunEvent::Case { findings, .. } => findings,
        _ => Vec::new(),
    });
    findings
        .filter(|finding| finding.kind == FindingKind::Violated)
        .map(|finding| (finding.rule, finding.check))
        .collect()
}

/// The rules that are seen broken on a variant of the region until all of `wanted` are: the run ends there.
pub(crate) fn broken_until(spec: &str, wanted: &[&str]) -> BTreeSet<String> {
    struct Until<'w> {
        wanted: &'w [&'w str],
        cancel: Cancel,
        broken: BTreeSet<String>,
    }

    impl Sink for Until<'_> {
        fn event(&mut self, event: RunEvent) {
            let RunEvent::Case { findings, .. } = event else { return };
            for finding in findings.into_iter().filter(|finding| finding.kind == FindingKind::Violated) {
                self.broken.insert(finding.rule);
            }
            if self.wanted.iter().all(|rule| self.broken.contains(*rule)) {
                self.cancel.set();
            }
        }
    }

    let options = Options { jobs: usize::MAX, minimise: None, ..Options::default() };
    let mut until = Until { wanted, cancel: options.cancel.clone(), broken: BTreeSet::new() };
    let done = runtime().block_on(async {
        let connected = connect(spec).await;
        engine::run(connected.targets, &options, &mut until).await
    });
    done.expect("the run could be done");
    until.broken
}

/// A plan of fixtures/plans.
pub(crate) fn stored_plan(name: &str) -> Plan {
    let path = fixtures().join("plans").join(format!("{name}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The folder of data.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

async fn connect(spec: &str) -> targets::Connected {
    let options =
        targets::Options { emulators: emulators(), logs: emulators().join("logs"), ..Default::default() };
    targets::connect(spec, &options).await.unwrap_or_else(|why| panic!("{spec}: {why}"))
}

fn emulators() -> PathBuf {
    let asked = std::env::var_os("SFN_CONFORMANCE_EMULATORS").map(PathBuf::from);
    asked.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/emulators"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// What `fixtures/survivors.toml` has a reason for: mutants that survive (`variant`), rules that break with none (`rule`).
pub(crate) fn known(kind: &str) -> BTreeSet<String> {
    let start = format!("{kind} = \"");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/survivors.toml");
    let text = fs::read_to_string(path).expect("the list of survivors can be read");
    let names = text.lines().filter_map(|line| line.strip_prefix(&start)?.strip_suffix('"'));
    names.map(str::to_owned).collect()
}
