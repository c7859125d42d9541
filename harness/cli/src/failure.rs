//! What keeps a verb from its work, with the exit code it means. Messages end in a remedy.

use std::io;
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

    /// A file that cannot be written: the command line's fault where the place is wrong, the machine's where it gave out.
    pub(crate) fn unwritable(path: &Path, why: &io::Error, remedy: &str) -> Self {
        use io::ErrorKind as Kind;
        let message = format!("cannot write {}: {why}; {remedy}", path.display());
        match why.kind() {
            Kind::AlreadyExists
            | Kind::InvalidFilename
            | Kind::InvalidInput
            | Kind::IsADirectory
            | Kind::NotADirectory
            | Kind::NotFound
            | Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem => Self::Usage(message),
            _ => Self::Broken(message),
        }
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
            EngineError::UnknownRule(_) | EngineError::Baseline(_) | EngineError::Ledger { .. } => {
                Self::Usage(error.to_string())
            }
            EngineError::Target(_)
            | EngineError::Denied(_)
            | EngineError::Stack { .. }
            | EngineError::Runtime(_) => Self::Broken(error.to_string()),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::unwritable(&error.path, &error.source, "choose a folder that can be written with --out")
    }
}
