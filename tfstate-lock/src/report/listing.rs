//! The locks below a prefix.

use std::time::Duration;

use contract::table;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Lock, LockState, span};

/// What `list` found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Listing {
    /// Always false: no lock of these is held for a release, and `--require lock` must not take a list for one.
    pub ok: bool,
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with; may be empty.
    pub prefix: String,
    /// The DynamoDB table that was read as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The locks, in the order of their keys. A state whose locks in bucket and table differ is there twice.
    pub locks: Vec<ListedLock>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ListedLock {
    /// The state that it guards, as all commands take it: `s3://BUCKET/KEY`.
    pub address: String,
    /// Where it lies.
    pub places: Vec<LockPlace>,
    /// What it says.
    #[serde(flatten)]
    pub lock: Lock,
    /// Why nothing is known of it but that it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// Where a lock lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockPlace {
    /// An object in the bucket.
    Bucket,
    /// An item in the table.
    Table,
}

impl Listing {
    /// The list for people.
    #[must_use]
    pub fn table(&self) -> String {
        let head = ["state", "who", "operation", "held for", "lease", "id"];
        table::render(&head, self.locks.iter().map(ListedLock::cells))
    }
}

impl ListedLock {
    fn cells(&self) -> Vec<String> {
        let lock = &self.lock;
        let none = || "-".to_owned();
        let held = lock.held_seconds.or(lock.age_seconds);
        let held = held.map_or_else(none, |seconds| span::words(Duration::from_secs(seconds)));
        let (who, operation, id) = match (&lock.info, &lock.unreadable, &self.unknown) {
            (Some(info), ..) => (info.who.clone(), info.operation.clone(), info.id.to_string()),
            (None, Some(cause), _) => (none(), format!("unreadable: {cause}"), self.etag()),
            (None, None, Some(cause)) => (none(), format!("unknown: {cause}"), none()),
            (None, None, None) => (none(), lock.state.word().to_owned(), none()),
        };
        vec![self.address.clone(), who, operation, held, self.lease(), id]
    }

    /// By which an object that nobody can read is named to `break`.
    fn etag(&self) -> String {
        self.lock.etag.as_ref().map_or_else(|| "-".to_owned(), |etag| format!("etag {etag}"))
    }

    fn lease(&self) -> String {
        match &self.lock.lease {
            None if self.lock.info.is_some() => "none".to_owned(),
            None => "-".to_owned(),
            Some(lease) if lease.expired == Some(true) => "over".to_owned(),
            Some(lease) => span::words(Duration::from_secs(lease.ttl_seconds)),
        }
    }

    /// A lock of which nothing more is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.lock.state == LockState::Unknown
    }
}
