//! `summary.md`: what a pull request shows. The verdicts first, then each violation with its evidence.

use std::fmt::Write;

use rules::VerdictKind;

use crate::render::Render;
use crate::verdicts::{Report, RuleLine};

/// `summary.md`.
#[derive(Clone, Copy, Debug)]
pub struct Summary;

impl Render for Summary {
    fn file_name(&self) -> &'static str {
        "summary.md"
    }

    fn render(&self, report: &Report<'_>) -> String {
        let mut page = String::new();
        // Writing into a String cannot fail.
        let _ = write(&mut page, report);
        page
    }
}

fn write(page: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let run = report.run;
    writeln!(page, "# {} against the rules of AWS Step Functions\n", report.target_title())?;
    writeln!(page, "**{}**\n", report.sentence())?;
    let elapsed = run.ending.map_or_else(|| "unfinished".to_owned(), |e| format!("{:.1} s", e.elapsed_s));
    writeln!(
        page,
        "target `{}` · profile {} · seed {} · {} cases · {elapsed} · {}\n",
        run.header.target,
        run.header.profile,
        run.header.seed,
        run.cases(),
        run.header.tool
    )?;
    for error in &run.errors {
        writeln!(page, "> **The run is broken:** {error}\n")?;
    }
    if run.ending.is_some_and(|e| e.cut) {
        writeln!(page, "> The run was cut short; rules below may be vacuous for that reason alone.\n")?;
    }
    if let Some((_, why)) = run.coverage.not_run.first() {
        writeln!(page, "> {} plans were not run ({why}).\n", run.coverage.not_run.len())?;
    }
    violations(page, report)?;
    table(page, "Not decided", report, |line| line.verdict.kind().is_open())?;
    table(page, "Not offered by the target", report, |line| line.verdict.kind() == VerdictKind::Unsupported)?;
    observed(page, report)?;
    tokens(page, report)?;
    held(page, report)
}

/// What was tried of tokens: by their state, by the call, what was answered how often.
fn tokens(page: &mut String, report: &Report<'_>) -> std::fmt::Result {
    const CALLS: [&str; 3] = ["SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat"];
    let seen = &report.run.coverage.tokens;
    if seen.is_empty() {
        return Ok(());
    }
    writeln!(page, "<details><summary>What was tried of tokens</summary>\n")?;
    writeln!(page, "| a token that is | {} |\n| --- | --- | --- | --- |", CALLS.join(" | "))?;
    for state in rules::TOKEN_STATES {
        let answers = |call: &str| {
            let outcomes = seen.get(state).and_then(|calls| calls.get(call));
            let told = outcomes.into_iter().flatten().map(|(outcome, times)| format!("{outcome} ×{times}"));
            cell(&told.collect::<Vec<_>>().join(", "))
        };
        writeln!(page, "| {state} | {} |", CALLS.map(answers).join(" | "))?;
    }
    writeln!(page, "\n</details>\n")
}

fn violations(page: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let broken: Vec<&RuleLine<'_>> =
        report.rules.iter().filter(|line| !line.accusations.is_empty()).collect();
    if broken.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Violations\n")?;
    writeln!(page, "| rule | | what was seen | plan | script |\n| --- | --- | --- | --- | --- |")?;
    for line in &broken {
        for accusation in &line.accusations {
            let known = accusation.known.map(|why| format!(" (known: {why})")).unwrap_or_default();
            writeln!(
                page,
                "| {} `{}` | {} | {}{} | [plan]({}) | [script]({}) |",
                line.rule.id,
                accusation.check,
                line.rule.severity,
                cell(&accusation.exhibit.finding.message),
                cell(&known),
                accusation.plan_path(),
                accusation.script_path()
            )?;
        }
    }
    writeln!(page)?;
    for line in broken {
        writeln!(page, "<details><summary><b>{}</b> {}</summary>\n", line.rule.id, line.rule.title)?;
        writeln!(page, "{}\n", line.rule.statement)?;
        for evidence in &line.rule.evidence {
            writeln!(page, "- {}: {} ({})", evidence.class, evidence.source, evidence.date)?;
        }
        writeln!(page, "\n</details>\n")?;
    }
    Ok(())
}

fn table(
    page: &mut String,
    title: &str,
    report: &Report<'_>,
    shown: impl Fn(&RuleLine<'_>) -> bool,
) -> std::fmt::Result {
    let lines: Vec<&RuleLine<'_>> = report.rules.iter().filter(|line| shown(line)).collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(page, "<details><summary>{title}: {} rules</summary>\n", lines.len())?;
    writeln!(page, "| rule | verdict | why |\n| --- | --- | --- |")?;
    for line in lines {
        let why = cell(line.why());
        writeln!(page, "| {} {} | {} | {why} |", line.rule.id, cell(&line.rule.title), line.verdict.word())?;
    }
    writeln!(page, "\n</details>\n")
}

fn observed(page: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let seen: Vec<&RuleLine<'_>> = report.rules.iter().filter(|line| !line.observed.is_empty()).collect();
    if seen.is_empty() {
        return Ok(());
    }
    writeln!(page, "<details><summary>Where AWS leaves a choice: what was seen</summary>\n")?;
    writeln!(page, "| rule | seen | cases |\n| --- | --- | --- |")?;
    for line in seen {
        for (what, cases) in &line.observed {
            writeln!(page, "| {} | {} | {cases} |", line.rule.id, cell(what))?;
        }
    }
    writeln!(page, "\n</details>\n")
}

fn held(page: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let ids: Vec<&str> = report
        .rules
        .iter()
        .filter(|l| l.verdict.kind() == VerdictKind::Holds)
        .map(|l| l.rule.id.as_str())
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "<details><summary>Held: {} rules</summary>\n\n{}\n\n</details>",
        ids.len(),
        ids.join(", ")
    )
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
