//! What `inspect` says beside the lock itself.

use contract::table;
use schemars::JsonSchema;
use serde::Serialize;

use super::LeaseTerms;
use crate::lock::engine::Engine;
use crate::lock::info::LockInfo;
use crate::lock::lease::{Lease, Liveness};
use crate::protocol::Found;

/// What was found beside the lock, and what it means.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Inspection {
    /// The lock in the table; missing if none lies there, or there is no table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_lock: Option<Box<TableLock>>,
    /// Whether bucket and table hold the same lock, or none both; missing if there is no table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consistent: Option<bool>,
    /// Whether the table's digest is that of the state; missing if the table has none. If not, who uses the table cannot read the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_in_step: Option<bool>,
    /// The state that the lock guards.
    pub state_object: StateObject,
    /// What is known of the process that keeps the lease; missing if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<Liveness>,
    /// What all of it means, for people: short sentences, the last one with the command to type next.
    pub explanation: Vec<String>,
}

impl Inspection {
    /// The explanation, a sentence a line. The sentences have words of others in them.
    pub(super) fn lines(&self) -> String {
        let lines =
            self.explanation.iter().flat_map(|sentence| [" ".to_owned(), table::printable(sentence), "\n".to_owned()]);
        lines.collect()
    }
}

/// The lock in the table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TableLock {
    /// What it says; missing if it cannot be read.
    #[serde(flatten)]
    pub info: Option<LockInfo>,
    /// Which program wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// The lease. It is renewed in the bucket only, so it cannot be said from here whether it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseTerms>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

impl TableLock {
    /// What was found in a table.
    #[must_use]
    pub fn found(found: &Found) -> Self {
        let lock = found.lock.as_ref().ok();
        Self {
            info: lock.cloned(),
            engine: lock.map(Engine::of),
            lease: lock.and_then(Lease::of).map(|lease| LeaseTerms::of(&lease, None)),
            unreadable: found.lock.as_ref().err().map(ToString::to_string),
        }
    }
}

/// The state that a lock guards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateObject {
    /// Whether there is one; missing if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// How long it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// When it was written, by the server's clock, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Whether it was written after the lock: whatever the lock is held for got at least that far. Missing without a lock, and if it cannot
    /// be known: times are whole seconds, and a lock in a table has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_since_lock: Option<bool>,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}
