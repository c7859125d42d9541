//! One test a target and rule: `[MUST] embedded::TOK-01`.
//!
//! The targets are those of `SFN_CONFORMANCE_TARGET`, several behind commas; the embedded region where it is not set. What a
//! target is known to do wrong is read from `fixtures/baselines/NAME.toml`. A target is run once, when the first of its
//! tests is; under nextest, where each test is a process, once a run, and the others wait for its result.

#![expect(clippy::disallowed_methods, reason = "which targets are tested is said by the environment")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use engine::{Baseline, Options, RunId};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use record::RunEvent;
use rules::Verdict;
use rules::registry::{Rule, rule};
use serde::{Deserialize, Serialize};

/// What a run says of one rule, after the baseline.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Passed,
    Failed(String),
    Ignored(String),
}

type Table = BTreeMap<String, Said>;

/// The run of one target, made when it is first asked for.
#[derive(Clone)]
struct Judged {
    spec: String,
    table: Arc<OnceLock<Result<Table, String>>>,
}

/// The id of a run that begins now, so that `clean --older-than` can tell its age.
fn run_id() -> RunId {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    RunId::new(now, u64::from(std::process::id()))
}

fn main() {
    let arguments = Arguments::from_args();
    let asked = std::env::var("SFN_CONFORMANCE_TARGET").unwrap_or_default();
    let asked = if asked.trim().is_empty() { "embedded".to_owned() } else { asked };
    let mut tests = Vec::new();
    for spec in asked.split(',').map(str::trim).filter(|spec| !spec.is_empty()) {
        let judged = Judged { spec: spec.to_owned(), table: Arc::default() };
        for rule in engine::judged_rules().into_iter().filter_map(rule) {
            let judged = judged.clone();
            let name = format!("{spec}::{}", rule.id);
            let test = Trial::ignorable_test(name, move || judged.of(rule)).with_kind(rule.severity.name());
            tests.push(test);
        }
    }
    libtest_mimic::run(&arguments, tests).exit();
}

impl Judged {
    fn of(&self, rule: &Rule) -> Result<Completion, Failed> {
        match self.table.get_or_init(|| self.once_a_run()) {
            Err(why) => Err(why.clone().into()),
            Ok(table) => match table.get(&rule.id) {
                Some(Said::Passed) => Ok(Completion::Completed),
                Some(Said::Ignored(why)) => Ok(Completion::ignored_with(why)),
                Some(Said::Failed(why)) => {
                    Err(format!("{}\n  {}\n  {why}", rule.title, rule.statement).into())
                }
                None => Err("the run says nothing of this rule".into()),
            },
        }
    }

    /// The run's table; under nextest shared between processes through a file of the run.
    fn once_a_run(&self) -> Result<Table, String> {
        let Ok(run) = std::env::var("NEXTEST_RUN_ID") else { return self.run() };
        let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let stem: String = format!("registry-{run}-{}", self.spec).chars().map(safe).collect();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let fail = |why: std::io::Error| why.to_string();
        let lock = File::create(folder.join(format!("{stem}.lock"))).map_err(fail)?;
        lock.lock().map_err(fail)?;
        let path = folder.join(format!("{stem}.json"));
        if let Ok(text) = fs::read_to_string(&path) {
            return serde_json::from_str(&text).map_err(|why| why.to_string())?;
        }
        let table = self.run();
        let text = serde_json::to_string(&table).map_err(|why| why.to_string())?;
        fs::write(&path, text).map_err(fail)?;
        table
    }

    fn run(&self) -> Result<Table, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(|why| why.to_string())?.block_on(async {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let emulators = std::env::var_os("SFN_CONFORMANCE_EMULATORS").map(PathBuf::from);
            let emulators = emulators.unwrap_or_else(|| root.join("target/emulators"));
            let options = targets::Options { logs: emulators.join("logs"), emulators, ..Default::default() };
            let connected = targets::connect(&self.spec, &options).await.map_err(|why| why.to_string())?;
            let file = root.join(format!("fixtures/baselines/{}.toml", connected.name));
            let baseline = if file.is_file() {
                Some(Baseline::read(&file).map_err(|why| why.to_string())?)
            } else {
                None
            };
            let options = Options {
                run_id: run_id(),
                minimise: None,
                baseline: baseline.clone(),
                ..Options::default()
            };
            let mut events: Vec<RunEvent> = Vec::new();
            let summary = engine::run(connected.targets.clone(), &options, &mut events).await;
            connected.guard.stop().await;
            let summary = summary.map_err(|why| why.to_string())?;
            if let Some(why) = summary.broken {
                return Err(why);
            }
            let baseline = baseline.unwrap_or_default();
            let stale: Vec<&str> = summary.stale.iter().map(|(rule, _)| rule.as_str()).collect();
            let said = summary.verdicts.iter().map(|(id, verdict)| {
                let unlisted: Vec<&str> = summary
                    .score
                    .checks(id)
                    .into_iter()
                    .filter(|(check, tally)| tally.broken > 0 && !baseline.lists(id, check))
                    .map(|(check, _)| check)
                    .collect();
                let said = if stale.contains(&id.as_str()) {
                    Said::Failed(format!("the baseline {} lists it, but it no longer shows", file.display()))
                } else {
                    say(id, verdict, &unlisted, &baseline)
                };
                (id.clone(), said)
            });
            Ok(said.collect())
        })
    }
}

fn say(id: &str, verdict: &Verdict, unlisted: &[&str], baseline: &Baseline) -> Said {
    let is_core = rule(id).is_some_and(|rule| rule.core);
    match verdict {
        Verdict::Holds { .. } => Said::Passed,
        Verdict::Violated { witness, .. } if !unlisted.is_empty() => {
            Said::Failed(format!("{} ({}): {}", unlisted.join(", "), witness.plan, witness.message))
        }
        Verdict::Violated { .. } => Said::Ignored("violated, as the baseline says".to_owned()),
        Verdict::Unsupported { capability } => Said::Ignored(format!("not offered: {capability}")),
        Verdict::Vacuous { why } | Verdict::Inconclusive { why } => {
            if is_core && !baseline.lists_verdict(id, verdict.kind()) {
                Said::Failed(format!("{}: {why}", verdict.word()))
            } else {
                Said::Ignored(format!("{}: {why}", verdict.word()))
            }
        }
    }
}
