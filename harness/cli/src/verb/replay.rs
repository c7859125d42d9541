//! `replay`: one plan, every call with its answer, and what the rules say.

use std::path::Path;

use engine::{Cancel, Options, RunId};
use plan::Plan;
use record::{CaseEnd, CaseRecord, Finding, FindingKind, Outcome};

use crate::args::OneTarget;
use crate::verb::leftovers::LEDGER;
use crate::verb::reach::{banner, connect, is_virtual, run_id};
use crate::verb::run::DEFAULT_OUT;
use crate::{Exit, Failure, interrupt};

/// Runs the plan in this file.
pub(super) fn replay(path: &Path, target: &OneTarget, seed: u64) -> Result<Exit, Failure> {
    let remedy = "give a file of a run's `plans/` or of fixtures/plans";
    let text = std::fs::read_to_string(path).map_err(|why| Failure::unreadable(path, why, remedy))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|why| Failure::unreadable(path, why, remedy))?;
    let spec = target.target.parse()?;
    let cancel = Cancel::default();
    let played = super::runtime()?.block_on(async {
        interrupt::listen(&cancel);
        let connected = connect(&target.target, &target.reach, Path::new("target/emulators/logs")).await?;
        let virtually = is_virtual(&spec);
        // Beside the folders of runs, where `clean --ledger` finds it.
        let folder = Path::new(DEFAULT_OUT).join("replay");
        if !virtually {
            std::fs::create_dir_all(&folder).map_err(|why| {
                Failure::unwritable(&folder, &why, "run it in a folder that can be written")
            })?;
        }
        let options = Options {
            seed,
            ledger: (!virtually).then(|| folder.join(LEDGER)),
            run_id: if virtually { RunId::default() } else { run_id() },
            banner: banner(&target.target, &connected),
            cancel: cancel.clone(),
            ..Options::default()
        };
        let played = engine::replay(connected.targets.clone(), &plan, &options).await;
        connected.guard.stop().await;
        Ok::<_, Failure>(played?)
    })?;
    print(&played.record);
    for left in &played.leftovers {
        complain!("left behind: {left}; `clean --target {}` removes it", target.target);
    }
    let exit = conclude(&played.findings, &played.record);
    Ok(if played.leftovers.is_empty() { exit } else { exit.worse(Exit::Leftovers) })
}

fn print(record: &CaseRecord) {
    let start = record.entries.iter().map(|entry| entry.begun).min().unwrap_or_default();
    for entry in &record.entries {
        let answer = match &entry.outcome {
            Outcome::Done(reply) => shortened(&reply.to_string(), 100),
            Outcome::Refused(error) => error.to_string(),
            Outcome::Unknown(why) => format!("no answer: {why}"),
        };
        let at = (entry.begun - start) as f64 / 1000.0;
        say!("{at:>10.3} s  {:8} {:28} {answer}", entry.actor, entry.call.operation.name());
    }
    match &record.end {
        CaseEnd::Complete => {}
        CaseEnd::Hung { awaited, saw } => say!("hung: waited for {awaited}, saw {saw}"),
        CaseEnd::Cut(why) | CaseEnd::NotRun(why) => say!("cut short: {why}"),
    }
}

fn conclude(findings: &[Finding], record: &CaseRecord) -> Exit {
    let of = |kind| findings.iter().filter(move |finding| finding.kind == kind);
    for finding in of(FindingKind::Violated).chain(of(FindingKind::Inconclusive)) {
        let word = if finding.kind == FindingKind::Violated { "violated" } else { "inconclusive" };
        say!("{word}  {} {}  {}", finding.rule, finding.check, finding.message);
    }
    say!("{} checks held", of(FindingKind::Met).count() + of(FindingKind::Observed).count());
    if of(FindingKind::Violated).next().is_some() {
        Exit::Violated
    } else if record.end == CaseEnd::Complete {
        Exit::Conforms
    } else {
        Exit::Inconclusive
    }
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        text.to_owned()
    } else {
        text.chars().take(most).chain(['…']).collect()
    }
}
