//! What keeps the engine from its work. A broken target is a verdict or a broken run, never one of these.

use crate::TargetError;

/// The remedy is the last clause.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The target cannot be opened.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Keys that the target does not take.
    #[error(
        "the target refuses whoever asks: {0}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to keys that it knows, with the rights of fixtures/aws"
    )]
    Denied(String),
    /// No such rule.
    #[error("there is no rule `{0}`; `list` shows all")]
    UnknownRule(String),
    /// An invalid baseline.
    #[error("the baseline cannot be used: {0}")]
    Baseline(String),
    /// A ledger that cannot be written or read.
    #[error(
        "the ledger {path} cannot be used: {why}; choose another --out, or for --ledger the ledger.jsonl of a run"
    )]
    Ledger {
        /// Where.
        path: String,
        /// Why not.
        why: String,
    },
    /// A stack that is not there, or not as the sample's template makes it.
    #[error("the stack `{name}` cannot be used: {why}")]
    Stack {
        /// Its name.
        name: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A runtime or a thread that cannot be made.
    #[error("no runtime for a worker: {0}; lower --jobs")]
    Runtime(String),
}
