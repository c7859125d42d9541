//! The lines of `run.jsonl`: the one source of every report. A run directory is valid after any line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CaseRecord, Operation};

/// The schema number that the first line carries.
pub const SCHEMA: u32 = 1;

/// What one check said of one case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, e.g. `TOK-13`.
    pub rule: String,
    /// The check of the rule, e.g. `used-token-is-refused`.
    pub check: String,
    /// What it said.
    pub kind: FindingKind,
    /// For people: what was expected and what was seen. Empty where the rule was simply met.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The history event concerned, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
}

/// What a check can say of one case. A check whose antecedent did not occur says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The antecedent occurred and the rule held.
    Met,
    /// Several outcomes are allowed; the message names the one seen (`A-04: TaskTimedOut`).
    Observed,
    /// The target does not offer what the rule is about; the message names the capability.
    Unsupported,
    /// Not decidable from what was seen (an unknown outcome, a checker out of budget).
    Inconclusive,
    /// The rule was broken.
    Violated,
}

/// One line of `run.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// First line.
    Started {
        /// [`SCHEMA`].
        schema: u32,
        /// Name and version of the tool.
        tool: String,
        /// The target as given.
        target: String,
        /// Its endpoint, where it has one.
        endpoint: String,
        /// The name of what answers there, e.g. `moto`.
        name: String,
        /// Its version, empty where unknown.
        version: String,
        /// `smoke`, `core` or `full`.
        profile: String,
        /// The seed of the plans.
        seed: u64,
        /// Start, ISO 8601.
        at: String,
        /// The rules that were asked for; all where empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rules: Vec<String>,
        /// Which part of the plans was run, as `I/N`; all of them where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shard: Option<String>,
        /// How many plans were asked for, where a number was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cases: Option<usize>,
        /// Whether SHOULD rules counted for the exit.
        #[serde(default)]
        strict: bool,
    },
    /// A capability that was probed.
    Capability {
        /// Its name, e.g. `jsonata`.
        name: String,
        /// Whether the target has it.
        present: bool,
        /// What was asked and answered.
        evidence: String,
    },
    /// One executed plan with what was seen and what the rules said.
    Case {
        /// The plan as data.
        plan: Value,
        /// Every call, tokens redacted.
        record: CaseRecord,
        /// What the checks said; [`FindingKind::Met`] findings without message included.
        findings: Vec<Finding>,
    },
    /// A smaller plan that shows the same violation.
    Minimised {
        /// The rule.
        rule: String,
        /// The check.
        check: String,
        /// The plan that first showed it.
        from: String,
        /// The smaller plan as data.
        plan: Value,
        /// The record of its execution, tokens redacted.
        record: CaseRecord,
        /// In how many of how many tries it showed.
        shown: (u32, u32),
    },
    /// What the run used, counted: before the last line.
    Spent {
        /// Calls by operation, those included that no case shows: probes, polls, removals.
        calls: BTreeMap<Operation, u64>,
        /// State transitions.
        transitions: u64,
        /// Dollars at the list prices that the run was reckoned with; zero where it was reckoned with none.
        dollars: f64,
    },
    /// The harness or the target could not go on.
    Broken {
        /// The error, with its remedy.
        error: String,
    },
    /// Last line.
    Finished {
        /// Wall time in seconds.
        elapsed_s: f64,
        /// Plans executed.
        cases: u64,
        /// Whether the run was cut short (signal or time budget).
        cut: bool,
    },
}
