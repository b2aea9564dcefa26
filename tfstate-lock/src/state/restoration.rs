//! Whether an older snapshot of a state may take the place of the current one, and how. Pure: no clock, no network.
//!
//! Terraform and OpenTofu apply a saved plan if lineage and serial are those of the state that it was made for, and compare nothing else
//! ("Saved plan is stale"). So a restored state has a serial that neither snapshot had: a plan made for one of them is refused, and so is
//! a `state push` of one of them. Source: both repositories, `internal/backend/local/backend_local.go`, `localRunForPlanFile`, and
//! `internal/states/statemgr/migrate.go`, `CheckValidImport`.
//!
//! The serial of an encrypted state is sealed: see [`Form::Encrypted`](crate::state::file::Form::Encrypted). It is written as it is, and
//! only if its serial is higher already, or if there is no state. Else OpenTofu has to write it.

use contract::{Exit, Fault};
use thiserror::Error;

use crate::protocol::Token;
use crate::state::file::{Reading, StateFile, StateFileError};
use crate::state::lineage::Lineage;

/// What lies at the state's key now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// What was read.
    pub state: Reading,
    /// The object's `ETag`, with its quotes.
    pub etag: String,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restore {
    /// Write the snapshot.
    Write {
        /// Its bytes.
        content: Content,
        /// The condition of the write: without it, someone else's write could be lost.
        condition: Condition,
    },
    /// Nothing: the state is the snapshot already, but for the serial.
    AlreadyThere {
        /// The state's serial.
        serial: u64,
    },
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The snapshot with this serial, which is higher than its own and the current one's.
    WithSerial(u64),
    /// The snapshot as it is: it is encrypted.
    AsItIs,
}

/// The condition of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Only while this is the object's `ETag`.
    IfMatch(String),
    /// Only while there is no object.
    IfNoneMatch,
}

/// Why a snapshot may not take the place of the state.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The snapshot is no state.
    #[error("the state to restore is not understood: {0}")]
    Candidate(StateFileError),
    /// What lies there is no state: its lineage and serial are unknown, and so is what a write would destroy.
    #[error("the state that is there now is not understood: {0}")]
    Current(StateFileError),
    /// They are not of the same state.
    #[error(
        "the state to restore has lineage {candidate}, the one that is there now {current}: they are different states"
    )]
    OtherLineage {
        /// Of what lies there.
        current: Lineage,
        /// Of the snapshot.
        candidate: Lineage,
    },
    /// What was encrypted would lie there in clear, and OpenTofu would not read it without a fallback.
    #[error("the state that is there now is encrypted, the one to restore is not")]
    PlainOverEncrypted {
        /// The serial of what lies there.
        current: u64,
    },
    /// Whoever reads the plain state may have no key.
    #[error("the state to restore is encrypted, the one that is there now is not")]
    EncryptedOverPlain {
        /// The serial of what lies there.
        current: u64,
    },
    /// The snapshot's serial is too low and cannot be changed.
    #[error(
        "the state to restore is encrypted with serial {candidate}, the one that is there now has {current}: only OpenTofu can raise it"
    )]
    Sealed {
        /// The serial of what lies there.
        current: u64,
        /// The snapshot's.
        candidate: u64,
    },
    /// There is no higher serial.
    #[error("serial {0} cannot be raised: there is no higher one")]
    LastSerial(u64),
    /// No condition would keep a write of someone else.
    #[error("S3 gave no `ETag` of the state, so a write in between would not be noticed")]
    NoEtag,
}

impl Content {
    /// The bytes to write, made from those of the snapshot.
    ///
    /// # Errors
    /// They are not the bytes of the snapshot that was judged.
    pub fn of(self, candidate: Vec<u8>) -> Result<Vec<u8>, StateFileError> {
        match self {
            Self::WithSerial(serial) => StateFile::with_serial(&candidate, serial),
            Self::AsItIs => Ok(candidate),
        }
    }
}

/// Judges whether `candidate` may take the place of `current`. An empty object is no state, as for Terraform.
///
/// # Errors
/// It may not.
pub fn judge(current: Option<&Current>, candidate: &Reading) -> Result<Restore, Refusal> {
    let candidate = candidate.as_ref().map_err(|error| Refusal::Candidate(*error))?;
    let Some(Current { state, etag }) = current else {
        return Ok(Restore::Write { content: content(None, candidate)?, condition: Condition::IfNoneMatch });
    };
    let current = match state {
        Ok(state) => Some(state),
        Err(StateFileError::Empty) => None,
        Err(error) => return Err(Refusal::Current(*error)),
    };
    if let Some(current) = current {
        compare(current, candidate)?;
        if candidate.same_content(current) {
            return Ok(Restore::AlreadyThere { serial: current.serial });
        }
    }
    if Token::of_etag(etag).is_none() {
        return Err(Refusal::NoEtag);
    }
    Ok(Restore::Write { content: content(current, candidate)?, condition: Condition::IfMatch(etag.clone()) })
}

fn compare(current: &StateFile, candidate: &StateFile) -> Result<(), Refusal> {
    if candidate.lineage != current.lineage {
        let (current, candidate) = (current.lineage.clone(), candidate.lineage.clone());
        return Err(Refusal::OtherLineage { current, candidate });
    }
    match (current.is_encrypted(), candidate.is_encrypted()) {
        (true, false) => Err(Refusal::PlainOverEncrypted { current: current.serial }),
        (false, true) => Err(Refusal::EncryptedOverPlain { current: current.serial }),
        (true, true) | (false, false) => Ok(()),
    }
}

fn content(current: Option<&StateFile>, candidate: &StateFile) -> Result<Content, Refusal> {
    match current.map(|current| current.serial) {
        Some(current) if candidate.is_encrypted() && candidate.serial <= current => {
            Err(Refusal::Sealed { current, candidate: candidate.serial })
        }
        _ if candidate.is_encrypted() => Ok(Content::AsItIs),
        current => {
            let highest = candidate.serial.max(current.unwrap_or(0));
            highest.checked_add(1).map(Content::WithSerial).ok_or(Refusal::LastSerial(highest))
        }
    }
}

impl Fault for Refusal {
    fn exit(&self) -> Exit {
        match self {
            Self::Candidate(_) => Exit::Usage,
            Self::NoEtag => Exit::World,
            Self::Current(_)
            | Self::OtherLineage { .. }
            | Self::PlainOverEncrypted { .. }
            | Self::EncryptedOverPlain { .. }
            | Self::Sealed { .. }
            | Self::LastSerial(_) => Exit::No,
        }
    }

    fn code(&self) -> String {
        match self {
            Self::Candidate(_) => "restore.invalid",
            Self::Current(_) => "state.invalid",
            Self::OtherLineage { .. } => "restore.other_lineage",
            Self::PlainOverEncrypted { .. } | Self::EncryptedOverPlain { .. } => "restore.encryption",
            Self::Sealed { .. } => "restore.sealed",
            Self::LastSerial(_) => "restore.last_serial",
            Self::NoEtag => "state.no_etag",
        }
        .to_owned()
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Candidate(_) => Some("look what it is: jq '{version, serial, lineage}' FILE".to_owned()),
            Self::Current(_) => Some(
                "look at it; if it is worth nothing, put it aside: aws s3 mv s3://BUCKET/KEY s3://BUCKET/KEY.broken"
                    .to_owned(),
            ),
            Self::OtherLineage { .. } => Some("look which state it is of: jq -r .lineage FILE".to_owned()),
            Self::PlainOverEncrypted { current } => {
                Some(format!("raise its serial above {current} and let OpenTofu encrypt it: tofu state push FILE"))
            }
            Self::EncryptedOverPlain { current } | Self::Sealed { current, .. } => Some(format!(
                "decrypt it in a folder where it is terraform.tfstate: tofu state pull > FILE; raise the serial above {current}; \
                 then: tofu state push FILE"
            )),
            Self::LastSerial(_) => {
                Some("look which one has it: jq .serial FILE; terraform state pull | jq .serial".to_owned())
            }
            Self::NoEtag => Some(
                "check what stands between here and S3: aws s3api head-object --bucket BUCKET --key KEY".to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
