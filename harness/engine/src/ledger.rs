//! What a run makes, written down before it is made, so that a killed run can be swept. Kinds that need no entry are skipped.
//!
//! One JSON object a line: `{"making":{"kind":"queue","name":…}}` before, `{"gone":{"kind":"queue","name":…}}` after it was removed.
//! Invariant: what cannot be written down is not made.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use record::Outcome;
use serde::{Deserialize, Serialize};

use crate::patience::is_not_found;
use crate::{EngineError, ResourceKind, RunId};

/// The ledger of one run.
pub(crate) struct Ledger {
    run: RunId,
    book: Mutex<Book>,
}

struct Book {
    file: Option<std::fs::File>,
    open: BTreeSet<(ResourceKind, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Making { kind: ResourceKind, name: String },
    Gone { kind: ResourceKind, name: String },
}

impl Ledger {
    /// Opens the ledger for writing; without a path it is kept in memory alone.
    pub(crate) fn open(run: &RunId, path: Option<&Path>) -> Result<Self, EngineError> {
        let open = |path: &Path| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.map_err(|why| unusable(path, &why))
        };
        let file = path.map(open).transpose()?;
        Ok(Self { run: run.clone(), book: Mutex::new(Book { file, open: BTreeSet::new() }) })
    }

    /// A ledger that nobody reads, for time that is virtual: nothing outlives it.
    pub(crate) fn in_memory(run: &RunId) -> Self {
        Self { run: run.clone(), book: Mutex::new(Book { file: None, open: BTreeSet::new() }) }
    }

    /// The run's id.
    pub(crate) fn run(&self) -> &str {
        self.run.as_str()
    }

    /// To be called before a resource is made. It must not be made where this fails.
    pub(crate) fn about_to_make(&self, kind: ResourceKind, name: &str) -> Result<(), String> {
        let written = self.write(&Line::Making { kind, name: name.to_owned() });
        written.map_err(|why| {
            format!("{} {name} is not made, as the ledger cannot be written: {why}", kind.word())
        })
    }

    /// To be called after a resource was removed; `id` is its name, URL or ARN.
    pub(crate) fn gone(&self, kind: ResourceKind, id: &str, outcome: &Outcome) {
        if !outcome.is_done() && !outcome.refusal().is_some_and(is_not_found) {
            return;
        }
        // Names may hold what divides an ARN, where a target takes such.
        let ends = |name: &str| {
            id.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with(['/', ':']))
        };
        let named = self.still_open().into_iter().filter(|(of, name)| *of == kind && ends(name));
        if let Some((_, name)) = named.max_by_key(|(_, name)| name.len()) {
            // What the file does not say is found again by the sweep, which finds it gone.
            let _ = self.write(&Line::Gone { kind, name });
        }
    }

    /// To be called when a making call was answered: what was refused is not there, unless it already was.
    pub(crate) fn answered(&self, kind: ResourceKind, name: &str, outcome: &Outcome) {
        let refused = outcome.refusal().is_some_and(|error| !error.code.contains("Exist"));
        if refused {
            let _ = self.write(&Line::Gone { kind, name: name.to_owned() });
        }
    }

    /// What was made, or may have been, and was not removed.
    pub(crate) fn still_open(&self) -> Vec<(ResourceKind, String)> {
        self.lock().open.iter().cloned().collect()
    }

    fn write(&self, line: &Line) -> std::io::Result<()> {
        let (Line::Making { kind, name } | Line::Gone { kind, name }) = line;
        // Plans ask for names of no character, which nobody should give; who does cannot be told to take them back.
        if !kind.is_booked() || name.is_empty() {
            return Ok(());
        }
        let mut book = self.lock();
        if let Some(file) = &mut book.file {
            let mut text = serde_json::to_string(line)?;
            text.push('\n');
            file.write_all(text.as_bytes())?;
        }
        let entry = (*kind, name.clone());
        match line {
            Line::Making { .. } => book.open.insert(entry),
            Line::Gone { .. } => book.open.remove(&entry),
        };
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a ledger says was made and not removed: kind and name.
pub fn open_entries(path: &Path) -> Result<Vec<(ResourceKind, String)>, EngineError> {
    let text = std::fs::read_to_string(path).map_err(|why| unusable(path, &why))?;
    let mut open = BTreeSet::new();
    for line in text.lines() {
        match serde_json::from_str::<Line>(line) {
            Ok(Line::Making { kind, name }) => drop(open.insert((kind, name))),
            Ok(Line::Gone { kind, name }) => drop(open.remove(&(kind, name))),
            // The last line of a killed run may be cut.
            Err(_) => {}
        }
    }
    Ok(open.into_iter().collect())
}

fn unusable(path: &Path, why: &std::io::Error) -> EngineError {
    EngineError::Ledger { path: path.display().to_string(), why: why.to_string() }
}
