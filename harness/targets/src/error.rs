//! Why a target cannot be used, and what to do about it. Never a verdict about a rule.

use std::fmt;
use std::time::Duration;

/// A target that could not be reached, started or understood. Exit code 4, or 5 where the specification is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError {
    what: String,
    remedy: String,
    usage: bool,
}

impl TargetError {
    /// The environment does not allow it: nothing listens, nothing is installed, something did not start.
    pub(crate) fn unavailable(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), usage: false }
    }

    /// The specification or an option cannot be understood.
    pub(crate) fn usage(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into(), usage: true }
    }

    pub(crate) fn unusable(why: String) -> Self {
        Self::unavailable(why, "check the TLS certificates of this machine; nothing was sent")
    }

    pub(crate) fn refused(address: &str, why: &str) -> Self {
        Self::unavailable(
            format!("nothing listens at {address} ({why})"),
            "start the emulator first, or check host and port",
        )
    }

    pub(crate) fn silent(address: &str, patience: Duration) -> Self {
        Self::unavailable(
            format!("{address} accepts connections but gave no answer within {patience:?}"),
            "restart the emulator, or check that the port speaks plain HTTP (or https) as the address says",
        )
    }

    pub(crate) fn foreign(address: &str, why: &str) -> Self {
        Self::unavailable(
            format!("{address} does not answer ListStateMachines as AWS Step Functions would: {why}"),
            "check that the address is an AWS endpoint with Step Functions enabled, not a proxy or a web page",
        )
    }

    /// The error with the last lines of a log.
    pub(crate) fn with_log(mut self, log: &str) -> Self {
        const LINES: usize = 20;
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let tail = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        if !tail.is_empty() {
            self.what.push_str("; its last lines:");
            for line in tail {
                self.what.push_str("\n    ");
                self.what.push_str(line);
            }
        }
        self
    }

    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Whether the command line is at fault (exit code 5) and not the environment (exit code 4).
    pub fn is_usage(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  remedy: {}", self.what, self.remedy)
    }
}

impl std::error::Error for TargetError {}
