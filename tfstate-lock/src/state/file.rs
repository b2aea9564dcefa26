//! What a state says about itself, without what it holds.
//!
//! A state is one JSON object: Terraform's and OpenTofu's format version 4, or OpenTofu's encrypted form around it. Its contents are
//! secrets: they are passed over, never kept, and no error repeats them. Source: hashicorp/terraform and opentofu/opentofu,
//! `internal/states/statefile`; opentofu/opentofu, `internal/encryption/state.go` and `base.go`; measured with Terraform 1.11.4.

mod frame;
mod members;

use std::fmt;

use contract::Digest;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::state::lineage::Lineage;
use crate::state::table_digest::TableDigest;
use frame::Frame;

/// The only format version that is read: what Terraform since 0.12 and OpenTofu write.
pub const FORMAT_VERSION: u64 = 4;

/// What is known of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFile {
    /// Which snapshot of the state it is: each that Terraform writes has a higher one.
    pub serial: u64,
    /// Which state it is a snapshot of.
    pub lineage: Lineage,
    /// Whether its contents can be read.
    pub form: Form,
    /// Its length in bytes.
    pub size: u64,
    /// What a lock table would say of it.
    pub md5: TableDigest,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
    /// The SHA-256 of its bytes without the digits of the serial.
    content: Digest,
}

/// Whether the contents of a state can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Yes: format version 4.
    Plain {
        /// The version of the program that wrote it, if it says so.
        terraform_version: Option<String>,
        /// How many resources it holds, data sources included; one with `count` or `for_each` is one.
        resources: usize,
    },
    /// No: OpenTofu's encryption. Serial and lineage stand beside it in clear and once more inside. OpenTofu refuses to read a state in
    /// which they differ ("invalid state metadata, serial field mismatch"), so they cannot be changed without the key.
    Encrypted,
}

/// What was found where a state should be.
pub type Reading = Result<StateFile, StateFileError>;

/// Why bytes are no state. Never repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StateFileError {
    /// There are none. Terraform takes that for no state at all.
    #[error("it is empty")]
    Empty,
    /// The JSON ends too early.
    #[error("it is cut off")]
    Truncated,
    /// It is not JSON.
    #[error("it is not JSON: line {line}, column {column}")]
    NotJson {
        /// Where it stops being JSON, counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// Something follows the JSON.
    #[error("something stands behind its end")]
    TrailingBytes,
    /// It is JSON but no object.
    #[error("it is JSON but not an object")]
    NotAnObject,
    /// A member stands there twice. Terraform would believe the last one.
    #[error("its `{0}` stands there twice")]
    Twice(&'static str),
    /// A member that every state has is not there, or null.
    #[error("it has no `{0}`")]
    Missing(&'static str),
    /// A member is not what it has to be.
    #[error("its `{member}` is not {expected}")]
    WrongType {
        /// The member.
        member: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// Its format is older than what is read.
    #[error("its format version {0} is older than {FORMAT_VERSION}, which Terraform writes since 0.12")]
    TooOld(u64),
    /// Its format is newer than what is read.
    #[error("its format version {0} is newer than {FORMAT_VERSION}, and nobody knows here what it means")]
    TooNew(u64),
    /// It is encrypted in another way than the one that is known.
    #[error("its `encryption_version` is not v0, and nobody knows here what it means")]
    UnknownEncryption,
    /// It is a plain state and an encrypted one at once. Terraform would read the one and OpenTofu the other.
    #[error("it has `version` and `encryption_version`: it is a plain state and an encrypted one at once")]
    Ambiguous,
    /// Its serial cannot be changed.
    #[error("it is encrypted: OpenTofu alone can change its serial")]
    Sealed,
}

impl StateFile {
    /// Reads a state as far as needed. White space, order and members that are not known do not matter; names match in any case, as Go
    /// has it. Two passes over the bytes and three sums of them; nothing is built of what they hold.
    ///
    /// # Errors
    /// The bytes are no state, or one that Terraform and OpenTofu would read differently from what is read here.
    pub fn parse(bytes: &[u8]) -> Reading {
        let frame = Frame::parse(bytes)?;
        Ok(Self {
            content: content(bytes, &frame),
            serial: frame.serial,
            lineage: frame.lineage,
            form: frame.form,
            size: bytes.len() as u64,
            md5: TableDigest::of(bytes),
            digest: Digest::of_bytes(&Sha256::digest(bytes)),
        })
    }

    /// The same bytes with other digits for the serial, and nothing else changed.
    ///
    /// # Errors
    /// The bytes are no state, or it is encrypted: see [`Form::Encrypted`].
    pub fn with_serial(bytes: &[u8], serial: u64) -> Result<Vec<u8>, StateFileError> {
        let frame = Frame::parse(bytes)?;
        if frame.form == Form::Encrypted {
            return Err(StateFileError::Sealed);
        }
        let (before, after) = frame.around_serial(bytes);
        Ok([before, serial.to_string().as_bytes(), after].concat())
    }

    /// Whether the contents are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.form == Form::Encrypted
    }

    /// Whether the other is byte for byte the same but for the serial. Two encryptions of the same state are not.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

/// An encrypted state's serial is part of its content: it cannot be changed.
fn content(bytes: &[u8], frame: &Frame) -> Digest {
    /// Stands for the digits: no byte of UTF-8 is like it.
    const DIGITS: [u8; 1] = [0xff];
    let hash = match frame.form {
        Form::Encrypted => Sha256::digest(bytes),
        Form::Plain { .. } => {
            let (before, after) = frame.around_serial(bytes);
            Sha256::new().chain_update(before).chain_update(DIGITS).chain_update(after).finalize()
        }
    };
    Digest::of_bytes(&hash)
}

/// Serial and lineage, as people compare snapshots.
impl fmt::Display for StateFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "serial {} of lineage {}", self.serial, self.lineage)
    }
}

#[cfg(test)]
mod tests;
