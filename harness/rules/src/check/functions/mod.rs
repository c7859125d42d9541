//! Lambda functions that a queue calls by an event source mapping.

pub(super) mod mapping;
pub(super) mod mapping_answers;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[mapping::GROUPS, mapping_answers::GROUPS];
