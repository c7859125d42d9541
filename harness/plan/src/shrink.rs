//! Smaller plans: candidates to try when a plan has shown a violation, biggest cuts first.
//!
//! Every candidate is a well-formed plan: steps about executions that are no longer started go with the start.

use serde_json::Value;

use crate::step::visit;
use crate::{Answer, Plan, Step};

/// Plans that are smaller than this one by one cut. Empty when nothing can go.
pub fn shrink(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let executions = plan.executions();
    if executions.len() > 1 {
        for exec in executions {
            smaller.push(with(plan, without_execution(&plan.steps, exec)));
        }
    }
    for (at, step) in plan.steps.iter().enumerate() {
        if !matches!(step, Step::Start { .. }) {
            let mut steps = plan.steps.clone();
            steps.remove(at);
            smaller.push(with(plan, steps));
        }
        if let Step::Together(actors) = step {
            for actor in 0..actors.len() {
                let mut fewer = actors.clone();
                fewer.remove(actor);
                smaller.push(with(plan, replaced(&plan.steps, at, &Step::Together(fewer))));
            }
            if let [only] = actors.as_slice() {
                let mut steps = plan.steps.clone();
                steps.splice(at..=at, only.iter().cloned());
                smaller.push(with(plan, steps));
            }
        }
        if let Some(simpler) = simpler(step) {
            smaller.push(with(plan, replaced(&plan.steps, at, &simpler)));
        }
    }
    smaller.retain(|candidate| candidate != plan && well_formed(candidate));
    smaller
}

/// Whether every execution and machine that a step speaks of is there.
pub(crate) fn well_formed(plan: &Plan) -> bool {
    let executions = plan.executions();
    let mut sound = true;
    visit(&plan.steps, &mut |step| {
        sound &= match step {
            Step::Start { machine, .. } => {
                plan.machines.contains_key(machine) || crate::whole(machine).is_some()
            }
            Step::Take { exec, .. }
            | Step::Settle { exec, .. }
            | Step::Until { exec, .. }
            | Step::Pages { exec, .. } => executions.contains(exec),
            Step::Tell { token, .. } | Step::Beats { token, .. } => token
                .split_once('.')
                .and_then(|(exec, _)| exec.parse().ok())
                .is_none_or(|exec| executions.contains(&exec)),
            _ => true,
        };
    });
    sound
}

fn with(plan: &Plan, steps: Vec<Step>) -> Plan {
    let mut smaller = Plan { steps, ..plan.clone() };
    let mut used = Vec::new();
    visit(&smaller.steps, &mut |step| {
        if let Step::Start { machine, .. } = step {
            used.push(machine.clone());
        }
    });
    let text = serde_json::to_string(&smaller.steps).unwrap_or_default();
    smaller.machines.retain(|name, _| used.contains(name) || text.contains(&format!("${{machine:{name}}}")));
    smaller
}

fn replaced(steps: &[Step], at: usize, step: &Step) -> Vec<Step> {
    steps
        .iter()
        .enumerate()
        .map(|(index, old)| if index == at { step.clone() } else { old.clone() })
        .collect()
}

fn without_execution(steps: &[Step], gone: u32) -> Vec<Step> {
    let concerns = |step: &Step| match step {
        Step::Start { exec, .. }
        | Step::Take { exec, .. }
        | Step::Settle { exec, .. }
        | Step::Until { exec, .. }
        | Step::Pages { exec, .. } => *exec == gone,
        Step::Tell { token, .. } | Step::Beats { token, .. } => token.starts_with(&format!("{gone}.")),
        Step::Call { input, raw, .. } => {
            let text = format!("{input}{}", raw.as_deref().unwrap_or_default());
            [format!("${{exec:{gone}}}"), format!("${{name:{gone}}}"), format!("${{token:{gone}.")]
                .iter()
                .any(|held| text.contains(held.as_str()))
        }
        _ => false,
    };
    steps
        .iter()
        .filter(|step| !concerns(step))
        .map(|step| match step {
            Step::Together(actors) => Step::Together(
                actors.iter().map(|actor| without_execution(actor, gone)).filter(|a| !a.is_empty()).collect(),
            ),
            other => other.clone(),
        })
        .collect()
}

fn simpler(step: &Step) -> Option<Step> {
    match step {
        Step::Tell { token, answer: Answer::Success(output) }
            if output != "{}" && serde_json::from_str::<Value>(output).is_ok() =>
        {
            Some(Step::Tell { token: token.clone(), answer: Answer::Success("{}".to_owned()) })
        }
        Step::Beats { token, times, every_ms } if *times > 1 => {
            Some(Step::Beats { token: token.clone(), times: times / 2, every_ms: *every_ms })
        }
        Step::Sleep { ms } if *ms >= 20 => Some(Step::Sleep { ms: ms / 2 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Profile, generate};

    #[test]
    fn candidates_are_well_formed_and_serialise() {
        for plan in generate(Profile::Smoke, 1, None) {
            for candidate in shrink(&plan) {
                assert!(well_formed(&candidate), "{}", plan.name);
                let text = serde_json::to_string(&candidate).unwrap();
                assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), candidate);
            }
        }
    }
}
