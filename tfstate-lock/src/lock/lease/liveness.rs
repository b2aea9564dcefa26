//! Whether the process that keeps a lease is still there.

use schemars::JsonSchema;
use serde::Serialize;

use crate::process::identity::ProcessIdentity;

/// What is known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Liveness {
    /// It runs on this machine.
    Alive,
    /// It ran on this machine, since its last start, and is no more.
    Gone,
    /// It is another machine's or another container's, or this one was started again since: from here nobody can say.
    Elsewhere,
    /// Nothing names a process.
    Unknown,
}

impl Liveness {
    /// Looks for a process on this machine.
    #[must_use]
    pub fn of(process: Option<&ProcessIdentity>) -> Self {
        match process.map(ProcessIdentity::is_alive) {
            None => Self::Unknown,
            Some(None) => Self::Elsewhere,
            Some(Some(true)) => Self::Alive,
            Some(Some(false)) => Self::Gone,
        }
    }
}
