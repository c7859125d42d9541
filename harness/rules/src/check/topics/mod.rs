//! SNS: what workflows and the harness publish, and who hears it.

pub(super) mod notifications;
pub(super) mod publishing;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[notifications::GROUPS, publishing::GROUPS];
