//! What was seen, or why nothing was.

use contract::aws::{CallError, CallErrorKind};
use thiserror::Error;

use super::finding::{Check, Finding};
use crate::error::call_hint;

/// What was seen, or why nothing was.
pub type Seen<T> = Result<T, Unseen>;

/// Why something was not seen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unseen {
    /// Nothing is written on a dry run.
    #[error("a dry run writes nothing, so it was not tried")]
    DryRun,
    /// The bucket did not answer, so it was asked nothing more.
    #[error("the bucket was not reached")]
    NotReached,
    /// What had to come before did not succeed.
    #[error("it was not tried: what comes before it did not succeed")]
    NotTried,
    /// The call failed, in AWS's own words.
    #[error("{0}")]
    Failed(Box<CallError>),
}

impl From<CallError> for Unseen {
    fn from(error: CallError) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl Unseen {
    /// Whether AWS said that the role may not.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::Failed(call) if call.kind == CallErrorKind::AccessDenied)
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::DryRun => Some("run it without --dry-run".to_owned()),
            Self::NotReached | Self::NotTried => None,
            Self::Failed(call) => call_hint(call),
        }
    }

    /// The finding of a check that saw nothing.
    pub(super) fn leaves_unknown(&self, check: Check) -> Finding {
        check.is_unknown(self.to_string(), self.hint())
    }
}
