//! What keeps a verb from its work, with the exit code it means. Messages end in a remedy.

use std::path::Path;

use engine::EngineError;
use report::directory::WriteError;
use targets::TargetError;

use crate::Exit;

/// Why a verb could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line or an input file is at fault.
    #[error("{0}")]
    Usage(String),
    /// The harness or the target could not run.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// The exit that it means.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Broken(_) => Exit::Broken,
        }
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(path: &Path, why: impl std::fmt::Display, remedy: &str) -> Self {
        Self::Usage(format!("cannot read {}: {why}; {remedy}", path.display()))
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Broken(error.to_string()) }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::UnknownRule(..) | EngineError::Baseline(_) | EngineError::Ledger { .. } => {
                Self::Usage(error.to_string())
            }
            EngineError::Target(_) | EngineError::Stack { .. } | EngineError::Runtime(_) => {
                Self::Broken(error.to_string())
            }
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::Usage(error.to_string())
    }
}
