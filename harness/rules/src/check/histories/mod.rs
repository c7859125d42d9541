//! GetExecutionHistory, and what the histories that it gives say.

pub(super) mod api;
pub(super) mod data;
pub(super) mod events;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[api::GROUPS, events::GROUPS, data::GROUPS];
