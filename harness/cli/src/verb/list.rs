//! `list`: the rules, who says so, and what would kill them.

use rules::registry::{Evidence, Rule, rules};
use serde::Serialize;

use crate::args::Format;
use crate::{Exit, Failure, output};

#[derive(Serialize)]
struct Listed<'r> {
    id: &'r str,
    severity: &'r str,
    core: bool,
    title: &'r str,
    statement: &'r str,
    evidence: &'r [Evidence],
    #[serde(skip_serializing_if = "Option::is_none")]
    capability: Option<&'r str>,
    judged: bool,
    checks: Vec<&'r str>,
    mutants: Vec<&'r str>,
}

/// Prints all rules.
pub(super) fn list(format: Format) -> Result<Exit, Failure> {
    match format {
        Format::Json => {
            let listed: Vec<Listed<'_>> = rules().iter().map(listed).collect();
            output::json(&listed)?;
        }
        Format::Text => rules().iter().for_each(line),
    }
    Ok(Exit::Conforms)
}

fn line(rule: &Rule) {
    let sources: Vec<&str> = rule.evidence.iter().map(|evidence| evidence.class.name()).collect();
    let core = if rule.core { "core" } else { "" };
    let checked = if checks(rule).is_empty() { "not checked" } else { "" };
    let open = rule.unreachable.as_deref().map_or(checked, |_| "unreachable");
    let words = format!(
        "{:8} {:6} {core:4}  {}  [{}] {}{}",
        rule.id,
        rule.severity,
        rule.title,
        sources.join(", "),
        mutants(rule).join(", "),
        open
    );
    say!("{}", words.trim_end());
}

fn listed(rule: &'static Rule) -> Listed<'static> {
    Listed {
        id: &rule.id,
        severity: rule.severity.name(),
        core: rule.core,
        title: &rule.title,
        statement: &rule.statement,
        evidence: &rule.evidence,
        capability: rule.capability.as_deref(),
        judged: rule.is_judged() && !checks(rule).is_empty(),
        checks: checks(rule).into_iter().map(|(check, _)| check).collect(),
        mutants: mutants(rule),
    }
}

/// The checks of a rule, with what each looks at.
pub(super) fn checks(rule: &Rule) -> Vec<(&'static str, &'static str)> {
    rules::checks()
        .iter()
        .filter(|check| check.rule == rule.id)
        .map(|check| (check.name, check.about))
        .collect()
}

/// The mutants that the rule must kill.
pub(super) fn mutants(rule: &Rule) -> Vec<&'static str> {
    let all = region::mutants::all().iter();
    all.filter(|mutant| mutant.rules.contains(&rule.id.as_str())).map(|mutant| mutant.name).collect()
}
