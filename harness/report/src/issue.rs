//! `issues/*.md`: a violation as a report to those who maintain the target, ready to be pasted.

use std::fmt::Write;

use record::{Entry, Outcome};

use crate::run::Header;
use crate::script::script;
use crate::verdicts::{Accusation, RuleLine};
use crate::wording;

/// Trackers take some 65,000 characters: so many calls are shown, and a script of so many bytes.
const ROWS: usize = 80;
const SCRIPT: usize = 30_000;

/// The text of an issue.
pub fn issue(header: &Header, line: &RuleLine<'_>, accusation: &Accusation<'_>) -> String {
    let mut page = String::new();
    // Writing into a String cannot fail.
    let _ = write(&mut page, header, line, accusation);
    page
}

fn write(
    page: &mut String,
    header: &Header,
    line: &RuleLine<'_>,
    accusation: &Accusation<'_>,
) -> std::fmt::Result {
    let (rule, exhibit) = (line.rule, accusation.exhibit);
    writeln!(page, "# Step Functions: {}\n", rule.title.trim_end_matches('.'))?;
    writeln!(page, "**Version:** {} {}\n", header.name, header.version)?;
    writeln!(page, "## What AWS does\n\n{}\n", rule.statement)?;
    for evidence in &rule.evidence {
        writeln!(page, "- {}: {} ({})", evidence.class, evidence.source, evidence.date)?;
    }
    writeln!(page, "\n## What happens here\n\n{}\n", exhibit.finding.message)?;
    if let Some((shown, of)) = exhibit.shown {
        writeln!(page, "Seen in {shown} of {of} tries.\n")?;
    }
    writeln!(page, "| call | answer |\n| --- | --- |")?;
    let entries = &exhibit.record.entries;
    for entry in entries.iter().take(ROWS) {
        writeln!(page, "| {} | {} |", request(entry), answer(entry))?;
    }
    if entries.len() > ROWS {
        writeln!(page, "| … and {} more calls | |", entries.len() - ROWS)?;
    }
    writeln!(page, "\n## Script\n\nNeeds `aws`, and curl where a request is none that `aws` would send.\n")?;
    let script = script(header, Some(rule), exhibit);
    if script.len() > SCRIPT {
        writeln!(
            page,
            "Too long to be shown here: it is in the run's `repro/`, under the name of this file.\n"
        )?;
    } else {
        writeln!(page, "```bash\n{script}```\n")?;
    }
    writeln!(page, "Found by {} (rule {}, check `{}`).", header.tool, rule.id, accusation.check)
}

fn request(entry: &Entry) -> String {
    let input = entry.call.raw_body.clone().unwrap_or_else(|| {
        let shown = ["taskToken", "output", "error", "name", "input", "QueueUrl"];
        let members = entry.call.input.iter().filter(|(member, _)| shown.contains(&member.as_str()));
        members.map(|(member, value)| format!("{member}={value}")).collect::<Vec<_>>().join(" ")
    });
    cell(&format!("{} {}", entry.call.operation.name(), wording::cut(&input, 160)))
}

fn answer(entry: &Entry) -> String {
    cell(&match &entry.outcome {
        Outcome::Done(_) => "200".to_owned(),
        Outcome::Refused(error) => wording::cut(&error.to_string(), 160),
        Outcome::Unknown(why) => wording::cut(&format!("no answer: {why}"), 160),
    })
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
