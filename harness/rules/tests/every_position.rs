//! Legal histories broken in every way at every position: the audit refuses, or a row of `sweep/lawful.rs` says why not.
//!
//! With the recordings every seventh position is tried, without them every sixteenth. A break that has one name must be
//! named first.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

mod legal;
#[path = "../../record/tests/outside/mod.rs"]
mod outside;
mod recordings_loader;
mod sweep;

use std::collections::BTreeMap;

use legal::Legal;
use rules::audit::audit;
use serde_json::json;

/// The rules of which one comes first where this operator breaks a history; empty: it depends.
fn first_named(operator: &str) -> &'static [&'static str] {
    match operator {
        "drop" | "double" | "gap" | "cut front" => &["HIS-01", "HIS-05"],
        "swap" => &["GEH-01", "HIS-01"],
        _ => &[],
    }
}

#[derive(Default)]
struct Count {
    tried: usize,
    refused: usize,
    legal: usize,
}

fn positions(history: &Legal, step: usize) -> impl Iterator<Item = usize> {
    let start = history.name.len() % step;
    (start..history.events.len()).step_by(step)
}

#[test]
fn every_break_at_every_position_is_refused_or_still_legal() {
    let step = if outside::folder(outside::RECORDINGS).is_some() { 7 } else { 16 };
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut wrong = Vec::new();
    for history in legal::legal().iter().filter(|history| history.events.len() <= 80) {
        let definition = history.definition.to_string();
        let last = history.events.len() - 1;
        for (operator, make) in sweep::OPERATORS {
            let count = counts.entry(operator).or_default();
            for at in positions(history, step) {
                let kind = legal::kind(&history.events[at]);
                for (label, mutant) in make(history, at) {
                    let Ok(report) =
                        audit(&json!({ "events": mutant.events }).to_string(), Some(&definition))
                    else {
                        continue;
                    };
                    count.tried += 1;
                    let Some(first) = report.violations.first() else {
                        let running = at == last && operator.starts_with("drop");
                        if running || sweep::lawful(operator, &label, kind).is_some() {
                            count.legal += 1;
                        } else {
                            wrong.push(format!(
                                "{operator} {label} at {at} {kind} of {}: accepted",
                                history.name
                            ));
                        }
                        continue;
                    };
                    count.refused += 1;
                    let named = first_named(operator);
                    if !named.is_empty() && !named.contains(&first.rule) {
                        wrong.push(format!(
                            "{operator} at {at} of {}: {} comes first",
                            history.name, first.rule
                        ));
                    }
                }
            }
        }
    }
    for (operator, count) in &counts {
        println!("{operator}: {} tried, {} refused, {} legal", count.tried, count.refused, count.legal);
        assert!(count.tried > 0, "{operator} applies nowhere");
    }
    let sum = |of: fn(&Count) -> usize| counts.values().map(of).sum::<usize>();
    println!(
        "all: {} tried, {} refused, {} legal, {} wrong",
        sum(|count| count.tried),
        sum(|count| count.refused),
        sum(|count| count.legal),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
