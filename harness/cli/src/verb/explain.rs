//! `explain`: one rule in full.

use rules::registry;

use crate::verb::list::{checks, mutants};
use crate::{Exit, Failure, rule_ids};

/// Prints what is known of a rule.
pub(super) fn explain(id: &str) -> Result<Exit, Failure> {
    let rule = rule_ids::find(id)?;
    let core = if rule.core { ", core" } else { "" };
    say!("{}  {}  ({}{core})\n\n{}\n", rule.id, rule.title, rule.severity, rule.statement);
    say!("Sources");
    for evidence in &rule.evidence {
        say!("  {:9} {} ({})", evidence.class, evidence.source, evidence.date);
    }
    if let Some(capability) = &rule.capability {
        let what =
            registry::CAPABILITIES.iter().find(|(name, _)| name == capability).map_or("", |(_, what)| *what);
        say!("\nOnly where the target offers `{capability}`: {what}");
    }
    for id in &rule.ambiguity {
        if let Some(open) = registry::ambiguity(id) {
            say!(
                "\nLeft open by AWS ({}): {}\n  accepted: {}",
                open.id,
                open.question,
                open.allowed.join("; ")
            );
        }
    }
    say!("\nA violation would be\n  {}", rule.example);
    let unchecked = rule.unchecked.as_ref().filter(|_| checks(rule).is_empty());
    if let Some(why) = rule.unreachable.as_ref().or(unchecked) {
        say!("\nNot judged\n  {why}");
    }
    section("Checks", checks(rule).into_iter().map(|(check, about)| format!("{check}: {about}")));
    section("Mutants that it must kill", mutants(rule).into_iter().map(str::to_owned));
    section("Reported elsewhere of emulators, not measured here", rule.divergences.iter().cloned());
    Ok(Exit::Conforms)
}

fn section(title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        say!("\n{title}");
    }
    for line in lines {
        say!("  {line}");
    }
}
