//! How a lock was taken away.

use schemars::JsonSchema;
use serde::Serialize;

/// Who took a lock away, and why that was right.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Broken {
    /// Who, `user@host`.
    pub by: String,
    /// On what ground.
    pub ground: BrokenOn,
    /// What a person said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How old the lock was by the server's clock, in seconds since it was written last; missing of one that lay in the table only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
}

/// On what ground a lock was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrokenOn {
    /// A person named it by its id.
    Id,
    /// A person named it by its `ETag`.
    Etag,
    /// It was older than a person wanted any lock to be.
    OlderThan,
    /// Its lease was over.
    LeaseOver,
    /// The process that kept its lease ran on this machine and is gone.
    ProcessGone,
}

impl BrokenOn {
    /// The ground, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Id => "it was named by its id",
            Self::Etag => "it was named by its ETag",
            Self::OlderThan => "it was older than was allowed",
            Self::LeaseOver => "its lease was over",
            Self::ProcessGone => "its process was gone",
        }
    }
}
