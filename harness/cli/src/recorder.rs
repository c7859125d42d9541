//! What happens to run events: each goes to `run.jsonl` at once, into the totals, and onto the progress bar.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use engine::Sink;
use indicatif::{ProgressBar, ProgressStyle};
use record::RunEvent;
use report::{Run, directory};

use crate::Failure;

/// A sink that keeps a run directory valid after every event.
pub(crate) struct Recorder {
    run: Run,
    file: File,
    lost: Option<std::io::Error>,
    bar: ProgressBar,
}

impl Recorder {
    /// Makes the run directory, empties it of an earlier run's files, and begins `run.jsonl`.
    pub(crate) fn begin(folder: &Path, bar: ProgressBar) -> Result<Self, Failure> {
        let fail = |path: &Path, why: &std::io::Error| {
            Failure::unwritable(path, why, "choose a folder that can be written with --out")
        };
        fs::create_dir_all(folder).map_err(|why| fail(folder, &why))?;
        let path = folder.join(directory::EVENTS);
        if path.exists() {
            for part in ["plans", "repro", "issues"] {
                // What cannot be removed is overwritten or stale; the report names the files that count.
                let _ = fs::remove_dir_all(folder.join(part));
            }
        }
        let file = File::create(&path).map_err(|why| fail(&path, &why))?;
        Ok(Self { run: Run::new(), file, lost: None, bar })
    }

    /// The totals, once the run is over; fails where an event could not be written.
    pub(crate) fn finish(self) -> Result<Run, Failure> {
        self.bar.finish_and_clear();
        match self.lost {
            None => Ok(self.run),
            Some(why) => {
                Err(Failure::Broken(format!("cannot write run.jsonl: {why}; make room and run again")))
            }
        }
    }
}

impl Sink for Recorder {
    fn event(&mut self, event: RunEvent) {
        let written = serde_json::to_string(&event)
            .map_err(std::io::Error::from)
            .and_then(|line| self.file.write_all((line + "\n").as_bytes()));
        if let Err(why) = written {
            self.lost.get_or_insert(why);
        }
        if matches!(event, RunEvent::Case { .. }) {
            self.bar.inc(1);
        }
        self.run.add(event);
        let broken = self.run.exhibits.len();
        if broken > 0 {
            self.bar.set_message(format!("{broken} violations"));
        }
    }
}

/// A bar on standard error, hidden where that is no terminal.
pub(crate) fn bar(title: &str, plans: u64, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {pos}/{len} plans  {elapsed}  {msg}");
    let bar = ProgressBar::new(plans).with_prefix(title.to_owned());
    match style {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        Err(_) => bar,
    }
}

/// The events of a stored run.
pub(crate) fn stored(folder: &Path) -> Result<Vec<RunEvent>, Failure> {
    let path: PathBuf = if folder.is_file() { folder.to_owned() } else { folder.join(directory::EVENTS) };
    let remedy = "give the folder that `run --out` wrote";
    let text = fs::read_to_string(&path).map_err(|why| Failure::unreadable(&path, why, remedy))?;
    report::read_events(&text).map_err(|why| Failure::unreadable(&path, why, remedy))
}
