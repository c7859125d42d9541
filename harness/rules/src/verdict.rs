//! What a run says of one rule in the end.

use serde::{Deserialize, Serialize};

/// The verdict on a rule. Only [`Verdict::Holds`] is green.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Its antecedent occurred and it held, in so many cases.
    Holds {
        /// How many cases showed it.
        cases: u64,
    },
    /// It was broken.
    Violated {
        /// The first case that shows it.
        witness: Witness,
        /// How many cases show it.
        cases: u64,
    },
    /// Its antecedent never occurred.
    Vacuous {
        /// Why not.
        why: String,
    },
    /// What was seen does not decide it.
    Inconclusive {
        /// Why not.
        why: String,
    },
    /// The target lacks what the rule is about.
    Unsupported {
        /// What it lacks.
        capability: String,
    },
}

impl Verdict {
    /// The word that reports print.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Holds { .. } => "holds",
            Self::Violated { .. } => "violated",
            Self::Vacuous { .. } => "vacuous",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

/// The case that shows a violation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The plan's name.
    pub plan: String,
    /// The check that saw it.
    pub check: String,
    /// What was expected and what was seen.
    pub message: String,
    /// The history event that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
}
