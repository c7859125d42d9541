//! Timeouts and heartbeats: never early, but eventually.

pub(super) mod heartbeat;
pub(super) mod machine_timeout;
pub(super) mod task_timeout;
pub(super) mod timeout_path;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] =
    &[task_timeout::GROUPS, machine_timeout::GROUPS, timeout_path::GROUPS, heartbeat::GROUPS];
