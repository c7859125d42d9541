//! What a target is known to do wrong: exact entries with reasons; a stale one fails.

use serde::{Deserialize, Serialize};

/// `fixtures/baselines/NAME.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The entries.
    #[serde(default)]
    pub entry: Vec<Known>,
}

/// One thing that a target is known to do wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The rule.
    pub rule: String,
    /// The check; for verdicts other than `violated` it may be left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub check: String,
    /// `violated`, `vacuous`, `inconclusive` or `unsupported`.
    pub verdict: String,
    /// Why, for people. `TODO` is refused.
    pub reason: String,
    /// It does not show in every run: its absence is not stale.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sometimes: bool,
}
