//! The terminal: a grid of verdicts by family, then everything that is not green, then what was exercised.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use rules::Verdict;

use crate::render::Render;
use crate::verdicts::{Accusation, Report, RuleLine};
use crate::wording;

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// No escape codes: pipes, files, `NO_COLOR`.
    #[default]
    Plain,
    /// ANSI colours.
    Colour,
}

/// The text for a terminal.
#[derive(Clone, Debug)]
pub struct Text {
    /// Whether to colour.
    pub palette: Palette,
    /// Columns to fill.
    pub width: usize,
    /// The run directory, for the paths of scripts; empty where none is kept.
    pub directory: String,
}

impl Render for Text {
    fn file_name(&self) -> &'static str {
        "report.txt"
    }

    fn render(&self, report: &Report<'_>) -> String {
        let mut page = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut page, report);
        page
    }
}

impl Text {
    fn write(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        self.header(page, report)?;
        self.grid(page, report)?;
        for line in report.rules.iter().filter(|line| !line.accusations.is_empty()) {
            self.violation(page, line)?;
        }
        self.undecided(page, report)?;
        self.observed(page, report)?;
        self.coverage(page, report)?;
        for error in &report.run.errors {
            writeln!(page, "{} {error}", self.paint("broken", bad()))?;
        }
        writeln!(page, "{}", self.paint(&report.sentence(), Style::new().bold()))
    }

    fn header(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        let run = report.run;
        write!(page, "{}", self.paint(&report.target_title(), Style::new().bold()))?;
        if !run.header.endpoint.is_empty() && run.header.endpoint != run.header.name {
            write!(page, "  {}", run.header.endpoint)?;
        }
        let elapsed = run.ending.map_or_else(|| "unfinished".to_owned(), |e| format!("{:.1} s", e.elapsed_s));
        let facts =
            format!("{}, seed {}, {} cases, {elapsed}", run.header.profile, run.header.seed, run.cases());
        writeln!(page, "  {}\n", self.paint(&facts, dim()))
    }

    /// `TOK  01 ✓  02 ✓  03 ✗`: one cell a rule, wrapped at the width.
    fn grid(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        const CELL: usize = 6;
        let area_width = report.rules.iter().map(|line| line.rule.area().len()).max().unwrap_or(0);
        let per_row = (self.width.saturating_sub(area_width + 2) / CELL).max(1);
        let mut areas: Vec<(&str, Vec<&RuleLine<'_>>)> = Vec::new();
        for line in &report.rules {
            match areas.last_mut() {
                Some((area, lines)) if *area == line.rule.area() => lines.push(line),
                _ => areas.push((line.rule.area(), vec![line])),
            }
        }
        for (area, lines) in &areas {
            for (row, chunk) in lines.chunks(per_row).enumerate() {
                let label = if row == 0 { area } else { "" };
                write!(page, "{label:area_width$}  ")?;
                for line in chunk {
                    let number = line.rule.id.rsplit('-').next().unwrap_or_default();
                    let (mark, style) = sign(line);
                    write!(page, "{} {}  ", self.paint(number, dim()), self.paint(mark, style))?;
                }
                page.truncate(page.trim_end_matches(' ').len());
                writeln!(page)?;
            }
        }
        let legend = "✓ holds   ✗ violated   ≈ violated as the baseline says   ○ vacuous   ? inconclusive   – not offered";
        writeln!(page, "{}\n", self.paint(legend, dim()))
    }

    fn violation(&self, page: &mut String, line: &RuleLine<'_>) -> std::fmt::Result {
        let rule = line.rule;
        let (mark, style) = sign(line);
        let title = format!("{mark} {} {}", rule.id, rule.severity);
        writeln!(page, "{}  {}", self.paint(&title, style.bold()), rule.title)?;
        for accusation in &line.accusations {
            self.accusation(page, accusation)?;
        }
        for evidence in &rule.evidence {
            let words = format!("{} {} ({})", evidence.class, evidence.source, evidence.date);
            self.item(page, "evidence", &words)?;
        }
        writeln!(page)
    }

    fn accusation(&self, page: &mut String, accusation: &Accusation<'_>) -> std::fmt::Result {
        let exhibit = accusation.exhibit;
        let event = exhibit.finding.event.map(|id| format!(" (event {id})")).unwrap_or_default();
        // The whole of it is in the run directory.
        self.item(page, "seen", &format!("{}{event}", wording::cut(&exhibit.finding.message, 400)))?;
        self.item(page, "check", accusation.check)?;
        if let Some(why) = accusation.known {
            self.item(page, "baseline", why)?;
        }
        if !self.directory.is_empty() {
            let shown = exhibit.shown.map(|(n, of)| format!("  (shown {n} of {of})")).unwrap_or_default();
            self.item(page, "repro", &format!("{}/{}{shown}", self.directory, accusation.script_path()))?;
        }
        Ok(())
    }

    /// What is neither green nor red, gathered by verdict and reason; core rules first, since they are to be met.
    fn undecided(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        let mut groups: Vec<(bool, &RuleLine<'_>, Vec<&str>)> = Vec::new();
        for line in &report.rules {
            if matches!(line.verdict, Verdict::Holds { .. } | Verdict::Violated { .. }) {
                continue;
            }
            let core = line.rule.core;
            let like =
                groups.iter_mut().find(|(known, first, _)| *known == core && first.verdict == line.verdict);
            match like {
                Some((_, _, ids)) => ids.push(&line.rule.id),
                None => groups.push((core, line, vec![&line.rule.id])),
            }
        }
        groups.sort_by_key(|(core, ..)| !core);
        for (core, line, ids) in &groups {
            let (mark, style) = sign(line);
            let title = format!("{mark} {}{}", line.verdict.word(), if *core { ", though core" } else { "" });
            writeln!(page, "{}  {}", self.paint(&title, style.bold()), wording::first_line(line.why()))?;
            for row in wording::wrap(&ids.join(" "), self.width.saturating_sub(2).max(30)) {
                writeln!(page, "  {row}")?;
            }
        }
        if groups.is_empty() { Ok(()) } else { writeln!(page) }
    }

    fn observed(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        let mut any = false;
        for line in &report.rules {
            for (what, cases) in &line.observed {
                if !any {
                    writeln!(page, "{}", self.paint("Where AWS leaves a choice, seen here:", dim()))?;
                    any = true;
                }
                writeln!(
                    page,
                    "  {:7} {} {}",
                    line.rule.id,
                    wording::first_line(what),
                    self.paint(&times(*cases), dim())
                )?;
            }
        }
        if any { writeln!(page) } else { Ok(()) }
    }

    fn coverage(&self, page: &mut String, report: &Report<'_>) -> std::fmt::Result {
        let seen = &report.run.coverage;
        let calls: u64 = seen.operations.values().map(|a| a.done + a.refused + a.unknown).sum();
        let unknown: u64 = seen.operations.values().map(|a| a.unknown).sum();
        let mut words = vec![
            format!("{calls} calls of {} operations", seen.operations.len()),
            format!("{} of {} event types", seen.event_types.len(), record::history::EVENT_TYPES.len()),
        ];
        if !seen.tokens.is_empty() {
            let pairs: usize = seen.tokens.values().map(BTreeMap::len).sum();
            let all = 3 * rules::TOKEN_STATES.len();
            words.push(format!("{pairs} of {all} token states by call"));
        }
        if seen.executions > 0 {
            let (each, all) = (seen.rules_per_execution(), seen.executions);
            words.push(format!("{each:.1} rules met per execution of {all}"));
        }
        if unknown > 0 {
            words.push(format!("{unknown} calls without an answer"));
        }
        if seen.faults.0 > 0 {
            words.push(format!("{} of {} faults fired", seen.faults.1, seen.faults.0));
        }
        if !seen.hung.is_empty() {
            words.push(format!("{} plans hung", seen.hung.len()));
        }
        if !seen.cut.is_empty() {
            words.push(format!("{} plans cut short", seen.cut.len()));
        }
        if let Some((_, why)) = seen.not_run.first() {
            words.push(format!("{} plans not run ({why})", seen.not_run.len()));
        }
        for line in wording::wrap(&words.join(" · "), self.width.max(60)) {
            writeln!(page, "{}", self.paint(&line, dim()))?;
        }
        Ok(())
    }

    /// A labelled paragraph, wrapped and indented.
    fn item(&self, page: &mut String, label: &str, words: &str) -> std::fmt::Result {
        const INDENT: usize = 13;
        let mut lines = wording::wrap(words, self.width.saturating_sub(INDENT).max(30)).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(page, "  {}{first}", self.paint(&format!("{label:11}"), dim()))?;
        lines.try_for_each(|line| writeln!(page, "{:INDENT$}{line}", ""))
    }

    fn paint(&self, text: &str, style: Style) -> String {
        match self.palette {
            Palette::Plain => text.to_owned(),
            Palette::Colour => format!("{style}{text}{style:#}"),
        }
    }
}

fn sign(line: &RuleLine<'_>) -> (&'static str, Style) {
    match &line.verdict {
        Verdict::Holds { .. } => ("✓", AnsiColor::Green.on_default()),
        Verdict::Violated { .. } if line.is_known() => ("≈", AnsiColor::Yellow.on_default()),
        Verdict::Violated { .. } => ("✗", bad()),
        Verdict::Vacuous { .. } => ("○", AnsiColor::Cyan.on_default()),
        Verdict::Inconclusive { .. } => ("?", AnsiColor::Yellow.on_default()),
        Verdict::Unsupported { .. } => ("–", dim()),
    }
}

fn bad() -> Style {
    AnsiColor::Red.on_default()
}

fn dim() -> Style {
    Style::new().dimmed()
}

fn times(cases: u64) -> String {
    if cases == 1 { "(1 case)".to_owned() } else { format!("({cases} cases)") }
}
