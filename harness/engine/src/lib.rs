//! Running plans on a target: concurrency, faults, budget, ledger, baseline, sharding, minimising and scoring.
//!
//! The engine does not know which target it runs on; it sees [`Target`] and [`Clock`] only. Whatever it sees goes into
//! [`record::CaseRecord`]s, which the rules judge, and out as [`record::RunEvent`]s through a [`Sink`].

mod baseline;
mod error;
mod options;
mod run;
mod summary;
mod target;

pub use baseline::{Baseline, Known};
pub use error::EngineError;
pub use options::{Banner, Cancel, NoShard, Options, Shard, Sink};
pub use run::run;
pub use summary::{ExitReason, Summary};
pub use target::{BoxFuture, Clock, Target, TargetError, TargetTraits, Targets};
