//! A whole run: all plans, concurrently, judged, with everything that was made removed in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use plan::{Plan, Profile, generate};
use record::{CaseRecord, Finding, FindingKind, RunEvent, SCHEMA, Time};
use rules::score::Score;
use rules::{Verdict, registry};
use serde_json::json;

use crate::budget::{Metered, Purse};
use crate::capability::{Found, denial, made_up_role, probe};
use crate::ends::Ends;
use crate::lanes::{Judged, Numbered, Shared, alone, in_virtual_time, on_the_wall, virtual_runtime};
use crate::ledger::Ledger;
use crate::leftovers::{self, find, patient};
use crate::place::Machines;
use crate::slots::Slots;
use crate::smaller::smaller;
use crate::stopwatch::Stopwatch;
use crate::{EngineError, Options, ResourceKind, Sink, Summary, Target, Targets};

/// Runs the plans that the options ask for. On the machine's clock it must be called in the runtime in which the targets
/// were connected; in virtual time it makes its own.
pub async fn run(
    targets: Arc<dyn Targets>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Summary, EngineError> {
    let rules = asked_for(&options.rules)?;
    let cancel = options.cancel.below();
    let mut budget = options.budget;
    if targets.open(options.seed)?.traits().is_virtual {
        // Its time is bounded by the machine's clock only.
        budget.wall = None;
    }
    let purse = Arc::new(Purse::new(budget, cancel.clone()));
    let targets: Arc<dyn Targets> = Arc::new(Metered::new(targets, purse.clone()));
    let target = targets.open(options.seed)?;
    let is_virtual = target.traits().is_virtual;
    let began = target.clock().now();
    let stopwatch = Stopwatch::start();
    sink.event(started(options, began));
    let ledger = Ledger::open(&options.run_id, options.ledger.as_deref())?;
    let (role, found) = look_around(&targets, target.as_ref(), options, &ledger).await?;
    let lacks: Vec<&str> = found.iter().filter(|found| !found.present).map(|found| found.name).collect();
    let mut skipped = lacks.clone();
    if !is_virtual && options.profile == Profile::Smoke {
        skipped.push("patience");
    }
    let plans = chosen(options, &skipped);
    for found in &found {
        sink.event(RunEvent::Capability {
            name: found.name.to_owned(),
            present: found.present,
            evidence: found.evidence.clone(),
        });
    }
    let ends = if target.traits().is_metered { Ends::open(target.as_ref(), &ledger).await } else { None };
    let mut shared = Shared {
        targets: &targets,
        seed: options.seed,
        role,
        run_id: options.run_id.clone(),
        machines: Machines::default(),
        stack: options.stack.clone(),
        ledger,
        cancel: cancel.clone(),
        purse: purse.clone(),
        ends,
        slots: (!is_virtual && !target.traits().is_metered).then(|| Slots::new(options.jobs)),
    };
    let mut tally = Tally::default();
    for name in &lacks {
        tally.score.lack(name);
    }
    let may_begin = || options.time_budget.is_none_or(|budget| stopwatch.elapsed() < budget);
    let broken = {
        let mut seen = |numbered: &Numbered, judged: Judged| tally.add(numbered, judged, sink);
        if is_virtual {
            in_virtual_time(&shared, &plans, options.jobs.min(threads()), &may_begin, &mut seen)?;
            None
        } else {
            on_the_wall(&shared, &plans, options.jobs, &may_begin, &mut seen).await?
        }
    };
    // Nobody listens any more and nobody waits for room: what follows looks for itself.
    shared.slots = None;
    if let Some(ends) = shared.ends.take() {
        ends.close(target.as_ref(), &shared.ledger).await;
    }
    let why = why_unmet(options.cancel.is_set(), cancel.is_set(), broken.is_some());
    tally.add_unmet(&plans, why, sink);
    if let Some(most) = options.minimise.filter(|_| broken.is_none() && !cancel.is_set()) {
        shared.cancel = cancel.below();
        let spare = Stopwatch::start();
        let may_go_on = || spare.elapsed() <= most && !cancel.is_set();
        let target = target.as_ref();
        for small in smaller(&shared, &plans, &tally.violations, most, options, target, &may_go_on).await {
            sink.event(small);
        }
    }
    let leftovers = if is_virtual { Vec::new() } else { clean(target.as_ref(), &shared).await };
    if let Some(error) = &broken {
        sink.event(RunEvent::Broken { error: error.clone() });
    }
    let cut = cancel.is_set() || tally.cases < plans.len() as u64;
    if cut {
        tally.score.mark_partial();
    }
    let elapsed_s = stopwatch.elapsed().as_secs_f64();
    let spent = purse.spent();
    sink.event(RunEvent::Spent {
        calls: spent.calls.clone(),
        transitions: spent.cost.transitions,
        dollars: options.budget.rates.dollars(spent.cost),
    });
    sink.event(RunEvent::Finished { elapsed_s, cases: tally.cases, cut });
    Ok(Summary {
        broken,
        cut,
        cases: tally.cases,
        not_run: tally.not_run,
        spent,
        executions: tally.executions,
        elapsed_s,
        leftovers,
        ..summed_up(tally.score, &rules, options)
    })
}

/// Why plans were not run.
fn why_unmet(stopped: bool, spent: bool, broken: bool) -> &'static str {
    if stopped {
        "the run was stopped"
    } else if broken {
        "the target no longer answered"
    } else if spent {
        "budget: it was spent"
    } else {
        "budget: its time was over"
    }
}

/// The first line of a run's record.
fn started(options: &Options, began: Time) -> RunEvent {
    let banner = options.banner.clone();
    RunEvent::Started {
        schema: SCHEMA,
        tool: banner.tool,
        target: banner.target,
        endpoint: banner.endpoint,
        name: banner.name,
        version: banner.version,
        profile: options.profile.to_string(),
        seed: options.seed,
        at: Time::iso(began),
        rules: options.rules.clone(),
        shard: options.shard.map(|shard| shard.to_string()),
        cases: options.cases,
        strict: options.strict,
    }
}

/// What a score means for the rules asked for, beside a baseline. Also for a run that was stored.
pub fn summed_up(mut score: Score, rules: &[&str], options: &Options) -> Summary {
    if options.shard.is_some() || options.cases.is_some() || options.only.is_some() {
        score.mark_partial();
    }
    let verdicts: Vec<(String, Verdict)> = score
        .verdicts(rules.iter().copied())
        .into_iter()
        .map(|(rule, verdict)| (rule.to_owned(), verdict))
        .collect();
    let baseline = options.baseline.clone().unwrap_or_default();
    let mut unlisted = Vec::new();
    let mut undecided = Vec::new();
    for (rule, verdict) in &verdicts {
        let Some(known) = registry::rule(rule) else { continue };
        let counts = options.strict || known.severity == registry::Severity::Must;
        for (check, tally) in score.checks(rule) {
            if tally.broken > 0 && counts && !baseline.lists(rule, check) {
                unlisted.push((rule.clone(), check.to_owned()));
            }
        }
        // A part of a run does not have to meet every rule.
        let whole = options.shard.is_none();
        let kind = verdict.kind();
        if whole && known.core && kind.is_open() && !baseline.lists_verdict(rule, kind) {
            undecided.push((rule.clone(), kind));
        }
    }
    let whole = options.shard.is_none() && options.rules.is_empty() && options.cases.is_none();
    let stale = if whole { baseline.stale(&score, &verdicts) } else { Vec::new() };
    Summary { verdicts, score, unlisted, stale, undecided, ..Summary::default() }
}

/// The rules to judge: those asked for, or all that the checks can judge.
pub fn asked_for(wanted: &[String]) -> Result<Vec<&'static str>, EngineError> {
    let judged = judged_rules();
    if wanted.is_empty() {
        return Ok(judged);
    }
    wanted
        .iter()
        .map(|id| {
            let rule = registry::rule(id).ok_or_else(|| EngineError::UnknownRule(id.clone()))?;
            Ok(rule.id.as_str())
        })
        .collect()
}

/// Every rule that some check judges, in the registry's order.
pub fn judged_rules() -> Vec<&'static str> {
    let checked: BTreeSet<&str> = rules::checks().iter().map(|check| check.rule).collect();
    registry::rules().iter().map(|rule| rule.id.as_str()).filter(|id| checked.contains(id)).collect()
}

/// Which plans are run: numbered by their place in the whole list, long timers first.
fn chosen(options: &Options, lacks: &[&str]) -> Vec<Numbered> {
    let all = match &options.plans {
        Some(drawn) => drawn.to_vec(),
        None => generate(options.profile, options.seed, options.cases),
    };
    let mut plans: Vec<Numbered> = all
        .into_iter()
        .enumerate()
        .filter(|(place, _)| options.shard.is_none_or(|shard| shard.has(*place)))
        .filter(|(_, plan)| options.only.as_ref().is_none_or(|only| only.contains(&plan.name)))
        .filter(|(_, plan)| !plan.needs.iter().any(|need| lacks.contains(&need.as_str())))
        .map(|(place, plan)| Numbered { place, plan })
        .collect();
    plans.sort_by_key(|Numbered { plan, .. }| std::cmp::Reverse((plan.span_ms(), plan.hazards())));
    plans
}

async fn look_around(
    targets: &Arc<dyn Targets>,
    target: &dyn Target,
    options: &Options,
    ledger: &Ledger,
) -> Result<(String, Vec<Found>), EngineError> {
    if target.traits().is_virtual {
        let targets = targets.clone();
        let options = options.clone();
        // A runtime cannot be made inside another one's thread.
        let looked = std::thread::spawn(move || {
            let runtime = virtual_runtime()?;
            let target = targets.open(options.seed)?;
            let ledger = Ledger::in_memory(&options.run_id);
            runtime.block_on(look(target.as_ref(), &options, &ledger))
        });
        return looked
            .join()
            .unwrap_or_else(|_| Err(EngineError::Runtime("the probing thread panicked".to_owned())));
    }
    look(target, options, ledger).await
}

async fn look(
    target: &dyn Target,
    options: &Options,
    ledger: &Ledger,
) -> Result<(String, Vec<Found>), EngineError> {
    if let Some(denial) = denial(target).await {
        return Err(EngineError::Denied(denial.to_string()));
    }
    let role = if let Some(role) = &options.role { role.clone() } else { made_up_role(target).await };
    let functions = target.traits().is_virtual || options.profile > Profile::Smoke;
    let found = probe(target, &role, ledger, functions).await;
    Ok((role, found))
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    score: Score,
    cases: u64,
    not_run: u64,
    /// Plans that came to their end, or were refused by the budget, by place.
    met: BTreeSet<usize>,
    executions: u64,
    /// The first plan that showed each violation, by rule and check.
    violations: BTreeMap<(String, String), usize>,
}

impl Tally {
    /// The plans that nobody began.
    fn add_unmet(&mut self, plans: &[Numbered], why: &str, sink: &mut dyn Sink) {
        let met = std::mem::take(&mut self.met);
        for numbered in plans.iter().filter(|numbered| !met.contains(&numbered.place)) {
            self.add_not_run(&numbered.plan, why, sink);
        }
    }

    fn add_not_run(&mut self, plan: &Plan, why: &str, sink: &mut dyn Sink) {
        self.not_run += 1;
        let Judged { record, findings, .. } = Judged::not_run(plan, why);
        let plan = json!({"name": plan.name, "family": plan.family, "about": plan.about});
        sink.event(RunEvent::Case { plan, record, findings });
    }

    fn add(&mut self, numbered: &Numbered, judged: Judged, sink: &mut dyn Sink) {
        self.met.insert(numbered.place);
        if !judged.was_run() {
            if let record::CaseEnd::NotRun(why) = &judged.record.end {
                self.add_not_run(&numbered.plan, why, sink);
            }
            return;
        }
        self.cases += 1;
        self.executions += judged.executions;
        self.score.add(&numbered.plan.name, &judged.findings);
        for finding in judged.findings.iter().filter(|finding| finding.kind == FindingKind::Violated) {
            self.violations.entry((finding.rule.clone(), finding.check.clone())).or_insert(numbered.place);
        }
        let plan = serde_json::to_value(&numbered.plan).unwrap_or_default();
        sink.event(RunEvent::Case { plan, record: judged.record, findings: judged.findings });
    }
}

/// A plan that was run by itself.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Every call and its answer.
    pub record: CaseRecord,
    /// What the rules say of it.
    pub findings: Vec<Finding>,
    /// What was made and could not be removed.
    pub leftovers: Vec<String>,
}

/// Runs one plan, judged: for `replay`.
pub async fn replay(
    targets: Arc<dyn Targets>,
    plan: &Plan,
    options: &Options,
) -> Result<Replayed, EngineError> {
    let cancel = options.cancel.below();
    let purse = Arc::new(Purse::new(options.budget, cancel.clone()));
    let targets: Arc<dyn Targets> = Arc::new(Metered::new(targets, purse.clone()));
    let target = targets.open(options.seed)?;
    let ledger = Ledger::open(&options.run_id, options.ledger.as_deref())?;
    let (role, _) = look_around(&targets, target.as_ref(), options, &ledger).await?;
    let shared = Shared {
        targets: &targets,
        seed: options.seed,
        role,
        run_id: options.run_id.clone(),
        machines: Machines::default(),
        stack: None,
        ledger,
        cancel,
        purse,
        ends: None,
        slots: None,
    };
    let numbered = Numbered { place: 0, plan: plan.clone() };
    let mut leftovers = Vec::new();
    let judged = if target.traits().is_virtual {
        std::thread::scope(|scope| scope.spawn(|| alone(&shared, &numbered)).join())
            .unwrap_or_else(|_| Err(EngineError::Runtime("the replaying thread panicked".to_owned())))?
    } else {
        let judged = shared.case(&numbered, target.as_ref(), &shared.machines).await;
        leftovers = clean(target.as_ref(), &shared).await;
        judged
    };
    Ok(Replayed { record: judged.record, findings: judged.findings, leftovers })
}

/// Runs plans of one's own in virtual time, each judged; gives the findings of each and the number of executions.
pub async fn run_plans(
    targets: Arc<dyn Targets>,
    plans: &[Plan],
    options: &Options,
) -> Result<(Vec<Vec<Finding>>, u64), EngineError> {
    let target = targets.open(options.seed)?;
    let ledger = Ledger::in_memory(&options.run_id);
    let (role, _) = look_around(&targets, target.as_ref(), options, &ledger).await?;
    let shared = Shared {
        targets: &targets,
        seed: options.seed,
        role,
        run_id: options.run_id.clone(),
        machines: Machines::default(),
        stack: None,
        ledger,
        cancel: options.cancel.clone(),
        purse: Arc::new(Purse::new(options.budget, options.cancel.below())),
        ends: None,
        slots: None,
    };
    let numbered: Vec<Numbered> =
        plans.iter().enumerate().map(|(place, plan)| Numbered { place, plan: plan.clone() }).collect();
    let (mut findings, mut executions) = (Vec::with_capacity(plans.len()), 0);
    in_virtual_time(&shared, &numbered, options.jobs, &|| true, &mut |_, judged| {
        executions += judged.executions;
        findings.push(judged.findings);
    })?;
    Ok((findings, executions))
}

/// Removes the machines that plans shared, then what else the ledger still has open. What resists is returned.
async fn clean(target: &dyn Target, shared: &Shared<'_>) -> Vec<String> {
    let removals = shared.machines.arns().into_iter().map(|arn| async move {
        let outcome = patient(target, ResourceKind::Machine.removing(&arn)).await;
        shared.ledger.gone(ResourceKind::Machine, &arn, &outcome);
    });
    futures_util::stream::iter(removals).buffer_unordered(8).collect::<()>().await;
    let open = shared.ledger.still_open();
    if open.is_empty() {
        return Vec::new();
    }
    // Removals that failed, and what was made by calls whose answers were lost.
    let mut left = Vec::new();
    for there in find(target, &open).await.into_iter().filter(|there| there.is_among(&open)) {
        let outcome = leftovers::removal(target, &there).await;
        if !leftovers::is_gone(&outcome) && !leftovers::is_no_name(&outcome) {
            left.push(there.to_string());
        }
    }
    left
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}
