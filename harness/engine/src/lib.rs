//! Running plans on a target: concurrency, faults, ledger, baseline, sharding, minimising and scoring.
//!
//! The engine does not know which target it runs on; it sees [`Target`] and [`Clock`] only. Whatever it sees goes into
//! [`record::CaseRecord`]s, which the rules judge, and out as [`record::RunEvent`]s through a [`Sink`].

mod archive;
mod baseline;
mod budget;
mod capability;
mod case;
mod choice;
mod ends;
mod error;
mod faults;
mod function;
mod insist;
mod interpret;
mod lanes;
mod ledger;
mod leftovers;
mod minimise;
mod options;
mod partition;
mod patience;
mod place;
mod recorder;
mod resource;
mod run;
mod run_id;
mod slots;
mod smaller;
mod stack;
mod stopwatch;
mod stored;
mod summary;
mod target;
mod world;

pub use baseline::{Baseline, Known};
pub use budget::{Budget, Rates, Spent};
pub use choice::deciding;
pub use error::EngineError;
pub use ledger::open_entries;
pub use leftovers::{Left, find, remove};
pub use options::{Banner, Cancel, NoShard, Options, SPARE, Shard, Sink};
pub use resource::ResourceKind;
pub use run::{Replayed, asked_for, judged_rules, replay, run, run_plans, summed_up};
pub use run_id::RunId;
pub use stack::Stack;
pub use stored::judge_stored;
pub use summary::{ExitReason, Summary};
pub use target::{BoxFuture, Clock, Target, TargetError, TargetTraits, Targets};
