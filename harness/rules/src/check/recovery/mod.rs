//! Failures, and what Retry and Catch make of them.

mod catch;
mod error_equals;
mod failure;
mod rescue;
mod retry;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[rescue::GROUPS, failure::GROUPS];
