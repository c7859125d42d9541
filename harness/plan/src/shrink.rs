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
    smaller.extend(cuts(&plan.steps).into_iter().map(|steps| with(plan, steps)));
    smaller.retain(|candidate| candidate != plan && well_formed(candidate));
    smaller
}

/// Steps that are fewer or simpler by one cut, also inside [`Step::Together`].
fn cuts(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut smaller = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if !matches!(step, Step::Start { .. }) {
            let mut fewer = steps.to_vec();
            fewer.remove(at);
            smaller.push(fewer);
        }
        if let Step::Together(actors) = step {
            for actor in 0..actors.len() {
                let mut fewer = actors.clone();
                fewer.remove(actor);
                smaller.push(replaced(steps, at, Step::Together(fewer)));
            }
            if let [only] = actors.as_slice() {
                let mut alone = steps.to_vec();
                alone.splice(at..=at, only.iter().cloned());
                smaller.push(alone);
            }
            for (actor, own) in actors.iter().enumerate() {
                // An actor without steps is one actor fewer, as above.
                for cut in cuts(own).into_iter().filter(|cut| !cut.is_empty()) {
                    smaller.push(replaced(steps, at, Step::Together(replaced(actors, actor, cut))));
                }
            }
        }
        if let Some(simpler) = simpler(step) {
            smaller.push(replaced(steps, at, simpler));
        }
    }
    smaller
}

/// Whether every execution and machine that a step names exists.
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

/// The list with another item in this place.
fn replaced<T: Clone>(items: &[T], at: usize, item: T) -> Vec<T> {
    let mut items = items.to_vec();
    if let Some(old) = items.get_mut(at) {
        *old = item;
    }
    items
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

    #[test]
    fn steps_of_actors_are_dropped_and_simplified() {
        let plan = generate(Profile::Smoke, 1, None).into_iter().next().unwrap();
        let actors = |first: &[Step]| {
            let second = vec![Step::Delete, Step::Sleep { ms: 10 }];
            Plan { steps: vec![Step::Together(vec![first.to_vec(), second])], ..plan.clone() }
        };
        let [sleep, half] = [100, 50].map(|ms| Step::Sleep { ms });
        let candidates: Vec<_> = shrink(&actors(&[sleep.clone(), Step::Delete]))
            .into_iter()
            .map(|smaller| smaller.steps)
            .collect();
        for first in [&[Step::Delete][..], &[sleep], &[half, Step::Delete]] {
            assert!(candidates.contains(&actors(first).steps), "{first:?}");
        }
    }
}
