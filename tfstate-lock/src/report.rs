//! What is written: the `lock` section, and the table made from it.

mod broken;
mod copies;
mod examination;
mod inspection;
mod listing;
mod metrics;
pub(crate) mod span;

use std::time::Duration;

use contract::table;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::broken::{Broken, BrokenOn};
pub use self::copies::{Backup, Restored};
pub use self::examination::{Counts, Examination, LeftOver, Stage};
pub use self::inspection::{Inspection, StateObject, TableLock};
pub use self::listing::{ListedLock, Listing, LockPlace};
use crate::lock::engine::Engine;
use crate::lock::info::LockInfo;
use crate::lock::lease::Lease;
use crate::protocol::{Found, Token};
use crate::request::Target;

/// The `lock` section of the release document.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Section {
    /// One lock.
    Lock(Box<Lock>),
    /// The locks below a prefix.
    Listing(Listing),
    /// What `doctor` found.
    Examination(Box<Examination>),
}

impl Section {
    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        match self {
            Self::Lock(lock) => lock.table(),
            Self::Listing(listing) => listing.table(),
            Self::Examination(examination) => examination.table(),
        }
    }
}

/// One lock: Terraform's own members, and where the lock lies.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Lock {
    /// Whether the lock is held for this release: what `--require lock` asks. False after a dry run, after `release`, and of another's lock.
    pub ok: bool,
    /// How the lock is.
    pub state: LockState,
    /// What the lock object says; missing if there is none or it cannot be read.
    #[serde(flatten)]
    pub info: Option<LockInfo>,
    /// The bucket.
    pub bucket: String,
    /// The lock object's key.
    pub key: String,
    /// The lock object's `ETag`, while it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The DynamoDB table in which the state is locked as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Which program wrote the lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Seconds since the lock was written last, by the server's clock alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// Seconds since it was taken, from the time that its holder wrote down to the server's: as right as the holder's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_seconds: Option<u64>,
    /// The lease; missing if the lock lasts for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseTerms>,
    /// Why the lock cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// The lock object's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// How the lock object is encrypted, in S3's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
    /// The lock whose lease was over and in whose place this one was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<Box<LockInfo>>,
    /// What was found beside the lock: `inspect` says it.
    #[serde(flatten)]
    pub inspection: Option<Inspection>,
    /// How it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Broken>,
    /// The copy that was made of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Box<Backup>>,
    /// The copy that was put back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<Box<Restored>>,
}

/// How long a lock lasts.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LeaseTerms {
    /// Seconds from the last writing on.
    pub ttl_seconds: u64,
    /// How often it was renewed.
    pub renewals: u64,
    /// Whether it is over, so that others may take the lock over; missing if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
}

/// How a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockState {
    /// Held, under the id in this section.
    Held,
    /// Held by someone else.
    HeldByOther,
    /// Given back.
    Released,
    /// Taken away from its holder.
    Broken,
    /// Free: nothing was found.
    Free,
    /// Not there although it should have been.
    Gone,
    /// Nobody knows.
    Unknown,
}

impl LockState {
    fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::HeldByOther => "held by someone else",
            Self::Released => "released",
            Self::Broken => "broken",
            Self::Free => "free",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl Lock {
    /// The section for the lock of a state, as far as it is known before anything is said about it.
    #[must_use]
    pub fn new(target: &Target, state: LockState) -> Self {
        Self {
            ok: state == LockState::Held,
            state,
            info: None,
            bucket: target.state.bucket().to_owned(),
            key: target.state.lock_key(),
            etag: None,
            table: target.table.clone(),
            engine: None,
            age_seconds: None,
            held_seconds: None,
            lease: None,
            unreadable: None,
            version_id: None,
            encryption: None,
            instead_of: None,
            inspection: None,
            broken: None,
            backup: None,
            restored: None,
        }
    }

    /// With what the lock says.
    #[must_use]
    pub fn saying(self, lock: &LockInfo) -> Self {
        let lease = Lease::of(lock).map(|lease| LeaseTerms::of(&lease, None));
        Self { info: Some(lock.clone()), engine: Some(Engine::of(lock)), lease, ..self }
    }

    /// With what the lock says, if that is known.
    #[must_use]
    pub fn maybe_saying(self, lock: Option<&LockInfo>) -> Self {
        match lock {
            Some(lock) => self.saying(lock),
            None => self,
        }
    }

    /// With what names it.
    #[must_use]
    pub fn named(self, token: &Token) -> Self {
        Self { etag: Some(token.0.clone()), ..self }
    }

    /// With the lock that it replaced.
    #[must_use]
    pub fn instead_of(self, lock: Option<Box<LockInfo>>) -> Self {
        Self { instead_of: lock, ..self }
    }

    /// With all that was found at its place. An item of a table has no `ETag`.
    #[must_use]
    pub fn found(self, found: &Found) -> Self {
        let said = self.maybe_saying(found.lock.as_ref().ok());
        let expired = found.age().map(|_| found.is_expired());
        Self {
            lease: found.lease().map(|lease| LeaseTerms::of(&lease, expired)),
            unreadable: found.lock.as_ref().err().map(ToString::to_string),
            etag: found.modified.map(|_| found.token.0.clone()),
            age_seconds: found.age().map(|age| age.as_secs()),
            held_seconds: found.held().map(|held| held.as_secs()),
            version_id: found.version_id.clone(),
            encryption: found.encryption.clone(),
            ..said
        }
    }

    /// What people see of it, a line each.
    fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("object", format!("s3://{}/{}", self.bucket, self.key))];
        rows.push(("table", self.table.clone().unwrap_or_default()));
        if let Some(info) = &self.info {
            let since = info.created.strftime("%Y-%m-%dT%H:%M:%SZ");
            let held = self.held_seconds.map(|seconds| format!(", {}", span::words(Duration::from_secs(seconds))));
            rows.push(("id", info.id.to_string()));
            rows.push(("who", info.who.clone()));
            rows.push(("since", format!("{since}{}", held.unwrap_or_default())));
            rows.push(("operation", info.operation.clone()));
            rows.push(("info", Lease::of(info).map_or_else(|| info.info.clone(), |lease| lease.info)));
        }
        rows.push(("unreadable", self.unreadable.clone().unwrap_or_default()));
        rows
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let lines = self.rows();
        let rows =
            lines.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| vec![name.to_owned(), value]);
        let copies = [self.backup.as_ref().map(|copy| copy.table()), self.restored.as_ref().map(|copy| copy.table())];
        let below = self.inspection.as_ref().map(Inspection::lines).filter(|lines| !lines.is_empty());
        let tables = std::iter::once(table::render(&["lock", self.state.word()], rows))
            .chain(copies.into_iter().flatten())
            .chain(below);
        tables.collect::<Vec<_>>().join("\n")
    }
}

impl LeaseTerms {
    /// The terms of a lease, and whether it is over.
    #[must_use]
    pub fn of(lease: &Lease, expired: Option<bool>) -> Self {
        Self { ttl_seconds: lease.ttl.as_secs(), renewals: lease.seq, expired }
    }
}
