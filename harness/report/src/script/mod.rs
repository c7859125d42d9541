//! `repro/*.sh`: the calls of a case as a script that needs `aws` and an endpoint, and curl where a call is none that the
//! command line would send.
//!
//! The script is made of the record, not of the plan: it makes the calls that were made, with the pauses that were
//! between them, gets names and tokens of its own, and says where an answer is not the recorded one. It exits 0 where
//! every answer that the finding rests on is; others may differ from run to run.

mod flow;
mod sending;
mod shell;
mod steps;

use std::fmt::Write;

use rules::registry::Rule;

use crate::run::{Exhibit, Header};
use crate::wording;

const PRELUDE: &str = include_str!("prelude.sh");
const RECEIVE: &str = include_str!("receive.sh");
const SETTLE: &str = include_str!("settle.sh");
const RAW: &str = include_str!("raw.sh");
const SAME_TOKEN: &str = include_str!("same_token.sh");
const TIMING: &str = include_str!("timing.sh");
const SHOW: &str = include_str!("show.sh");

/// What a script defines only where it needs it, by the word that calls it.
const FUNCTIONS: &[(&str, &str)] = &[
    ("receive ", RECEIVE),
    ("settle ", SETTLE),
    ("raw ", RAW),
    ("same_token ", SAME_TOKEN),
    ("show ", SHOW),
    ("mark", TIMING),
];

/// The script that shows a violation on any endpoint.
pub fn script(header: &Header, rule: Option<&Rule>, exhibit: &Exhibit) -> String {
    let mut page = String::new();
    // Writing into a String cannot fail.
    let _ = write(&mut page, header, rule, exhibit);
    page
}

fn write(page: &mut String, header: &Header, rule: Option<&Rule>, exhibit: &Exhibit) -> std::fmt::Result {
    let finding = &exhibit.finding;
    let body = steps::body(&exhibit.record, finding);
    writeln!(page, "#!/usr/bin/env bash")?;
    writeln!(page, "# {} {}", finding.rule, rule.map(|r| r.title.as_str()).unwrap_or_default())?;
    if let Some(rule) = rule {
        comment(page, &rule.statement)?;
        for evidence in &rule.evidence {
            comment(page, &format!("{}: {} ({})", evidence.class, evidence.source, evidence.date))?;
        }
    }
    writeln!(page, "#")?;
    comment(page, &format!("Seen on {} {}: {}", header.name, header.version, finding.message))?;
    comment(page, &format!("Plan {}, made by {}.", exhibit.record.plan, header.tool))?;
    writeln!(page, "#")?;
    if header.endpoint.starts_with("http") {
        writeln!(page, "# Usage: {}.sh [ENDPOINT]", finding.rule)?;
        writeln!(page, "ENDPOINT=${{1:-{}}}", header.endpoint)?;
    } else {
        writeln!(
            page,
            "# Usage: {}.sh ENDPOINT   (the embedded region: `sfn-conformance serve`)",
            finding.rule
        )?;
        writeln!(page, "ENDPOINT=${{1:?give the endpoint, e.g. http://127.0.0.1:4566}}")?;
    }
    if finding.rule.starts_with("WIRE-") {
        writeln!(page, "SILENCE_COUNTS=1")?;
    }
    page.push_str(PRELUDE);
    for (name, function) in FUNCTIONS {
        if body.lines().any(|line| line.trim_start_matches(steps::DECIDES).starts_with(name)) {
            page.push_str(function);
        }
    }
    page.push_str(&body);
    writeln!(page, "\necho")?;
    writeln!(page, "echo {}", shell::quoted(&format!("{}: {}", finding.rule, finding.message)))?;
    writeln!(page, "if [ -s \"$WORK/different\" ]; then")?;
    writeln!(
        page,
        "  echo 'Some answers that it rests on were not the recorded ones; the violation may not show here.'"
    )?;
    writeln!(page, "  exit 1")?;
    writeln!(page, "fi")?;
    writeln!(page, "echo 'Every answer that it rests on was as recorded: the violation shows.'")
}

fn comment(page: &mut String, words: &str) -> std::fmt::Result {
    wording::wrap(words, 110).iter().try_for_each(|line| writeln!(page, "# {line}"))
}
