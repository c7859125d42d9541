//! What the rules are worth: every wrong variant of the region is seen by every rule that names it.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::collections::BTreeSet;

use region::mutants;

#[test]
fn every_mutant_is_killed_by_a_rule_that_names_it() {
    let known = embedded::known_survivors();
    let mut survivors = Vec::new();
    for mutant in mutants::all() {
        let broken = embedded::broken_until(&format!("mutant:{}", mutant.name), mutant.rules);
        let killed = mutant.rules.iter().any(|rule| broken.contains(*rule));
        assert!(
            !(killed && known.contains(mutant.name)),
            "{} is killed: take it off fixtures/survivors.toml",
            mutant.name
        );
        if !killed && !known.contains(mutant.name) {
            survivors.push(format!("{} ({:?}): broke {broken:?}", mutant.name, mutant.rules));
        }
    }
    assert!(survivors.is_empty(), "not killed by a rule that names them:\n{}", survivors.join("\n"));
}

#[test]
fn every_mutant_names_rules_that_are_judged() {
    let judged: BTreeSet<&str> = rules::checks().iter().map(|check| check.rule).collect();
    for mutant in mutants::all() {
        assert!(!mutant.rules.is_empty(), "{} names no rule", mutant.name);
        for rule in mutant.rules {
            assert!(judged.contains(rule), "{} names {rule}, which no check judges", mutant.name);
        }
    }
}
