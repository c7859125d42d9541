//! Recordings: runs that are kept by target and date, to be judged again (`judge`) and compared with the next.
//!
//! A recording is a folder, `RECORDINGS/NAME-REGION/DATE/`, with the run's own `run.jsonl` and a `recording.json` that says of what
//! and when. Nothing that was recorded is ever written over.

use std::fs;
use std::path::{Path, PathBuf};

use report::{Drift, Header, directory, drift};
use serde_json::json;

use crate::Failure;
use crate::recorder::stored;

/// Where a run's drift is told, in its own folder.
pub(crate) const DRIFT: &str = "drift.md";

/// Keeps a finished run among the recordings. Its drift against the last one of the same target, where there is one.
pub(crate) fn keep(
    recordings: &Path,
    run: &Path,
    header: &Header,
    region: Option<&str>,
) -> Result<(PathBuf, Option<Drift>), Failure> {
    let series = recordings.join(plain(&[&header.name, region.unwrap_or_default()]));
    fs::create_dir_all(&series).map_err(|why| failed(&series, &why))?;
    let events = stored(run)?;
    let found = last(&series)?.map(|last| Ok::<_, Failure>(drift(&stored(&last)?, &events))).transpose()?;
    if let Some(drift) = &found {
        let path = run.join(DRIFT);
        fs::write(&path, drift.markdown()).map_err(|why| failed(&path, &why))?;
    }
    let folder = fresh(&series, &plain(&[&header.at]))?;
    let told = json!({
        "target": header.target,
        "name": header.name,
        "version": header.version,
        "region": region,
        "date": header.at,
        "tool": header.tool,
        "profile": header.profile,
        "seed": header.seed,
    });
    let path = folder.join("recording.json");
    fs::write(&path, format!("{told:#}\n")).map_err(|why| failed(&path, &why))?;
    let path = folder.join(directory::EVENTS);
    fs::copy(run.join(directory::EVENTS), &path).map_err(|why| failed(&path, &why))?;
    Ok((folder, found))
}

/// The newest recording of a series that has its events.
fn last(series: &Path) -> Result<Option<PathBuf>, Failure> {
    let entries = fs::read_dir(series).map_err(|why| failed(series, &why))?;
    let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(folders.filter(|folder| folder.join(directory::EVENTS).is_file()).max())
}

/// A folder of this name that was not there; with a number behind it where one was.
fn fresh(series: &Path, name: &str) -> Result<PathBuf, Failure> {
    for number in 1..1000 {
        let name = if number == 1 { name.to_owned() } else { format!("{name}-{number:03}") };
        let folder = series.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(why) => return Err(failed(&folder, &why)),
        }
    }
    Err(Failure::Usage(format!("{} is full; give another folder with --record", series.display())))
}

/// Parts of a name in characters that every file system takes.
fn plain(parts: &[&str]) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let parts = parts.iter().filter(|part| !part.is_empty()).map(|part| part.chars().map(safe).collect());
    parts.collect::<Vec<String>>().join("-")
}

fn failed(path: &Path, why: &std::io::Error) -> Failure {
    Failure::unwritable(path, why, "choose a folder that can be written with --record")
}
