//! What a parent hears of a child.

use rustix::process::WaitStatus;

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It ended with this code.
    Exited(u8),
    /// This signal ended it.
    Killed(u8),
    /// This signal stopped it.
    Stopped(i32),
}

impl Change {
    /// Reads what waitpid(2) says; `None` if it is nothing of these.
    pub(super) fn of(status: WaitStatus) -> Option<Self> {
        let number = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        let exited = status.exit_status().map(|code| Self::Exited(number(code)));
        let killed = || status.terminating_signal().map(|signal| Self::Killed(number(signal)));
        exited.or_else(killed).or_else(|| status.stopping_signal().map(Self::Stopped))
    }

    /// The code that a shell has for its end; `None` if it has not ended.
    pub(super) fn code(self) -> Option<u8> {
        match self {
            Self::Exited(code) => Some(code),
            Self::Killed(signal) => Some(128_u8.saturating_add(signal)),
            Self::Stopped(_) => None,
        }
    }
}
