//! What every format is: a report to the text of one file.

use crate::verdicts::Report;
use crate::{Html, Json, Junit, Summary};

/// One format of a report.
pub trait Render {
    /// The name of its file in a run directory.
    fn file_name(&self) -> &'static str;

    /// The text of the file.
    fn render(&self, report: &Report<'_>) -> String;
}

/// The formats that a run directory holds beside `run.jsonl`.
pub const FILES: &[&dyn Render] = &[&Json, &Junit, &Summary, &Html];
