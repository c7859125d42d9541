//! `report.json`: the stable, machine-readable form. Fields are added, never renamed.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::render::Render;
use crate::run::{Run, Spent};
use crate::verdicts::{Accusation, Report, RuleLine, Tally};

/// The number of this form.
const SCHEMA: u32 = 1;

/// `report.json`.
#[derive(Clone, Copy, Debug)]
pub struct Json;

#[derive(Serialize)]
struct Document<'r> {
    schema: u32,
    tool: &'r str,
    target: Target<'r>,
    profile: &'r str,
    seed: u64,
    started: &'r str,
    elapsed_s: f64,
    cases: u64,
    complete: bool,
    rules: Vec<Rule<'r>>,
    summary: Tally,
    capabilities: BTreeMap<&'r str, Capability<'r>>,
    coverage: Coverage<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spent: Option<Spent>,
    errors: &'r [String],
}

#[derive(Serialize)]
struct Target<'r> {
    spec: &'r str,
    endpoint: &'r str,
    name: &'r str,
    version: &'r str,
}

#[derive(Serialize)]
struct Rule<'r> {
    id: &'r str,
    severity: &'r str,
    title: &'r str,
    verdict: &'r str,
    cases: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<Witness<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<Witness<'r>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    observed: &'r BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Witness<'r> {
    check: &'r str,
    message: &'r str,
    plan: String,
    repro: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<(u32, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<&'r str>,
}

#[derive(Serialize)]
struct Capability<'r> {
    present: bool,
    evidence: &'r str,
}

#[derive(Serialize)]
struct Coverage<'r> {
    families: &'r BTreeMap<String, u64>,
    operations: BTreeMap<String, [u64; 3]>,
    event_types: &'r BTreeMap<String, u64>,
    tokens: &'r BTreeMap<&'static str, BTreeMap<&'static str, BTreeMap<String, u64>>>,
    hung: &'r [(String, String)],
    cut: &'r [(String, String)],
    not_run: &'r [(String, String)],
    faults: (u64, u64),
    executions: u64,
    rules_per_execution: f64,
}

impl Render for Json {
    fn file_name(&self) -> &'static str {
        "report.json"
    }

    fn render(&self, report: &Report<'_>) -> String {
        let mut text = serde_json::to_string_pretty(&document(report)).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn document<'r>(report: &'r Report<'_>) -> Document<'r> {
    let run: &'r Run = report.run;
    let header = &run.header;
    Document {
        schema: SCHEMA,
        tool: &header.tool,
        target: Target {
            spec: &header.target,
            endpoint: &header.endpoint,
            name: &header.name,
            version: &header.version,
        },
        profile: &header.profile,
        seed: header.seed,
        started: &header.at,
        elapsed_s: run.ending.map_or(0.0, |ending| ending.elapsed_s),
        cases: run.cases(),
        complete: run.is_complete(),
        rules: report.rules.iter().map(rule).collect(),
        summary: report.tally,
        capabilities: run
            .capabilities
            .iter()
            .map(|(name, probe)| {
                (name.as_str(), Capability { present: probe.present, evidence: &probe.evidence })
            })
            .collect(),
        coverage: Coverage {
            families: &run.coverage.families,
            operations: run
                .coverage
                .operations
                .iter()
                .map(|(operation, seen)| (operation.to_string(), [seen.done, seen.refused, seen.unknown]))
                .collect(),
            event_types: &run.coverage.event_types,
            tokens: &run.coverage.tokens,
            hung: &run.coverage.hung,
            cut: &run.coverage.cut,
            not_run: &run.coverage.not_run,
            faults: run.coverage.faults,
            executions: run.coverage.executions,
            rules_per_execution: run.coverage.rules_per_execution(),
        },
        spent: run.spent,
        errors: &run.errors,
    }
}

fn rule<'r>(line: &'r RuleLine<'_>) -> Rule<'r> {
    Rule {
        id: &line.rule.id,
        severity: line.rule.severity.name(),
        title: &line.rule.title,
        verdict: line.verdict.word(),
        cases: line.cases,
        why: line.why(),
        witness: line.foremost().map(witness),
        witnesses: line.accusations.iter().map(witness).collect(),
        observed: &line.observed,
    }
}

fn witness<'r>(accusation: &'r Accusation<'_>) -> Witness<'r> {
    Witness {
        check: accusation.check,
        message: &accusation.exhibit.finding.message,
        plan: accusation.plan_path(),
        repro: accusation.script_path(),
        event: accusation.exhibit.finding.event,
        shown: accusation.exhibit.shown,
        known: accusation.known,
    }
}
