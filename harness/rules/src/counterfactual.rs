//! What a finding rests on: the answers of its case that suffice for it.
//!
//! A script that shows a violation again needs this: which of its answers have to be the recorded ones, and which are
//! beside the point. Nothing new is judged here; the rules are asked again about a record that says less.

use std::collections::BTreeSet;

use record::{CaseRecord, Finding, Outcome};

use crate::check::judge_near;

/// Which of these parts of a record its finding rests on: the rules make the very same finding without the answers of all
/// the others, and no longer without one more. A part is a set of entries, by index, that tell the same; later parts are
/// left out sooner. An entry that had no answer anyway counts as never sent.
///
/// Empty where the rules do not make the finding of this record, or make it without any of the parts.
pub fn rests_on(record: &CaseRecord, finding: &Finding, parts: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut lost = BTreeSet::new();
    let stands = |lost: &BTreeSet<usize>| {
        judge_near(&without(record, parts, lost), &finding.rule, &finding.check).contains(finding)
    };
    if !stands(&lost) {
        return lost;
    }
    // Half of what is left at once, then less and less: most parts have nothing to do with it.
    let mut size = parts.len().div_ceil(2).max(1);
    loop {
        let before = lost.len();
        let kept: Vec<usize> = (0..parts.len()).rev().filter(|part| !lost.contains(part)).collect();
        for some in kept.chunks(size) {
            let more = lost.iter().chain(some).copied().collect();
            if stands(&more) {
                lost = more;
            }
        }
        if size == 1 && lost.len() == before {
            break;
        }
        size = (size / 2).max(1);
    }
    (0..parts.len()).filter(|part| !lost.contains(part)).collect()
}

fn without(record: &CaseRecord, parts: &[BTreeSet<usize>], lost: &BTreeSet<usize>) -> CaseRecord {
    let lost: BTreeSet<usize> = lost.iter().filter_map(|part| parts.get(*part)).flatten().copied().collect();
    let mut less = record.clone();
    less.entries.clear();
    for (index, entry) in record.entries.iter().enumerate() {
        let mut entry = entry.clone();
        if lost.contains(&index) {
            if matches!(entry.outcome, Outcome::Unknown(_)) {
                continue;
            }
            entry.outcome = Outcome::Unknown("left out".to_owned());
        }
        less.entries.push(entry);
    }
    less
}
