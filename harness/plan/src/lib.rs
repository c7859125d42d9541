//! Plans: what a harness does to a target, as data.
//!
//! A [`Plan`] names machines, and steps with symbolic tokens and times; it is generated from a seed ([`generate`]), stored as
//! JSON, made smaller ([`shrink`]) and priced ([`Cost`]). How it is executed is the engine's business; what its outcome
//! means is the rules'.

mod cost;
pub mod definition;
mod family;
mod fault;
mod generate;
pub mod payload;
mod profile;
mod shrink;
mod step;
mod template;

pub use cost::Cost;
pub use fault::Fault;
pub use generate::{families, generate};
pub use profile::{NoProfile, Profile};
pub use shrink::shrink;
pub use step::{Answer, FunctionSpec, MachineSpec, MappingSpec, Plan, Step};
pub use template::{Filter, Placeholder, holders, whole};
