//! The embedded AWS region: Step Functions, SQS, SNS, EventBridge and Lambda as one value in lazy virtual time.
//!
//! [`Region::call`] answers one API call at a moment that the caller names; timers that are due by then fire first, each at
//! its own moment. There are no threads, no sockets, no wall clock and no randomness but the seed's: the same calls at the
//! same moments with the same seed give byte-equal answers.
//!
//! What it does not do: parsing wire protocols, judging (`rules`), planning. Wrong variants of it live in [`mutants`], behind
//! the one seam [`Conduct`]; the code of the services knows none of them.

pub mod conduct;
mod connectors;
mod events;
mod execution;
mod ids;
mod json_fault;
mod lambda;
pub mod mutants;
mod place;
mod refuse;
mod region;
mod request;
pub mod script;
mod sfn;
mod sns;
mod sqs;
mod tagging;
mod timers;

pub use conduct::Conduct;
pub use connectors::Held;
pub use region::{Answer, Options, Region, patience};
