//! How a manifest is named in a repository.

use std::fmt;

use contract::Digest;

use crate::tag::Tag;

/// The name of a manifest in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A tag: it can be moved, unless the repository forbids it.
    Tag(Tag),
    /// The digest.
    Digest(Digest),
}

impl Reference {
    /// The tag, if it is one.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(formatter),
            Self::Digest(digest) => digest.fmt(formatter),
        }
    }
}

/// What a reference points at in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The reference.
    pub reference: Reference,
    /// The digest of the manifest that it names; `None` if there is none.
    pub digest: Option<Digest>,
}
