//! All plans of a run, several at a time: on the machine's clock in lanes of one runtime; in virtual time on threads with
//! a runtime and, for each plan, a region of their own, so that their number changes nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use futures_util::future::join_all;
use plan::Plan;
use record::{CaseEnd, CaseRecord, Finding, FindingKind, Outcome, Redaction, Time};

use crate::budget::Purse;
use crate::case::{Done, run_case};
use crate::ends::Ends;
use crate::ledger::Ledger;
use crate::place::{Lot, Machines};
use crate::slots::{Room, Slots};
use crate::{BoxFuture, Cancel, EngineError, RunId, Stack, Target, Targets, capability};

/// A plan and its place in the whole list, by which it is named.
#[derive(Clone)]
pub(crate) struct Numbered {
    pub(crate) place: usize,
    pub(crate) plan: Plan,
}

/// What a case gave: judged with real tokens, kept with symbolic ones.
pub(crate) struct Judged {
    pub(crate) record: CaseRecord,
    pub(crate) findings: Vec<Finding>,
    pub(crate) executions: u64,
}

impl Judged {
    /// A plan that was not begun.
    pub(crate) fn not_run(plan: &Plan, why: &str) -> Self {
        let record = CaseRecord {
            plan: plan.name.clone(),
            family: plan.family.clone(),
            entries: Vec::new(),
            end: CaseEnd::NotRun(why.to_owned()),
            faults: Vec::new(),
        };
        Self { record, findings: Vec::new(), executions: 0 }
    }

    /// The target was gone in the midst of the case: what it left undone accuses nobody.
    fn doubt(&mut self) {
        for finding in &mut self.findings {
            if finding.kind == FindingKind::Violated {
                finding.kind = FindingKind::Inconclusive;
                finding.message = format!("the target went away: {}", finding.message);
            }
        }
    }

    /// Whether the plan was begun.
    pub(crate) fn was_run(&self) -> bool {
        !matches!(self.record.end, CaseEnd::NotRun(_))
    }
}

/// What all cases of a run share.
pub(crate) struct Shared<'a> {
    pub(crate) targets: &'a Arc<dyn Targets>,
    pub(crate) seed: u64,
    pub(crate) role: String,
    pub(crate) run_id: RunId,
    pub(crate) machines: Machines,
    pub(crate) stack: Option<Arc<Stack>>,
    pub(crate) ledger: Ledger,
    pub(crate) cancel: Cancel,
    pub(crate) purse: Arc<Purse>,
    pub(crate) ends: Option<Ends>,
    /// Where plans wait for one another; nowhere in virtual time.
    pub(crate) slots: Option<Slots>,
}

impl Shared<'_> {
    /// Room for one plan, once there is.
    pub(crate) async fn room(&self) -> Option<Room<'_>> {
        let slots = self.slots.as_ref()?;
        Some(slots.enter().await)
    }

    /// Runs one plan on a target and judges it.
    pub(crate) async fn case(&self, numbered: &Numbered, target: &dyn Target, machines: &Machines) -> Judged {
        let stack = self.stack.as_deref().filter(|stack| stack.suits(&numbered.plan));
        let place = numbered.place % 100_000;
        let run = format!("{}-{place:05}", self.run_id);
        let _turn = match (stack, &self.slots) {
            (Some(stack), Some(slots)) => Some(slots.idle(stack.turn()).await),
            (Some(stack), None) => Some(stack.turn().await),
            (None, _) => None,
        };
        let lot = Lot {
            prefix: format!("sfnconf-{}-{}", self.run_id, numbered.place),
            run,
            role: &self.role,
            stack,
            machines,
            ledger: &self.ledger,
            ends: self.ends.as_ref(),
            slots: self.slots.as_ref(),
        };
        let Done { record, issued } = run_case(&numbered.plan, &lot, target, &self.cancel).await;
        let redaction = Redaction::of(&record, &issued, rules::view::derives);
        let mut findings = rules::judge(&record);
        for finding in &mut findings {
            redaction.text(&mut finding.message);
        }
        let executions = record
            .entries
            .iter()
            .filter(|entry| {
                entry.call.operation == record::Operation::StartExecution && entry.outcome.is_done()
            })
            .count();
        Judged { record: redaction.record(&record), findings, executions: executions as u64 }
    }
}

/// Plans under way at once for each that is busy: so many may wait.
const WAITING: usize = 16;

/// Runs the plans on one endpoint, `jobs` of them busy at a time. `seen` is told of each case as it ends. Says why the run
/// had to end, if it had to.
pub(crate) async fn on_the_wall(
    shared: &Shared<'_>,
    plans: &[Numbered],
    jobs: usize,
    may_begin: &(dyn Fn() -> bool + Sync),
    seen: &mut (dyn FnMut(&Numbered, Judged) + Send),
) -> Result<Option<String>, EngineError> {
    let next = AtomicUsize::new(0);
    let dead = AtomicBool::new(false);
    let seen = Mutex::new(seen);
    let targets: Vec<Arc<dyn Target>> = (0..jobs.clamp(1, plans.len().max(1)))
        .map(|lane| shared.targets.open(lane as u64))
        .collect::<Result<_, _>>()?;
    let mut lanes: Vec<BoxFuture<'_, Result<(), EngineError>>> = Vec::new();
    let under_way = if shared.slots.is_some() { jobs.saturating_mul(WAITING) } else { jobs };
    for (_, target) in (0..under_way.clamp(1, plans.len().max(1))).zip(targets.iter().cycle()) {
        let (next, dead, seen) = (&next, &dead, &seen);
        lanes.push(Box::pin(async move {
            loop {
                let _room = shared.room().await;
                let Some(numbered) = plans.get(next.fetch_add(1, Ordering::SeqCst)) else { break };
                if shared.cancel.is_set() || dead.load(Ordering::SeqCst) || !may_begin() {
                    break;
                }
                let reservation = match shared.purse.reserve(&numbered.plan, target.clock().now()) {
                    Ok(reservation) => reservation,
                    Err(why) => {
                        let judged = Judged::not_run(&numbered.plan, &why);
                        (seen.lock().unwrap_or_else(PoisonError::into_inner))(numbered, judged);
                        continue;
                    }
                };
                let mut judged = shared.case(numbered, target.as_ref(), &shared.machines).await;
                let last = judged.record.entries.last();
                let silent = last.is_some_and(|entry| matches!(entry.outcome, Outcome::Unknown(_)));
                shared.purse.settle(&reservation, &numbered.plan, &judged.record);
                if silent && !dead.load(Ordering::SeqCst) && !capability::answers(target.as_ref()).await {
                    dead.store(true, Ordering::SeqCst);
                    // The other cases need not find out one by one.
                    shared.cancel.set();
                }
                if dead.load(Ordering::SeqCst) {
                    judged.doubt();
                }
                (seen.lock().unwrap_or_else(PoisonError::into_inner))(numbered, judged);
            }
            Ok(())
        }));
    }
    let listener = shared.targets.open(targets.len() as u64)?;
    let listening = async {
        match &shared.ends {
            Some(ends) => ends.listen(listener.as_ref()).await,
            None => std::future::pending().await,
        }
    };
    let ran = tokio::select! {
        ran = join_all(lanes) => ran,
        () = listening => Vec::new(),
    };
    ran.into_iter().collect::<Result<Vec<()>, _>>()?;
    Ok(dead
        .into_inner()
        .then(|| "the target no longer answers; look at its log, start it again and rerun".to_owned()))
}

/// Runs the plans in virtual time on `jobs` threads. `seen` is told of the cases in the order of the plans.
pub(crate) fn in_virtual_time(
    shared: &Shared<'_>,
    plans: &[Numbered],
    jobs: usize,
    may_begin: &(dyn Fn() -> bool + Sync),
    seen: &mut dyn FnMut(&Numbered, Judged),
) -> Result<(), EngineError> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel::<(usize, Result<Judged, EngineError>)>();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, plans.len().max(1)) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some((index, numbered)) = take(plans, next) {
                    if shared.cancel.is_set() || !may_begin() {
                        break;
                    }
                    let judged = match shared.purse.reserve(&numbered.plan, Time(0)) {
                        Err(why) => Ok(Judged::not_run(&numbered.plan, &why)),
                        Ok(reservation) => alone(shared, numbered).inspect(|judged| {
                            shared.purse.settle(&reservation, &numbered.plan, &judged.record);
                        }),
                    };
                    if sender.send((index, judged)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (index, judged) in receiver {
            waiting.insert(index, judged?);
            while let (Some(judged), Some(numbered)) = (waiting.remove(&due), plans.get(due)) {
                seen(numbered, judged);
                due += 1;
            }
        }
        for (index, judged) in waiting {
            if let Some(numbered) = plans.get(index) {
                seen(numbered, judged);
            }
        }
        Ok(())
    })
}

/// One plan in a runtime and a region of its own.
pub(crate) fn alone(shared: &Shared<'_>, numbered: &Numbered) -> Result<Judged, EngineError> {
    let runtime = virtual_runtime()?;
    let target =
        shared.targets.open(shared.seed ^ (numbered.place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))?;
    Ok(runtime.block_on(shared.case(numbered, target.as_ref(), &Machines::default())))
}

/// A runtime whose time stands still while anything can be done.
pub(crate) fn virtual_runtime() -> Result<tokio::runtime::Runtime, EngineError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|why| EngineError::Runtime(why.to_string()))
}

fn take<'p>(plans: &'p [Numbered], next: &AtomicUsize) -> Option<(usize, &'p Numbered)> {
    let index = next.fetch_add(1, Ordering::SeqCst);
    plans.get(index).map(|numbered| (index, numbered))
}
