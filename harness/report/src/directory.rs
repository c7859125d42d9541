//! Writing a run directory: every format, and a plan, a script and an issue text for each violation.
//!
//! Files are written beside and then renamed, so that a reader or a kill never meets half a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::issue::issue;
use crate::render::FILES;
use crate::script::script;
use crate::verdicts::Report;

/// The name of the stream of events in a run directory.
pub const EVENTS: &str = "run.jsonl";

/// Why a run directory cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}; choose a folder that can be written with --out")]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// Writes every file that derives from the events.
pub fn write(directory: &Path, report: &Report<'_>) -> Result<(), WriteError> {
    for format in FILES {
        put(&directory.join(format.file_name()), &format.render(report))?;
    }
    for line in &report.rules {
        for accusation in &line.accusations {
            let plan = serde_json::to_string_pretty(&accusation.exhibit.plan).unwrap_or_default();
            put(&directory.join(accusation.plan_path()), &(plan + "\n"))?;
            let path = directory.join(accusation.script_path());
            put(&path, &script(&report.run.header, Some(line.rule), accusation.exhibit))?;
            executable(&path)?;
            put(&directory.join(accusation.issue_path()), &issue(&report.run.header, line, accusation))?;
        }
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(fail)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, text).map_err(fail)?;
    fs::rename(&beside, path).map_err(fail)
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<(), WriteError> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|source| WriteError { path: path.to_owned(), source })
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<(), WriteError> {
    Ok(())
}
