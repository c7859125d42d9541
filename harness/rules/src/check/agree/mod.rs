//! Answers agree with each other: what was started, created, changed and deleted is what is described and listed afterwards.
//!
//! Each file looks at one kind of thing. What it does not do: judge an answer by itself (`shape`, `status`) or against a history.
//! Invariant: descriptions and lists may lag (DESC-05, DEF-26, LIST-04), so what is missing or old accuses nobody before
//! [`crate::tolerance::PATIENCE`] is over; what is shown of a closed or unchanging thing must be right at once.

mod activities;
mod executions;
mod lists;
mod machines;
mod versions;

use serde_json::Value;

use super::Group;
use crate::check::queues::direct_sends::text;
use crate::view::moment;

pub(super) const FAMILIES: &[&[Group]] =
    &[executions::GROUPS, lists::GROUPS, machines::GROUPS, activities::GROUPS, versions::GROUPS];

/// Two answers that name one moment may be this far apart: one may be cut to whole seconds (HIS-09).
const ONE_MOMENT: i64 = 1_000;

/// Whether two answers name the same moment; a missing or implausible one is another rule's.
fn same_moment(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one.and_then(moment), other.and_then(moment)) {
        (Some(one), Some(other)) => (one - other).abs() <= ONE_MOMENT,
        _ => true,
    }
}
