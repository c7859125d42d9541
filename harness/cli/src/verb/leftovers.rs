//! What earlier runs left on a target, and in the ledgers of runs whose folder is at hand.

use std::path::Path;

use crate::Failure;

/// What the ledger of a run directory says was made and not removed. A run in virtual time has none.
pub(super) fn booked(folder: Option<&Path>) -> Result<Vec<(engine::ResourceKind, String)>, Failure> {
    let Some(folder) = folder else { return Ok(Vec::new()) };
    let path = if folder.is_dir() { folder.join(LEDGER) } else { folder.to_owned() };
    if folder.is_dir() && !path.exists() {
        return Err(Failure::Usage(format!(
            "{} holds no {LEDGER}; give the folder that `run --out` wrote",
            folder.display()
        )));
    }
    Ok(engine::open_entries(&path)?)
}

/// The ledger of a run, in its directory.
pub(super) const LEDGER: &str = "ledger.jsonl";
