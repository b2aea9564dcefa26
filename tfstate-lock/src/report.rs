//! What is written: the `lock` section, and the table made from it.

use contract::table;
use schemars::JsonSchema;
use serde::Serialize;

use crate::lock_info::LockInfo;
use crate::state_address::StateAddress;

/// The `lock` section of the release document: Terraform's own members, and where the lock lies.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Lock {
    /// Whether the lock is held for this release: what `--require lock` asks. False after a dry run and after `release`.
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
    /// Free: a dry run found nothing.
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
            Self::Free => "free",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl Lock {
    /// The section for a lock of `address`.
    #[must_use]
    pub fn new(address: &StateAddress, state: LockState, info: Option<LockInfo>, etag: Option<String>) -> Self {
        Self {
            ok: state == LockState::Held,
            state,
            info,
            bucket: address.bucket().to_owned(),
            key: address.lock_key(),
            etag,
        }
    }

    /// The section for people.
    #[must_use]
    pub fn table(&self) -> String {
        let head = ["state", "lock", "id", "who", "created", "operation", "info"];
        let place = format!("s3://{}/{}", self.bucket, self.key);
        let mut cells = vec![self.state.word().to_owned(), place];
        match &self.info {
            Some(info) => cells.extend([
                info.id.to_string(),
                info.who.clone(),
                info.created.to_string(),
                info.operation.clone(),
                info.info.clone(),
            ]),
            None => cells.extend(["-"; 5].map(str::to_owned)),
        }
        table::render(&head, [cells])
    }
}
