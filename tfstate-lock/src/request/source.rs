//! Where a copy of a state lies.

use contract::{Digest, Input};
use serde::Deserialize;

use crate::cli::SourceOperand;
use crate::error::Error;
use crate::state::address::StateAddress;

/// Where a copy lies.
#[derive(Clone, Debug)]
pub enum Source {
    /// A version of the state itself.
    Version(String),
    /// Another object, or a file.
    Other(SourceOperand),
}

/// The section that `backup` wrote.
#[derive(Deserialize)]
struct AfterBackup {
    #[serde(default)]
    backup: Option<Copied>,
}

/// What it says about where the copy lies.
#[derive(Deserialize)]
struct Copied {
    #[serde(default)]
    version_id: Option<String>,
    #[serde(default)]
    copy: Option<String>,
    digest: Digest,
}

impl Source {
    /// Where the copy lies, and the digest that it has if the document names it.
    pub(super) fn of(
        from: Option<SourceOperand>,
        version_id: Option<String>,
        input: &Input,
    ) -> Result<(Self, Option<Digest>), Error> {
        match (from, version_id) {
            (Some(from), _) => return Ok((Self::Other(from), None)),
            (_, Some(version)) => return Ok((Self::Version(version), None)),
            (None, None) => {}
        }
        let section: Option<AfterBackup> =
            input.document.as_ref().map(|document| document.read("lock")).transpose()?.flatten();
        match section.and_then(|section| section.backup) {
            Some(Copied { version_id: Some(version), digest, .. }) => Ok((Self::Version(version), Some(digest))),
            Some(Copied { copy: Some(copy), digest, .. }) => {
                // What `backup` wrote lies in the bucket: never in a file of this name.
                let copy = copy.parse().map_err(Error::Path)?;
                Ok((Self::Other(SourceOperand::Object(copy)), Some(digest)))
            }
            _ => Err(Error::NoCopy),
        }
    }

    /// In one word.
    #[must_use]
    pub fn place(&self, state: &StateAddress) -> String {
        match self {
            Self::Version(id) => format!("{state}?versionId={id}"),
            Self::Other(SourceOperand::Object(copy)) => copy.to_string(),
            Self::Other(SourceOperand::File(file)) => file.display().to_string(),
        }
    }
}
