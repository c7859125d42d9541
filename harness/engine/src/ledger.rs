//! What a run makes, written down before it is made: so that a killed run can be swept. Kinds that it need not book are passed over.
//!
//! One JSON object a line: `{"making": "queue", "name": …}` before, `{"gone": "queue", "name": …}` after it was removed.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use record::Outcome;
use serde::{Deserialize, Serialize};

use crate::{EngineError, ResourceKind};

/// The ledger of one run.
pub(crate) struct Ledger {
    run: String,
    file: Option<Mutex<std::fs::File>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Making { kind: ResourceKind, name: String },
    Gone { kind: ResourceKind, name: String },
}

impl Ledger {
    /// Opens the ledger for writing; `None` keeps none.
    pub(crate) fn open(run: &str, path: Option<&Path>) -> Result<Self, EngineError> {
        let file = match path {
            None => None,
            Some(path) => {
                let file = std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|why| unusable(path, &why))?;
                Some(Mutex::new(file))
            }
        };
        Ok(Self { run: run.to_owned(), file })
    }

    /// The run's id.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// To be called before a resource is made.
    pub(crate) fn about_to_make(&self, kind: ResourceKind, name: &str) {
        self.write(kind, &Line::Making { kind, name: name.to_owned() });
    }

    /// To be called after a resource was removed; `name` may be its URL or ARN.
    pub(crate) fn gone(&self, kind: ResourceKind, name: &str, outcome: &Outcome) {
        if outcome.is_done() {
            let name = name.rsplit(['/', ':']).next().unwrap_or(name);
            self.write(kind, &Line::Gone { kind, name: name.to_owned() });
        }
    }

    /// To be called when a making call was answered: what was refused is not there, unless it already was.
    pub(crate) fn answered(&self, kind: ResourceKind, name: &str, outcome: &Outcome) {
        let refused = outcome.refusal().is_some_and(|error| !error.code.contains("Exist"));
        if refused {
            self.write(kind, &Line::Gone { kind, name: name.to_owned() });
        }
    }

    fn write(&self, kind: ResourceKind, line: &Line) {
        if !kind.is_booked() {
            return;
        }
        if let (Some(file), Ok(mut text)) = (&self.file, serde_json::to_string(line)) {
            text.push('\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A ledger that cannot be written any more is found by the sweep by prefix.
            let _ = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        }
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
