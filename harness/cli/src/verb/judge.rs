//! `judge`: a stored run, judged again without its target.

use std::path::Path;

use engine::judge_stored;
use report::{Palette, Render, Report, Run, Text, directory};

use crate::recorder::stored;
use crate::verb::run::{explain_exit, known, read_baseline};
use crate::{Exit, Failure, output};

/// Judges the run in this folder with the checks of this version.
pub(super) fn judge(
    folder: &Path,
    baseline: Option<&Path>,
    out: Option<&Path>,
    palette: Palette,
) -> Result<Exit, Failure> {
    let events = stored(folder)?;
    let baseline = read_baseline(baseline, false)?;
    let known = known(baseline.as_ref());
    let (events, mut summary) = judge_stored(events, baseline)?;
    let run: Run = events.into_iter().collect();
    summary.cut = !run.is_complete();
    summary.broken = run.errors.first().cloned();
    let scope: Vec<&str> = summary.verdicts.iter().map(|(rule, _)| rule.as_str()).collect();
    let report = Report::new(&run, &scope, &known);
    if let Some(out) = out {
        directory::write(out, &report)?;
    }
    let files = out.map(|out| out.display().to_string()).unwrap_or_default();
    say!("{}", Text { palette, width: output::width(), directory: files }.render(&report).trim_end());
    Ok(explain_exit(&summary))
}
