//! The verdict of a run on one rule.

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

/// A verdict without what led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "see Verdict")]
pub enum VerdictKind {
    Holds,
    Violated,
    Vacuous,
    Inconclusive,
    Unsupported,
}

impl VerdictKind {
    /// The word that reports print.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Vacuous => "vacuous",
            Self::Inconclusive => "inconclusive",
            Self::Unsupported => "unsupported",
        }
    }

    /// Whether the run should have decided the rule and did not.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Vacuous | Self::Inconclusive)
    }
}

impl Verdict {
    /// Which of the five it is.
    pub const fn kind(&self) -> VerdictKind {
        match self {
            Self::Holds { .. } => VerdictKind::Holds,
            Self::Violated { .. } => VerdictKind::Violated,
            Self::Vacuous { .. } => VerdictKind::Vacuous,
            Self::Inconclusive { .. } => VerdictKind::Inconclusive,
            Self::Unsupported { .. } => VerdictKind::Unsupported,
        }
    }

    /// The word that reports print.
    pub const fn word(&self) -> &'static str {
        self.kind().word()
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
