//! `mutants --sweep`: every fault that a lawful run's record suggests, and which of them no rule sees.
//!
//! A fault that is seen by no rule is either allowed, and then `fixtures/sweep.toml` says why, or a check is missing. One that leaves
//! every record as it was shows nothing that could be seen. Only plans are run whose lawful record has a call of the operation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::{Cancel, Options, Shard, Sink};
use plan::{Plan, Profile};
use record::{CaseRecord, Kind, RunEvent};
use region::mutants::sweep;
use serde::Deserialize;

use crate::recorder::bar;
use crate::verb::reach::{banner, connect};
use crate::{Exit, Failure};

/// `fixtures/sweep.toml`: faults that are none, by the reason.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    #[serde(default)]
    allowed: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
    /// Names of faults; one `*` stands for any text.
    faults: Vec<String>,
}

/// Runs the smoke plans on every derived fault. Exit 1 where one is seen by no rule and not known to be allowed.
pub(super) fn sweep(
    filters: &[String],
    shard: Shard,
    seed: u64,
    known: Option<&Path>,
) -> Result<Exit, Failure> {
    let allowed = known.map_or_else(|| Ok(Allowed::default()), read)?;
    let runtime = super::runtime()?;
    let plans: Arc<[Plan]> = plan::generate(Profile::Smoke, seed, None).into();
    let mut lawful = Seen::default();
    runtime.block_on(run("embedded", seed, &plans, None, Cancel::default(), &mut lawful))?;
    let entries = lawful.0.values().flat_map(|record| &record.entries);
    let names = sweep::derive(entries.map(|entry| (&entry.call, &entry.outcome)));
    let wanted =
        |name: &String| filters.is_empty() || filters.iter().any(|part| name.contains(part.as_str()));
    let names = names.into_iter().filter(wanted).enumerate();
    let names: Vec<String> = names.filter(|(place, _)| shard.has(*place)).map(|(_, name)| name).collect();
    let bar = bar("sweep", names.len() as u64, false);
    let (mut killed, mut stopped, mut same, mut spared, mut survived) = (0, 0, 0, 0, 0);
    for name in &names {
        bar.set_message(name.clone());
        let mut first = First::of(&lawful);
        let spec = format!("variant:{name}");
        let done =
            runtime.block_on(run(&spec, seed, &plans, lawful.plans(name), first.cancel.clone(), &mut first));
        bar.inc(1);
        match (done, first.rule) {
            (_, Some(_)) => killed += 1,
            (Err(_), None) => stopped += 1,
            (Ok(()), None) if !first.differs => same += 1,
            (Ok(()), None) if allowed.reason(name).is_some() => spared += 1,
            (Ok(()), None) => {
                survived += 1;
                bar.suspend(|| say!("! {name}"));
            }
        }
    }
    bar.finish_and_clear();
    say!(
        "{} faults: {killed} seen by a rule, {stopped} end the run, {same} change nothing, {spared} are allowed, {survived} are not seen",
        names.len()
    );
    Ok(if survived == 0 { Exit::Conforms } else { Exit::Violated })
}

/// One run of the smoke plans, or of those that are named.
async fn run(
    spec: &str,
    seed: u64,
    plans: &Arc<[Plan]>,
    only: Option<BTreeSet<String>>,
    cancel: Cancel,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let connected = connect(spec, &crate::args::Reach::default(), Path::new("")).await?;
    let options = Options {
        profile: Profile::Smoke,
        seed,
        plans: Some(plans.clone()),
        jobs: usize::MAX,
        minimise: None,
        only,
        cancel,
        banner: banner(spec, &connected),
        ..Options::default()
    };
    engine::run(connected.targets.clone(), &options, sink).await?;
    Ok(())
}

/// The records of a run by their plans.
#[derive(Default)]
struct Seen(BTreeMap<String, CaseRecord>);

impl Seen {
    /// The plans that a fault can touch; all, if it is not one of an operation.
    fn plans(&self, fault: &str) -> Option<BTreeSet<String>> {
        let mut parts = fault.strip_prefix(sweep::PREFIX)?.split(':');
        let (_, service, name) = (parts.next()?, parts.next()?, parts.next()?);
        let operation = format!("{service}:{name}").parse().ok()?;
        let has = |record: &CaseRecord| record.entries.iter().any(|entry| entry.call.operation == operation);
        Some(self.0.iter().filter(|(_, record)| has(record)).map(|(plan, _)| plan.clone()).collect())
    }
}

impl Sink for Seen {
    fn event(&mut self, event: RunEvent) {
        if let RunEvent::Case { record, .. } = event {
            self.0.insert(record.plan.clone(), record);
        }
    }
}

/// The first rule that is seen broken; the run ends there.
struct First<'a> {
    lawful: &'a Seen,
    /// Whether any record differs from the lawful one.
    differs: bool,
    rule: Option<String>,
    cancel: Cancel,
}

impl<'a> First<'a> {
    fn of(lawful: &'a Seen) -> Self {
        Self { lawful, differs: false, rule: None, cancel: Cancel::default() }
    }
}

impl Sink for First<'_> {
    fn event(&mut self, event: RunEvent) {
        let RunEvent::Case { findings, record, .. } = event else { return };
        self.differs |= self.lawful.0.get(&record.plan) != Some(&record);
        if let Some(finding) = findings.into_iter().find(|finding| finding.kind == Kind::Violated) {
            self.rule = Some(finding.rule);
            self.cancel.set();
        }
    }
}

impl Allowed {
    fn reason(&self, name: &str) -> Option<&str> {
        let covers = |pattern: &String| match pattern.split_once('*') {
            None => pattern == name,
            Some((head, tail)) => {
                name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail)
            }
        };
        let found = self.allowed.iter().find(|entry| entry.faults.iter().any(covers));
        found.map(|entry| entry.reason.as_str())
    }
}

fn read(path: &Path) -> Result<Allowed, Failure> {
    let remedy = "see fixtures/sweep.toml for the form";
    let text = std::fs::read_to_string(path).map_err(|why| Failure::unreadable(path, why, remedy))?;
    toml::from_str(&text).map_err(|why| Failure::unreadable(path, why, remedy))
}
