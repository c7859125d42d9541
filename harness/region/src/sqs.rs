//! SQS: standard and FIFO queues in virtual time (SQS-01 to SQS-20).
//!
//! `api` is the operations on queues, `sending`, `receiving` and `batches` those on messages; `queue` keeps messages, `attributes`
//! checks queue attributes, `digest` makes MD5s.

mod api;
mod attributes;
mod batches;
mod digest;
mod queue;
mod receiving;
mod sending;

use std::collections::BTreeMap;

use record::{ApiError, Time};

pub(crate) use digest::{md5_hex, md5_of_attributes};
pub(crate) use queue::{Message, Outgoing, Queue, Sent};

/// All queues by name.
#[derive(Debug, Default)]
pub(crate) struct Sqs {
    pub(crate) queues: BTreeMap<String, Queue>,
    /// When a deleted queue's name is free again (SQS-20).
    pub(crate) deleted: BTreeMap<String, Time>,
}

/// The error of a queue that does not exist (recording `sqs::test_non_existent_queue`).
pub(crate) fn no_queue() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

/// Whether this is the name of a FIFO queue or topic; the suffix is always small.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "a suffix of AWS's, not of a file")]
pub(crate) fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// The name of the queue that a URL or an ARN names.
pub(crate) fn queue_name(of: &str) -> Option<&str> {
    let name = of.rsplit(['/', ':']).next()?;
    let addressed = of.starts_with("http") || of.starts_with("arn:") || of == name;
    (addressed && !name.is_empty()).then_some(name)
}
