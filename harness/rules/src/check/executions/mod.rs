//! Executions as DescribeExecution, ListExecutions, StartExecution, StopExecution and RedriveExecution show them.

pub(super) mod redrive;
pub(super) mod start;
pub(super) mod start_again;
pub(super) mod status;
pub(super) mod stop;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] =
    &[start::GROUPS, start_again::GROUPS, status::GROUPS, stop::GROUPS, redrive::GROUPS];
