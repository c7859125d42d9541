//! The record of one executed plan: every call in order, with who made it and when. Rules judge nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Call, Outcome, Time};

/// One call as a harness saw it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Who made the call; calls of one actor never overlap.
    pub actor: String,
    /// Just before it was sent, by the harness's clock.
    pub begun: Time,
    /// Just after the answer, by the harness's clock.
    pub ended: Time,
    /// The request.
    pub call: Call,
    /// The answer.
    pub outcome: Outcome,
    /// What the plan wanted with the call where the call alone does not say it, e.g. `wrong-token:truncated`,
    /// or `fault:reply-lost` where a fault was put between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How the execution of a plan came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseEnd {
    /// Every step was done.
    Complete,
    /// A wait of the plan passed its deadline: what was awaited and what was seen.
    Hung {
        /// What did not come.
        awaited: Awaited,
        /// E.g. `RUNNING, last event TaskSubmitted`.
        saw: String,
    },
    /// The plan could not go on, e.g. the machine of its executions was refused.
    Cut(String),
    /// Not run: the budget did not allow it.
    NotRun(String),
}

/// What a wait of a plan is for. Executions are numbered as in the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// So many tokens of an execution, each in a message.
    Tokens {
        /// Whose.
        execution: u32,
        /// How many in all.
        tokens: u32,
    },
    /// Something that a history shows.
    Shown {
        /// Whose history.
        execution: u32,
        /// E.g. `the end`.
        what: String,
    },
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens { execution, tokens } => {
                write!(f, "token {tokens} of execution {execution} in a message")
            }
            Self::Shown { execution, what } => write!(f, "{what} of execution {execution}"),
        }
    }
}

/// Everything that was seen of one plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseRecord {
    /// The plan's name, unique in a run.
    pub plan: String,
    /// The family of plans it comes from.
    pub family: String,
    /// Calls in the order in which they began.
    pub entries: Vec<Entry>,
    /// Steps that passed their deadline or could not go on; [`CaseEnd::Complete`] where none.
    pub end: CaseEnd,
    /// Faults that the plan asked for, and whether each fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<(String, bool)>,
}
