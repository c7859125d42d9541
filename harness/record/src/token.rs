//! The task token: a secret that answers for a task.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A task token as AWS issued it. `Debug` and `Display` never show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskToken(String);

impl TaskToken {
    /// Wraps the text of a token.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, to be sent back verbatim (TOK-03).
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskToken({} characters)", self.0.chars().count())
    }
}
