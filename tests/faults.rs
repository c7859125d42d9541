//! Faults between the harness and the target: each fires, and one that does not leaves nothing decided.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::collections::BTreeSet;

use engine::Options;
use plan::{Fault, Plan, Profile, Step, generate};
use record::{CaseEnd, FindingKind};

fn plans_with_faults() -> Vec<Plan> {
    let mut plans = generate(Profile::Core, 1, None);
    plans.retain(|plan| ["fault", "fault-in-time", "crash"].contains(&plan.family.as_str()));
    plans
}

#[test]
fn every_fault_fires_and_no_rule_is_broken_by_it() {
    let mut fired = BTreeSet::new();
    for plan in plans_with_faults() {
        let (record, findings) = embedded::replay("embedded", &plan, &Options::default());
        assert_eq!(record.end, CaseEnd::Complete, "{}", plan.name);
        assert!(record.faults.iter().all(|(_, fired)| *fired), "{}: {:?}", plan.name, record.faults);
        assert!(findings.iter().any(|finding| finding.kind == FindingKind::Met), "{}", plan.name);
        let broken = findings.iter().find(|finding| finding.kind == FindingKind::Violated);
        assert!(broken.is_none(), "{}: {broken:?}", plan.name);
        fired.extend(record.faults.into_iter().map(|(name, _)| name));
    }
    let all: BTreeSet<String> = Fault::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(fired, all);
}

#[test]
fn a_case_whose_fault_did_not_fire_decides_nothing() {
    let mut plan = plans_with_faults().swap_remove(0);
    plan.steps.push(Step::Fault(Fault::Dropped));
    let (record, findings) = embedded::replay("embedded", &plan, &Options::default());
    assert!(record.faults.contains(&("dropped".to_owned(), false)));
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn a_plan_with_an_unknown_fault_is_no_plan() {
    let plan = plans_with_faults().swap_remove(0);
    let text = serde_json::to_string(&plan).unwrap_or_default();
    let fault = plan.steps.iter().find_map(|step| match step {
        Step::Fault(fault) => Some(fault.name()),
        _ => None,
    });
    let wrong = text
        .replace(&format!("{{\"fault\":\"{}\"}}", fault.unwrap_or_default()), "{\"fault\":\"sabotaged\"}");
    assert_ne!(wrong, text);
    assert!(serde_json::from_str::<Plan>(&wrong).is_err());
}
