//! The lock that came with the input.

use contract::Input;
use serde::Deserialize;

use crate::error::Error;
use crate::lock::info::LockInfo;
use crate::protocol::Token;

/// A lock of a release document, or a bare lock object.
#[derive(Clone, Debug)]
pub struct PipedLock {
    /// What it says.
    pub lock: LockInfo,
    /// What names it in the bucket, if that is known.
    pub token: Option<Token>,
    /// The table in which it lies as well.
    pub table: Option<String>,
    /// Whether the document says that it is held.
    pub is_held: bool,
}

/// Where a document's lock lies, beside what it says.
#[derive(Default, Deserialize)]
struct Lies {
    #[serde(default)]
    ok: bool,
    #[serde(default)]
    etag: Option<String>,
    #[serde(default)]
    table: Option<String>,
}

impl PipedLock {
    /// Reads the input; none if it has no lock.
    ///
    /// # Errors
    /// There is a lock that is not understood.
    pub fn of(input: &Input) -> Result<Option<Self>, Error> {
        if let Some(bytes) = &input.foreign {
            let lock = LockInfo::parse(bytes).map_err(Error::PipedLock)?;
            return Ok(Some(Self { lock, token: None, table: None, is_held: false }));
        }
        let Some(document) = &input.document else {
            return Ok(None);
        };
        let Some(raw) = document.raw("lock") else {
            return Ok(None);
        };
        let lock = LockInfo::parse(raw.as_bytes()).map_err(Error::PipedLock)?;
        let lies: Option<Lies> = document.read("lock")?;
        let Lies { ok, etag, table } = lies.unwrap_or_default();
        Ok(Some(Self { lock, token: etag.and_then(|etag| Token::of_etag(&etag)), table, is_held: ok }))
    }
}
