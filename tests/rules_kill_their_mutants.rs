//! What the rules are worth: every wrong variant of the region is seen by every rule that it names, and every rule is named.

#[expect(dead_code, reason = "each test file uses what it needs")]
mod embedded;

use std::collections::BTreeSet;

use region::mutants;

#[test]
fn every_mutant_is_killed_by_every_rule_that_it_names() {
    let known = embedded::known("variant");
    let mut survivors = Vec::new();
    for mutant in mutants::all() {
        let broken = embedded::broken_until(&format!("mutant:{}", mutant.name), mutant.rules);
        let silent: Vec<&&str> = mutant.rules.iter().filter(|rule| !broken.contains(**rule)).collect();
        assert!(
            !(silent.is_empty() && known.contains(mutant.name)),
            "{} is killed: take it off fixtures/survivors.toml",
            mutant.name
        );
        if !silent.is_empty() && !known.contains(mutant.name) {
            survivors.push(format!("{} is not seen by {silent:?}; broken were {broken:?}", mutant.name));
        }
    }
    assert!(survivors.is_empty(), "not killed by every rule that they name:\n{}", survivors.join("\n"));
}

#[test]
fn every_rule_that_is_judged_is_named_by_a_mutant_or_has_a_reason() {
    let judged: BTreeSet<&str> = rules::checks().iter().map(|check| check.rule).collect();
    let idle = embedded::known("rule");
    let named: BTreeSet<&str> =
        mutants::all().iter().flat_map(|mutant| mutant.rules.iter().copied()).collect();
    for rule in &judged {
        let (named, idle) = (named.contains(rule), idle.contains(*rule));
        assert!(named || idle, "no mutant names {rule}: nothing shows that its check can fail");
        assert!(!(named && idle), "a mutant names {rule}: take it off fixtures/survivors.toml");
    }
    for mutant in mutants::all() {
        assert!(!mutant.rules.is_empty(), "{} names no rule", mutant.name);
        for rule in mutant.rules {
            assert!(judged.contains(rule), "{} names {rule}, which no check judges", mutant.name);
        }
    }
}
