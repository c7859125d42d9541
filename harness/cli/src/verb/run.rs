//! `run`: plans on a target, verdicts, a run directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Baseline, Budget, Cancel, Options, Rates, RunId, Stack, Summary};
use plan::Plan;
use report::{Known, Palette, Render, Report, Run, Text, directory};
use rules::VerdictKind;
use targets::Spec;

use crate::args::RunArgs;
use crate::recorder::{Recorder, bar};
use crate::verb::leftovers::LEDGER;
use crate::verb::reach::{banner, connect, folder_name, is_virtual, run_id};
use crate::{Exit, Failure, bill, interrupt, output, recording, rule_ids};

/// Where runs go that were not told where.
pub(super) const DEFAULT_OUT: &str = "sfn-conformance.out";

/// Plans at a time on the machine's clock: most of them wait.
const JOBS: usize = 24;

/// What a finished run is: everything that reports need.
pub(super) struct Finished {
    pub(super) run: Run,
    pub(super) summary: Summary,
    pub(super) known: Known,
    /// The AWS region, where the target has one.
    region: Option<String>,
}

/// Runs on every target that was asked for; the worst exit counts.
pub(super) fn run(args: &RunArgs, palette: Palette) -> Result<Exit, Failure> {
    let rules = rule_ids::all(&args.rules)?;
    let specs: Vec<(Spec, &str)> = args
        .target
        .iter()
        .map(|spec| Ok((spec.parse::<Spec>()?, spec.as_str())))
        .collect::<Result<_, Failure>>()?;
    if let (Some(stack), Some((_, text))) = (&args.stack, specs.iter().find(|(spec, _)| is_virtual(spec))) {
        return Err(Failure::Usage(format!(
            "{text} has no stacks, so none called {stack}; give an endpoint that has, e.g. that of `serve --stack {stack}`"
        )));
    }
    let baseline = read_baseline(args.baseline.as_deref(), args.update_baseline)?;
    let runtime = super::runtime()?;
    let cancel = Cancel::default();
    runtime.block_on(async { interrupt::listen(&cancel) });
    let mut exit = Exit::Conforms;
    for (spec, text) in &specs {
        let folder = match (&args.out, specs.len()) {
            (Some(out), 1) => out.clone(),
            (Some(out), _) => out.join(folder_name(text)),
            (None, _) => Path::new(DEFAULT_OUT).join(folder_name(text)),
        };
        let is_aws = matches!(spec, Spec::Aws { .. });
        let time_budget = args.time_budget.or_else(|| is_aws.then_some(AWS_TIME));
        let budget = Budget {
            dollars: args.budget,
            transitions: args.budget_transitions,
            requests: args.budget_requests,
            wall: time_budget,
            rates: bill::rates(region(spec).as_deref())?,
        };
        let options = Options {
            profile: args.profile,
            seed: args.seed,
            cases: args.cases,
            rules: rules.clone(),
            jobs: args.jobs.unwrap_or_else(|| if is_virtual(spec) { usize::MAX } else { JOBS }).max(1),
            time_budget,
            budget,
            shard: args.shard,
            baseline: baseline.clone(),
            minimise: (!args.no_minimise).then_some(engine::SPARE),
            strict: args.strict,
            run_id: if is_virtual(spec) { RunId::default() } else { run_id() },
            ledger: (!is_virtual(spec)).then(|| folder.join(LEDGER)),
            role: args.role.clone(),
            cancel: cancel.clone(),
            ..Options::default()
        };
        let done = runtime.block_on(one(args, spec, text, &folder, options));
        let finished = match done {
            Ok(finished) => finished,
            // One target that cannot be used keeps nobody from the others.
            Err(failure) if specs.len() > 1 => {
                complain!("error: {text}: {failure}");
                exit = exit.worse(failure.exit());
                continue;
            }
            Err(failure) => return Err(failure),
        };
        exit = exit.worse(conclude(args, &finished, &folder, palette)?);
        if cancel.is_set() {
            break;
        }
    }
    Ok(exit)
}

async fn one(
    args: &RunArgs,
    spec: &Spec,
    text: &str,
    folder: &Path,
    options: Options,
) -> Result<Finished, Failure> {
    let mut plans = plan::generate(args.profile, args.seed, args.cases);
    if let Some(shard) = args.shard {
        let mut place = 0..;
        plans.retain(|_| place.next().is_some_and(|place| shard.has(place)));
    }
    if matches!(spec, Spec::Aws { .. }) {
        predict(args, &plans, options.budget.rates)?;
    }
    // Made before the target is started: what cannot be written is known before anything runs.
    let mut recorder = Recorder::begin(folder, bar(text, plans.len() as u64, args.quiet))?;
    // Before the target is started: an early end must not leave it running.
    let reference = connect("embedded", &args.reach, folder).await?;
    let only = engine::deciding(reference.targets, &options).await?;
    let connected = connect(text, &args.reach, folder).await?;
    if let (Some(account), Some(region)) = (&connected.account, &connected.region) {
        complain!("AWS account {account}, region {region}");
    }
    let mut options = Options { banner: banner(text, &connected), only, ..options };
    if let Some(name) = &args.stack {
        let target = connected.targets.open(args.seed).map_err(engine::EngineError::from)?;
        let stack = Stack::open(target.as_ref(), name).await?;
        complain!("{stack}");
        options.role = Some(stack.role().to_owned());
        options.stack = Some(Arc::new(stack));
    }
    let summary = engine::run(connected.targets.clone(), &options, &mut recorder).await;
    let region = connected.region;
    connected.guard.stop().await;
    let known = known(options.baseline.as_ref());
    Ok(Finished { summary: summary?, run: recorder.finish()?, known, region })
}

/// The region that a run on AWS is priced for.
fn region(spec: &Spec) -> Option<String> {
    let Spec::Aws { region } = spec else { return None };
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    region.clone().or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"))
}

/// Prints and writes what came of a run, and says how to exit.
fn conclude(args: &RunArgs, finished: &Finished, folder: &Path, palette: Palette) -> Result<Exit, Failure> {
    let Finished { run, summary, known, region } = finished;
    let scope: Vec<&str> = summary.verdicts.iter().map(|(rule, _)| rule.as_str()).collect();
    let report = Report::new(run, &scope, known);
    directory::write(folder, &report)?;
    if args.quiet {
        say!("{}: {}", report.target_title(), report.sentence());
    } else {
        let text = Text { palette, width: output::width(), directory: folder.display().to_string() };
        say!("{}", text.render(&report).trim_end());
        say!("{}", folder.join("report.html").display());
    }
    if let (true, Some(path)) = (args.update_baseline, &args.baseline) {
        write_baseline(path, summary, &run.header)?;
    }
    let exit = explain_exit(summary);
    let Some(recordings) = &args.record else { return Ok(exit) };
    let (kept, drift) = recording::keep(recordings, folder, &run.header, region.as_deref())?;
    complain!("recorded in {}", kept.display());
    let Some(drift) = drift else { return Ok(exit) };
    complain!("{}", drift.sentence());
    if drift.is_empty() {
        return Ok(exit);
    }
    complain!("see {}", folder.join(recording::DRIFT).display());
    Ok(if args.strict { exit.worse(Exit::StaleBaseline) } else { exit })
}

/// So many of the things left behind are named.
const SHOWN: usize = 3;

/// Says why the exit is not 0, where the table does not.
pub(super) fn explain_exit(summary: &Summary) -> Exit {
    for (rule, check) in &summary.stale {
        complain!("stale: the baseline lists {rule} {check}, which no longer shows; remove the entry");
    }
    if !summary.undecided.is_empty() && summary.unlisted.is_empty() {
        let ids: Vec<&str> = summary.undecided.iter().map(|(rule, _)| rule.as_str()).collect();
        complain!("not decided, though core: {}", ids.join(", "));
    }
    if summary.not_run > 0 {
        complain!("{} plans were not run; see report.json for the reason of each", summary.not_run);
    }
    for name in summary.leftovers.iter().take(SHOWN) {
        complain!("left behind: {name}; `sfn-conformance clean` removes it");
    }
    if let Some(more) = summary.leftovers.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        complain!("left behind: {more} more");
    }
    let exit = Exit::from(summary.exit());
    let exit = if summary.cut { exit.worse(Exit::Inconclusive) } else { exit };
    if summary.leftovers.is_empty() { exit } else { exit.worse(Exit::Leftovers) }
}

/// The violations that a baseline lists, and under an empty check the other verdicts that it does.
pub(super) fn known(baseline: Option<&Baseline>) -> Known {
    let entries = baseline.into_iter().flat_map(|baseline| &baseline.entry);
    entries
        .map(|entry| {
            let check =
                if entry.verdict == VerdictKind::Violated { entry.check.clone() } else { String::new() };
            ((entry.rule.clone(), check), entry.reason.clone())
        })
        .collect()
}

/// Reads a baseline; one that is to be updated may be missing or unfinished.
pub(super) fn read_baseline(path: Option<&Path>, update: bool) -> Result<Option<Baseline>, Failure> {
    let Some(path) = path else { return Ok(None) };
    if !update {
        return Ok(Some(Baseline::read(path)?));
    }
    let text = match std::fs::read_to_string(path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(why) => {
            return Err(Failure::unreadable(path, why, "give a baseline that can be read, or a new path"));
        }
        Ok(text) => text,
    };
    let baseline = toml::from_str(&text)
        .map_err(|why| Failure::unreadable(path, why, "see fixtures/baselines for the form of a baseline"))?;
    Ok(Some(baseline))
}

fn write_baseline(path: &PathBuf, summary: &Summary, header: &report::Header) -> Result<(), Failure> {
    let old = read_baseline(Some(path), true)?.unwrap_or_default();
    let mut new = Baseline::of(&summary.score, &summary.verdicts, &old);
    new.target.clone_from(&header.name);
    new.version.clone_from(&header.version);
    let text = toml::to_string_pretty(&new).map_err(|why| {
        Failure::Broken(format!("no baseline in TOML: {why}; report it as a fault of the suite"))
    })?;
    std::fs::write(path, text)
        .map_err(|why| Failure::unwritable(path, &why, "give --baseline a path that can be written"))?;
    let open = new.entry.iter().filter(|entry| entry.reason.starts_with("TODO")).count();
    complain!(
        "wrote {} with {} entries, {open} of them without a reason yet",
        path.display(),
        new.entry.len()
    );
    Ok(())
}

/// Says what a run will cost at most, and refuses one on AWS that has no budget.
fn predict(args: &RunArgs, plans: &[Plan], rates: Rates) -> Result<(), Failure> {
    let cost = bill::predicted(plans);
    let dollars = rates.dollars(cost);
    complain!(
        "predicted bill: at most ${dollars:.4} for {} plans ({} transitions, {} requests to SQS, {} to SNS, {} to Step Functions)",
        plans.len(),
        cost.transitions,
        cost.sqs_requests,
        cost.sns_requests,
        cost.states_requests
    );
    match args.budget {
        None => Err(Failure::Usage("a run on AWS needs a budget; give --budget DOLLARS".to_owned())),
        Some(budget) if dollars > budget => {
            complain!(
                "the budget of ${budget} may not cover all of them: those that do not fit are not begun, and the run exits 3"
            );
            Ok(())
        }
        Some(_) => Ok(()),
    }
}

/// How long a run on AWS may take that was not told.
const AWS_TIME: Duration = Duration::from_secs(3600);
