//! `report.html`: one file without scripts or outside resources; a timeline for every violation.

use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::render::Render;
use crate::timeline::Timeline;
use crate::verdicts::{Accusation, Report, RuleLine};

const TEMPLATE: &str = include_str!("report.html");

/// `report.html`.
#[derive(Clone, Copy, Debug)]
pub struct Html;

#[derive(Serialize)]
struct Cell<'r> {
    id: &'r str,
    title: &'r str,
    severity: &'r str,
    statement: &'r str,
    verdict: &'r str,
    class: &'r str,
    cases: u64,
    why: &'r str,
    evidence: Vec<String>,
    observed: Vec<(&'r String, u64)>,
    accusations: Vec<Shown<'r>>,
}

#[derive(Serialize)]
struct Shown<'r> {
    check: &'r str,
    message: &'r str,
    known: &'r str,
    plan_name: &'r str,
    plan: String,
    script: String,
    issue: String,
    tries: String,
    timeline: Timeline,
}

#[derive(Serialize)]
struct Area<'r> {
    name: &'r str,
    rules: Vec<Cell<'r>>,
}

#[derive(Serialize)]
struct Exercised<'r> {
    name: String,
    counts: [u64; 3],
    bar: f64,
    note: &'r str,
}

impl Render for Html {
    fn file_name(&self) -> &'static str {
        "report.html"
    }

    fn render(&self, report: &Report<'_>) -> String {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let run = report.run;
        environment
            .render_str(
                TEMPLATE,
                context! {
                    title => report.target_title(),
                    sentence => report.sentence(),
                    tool => run.header.tool,
                    target => run.header.target,
                    endpoint => run.header.endpoint,
                    profile => run.header.profile,
                    seed => run.header.seed,
                    started => run.header.at,
                    elapsed => run.ending.map(|ending| format!("{:.1} s", ending.elapsed_s)),
                    cut => run.ending.is_some_and(|ending| ending.cut),
                    cases => run.cases(),
                    tally => report.tally,
                    errors => run.errors,
                    areas => areas(report),
                    operations => operations(report),
                    families => run.coverage.families,
                    events => run.coverage.event_types,
                    event_types => record::history::EVENT_TYPES.len(),
                    capabilities => run.capabilities.iter().map(|(name, probe)| (name, probe.present)).collect::<Vec<_>>(),
                },
            )
            // The template is compiled in and tested; should it fail, the page says so instead of missing.
            .unwrap_or_else(|error| format!("<!doctype html><p>{error:#}</p>\n"))
    }
}

fn areas<'r>(report: &'r Report<'_>) -> Vec<Area<'r>> {
    let mut areas: Vec<Area<'r>> = Vec::new();
    for line in &report.rules {
        let name = line.rule.area();
        match areas.last_mut() {
            Some(area) if area.name == name => area.rules.push(cell(line)),
            _ => areas.push(Area { name, rules: vec![cell(line)] }),
        }
    }
    areas
}

fn cell<'r>(line: &'r RuleLine<'_>) -> Cell<'r> {
    Cell {
        id: &line.rule.id,
        title: &line.rule.title,
        severity: line.rule.severity.name(),
        statement: &line.rule.statement,
        verdict: line.verdict.word(),
        class: if line.is_known() { "known" } else { line.verdict.word() },
        cases: line.cases,
        why: line.why(),
        evidence: line
            .rule
            .evidence
            .iter()
            .map(|e| format!("{}: {} ({})", e.class, e.source, e.date))
            .collect(),
        observed: line.observed.iter().map(|(what, cases)| (what, *cases)).collect(),
        accusations: line.accusations.iter().map(shown).collect(),
    }
}

fn shown<'r>(accusation: &'r Accusation<'_>) -> Shown<'r> {
    let exhibit = accusation.exhibit;
    Shown {
        check: accusation.check,
        message: &exhibit.finding.message,
        known: accusation.known.unwrap_or_default(),
        plan_name: &exhibit.record.plan,
        plan: accusation.plan_path(),
        script: accusation.script_path(),
        issue: accusation.issue_path(),
        tries: exhibit.shown.map(|(n, of)| format!("{n} of {of}")).unwrap_or_default(),
        timeline: Timeline::new(&exhibit.record, exhibit.finding.event),
    }
}

fn operations(report: &Report<'_>) -> Vec<Exercised<'static>> {
    let seen = &report.run.coverage.operations;
    let most = seen.values().map(|a| a.done + a.refused + a.unknown).max().unwrap_or(1).max(1) as f64;
    seen.iter()
        .map(|(operation, a)| Exercised {
            name: operation.to_string(),
            counts: [a.done, a.refused, a.unknown],
            bar: (a.done + a.refused + a.unknown) as f64 * 100.0 / most,
            note: if a.unknown > 0 { "some without an answer" } else { "" },
        })
        .collect()
}
