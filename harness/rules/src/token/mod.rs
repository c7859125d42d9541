//! The task token as a write-once register with an expiry, and the check that its operations could have happened so.
//!
//! A token is open from its issue until exactly one thing closes it: a completion, an expiry, a stop, the failure of a
//! sibling. Completions and heartbeats that were accepted happened while it was open, refusals as closed happened after it
//! was closed. [`linearizable`] decides in one pass whether any closing moment explains every answer: no search is needed,
//! since the register closes only once. Pure arithmetic over intervals; it knows neither calls nor histories.

mod register;

pub use register::{Closer, Fault, Interval, Move, Op, Register, linearizable};
