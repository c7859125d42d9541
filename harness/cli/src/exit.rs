//! The exit codes: one place, every one of them promised in the README.

use std::process::{ExitCode, Termination};

use engine::ExitReason;

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything holds, or fails exactly as the baseline says.
    Conforms,
    /// A rule is violated that no baseline lists.
    Violated,
    /// The baseline lists what no longer shows.
    StaleBaseline,
    /// A core rule was not decided, or the run was cut short.
    Inconclusive,
    /// The harness or the target could not run.
    Broken,
    /// A wrong command line or unreadable input.
    Usage,
    /// Resources are left behind.
    Leftovers,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Conforms => 0,
            Self::Violated => 1,
            Self::StaleBaseline => 2,
            Self::Inconclusive => 3,
            Self::Broken => 4,
            Self::Usage => 5,
            Self::Leftovers => 6,
        }
    }

    /// The worse of two, for several targets: what cannot be trusted at all before what is known to be wrong.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Conforms => 0,
            Self::Leftovers => 1,
            Self::Inconclusive => 2,
            Self::StaleBaseline => 3,
            Self::Violated => 4,
            Self::Usage => 5,
            Self::Broken => 6,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<ExitReason> for Exit {
    fn from(reason: ExitReason) -> Self {
        match reason {
            ExitReason::Conforms => Self::Conforms,
            ExitReason::Violated => Self::Violated,
            ExitReason::StaleBaseline => Self::StaleBaseline,
            ExitReason::Undecided => Self::Inconclusive,
            ExitReason::Broken => Self::Broken,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
