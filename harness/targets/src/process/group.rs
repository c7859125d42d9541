//! A process group and what it started, ended by number. A number is trusted only with the start time that goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The group that a process leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    leader: u32,
    born: Option<u64>,
}

impl Group {
    /// The group of a leader that runs now.
    pub(super) fn of(leader: u32) -> Self {
        Self { leader, born: born(leader) }
    }

    /// A group as noted down earlier.
    pub(super) fn noted(leader: u32, born: Option<u64>) -> Self {
        Self { leader, born }
    }

    /// The number of its leader and the leader's start time, in the kernel's ticks.
    pub(super) fn identity(&self) -> (u32, Option<u64>) {
        (self.leader, self.born)
    }

    /// Asks every process of the group to end.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills the group, and descendants that left it for a group of their own.
    pub(super) fn kill(&self) {
        let strays = descendants(self.leader);
        self.signal(Signal::KILL);
        for (stray, since) in strays {
            if born(stray) == Some(since)
                && let Some(pid) = pid(stray)
            {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }

    fn signal(&self, signal: Signal) {
        // The number of a group is not given to another process while the group has members. If the leader's number
        // now belongs to a process born at another time, the group is gone and nothing here is ours.
        let is_ours = match (born(self.leader), self.born) {
            (Some(now), Some(then)) => now == then,
            _ => true,
        };
        if let Some(pid) = pid(self.leader)
            && is_ours
        {
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// Whether this process runs, and is the one that was born then.
pub(super) fn is_alive(process: u32, since: Option<u64>) -> bool {
    match (born(process), since) {
        (Some(now), Some(then)) => now == then,
        (Some(_), None) => true,
        // Without a process table to read, ask the kernel.
        (None, None) => pid(process).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok()),
        (None, Some(_)) => false,
    }
}

/// When a process was started, from the kernel's table, where there is one.
pub(super) fn born(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The command's name is in parentheses and may hold anything; numbers follow the last one. Start time is field 22.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A zombie is no living process.
    if fields.clone().next() == Some("Z") {
        return None;
    }
    fields.nth(19)?.parse().ok()
}

fn pid(number: u32) -> Option<Pid> {
    // Number 1 and group 1 are never ours.
    i32::try_from(number).ok().filter(|number| *number > 1).and_then(Pid::from_raw)
}

/// Every process below this one, with its start time.
fn descendants(root: u32) -> Vec<(u32, u64)> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        if let Some(parent) = parent(process) {
            children.entry(parent).or_default().push(process);
        }
    }
    let mut found = BTreeSet::new();
    let mut waiting = vec![root];
    while let Some(process) = waiting.pop() {
        for child in children.get(&process).into_iter().flatten() {
            if found.insert(*child) {
                waiting.push(*child);
            }
        }
    }
    found.into_iter().filter_map(|process| Some((process, born(process)?))).collect()
}

fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
