//! The violations of a run made smaller, several at a time, as long as there is time for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use plan::Plan;
use record::{CaseEnd, CaseRecord, Finding, RunEvent};

use crate::lanes::{Numbered, Shared, alone};
use crate::minimise::{Effort, Small, minimise};
use crate::{BoxFuture, Options, Target};

/// How many at a time on the machine's clock.
const AT_ONCE: usize = 8;

/// Makes violations smaller that the baseline does not list. Each is given by rule, check and the place of its plan. When the time
/// is over what is still being tried is cut short, by the cancel of `shared`.
pub(crate) async fn smaller(
    shared: &Shared<'_>,
    plans: &[Numbered],
    violations: &BTreeMap<(String, String), usize>,
    most: Duration,
    options: &Options,
    target: &dyn Target,
    may_go_on: &(dyn Fn() -> bool + Sync),
) -> Vec<RunEvent> {
    let is_listed = |rule: &str, check: &str| {
        options.baseline.as_ref().is_some_and(|baseline| baseline.lists(rule, check))
    };
    let wanted: Vec<(&str, &str, &Numbered)> = violations
        .iter()
        .filter(|((rule, check), _)| !is_listed(rule, check))
        .filter_map(|((rule, check), place)| {
            Some((rule.as_str(), check.as_str(), plans.iter().find(|numbered| numbered.place == *place)?))
        })
        .collect();
    // Every try on a shared target needs names that no plan has and no other try had.
    let last = plans.iter().map(|numbered| numbered.place).max().unwrap_or_default();
    let (again, next) = (AtomicUsize::new(last + 1), AtomicUsize::new(0));
    let lanes = (0..AT_ONCE.min(wanted.len())).map(|_| async {
        let mut made = Vec::new();
        while let Some((rule, check, numbered)) = wanted.get(next.fetch_add(1, Ordering::SeqCst)) {
            if !may_go_on() {
                break;
            }
            let small = if target.traits().is_virtual {
                let attempt =
                    |plan: Plan| in_a_region_of_its_own(shared, &Numbered { place: numbered.place, plan });
                minimise(&numbered.plan, rule, check, Effort { tries: 60, of: 1 }, &attempt, may_go_on).await
            } else {
                let attempt = |plan: Plan| {
                    let place = again.fetch_add(1, Ordering::SeqCst);
                    on_the_target(shared, Numbered { place, plan }, target)
                };
                minimise(&numbered.plan, rule, check, Effort { tries: 16, of: 2 }, &attempt, may_go_on).await
            };
            let Some(Small { plan, record, shown }) = small else { continue };
            made.push(RunEvent::Minimised {
                rule: (*rule).to_owned(),
                check: (*check).to_owned(),
                from: numbered.plan.name.clone(),
                plan: serde_json::to_value(&plan).unwrap_or_default(),
                record,
                shown,
            });
        }
        made
    });
    // A wait in vain is not sat through: it would make a run half as long again.
    let over = async {
        target.clock().sleep(most).await;
        shared.cancel.set();
        std::future::pending::<()>().await;
    };
    let made = if target.clock().is_virtual() {
        join_all(lanes).await
    } else {
        tokio::select! {
            made = join_all(lanes) => made,
            () = over => Vec::new(),
        }
    };
    made.into_iter().flatten().collect()
}

/// On a thread, since a runtime cannot be made inside another's.
fn in_a_region_of_its_own<'a>(
    shared: &Shared<'_>,
    numbered: &Numbered,
) -> BoxFuture<'a, (CaseRecord, Vec<Finding>)> {
    let judged = std::thread::scope(|scope| scope.spawn(|| alone(shared, numbered)).join());
    let judged = judged.ok().and_then(Result::ok).map(|judged| (judged.record, judged.findings));
    Box::pin(std::future::ready(judged.unwrap_or_else(|| (not_run(&numbered.plan), Vec::new()))))
}

fn on_the_target<'a>(
    shared: &'a Shared<'_>,
    numbered: Numbered,
    target: &'a dyn Target,
) -> BoxFuture<'a, (CaseRecord, Vec<Finding>)> {
    Box::pin(async move {
        let Ok(reservation) = shared.purse.reserve(&numbered.plan, target.clock().now()) else {
            return (not_run(&numbered.plan), Vec::new());
        };
        let judged = shared.case(&numbered, target, &shared.machines).await;
        shared.purse.settle(&reservation, &numbered.plan, &judged.record);
        (judged.record, judged.findings)
    })
}

fn not_run(plan: &Plan) -> CaseRecord {
    CaseRecord {
        plan: plan.name.clone(),
        family: plan.family.clone(),
        entries: Vec::new(),
        end: CaseEnd::Cut("not run".to_owned()),
        faults: Vec::new(),
    }
}
