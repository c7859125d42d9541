//! State machines: their definitions, and what becomes of them from creation to deletion.

pub(super) mod definition;
pub(super) mod invalid_definition;
pub(super) mod lifecycle;
pub(super) mod validation;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[definition::GROUPS, validation::GROUPS, lifecycle::GROUPS];
