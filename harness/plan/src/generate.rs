//! From a profile and a seed to plans. Equal seeds give equal plans.

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::family::{self, Family};
use crate::{FunctionSpec, MachineSpec, Plan, Profile, Step};

/// A source of plans for one family: what proptest draws, one plan each.
pub(crate) type Draw = BoxedStrategy<Draft>;

/// A plan without its name.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) about: String,
    pub(crate) machines: Vec<(String, MachineSpec)>,
    pub(crate) topic: bool,
    pub(crate) dead_letter_after: Option<u32>,
    pub(crate) function: Option<FunctionSpec>,
    pub(crate) needs: Vec<String>,
    /// The smallest profile that it is worth its time in.
    pub(crate) from: Profile,
    pub(crate) steps: Vec<Step>,
}

impl Draft {
    pub(crate) fn new(
        about: impl Into<String>,
        machines: Vec<(String, MachineSpec)>,
        steps: Vec<Step>,
    ) -> Self {
        Self {
            about: about.into(),
            machines,
            topic: false,
            dead_letter_after: None,
            function: None,
            needs: Vec::new(),
            from: Profile::Smoke,
            steps,
        }
    }

    pub(crate) fn with_topic(mut self) -> Self {
        self.topic = true;
        self
    }

    pub(crate) fn needing(mut self, capability: &str) -> Self {
        self.needs.push(capability.to_owned());
        self
    }

    pub(crate) fn with_function(mut self, function: FunctionSpec) -> Self {
        self.function = Some(function);
        self
    }

    /// Not in the smoke profile.
    pub(crate) fn in_core(mut self) -> Self {
        self.from = Profile::Core;
        self
    }

    pub(crate) fn dead_letter_after(mut self, receives: u32) -> Self {
        self.dead_letter_after = Some(receives);
        self
    }
}

/// The names of all families.
pub fn families() -> Vec<&'static str> {
    family::all().iter().map(|family| family.name).collect()
}

/// The plans of a profile for a seed; exactly `cases` of them where a number is given.
pub fn generate(profile: Profile, seed: u64, cases: Option<usize>) -> Vec<Plan> {
    let families = family::all();
    let rounds = match profile {
        Profile::Smoke => 1,
        Profile::Core => 3,
        Profile::Full => 10,
    };
    let mut plans: Vec<Plan> = Vec::new();
    let mut round = 0;
    while cases.map_or(round < rounds, |wanted| plans.len() < wanted) {
        for family in &families {
            draw(family, profile, seed, round, &mut plans);
        }
        round += 1;
    }
    if let Some(wanted) = cases {
        plans.truncate(wanted);
    }
    plans
}

fn draw(family: &Family, profile: Profile, seed: u64, round: u64, plans: &mut Vec<Plan>) {
    // Fixed cases come in the first round only; drawn ones anew in each.
    if round == 0 {
        for (number, draft) in (family.fixed)().into_iter().enumerate() {
            if draft.from <= profile {
                plans.push(named(family.name, &format!("{}-{}", family.name, number + 1), draft));
            }
        }
    }
    let mut bytes = [0u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&round.to_le_bytes());
    for (at, byte) in family.name.bytes().take(16).enumerate() {
        bytes[16 + at] = byte;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    for (number, strategy) in (family.drawn)().into_iter().enumerate() {
        if let Ok(tree) = strategy.new_tree(&mut runner) {
            let name = format!("{}-r{}-{}", family.name, round + 1, number + 1);
            let draft = tree.current();
            if draft.from <= profile {
                plans.push(named(family.name, &name, draft));
            }
        }
    }
}

fn named(family: &str, name: &str, draft: Draft) -> Plan {
    Plan {
        name: name.to_owned(),
        family: family.to_owned(),
        about: draft.about,
        machines: draft.machines.into_iter().collect(),
        topic: draft.topic,
        dead_letter_after: draft.dead_letter_after,
        function: draft.function,
        needs: draft.needs,
        steps: draft.steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_plans_and_another_seed_gives_others() {
        assert_eq!(generate(Profile::Smoke, 7, None), generate(Profile::Smoke, 7, None));
        assert_ne!(generate(Profile::Smoke, 7, None), generate(Profile::Smoke, 8, None));
    }

    #[test]
    fn names_of_plans_and_families_are_unique() {
        let mut names: Vec<String> =
            generate(Profile::Core, 1, None).into_iter().map(|plan| plan.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        let mut families = families();
        let count = families.len();
        families.sort_unstable();
        families.dedup();
        assert_eq!(families.len(), count);
    }

    #[test]
    fn every_plan_is_well_formed_and_reads_back() {
        for plan in generate(Profile::Core, 3, None) {
            assert!(crate::shrink::well_formed(&plan), "{}", plan.name);
            let text = serde_json::to_string(&plan).unwrap();
            assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan, "{}", plan.name);
        }
    }

    #[test]
    fn exactly_as_many_plans_as_asked_for() {
        assert_eq!(generate(Profile::Full, 1, Some(777)).len(), 777);
    }
}
