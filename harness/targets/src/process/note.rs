//! What a run writes down about a process it started, so that the next run can end what a killed one left.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::group::{self, Group};

/// A note on disk.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Text {
    /// The process that runs the suite, and when it was born.
    owner: u32,
    owner_born: Option<u64>,
    /// The emulator's group.
    leader: u32,
    leader_born: Option<u64>,
    scratch: PathBuf,
}

impl Note {
    /// Writes a note. Without one (a folder that cannot be written), only the sweep after a kill is lost.
    pub(super) fn write(home: &Path, port: u16, group: &Group, scratch: &Path) -> Option<Self> {
        let owner = std::process::id();
        let (leader, leader_born) = group.identity();
        let text =
            Text { owner, owner_born: group::born(owner), leader, leader_born, scratch: scratch.to_owned() };
        let path = home.join(format!("run-{owner}-{port}{NOTE}"));
        let json = serde_json::to_string(&text).ok()?;
        fs::write(&path, json)
            .map_err(
                |error| tracing::warn!(%error, path = %path.display(), "no note of the process was written"),
            )
            .ok()?;
        Some(Self { path })
    }

    /// The process is gone, and so is its note.
    pub(super) fn remove(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// How a note's name ends.
const NOTE: &str = ".note.json";

/// Ends the processes of runs that are no more.
pub(super) fn sweep(home: &Path) {
    let entries = fs::read_dir(home).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_note = name.strip_prefix("run-").is_some_and(|rest| rest.ends_with(NOTE));
        if !is_note {
            continue;
        }
        let Some(text) = fs::read(&path).ok().and_then(|json| serde_json::from_slice::<Text>(&json).ok())
        else {
            let _ = fs::remove_file(&path);
            continue;
        };
        if group::is_alive(text.owner, text.owner_born) {
            continue;
        }
        tracing::info!(leader = text.leader, "ending a process that a killed run left behind");
        Group::noted(text.leader, text.leader_born).kill();
        if text.scratch.starts_with(home) {
            let _ = fs::remove_dir_all(&text.scratch);
        }
        let _ = fs::remove_file(&path);
    }
}
