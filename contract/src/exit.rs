//! The exit codes, the same in all five tools.

/// How a run ended, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, passed, clean, or nothing to do.
    Yes,
    /// 1: the answer is no: gate shut, rollout failed or rolled back, lock held by someone else, upstream said no.
    No,
    /// 2: the question was wrong: usage, unreadable or invalid input.
    Usage,
    /// 3: the world failed: credentials, permissions, network, AWS.
    World,
    /// 4: the outcome is unknown: gave up waiting, the work may go on.
    Unknown,
    /// 128+n: ended by signal n.
    Signal(u8),
    /// n: what a command that the tool ran has ended with.
    Child(u8),
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::World => 3,
            Self::Unknown => 4,
            Self::Signal(number) => 128_u8.saturating_add(number),
            Self::Child(code) => code,
        }
    }
}

/// The table that every `--help` ends with.
pub const HELP: &str = "\
Exit codes:
  0      yes: done, passed, clean, or nothing to do
  1      no: the answer is no, or upstream said no
  2      the question was wrong: usage, unreadable or invalid input
  3      the world failed: credentials, permissions, network, AWS
  4      outcome unknown: gave up waiting, the work may go on
  128+n  ended by signal n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_has_its_number() {
        let exits = [Exit::Yes, Exit::No, Exit::Usage, Exit::World, Exit::Unknown, Exit::Signal(2), Exit::Child(77)];
        assert_eq!(exits.map(Exit::code), [0, 1, 2, 3, 4, 130, 77]);
    }
}
