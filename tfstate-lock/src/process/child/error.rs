//! What can go wrong with a command before it runs.

use std::io;

use contract::{Exit, Fault};
use thiserror::Error;

/// A command that was not started, or not guarded.
#[derive(Debug, Error)]
pub enum ChildError {
    /// There is no such program.
    #[error("there is no program `{program}`")]
    NotFound {
        /// As it was typed.
        program: String,
    },
    /// There is one, but it does not run.
    #[error("the program `{program}` cannot be run: {cause}")]
    NotExecutable {
        /// As it was typed.
        program: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The system gives no guard.
    #[error("the command cannot be guarded: {0}")]
    Guard(io::Error),
    /// The guard was not started by the process that it is told to watch.
    #[error("the process that holds the lock is gone: its command is not started")]
    NoParent,
}

impl Fault for ChildError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotFound { .. } => Exit::Child(127),
            Self::NotExecutable { .. } => Exit::Child(126),
            Self::Guard(_) | Self::NoParent => Exit::World,
        }
    }

    fn code(&self) -> String {
        let code = match self {
            Self::NotFound { .. } => "command.not_found",
            Self::NotExecutable { .. } => "command.not_executable",
            Self::Guard(_) => "system",
            Self::NoParent => "guard.no_parent",
        };
        code.to_owned()
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound { .. } => "check how it is written, and PATH; a shell's own words need the shell: sh -c '…'",
            Self::NotExecutable { .. } => "check its permissions and its first line",
            Self::Guard(_) => "check that /proc is there, and the limits of processes: ulimit -a",
            Self::NoParent => "the guard is started by the tool itself: tfstate-lock run --help",
        };
        Some(hint.to_owned())
    }
}
