//! Task tokens: how they are handed out, what SendTask* answers and does, and what closes them.

pub(super) mod answers;
pub(super) mod closing;
pub(super) mod coverage;
pub(super) mod effect;
pub(super) mod input;
pub(super) mod issue;
pub(super) mod no_effect;
pub(super) mod open;

use super::Group;

pub(super) const FAMILIES: &[&[Group]] = &[input::GROUPS, answers::GROUPS, issue::GROUPS, effect::GROUPS];
