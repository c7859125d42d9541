//! SQS: sends, deliveries, visibility, FIFO order, settings.

pub(super) mod answers;
pub(super) mod bounds;
pub(super) mod delivery;
pub(super) mod direct_sends;
pub(super) mod fifo;
pub(super) mod in_flight;
pub(super) mod settings;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[
    delivery::GROUPS,
    answers::GROUPS,
    direct_sends::GROUPS,
    in_flight::GROUPS,
    fifo::GROUPS,
    settings::GROUPS,
    bounds::GROUPS,
];
