//! Event histories of Standard workflows: what AWS could not have written is a breach.
//!
//! A history is judged in three passes: each event by itself (`shape`, `details`), the events as a partial order over
//! `previousEventId` (`trace`), and, with a definition, every branch again as `asl` would have run it (`replay`).
//! Calls, deliveries and other executions are not known here. Invariant: nothing that rules.md section 20 leaves open is a
//! breach, and what cannot be known from the history is not guessed.

use record::{History, Time};
use serde_json::Value;

/// One thing that AWS would not have written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule it breaks.
    pub rule: &'static str,
    /// The check that saw it.
    pub check: &'static str,
    /// The id of the event that shows it.
    pub event: Option<u64>,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// What else is known of the execution; every part may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The definition that the execution ran.
    pub definition: Option<&'a asl::Machine>,
    /// The input it was started with, parsed.
    pub input: Option<&'a Value>,
    /// The role of the state machine.
    pub role_arn: Option<&'a str>,
    /// The execution's ARN.
    pub execution_arn: Option<&'a str>,
    /// The state machine's ARN.
    pub state_machine_arn: Option<&'a str>,
    /// Whether the execution is known to have ended before the history was read.
    pub closed: Option<bool>,
    /// `status` of DescribeExecution, once settled.
    pub status: Option<&'a str>,
    /// `startDate` of DescribeExecution.
    pub started: Option<Time>,
    /// `stopDate` of DescribeExecution, once settled.
    pub stopped: Option<Time>,
    /// Accepted SendTaskSuccess and SendTaskFailure calls.
    pub completions: &'a [Completion],
}

/// A SendTaskSuccess or SendTaskFailure that was answered with success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The token it named.
    pub token: String,
    /// The output as sent, or error and cause.
    pub result: Result<String, (Option<String>, Option<String>)>,
}

/// Something worth knowing that breaks no rule.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Advice {
    /// The rule it comes from, where there is one.
    pub rule: Option<&'static str>,
    /// The event it is about.
    pub event: Option<u64>,
    /// What to look at.
    pub message: String,
}

/// The outcome of checking one history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong, in order of events.
    pub breaches: Vec<Breach>,
    /// Rules whose antecedent occurred in this history, with the check that looked.
    pub met: Vec<(&'static str, &'static str)>,
    /// What a reader should look at.
    pub advice: Vec<Advice>,
    /// What could not be judged, and why.
    pub unjudged: Vec<String>,
}

/// Checks a history, complete or still growing.
pub fn check(history: &History, known: &Known<'_>) -> Checked {
    let _ = (history, known);
    Checked::default()
}

/// Every check of histories: rule, check, what it looks at.
pub const CHECKS: &[(&str, &str, &str)] = &[];
