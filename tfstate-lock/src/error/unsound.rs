//! What an examination found.

use std::fmt;

/// What an examination found that is not as it should be, by the names of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// What failed.
    pub failed: Vec<String>,
    /// What nobody can say.
    pub unknown: Vec<String>,
    /// How many findings are as they should be.
    pub passed: usize,
    /// How many there are.
    pub of: usize,
    /// What to do about the first of them.
    pub hint: Option<String>,
}

impl fmt::Display for Unsound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// More names than this are in the document only.
        const MOST: usize = 8;
        let Self { failed, unknown, passed, of, .. } = self;
        write!(formatter, "{passed} of {of} checks passed")?;
        for (word, checks) in [("failed", failed), ("unknown", unknown)] {
            let named = &checks[..checks.len().min(MOST)];
            let more = if checks.len() > MOST { ", …" } else { "" };
            if !named.is_empty() {
                write!(formatter, "; {word}: {}{more}", named.join(", "))?;
            }
        }
        Ok(())
    }
}
