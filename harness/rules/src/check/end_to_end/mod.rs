//! The callback workflow as a whole, from the message to the notification.

pub(super) mod conservation;
pub(super) mod workflow;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[workflow::GROUPS, conservation::GROUPS];
