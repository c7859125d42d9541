//! Faults that a plan puts between the harness and the target, or into a worker.
//!
//! What each does is the engine's; here are their names. A name that is not here is no plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happens to the next call of an actor that is no poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The request never reaches the target.
    Dropped,
    /// The call takes effect, its reply is lost.
    ReplyLost,
    /// The call is made twice.
    Duplicated,
    /// The request is under way for a second and a half.
    Delayed,
    /// The connection is reset once the request was sent: nobody waits for the reply.
    Reset,
    /// The worker is told 503 by something between; the target never saw the request.
    Unavailable,
    /// The worker is told 500 by something between; the call took effect.
    ServerError,
    /// The worker is told that it asks too often by something between; the target never saw the request.
    Throttled,
    /// The worker dies before the call: it does nothing more.
    CrashBefore,
    /// The worker dies after the call took effect, before it has heard so: it does nothing more.
    CrashAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Dropped,
        Self::ReplyLost,
        Self::Duplicated,
        Self::Delayed,
        Self::Reset,
        Self::Unavailable,
        Self::ServerError,
        Self::Throttled,
        Self::CrashBefore,
        Self::CrashAfter,
    ];

    /// As plans write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::ReplyLost => "reply-lost",
            Self::Duplicated => "duplicated",
            Self::Delayed => "delayed",
            Self::Reset => "reset",
            Self::Unavailable => "unavailable",
            Self::ServerError => "server-error",
            Self::Throttled => "throttled",
            Self::CrashBefore => "crash-before",
            Self::CrashAfter => "crash-after",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_by_its_name_and_no_other() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_value(fault).ok(), Some(serde_json::json!(fault.name())));
        }
        assert!(serde_json::from_str::<Fault>("\"reply-loss\"").is_err());
    }
}
