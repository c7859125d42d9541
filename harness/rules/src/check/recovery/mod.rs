//! Failures, and what Retry and Catch make of them.

pub(super) mod error_equals;
pub(super) mod failure;
pub(super) mod retry_catch;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[retry_catch::GROUPS, failure::GROUPS];
