//! What is written of copies: what `backup` made, and what `restore` put back.

use contract::{Digest, table};
use schemars::JsonSchema;
use serde::Serialize;

use crate::state::address::StateAddress;
use crate::state::file::StateFile;
use crate::state::lineage::Lineage;

/// A copy of a state: a version that the bucket keeps, or an object beside the state.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Backup {
    /// The state's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The copy, `s3://BUCKET/KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<String>,
    /// The `ETag` of the version or the copy.
    pub etag: String,
    /// The state's serial.
    pub serial: u64,
    /// The state's lineage.
    pub lineage: Lineage,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes: `restore` puts back nothing else.
    pub digest: Digest,
    /// When the state was written, RFC 3339, by the server's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// A copy that lies in the state's place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Restored {
    /// Where it came from: `s3://BUCKET/KEY`, with `?versionId=` if it is a version, or a file.
    pub from: String,
    /// The serial of what was there before; missing if there was no state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_before: Option<u64>,
    /// The serial that it has now: the same as before if it was there already.
    pub serial: u64,
    /// The lineage.
    pub lineage: Lineage,
    /// The state's `ETag` now.
    pub etag: String,
    /// The state's version now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// Whether the digest in the table had to be set, and was; missing if there is no table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_repaired: Option<bool>,
    /// Where what was there before is kept: the way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Backup>,
}

impl Backup {
    /// A copy of this state, which was written at that time.
    #[must_use]
    pub fn of(state: &StateFile, etag: &str, modified: Option<jiff::Timestamp>) -> Self {
        Self {
            version_id: None,
            copy: None,
            etag: etag.to_owned(),
            serial: state.serial,
            lineage: state.lineage.clone(),
            bytes: state.size,
            digest: state.digest.clone(),
            modified: modified.map(|time| time.to_string()),
        }
    }

    /// As a version.
    #[must_use]
    pub fn as_version(self, id: &str) -> Self {
        Self { version_id: Some(id.to_owned()), ..self }
    }

    /// As an object of its own.
    #[must_use]
    pub fn as_copy(self, copy: &StateAddress, etag: &str) -> Self {
        Self { copy: Some(copy.to_string()), etag: etag.to_owned(), ..self }
    }

    /// Where it lies, in one word.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.version_id, &self.copy) {
            (Some(id), _) => format!("version {id}"),
            (None, Some(copy)) => copy.clone(),
            (None, None) => "nowhere".to_owned(),
        }
    }

    /// The copy for people.
    #[must_use]
    pub fn table(&self) -> String {
        let head = ["kept as", "serial", "lineage", "bytes", "written"];
        let written = self.modified.clone().unwrap_or_else(|| "-".to_owned());
        let cells = [self.serial.to_string(), self.lineage.to_string(), self.bytes.to_string(), written];
        table::render(&head, [std::iter::once(self.place()).chain(cells).collect()])
    }
}

impl Restored {
    /// What was put back, for people.
    #[must_use]
    pub fn table(&self) -> String {
        let head = ["put back", "serial", "before", "lineage", "kept as"];
        let nothing = || "-".to_owned();
        let cells = vec![
            self.from.clone(),
            self.serial.to_string(),
            self.serial_before.map_or_else(nothing, |serial| serial.to_string()),
            self.lineage.to_string(),
            self.replaced.as_ref().map_or_else(nothing, Backup::place),
        ];
        table::render(&head, [cells])
    }
}
