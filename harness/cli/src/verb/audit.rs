//! `audit`: a history from anywhere, judged by itself.

use std::io::Read;
use std::path::Path;

use rules::audit::{AuditError, AuditReport, Violation, audit as judge};
use rules::registry::Severity;

use crate::args::Format;
use crate::{Exit, Failure, output};

/// Judges the history in this file.
pub(super) fn audit(history: &Path, definition: Option<&Path>, format: Format) -> Result<Exit, Failure> {
    let text = read(history)?;
    let judged_by = definition.map(read).transpose()?;
    let report = judge(&text, judged_by.as_deref()).map_err(|why| match (&why, definition) {
        (AuditError::Definition(_), Some(path)) => Failure::unreadable(
            path,
            why,
            "give the machine's definition, or the output of `describe-state-machine`",
        ),
        _ => {
            Failure::unreadable(history, why, "give the output of `aws stepfunctions get-execution-history`")
        }
    })?;
    match format {
        Format::Json => output::json(&report)?,
        Format::Text => print(&report),
    }
    Ok(if report.violations.is_empty() { Exit::Conforms } else { Exit::Violated })
}

fn print(report: &AuditReport) {
    for violation in &report.violations {
        say!("{}", told(violation));
    }
    for follows in &report.consequences {
        say!("perhaps from that: {}", told(follows));
    }
    for advice in &report.advice {
        say!("advice  {}{}", place(advice.event), advice.message);
    }
    match report.violations.len() {
        0 => say!("nothing that AWS would not have written"),
        1 => say!("1 violation"),
        n => say!("{n} violations"),
    }
}

fn told(violation: &Violation) -> String {
    let Violation { rule, severity, event, message } = violation;
    let binds = match severity {
        Severity::Must => "",
        // Recorded or inferred; it is no less refused.
        Severity::Should => " (SHOULD)",
    };
    format!("{rule}{binds}  {}{message}", place(*event))
}

fn place(event: Option<u64>) -> String {
    event.map(|id| format!("event {id}: ")).unwrap_or_default()
}

fn read(path: &Path) -> Result<String, Failure> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|why| Failure::unreadable(path, why, "check the path, and that the file is text"))
}
