//! Illegal histories made of legal ones: each operator breaks one rule, and the audit must name that rule.
//!
//! The legal ones are `fixtures/histories/good` and, where present, the recordings. An operator says when it does not apply;
//! each must apply at least once.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod illegal;
mod legal;
#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings_loader;

use illegal::operators;
use rules::audit::audit;
use serde_json::json;

#[test]
fn every_illegal_history_is_refused_by_the_rule_it_breaks() {
    let legal = legal::legal();
    assert!(operators().count() > 90, "{} operators", operators().count());
    let mut survivors = Vec::new();
    for operator in operators() {
        let mut applied = 0;
        for history in &legal {
            let mut mutant = history.clone();
            if !(operator.edit)(&mut mutant) {
                continue;
            }
            applied += 1;
            let document = json!({ "events": mutant.events }).to_string();
            let report = audit(&document, Some(&mutant.definition.to_string())).unwrap();
            let told = report.violations.iter().chain(&report.consequences);
            let broken: Vec<&str> = told.map(|violation| violation.rule).collect();
            if !operator.rules.iter().any(|rule| broken.contains(rule)) {
                survivors.push(format!(
                    "{} on {}: {:?}, not {:?}",
                    operator.name, mutant.name, broken, operator.rules
                ));
            }
        }
        assert!(applied > 0, "{:?} applies to no history", operator.name);
        println!("{applied:4} x {}", operator.name);
    }
    assert!(survivors.is_empty(), "{} survive:\n{}", survivors.len(), survivors.join("\n"));
}
