//! (being written)
use super::Group;

pub(super) const GROUPS: &[Group] = &[];
