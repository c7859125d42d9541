//! What a plan runs on: one object-safe method, a clock, and what opens them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use record::{Call, Outcome, Time};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The only source of time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;

    /// Ready once `span` has passed.
    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()>;

    /// Whether time passes only while everything waits.
    fn is_virtual(&self) -> bool;
}

/// What a target says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetTraits {
    /// Its clock is virtual, and each plan gets a target of its own.
    pub is_virtual: bool,
    /// Its requests are metered, as AWS's are: ends of executions are heard of, not polled for, and what is made is tagged.
    pub is_metered: bool,
}

/// Something that answers AWS API calls. One call is one operation: adapters never retry.
pub trait Target: Send + Sync {
    /// Its clock.
    fn clock(&self) -> &dyn Clock;

    /// Makes a call and waits for its answer. Never fails: what cannot be understood is [`Outcome::Unknown`].
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome>;

    /// What it says of itself.
    fn traits(&self) -> TargetTraits;
}

/// Opens targets.
pub trait Targets: Send + Sync {
    /// A target. Embedded ones are fresh, with everything random drawn from `seed`; behind HTTP it is the one
    /// endpoint with connections of its own.
    fn open(&self, seed: u64) -> Result<Arc<dyn Target>, TargetError>;
}

/// A target that cannot be opened: what is wrong, the remedy in the last clause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(pub String);
