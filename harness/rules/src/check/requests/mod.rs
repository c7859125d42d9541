//! What any operation may be asked and how it answers, whatever it is about: members, bounds, codes and statuses.

pub(super) mod answer_shape;
pub(super) mod lawful_services;
pub(super) mod lawful_workflows;
pub(super) mod model;
pub(super) mod resource_errors;
pub(super) mod wire;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[
    wire::GROUPS,
    answer_shape::GROUPS,
    resource_errors::GROUPS,
    lawful_workflows::GROUPS,
    lawful_services::GROUPS,
];
