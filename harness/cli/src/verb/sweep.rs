//! `mutants --sweep`: every fault that a lawful run's record suggests, and which of them no rule sees.
//!
//! A fault that is seen by no rule is either allowed, and then `fixtures/sweep.toml` says why, or a check is missing. One
//! that leaves every record as it was shows nothing that could be seen. Only plans are run whose lawful record has a call
//! of the operation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use engine::{Cancel, Options, Shard, Sink};
use plan::{Plan, Profile};
use record::{CaseRecord, FindingKind, RunEvent};
use region::mutants::sweep;
use serde::{Deserialize, Serialize};

use crate::args::Format;
use crate::recorder::bar;
use crate::verb::reach::{banner, connect};
use crate::{Exit, Failure, output};

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
    /// Names of faults; each `*` stands for any text.
    faults: Vec<String>,
}

/// What became of one fault.
#[derive(Serialize)]
struct Fault<'n> {
    name: &'n str,
    #[serde(rename = "fate")]
    word: Word,
    /// The first rule that saw it.
    rule: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Killed,
    EndsTheRun,
    ChangesNothing,
    Allowed,
    Survived,
}

/// Runs the smoke plans on every derived fault. Exit 1 where one is seen by no rule and not known to be allowed.
pub(super) fn sweep(
    filters: &[String],
    shard: Shard,
    format: Format,
    seed: u64,
    known: Option<&Path>,
) -> Result<Exit, Failure> {
    let allowed = known.map_or_else(|| Ok(Allowed::default()), read)?;
    let mut used: BTreeSet<&str> = BTreeSet::new();
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
    let mut faults = Vec::new();
    for name in &names {
        bar.set_message(name.clone());
        let mut first = First::of(&lawful);
        let spec = format!("variant:{name}");
        let done =
            runtime.block_on(run(&spec, seed, &plans, lawful.plans(name), first.cancel.clone(), &mut first));
        bar.inc(1);
        let covering: Vec<&str> = allowed.covering(name).collect();
        let word = match (done, &first.rule) {
            (_, Some(_)) => Word::Killed,
            (Err(_), None) => Word::EndsTheRun,
            (Ok(()), None) if !first.differs => Word::ChangesNothing,
            (Ok(()), None) if covering.is_empty() => Word::Survived,
            (Ok(()), None) => Word::Allowed,
        };
        match word {
            Word::Allowed => used.extend(covering),
            Word::Survived if format == Format::Text => bar.suspend(|| say!("! {name}")),
            _ => {}
        }
        faults.push(Fault { name, word, rule: first.rule });
    }
    bar.finish_and_clear();
    let count = |word| faults.iter().filter(|fault| fault.word == word).count();
    match format {
        Format::Json => output::json(&faults)?,
        Format::Text => say!(
            "{} faults: {} seen by a rule, {} end the run, {} change nothing, {} are allowed, {} are not seen",
            names.len(),
            count(Word::Killed),
            count(Word::EndsTheRun),
            count(Word::ChangesNothing),
            count(Word::Allowed),
            count(Word::Survived)
        ),
    }
    // Only the whole sweep can tell that a pattern is of no use any more.
    let whole = filters.is_empty() && shard.of == 1;
    let stale: Vec<_> = allowed.patterns().filter(|(pattern, _)| whole && !used.contains(pattern)).collect();
    for (pattern, reason) in &stale {
        complain!("stale: no fault that is not seen is called {pattern} ({reason})");
    }
    Ok(match (count(Word::Survived), stale.is_empty()) {
        (0, true) => Exit::Conforms,
        (0, false) => Exit::StaleBaseline,
        _ => Exit::Violated,
    })
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
        if let Some(finding) = findings.into_iter().find(|finding| finding.kind == FindingKind::Violated) {
            self.rule = Some(finding.rule);
            self.cancel.set();
        }
    }
}

impl Allowed {
    /// Every pattern with its reason.
    fn patterns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.allowed
            .iter()
            .flat_map(|entry| entry.faults.iter().map(|pattern| (pattern.as_str(), entry.reason.as_str())))
    }

    /// The patterns that a fault's name fits.
    fn covering<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.patterns().map(|(pattern, _)| pattern).filter(move |pattern| fits(pattern, name))
    }
}

/// Whether a text is as the pattern says, in which each `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter_map(|from| rest.get(from..)).any(|rest| fits(tail, rest))
        }),
    }
}

fn read(path: &Path) -> Result<Allowed, Failure> {
    let remedy = "see fixtures/sweep.toml for the form";
    let text = std::fs::read_to_string(path).map_err(|why| Failure::unreadable(path, why, remedy))?;
    toml::from_str(&text).map_err(|why| Failure::unreadable(path, why, remedy))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_text_as_often_as_it_is_written() {
        for (pattern, text, wanted) in [
            ("a:b", "a:b", true),
            ("a:b", "a:bc", false),
            ("a:*:c", "a:b:c", true),
            ("a:*:c", "a::c", true),
            ("a:*:c*", "a:b:c:c:d", true),
            ("*b*", "abc", true),
            ("*b*d", "abc", false),
            ("a*", "", false),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
